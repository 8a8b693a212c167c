//! What goes from one service, app or stack to another, and what stays as it is: phases that are done,
//! hosts that join a rule, ports of network balancers, and what apps import of their rack. Each is
//! compiled and deployed as people do it, on an account that knows nothing of the compiler.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;
mod simulator;

use std::collections::BTreeMap;
use std::path::Path;

use common::{reread, run};
use rackform::Compiled;
use rackform::lock::Lock;
use serde_json::Value;
use simulator::{Account, Limits};

const RACK: &str = "racks: {main: {host: r.example.org, hosted_zone: Z1, certificate: create}}";
const BALANCED: &str = "racks: {main: {host: r.example.org, hosted_zone: Z1, certificate: create, params: {NLB: Yes}}}";

/// A rack with parameters.
fn rack(params: &str) -> String {
    format!("racks: {{main: {{host: r.example.org, hosted_zone: Z1, certificate: create, params: {{{params}}}}}}}")
}

fn files(compiled: &Compiled) -> BTreeMap<String, String> {
    compiled.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect()
}

/// A service of an app with an image.
fn service(name: &str, more: &str) -> String {
    format!("  {name}: {{image: x, port: 1{more}}}\n")
}

fn services(all: &[(&str, &str)]) -> String {
    all.iter().fold("services:\n".to_owned(), |text, (name, more)| text + &service(name, more))
}

/// A fleet that is deployed again and again.
#[derive(Default)]
struct Deployed {
    account: Account,
    lock: Lock,
}

impl Deployed {
    /// Compile: the output, or the messages of the refusal. A second compile must find the same way.
    fn compile(&self, fleet: &str, apps: &[(&str, String)]) -> Result<Compiled, String> {
        let apps: Vec<(&str, &str)> = apps.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let outcome = run(fleet, &apps, &self.lock);
        let messages = outcome.messages.join("\n");
        let compiled = outcome.compiled.ok_or(messages)?;
        let again = run(fleet, &apps, &reread(&compiled.lock.to_text())).ok();
        assert_eq!((again.lock.to_text(), &again.files), (compiled.lock.to_text(), &compiled.files));
        Ok(compiled)
    }

    /// Compile and deploy; nothing may go wrong at any moment. In how many phases, or the refusal.
    #[track_caller]
    fn go(&mut self, fleet: &str, apps: &[(&str, String)]) -> Result<usize, String> {
        let compiled = self.compile(fleet, apps)?;
        self.deploy(&compiled);
        Ok(compiled.phases)
    }

    #[track_caller]
    fn deploy(&mut self, compiled: &Compiled) {
        let found = self.account.deploy(&files(compiled), &Limits::default());
        assert!(found.is_empty(), "{}", found.join("\n"));
        self.lock.clone_from(&compiled.lock);
    }
}

fn shop(web: &str, api: &str, more: &str) -> [(&'static str, String); 1] {
    [("shop", services(&[("web", &format!(", domain: [{web}]")), ("api", &format!(", domain: [{api}]{more}"))]))]
}

// ---- Phases that are done

#[test]
fn a_change_that_was_deployed_in_phases_is_not_walked_again() {
    let mut deployed = Deployed::default();
    assert_eq!(deployed.go(RACK, &shop("a.example.org", "b.example.org", "")), Ok(1));
    let swapped = deployed.compile(RACK, &shop("b.example.org", "a.example.org", "")).unwrap();
    assert_eq!(swapped.phases, 2);
    let mark = |compiled: &Compiled, path: &str| {
        let text = &files(compiled)[path];
        text.lines().find(|line| line.contains("Rackform: ")).map(|line| line.trim().to_owned())
    };
    let [first, last] = ["phase-1/main/apps/shop.yaml", "main/apps/shop.yaml"].map(|path| mark(&swapped, path).unwrap());
    assert!(first.starts_with("Rackform: {Change: \"2-") && first.ends_with("\", Phase: 1}"), "{first}");
    assert_eq!(first.replace("Phase: 1", "Phase: 2"), last);
    assert_eq!(mark(&swapped, "main/rack.yaml"), None);
    deployed.deploy(&swapped);
    // The lock does not know of health checks, so the phases are those of the change before.
    let checked = deployed.compile(RACK, &shop("b.example.org", "a.example.org", ", health: /up")).unwrap();
    assert_eq!((checked.phases, checked.lock.to_text()), (2, deployed.lock.to_text()));
    let before = deployed.account.answers();
    deployed.deploy(&checked);
    assert_eq!(deployed.account.answers(), before);
    // Back again is another change.
    assert_eq!(deployed.go(RACK, &shop("a.example.org", "b.example.org", ", health: /up")), Ok(2));
    assert_ne!(deployed.account.answers(), before);
    // What has nothing to do with it brings no marks along.
    let renamed = deployed.compile(RACK, &shop("a.example.org", "b.example.org, c.example.org", "")).unwrap();
    assert_eq!((renamed.phases, mark(&renamed, "main/apps/shop.yaml")), (1, None));
}

#[test]
fn a_deployment_that_stopped_between_phases_goes_on_after_another_edit() {
    let mut deployed = Deployed::default();
    let apps = |web: &str, blog: &str, more: &str| {
        let of = |domain: &str| services(&[("web", &format!(", domain: {domain}{more}"))]);
        [("blog", of(blog)), ("shop", of(web))]
    };
    assert_eq!(deployed.go(RACK, &apps("a.example.org", "b.example.org", "")), Ok(1));
    let swapped = deployed.compile(RACK, &apps("b.example.org", "a.example.org", "")).unwrap();
    assert_eq!(swapped.phases, 2);
    // Only what comes first is deployed.
    let mut files = files(&swapped);
    let mut index: Value = serde_json::from_str(&files["stacks.json"]).unwrap();
    let rows = index["stacks"].as_array_mut().unwrap();
    let phases: Vec<(String, u64)> =
        rows.iter().map(|row| (row["stack"].as_str().unwrap().to_owned(), row["phase"].as_u64().unwrap())).collect();
    let twice = phases.iter().find(|(_, phase)| *phase == 2).unwrap().0.clone();
    rows.truncate(1 + phases.iter().position(|row| *row == (twice.clone(), 1)).unwrap());
    files.insert("stacks.json".into(), index.to_string());
    let found = deployed.account.deploy(&files, &Limits::default());
    assert!(found.is_empty(), "{found:#?}");
    deployed.lock = swapped.lock;
    assert_eq!(deployed.go(RACK, &apps("b.example.org", "a.example.org", ", health: /up")), Ok(2));
    let answers = deployed.account.answers();
    let (_, listener) = answers.iter().find(|((_, port), _)| port == "443").unwrap();
    assert_eq!((listener["a.example.org"].0.as_str(), listener["b.example.org"].0.as_str()), ("main-blog", "main-shop"));
}

#[test]
fn a_rack_that_let_go_of_something_does_not_take_it_back() {
    let mut deployed = Deployed::default();
    let apps = |redirects: &str| {
        [("shop", services(&[("web", "")]))].map(|(name, text)| (name, format!("params: {{RedirectHttps: {redirects}}}\n{text}")))
    };
    assert_eq!(deployed.go(&rack(""), &apps("No")), Ok(1));
    let closed = deployed.compile(&rack("DisableALBPort80: Yes"), &apps("Yes")).unwrap();
    assert_eq!(closed.phases, 2);
    deployed.deploy(&closed);
    let next = deployed.compile(&rack("DisableALBPort80: Yes, LoadBalancerIdleTimeout: 90"), &apps("Yes")).unwrap();
    assert_eq!(next.phases, 2);
    deployed.deploy(&next);
    assert_eq!(deployed.account.made("main", "RouterListener80"), 1);
}

// ---- Hosts that join

/// The most values that a rule has in any template.
fn most_values(compiled: &Compiled) -> usize {
    let templates = compiled.files.iter().filter(|file| Path::new(&file.path).extension().is_some_and(|kind| kind == "yaml"));
    let values = templates.flat_map(|file| {
        let template: Value = serde_yaml::from_str(&file.text).unwrap();
        let rules = template["Resources"].as_object().unwrap().clone();
        rules.into_iter().filter_map(|(_, resource)| Some(resource["Properties"]["Conditions"].as_array()?.clone()))
    });
    values.flatten().map(|condition| condition["HostHeaderConfig"]["Values"].as_array().unwrap().len()).max().unwrap()
}

#[test]
fn an_added_host_is_a_change_of_its_own() {
    let mut deployed = Deployed::default();
    let apps = |api: &str, admin: &str| {
        [("shop", services(&[("api", &format!(", domain: [{api}]")), ("admin", &format!(", domain: [{admin}]"))]))]
    };
    assert_eq!(deployed.go(RACK, &apps("a.example.org", "e.example.org")), Ok(1));
    assert_eq!(deployed.go(RACK, &apps("e.example.org", "a.example.org")), Ok(2));
    let added = deployed
        .compile(RACK, &apps("e.example.org, x.example.org, y.example.org", "a.example.org, z.example.org, w.example.org"))
        .unwrap();
    assert_eq!((added.phases, added.lock.generation()), (1, 3));
    assert_eq!(most_values(&added), 5);
    let line = added.lock.to_text().lines().find(|line| line.contains("/api/exact1")).unwrap().to_owned();
    assert!(line.ends_with("joined: {\"x.example.org\": 3, \"y.example.org\": 3}}"), "{line}");
    deployed.deploy(&added);
    // The next ones take the place of what came last.
    let more = deployed.compile(RACK, &apps("e.example.org, x.example.org", "a.example.org, z.example.org, v.example.org")).unwrap();
    assert!(!more.lock.to_text().contains("\"x.example.org\": 4") && more.lock.to_text().contains("\"v.example.org\": 4"));
    assert!(!more.lock.to_text().contains("\"w.example.org\": 3}, joined"), "{}", more.lock.to_text());
}

#[test]
fn hosts_that_join_while_others_change_hands_were_not_there_before() {
    let mut deployed = Deployed::default();
    let apps = |api: &str, admin: &str| {
        [("shop", services(&[("api", &format!(", domain: [{api}]")), ("admin", &format!(", domain: [{admin}]"))]))]
    };
    // A rule has room for its name on the rack, that within it, and three more.
    assert_eq!(deployed.go(RACK, &apps("a.example.org", "e.example.org")), Ok(1));
    let all = deployed.compile(RACK, &apps("e.example.org, x.example.org", "a.example.org, z.example.org")).unwrap();
    assert_eq!((all.phases, most_values(&all)), (2, 5));
    deployed.deploy(&all);
    // Where both hosts stay for a phase, there is no room for a third.
    let mut deployed = Deployed::default();
    assert_eq!(deployed.go(RACK, &apps("a.example.org, b.example.org", "e.example.org, f.example.org")), Ok(1));
    let full = apps("e.example.org, f.example.org, x.example.org", "a.example.org, b.example.org, z.example.org");
    assert!(deployed.go(RACK, &full).unwrap_err().contains("[RF0515]"));
}

// ---- Ports of network balancers

const PORT: &str = ", nlb: [{port: 5000}]";
const OTHER: &str = ", nlb: [{port: 6000}]";

fn two(shop: &str, blog: &str) -> [(&'static str, String); 2] {
    [("blog", services(&[("web", blog)])), ("shop", services(&[("web", shop)]))]
}

#[test]
fn a_port_goes_to_another_service_in_its_listener() {
    let mut deployed = Deployed::default();
    let apps = |web: &str, api: &str| [("shop", services(&[("web", web), ("api", api)]))];
    assert_eq!(deployed.go(BALANCED, &apps(PORT, "")), Ok(1));
    let moved = deployed.compile(BALANCED, &apps("", PORT)).unwrap();
    assert_eq!((moved.phases, moved.lock.to_text()), (1, deployed.lock.to_text()));
    let template = &files(&moved)["main/apps/shop.yaml"];
    assert!(template.contains("  WebListenerNlb5000:") && template.contains("  WebIngressNlb5000From"), "{template}");
    assert!(template.contains("TargetGroupArn: {\"Ref\": \"ApiTargetGroupNlb5000\"}"), "{template}");
    deployed.deploy(&moved);
    // The service that it is named after may go.
    assert_eq!(deployed.go(BALANCED, &[("shop", services(&[("api", PORT)]))]), Ok(1));
    assert_eq!(deployed.go(BALANCED, &[("shop", services(&[("api", OTHER)]))]), Ok(1));
    assert!(deployed.lock.to_text().contains("main/public/shop/5000: {service: web, left: "), "{}", deployed.lock.to_text());
    let back = deployed.compile(BALANCED, &[("shop", services(&[("api", PORT)]))]).unwrap();
    assert!(files(&back)["main/apps/shop.yaml"].contains("  ApiListenerNlb5000:"));
    deployed.deploy(&back);
}

#[test]
fn an_app_lets_go_of_a_port_before_another_one_takes_it() {
    let mut deployed = Deployed::default();
    assert_eq!(deployed.go(BALANCED, &two(PORT, "")), Ok(1));
    assert_eq!(deployed.go(BALANCED, &two("", PORT)), Ok(1));
    assert_eq!(deployed.go(BALANCED, &two(PORT, "")), Ok(1));
    // In a circle one of them is without a port for a phase.
    assert_eq!(deployed.go(BALANCED, &two(PORT, OTHER)), Ok(1));
    assert_eq!(deployed.go(BALANCED, &two(OTHER, PORT)), Ok(2));
    // Hosts are taken up before they are given away, and ports the other way round.
    let with = |port: &str, domain: &str| format!("{port}{domain}");
    let domain = ", domain: a.example.org";
    assert_eq!(deployed.go(BALANCED, &two(&with(PORT, ""), &with("", ""))), Ok(1));
    assert_eq!(deployed.go(BALANCED, &two(&with(PORT, domain), &with("", ""))), Ok(1));
    assert_eq!(deployed.go(BALANCED, &two(&with("", ""), &with(PORT, domain))), Ok(2));
}

#[test]
fn a_port_of_an_app_that_is_gone_is_free_once_its_stack_is() {
    let mut deployed = Deployed::default();
    let named = |name: &'static str, port: &str| [(name, services(&[("web", port)]))];
    assert_eq!(deployed.go(BALANCED, &named("shop", PORT)), Ok(1));
    let refused = deployed.go(BALANCED, &named("store", PORT)).unwrap_err();
    assert!(refused.contains("[RF0515]") && refused.contains("no order of updates takes the stack `main-store`"), "{refused}");
    assert_eq!(deployed.go(BALANCED, &named("store", "")), Ok(1));
    assert!(deployed.account.delete_stack("main-shop").is_empty());
    assert_eq!(deployed.go(BALANCED, &named("store", PORT)), Ok(1));
}

#[test]
fn a_network_balancer_goes_after_the_ports_on_it() {
    let mut deployed = Deployed::default();
    assert_eq!(deployed.go(BALANCED, &two(PORT, "")), Ok(1));
    assert_eq!(deployed.go(&rack("NLB: No"), &two("", "")), Ok(2));
    // The stack of an app that is gone is deleted first.
    let mut deployed = Deployed::default();
    assert_eq!(deployed.go(BALANCED, &two(PORT, "")), Ok(1));
    let refused = deployed.go(&rack("NLB: No"), &[two("", "")[0].clone()]).unwrap_err();
    assert!(refused.contains("[RF0509]") && refused.contains("ports of `shop` stand on it"), "{refused}");
}

#[test]
fn a_lock_without_ports_takes_them_for_new() {
    let mut deployed = Deployed::default();
    assert_eq!(deployed.go(BALANCED, &two(PORT, "")), Ok(1));
    deployed.lock.ports.clear();
    assert_eq!(deployed.go(BALANCED, &two(PORT, "")), Ok(1));
    assert!(deployed.lock.to_text().contains("main/public/shop/5000: {service: web, since: 2}"), "{}", deployed.lock.to_text());
}

// ---- What apps import of their rack

const BROUGHT: &str = "racks: {main: {host: r.example.org, certificate: \"arn:aws:acm:us-east-1:123456789012:certificate/1\", \
                       params: {NLB: Yes, VPCCIDR: 10.0.0.0/16}, network: {vpc: vpc-0123456789abcdef0, \
                       subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]}}}";

#[test]
fn what_apps_import_does_not_change_under_them() {
    let plain = [("shop", services(&[("web", "")]))];
    let port = [("shop", services(&[("web", PORT)]))];
    let on_instances = [("shop", format!("params: {{FargateServices: No}}\n{}", services(&[("web", "")])))];
    let group = |number: u32| rack(&format!("RouterSecurityGroup: sg-0123456789abcdef{number}"));
    let groups = rack("RouterSecurityGroup: \"sg-0123456789abcdef0,sg-0123456789abcdef1\"");
    let internal = |group: &str| rack(&format!("Internal: Yes, RouterInternalSecurityGroup: {group}"));
    let zones = |number: u32| rack(&format!("MaxAvailabilityZones: {number}"));
    let subnet = |name: &str| rack(&format!("{name}CIDR: 10.0.64.0/24"));
    let private = |more: &str| rack(&format!("Private: Yes{more}"));
    let (brought, wider) = (BROUGHT.to_owned(), BROUGHT.replace("10.0.0.0/16", "10.0.0.0/8"));
    for (what, apps, before, after, refusal) in [
        ("fewer zones", &plain, zones(3), zones(2), "import `Subnet2`"),
        ("more zones", &plain, zones(2), zones(3), ""),
        ("another subnet", &plain, rack(""), subnet("Subnet0"), "import `Subnet0`"),
        ("a subnet that nobody stands in", &plain, rack(""), subnet("SubnetPrivate0"), ""),
        ("subnets that instances stand in", &on_instances, rack(""), subnet("Subnet0"), ""),
        ("another private subnet", &plain, private(""), private(", SubnetPrivate0CIDR: 10.0.64.0/24"), "import `SubnetPrivate0`"),
        ("another public subnet", &plain, private(""), private(", Subnet0CIDR: 10.0.64.0/24"), ""),
        ("tasks in other subnets", &plain, private(""), rack(""), ""),
        ("another group", &plain, group(0), group(1), "import `RouterSecurityGroup`"),
        ("a group that is given", &plain, rack(""), group(1), "import `RouterSecurityGroup`"),
        ("a second group", &plain, group(0), groups, ""),
        ("a group of the other router", &plain, internal("sg-0123456789abcdef0"), internal("sg-0123456789abcdef1"), ""),
        ("another subnet that is brought", &plain, brought.clone(), brought.replace("def1]", "def2]"), "import `Subnet1`"),
        ("another range of a network that is brought", &port, brought.clone(), wider.clone(), "import `VpcCidr`"),
        ("the same without ports", &plain, brought.clone(), wider, ""),
        ("another network", &plain, rack(""), brought, "the VPC of `main` would be replaced"),
    ] {
        let mut deployed = Deployed::default();
        assert_eq!(deployed.go(&before, apps), Ok(1), "{what}");
        let mut older = Deployed { lock: deployed.lock.clone(), account: Account::default() };
        match deployed.go(&after, apps) {
            Ok(_) => assert!(refusal.is_empty(), "{what} is not refused"),
            Err(why) => assert!(!refusal.is_empty() && why.contains("[RF0522]") && why.contains(refusal), "{what}: {why}"),
        }
        // Where an older program wrote the lock, nobody knows what there was.
        if refusal.starts_with("import") {
            older.lock.racks.values_mut().for_each(|rack| rack.imports.clear());
            let compiled = older.compile(&after, apps).unwrap_or_else(|why| panic!("{what}: {why}"));
            assert!(!compiled.lock.racks["main"].imports.is_empty(), "{what}");
        }
    }
}

#[test]
fn a_rack_may_change_once_no_app_imports_what_changes() {
    let worker = ("tool", format!("params: {{FargateServices: No}}\n{}", services(&[("web", "")])));
    let web = ("shop", services(&[("web", "")]));
    let after = rack("Subnet0CIDR: 10.0.64.0/24");
    let mut deployed = Deployed::default();
    assert_eq!(deployed.go(&rack(""), &[web.clone(), worker.clone()]), Ok(1));
    // The rack is deployed before the app is gone.
    assert!(deployed.go(&after, std::slice::from_ref(&worker)).is_err());
    assert_eq!(deployed.go(&rack(""), std::slice::from_ref(&worker)), Ok(1));
    assert!(deployed.account.delete_stack("main-shop").is_empty());
    assert_eq!(deployed.go(&after, std::slice::from_ref(&worker)), Ok(1));
    // So do instances stay until nothing stands on them.
    let fargate = after.replace("host:", "compute: fargate, host:");
    let refused = deployed.go(&fargate, &[("tool", web.1.clone())]).unwrap_err();
    assert!(refused.contains("[RF0522]") && refused.contains("import `InstancesProvider`"), "{refused}");
    assert_eq!(deployed.go(&after, &[("tool", web.1.clone())]), Ok(1));
    assert_eq!(deployed.go(&fargate, &[("tool", web.1)]), Ok(1));
}

/// What the lock remembers is what templates import, of what an edit can change.
#[test]
fn the_lock_knows_what_templates_import() {
    let internal = ", internalAndExternal: true";
    let manifests = [
        services(&[("web", "")]),
        services(&[("web", internal), ("api", PORT)]),
        services(&[("web", ", internal: true")]),
        "services:\n  tool: {image: x, command: x}\n".to_owned(),
        format!("params: {{FargateServices: No}}\n{}", services(&[("web", PORT)])),
        format!("params: {{FargateServices: No, Isolate: Yes}}\n{}", services(&[("web", PORT)])),
        format!("params: {{Private: No}}\n{}", services(&[("web", "")])),
    ];
    let one_group = "Internal: Yes, RouterSecurityGroup: sg-0123456789abcdef0, RouterInternalSecurityGroup: sg-0123456789abcdef0";
    let racks = ["Internal: Yes, NLB: Yes", "Internal: Yes, NLB: Yes, Private: Yes", &format!("{one_group}, NLB: Yes")].map(rack);
    for (manifest, rack) in manifests.iter().flat_map(|manifest| racks.iter().map(move |rack| (manifest, rack))) {
        let compiled = run(rack, &[("shop", manifest)], &Lock::default()).ok();
        let template = &files(&compiled)["main/apps/shop.yaml"];
        let mut imported: Vec<&str> = template
            .match_indices("\"main:")
            .map(|(at, start)| template[at + start.len()..].split('"').next().unwrap())
            .filter(|name| {
                let is_group = name.starts_with("Router") && name.ends_with("SecurityGroup");
                is_group || name.starts_with("Subnet") || ["VpcCidr", "InstancesProvider"].contains(name)
            })
            .collect();
        imported.sort_unstable();
        imported.dedup();
        let known: Vec<&str> = compiled.lock.racks["main"].imports.keys().map(String::as_str).collect();
        assert_eq!(known, imported, "{rack}\n{manifest}");
    }
}

/// Between the two updates the third app's pattern would answer, which nobody asked for.
#[test]
fn a_host_arrives_before_it_leaves_also_where_a_pattern_would_answer() {
    let fleet = rack("");
    let app = |domain: &str| format!("services: {{web: {{port: 3000, domain: [{domain}]}}}}");
    let apps = |first: &str, last: &str| [("a", app(first)), ("m", app("\"*.example.org\"")), ("z", app(last))];
    let compiled = |apps: &[(&str, String)], lock: &Lock| {
        let apps: Vec<(&str, &str)> = apps.iter().map(|(name, text)| (*name, text.as_str())).collect();
        run(&fleet, &apps, lock).ok()
    };
    for (before, after) in
        [(("www.example.org", "z.example.com"), ("a.example.com", "www.example.org")), (("www.example.org", ""), ("", "www.example.org"))]
    {
        let first = compiled(&apps(before.0, before.1), &Lock::default());
        let second = compiled(&apps(after.0, after.1), &first.lock);
        // Nobody deployed the second; as far as the lock knows the host has been where it is for a generation.
        let more = apps(after.0, after.1).into_iter().chain([("other", app("other.example.com"))]).collect::<Vec<_>>();
        let third = compiled(&more, &second.lock);
        for compiled in [second, third] {
            let index = compiled.files.iter().find(|file| file.path == "stacks.json").unwrap();
            let at = |stack: &str| index.text.find(&format!("\"stack\": \"{stack}\"")).unwrap();
            assert!(at("main-z") < at("main-a"), "{}", index.text);
        }
    }
}
