//! Listeners that stand already: numbers of ours are kept, rules of others are walked around, and
//! what does not fit together is refused at its place.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::{Folder, adopt, files_below, run};
use proptest::prelude::*;
use rackform::host::Host;
use rackform::lock::{Class, Lock};
use serde_json::{Value, json};

/// A rack whose apps stand in folders beside it.
const RACK: &str = "racks:\n  main: {host: r.example.org, hosted_zone: Z1, certificate: create, params: {Internal: Yes}}\n";
/// The name of a router as AWS gives it.
const ROUTER: &str = "main-router-1234567890.us-east-1.elb.amazonaws.com";
const LISTENER: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/main-router/50dc6c495c0c9188/";

/// A rule as `describe-rules` prints it.
fn rule(listener: &str, number: u32, hosts: &[&str]) -> Value {
    json!({
        "RuleArn": format!("{LISTENER}{listener}/{number:016x}"),
        "Priority": number.to_string(),
        "Conditions": [{"Field": "host-header", "Values": hosts, "HostHeaderConfig": {"Values": hosts}}],
        "Actions": [{
            "Type": "forward",
            "TargetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/main/6d0ecf831eec9f09",
            "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "arn:…", "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": false}}
        }],
        "IsDefault": false
    })
}

/// What `describe-rules` prints of a listener.
fn listing(listener: &str, mut rules: Vec<Value>) -> String {
    rules.push(json!({
        "RuleArn": format!("{LISTENER}{listener}/default"),
        "Priority": "default",
        "Conditions": [],
        "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        "IsDefault": true
    }));
    serde_json::to_string_pretty(&json!({"Rules": rules})).unwrap()
}

/// A folder with a rack and one app called shop, and the saved rules of its public listener.
fn shop(name: &str, manifest: &str, rules: &[(u32, &[&str])]) -> Folder {
    let folder = Folder::new(&format!("adopt-{name}"));
    folder.write("rackform.yml", RACK);
    folder.write("shop/convox.yml", manifest);
    folder.write("rules.json", &listing("https", rules.iter().map(|(number, hosts)| rule("https", *number, hosts)).collect()));
    folder
}

fn adopted(folder: &Folder, arguments: &[&str]) -> String {
    let (code, _, said) = folder.run(&[&["adopt", "rules.json"], arguments].concat());
    assert_eq!(code, 0, "{said}");
    said
}

/// Lines of the lock's rules: key, number, hosts.
fn lines<'a>(lock: &'a str, section: &str) -> Vec<&'a str> {
    let inside = lock.lines().skip_while(|line| !line.starts_with(&format!("{section}:"))).skip(1);
    inside.take_while(|line| line.starts_with(' ')).map(str::trim).collect()
}

/// The listeners of everything that was compiled, as the CLI would print them: by rack, whether it
/// is the internal router, and port.
fn deployed(build: &Path) -> BTreeMap<(String, bool, u16), String> {
    let mut rules: BTreeMap<(String, bool, u16), Vec<Value>> = BTreeMap::new();
    for path in files_below(build).iter().filter(|path| path.extension().is_some_and(|end| end == "yaml")) {
        let template: serde_yaml::Value = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for (_, resource) in template["Resources"].as_mapping().unwrap() {
            if resource["Type"] != "AWS::ElasticLoadBalancingV2::ListenerRule" {
                continue;
            }
            let properties = &resource["Properties"];
            let listener = properties["ListenerArn"]["Fn::ImportValue"].as_str().unwrap();
            let (rack, export) = listener.split_once(':').unwrap();
            let host = |value: &serde_yaml::Value| match value.as_str() {
                Some(text) => text.to_owned(),
                None => format!("{}{ROUTER}", value["Fn::Join"][1][0].as_str().unwrap()),
            };
            let hosts: Vec<String> =
                properties["Conditions"][0]["HostHeaderConfig"]["Values"].as_sequence().unwrap().iter().map(host).collect();
            let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
            let port = if export.ends_with("80") { 80 } else { 443 };
            let number = u32::try_from(properties["Priority"].as_u64().unwrap()).unwrap();
            rules.entry((rack.to_owned(), export.contains("Internal"), port)).or_default().push(rule("https", number, &hosts));
        }
    }
    let number = |rule: &Value| rule["Priority"].as_str().unwrap().parse::<u32>().unwrap();
    rules
        .into_iter()
        .map(|(key, mut rules)| {
            rules.sort_by_key(number);
            (key, listing("https", rules))
        })
        .collect()
}

/// Adopt everything that stands in a folder, the HTTPS listeners first.
fn adopt_all(folder: &Folder, listeners: &BTreeMap<(String, bool, u16), String>) {
    for ((rack, internal, port), text) in listeners.iter().rev() {
        folder.write("rules.json", text);
        let port = port.to_string();
        let mut arguments = vec!["adopt", "rules.json", "--rack", rack, "--port", &port];
        arguments.extend(internal.then_some("--internal"));
        let (code, _, said) = folder.run(&arguments);
        assert!(code == 0 && said.contains(" 0 rules of others"), "{said}");
    }
}

#[test]
fn a_lock_that_was_lost_comes_back_from_the_listeners() {
    for case in [
        "examples/hello",
        "examples/legacy",
        "examples/shop",
        "tests/cases/many-hosts",
        "tests/cases/internal-only",
        "tests/cases/two-apps",
    ] {
        let folder = Folder::new("adopt-round-trip");
        folder.copy(case, "app");
        let scratch = Folder(folder.0.join("app"));
        assert_eq!(scratch.run(&["compile"]).0, 0, "{case}");
        let (lock, files) = (scratch.read("rackform.lock"), scratch.texts("build"));
        let listeners = deployed(&scratch.0.join("build"));
        assert!(!listeners.is_empty());
        std::fs::remove_file(scratch.0.join("rackform.lock")).unwrap();
        adopt_all(&scratch, &listeners);
        let found = scratch.read("rackform.lock");
        for section in ["apps", "rules"] {
            assert_eq!(lines(&found, section), lines(&lock, section), "{case}");
        }
        assert_eq!(scratch.run(&["compile"]).0, 0, "{case}");
        assert_eq!(scratch.texts("build"), files, "{case}");
        let now = scratch.read("rackform.lock");
        assert_eq!(lines(&now, "rules"), lines(&lock, "rules"), "{case}");
        // Adopting once more changes nothing.
        adopt_all(&scratch, &listeners);
        assert_eq!(scratch.read("rackform.lock"), now, "{case}");
        assert_eq!(scratch.run(&["compile", "--locked"]).0, 0, "{case}");
    }
}

#[test]
fn a_number_tells_which_rule_it_was() {
    let with = |hosts: &[String]| format!("services: {{web: {{port: 1, domain: [{}]}}}}", hosts.join(", "));
    let hosts: Vec<String> = (0..11).map(|number| format!("h{number}.example.org")).collect();
    let folder = shop("history", &with(&hosts), &[]);
    // One certificate covers all, since how names are spread over certificates is not seen on a listener.
    let arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
    let rack = RACK.replace("host: r", &format!("certificates: [{{arn: \"{arn}\", names: [\"*.example.org\"]}}], host: r"));
    folder.write("rackform.yml", &format!("{rack}apps: {{shop: {{params: {{InternalDomains: No}}}}}}\n"));
    assert_eq!(folder.run(&["compile"]).0, 0);
    // The hosts of the first rule go; the second and the third keep their names.
    folder.write("shop/convox.yml", &with(&hosts[5..]));
    assert_eq!(folder.run(&["compile"]).0, 0);
    let (lock, files) = (folder.read("rackform.lock"), folder.texts("build"));
    assert!(!lock.contains("shop/web/exact1: {priority") && lines(&lock, "rules").len() == 2, "{lock}");
    std::fs::remove_file(folder.0.join("rackform.lock")).unwrap();
    adopt_all(&folder, &deployed(&folder.0.join("build")));
    assert_eq!(lines(&folder.read("rackform.lock"), "rules"), lines(&lock, "rules"));
    assert_eq!(folder.run(&["compile"]).0, 0);
    assert_eq!(folder.texts("build"), files);
}

/// What a real rack of Convox holds of one app: one rule a host, numbers from 1 to 25000 for hosts
/// and from 25000 for patterns.
const CONVOX: &[(u32, &[&str])] = &[
    (1485, &["shop-web.r.example.org"]),
    (7392, &["web.shop.main.convox"]),
    (24001, &["www.example.org"]),
    (25000, &["Shop.Example.org"]),
    (31007, &["*.eu.example.org"]),
];

#[test]
fn rules_of_convox_keep_their_numbers_and_new_ones_keep_the_order() {
    let manifest =
        |more: &str| format!("services: {{web: {{port: 1, domain: [www.example.org, shop.example.org, \"*.eu.example.org\"{more}]}}}}");
    let folder = shop("convox", &manifest(""), CONVOX);
    let said = adopted(&folder, &[]);
    assert!(
        said.contains("port 443 of the public router of `main`: 5 rules of ours, 5 of them new to the lock, and 0 rules of others"),
        "{said}"
    );
    let numbers = |folder: &Folder| -> BTreeMap<String, u32> {
        let lock = folder.read("rackform.lock");
        let number = |line: &str| line.split("priority: ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
        lines(&lock, "rules").into_iter().map(|line| (line.split(':').next().unwrap().to_owned(), number(line))).collect()
    };
    let before = numbers(&folder);
    assert_eq!(before.values().copied().collect::<BTreeSet<_>>(), CONVOX.iter().map(|(number, _)| *number).collect());
    assert_eq!(before["main/public/shop/web/exact1"], 1485, "rules are counted in the order of the manifest");
    assert_eq!((before["main/public/shop/web/exact3"], before["main/public/shop/web/exact4"]), (24001, 25000));
    assert_eq!(folder.run(&["compile"]).0, 0);
    assert_eq!(numbers(&folder), before);
    let template = folder.read("build/main/apps/shop.yaml");
    for (number, _) in CONVOX {
        assert!(template.contains(&format!("Priority: {number}\n")), "{template}");
    }

    // A pattern around an exact host that stands behind our own band, one around a pattern, and two
    // inside of a pattern.
    folder.write("shop/convox.yml", &manifest(", \"w*.example.org\", \"*.example.org\", \"*.a.eu.example.org\", new.eu.example.org"));
    let (code, _, said) = folder.run(&["compile"]);
    assert_eq!(code, 0, "{said}");
    let after = numbers(&folder);
    assert!(before.iter().all(|(key, number)| after[key] == *number), "{after:?}");
    let lock = folder.read("rackform.lock");
    let number = |host: &str| {
        let line = lines(&lock, "rules")
            .into_iter()
            .find(|line| line.contains(&format!("\"{host}\"")))
            .unwrap_or_else(|| panic!("{host}: {lock}"));
        after[line.split(':').next().unwrap()]
    };
    assert!(number("w*.example.org") > 24001, "{lock}");
    assert!(number("*.example.org") > 31007 && number("*.example.org") > 25000, "{lock}");
    assert!(number("*.a.eu.example.org") < 31007 && number("new.eu.example.org") < 31007, "{lock}");
}

/// Hosts of one service of an app, many of them inside of others.
fn pool(service: usize) -> Vec<String> {
    let mut hosts: Vec<String> = ["www", "a.w1", "b.w2", "x.deep.w1"].iter().map(|name| format!("{name}.s{service}.example.org")).collect();
    hosts.extend(
        ["*", "*.w1", "*.w2", "*.deep.w1", "?.w1", "*.deep.w2", "?*.deep.w1", "*.w3", "*.deep.w3"]
            .iter()
            .map(|name| format!("{name}.s{service}.example.org")),
    );
    hosts
}

fn manifest(hosts: &[BTreeSet<usize>]) -> String {
    let service = |(at, hosts): (usize, &BTreeSet<usize>)| {
        // The second service takes its hosts from the pool of the first, so that theirs contain each other.
        let domains: Vec<String> = hosts.iter().filter(|host| **host % 2 == at).map(|host| format!("{:?}", pool(0)[*host])).collect();
        format!("  s{at}: {{port: 1, domain: [{}]}}\n", domains.join(", "))
    };
    format!("services:\n{}", hosts.iter().enumerate().map(service).collect::<String>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn what_comes_to_adopted_rules_keeps_their_numbers_and_the_order(
        before in proptest::collection::vec(proptest::collection::btree_set(0..13usize, 0..10), 2),
        more in proptest::collection::vec(proptest::collection::btree_set(0..13usize, 0..10), 2),
        numbers in Just((0..40u32).map(|at| at * 600).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        // What stands is in the right order, and in no other: numbers of hashes, changed where a pattern
        // would come before what is inside of it.
        let hosts = before.iter().enumerate().flat_map(|(at, hosts)| hosts.iter().filter(move |host| **host % 2 == at));
        let hosts = hosts.map(|host| pool(0)[*host].clone());
        let number = |(number, host): (u32, String)| (if host.contains(['*', '?']) { number + 25_000 } else { number + 1 }, host);
        let mut standing: Vec<(u32, String)> = numbers.into_iter().zip(hosts).map(number).collect();
        let is_wrong = |a: &(u32, String), b: &(u32, String)| {
            a.1 != b.1 && a.0 < b.0 && Host::trusted(a.1.clone()).contains(&Host::trusted(b.1.clone()))
        };
        while let Some((a, b)) = (0..standing.len())
            .flat_map(|a| (0..standing.len()).map(move |b| (a, b)))
            .find(|(a, b)| is_wrong(&standing[*a], &standing[*b]))
        {
            let number = standing[a].0;
            standing[a].0 = standing[b].0;
            standing[b].0 = number;
        }
        let mut used = BTreeSet::new();
        prop_assume!(standing.iter().all(|(number, _)| used.insert(*number)));
        let rules: Vec<Value> = standing.iter().map(|(number, host)| rule("https", *number, &[host])).collect();
        let adopted = adopt(RACK, &[("shop", &manifest(&before))], &listing("https", rules), &Lock::default()).unwrap();
        prop_assert_eq!(adopted.strangers, 0);

        let wanted: Vec<BTreeSet<usize>> = before.iter().zip(&more).map(|(a, b)| a | b).collect();
        let outcome = run(RACK, &[("shop", &manifest(&wanted))], &adopted.lock);
        // What stood in the wrong order can leave no room for what is new; that is said.
        let pairs = |rules: &[(u32, Host, bool)]| {
            rules.iter().flat_map(|a| rules.iter().map(move |b| (a.clone(), b.clone()))).filter(|(a, b)| {
                a.1 != b.1 && a.1.contains(&b.1) && a.0 <= b.0
            }).collect::<Vec<_>>()
        };
        let stood: Vec<(u32, Host, bool)> = standing.iter().map(|(number, host)| (*number, Host::trusted(host.clone()), false)).collect();
        prop_assume!(pairs(&stood).is_empty());
        if outcome.says("RF0506") {
            // Only where a number for something new lies between two neighbours, or at the end.
            prop_assert!(outcome.messages.iter().any(|message| message.contains("no number is free")), "{:?}", outcome.messages);
            return Ok(());
        }
        let compiled = outcome.ok();
        for (number, host) in &standing {
            let kept = compiled.lock.rules.values().find(|rule| rule.hosts.iter().any(|known| known.as_str() == host)).unwrap();
            prop_assert_eq!(kept.priority, *number, "{}", host);
        }
        let now: Vec<(u32, Host, bool)> = compiled
            .lock
            .rules
            .iter()
            .flat_map(|(key, rule)| rule.hosts.iter().map(|host| (rule.priority, host.clone(), key.class == Class::Exact)))
            .collect();
        prop_assert_eq!(pairs(&now), Vec::new());
    }
}

/// Rules of all kinds that are not ours, and one that is.
fn mixed() -> Vec<Value> {
    let mut path = rule("https", 30, &["shop.example.org"]);
    path["Conditions"].as_array_mut().unwrap().push(json!({"Field": "path-pattern", "Values": ["/admin"]}));
    let mut redirect = rule("https", 40, &["*.example.org"]);
    redirect["Actions"] = json!([{"Type": "redirect", "RedirectConfig": {"Host": "example.com", "StatusCode": "HTTP_301"}}]);
    let mut regex = rule("https", 45, &[]);
    regex["Conditions"] = json!([{"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^shop.*$"]}}]);
    let mut weighted = rule("https", 60, &["shop.example.org"]);
    weighted["Actions"][0]["ForwardConfig"]["TargetGroups"] = json!([{"TargetGroupArn": "arn:a"}, {"TargetGroupArn": "arn:b"}]);
    let mut old_form = rule("https", 50, &[]);
    old_form["Conditions"] = json!([{"Field": "host-header", "Values": ["shop.example.org"]}]);
    vec![
        rule("https", 20, &["other.example.com"]),
        path,
        redirect,
        regex,
        old_form,
        weighted,
        rule("https", 70, &["shop.example.org"]),
        rule("https", 80, &["shop-web.r.example.org", "other.example.com"]),
    ]
}

const SHOP: &str = "services:\n  web:\n    port: 1\n    domain: shop.example.org\n";

#[test]
fn rules_of_others_are_counted_walked_around_and_warned_of() {
    let folder = shop("others", SHOP, &[]);
    folder.write("rules.json", &listing("https", mixed()));
    let said = adopted(&folder, &[]);
    assert!(said.contains("1 rule of ours, 1 of them new to the lock, and 7 rules of others"), "{said}");
    let lock = folder.read("rackform.lock");
    assert_eq!(
        lines(&lock, "strangers"),
        [
            "main/public/443/20: [\"other.example.com\"]",
            "main/public/443/30: []",
            "main/public/443/40: [\"*.example.org\"]",
            "main/public/443/45: []",
            "main/public/443/60: [\"shop.example.org\"]",
            "main/public/443/70: [\"shop.example.org\"]",
            "main/public/443/80: [\"shop-web.r.example.org\", \"other.example.com\"]",
        ]
    );
    assert_eq!(lines(&lock, "rules"), ["main/public/shop/web/exact1: {priority: 50, hosts: [\"shop.example.org\"]}"]);
    assert_eq!(lines(&lock, "apps"), ["shop: {rack: main}"]);
    // The redirect comes first, and every later check says so too, from the lock.
    let place =
        "shop/convox.yml:4:13: warning[RF0521]: `shop.example.org` of `shop/web` is answered by a rule of others, for `*.example.org`";
    assert!(folder.run(&["adopt", "rules.json", "--message-format", "short"]).2.contains(place));
    let (code, _, said) = folder.run(&["check"]);
    assert!(
        code == 0 && said.contains("RF0521") && said.contains("rackform.lock:") && said.contains("rule 40 on port 443 comes before 50"),
        "{said}"
    );
    assert!(said.contains("a request for shop.example.org never gets to `shop/web`"), "{said}");
    assert_eq!(folder.run(&["check", "--strict"]).0, 1);

    // They count towards the quota.
    folder.write("rackform.yml", &RACK.replace("host: r", "quotas: {rules: 7}, host: r"));
    let (code, _, said) = folder.run(&["check"]);
    assert!(code == 1 && said.contains("RF0507") && said.contains("7 of them are not rackform's"), "{said}");
    folder.write("rackform.yml", RACK);

    // Port 80 has its own; those of port 443 that are gone are dropped.
    folder.write("http.json", &listing("http", vec![rule("http", 50, &["shop.example.org"]), rule("http", 9, &["x.example.com"])]));
    let (code, _, said) = folder.run(&["adopt", "http.json", "--port", "80"]);
    assert!(code == 0 && said.contains("port 80 of the public router of `main`: 0 rules of ours"), "{said}");
    folder.write("rules.json", &listing("https", vec![rule("https", 50, &["shop.example.org"]), rule("https", 21, &["new.example.com"])]));
    assert!(adopted(&folder, &[]).contains("1 rule of ours, 0 of them new to the lock, and 1 rule of others"));
    let lock = folder.read("rackform.lock");
    assert_eq!(
        lines(&lock, "strangers"),
        ["main/public/80/9: [\"x.example.com\"]", "main/public/80/50: [\"shop.example.org\"]", "main/public/443/21: [\"new.example.com\"]"]
    );
    assert_eq!(folder.run(&["compile"]).0, 0);
    assert_eq!(folder.run(&["compile", "--locked"]).0, 0, "the lock remembers them");
    assert_eq!(lines(&folder.read("rackform.lock"), "strangers").len(), 3);
}

#[test]
fn apps_are_placed_where_their_rules_stand() {
    let folder = shop("placed", SHOP, &[(50, &["shop.example.org"]), (60, &["blog.example.org"]), (70, &["pinned.example.org"])]);
    let racks = "racks:\n  a: {host: a.example.org, certificate: create}\n  b: {host: b.example.org, certificate: create}\n";
    let apps = "apps:\n  shop: {}\n  blog: {}\n  pinned: {rack: a}\n";
    folder.write("rackform.yml", &format!("{racks}{apps}"));
    for app in ["blog", "pinned"] {
        folder.write(&format!("{app}/convox.yml"), &format!("services: {{web: {{port: 1, domain: {app}.example.org}}}}"));
    }
    let (code, _, said) = folder.run(&["adopt", "rules.json"]);
    assert!(code == 1 && said.contains("RF0519") && said.contains("`--rack NAME`: a, b"), "{said}");
    let (code, _, said) = folder.run(&["adopt", "rules.json", "--rack", "bb"]);
    assert!(code == 1 && said.contains("RF0519") && said.contains("there is no rack `bb`"), "{said}");
    let (code, _, said) = folder.run(&["adopt", "rules.json", "--rack", "b", "--internal"]);
    assert!(code == 1 && said.contains("RF0519") && said.contains("`b` has no internal router"), "{said}");
    assert!(!folder.has("rackform.lock"), "nothing is written");
    folder.write("rackform.lock", "version: 1\napps:\n  blog: {rack: a}\nrules: {}\n");
    adopted(&folder, &["--rack", "b"]);
    let lock = folder.read("rackform.lock");
    assert_eq!(
        lines(&lock, "apps"),
        ["blog: {rack: a}", "shop: {rack: b}"],
        "one that lives elsewhere or is pinned elsewhere is not ours here"
    );
    assert_eq!(lines(&lock, "rules"), ["b/public/shop/web/exact1: {priority: 50, hosts: [\"shop.example.org\"]}"]);
    assert_eq!(lines(&lock, "strangers").len(), 2);
    assert_eq!(folder.run(&["compile"]).0, 0);
    assert!(folder.read("build/b/apps/shop.yaml").contains("Priority: 50\n"));
}

#[test]
fn a_rule_that_a_lock_has_otherwise_is_refused() {
    let folder = shop("clash", SHOP, &[(50, &["shop.example.org"])]);
    let lock = |rules: &str| format!("version: 1\napps:\n  shop: {{rack: main}}\nrules:\n{rules}\nretired: {{}}\n");
    let held = lock("  main/public/shop/web/exact1: {priority: 51, hosts: [\"web.shop.main.convox\", \"shop.example.org\"]}");
    let other = lock("  main/public/shop/web/exact1: {priority: 50, hosts: [\"web.shop.main.convox\"]}");
    for (lock, words) in
        [(&held, "under the number 50, and the lock has 51"), (&other, "the number 50 is that of main/public/shop/web/exact1")]
    {
        folder.write("rackform.lock", lock);
        let (code, out, _) = folder.run(&["adopt", "rules.json", "--message-format", "json"]);
        let found: Value =
            out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|found| found["code"] == "RF0520").unwrap();
        assert_eq!((code, &found["place"]["file"], &found["place"]["line"]), (1, &json!("rules.json"), &json!(5)), "{out}");
        assert!(out.contains(words), "{out}");
        assert_eq!(folder.read("rackform.lock"), *lock, "nothing is written");
    }
    // A rule that is deployed with other hosts than the lock has by now is the same rule.
    for lock in [
        lock("  main/public/shop/web/exact1: {priority: 50, hosts: [\"shop.example.org\", \"www.example.org\"]}"),
        lock("  main/public/shop/web/exact1: {priority: 50, hosts: [\"www.example.org\"], left: {\"shop.example.org\": 2}}"),
    ] {
        folder.write("rackform.lock", &lock);
        assert!(adopted(&folder, &[]).contains("1 rule of ours, 0 of them new"));
        assert_eq!(lines(&folder.read("rackform.lock"), "rules"), lines(&lock, "rules"));
    }
    // One that is on its way out is neither ours nor of others; one that is wanted again is what it was.
    let gone = "version: 1\napps:\n  shop: {rack: main}\nrules: {}\nretired:\n  main/public/50: {rule: main/public/shop/web/exact7, hosts: [\"HOST\"], since: 2}\n";
    folder.write("rackform.lock", &gone.replace("HOST", "gone.example.org"));
    folder.write("rules.json", &listing("https", vec![rule("https", 50, &["gone.example.org"])]));
    assert!(adopted(&folder, &[]).contains("and 0 rules of others"));
    folder.write("rackform.lock", &gone.replace("HOST", "shop.example.org"));
    folder.write("rules.json", &listing("https", vec![rule("https", 50, &["shop.example.org"])]));
    adopted(&folder, &[]);
    let lock = folder.read("rackform.lock");
    assert!(lines(&lock, "retired").is_empty());
    assert_eq!(lines(&lock, "rules"), ["main/public/shop/web/exact7: {priority: 50, hosts: [\"shop.example.org\"]}"]);
}

#[test]
fn port_80_has_the_numbers_of_port_443() {
    let folder = shop("port-80", SHOP, &[(50, &["shop.example.org"])]);
    folder.write("rackform.yml", &format!("{RACK}apps: {{shop: {{params: {{RedirectHttps: No}}}}}}\n"));
    let (code, _, said) = folder.run(&["adopt", "rules.json", "--port", "80"]);
    assert!(code == 1 && said.contains("RF0520") && said.contains("has the number 50 on port 80"), "{said}");
    assert!(!folder.has("rackform.lock"));
    adopted(&folder, &[]);
    assert!(adopted(&folder, &["--port", "80"]).contains("port 80 of the public router of `main`: 1 rule of ours, 0 of them new"));
    assert_eq!(lines(&folder.read("rackform.lock"), "apps"), ["shop: {rack: main, http: 1}"]);
    folder.write("rules.json", &listing("http", vec![rule("http", 51, &["shop.example.org"])]));
    assert_eq!(folder.run(&["adopt", "rules.json", "--port", "80"]).0, 1);
    folder.write("certificates.json", "{\"Certificates\": []}");
    let (code, _, said) = folder.run(&["adopt", "rules.json", "--port", "80", "--certificates", "certificates.json"]);
    assert!(code == 1 && said.contains("RF0519") && said.contains("port 80 has no certificates"), "{said}");
    assert_eq!(folder.run(&["adopt", "rules.json", "--port", "8080"]).0, 2);
}

#[test]
fn a_number_of_others_on_port_80_stands_in_nobodys_way_on_port_443() {
    let folder = shop("two-ports", "services: {web: {port: 1}}", &[(50, &["shop-web.r.example.org"]), (51, &["web.shop.main.convox"])]);
    adopted(&folder, &[]);
    folder.write("http.json", &listing("http", vec![rule("http", 50, &["other.example.org"])]));
    assert_eq!(folder.run(&["adopt", "http.json", "--port", "80"]).0, 0);
    let (code, _, said) = folder.run(&["compile"]);
    assert_eq!(code, 0, "{said}");
    // Rules of ours that come to port 80 would meet it.
    folder.write("rackform.yml", &format!("{RACK}apps: {{shop: {{params: {{RedirectHttps: No}}}}}}\n"));
    let (code, _, said) = folder.run(&["compile"]);
    assert!(code == 1 && said.contains("RF0515") && said.contains("50"), "{said}");
}

#[test]
fn certificates_of_others_are_counted() {
    let arn = |id: u32| format!("arn:aws:acm:us-east-1:123456789012:certificate/{id:08x}-2222-3333-4444-555555555555");
    let folder =
        shop("certificates", "services: {web: {port: 1, domain: [shop.example.org, shop.example.com]}}", &[(50, &["shop.example.org"])]);
    let listed = format!(
        "racks: {{main: {{host: r.example.org, certificate: create, certificates: [{{arn: \"{}\", names: [shop.example.org]}}]}}}}\n",
        arn(2)
    );
    folder.write("rackform.yml", &listed);
    assert_eq!(folder.run(&["compile"]).0, 0);
    std::fs::write(
        folder.0.join("rackform.lock"),
        folder.read("rackform.lock").replace("rules:", "rules: {}\nx:").split("x:").next().unwrap().to_owned()
            + "certificates:\n  main/shop/1: [\"shop.example.com\"]\nretired: {}\n",
    )
    .unwrap();
    let certificate = |id: u32, default: bool| json!({"CertificateArn": arn(id), "IsDefault": default});
    let attached = json!({"Certificates": [certificate(1, true), certificate(2, false), certificate(3, false), certificate(4, false)]});
    folder.write("certificates.json", &attached.to_string());
    assert!(adopted(&folder, &["--certificates", "certificates.json"]).contains("0 rules and 2 certificates of others"));
    let others = |id: u32| format!("main/public/{}: {{}}", arn(id));
    assert_eq!(lines(&folder.read("rackform.lock"), "stranger_certificates"), [others(3), others(4)]);
    // The names on certificates tell which of them is an app's own.
    let names = json!({"CertificateSummaryList": [
        {"CertificateArn": arn(3), "DomainName": "shop.example.com", "SubjectAlternativeNameSummaries": ["shop.example.com"]},
        {"CertificateArn": arn(4), "DomainName": "elsewhere.example.com"},
    ]});
    folder.write("names.json", &names.to_string());
    adopted(&folder, &["--certificates", "certificates.json", "--certificates", "names.json"]);
    assert_eq!(lines(&folder.read("rackform.lock"), "stranger_certificates"), [others(4)]);
    // Without the option nothing is known of them, and nothing changes.
    adopted(&folder, &[]);
    assert_eq!(lines(&folder.read("rackform.lock"), "stranger_certificates"), [others(4)]);
    folder.write("certificates.json", "{\"Certificates\": [{\"CertificateArn\": \"arn:x y\"}]}");
    let (code, _, said) = folder.run(&["adopt", "rules.json", "--certificates", "certificates.json", "--message-format", "short"]);
    assert!(code == 1 && said.contains("certificates.json:1:38: error[RF0518]: `arn:x y` is no ARN"), "{said}");
}

#[test]
fn what_is_no_listing_is_refused_at_its_place() {
    let folder = shop("bad", SHOP, &[(50, &["shop.example.org"])]);
    let good = folder.read("rules.json");
    let two = listing("https", vec![rule("https", 50, &["shop.example.org"]), rule("other", 51, &["x.example.org"])]);
    let twice = listing("https", vec![rule("https", 50, &["shop.example.org"]), rule("https", 50, &["x.example.org"])]);
    let cases: &[(&str, &str, &str)] = &[
        ("", "rules.json:1:1", "there is no list of `Rules`"),
        ("[1, 2]", "rules.json:1:1", "there is no list of `Rules`"),
        ("<html>\n<body>no</body>", "rules.json:1:1", "there is no list of `Rules`"),
        ("{\"Rules\": [", "rules.json:1", "RF0004"),
        ("{\"Rules\": []}", "rules.json:1:1", "there is no rule in it"),
        ("{\"Listeners\": []}", "rules.json:1:1", "there is no list of `Rules`"),
        (&good.replace("\"Rules\": [", "\"NextMarker\": \"x\", \"Rules\": ["), "rules.json:2:3", "the list is not whole"),
        (&good.replace("\"50\"", "\"0\""), "rules.json:5:19", "rules have numbers from 1 to 50000, not `0`"),
        (&good.replace("\"50\"", "\"50001\""), "rules.json:5:19", "not `50001`"),
        (&good.replace("\"50\"", "\"first\""), "rules.json:5:19", "not `first`"),
        (&good.replace("\"Priority\": \"50\",", ""), "rules.json:3", "`Priority` is missing here"),
        (&good.replace("listener-rule", "listener"), "rules.json:4:18", "is no ARN of a rule"),
        (&good.replacen("\"Conditions\"", "\"Cond\"", 1), "rules.json:3", "lacks its `Conditions`"),
        (&good.replace("\"shop.example.org\"", "\"a\\\"]\\nx: y\""), "rules.json:14:15", "is no host that a rule may have"),
        (&two, "rules.json", "the rules of two listeners are mixed"),
        (&twice, "rules.json", "two rules have the number 50"),
    ];
    for (text, place, words) in cases {
        folder.write("rules.json", text);
        let (code, _, said) = folder.run(&["adopt", "rules.json", "--message-format", "short"]);
        assert_eq!(code, 1, "{text}: {said}");
        let line = said.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {said}"));
        assert!(line.starts_with(place) && (line.contains("error[RF0518]") || line.contains("RF0004")), "{place}: {line}");
        assert!(!folder.has("rackform.lock"), "nothing is written for {text}");
    }
    let (code, _, said) = folder.run(&["adopt", "nowhere.json"]);
    assert!(code == 1 && said.contains("RF0001"), "{said}");
    // What the CLI prints as YAML is read as well.
    folder.write("rules.json", &good);
    let yaml = serde_yaml::to_string(&serde_json::from_str::<Value>(&good).unwrap()).unwrap();
    folder.write("rules.yaml", &yaml);
    adopted(&folder, &[]);
    let lock = folder.read("rackform.lock");
    std::fs::remove_file(folder.0.join("rackform.lock")).unwrap();
    assert_eq!(folder.run(&["adopt", "rules.yaml"]).0, 0);
    assert_eq!(folder.read("rackform.lock"), lock);
}

#[test]
fn names_of_routers_are_known_by_what_is_before_them() {
    let folder = Folder::new("adopt-router-name");
    folder.write("shop/convox.yml", "services: {web: {port: 1}}");
    let host = format!("shop-web.{ROUTER}");
    folder.write("rules.json", &listing("https", vec![rule("https", 50, &[&host]), rule("https", 60, &["shop-web.other.example.org"])]));
    adopted(&folder, &[]);
    let lock = folder.read("rackform.lock");
    assert_eq!(lines(&lock, "rules"), ["main/public/shop/web/exact1: {priority: 50, hosts: [\"shop-web.{Domain}\"]}"]);
    assert_eq!(lines(&lock, "strangers").len(), 1);
    assert!(adopted(&folder, &[]).contains("1 rule of ours, 0 of them new"));
    assert_eq!(folder.run(&["compile"]).0, 0);
}
