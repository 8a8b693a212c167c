//! Every moment of a deployment, as an account sees it: first that the simulator of that account
//! finds what AWS would refuse, then that what is compiled gives it nothing to find.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;
mod simulator;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use common::{reread, run};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use rackform::lock::Lock;
use serde_json::{Value, json};
use simulator::{Account, Limits};

// ---- The simulator itself

/// A build folder with these stacks.
fn folder(stacks: &[(&str, Value)]) -> BTreeMap<String, String> {
    let mut files = BTreeMap::from([("none.json".to_owned(), "[]".to_owned())]);
    let mut index = Vec::new();
    for (at, (stack, template)) in stacks.iter().enumerate() {
        let path = format!("{at}/{stack}.yaml");
        index.push(json!({"stack": stack, "template": path, "parameters": "none.json"}));
        files.insert(path, template.to_string());
    }
    files.insert("stacks.json".into(), json!({ "stacks": index }).to_string());
    files
}

fn resource(kind: &str, properties: &Value) -> Value {
    json!({"Type": kind, "Properties": properties})
}

/// A rack `main` with two load balancers, `A` and `B`, and an HTTPS listener on each.
fn rack(more: &Value) -> Value {
    let mut resources = json!({});
    let mut outputs = json!({});
    for balancer in ["A", "B"] {
        let listener = format!("{balancer}443");
        resources[balancer] = resource("AWS::ElasticLoadBalancingV2::LoadBalancer", &json!({"Scheme": "internal"}));
        resources[&listener] = resource(
            "AWS::ElasticLoadBalancingV2::Listener",
            &json!({"LoadBalancerArn": {"Ref": balancer}, "Port": 443, "Protocol": "HTTPS"}),
        );
        outputs[&listener] = json!({"Value": {"Ref": listener}, "Export": {"Name": format!("main:{listener}")}});
    }
    resources.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"Resources": resources, "Outputs": outputs})
}

fn group(port: u32) -> Value {
    resource("AWS::ElasticLoadBalancingV2::TargetGroup", &json!({"Port": port, "Protocol": "HTTP"}))
}

fn rule(balancer: &str, priority: u32, hosts: &[&str], group: &str) -> Value {
    resource(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        &json!({
            "ListenerArn": {"Fn::ImportValue": format!("main:{balancer}443")},
            "Priority": priority,
            "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": hosts}}],
            "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": group}}],
        }),
    )
}

fn certificate(names: &[&str]) -> Value {
    resource("AWS::CertificateManager::Certificate", &json!({"DomainName": names[0], "SubjectAlternativeNames": names[1..]}))
}

fn attachment(arn: &Value) -> Value {
    let listener = json!({"Fn::ImportValue": "main:A443"});
    resource(
        "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        &json!({"ListenerArn": listener, "Certificates": [{"CertificateArn": arn}]}),
    )
}

fn app(resources: &[(&str, Value)]) -> Value {
    json!({"Resources": resources.iter().map(|(id, resource)| ((*id).to_owned(), resource.clone())).collect::<serde_json::Map<_, _>>()})
}

/// Deploy one folder after another on one account; what the last one does wrong.
fn last(limits: &Limits, folders: &[&[(&str, Value)]]) -> Vec<String> {
    let mut account = Account::default();
    let mut found = Vec::new();
    for (at, stacks) in folders.iter().enumerate() {
        found = account.deploy(&folder(stacks), limits);
        assert!(found.is_empty() || at + 1 == folders.len(), "only the last one may fail: {found:?}");
    }
    found
}

/// The same from one state of a single app to another, within AWS's quotas.
fn change(before: &[(&str, Value)], after: &[(&str, Value)]) -> Vec<String> {
    let main = || ("main", rack(&json!({})));
    last(&Limits::default(), &[&[main(), ("main-a", app(before))], &[main(), ("main-a", app(after))]])
}

#[track_caller]
fn one(found: &[String], part: &str) {
    assert!(found.len() == 1 && found[0].contains(part), "{found:#?}");
}

#[track_caller]
fn none(found: &[String]) {
    assert!(found.is_empty(), "{found:#?}");
}

/// A resource that waits for another one.
fn after(mut resource: Value, other: &str) -> Value {
    resource["DependsOn"] = json!([other]);
    resource
}

#[test]
fn rules_that_swap_numbers_are_found() {
    let rules = |x: u32, z: u32| [("G", group(1)), ("X", rule("A", x, &["x.org"], "G")), ("Z", rule("A", z, &["z.org"], "G"))];
    let found = change(&rules(1, 2), &rules(2, 1));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("[main-a/X] and [main-a/Z] both have the priority 2 of [main/A443]"), "{found:#?}");
    none(&change(&rules(1, 2), &rules(3, 2)));
    // A chain depends on the order: 2 → 3, then 1 → 2.
    one(&change(&rules(1, 2), &rules(2, 3)), "both have the priority 2");
    let chain = [("G", group(1)), ("X", after(rule("A", 2, &["x.org"], "G"), "Z")), ("Z", rule("A", 3, &["z.org"], "G"))];
    none(&change(&rules(1, 2), &chain));
}

#[test]
fn a_new_name_under_an_old_number_is_found() {
    let named = |id, number| [("G", group(1)), (id, rule("A", number, &["x.org"], "G"))];
    one(&change(&named("X", 1), &named("Y", 1)), "[main-a/X] and [main-a/Y] both have the priority 1");
    none(&change(&named("X", 1), &named("Y", 2)));
    none(&change(&named("X", 1), &named("X", 1)));
    // Numbers belong to listeners, so another listener is no clash; the target group is.
    let moved = [("G", group(1)), ("X", rule("B", 1, &["x.org"], "G"))];
    one(&change(&named("X", 1), &moved), "the target group [main-a/G] is on [main/A] and [main/B]");
}

#[test]
fn stacks_do_not_take_each_others_numbers() {
    let with = |number: Option<u32>| {
        let rules = number.map(|number| ("X", rule("A", number, &["x.org"], "G")));
        app(&[("G", group(1))].into_iter().chain(rules).collect::<Vec<_>>())
    };
    let stacks = |order: [&'static str; 2], a, b| {
        let of = |name| if name == "main-a" { (name, with(a)) } else { (name, with(b)) };
        vec![("main", rack(&json!({}))), of(order[0]), of(order[1])]
    };
    let first = stacks(["main-a", "main-b"], Some(1), None);
    let limits = Limits::default();
    none(&last(&limits, &[&first, &stacks(["main-a", "main-b"], Some(1), Some(2))]));
    one(&last(&limits, &[&first, &stacks(["main-a", "main-b"], Some(1), Some(1))]), "main-b: once [main-b/X] is made");
    // The host moves with its number: whoever gives it away first leaves nobody to answer.
    one(
        &last(&limits, &[&first, &stacks(["main-a", "main-b"], None, Some(1))]),
        "main-a: once [main-a/X] is deleted, nobody answers x.org",
    );
    one(&last(&limits, &[&first, &stacks(["main-b", "main-a"], None, Some(1))]), "both have the priority 1");
    none(&last(&limits, &[&first, &stacks(["main-b", "main-a"], None, Some(2))]));
    // Two phases: both answer for a while.
    let both = stacks(["main-b", "main-a"], Some(1), Some(2));
    let phases: Vec<(&str, Value)> = both.into_iter().chain(stacks(["main-a", "main-b"], None, Some(2))).collect();
    none(&last(&limits, &[&first, &phases]));
}

#[test]
fn hosts_that_change_rules_within_a_stack_are_missed_for_a_moment() {
    let hosts = |x: &[&str], z: &[&str]| [("G", group(1)), ("X", rule("A", 1, x, "G")), ("Z", rule("A", 2, z, "G"))];
    let before = hosts(&["x.org", "m.org"], &["z.org"]);
    one(
        &change(&before, &hosts(&["x.org"], &["z.org", "m.org"])),
        "once [main-a/X] is updated, nobody answers m.org on port 443 of [main/A]",
    );
    let [g, x, (_, z)] = hosts(&["x.org"], &["z.org", "m.org"]);
    none(&change(&before, &[g.clone(), (x.0, after(x.1.clone(), "Z")), ("Z", z.clone())]));
    // The other way round makes it worse, and a rule that goes altogether goes last.
    one(&change(&before, &[g.clone(), x, ("Z", after(z, "X"))]), "nobody answers m.org");
    none(&change(&before, &[g, ("Z", rule("A", 2, &["z.org", "x.org", "m.org"], "G"))]));
    // A host that nobody answers in the end may go.
    none(&change(&before, &hosts(&["x.org"], &["z.org"])));
}

#[test]
fn hosts_that_patterns_answer_are_missed_too() {
    let state = |x: &[&str], z: &[&str]| [("G", group(1)), ("X", rule("A", 1, x, "G")), ("Z", rule("A", 2, z, "G"))];
    let before = state(&["*.x.org", "*.y.org"], &["z.org"]);
    let found = change(&before, &state(&["*.y.org"], &["z.org", "a.b.x.org"]));
    one(&found, "once [main-a/X] is updated, no rule reaches a.b.x.org on port 443 of [main/A]");
    one(&change(&state(&["*.y.org"], &["z.org", "a.x.org"]), &before), "once [main-a/Z] is updated, no rule reaches a.x.org");
    none(&change(&before, &state(&["*.y.org"], &["z.org", "x.org"])));
    none(&change(&before, &state(&["*.x.org", "*.y.org"], &["a.x.org"])));
    none(&change(&state(&["?.x.org"], &["z.org"]), &state(&["*.org"], &["z.org", "aa.x.org"])));
    // The pattern's rule goes last when it goes altogether.
    none(&change(&before, &[("G", group(1)), ("Z", rule("A", 2, &["z.org", "a.x.org"], "G"))]));
}

#[test]
fn a_rule_too_many_is_counted_at_the_peak() {
    let limits = Limits { rules: 2, ..Limits::default() };
    let main = || ("main", rack(&json!({})));
    let with = |rules: &[(&'static str, &'static str, u32)]| {
        let mut resources = vec![("G", group(1)), ("H", group(1))];
        resources.extend(
            rules.iter().map(|(id, balancer, number)| (*id, rule(balancer, *number, &["x.org"], if *balancer == "A" { "G" } else { "H" }))),
        );
        ("main-a", app(&resources))
    };
    let two = with(&[("X", "A", 1), ("Y", "A", 2)]);
    none(&last(&limits, &[&[main(), two.clone()], &[main(), with(&[("X", "A", 1), ("Y", "A", 3)])]]));
    one(&last(&limits, &[&[main(), two.clone()], &[main(), with(&[("X", "A", 1), ("Z", "A", 3)])]]), "[main/A] has 3 rules of at most 2");
    // On another listener the rule is replaced, which also takes its room before it gives any.
    let mixed = with(&[("X", "A", 1), ("Y", "B", 1), ("Z", "B", 2)]);
    one(
        &last(&limits, &[&[main(), mixed.clone()], &[main(), with(&[("X", "B", 3), ("Y", "B", 1), ("Z", "A", 2)])]]),
        "[main/B] has 3 rules",
    );
    none(&last(
        &Limits { rules: 3, ..Limits::default() },
        &[&[main(), mixed], &[main(), with(&[("X", "B", 3), ("Y", "B", 1), ("Z", "A", 2)])]],
    ));
    // Rules of other stacks count; where too many are there already, fewer are no offence.
    let other = |count: u32| {
        ("main-b", app(&[("G", group(1)), ("X", rule("A", 8 + count, &["y.org"], "G"))][..usize::try_from(1 + count).unwrap()]))
    };
    one(
        &last(&limits, &[&[main(), two.clone(), other(0)], &[main(), two.clone(), other(1)]]),
        "main-b: once [main-b/X] is made, [main/A] has 3",
    );
    let mut account = Account::default();
    none(&account.deploy(&folder(&[main(), two, other(1)]), &Limits::default()));
    none(&account.deploy(&folder(&[main(), with(&[("X", "A", 1)]), other(1)]), &Limits { rules: 1, ..Limits::default() }));
}

/// One load balancer with a hundred rules, as it is by default: more changes than can be tried in every order.
#[test]
fn a_hundred_rules_leave_no_room_for_a_replacement() {
    let ids: Vec<String> = (0..100).map(|number| format!("R{number}")).collect();
    let names: Vec<String> = (0..100).map(|number| format!("h{number}.org")).collect();
    let state = |port: u32, first: &'static str, shift: usize| {
        let mut all = vec![("G", group(port)), (first, rule("A", 1000, &["first.org"], "G"))];
        all.extend((1..100).map(|at| (ids[at].as_str(), rule("A", u32::try_from(at).unwrap(), &[&names[(at + shift) % 100]], "G"))));
        all
    };
    none(&change(&state(1, "R0", 0), &state(1, "R0", 0)));
    none(&change(&state(1, "R0", 0), &state(2, "R0", 0)));
    let renamed = change(&state(1, "R0", 0), &state(1, "First", 0));
    assert!(renamed.iter().any(|what| what.contains("has 101 rules of at most 100")), "{renamed:#?}");
    assert!(renamed.iter().any(|what| what.contains("both have the priority 1000")), "{renamed:#?}");
    let mut swapped = state(1, "R0", 0);
    swapped[40].1["Properties"]["Priority"] = json!(60);
    swapped[60].1["Properties"]["Priority"] = json!(40);
    // The resources are the group and R0, R1, …, so these are R39 and R59.
    assert_eq!(change(&state(1, "R0", 0), &swapped).len(), 2);
    // Each host goes to the next rule: every one of them can be missed, whatever the order of the others.
    let shifted = change(&state(1, "R0", 0), &state(1, "R0", 1));
    assert_eq!(shifted.len(), 98, "{shifted:#?}");
}

#[test]
fn a_target_group_counts_twice_while_it_is_replaced() {
    let limits = Limits { target_groups: 2, ..Limits::default() };
    let main = || ("main", rack(&json!({})));
    let with = |port: u32, second: &'static str| {
        let rules = [("X", rule("A", 1, &["x.org"], "G")), ("Y", rule("A", 2, &["y.org"], second)), ("Z", rule("A", 3, &["z.org"], "H"))];
        ("main-a", app(&[("G", group(port)), ("H", group(1))].into_iter().chain(rules).collect::<Vec<_>>()))
    };
    // Two rules forward to G, so one of them still does when the other has moved on.
    one(&last(&limits, &[&[main(), with(1, "G")], &[main(), with(2, "G")]]), "[main/A] has 3 target groups of at most 2");
    none(&last(&limits, &[&[main(), with(1, "H")], &[main(), with(2, "H")]]));
    none(&last(&limits, &[&[main(), with(1, "G")], &[main(), with(1, "H")]]));
}

#[test]
fn a_target_group_stays_on_one_load_balancer() {
    let with = |x: &str, y: &str| vec![("G", group(1)), ("X", rule(x, 1, &["x.org"], "G")), ("Y", rule(y, 2, &["y.org"], "G"))];
    let main = || ("main", rack(&json!({})));
    let limits = Limits::default();
    one(&last(&limits, &[&[main(), ("main-a", app(&with("A", "B")))]]), "the target group [main-a/G] is on [main/A] and [main/B]");
    none(&change(&with("A", "A"), &with("A", "A")));
    one(&change(&with("A", "A"), &with("B", "B")), "the target group [main-a/G] is on [main/A] and [main/B]");
    // With another group it works: it stays on its own.
    let other = vec![("H", group(1)), ("X", rule("B", 1, &["x.org"], "H")), ("Y", rule("B", 2, &["y.org"], "H"))];
    none(&change(&with("A", "A"), &other));
}

#[test]
fn certificates_are_attached_before_they_are_needed_and_kept_until_then() {
    let with = |certificates: &[(&'static str, &'static str, &[&str])]| {
        let mut all = vec![("G", group(1)), ("X", rule("A", 1, &["x.org"], "G"))];
        for (id, listener, names) in certificates {
            all.extend([(*id, certificate(names)), (*listener, attachment(&json!({"Ref": id})))]);
        }
        all
    };
    none(&change(&with(&[("C", "L", &["x.org"])]), &with(&[("D", "M", &["x.org", "z.org"])])));
    one(&change(&with(&[("C", "L", &["x.org"])]), &with(&[])), "once [main-a/L] is deleted, no certificate covers x.org on [main/A]");
    none(&change(&with(&[("C", "L", &["y.org"])]), &with(&[])));
    none(&change(&with(&[]), &with(&[("C", "L", &["x.org"])])));
    // An update in place brings the new certificate when it is there.
    none(&change(&with(&[("C", "L", &["x.org"])]), &with(&[("C", "L", &["x.org", "z.org"])])));
    // A star stands for one label.
    let star = |name: &str| [("G", group(1)), ("X", rule("A", 1, &[name], "G"))].into_iter().collect::<Vec<_>>();
    let own = |name: &str| {
        star(name).into_iter().chain([("C", certificate(&["*.x.org"])), ("L", attachment(&json!({"Ref": "C"})))]).collect::<Vec<_>>()
    };
    one(&change(&own("a.x.org"), &star("a.x.org")), "no certificate covers a.x.org");
    none(&change(&own("a.b.x.org"), &star("a.b.x.org")));
    let limits = Limits { certificates: 1, ..Limits::default() };
    let main = || ("main", rack(&json!({})));
    let two = [with(&[("C", "L", &["x.org"])]), with(&[("D", "M", &["x.org"])])].map(|state| ("main-a", app(&state)));
    one(&last(&limits, &[&[main(), two[0].clone()], &[main(), two[1].clone()]]), "[main/A] has 2 certificates of at most 1");
}

#[test]
fn a_shared_certificate_moves_without_a_gap() {
    let shared = json!("arn:shared");
    let holds = |is_in_rack: bool| {
        let listener = json!({"A443C": resource("AWS::ElasticLoadBalancingV2::ListenerCertificate",
            &json!({"ListenerArn": {"Ref": "A443"}, "Certificates": [{"CertificateArn": shared}]}))});
        let mut of_app = vec![("G", group(1)), ("X", rule("A", 1, &["x.org"], "G"))];
        of_app.extend((!is_in_rack).then(|| ("L", attachment(&shared))));
        [("main", rack(&if is_in_rack { listener } else { json!({}) })), ("main-a", app(&of_app))]
    };
    let deploy = |folders: [&[(&str, Value)]; 2], is_known: bool| {
        let mut account = Account::default();
        if is_known {
            account.certificate_names.insert("arn:shared".into(), BTreeSet::from(["x.org".to_owned()]));
        }
        none(&account.deploy(&folder(folders[0]), &Limits::default()));
        account.deploy(&folder(folders[1]), &Limits::default())
    };
    one(&deploy([&holds(true), &holds(false)], true), "main: once [main/A443C] is deleted, no certificate covers x.org on [main/A]");
    none(&deploy([&holds(true), &holds(false)], false));
    // The rack brings it, then the app lets go of the same: on a real listener that would take it away for both.
    one(&deploy([&holds(false), &holds(true)], true), "both have the certificate arn:shared of [main/A443]");
}

#[test]
fn what_others_import_is_neither_changed_nor_removed() {
    let main = || rack(&json!({}));
    let user = ("main-a", app(&[("G", group(1)), ("X", rule("A", 1, &["x.org"], "G"))]));
    let limits = Limits::default();
    let mut without = main();
    without["Outputs"].as_object_mut().unwrap().remove("A443");
    one(
        &last(&limits, &[&[("main", main()), user.clone()], &[("main", without.clone())]]),
        "main: the export main:A443 is removed while imported by main-a",
    );
    let mut unused = main();
    unused["Outputs"].as_object_mut().unwrap().remove("B443");
    none(&last(&limits, &[&[("main", main()), user.clone()], &[("main", unused)]]));
    let mut other = main();
    other["Resources"]["A"]["Properties"]["Scheme"] = json!("internet-facing");
    let found = last(&limits, &[&[("main", main()), user.clone()], &[("main", other.clone())]]);
    assert!(found.iter().any(|what| what.contains("the export main:A443 is changed while imported by main-a")), "{found:#?}");
    assert!(found.iter().any(|what| what.contains("[main/A443] is not there, and needed by [main-a/X]")), "{found:#?}");
    none(&last(&limits, &[&[("main", main())], &[("main", other)]]));
    one(&last(&limits, &[&[("main", without), user.clone()]]), "main-a: it imports main:A443, which nobody exports");
    one(&last(&limits, &[&[("main", main()), user, ("other", main())]])[..1], "main exports the same name");
}

#[test]
fn nothing_goes_that_is_needed() {
    // The rule is moved on to another stack's group; its own is deleted in the end, as it may be.
    let exports = |port: u32| {
        let mut template = app(&[("G", group(port))]);
        template["Outputs"] = json!({"G": {"Value": {"Ref": "G"}}});
        template
    };
    none(&last(&Limits::default(), &[&[("main", rack(&json!({}))), ("x", exports(1))], &[("x", exports(2))]]));
    let mut account = Account::default();
    let user = app(&[("G", group(1)), ("X", rule("A", 1, &["x.org"], "G"))]);
    none(&account.deploy(&folder(&[("main", rack(&json!({}))), ("main-a", user)]), &Limits::default()));
    let mut early = account.clone();
    let found = early.delete_stack("main");
    assert!(found.iter().any(|what| what.contains("the export main:A443 is removed")), "{found:#?}");
    assert!(
        found.iter().any(|what| what.contains("once [main/A443] is deleted, [main/A443] is not there, and needed by [main-a/X]")),
        "{found:#?}"
    );
    none(&account.delete_stack("main-a"));
    none(&account.delete_stack("main"));
    assert_eq!(account.stacks().count(), 0);
}

#[test]
fn names_ports_and_types_are_taken_once() {
    let record = |name: &str| resource("AWS::Route53::RecordSet", &json!({"HostedZoneId": "Z", "Name": name, "Type": "CNAME"}));
    let records = |x: &str, z: &str| [("X", record(x)), ("Z", record(z))];
    one(&change(&records("x", "z"), &records("z", "y")), "[main-a/X] and [main-a/Z] both have the record CNAME of z of Z");
    one(&change(&[("X", record("x"))], &[("Y", record("x"))]), "both have the record CNAME of x of Z");
    none(&change(&records("x", "z"), &records("x", "y")));
    none(&change(&records("x", "z"), &[("X", after(record("z"), "Z")), ("Z", record("y"))]));

    let listener = |port: u32| resource("AWS::ElasticLoadBalancingV2::Listener", &json!({"LoadBalancerArn": {"Ref": "A"}, "Port": port}));
    let racks = |before: Value, now: Value| last(&Limits::default(), &[&[("main", rack(&before))], &[("main", rack(&now))]]);
    none(&racks(json!({"L": listener(80)}), json!({"L": listener(80), "M": listener(81)})));
    one(&racks(json!({"L": listener(80)}), json!({"M": listener(80)})), "both have the port 80 of [main/A]");
    one(&racks(json!({"L": listener(80)}), json!({"L": listener(81)})), "[main/L] leaves its port 80");
    one(&racks(json!({"L": listener(80)}), json!({"L": group(1)})), "L can't become another type");

    let named = |scheme: &str| resource("AWS::ElasticLoadBalancingV2::LoadBalancer", &json!({"Name": "n", "Scheme": scheme}));
    one(&racks(json!({"N": named("internal")}), json!({"N": named("internet-facing")})), "both have the load balancer name n");
}

#[test]
fn functions_and_parameters_are_read() {
    let mut template = app(&[
        (
            "G",
            json!({"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"Port": {"Fn::If": ["IsBig", 2, {"Ref": "Port"}]}}}),
        ),
        ("X", rule("A", 1, &["x.org"], "G")),
    ]);
    template["Parameters"] = json!({"Size": {"Type": "String", "Default": "small"}, "Port": {"Type": "Number", "Default": 1}});
    template["Conditions"] = json!({"IsBig": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Size"}, "small"]}]}, "Never": {"Fn::And": [{"Condition": "IsBig"}, {"Fn::Equals": [1, 2]}]}});
    template["Resources"]["N"] = json!({"Type": "Unknown", "Condition": "Never"});
    let hosts = json!([{"Fn::Join": ["", ["a.", {"Fn::ImportValue": "main:Name"}]]}, {"Fn::Sub": "b.${AWS::Region}.${G}${!X}"}, {"Ref": "AWS::NoValue"}]);
    template["Resources"]["X"]["Properties"]["Conditions"][0]["HostHeaderConfig"]["Values"] = hosts;
    let mut main = rack(&json!({}));
    main["Outputs"]["Name"] = json!({"Value": {"Fn::GetAtt": ["A", "DNSName"]}, "Export": {"Name": {"Fn::Sub": "main:Name"}}});
    let mut account = Account::default();
    let mut files = folder(&[("main", main), ("main-a", template)]);
    none(&account.deploy(&files, &Limits::default()));
    let place = ("[main/A]".to_owned(), "443".to_owned());
    let group = ("main-a".to_owned(), "G".to_owned());
    let hosts = ["a.[main/A].DNSName", "b.AWS::Region.[main-a/G]${X}"];
    let expected: BTreeMap<_, _> = hosts.iter().map(|host| ((*host).to_owned(), group.clone())).collect();
    assert_eq!(account.answers(), BTreeMap::from([(place.clone(), expected)]));
    // A parameter that changes replaces the group, and is remembered.
    files.insert("none.json".into(), "[\"Size=big\"]".into());
    none(&account.deploy(&files, &Limits::default()));
    files.insert("none.json".into(), "[]".into());
    none(&account.deploy(&files, &Limits::default()));
    assert!(account.answers()[&place].contains_key("b.AWS::Region.[main-a/G no. 2]${X}"), "{:?}", account.answers());
}

/// What is wrong, without when and how much.
fn kinds(found: &[String]) -> BTreeSet<String> {
    let kind = |what: &String| {
        let (_, what) = what.split_once(", ").unwrap();
        let (what, _) = what.split_once(" of at most").unwrap_or((what, ""));
        let (_, what) = what.split_once(" both have ").unwrap_or(("", what));
        what.chars().filter(|c| !c.is_ascii_digit() || !what.contains(" has ")).collect()
    };
    found.iter().map(kind).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// With few changes all moments are looked at, with many a choice of them. Changes that nothing
    /// has to do with must not hide anything.
    #[test]
    fn what_happens_among_few_changes_is_found_among_many(
        numbers in Just((1..9u32).collect::<Vec<_>>()).prop_shuffle(),
        hosts in proptest::collection::vec((0..6usize, 0..6usize), 4),
        groups in proptest::collection::vec(0..3usize, 8),
        last in proptest::collection::vec(prop_oneof![3 => Just(true), 1 => Just(false)], 4),
        waits in proptest::collection::vec(any::<bool>(), 4),
    ) {
        let target_groups = groups[..4].iter().collect::<BTreeSet<_>>().len();
        let (names, ids) = (["G", "H", "I"], ["W", "X", "Y", "Z"]);
        let all = ["a.org", "b.org", "c.org", "d.org", "e.org", "f.org"];
        let pads: Vec<String> = (0..16).map(|at| format!("Pad{at}")).collect();
        let state = |is_last: bool, is_padded: bool| {
            let mut resources: Vec<(&str, Value)> = names.iter().map(|name| (*name, group(1))).collect();
            for at in 0..4 {
                let shift = if is_last { 4 } else { 0 };
                // Numbers of the end are those of the start, at another place, or free ones.
                let number = numbers[if is_last && at < 2 { 1 - at } else { at + shift }];
                let (first, second) = hosts[(at + usize::from(is_last)) % 4];
                let one = rule("A", number, &[all[first], all[second]], names[groups[at + shift]]);
                let one = if is_last && waits[at] && at > 0 && last[at - 1] { after(one, ids[at - 1]) } else { one };
                if !is_last || last[at] {
                    resources.push((ids[at], one));
                }
            }
            if is_padded {
                resources.push(("P", group(1)));
                for (at, id) in pads.iter().enumerate() {
                    let number = u32::try_from(at).unwrap() + if is_last { 200 } else { 100 };
                    resources.push((id, rule("A", number, &[&format!("{id}.org")], "P")));
                }
            }
            app(&resources)
        };
        let look = |is_padded: bool| {
            let limits = Limits { target_groups: target_groups + usize::from(is_padded), ..Limits::default() };
            let main = || ("main", rack(&json!({})));
            let mut account = Account::default();
            account.deploy(&folder(&[main(), ("main-a", state(false, is_padded))]), &Limits::default());
            kinds(&account.deploy(&folder(&[main(), ("main-a", state(true, is_padded))]), &limits))
        };
        prop_assert_eq!(look(false), look(true));
    }
}

// ---- What is compiled

/// Hosts that services are given; whatever overlaps lies inside of the other.
const HOSTS: [&str; 10] = [
    "a.example.org",
    "b.example.org",
    "c.example.org",
    "d.example.org",
    "e.example.org",
    "f.example.org",
    "*.example.org",
    "a.x.example.org",
    "*.x.example.org",
    "y.example.com",
];
const APPS: usize = 3;
const SERVICES: usize = 3;
/// A certificate that the rack may list, and its name.
const SHARED: (&str, &str) = ("arn:aws:acm:us-east-1:123456789012:certificate/shared", "*.example.org");

/// Parameters of a rack that decide which resources it has, or which of them live on.
const PARAMS: [(&str, &str); 10] = [
    ("Internal", "Yes"),
    ("Internal", "No"),
    ("InternalOnly", "Yes"),
    ("InternalOnly", "No"),
    ("InternalRouterSuffix", "-rti"),
    ("InternalRouterSuffix", "-other"),
    ("DisableALBPort80", "Yes"),
    ("DisableALBPort80", "No"),
    ("VPCCIDR", "10.0.0.0/16"),
    ("VPCCIDR", "10.0.0.0/17"),
];

/// One change that a person makes to a fleet.
#[derive(Debug, Clone, Copy)]
enum Edit {
    /// A host goes to a service of an app, wherever it was.
    Give(usize, usize, usize),
    /// Nobody has the host.
    Drop(usize),
    /// The service is there or not; its hosts stay with its name.
    Service(usize, usize, bool),
    /// A service is renamed, and takes hosts and settings along; where there is one of that name, they swap.
    Rename(usize, usize, usize),
    /// Public, internal, or both.
    Kind(usize, usize, &'static str),
    Port(usize, usize, u32),
    Redirect(usize, bool),
    InternalDomains(usize, bool),
    /// The app is in the fleet or not.
    App(usize, bool),
    /// A parameter of the rack.
    Param(&'static str, &'static str),
    /// The rack lists the shared certificate or not.
    Shared(bool),
}

fn edit() -> impl Strategy<Value = Edit> {
    let (host, app, service) = (0..HOSTS.len(), 0..APPS, 0..SERVICES);
    let place = (app.clone(), service.clone());
    prop_oneof![
        8 => (host.clone(), place.clone()).prop_map(|(host, (app, service))| Edit::Give(host, app, service)),
        2 => host.prop_map(Edit::Drop),
        2 => (place.clone(), any::<bool>()).prop_map(|((app, service), is_there)| Edit::Service(app, service, is_there)),
        2 => (place.clone(), service).prop_map(|((app, from), to)| Edit::Rename(app, from, to)),
        2 => (place.clone(), prop::sample::select(vec!["", ", internal: true", ", internalAndExternal: true"]))
            .prop_map(|((app, service), kind)| Edit::Kind(app, service, kind)),
        1 => (place, 1..3u32).prop_map(|((app, service), port)| Edit::Port(app, service, port)),
        1 => (app.clone(), any::<bool>()).prop_map(|(app, redirects)| Edit::Redirect(app, redirects)),
        1 => (app.clone(), any::<bool>()).prop_map(|(app, are_there)| Edit::InternalDomains(app, are_there)),
        1 => (app, any::<bool>()).prop_map(|(app, is_there)| Edit::App(app, is_there)),
        1 => prop::sample::select(PARAMS.to_vec()).prop_map(|(name, value)| Edit::Param(name, value)),
        1 => any::<bool>().prop_map(Edit::Shared),
    ]
}

#[derive(Debug, Clone)]
struct Service {
    is_there: bool,
    kind: &'static str,
    port: u32,
}

#[derive(Debug, Clone)]
struct App {
    is_there: bool,
    redirects: bool,
    internal_domains: bool,
    services: Vec<Service>,
}

/// A fleet of one rack.
#[derive(Debug, Clone)]
struct State {
    apps: Vec<App>,
    /// App and service of each host.
    hosts: BTreeMap<usize, (usize, usize)>,
    params: BTreeMap<&'static str, &'static str>,
    is_shared: bool,
}

impl State {
    fn new() -> Self {
        let services = (0..SERVICES).map(|at| Service { is_there: at == 0, kind: "", port: 1 }).collect();
        let app = App { is_there: true, redirects: true, internal_domains: true, services };
        Self { apps: vec![app; APPS], hosts: BTreeMap::new(), params: BTreeMap::from([("Internal", "Yes")]), is_shared: false }
    }

    fn make(&mut self, edit: Edit) {
        match edit {
            Edit::Give(host, app, service) => {
                self.hosts.insert(host, (app, service));
                self.apps[app].services[service].is_there = true;
            }
            Edit::Drop(host) => drop(self.hosts.remove(&host)),
            Edit::Service(app, service, is_there) => self.apps[app].services[service].is_there = is_there,
            Edit::Rename(app, from, to) => {
                self.apps[app].services.swap(from, to);
                for (_, service) in self.hosts.values_mut().filter(|(other, _)| *other == app) {
                    *service = if *service == from {
                        to
                    } else if *service == to {
                        from
                    } else {
                        *service
                    };
                }
            }
            Edit::Kind(app, service, kind) => self.apps[app].services[service].kind = kind,
            Edit::Port(app, service, port) => self.apps[app].services[service].port = port,
            Edit::Redirect(app, redirects) => self.apps[app].redirects = redirects,
            Edit::InternalDomains(app, are_there) => self.apps[app].internal_domains = are_there,
            Edit::App(app, is_there) => self.apps[app].is_there = is_there,
            Edit::Param(name, value) => drop(self.params.insert(name, value)),
            Edit::Shared(is_shared) => self.is_shared = is_shared,
        }
    }

    fn fleet(&self, limits: &Limits) -> String {
        let word = |flag| if flag { "Yes" } else { "No" };
        let shared =
            if self.is_shared { format!("certificates: [{{arn: {:?}, names: [{:?}]}}], ", SHARED.0, SHARED.1) } else { String::new() };
        let params: Vec<String> = self.params.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        let mut text = format!(
            "racks: {{main: {{host: r.example.org, hosted_zone: Z1, certificate: create, {shared}quotas: {{rules: {}, certificates: {}}}, \
             params: {{{}}}}}}}\napps:\n",
            limits.rules,
            limits.certificates,
            params.join(", ")
        );
        for (number, app) in self.apps.iter().enumerate() {
            let (redirects, domains) = (word(app.redirects), word(app.internal_domains));
            let _ = writeln!(text, "  app{number}: {{params: {{RedirectHttps: {redirects}, InternalDomains: {domains}}}}}");
        }
        text
    }

    fn manifests(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (number, app) in self.apps.iter().enumerate().filter(|(_, app)| app.is_there) {
            let mut text = "services:\n  none: {command: x}\n".to_owned();
            for (at, service) in app.services.iter().enumerate().filter(|(_, service)| service.is_there) {
                let hosts = self.hosts.iter().filter(|(_, place)| **place == (number, at));
                let hosts: Vec<String> = hosts.map(|(host, _)| format!("{:?}", HOSTS[*host])).collect();
                let _ = writeln!(text, "  s{at}: {{port: {}{}, domain: [{}]}}", service.port, service.kind, hosts.join(", "));
            }
            all.push((format!("app{number}"), text));
        }
        all
    }
}

/// Walk through a history as people do: edit, compile, deploy what was compiled, delete stacks of
/// apps that are gone, at once or only before the next compile. Says how often something was deployed, or what went
/// wrong between which two fleets.
fn walk(history: &[Vec<Edit>], limits: &Limits, linger: bool) -> Result<usize, String> {
    let mut account = Account::default();
    account.certificate_names.insert(SHARED.0.into(), BTreeSet::from([SHARED.1.to_owned()]));
    let (mut state, mut lock) = (State::new(), Lock::default());
    let mut lingering: Vec<String> = Vec::new();
    let (mut before, mut count) = ("nothing\n".to_owned(), 0);
    for edits in history {
        for edit in edits {
            state.make(*edit);
        }
        for name in lingering.drain(..) {
            account.delete_stack(&name);
        }
        let (fleet, manifests) = (state.fleet(limits), state.manifests());
        let apps: Vec<(&str, &str)> = manifests.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let Some(compiled) = run(&fleet, &apps, &lock).compiled else { continue };
        let files = compiled.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
        let mut found = account.deploy(&files, limits);
        // Stacks that nobody wants any more, be it that their apps are gone or have nothing routed.
        let index = compiled.files.iter().find(|file| file.path == "stacks.json").unwrap();
        let is_wanted = |name: &str| index.text.contains(&format!("\"stack\": \"{name}\""));
        let gone: Vec<String> = account.stacks().filter(|name| !is_wanted(name)).map(str::to_owned).collect();
        let gone = gone.into_iter();
        if linger {
            lingering.extend(gone);
        } else {
            found.extend(gone.flat_map(|name| account.delete_stack(&name)));
        }
        let after = manifests.iter().fold(fleet, |text, (name, manifest)| format!("{text}{name}: {manifest}"));
        if !found.is_empty() {
            return Err(format!("{}\n--- from\n{before}--- to\n{after}", found.join("\n")));
        }
        (lock, before, count) = (compiled.lock, after, count + 1);
    }
    Ok(count)
}

/// Walk through random histories; each has so many edits before its first compile, and some more
/// before every other.
fn histories(cases: u32, linger: bool) {
    let strategy = (
        proptest::collection::vec(edit(), 0..16),
        proptest::collection::vec(proptest::collection::vec(edit(), 1..4), 1..7),
        prop::sample::select(vec![6usize, 9, 12, 100]),
        prop::sample::select(vec![1usize, 3, 25]),
    );
    let deployments = Cell::new(0);
    // The same histories on every run, so that the pipeline says of a change only what it did.
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&strategy, |(start, rest, rules, certificates)| {
        let limits = Limits { rules, certificates, ..Limits::default() };
        let history: Vec<Vec<Edit>> = [start].into_iter().chain(rest).collect();
        deployments.set(deployments.get() + walk(&history, &limits, linger).map_err(TestCaseError::fail)?);
        Ok(())
    });
    if let Err(why) = outcome {
        panic!("{why}");
    }
    assert!(deployments.get() > 2 * usize::try_from(cases).unwrap(), "histories must come to something: {}", deployments.get());
}

#[test]
fn every_moment_of_every_history_is_deployable() {
    histories(150, false);
}

/// Until somebody deletes the stack of an app that is gone, it holds what it held; the lock reckons
/// with it for the compile in which the app goes.
#[test]
fn stacks_that_nobody_deleted_are_reckoned_with() {
    histories(80, true);
}

/// The shortest history of one kind of harm.
struct Trap {
    what: &'static str,
    limits: Limits,
    /// Whether stacks of apps that are gone stay.
    linger: bool,
    /// Whether a compile must find the way through, be it in several phases; where not, it may refuse.
    must_go: bool,
    history: Vec<Vec<Edit>>,
}

fn trap(what: &'static str, history: &[&[Edit]]) -> Trap {
    let history = history.iter().map(|edits| edits.to_vec()).collect();
    Trap { what, limits: Limits::default(), linger: false, must_go: true, history }
}

impl Trap {
    fn rules(mut self, rules: usize) -> Self {
        self.limits.rules = rules;
        self
    }

    fn certificates(mut self, certificates: usize) -> Self {
        self.limits.certificates = certificates;
        self
    }

    fn lingering(mut self) -> Self {
        self.linger = true;
        self
    }

    fn may_refuse(mut self) -> Self {
        self.must_go = false;
        self
    }
}

use Edit::{App as Presence, Drop as Nobody, Give, Kind, Param, Port, Redirect, Rename, Service as Present, Shared};

/// Places of patterns in `HOSTS`, and of a host outside of example.org.
const WILD: usize = 6;
const INNER: usize = 8;
const COM: usize = 9;
const INTERNAL: &str = ", internal: true";

fn traps_of_hosts() -> Vec<Trap> {
    vec![
        trap("a host goes to another service of the app", &[&[Give(0, 0, 0)], &[Give(0, 0, 1)]]),
        trap("the same on port 80", &[&[Redirect(0, false), Give(0, 0, 0)], &[Give(0, 0, 1)]]),
        trap("two services of an app swap hosts", &[&[Give(0, 0, 0), Give(1, 0, 1)], &[Give(0, 0, 1), Give(1, 0, 0)]]),
        trap("two apps swap hosts", &[&[Give(0, 0, 0), Give(1, 1, 0)], &[Give(0, 1, 0), Give(1, 0, 0)]]),
        trap(
            "two apps swap patterns, whose rules go altogether",
            &[&[Give(WILD, 0, 0), Give(INNER, 1, 0)], &[Give(WILD, 1, 0), Give(INNER, 0, 0)]],
        ),
        trap(
            "two apps swap hosts, and one of them moves a third",
            &[&[Give(0, 0, 0), Give(1, 1, 0), Give(2, 0, 1)], &[Give(0, 0, 1), Give(1, 0, 0), Give(2, 1, 0)]],
        ),
        trap("a service has a host of its pattern alone", &[&[Give(WILD, 0, 0), Give(INNER, 0, 0)], &[Nobody(INNER), Give(7, 0, 0)]]),
        trap("an app has a host of another one's pattern alone", &[&[Give(INNER, 0, 0)], &[Nobody(INNER), Give(7, 1, 0)]]),
        trap("a port changes on a full router", &[&[], &[Port(0, 0, 2)]]).rules(3),
    ]
}

fn traps_of_room() -> Vec<Trap> {
    vec![
        trap("a service is renamed on a full router", &[&[], &[Rename(0, 0, 1)]]).rules(3),
        trap("a service with a domain is renamed on a full router", &[&[Give(0, 0, 0)], &[Rename(0, 0, 1)]]).rules(3).may_refuse(),
        trap("a pattern goes to another service on a full router", &[&[Give(INNER, 0, 0), Present(0, 1, true)], &[Give(INNER, 0, 1)]])
            .rules(5)
            .may_refuse(),
        trap(
            "an app needs the room that one deployed later gives back",
            &[&[Present(2, 1, true)], &[Present(2, 1, false), Redirect(0, false)]],
        )
        .rules(4),
        trap(
            "a service needs the room that one of its own app gives back",
            &[&[Present(0, 1, true)], &[Present(0, 1, false), Present(0, 2, true)]],
        )
        .rules(4),
        trap("an app needs the room of one that goes", &[&[], &[Presence(0, false), Present(1, 1, true)]]).rules(3).may_refuse(),
        trap("an app needs the room of a stack that lingers", &[&[], &[Presence(0, false)], &[Present(1, 1, true)]])
            .rules(3)
            .lingering()
            .may_refuse(),
        trap("a certificate is exchanged where one fits", &[&[Give(COM, 0, 0)], &[Give(0, 0, 0)]]).certificates(1).may_refuse(),
        trap(
            "a certificate needs the room that an app deployed later gives back",
            &[&[Give(COM, 0, 0), Give(0, 1, 0)], &[Nobody(0), Give(1, 0, 0)]],
        )
        .certificates(2),
        trap("a service changes its router, where each holds one certificate", &[&[Give(0, 0, 0)], &[Kind(0, 0, INTERNAL)]])
            .certificates(1),
    ]
}

fn traps_of_racks() -> Vec<Trap> {
    vec![
        trap("a shared certificate is no longer listed", &[&[Shared(true), Give(0, 0, 0)], &[Shared(false)]]),
        trap("a shared certificate is listed where one fits", &[&[Give(0, 0, 0)], &[Shared(true)]]).certificates(1).may_refuse(),
        trap(
            "the internal router goes with the last service on it",
            &[&[Kind(0, 0, INTERNAL)], &[Kind(0, 0, ""), Param("Internal", "No")]],
        )
        .may_refuse(),
        trap(
            "the internal router goes while a stack that lingers stands on it",
            &[&[Kind(0, 0, INTERNAL)], &[Presence(0, false)], &[Param("Internal", "No")]],
        )
        .lingering()
        .may_refuse(),
        trap("port 80 closes with the last app on it", &[&[Redirect(0, false)], &[Redirect(0, true), Param("DisableALBPort80", "Yes")]])
            .may_refuse(),
        trap(
            "the public router goes with the last service on it",
            &[&[Presence(1, false), Presence(2, false)], &[Kind(0, 0, INTERNAL), Param("InternalOnly", "Yes")]],
        )
        .may_refuse(),
        trap("the internal router gets another name", &[&[Kind(0, 0, INTERNAL)], &[Param("InternalRouterSuffix", "-other")]]).may_refuse(),
        trap("the network is exchanged while apps are in it", &[&[], &[Param("VPCCIDR", "10.0.0.0/17")]]).may_refuse(),
    ]
}

#[test]
fn no_trap_catches_anybody() {
    let mut caught = Vec::new();
    for trap in [traps_of_hosts(), traps_of_room(), traps_of_racks()].into_iter().flatten() {
        match walk(&trap.history, &trap.limits, trap.linger) {
            Err(why) => caught.push(format!("{}:\n{why}", trap.what)),
            Ok(count) if trap.must_go && count < trap.history.len() => caught.push(format!("{}: refused, and there is a way", trap.what)),
            Ok(_) => {}
        }
    }
    assert!(caught.is_empty(), "{}", caught.join("\n"));
}

/// A rack whose router takes no more than a hundred target groups, whatever the quota of rules.
const A_HUNDRED: &str = "racks: {main: {compute: none, host: r.example.org, hosted_zone: Z1, certificate: create, quotas: {rules: 1000}}}\n\
                         apps: {a: {params: {InternalDomains: No}}, b: {params: {InternalDomains: No}}}";

/// A manifest with a service, and with some more of which there is nothing to say.
fn with_fillers(first: &str, fillers: usize) -> String {
    (0..fillers).fold(format!("services:\n  {first}\n"), |text, at| format!("{text}  filler{at}: {{port: 1}}\n"))
}

/// A list of domains.
fn domains(range: std::ops::Range<usize>) -> String {
    range.map(|at| format!("h{at}.example.org")).collect::<Vec<_>>().join(", ")
}

/// A fleet that is deployed again and again.
#[derive(Default)]
struct Deployed {
    account: Account,
    lock: Lock,
}

impl Deployed {
    /// Compile apps on a hundred target groups and deploy them: in how many phases, or none where the
    /// way is refused. Nothing may go wrong, and a second compile must find the same way.
    #[track_caller]
    fn go(&mut self, apps: &[(&str, &str)]) -> Option<usize> {
        let outcome = run(A_HUNDRED, apps, &self.lock);
        assert!(outcome.compiled.is_some() || outcome.says("RF0515"), "{:#?}", outcome.messages);
        let compiled = outcome.compiled?;
        let again = run(A_HUNDRED, apps, &reread(&compiled.lock.to_text())).ok();
        assert_eq!((again.lock.to_text(), again.files), (compiled.lock.to_text(), compiled.files.clone()));
        let files = compiled.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
        none(&self.account.deploy(&files, &Limits { rules: 1000, ..Limits::default() }));
        self.lock = compiled.lock;
        Some(compiled.phases)
    }
}

#[test]
fn a_target_group_more_is_not_to_be_had() {
    let mut deployed = Deployed::default();
    let mut go = |first: String| deployed.go(&[("a", &with_fillers(&first, 99))]);
    assert_eq!(go("web: {port: 1}".into()), Some(1));
    // Nobody needs the name of a service that is gone, so its target group may go first.
    assert_eq!(go("site: {port: 1}".into()), Some(2));
    assert_eq!(go(format!("site: {{port: 1, domain: [{}]}}", domains(0..4))), Some(1));
    assert_eq!(go(format!("web: {{port: 1, domain: [{}]}}", domains(0..4))), None);
    // A rule that is the only one takes its target group along.
    assert_eq!(go(format!("site: {{port: 2, domain: [{}]}}", domains(0..4))), Some(1));
    assert_eq!(go(format!("site: {{port: 2, domain: [{}]}}", domains(0..6))), Some(1));
    // Two rules can't go to another target group at once, whatever it is that makes it another.
    assert_eq!(go(format!("site: {{port: 3, domain: [{}]}}", domains(0..6))), None);
    assert_eq!(go(format!("site: {{port: \"https:2\", domain: [{}]}}", domains(0..6))), None);
    assert_eq!(go(format!("site: {{port: \"grpc:2\", domain: [{}]}}", domains(2..9))), None);
    // The same port in other words is the same target group.
    assert_eq!(go(format!("site: {{port: \"http:2\", domain: [{}]}}", domains(0..6))), Some(1));
}

#[test]
fn a_target_group_is_replaced_once_another_one_is_gone() {
    let a = |port: u32, fillers: usize| with_fillers(&format!("web: {{port: {port}, domain: [{}]}}", domains(0..6)), fillers);
    let [full, less] = ["web: {port: 1}", "none: {command: x}"].map(|first| with_fillers(first, 49));
    let mut deployed = Deployed::default();
    assert_eq!(deployed.go(&[("a", &a(1, 49)), ("b", &full)]), Some(1));
    assert_eq!(deployed.go(&[("a", &a(2, 49)), ("b", &full)]), None);
    // Where another app frees one, its stack comes first.
    assert_eq!(deployed.go(&[("a", &a(2, 49)), ("b", &less)]), Some(1));
    assert_eq!(deployed.go(&[("a", &a(2, 49)), ("b", &full)]), Some(1));
    // Where the app itself frees one, the other waits for a phase of its own.
    assert_eq!(deployed.go(&[("a", &a(3, 48)), ("b", &full)]), Some(2));
}

#[test]
fn a_target_group_waits_for_the_room_of_who_waits_for_its_app() {
    let mut deployed = Deployed::default();
    let mut go = |port: &str, hosts: usize, b: &str| {
        let a = with_fillers(&format!("web: {{port: \"{port}\", domain: [{}]}}", domains(0..hosts)), 49);
        deployed.go(&[("a", &a), ("b", &with_fillers(b, 49))])
    };
    assert_eq!(go("1", 6, "web: {port: 1, domain: h6.example.org}"), Some(1));
    // What speaks another scheme is not healthy behind the old target group, so it can't wait there.
    assert_eq!(go("https:1", 7, "none: {command: x}"), None);
    // A service of `b` goes once `a` has its host, and then there is room for the new target group of `a`.
    assert_eq!(go("2", 7, "none: {command: x}"), Some(2));
}

#[test]
fn a_lock_without_target_groups_takes_them_for_unchanged() {
    let manifest = |port: u32| with_fillers(&format!("web: {{port: {port}, domain: [{}]}}", domains(0..6)), 99);
    let first = run(A_HUNDRED, &[("a", &manifest(1))], &Lock::default()).ok().lock;
    assert_eq!(first.target_groups.len(), 100);
    let unknown = Lock { target_groups: BTreeMap::new(), ..first.clone() };
    let second = run(A_HUNDRED, &[("a", &manifest(2))], &reread(&unknown.to_text())).ok();
    assert_eq!(second.phases, 1);
    assert!(second.lock.target_groups.values().all(|group| group.was.is_none()));
    assert!(run(A_HUNDRED, &[("a", &manifest(2))], &first).says("RF0515"));
}
