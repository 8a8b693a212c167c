//! Plans that nobody compiled: small, hostile and huge ones.

use rackform::plan::{
    Answerer, Counts, Detail, ExportChange, HostChange, HostCounts, HostFate, KindUse, Level, ParameterChange, Phase, Plan, PropertyChange,
    Recreates, ResourceChange, ResourceCounts, ResourceFate, Risk, Routed, RouterUse, Seconds, StackChange, StackFate, Summary, VERSION,
};

/// A plan in which nothing changes.
pub(crate) fn nothing() -> Plan {
    Plan {
        version: VERSION,
        against: "build".into(),
        is_change: false,
        summary: Summary { stacks: Counts { keep: 3, ..Counts::default() }, ..Summary::default() },
        risks: Vec::new(),
        hosts: Vec::new(),
        routers: Vec::new(),
        typical: "nothing".into(),
        stacks: Vec::new(),
        phases: Vec::new(),
        routing: Vec::new(),
    }
}

pub(crate) fn answerer(rack: &str, app: &str, service: &str) -> Answerer {
    Answerer { rack: rack.into(), app: app.into(), service: service.into(), http: false }
}

pub(crate) fn change(host: &str, fate: HostFate, before: &[Answerer], after: &[Answerer]) -> HostChange {
    HostChange { host: host.into(), router: "public", change: fate, before: before.to_vec(), after: after.to_vec() }
}

pub(crate) fn routed(rack: &str, app: &str, service: &str, hosts: &[&str]) -> Routed {
    Routed {
        rack: rack.into(),
        router: "public",
        app: app.into(),
        service: service.into(),
        hosts: hosts.iter().map(|host| ((*host).to_owned(), vec![443])).collect(),
    }
}

fn kind(kind: &'static str, before: usize, peak: usize, after: usize, quota: usize) -> KindUse {
    KindUse { kind, before, peak, after, quota, binds: kind == "rules" }
}

pub(crate) fn stack(name: &str, change: StackFate, resources: Vec<ResourceChange>) -> StackChange {
    StackChange {
        stack: name.into(),
        kind: "app".into(),
        rack: "main".into(),
        app: Some(name.into()),
        phase: if change == StackFate::Leave { None } else { Some(1) },
        change,
        template: format!("main/apps/{name}.yaml"),
        parameters: vec![ParameterChange { name: "WebImage".into(), before: Some(format!("{name}:1")), after: None }],
        required: vec!["Certificate".into()],
        resources,
        exports: vec![ExportChange { name: format!("{name}:WebTargetGroup"), change: "remove", imported_by: Vec::new() }],
        seconds: Seconds { least: 40, most: 400 },
    }
}

/// A resource whose port is another one.
pub(crate) fn resource(id: &str, fate: ResourceFate, value: &str) -> ResourceChange {
    let is_replaced = fate == ResourceFate::Replace;
    let recreates = if is_replaced { Recreates::Always } else { Recreates::Never };
    let detail = Detail { path: String::new(), before: Some(value.into()), after: Some(format!("{value}1")) };
    let properties = vec![PropertyChange { name: "Port".into(), recreates, details: vec![detail] }];
    ResourceChange {
        id: id.into(),
        kind: "AWS::ElasticLoadBalancingV2::TargetGroup".into(),
        change: fate,
        replacement: recreates,
        properties: if matches!(fate, ResourceFate::Replace | ResourceFate::Modify) { properties } else { Vec::new() },
        because: Vec::new(),
        is_unsure: false,
        effect: is_replaced.then_some("rules lead to an empty group until its first tasks are healthy: requests get a 503"),
    }
}

/// A plan in which everything that may happen happens once.
pub(crate) fn everything() -> Plan {
    named("shop", "blog", "www.example.org", "3000")
}

/// The same where every name and value is this one.
pub(crate) fn hostile(value: &str) -> Plan {
    let mut plan = named(value, value, value, value);
    plan.against = value.into();
    plan.typical = format!("1.0 rules {value}");
    plan.risks.insert(0, Risk { level: Level::High, at: Some(value.into()), what: format!("`{value}` {value}"), help: Some(value.into()) });
    plan
}

fn named(app: &str, other: &str, host: &str, value: &str) -> Plan {
    let (web, blog) = (answerer("main", app, "web"), answerer("main", other, "front"));
    let (moved, api) = (answerer("main-2", app, "api"), answerer("main", app, "api"));
    let hosts = vec![
        change(host, HostFate::ChangesHands, std::slice::from_ref(&blog), std::slice::from_ref(&web)),
        change(&format!("old.{host}"), HostFate::Ceases, &[blog], &[]),
        change(&format!("api.{host}"), HostFate::ChangesRack, &[api], std::slice::from_ref(&moved)),
        change(&format!("*.{host}"), HostFate::Begins, &[], std::slice::from_ref(&web)),
    ];
    let router = |rack: &str, is_new, after| RouterUse {
        rack: rack.into(),
        router: "public",
        is_new,
        kinds: [kind("rules", 16, 19, after, 20), kind("target groups", 14, 14, 14, 100), kind("certificates", 2, 2, 2, 25)],
        fit: Some(if after > 15 { 0 } else { 4 }),
        is_full: after > 15,
    };
    let resources = vec![
        resource("WebTargetGroup", ResourceFate::Replace, value),
        resource("WebRule1", ResourceFate::Remove, value),
        resource("ApiTargetGroup", ResourceFate::Modify, value),
        resource("ApiRule1", ResourceFate::Add, value),
    ];
    let risk =
        |level, what: String| Risk { level, at: Some("main/public".into()), what, help: Some("make sure that both teams know".into()) };
    Plan {
        is_change: true,
        summary: Summary {
            stacks: Counts { create: 1, update: 1, leave: 1, keep: 7 },
            resources: ResourceCounts { add: 2, modify: 1, replace: 1, remove: 1 },
            hosts: HostCounts { begin: 1, cease: 1, change_hands: 1, change: 1 },
            seconds: Seconds { least: 80, most: 800 },
        },
        risks: vec![
            risk(Level::High, format!("`{host}` changes hands from `{other}/front` to `{app}/web`")),
            risk(Level::Medium, "`main/public` is nearly full: 18 of 20 rules, and no typical app fits any more".into()),
            risk(Level::Low, format!("`{app}` asks for Certificate")),
        ],
        hosts,
        routers: vec![router("main", false, 18), router("main-2", true, 1)],
        typical: "1.9 rules, 1.7 target groups on the public router".into(),
        stacks: vec![
            stack(app, StackFate::Update, resources),
            stack("main-2-api", StackFate::Create, vec![resource("ApiRule1", ResourceFate::Add, value)]),
            StackChange { phase: Some(2), ..stack(app, StackFate::Update, vec![resource("OldRule1", ResourceFate::Remove, value)]) },
            StackChange { parameters: Vec::new(), required: Vec::new(), exports: Vec::new(), ..stack(other, StackFate::Leave, Vec::new()) },
        ],
        phases: vec![
            Phase { phase: 1, stacks: vec![app.into(), "main-2-api".into()], seconds: Seconds { least: 80, most: 700 } },
            Phase { phase: 2, stacks: vec![app.into()], seconds: Seconds { least: 20, most: 100 } },
        ],
        routing: vec![
            routed("main", app, "web", &[host, &format!("*.{host}"), "stays.example.org"]),
            routed("main", other, "front", &["front.example.org"]),
            routed("main-2", app, "api", &[&format!("api.{host}")]),
        ],
        ..nothing()
    }
}

/// Everything, and so many stacks and hosts more, on ten racks.
pub(crate) fn huge(stacks: usize, hosts: usize) -> Plan {
    let mut plan = everything();
    for at in 0..stacks {
        let (name, rack) = (format!("app-{at}"), format!("rack-{}", at % 10));
        let resources =
            (0..20).map(|id| resource(&format!("Resource{id}"), if id == 0 { ResourceFate::Modify } else { ResourceFate::Add }, "1"));
        plan.stacks.push(stack(&name, StackFate::Update, resources.collect()));
        plan.phases[0].stacks.push(name.clone());
        let own: Vec<String> = (at..hosts).step_by(stacks).map(|host| format!("host-{host}.{name}.example.org")).collect();
        plan.hosts.extend(own.iter().map(|host| change(host, HostFate::Begins, &[], &[answerer(&rack, &name, "web")])));
        plan.routing.push(routed(&rack, &name, "web", &own.iter().map(String::as_str).collect::<Vec<_>>()));
        plan.risks.push(Risk { level: Level::Low, at: None, what: format!("`{name}` asks for Certificate"), help: None });
    }
    let typical = plan.routers[1].clone();
    plan.routers.extend((0..10).map(|rack| RouterUse { rack: format!("rack-{rack}"), is_full: false, ..typical.clone() }));
    plan
}
