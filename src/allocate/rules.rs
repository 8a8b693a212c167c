//! Routes packed into rules: up to five hosts of one service each, and as few changes as can be.

use std::collections::{BTreeMap, BTreeSet};

use super::lock::{Lock, RuleKey};
use crate::fleet::Fleet;
use crate::host::{Host, MAX_WILDCARDS};
use crate::routes::{Route, Router};

/// Values that one rule may hold. Quota `condition-values-per-alb-rule`, not adjustable.
pub(super) const MAX_HOSTS: usize = 5;

/// Whether a rule holds exact hosts or patterns; it never holds both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Host names.
    Exact,
    /// Patterns, all equally specific.
    Wildcard,
}

impl Class {
    /// The word for it, as in the lock.
    pub fn word(self) -> &'static str {
        match self {
            Class::Exact => "exact",
            Class::Wildcard => "wildcard",
        }
    }
}

/// One listener rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What identifies it for as long as it lives.
    pub key: RuleKey,
    /// The app, by its place in the fleet.
    pub app: usize,
    /// The service, by its place in the manifest.
    pub service: usize,
    /// One to five hosts.
    pub hosts: Vec<Host>,
    /// Its number on the listener, 1 to 50000; 0 until it is given one.
    pub priority: u32,
}

/// What patterns must share to stand in one rule: then the rule has one place in the order.
fn group(host: &Host) -> (Class, usize) {
    if host.is_wildcard() { (Class::Wildcard, host.specificity()) } else { (Class::Exact, 0) }
}

/// Whether a host still fits into a rule with these hosts.
fn fits(hosts: &[Host], host: &Host) -> bool {
    hosts.len() < MAX_HOSTS && hosts.iter().map(Host::wildcards).sum::<usize>() + host.wildcards() <= MAX_WILDCARDS
}

/// Pack routes. A host stays in the rule that the lock has it in; a new one goes into the first
/// rule of its service with room. Rules keep the lock's numbers, new ones have none yet.
pub(super) fn pack(fleet: &Fleet, routes: &[Route], old: &Lock) -> Vec<Rule> {
    let mut wanted: BTreeMap<(usize, usize, Router, Class, usize), Vec<&Host>> = BTreeMap::new();
    for route in routes {
        let (class, specificity) = group(&route.host);
        wanted.entry((route.app, route.service, route.router, class, specificity)).or_default().push(&route.host);
    }
    let mut known: BTreeMap<(&str, Router, &str, &str, Class), Vec<&RuleKey>> = BTreeMap::new();
    for key in old.rules.keys() {
        known.entry((&key.rack, key.router, &key.app, &key.service, key.class)).or_default().push(key);
    }

    let mut rules: Vec<Rule> = Vec::new();
    let mut taken: BTreeSet<RuleKey> = old.rules.keys().cloned().collect();
    for ((app, service, router, class, specificity), hosts) in wanted {
        let (rack_name, app_name) = (&fleet.racks[fleet.apps[app].rack].name, &fleet.apps[app].name);
        let service_name = &fleet.apps[app].manifest.services[service].name.value;
        let key =
            |ordinal| RuleKey { rack: rack_name.clone(), router, app: app_name.clone(), service: service_name.clone(), class, ordinal };
        let existing = known.get(&(rack_name.as_str(), router, app_name.as_str(), service_name.as_str(), class));
        let of_group = |key: &&&RuleKey| old.rules[**key].hosts.first().is_some_and(|host| group(host) == (class, specificity));
        let mut unplaced: BTreeSet<&Host> = hosts.iter().copied().collect();
        let mut packed: Vec<Rule> = Vec::new();
        for key in existing.into_iter().flatten().filter(of_group) {
            let locked = &old.rules[*key];
            let kept = locked.hosts.iter().filter(|host| unplaced.remove(host)).cloned().collect();
            packed.push(Rule { key: (*key).clone(), app, service, hosts: kept, priority: locked.priority });
        }
        let mut with_room = 0; // rules before this one are full
        let mut ordinal = 1; // ordinals before this one are taken
        for host in hosts.into_iter().filter(|host| unplaced.contains(host)) {
            while packed.get(with_room).is_some_and(|rule| rule.hosts.len() == MAX_HOSTS) {
                with_room += 1;
            }
            if let Some(rule) = packed[with_room..].iter_mut().find(|rule| fits(&rule.hosts, host)) {
                rule.hosts.push(host.clone());
                continue;
            }
            while !taken.insert(key(ordinal)) {
                ordinal += 1;
            }
            packed.push(Rule { key: key(ordinal), app, service, hosts: vec![host.clone()], priority: 0 });
        }
        packed.retain(|rule| !rule.hosts.is_empty());
        rules.extend(packed);
    }
    rules.sort_by(|a, b| a.key.cmp(&b.key));
    rules
}
