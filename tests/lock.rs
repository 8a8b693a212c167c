//! What the lock promises: numbers are unique, never change while a rule lives, and keep exact
//! hosts before patterns and patterns behind what they contain; one host is one change.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use common::{reread, rules, run, template};
use proptest::prelude::*;
use rackform::Compiled;
use rackform::allocate::{EXACT, WILDCARD};
use rackform::host::Host;
use rackform::lock::{Class, Lock, RuleKey};

const FLEET: &str = "racks: {main: {host: r.example.org, hosted_zone: Z1, certificate: create, params: {Internal: Yes}}}";

/// Hosts that a history draws from; each belongs to one service, so that none is claimed twice.
fn pool(service: usize) -> Vec<String> {
    let mut hosts: Vec<String> = (0..9).map(|n| format!("h{n}.s{service}.example.org")).collect();
    hosts.extend((0..7).map(|n| format!("*.w{n}.s{service}.example.org")));
    hosts.extend([
        format!("*.s{service}.example.org"),
        format!("*.deep.w1.s{service}.example.org"),
        format!("?.w1.s{service}.example.org"),
    ]);
    hosts
}

/// A state of the fleet: which of its hosts each service of each app has.
type State = Vec<Vec<BTreeSet<usize>>>;

fn state() -> impl Strategy<Value = State> {
    let service = proptest::collection::btree_set(0..pool(0).len(), 0..10);
    proptest::collection::vec(proptest::collection::vec(service, 0..3), 1..3)
}

fn manifests(state: &State) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (app, services) in state.iter().enumerate() {
        let mut text = "services:\n".to_owned();
        for (number, hosts) in services.iter().enumerate() {
            let pool = pool(app * 10 + number);
            let domains: Vec<String> = hosts.iter().map(|host| format!("{:?}", pool[*host])).collect();
            let _ = writeln!(text, "  s{number}: {{port: 3000, internalAndExternal: {}, domain: [{}]}}", number == 1, domains.join(", "));
        }
        all.push((format!("app{app}"), text));
    }
    all
}

fn compile(state: &State, lock: &Lock) -> Compiled {
    let manifests = manifests(state);
    let apps: Vec<(&str, &str)> = manifests.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    run(FLEET, &apps, lock).ok()
}

/// Everything that must hold of a lock by itself.
fn check(lock: &Lock) {
    let mut numbers = BTreeSet::new();
    for (key, rule) in &lock.rules {
        assert!(numbers.insert((&key.rack, key.router, rule.priority)), "{key} has the number of another rule");
        assert!(!lock.retired.contains_key(&(key.rack.clone(), key.router, rule.priority)), "{key} lives on a retired number");
        let range = if key.class == Class::Exact { EXACT } else { WILDCARD };
        assert!(range.contains(&rule.priority), "{key}: {}", rule.priority);
        assert!((1..=5).contains(&rule.hosts.len()));
        assert!(rule.hosts.iter().map(Host::wildcards).sum::<usize>() <= 5);
        assert!(rule.hosts.iter().all(|host| host.is_wildcard() == (key.class == Class::Wildcard)), "{key} mixes");
        for (other_key, other) in lock.rules.iter().filter(|(k, _)| k.router == key.router && *k != key) {
            let around = rule.hosts.iter().any(|outer| other.hosts.iter().any(|inner| outer != inner && outer.contains(inner)));
            assert!(!around || rule.priority > other.priority, "{key} stands before {other_key}, which it contains");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]
    #[test]
    fn histories_keep_every_promise(history in proptest::collection::vec(state(), 2..6)) {
        let mut lock = Lock::default();
        let mut born: BTreeMap<RuleKey, u32> = BTreeMap::new();
        for state in &history {
            let compiled = compile(state, &lock);
            check(&compiled.lock);
            for (key, rule) in &compiled.lock.rules {
                if lock.rules.contains_key(key) {
                    prop_assert_eq!(born[key], rule.priority, "{} was renumbered", key);
                }
                born.insert(key.clone(), rule.priority);
            }
            for (key, rule) in &lock.rules {
                let gone = !compiled.lock.rules.contains_key(key);
                let retired = compiled.lock.retired.contains_key(&(key.rack.clone(), key.router, rule.priority));
                prop_assert!(!gone || retired, "the number of {} is forgotten", key);
                // A host that is still wanted stays in its rule.
                for (now_key, now) in &compiled.lock.rules {
                    for host in now.hosts.iter().filter(|host| rule.hosts.contains(host)) {
                        prop_assert!(now_key.router != key.router || now_key == key, "{} moved from {key} to {now_key}", host.as_str());
                    }
                }
            }
            // The lock says the same after a trip through its file, and a compile of it changes nothing.
            prop_assert_eq!(&reread(&compiled.lock.to_text()), &compiled.lock);
            let again = compile(state, &compiled.lock);
            prop_assert_eq!(again.lock.to_text(), compiled.lock.to_text());
            prop_assert_eq!(&again.files, &compiled.files);
            lock = compiled.lock;
        }
    }
}

/// How many lines of a section are not in the other lock: rules have a router in their keys.
fn changed(a: &str, b: &str, are_rules: bool) -> usize {
    let of_section = |line: &&str| line.contains("/public/") == are_rules;
    a.lines().filter(of_section).filter(|line| !b.lines().any(|other| other == *line)).count()
}

#[test]
fn one_host_more_or_less_changes_one_rule() {
    let with = |hosts: &[&str]| {
        format!("services: {{web: {{port: 1, domain: [{}]}}, api: {{port: 2, domain: api.example.org}}}}", hosts.join(", "))
    };
    let many = ["a.example.org", "b.example.org", "c.example.org", "d.example.org", "e.example.org"];
    let before = run(FLEET, &[("shop", &with(&many))], &Lock::default()).ok();
    for hosts in [&["a.example.org", "b.example.org", "new.example.org", "c.example.org", "d.example.org", "e.example.org"][..], &many[1..]]
    {
        let after = run(FLEET, &[("shop", &with(hosts))], &before.lock).ok();
        let (old, new) = (before.lock.to_text(), after.lock.to_text());
        assert!(changed(&old, &new, true) <= 1 && changed(&new, &old, true) == 1, "{old}{new}");
        assert_eq!((changed(&old, &new, false), changed(&new, &old, false)), (1, 1), "one certificate: {old}{new}");
        let list = |compiled: &Compiled| rules(&template(compiled, "main/apps/shop.yaml"));
        let (old, new) = (list(&before), list(&after));
        assert_eq!(new.iter().filter(|rule| !old.contains(rule)).count(), 1);
    }
}

#[test]
fn a_number_that_a_removed_rule_held_is_not_given_out_again() {
    let manifest =
        |names: &[&str]| format!("services: {{{}}}", names.iter().map(|n| format!("{n}: {{port: 1}}")).collect::<Vec<_>>().join(", "));
    let first = run(FLEET, &[("a", &manifest(&["x", "z"]))], &Lock::default()).ok();
    let key = first.lock.rules.keys().find(|key| key.service == "x").unwrap().clone();
    let number = first.lock.rules[&key].priority;
    let second = run(FLEET, &[("a", &manifest(&["z"]))], &first.lock).ok();
    assert_eq!(second.lock.retired.len(), 1);
    // Many others do not get it …
    let names: Vec<String> = (0..90).map(|n| format!("s{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let third = run(FLEET, &[("a", &manifest(&names))], &second.lock).ok();
    assert!(third.lock.rules.values().all(|rule| rule.priority != number));
    // … the rule itself does.
    let fourth = run(FLEET, &[("a", &manifest(&["x"]))], &third.lock).ok();
    assert_eq!(fourth.lock.rules[&key].priority, number);
    assert!(!fourth.lock.retired.contains_key(&(key.rack.clone(), key.router, number)));
}

#[test]
fn a_host_is_taken_up_by_its_new_app_before_the_old_one_lets_go() {
    let with = |host: &str| format!("services: {{web: {{port: 1, domain: [{host}]}}}}");
    let (none, both) = (with(""), with("a.example.org, b.example.org"));
    let one = with("a.example.org");
    let stacks = |compiled: &Compiled| -> Vec<String> {
        let index = compiled.files.iter().find(|file| file.path == "stacks.json").unwrap();
        let index: serde_json::Value = serde_json::from_str(&index.text).unwrap();
        index["stacks"].as_array().unwrap().iter().map(|stack| stack["stack"].as_str().unwrap().to_owned()).collect()
    };
    let first = run(FLEET, &[("blog", &both), ("cart", &none), ("shop", &none)], &Lock::default()).ok();
    assert_eq!(stacks(&first), ["main", "main-blog", "main-cart", "main-shop"]);
    let moved = with("b.example.org");
    let second = run(FLEET, &[("blog", &one), ("cart", &none), ("shop", &moved)], &first.lock).ok();
    assert_eq!(stacks(&second), ["main", "main-cart", "main-shop", "main-blog"], "the receiver comes first");
    let third = run(FLEET, &[("blog", &one), ("cart", &none), ("shop", &moved)], &second.lock).ok();
    assert_eq!(stacks(&third), stacks(&second), "the lock remembers the way, for whoever compiles again before the deployment");
    assert_eq!(third.files, second.files);
    let swapped = run(FLEET, &[("blog", &moved), ("cart", &none), ("shop", &one)], &third.lock).ok();
    assert_eq!(
        stacks(&swapped),
        ["main", "main-cart", "main-blog", "main-shop", "main-blog"],
        "in a circle one of them keeps what it gives away until the other has it"
    );
    let values = |path: &str| rules(&template(&swapped, path)).into_iter().flat_map(|rule| rule.hosts).collect::<Vec<_>>();
    assert!(values("phase-1/main/apps/blog.yaml").contains(&"a.example.org".to_owned()));
    assert!(!values("phase-2/main/apps/blog.yaml").contains(&"a.example.org".to_owned()));
    assert_eq!(template(&swapped, "phase-2/main/apps/blog.yaml"), template(&swapped, "main/apps/blog.yaml"));
}

#[test]
fn the_order_of_apps_and_services_does_not_matter() {
    let a = "services: {x: {port: 1, domain: x.example.org}, z: {port: 2}}";
    let b = "services: {z: {port: 2}, x: {port: 1, domain: x2.example.org}}";
    let one = run(FLEET, &[("a", a), ("b", b)], &Lock::default()).ok();
    let other = run(FLEET, &[("b", b), ("a", a)], &Lock::default()).ok();
    assert_eq!(one.lock.to_text(), other.lock.to_text());
    assert_eq!(one.files, other.files);
}

#[test]
fn quotas_are_counted_over_both_listeners() {
    let services: Vec<String> = (0..101).map(|n| format!("s{n}: {{port: 1}}")).collect();
    let manifest = |count: usize| format!("services: {{{}}}", services[..count].join(", "));
    assert!(run(FLEET, &[("a", &manifest(100))], &Lock::default()).compiled.is_some());
    assert!(run(FLEET, &[("a", &manifest(101))], &Lock::default()).says("RF0507"));
    let twice = format!("{FLEET}\napps: {{a: {{params: {{RedirectHttps: No}}}}}}");
    assert!(run(&twice, &[("a", &manifest(50))], &Lock::default()).compiled.is_some());
    assert!(run(&twice, &[("a", &manifest(51))], &Lock::default()).says("RF0507"));
    let raised = twice.replace("racks: {main: {", "racks: {main: {quotas: {rules: 150}, ");
    assert!(run(&raised, &[("a", &manifest(75))], &Lock::default()).compiled.is_some());
    assert!(run(&raised, &[("a", &manifest(76))], &Lock::default()).says("RF0507"));
    let wide = FLEET.replace("racks: {main: {", "racks: {main: {quotas: {rules: 1000}, ");
    assert!(run(&wide, &[("a", &manifest(101))], &Lock::default()).says("RF0507"), "target groups can't be raised");
}
