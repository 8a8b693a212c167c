//! What the lock promises: numbers are unique, never change while a rule lives, and keep exact
//! hosts before patterns and patterns behind what they contain; one host is one change.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use common::{Random, reread, rules, run, run_change, template};
use proptest::prelude::*;
use rackform::Compiled;
use rackform::allocate::{EXACT, WILDCARD};
use rackform::host::Host;
use rackform::lock::{Class, Lock, RetiredRule, RuleKey};
use rackform::placement::Change;
use rackform::routes::Router;

const FLEET: &str = "racks: {main: {compute: none, host: r.example.org, hosted_zone: Z1, certificate: create, params: {Internal: Yes}}}";

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

/// A fleet of several racks at one moment of a history.
#[derive(Clone, Default)]
struct Moment {
    /// Per app, which hosts of the pool each service has.
    apps: BTreeMap<usize, Vec<BTreeSet<usize>>>,
    /// Apps whose rules are on port 80 too.
    http: BTreeSet<usize>,
}

impl Moment {
    fn fleet(&self) -> String {
        let params = |app: &usize| format!("a{app}: {{params: {{RedirectHttps: No}}}}");
        let http: Vec<String> = self.http.iter().filter(|app| self.apps.contains_key(app)).map(params).collect();
        let racks =
            "racks: {main: {count: 4, host: \"{rack}.example.org\", certificate: create, quotas: {rules: 40}, params: {Internal: Yes}}}";
        format!("{racks}\napps: {{{}}}", http.join(", "))
    }

    fn manifests(&self) -> Vec<(String, String)> {
        let manifest = |(app, services): (&usize, &Vec<BTreeSet<usize>>)| {
            let mut text = "services:\n".to_owned();
            for (number, hosts) in services.iter().enumerate() {
                let pool = pool(app * 10 + number);
                let domains: Vec<String> = hosts.iter().map(|host| format!("{:?}", pool[*host])).collect();
                let _ =
                    writeln!(text, "  s{number}: {{port: 3000, internalAndExternal: {}, domain: [{}]}}", number == 1, domains.join(", "));
            }
            (format!("a{app}"), text)
        };
        self.apps.iter().map(manifest).collect()
    }

    /// Compile, with the files in one order or in the other.
    fn compile(&self, lock: &Lock, change: &Change, backwards: bool) -> common::Outcome {
        let mut manifests = self.manifests();
        if backwards {
            manifests.reverse();
        }
        let apps: Vec<(&str, &str)> = manifests.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        run_change(&self.fleet(), &apps, lock, change)
    }

    fn service(random: &mut Random) -> BTreeSet<usize> {
        (0..random.below(4)).map(|_| random.below(pool(0).len())).collect()
    }

    /// Something that happens to a fleet; what is asked of the placement.
    fn step(&mut self, lock: &Lock, random: &mut Random) -> Change {
        let moving: Vec<String> = lock.apps.iter().filter(|(_, app)| app.moving_to.is_some()).map(|(name, _)| name.clone()).collect();
        if let Some(app) = moving.first().filter(|_| random.below(2) == 0) {
            let app = app.clone();
            return if random.below(3) == 0 { Change::Abort { app } } else { Change::Finish { app } };
        }
        let known: Vec<usize> = self.apps.keys().copied().collect();
        let at = if known.is_empty() { 0 } else { *random.of(&known) };
        match random.below(8) {
            _ if known.len() < 4 => drop(self.apps.insert(random.below(40), vec![Self::service(random), Self::service(random)])),
            0..=1 => drop(self.apps.insert(random.below(40), vec![Self::service(random), Self::service(random)])),
            2 => drop(self.apps.remove(&at)),
            3..=4 => {
                let services = self.apps.get_mut(&at).unwrap();
                let service = random.below(services.len());
                services[service] = Self::service(random);
            }
            5 => {
                if !self.http.remove(&at) {
                    self.http.insert(at);
                }
            }
            6 => {
                let services = self.apps.get_mut(&at).unwrap();
                if services.len() > 1 {
                    services.pop();
                } else {
                    services.push(Self::service(random));
                }
            }
            _ => {
                let to = (*random.of(&["main", "main-2", "main-3", "main-4"])).to_owned();
                let app = format!("a{at}");
                let is_free = lock.apps.get(&app).is_some_and(|locked| locked.rack != to && locked.moving_to.is_none());
                return if is_free { Change::Begin { app, to } } else { Change::None };
            }
        }
        Change::None
    }
}

/// What one step may do to a lock.
fn check_step(before: &Lock, after: &Lock, change: &Change) {
    check_fleet(after);
    for (key, rule) in &before.rules {
        let number = (key.rack.clone(), key.router, rule.priority);
        match after.rules.get(key) {
            Some(now) => assert_eq!(now.priority, rule.priority, "{key} was renumbered"),
            None => assert!(after.retired.get(&number).is_some_and(|gone| gone.key == *key), "the number of {key} is forgotten"),
        }
        for (other, now) in after.rules.iter().filter(|(other, _)| (&other.rack, other.router) == (&key.rack, key.router)) {
            assert!(now.priority != rule.priority || other == key, "{other} got the number of {key}");
        }
    }
    // A rule that returns while its number is remembered has it again.
    for (key, rule) in after.rules.iter().filter(|(key, _)| !before.rules.contains_key(key) && key.class == Class::Exact) {
        let own: Vec<u32> = before.retired.iter().filter(|(_, gone)| gone.key == *key).map(|((_, _, number), _)| *number).collect();
        assert!(own.is_empty() || own.contains(&rule.priority), "{key} returned with {} and not {own:?}", rule.priority);
    }
    for (name, app) in before.apps.iter().filter(|(name, _)| after.apps.contains_key(*name)) {
        let now = &after.apps[name];
        match change {
            Change::Finish { app: moved } if moved == name => assert_eq!(Some(&now.rack), app.moving_to.as_ref()),
            _ => assert_eq!(now.rack, app.rack, "{name} moved by itself"),
        }
        let begins = matches!(change, Change::Begin { app, .. } if app == name);
        let ends = matches!(change, Change::Abort { app } | Change::Finish { app } if app == name);
        assert!(begins || ends || now.moving_to == app.moving_to, "{name} moves by itself");
    }
    let mut retired: BTreeMap<(&str, Router), usize> = BTreeMap::new();
    for (rack, router, _) in after.retired.keys() {
        *retired.entry((rack, *router)).or_default() += 1;
    }
    assert!(retired.values().all(|count| *count <= 100), "{retired:?}");
}

/// [`check`] of each rack by itself.
fn check_fleet(lock: &Lock) {
    let racks: BTreeSet<&String> = lock.rules.keys().map(|key| &key.rack).collect();
    for rack in racks {
        let rules = lock.rules.iter().filter(|(key, _)| key.rack == *rack).map(|(key, rule)| (key.clone(), rule.clone())).collect();
        check(&Lock { rules, retired: lock.retired.clone(), ..Lock::default() });
    }
    for key in lock.rules.keys() {
        let app = &lock.apps[&key.app];
        assert!(app.rack == key.rack || app.moving_to.as_ref() == Some(&key.rack), "{key} stands where its app does not live");
    }
}

#[test]
fn histories_of_fleets_keep_every_promise() {
    let (mut compiled, mut refused, mut moves) = (0, 0, 0);
    for seed in 0..14 {
        let mut random = Random(seed);
        let (mut moment, mut lock) = (Moment::default(), Lock::default());
        for step in 0..22 {
            let mut next = moment.clone();
            let change = next.step(&lock, &mut random);
            let outcome = next.compile(&lock, &change, false);
            let Some(after) = outcome.compiled else {
                // A rack that is too full, or a way that needs a deployment in between: it is as before.
                refused += 1;
                continue;
            };
            compiled += 1;
            moves += usize::from(change != Change::None);
            check_step(&lock, &after.lock, &change);
            assert_eq!(reread(&after.lock.to_text()), after.lock);
            if step % 3 == 0 {
                let other = next.compile(&lock, &change, true).ok();
                assert_eq!(other.lock.to_text(), after.lock.to_text(), "the order of files matters");
                assert_eq!(other.files, after.files, "the order of files matters");
                let again = next.compile(&after.lock, &Change::None, false).ok();
                assert_eq!(again.lock.to_text(), after.lock.to_text(), "a second compile changes the lock");
                assert_eq!(again.files, after.files, "a second compile changes files");
            }
            (moment, lock) = (next, after.lock);
        }
    }
    assert!(compiled > 200 && moves > 20, "{compiled} compiled, {refused} refused, {moves} moves");
}

#[test]
fn retired_numbers_are_bounded_but_the_last_change_is_remembered() {
    let fleet = "racks: {main: {host: r.example.org, certificate: create, quotas: {rules: 200}}}";
    let manifest = |from: usize, count: usize| {
        let services: Vec<String> = (from..from + count).map(|n| format!("s{n}: {{port: 1}}")).collect();
        format!("services: {{{}}}", services.join(", "))
    };
    let mut lock = Lock::default();
    for round in 0..5 {
        lock = run(fleet, &[("a", &manifest(0, 1)), ("b", &manifest(round * 60, 60))], &lock).ok().lock;
    }
    assert_eq!(lock.retired.len(), 100, "of 240 that are gone");
    // More than a hundred at once, where the quota of rules is raised.
    let domains: Vec<String> = (0..700).map(|n| format!("h{n}.example.com")).collect();
    let fleet = fleet.replace(
        "certificate: create",
        "certificate: create, certificates: [{arn: \"arn:aws:acm:us-east-1:123456789012:certificate/1\", names: [\"*.example.com\"]}]",
    );
    let many = format!("services: {{s0: {{port: 1, domain: [{}]}}}}", domains.join(", "));
    let full = run(&fleet, &[("a", &many)], &Lock::default()).ok().lock;
    assert!(full.rules.len() > 130);
    let empty = run(&fleet, &[("a", &manifest(0, 1))], &full).ok().lock;
    let all = |lock: &Lock| {
        full.rules.values().all(|rule| {
            lock.retired.keys().any(|(_, _, n)| *n == rule.priority) || lock.rules.values().any(|r| r.priority == rule.priority)
        })
    };
    assert!(all(&empty), "what was just removed is forgotten");
    assert_eq!(run(&fleet, &[("a", &manifest(0, 1))], &empty).ok().lock.to_text(), empty.to_text());
}

#[test]
fn a_rule_that_returns_has_its_number_again_although_its_slot_is_free() {
    let (with, without) = ("services: {x: {port: 1}, z: {port: 2}}", "services: {z: {port: 2}}");
    let mut lock = run(FLEET, &[("a", without)], &Lock::default()).ok().lock;
    let key = RuleKey { service: "x".into(), ..lock.rules.keys().next().unwrap().clone() };
    // Once it was probed past a rule that is long gone and forgotten.
    let gone = RetiredRule { key: key.clone(), hosts: Vec::new(), http: false, since: 1 };
    lock.retired.insert((key.rack.clone(), key.router, 77), gone);
    let back = run(FLEET, &[("a", with)], &lock).ok().lock;
    assert_eq!(back.rules[&key].priority, 77);
    assert!(back.retired.is_empty());
}

#[test]
fn what_does_not_change_keeps_its_lines_and_its_rack() {
    const APPS: usize = 200;
    let fleet = "racks: {main: {count: 9, host: \"{rack}.example.org\", certificate: create, quotas: {certificates: 100}}}";
    let manifests = |changed: &dyn Fn(usize) -> usize| -> Vec<(String, String)> {
        let manifest = |app: usize| {
            let domains: Vec<String> = (0..app % 3 + changed(app)).map(|n| format!("h{n}.a{app}.example.com")).collect();
            let second = if app % 4 == 1 { ", api: {port: 2}" } else { "" };
            (format!("a{app}"), format!("services: {{web: {{port: 1, domain: [{}]}}{second}}}", domains.join(", ")))
        };
        (0..APPS).map(manifest).collect()
    };
    let compile = |manifests: &[(String, String)], lock: &Lock| {
        let apps: Vec<(&str, &str)> = manifests.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        run(fleet, &apps, lock).ok()
    };
    let before = compile(&manifests(&|_| 0), &Lock::default());
    let after = compile(&manifests(&|app| usize::from(app % 10 == 3)), &before.lock);
    let (old, new) = (before.lock.to_text(), after.lock.to_text());
    for (name, app) in &before.lock.apps {
        assert_eq!(after.lock.apps[name].rack, app.rack, "{name} has moved");
    }
    let new_lines: BTreeSet<&str> = new.lines().collect();
    for line in old.lines().filter(|line| !new_lines.contains(line)) {
        let is_changed = (0..APPS).filter(|app| app % 10 == 3).any(|app| line.contains(&format!("/a{app}/")));
        assert!(is_changed, "the line of an app that did not change: {line}");
    }
    // One host more or less, and the templates of all apps but one are the same.
    for (from, to) in [
        (&before, compile(&manifests(&|app| usize::from(app == 50)), &before.lock)),
        (&after, compile(&manifests(&|app| usize::from(app % 10 == 3 && app != 53)), &after.lock)),
    ] {
        let (old, new) = (from.lock.to_text(), to.lock.to_text());
        assert_eq!(changed(&old, &new, true).max(changed(&new, &old, true)), 1, "one rule");
        assert!(changed(&old, &new, false).max(changed(&new, &old, false)) <= 1, "at most one certificate");
        let other = |path: &str| from.files.iter().find(|file| file.path == path).map(|file| file.text.clone());
        let differ: Vec<&str> = to
            .files
            .iter()
            .filter(|file| file.path.contains(".yaml") && other(&file.path).as_ref() != Some(&file.text))
            .map(|file| file.path.as_str())
            .collect();
        assert_eq!(differ.len(), 1, "{differ:?}");
        let rules_of = |compiled: &Compiled| rules(&template(compiled, differ[0]));
        let (a, b) = (rules_of(from), rules_of(&to));
        assert_eq!(a.iter().filter(|rule| !b.contains(rule)).count().max(b.iter().filter(|rule| !a.contains(rule)).count()), 1);
    }
}
