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
    let mut taken: BTreeSet<RuleKey> = BTreeSet::new();
    for ((app, service, router, class, specificity), hosts) in wanted {
        let names =
            (&fleet.racks[fleet.apps[app].rack].name, &fleet.apps[app].name, &fleet.apps[app].manifest.services[service].name.value);
        let (rack, app_name, service_name) = names;
        let existing = known.get(&(rack.as_str(), router, app_name.as_str(), service_name.as_str(), class));
        let of_group = |key: &&&RuleKey| old.rules[**key].hosts.first().is_some_and(|host| group(host) == (class, specificity));
        let mut packed: Vec<Rule> = existing
            .into_iter()
            .flatten()
            .filter(of_group)
            .map(|key| {
                let locked = &old.rules[*key];
                let kept = locked.hosts.iter().filter(|host| hosts.contains(host)).cloned().collect();
                Rule { key: (*key).clone(), app, service, hosts: kept, priority: locked.priority }
            })
            .collect();
        let placed: BTreeSet<Host> = packed.iter().flat_map(|rule| rule.hosts.iter().cloned()).collect();
        for host in hosts.into_iter().filter(|host| !placed.contains(host)) {
            if let Some(rule) = packed.iter_mut().find(|rule| fits(&rule.hosts, host)) {
                rule.hosts.push(host.clone());
                continue;
            }
            let key =
                |ordinal| RuleKey { rack: rack.clone(), router, app: app_name.clone(), service: service_name.clone(), class, ordinal };
            let free = |key: &RuleKey| !old.rules.contains_key(key) && !taken.contains(key) && !packed.iter().any(|rule| rule.key == *key);
            let key = (1..=u32::MAX).map(key).find(free).expect("there are more ordinals than rules");
            packed.push(Rule { key, app, service, hosts: vec![host.clone()], priority: 0 });
        }
        packed.retain(|rule| !rule.hosts.is_empty());
        taken.extend(packed.iter().map(|rule| rule.key.clone()));
        rules.extend(packed);
    }
    rules.sort_by(|a, b| a.key.cmp(&b.key));
    rules
}
