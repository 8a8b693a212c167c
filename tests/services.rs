//! What is emitted of ECS keeps AWS's rules and says what the manifest says, whatever the manifest says. The rules are
//! written down here a second time, from the API's documentation and not from the compiler.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use common::{run, template};
use proptest::prelude::*;
use rackform::lock::Lock;
use serde_yaml::Value;

const FLEET: &str = "racks: {main: {host: r.example.org, hosted_zone: Z1, certificate: create, compute: instances, \
                     params: {Internal: Yes, NLB: Yes, NLBInternal: Yes}}}\n";

/// The instances of its rack at the least, on each of which an agent runs.
const INSTANCES: i64 = 3;

/// A service as it is drawn.
#[derive(Debug, Clone)]
struct Drawn {
    port: Option<(u16, bool)>,
    routers: u8,
    count: (i64, i64),
    size: Option<(i64, i64)>,
    targets: (i64, i64, i64, bool),
    deployment: Option<(i64, i64)>,
    kind: u8,
    stop: (i64, i64),
    nlb: Vec<(u16, u16, bool)>,
    environment: Vec<(u8, Option<u8>)>,
    links: Vec<usize>,
    volumes: u8,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let port = proptest::option::of((1..65535_u16, any::<bool>()));
    let size = proptest::option::of((1..9000_i64, 6..40_000_i64));
    let targets = (-1..100_i64, -1..100_i64, -1..500_i64, any::<bool>());
    let deployment = proptest::option::weighted(0.3, (0..110_i64, 90..300_i64));
    let nlb = proptest::collection::vec((1..60_000_u16, 1..60_000_u16, any::<bool>()), 0..3);
    let environment = proptest::collection::vec((0..6_u8, proptest::option::of(0..9_u8)), 0..6);
    let links = proptest::collection::vec(0..3_usize, 0..3);
    let first = (port, 0..3_u8, (0..5_i64, 0..8_i64), size, targets, deployment);
    let second = (0..8_u8, (0..121_i64, 1..3600_i64), nlb, environment, links, 0..4_u8);
    (first, second).prop_map(|((port, routers, (least, more), size, targets, deployment), second)| {
        let (kind, stop, nlb, environment, links, volumes) = second;
        let targets = if port.is_some() { targets } else { (targets.0, targets.1, -1, targets.3) };
        Drawn { port, routers, count: (least, least + more), size, targets, deployment, kind, stop, nlb, environment, links, volumes }
    })
}

impl Drawn {
    fn is_agent(&self) -> bool {
        self.kind == 0
    }

    fn is_privileged(&self) -> bool {
        self.kind == 1
    }

    /// The service as number `number` of `of`.
    fn yaml(&self, number: usize, of: usize) -> String {
        let mut text = format!("  s{number}:\n    image: example/s{number}:1\n");
        let mut line = |what: String| writeln!(text, "    {what}").unwrap();
        if let Some((port, https)) = self.port {
            line(format!("port: {}{port}", if https { "https:" } else { "" }));
            match self.routers {
                1 => line("internal: true".into()),
                2 => line("internalAndExternal: true".into()),
                _ => {}
            }
        }
        let (cpu, memory, requests, custom) = self.targets;
        let size = self.size.map_or(String::new(), |(cpu, memory)| format!(", cpu: {cpu}, memory: {memory}"));
        let custom = if custom { ", custom: {AWS/SQS/Depth: {aggregate: max, value: 12.5, dimensions: {Queue: a}}}" } else { "" };
        line(format!(
            "scale: {{count: {}-{}{size}, targets: {{cpu: {cpu}, memory: {memory}, requests: {requests}{custom}}}}}",
            self.count.0, self.count.1
        ));
        if let Some((minimum, maximum)) = self.deployment {
            line(format!("deployment: {{minimum: {minimum}, maximum: {maximum}}}"));
        }
        if self.is_agent() {
            line(format!("agent: {{ports: [{}/udp, {}]}}", 8125 + number, 9000 + number));
        }
        if self.is_privileged() {
            line("privileged: true".into());
        }
        line(format!("termination: {{grace: {}}}\n    drain: {}", self.stop.0, self.stop.1));
        if !self.nlb.is_empty() && !self.is_agent() {
            line("nlb:".into());
            for (port, container, internal) in &self.nlb {
                line(format!(
                    "  - {{port: {port}, containerPort: {container}, scheme: {}}}",
                    if *internal { "internal" } else { "public" }
                ));
            }
        }
        let entry = |(name, value): &(u8, Option<u8>)| value.map_or(format!("V{name}"), |value| format!("V{name}=v{value}"));
        line(format!("environment: [{}]", self.environment.iter().map(entry).collect::<Vec<_>>().join(", ")));
        line(format!("links: [{}]", self.links.iter().map(|link| format!("s{}", link % of)).collect::<Vec<_>>().join(", ")));
        let volumes = ["/data", "/var/run/docker.sock:/run/docker.sock:ro"];
        let volumes: Vec<&str> = volumes.iter().enumerate().filter(|(at, _)| self.volumes & (1 << at) != 0).map(|(_, v)| *v).collect();
        line(format!("volumes: [{}]", volumes.iter().map(|v| format!("\"{v}\"")).collect::<Vec<_>>().join(", ")));
        text
    }
}

/// Every resource of a type, by its logical ID.
fn of_type<'a>(template: &'a Value, kind: &str) -> BTreeMap<&'a str, &'a Value> {
    let resources = template["Resources"].as_mapping().unwrap();
    resources.iter().filter(|(_, r)| r["Type"] == kind).map(|(id, r)| (id.as_str().unwrap(), r)).collect()
}

fn items(value: &Value) -> &[Value] {
    value.as_sequence().map_or(&[], Vec::as_slice)
}

/// Pairs of CPU and memory that Fargate takes.
fn is_fargate_size(cpu: u64, memory: u64) -> bool {
    let gib = memory / 1024;
    let whole = memory.is_multiple_of(1024);
    match cpu {
        256 => [512, 1024, 2048].contains(&memory),
        512 => whole && (1..=4).contains(&gib),
        1024 => whole && (2..=8).contains(&gib),
        2048 => whole && (4..=16).contains(&gib),
        4096 => whole && (8..=30).contains(&gib),
        8192 => whole && (16..=60).contains(&gib) && gib.is_multiple_of(4),
        16384 => whole && (32..=120).contains(&gib) && gib.is_multiple_of(8),
        _ => false,
    }
}

fn task_definition(task: &Value, drawn: &Drawn) {
    let properties = &task["Properties"];
    let on_fargate = properties["RequiresCompatibilities"][0] == "FARGATE";
    let [container] = items(&properties["ContainerDefinitions"]) else { panic!("one container") };
    let (asked_cpu, asked_memory) = drawn.size.unwrap_or((256, 512));
    assert_eq!(on_fargate, !(drawn.is_agent() || drawn.is_privileged() || drawn.volumes & 2 != 0));
    if on_fargate {
        assert_eq!(properties["NetworkMode"], "awsvpc");
        let number = |key: &str| properties[key].as_str().unwrap().parse::<u64>().unwrap();
        let (cpu, memory) = (number("Cpu"), number("Memory"));
        assert!(is_fargate_size(cpu, memory), "{cpu} {memory}");
        assert!(i64::try_from(cpu).unwrap() >= asked_cpu && i64::try_from(memory).unwrap() >= asked_memory);
        assert!(container["Privileged"].is_null() && container["StopTimeout"].as_i64().unwrap() <= 120);
        assert!(items(&properties["Volumes"]).iter().all(|volume| volume["Host"].is_null()));
    } else {
        assert_eq!(properties["NetworkMode"], "bridge");
        assert_eq!((container["Cpu"].as_i64(), container["Memory"].as_i64()), (Some(asked_cpu), Some(asked_memory)));
    }
    assert_eq!(container["StopTimeout"].as_i64(), Some(drawn.stop.0));
    let names = |key: &str| items(&container[key]).iter().map(|entry| entry["Name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let (environment, secrets) = (names("Environment"), names("Secrets"));
    let all: BTreeSet<&String> = environment.iter().chain(&secrets).collect();
    assert_eq!(all.len(), environment.len() + secrets.len(), "no variable comes twice");
    let mut last: BTreeMap<u8, Option<u8>> = BTreeMap::new();
    last.extend(drawn.environment.iter().copied());
    for (name, value) in last {
        let name = format!("V{name}");
        let entry = items(&container["Environment"]).iter().find(|entry| entry["Name"] == name.as_str());
        assert_eq!(entry.map(|entry| entry["Value"].as_str().unwrap().to_owned()), value.map(|value| format!("v{value}")));
        assert_eq!(secrets.contains(&name), value.is_none());
    }
    let mounted: BTreeSet<&str> = items(&container["MountPoints"]).iter().map(|m| m["SourceVolume"].as_str().unwrap()).collect();
    let declared: BTreeSet<&str> = items(&properties["Volumes"]).iter().map(|v| v["Name"].as_str().unwrap()).collect();
    assert_eq!(mounted, declared);
    let ports = items(&container["PortMappings"]).iter().map(|p| (p["ContainerPort"].as_u64(), p["Protocol"].as_str()));
    assert_eq!(ports.clone().collect::<BTreeSet<_>>().len(), ports.count(), "no port comes twice");
}

fn ecs_service(template: &Value, id: &str, drawn: &Drawn) {
    let service = &template["Resources"][id];
    let properties = &service["Properties"];
    let task = &template["Resources"][properties["TaskDefinition"]["Ref"].as_str().unwrap()]["Properties"];
    let own_address = task["NetworkMode"] == "awsvpc";
    assert!(properties["LaunchType"].is_null() != properties["CapacityProviderStrategy"].is_null());
    assert_eq!(properties["NetworkConfiguration"].is_null(), !own_address);
    let is_daemon = properties["SchedulingStrategy"] == "DAEMON";
    assert_eq!(is_daemon, drawn.is_agent());
    let deployment = &properties["DeploymentConfiguration"];
    let (minimum, maximum) = (deployment["MinimumHealthyPercent"].as_i64().unwrap(), deployment["MaximumPercent"].as_i64().unwrap());
    let count = if is_daemon { INSTANCES } else { drawn.count.0 };
    assert!(minimum <= maximum);
    assert!(
        count == 0 || (count * minimum + 99) / 100 < count || count * maximum / 100 > count,
        "{count} can't roll within {minimum} and {maximum}"
    );
    assert!(minimum <= 100 && (minimum, maximum) != (100, 100) && (maximum == 100 || !is_daemon));
    // A service keeps what it had where nothing is said, so turning it off has to be said.
    let rebalancing = (!is_daemon).then_some(if maximum > 100 { "ENABLED" } else { "DISABLED" });
    assert_eq!(properties["AvailabilityZoneRebalancing"].as_str(), rebalancing);
    // Each target group is one that something leads to, of the right kind, and a port of the container.
    let container = &task["ContainerDefinitions"][0];
    let targets = items(&properties["LoadBalancers"]);
    let routers = if drawn.port.is_some() { if drawn.routers == 2 { 2 } else { 1 } } else { 0 };
    let network = if is_daemon { 0 } else { drawn.nlb.len() };
    assert_eq!(targets.len(), routers + network);
    assert_eq!(properties["HealthCheckGracePeriodSeconds"].is_null(), targets.is_empty());
    let waits: BTreeSet<&str> = items(&service["DependsOn"]).iter().filter_map(Value::as_str).collect();
    for target in targets {
        assert_eq!(target["ContainerName"], container["Name"]);
        assert!(items(&container["PortMappings"]).iter().any(|port| port["ContainerPort"] == target["ContainerPort"]));
        let group = target["TargetGroupArn"]["Ref"].as_str().unwrap();
        let kind = if own_address { "ip" } else { "instance" };
        assert_eq!(template["Resources"][group]["Properties"]["TargetType"], kind);
        let leads = |action: &Value| action["TargetGroupArn"]["Ref"] == group;
        let rules = of_type(template, "AWS::ElasticLoadBalancingV2::ListenerRule").into_iter();
        let listeners = of_type(template, "AWS::ElasticLoadBalancingV2::Listener").into_iter();
        let rules = rules.filter(|(_, rule)| items(&rule["Properties"]["Actions"]).iter().any(leads));
        let listeners = listeners.filter(|(_, listener)| items(&listener["Properties"]["DefaultActions"]).iter().any(leads));
        let leading: BTreeSet<&str> = rules.chain(listeners).map(|(id, _)| id).collect();
        assert!(!leading.is_empty() && leading.is_subset(&waits), "{id} does not wait for all of {leading:?}");
    }
    if own_address {
        let group = properties["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"][0]["Fn::GetAtt"][0].as_str().unwrap();
        let ingress = items(&template["Resources"][group]["Properties"]["SecurityGroupIngress"]);
        let lets_in = |port: u64| {
            let is_in = |rule: &&Value| (rule["FromPort"].as_u64().unwrap()..=rule["ToPort"].as_u64().unwrap()).contains(&port);
            ingress.iter().any(|rule| is_in(&rule) && !rule["SourceSecurityGroupId"].is_null())
        };
        assert!(targets.iter().all(|target| lets_in(target["ContainerPort"].as_u64().unwrap())));
        assert_eq!(ingress.is_empty(), targets.is_empty());
    }
    scaling(template, id, drawn);
}

fn scaling(template: &Value, service: &str, drawn: &Drawn) {
    let ranges = of_type(template, "AWS::ApplicationAutoScaling::ScalableTarget");
    let is_of = |range: &&Value| range["Properties"]["ResourceId"]["Fn::Join"][1][2]["Fn::GetAtt"][0] == service;
    let own: Vec<(&str, &Value)> = ranges.into_iter().filter(|(_, range)| is_of(range)).collect();
    if drawn.is_agent() {
        assert!(own.is_empty(), "a daemon has no count");
        return;
    }
    let [(id, range)] = own.as_slice() else { panic!("one range for {service}") };
    let (cpu, memory, requests, custom) = drawn.targets;
    let is_scaled = drawn.count.0 != drawn.count.1 && (cpu > 0 || memory > 0 || requests > 0 || custom);
    let most = if is_scaled { drawn.count.1 } else { drawn.count.0 };
    // The first pass of a first deploy begins with none, whatever the range.
    let least = &range["Properties"]["MinCapacity"];
    let (first, later) = if least.is_mapping() { (&least["Fn::If"][1], &least["Fn::If"][2]) } else { (least, least) };
    assert_eq!((first.as_i64(), later.as_i64()), (Some(0), Some(drawn.count.0)));
    assert_eq!(range["Properties"]["MaxCapacity"].as_i64(), Some(most));
    let policies = of_type(template, "AWS::ApplicationAutoScaling::ScalingPolicy");
    let policies: Vec<&Value> = policies.into_values().map(|p| &p["Properties"]).filter(|p| p["ScalingTargetId"]["Ref"] == *id).collect();
    let routers = if drawn.routers == 2 { 2 } else { 1 };
    let expected = usize::from(cpu > 0) + usize::from(memory > 0) + usize::from(custom) + if requests > 0 { routers } else { 0 };
    assert_eq!(policies.len(), if is_scaled { expected } else { 0 });
    for policy in policies {
        let settings = &policy["TargetTrackingScalingPolicyConfiguration"];
        assert!(settings["TargetValue"].as_str().unwrap().parse::<f64>().unwrap() > 0.0);
        let (predefined, customized) = (&settings["PredefinedMetricSpecification"], &settings["CustomizedMetricSpecification"]);
        assert!(predefined.is_null() != customized.is_null());
        let label = &predefined["ResourceLabel"]["Fn::Join"][1];
        assert_eq!(label.is_null(), predefined["PredefinedMetricType"] != "ALBRequestCountPerTarget");
        if !label.is_null() {
            let (router, group) = (label[0]["Fn::ImportValue"].as_str().unwrap(), label[1]["Fn::GetAtt"][0].as_str().unwrap());
            assert_eq!(router.contains("Internal"), group.ends_with("Internal"), "the label names the router of its group");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_emitted_keeps_the_rules(services in proptest::collection::vec(drawn(), 1..4)) {
        let mut manifest = "services:\n".to_owned();
        for (number, service) in services.iter().enumerate() {
            manifest += &service.yaml(number, services.len());
        }
        // What is refused is the business of tests/broken; most of what is drawn is not.
        if let Some(compiled) = run(FLEET, &[("shop", &manifest)], &Lock::default()).compiled {
            let template = template(&compiled, "main/apps/shop.yaml");
            for (number, service) in services.iter().enumerate() {
                task_definition(&template["Resources"][format!("S{number}TaskDefinition")], service);
                ecs_service(&template, &format!("S{number}Service"), service);
            }
        }
    }
}

/// The template of one app on a rack.
fn compiled(fleet: &str, manifest: &str) -> Value {
    template(&run(fleet, &[("shop", manifest)], &Lock::default()).compiled.expect("it compiles"), "main/apps/shop.yaml")
}

#[test]
fn a_policy_that_is_named_twice_is_attached_once() {
    let policies = "[arn:aws:iam::aws:policy/A, arn:aws:iam::aws:policy/B, arn:aws:iam::aws:policy/A]";
    let manifest = format!(
        "params: {{IamPolicy: \"arn:aws:iam::aws:policy/B\"}}\nservices:\n  web: {{image: a, policies: {policies}}}\n  bare: {{image: a}}\n"
    );
    let template = compiled(FLEET, &manifest);
    let attached = |id: &str| -> Vec<&str> {
        items(&template["Resources"][id]["Properties"]["ManagedPolicyArns"]).iter().filter_map(Value::as_str).collect()
    };
    assert_eq!(attached("WebTaskRole"), ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"]);
    assert_eq!(attached("BareTaskRole"), ["arn:aws:iam::aws:policy/B"]);
}

#[test]
fn racks_of_others_are_asked_for_no_capacity_provider_that_they_may_lack() {
    let fleet = "racks: {main: {external: true, host: r.example.org, certificate: \"arn:aws:acm:us-east-1:123456789012:certificate/0\"}}\n";
    let manifest = "params: {WorkerFormation: \"1,256,512,FARGATE_SPOT\"}\n\
                    services: {web: {image: a}, agent: {image: a, agent: true}, worker: {image: a}}\n";
    let template = compiled(fleet, manifest);
    let launched = |id: &str| {
        let properties = &template["Resources"][id]["Properties"];
        let provider = properties["CapacityProviderStrategy"][0]["CapacityProvider"].as_str();
        (properties["LaunchType"].as_str().map(str::to_owned), provider.map(str::to_owned))
    };
    assert_eq!(launched("WebService"), (Some("FARGATE".into()), None));
    assert_eq!(launched("AgentService"), (Some("EC2".into()), None));
    assert_eq!(launched("WorkerService"), (None, Some("FARGATE_SPOT".into())));
}

#[test]
fn an_empty_image_is_one_that_is_built() {
    let template = compiled(FLEET, "services:\n  web: {image: \"\"}\n");
    let container = &template["Resources"]["WebTaskDefinition"]["Properties"]["ContainerDefinitions"][0];
    assert_eq!(container["Image"]["Ref"], "WebImage");
}

#[test]
fn an_agent_that_routers_lead_to_has_its_port_once() {
    let template = compiled(FLEET, "services:\n  web: {image: a, port: 8126, agent: {ports: [8126, 8126/udp]}}\n");
    let container = &template["Resources"]["WebTaskDefinition"]["Properties"]["ContainerDefinitions"][0];
    let ports: Vec<(Option<u64>, Option<&str>)> =
        items(&container["PortMappings"]).iter().map(|port| (port["HostPort"].as_u64(), port["Protocol"].as_str())).collect();
    assert_eq!(ports, [(Some(8126), Some("tcp")), (Some(8126), Some("udp"))]);
}

#[test]
fn no_rule_of_a_security_group_comes_twice() {
    let groups = "RouterSecurityGroup: sg-0123456789abcdef0, RouterInternalSecurityGroup: sg-0123456789abcdef0";
    let fleet = format!(
        "racks: {{main: {{host: r.example.org, certificate: create, hosted_zone: Z1, compute: instances, \
         params: {{Internal: Yes, NLB: Yes, NLBAllowCIDR: \"192.0.2.0/24, 192.0.2.0/24\", {groups}}}}}}}\n"
    );
    let manifest = "services:\n  web: {image: a, port: 3000, internalAndExternal: true, nlb: [{port: 99}]}\n";
    let compiled = run(&fleet, &[("shop", manifest)], &Lock::default()).compiled.expect("it compiles");
    for name in ["main/rack.yaml", "main/apps/shop.yaml"] {
        let template = template(&compiled, name);
        for (id, group) in of_type(&template, "AWS::EC2::SecurityGroup") {
            let rules = items(&group["Properties"]["SecurityGroupIngress"]);
            let essence = |rule: &Value| {
                let mut rule = rule.clone();
                rule.as_mapping_mut().unwrap().remove("Description");
                rule
            };
            for (at, rule) in rules.iter().enumerate() {
                assert!(!rules[..at].iter().any(|other| essence(other) == essence(rule)), "{id}: {rule:?}");
            }
        }
    }
}

#[test]
fn much_of_what_is_drawn_is_emitted() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let emitted = (0..60).filter(|_| {
        let service = drawn().new_tree(&mut runner).unwrap().current();
        run(FLEET, &[("shop", &format!("services:\n{}", service.yaml(0, 1)))], &Lock::default()).compiled.is_some()
    });
    let emitted = emitted.count();
    assert!(emitted >= 40, "{emitted} of 60");
}

#[test]
fn a_new_port_is_a_rolling_deployment() {
    let app = |port: &str| format!("services:\n  web: {{image: example/web:1, port: \"{port}\"}}\n");
    let first = run(FLEET, &[("shop", &app("3000"))], &Lock::default()).ok();
    let path = "main/apps/shop.yaml";
    let port =
        |compiled: &rackform::Compiled, key: &str| template(compiled, path)["Resources"]["WebTargetGroup"]["Properties"][key].clone();
    let second = run(FLEET, &[("shop", &app("8080"))], &first.lock).ok();
    assert_eq!((port(&second, "Port"), second.phases), (3000.into(), 1), "the group stays");
    let service = &template(&second, path)["Resources"]["WebService"]["Properties"]["LoadBalancers"][0];
    assert_eq!(service["ContainerPort"], 8080);
    assert_eq!(second.lock, first.lock, "nothing that the lock remembers has changed");
    // What a target speaks is the group's own, and makes another one.
    let third = run(FLEET, &[("shop", &app("https:8080"))], &second.lock).ok();
    assert_eq!((port(&third, "Port"), port(&third, "Protocol")), (8080.into(), "HTTPS".into()));
    // Where others register targets, they may count on the number.
    let elsewhere = FLEET.replace("compute: instances", "compute: none");
    let first = run(&elsewhere, &[("shop", &app("3000"))], &Lock::default()).ok();
    let second = run(&elsewhere, &[("shop", &app("8080"))], &first.lock).ok();
    assert_eq!(port(&second, "Port"), 8080);
}
