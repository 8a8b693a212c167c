//! Routes packed into rules: up to five hosts of one service each, and as few changes as can be.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use super::bands::band;
use crate::fleet::{App, Fleet, Rack};
use crate::host::{Host, MAX_WILDCARDS};
use crate::lock::{Class, Lock, LockedRule, MAX_HOSTS, RuleKey};
use crate::routes::{Route, Router};

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

/// An app is the same wherever it stands in the fleet.
impl Hash for Rule {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { key, app: _, service, hosts, priority } = self;
        (key, service, hosts, priority).hash(state);
    }
}

/// What patterns must share to stand in one rule: then the rule has one place in the order.
pub fn group(host: &Host) -> (Class, usize) {
    if host.is_wildcard() { (Class::Wildcard, host.specificity()) } else { (Class::Exact, 0) }
}

/// Whether a host still fits into a rule with these hosts.
pub fn fits(hosts: &[Host], host: &Host) -> bool {
    hosts.len() < MAX_HOSTS && hosts.iter().map(Host::wildcards).sum::<usize>() + host.wildcards() <= MAX_WILDCARDS
}

/// Whether a pattern still comes behind everything inside of it when a host joins a rule that has its
/// number. Numbers that we chose see to that by their bands; those that were adopted do not.
fn keeps_order(rule: &Rule, host: &Host, old: &Lock) -> bool {
    let number = rule.priority;
    if number == 0 {
        return true; // it gets its number later, with this host in view
    }
    let holds = |outer: &Host, inner: &Host| outer != inner && outer.contains(inner);
    let is_wrong = |key: &RuleKey, other: &LockedRule| {
        // No exact host contains another one.
        let (outer_comes_first, inner_comes_last) = (other.priority < number, other.priority > number);
        (outer_comes_first && key.class == Class::Wildcard && other.hosts.iter().any(|outer| holds(outer, host)))
            || (inner_comes_last && host.is_wildcard() && other.hosts.iter().any(|inner| holds(host, inner)))
    };
    band(rule.key.class, std::slice::from_ref(host)).contains(&number)
        && !old.rules_on(&rule.key.rack, rule.key.router).any(|(key, other)| is_wrong(key, other))
}

/// Pack the routes of a fleet, which come app by app.
pub fn pack(fleet: &Fleet, routes: &[Route], old: &Lock) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for own in routes.chunk_by(|a, b| a.app == b.app) {
        let app = &fleet.apps[own[0].app];
        rules.extend(pack_app(app, &fleet.racks[app.rack], own, old));
    }
    rules.sort_by(|a, b| a.key.cmp(&b.key));
    rules
}

/// Pack the routes of one app on a rack. A host stays in the rule that the lock has it in; a new one
/// goes into the first rule of its service with room. Rules keep the lock's numbers, new ones have
/// none yet.
pub(super) fn pack_app(app: &App, rack: &Rack, routes: &[Route], old: &Lock) -> Vec<Rule> {
    let mut wanted: BTreeMap<(usize, Router, Class, usize), Vec<&Host>> = BTreeMap::new();
    for route in routes {
        let (class, specificity) = group(&route.host);
        wanted.entry((route.service, route.router, class, specificity)).or_default().push(&route.host);
    }
    let at = routes.first().map_or(0, |route| route.app);
    let known: Vec<(&RuleKey, &LockedRule)> = old.rules_of(&rack.name, &app.name).collect();
    let taken: BTreeSet<&RuleKey> = known.iter().map(|(key, _)| *key).collect();
    let mut new: BTreeSet<RuleKey> = BTreeSet::new();

    let mut rules: Vec<Rule> = Vec::new();
    for ((service, router, class, specificity), hosts) in wanted {
        let service_name = &app.manifest.services[service].name.value;
        let key =
            |ordinal| RuleKey { rack: rack.name.clone(), router, app: app.name.clone(), service: service_name.clone(), class, ordinal };
        let is_ours = |key: &RuleKey| key.router == router && key.service == *service_name && key.class == class;
        let of_group = |locked: &LockedRule| locked.hosts.first().is_some_and(|host| group(host) == (class, specificity));
        let mut unplaced: BTreeSet<&Host> = hosts.iter().copied().collect();
        let mut packed: Vec<Rule> = Vec::new();
        for (key, locked) in known.iter().filter(|(key, locked)| is_ours(key) && of_group(locked)) {
            let kept = locked.hosts.iter().filter(|host| unplaced.remove(host)).cloned().collect();
            packed.push(Rule { key: (*key).clone(), app: at, service, hosts: kept, priority: locked.priority });
        }
        let mut with_room = 0; // rules before this one are full
        let mut ordinal = 1; // ordinals before this one are taken
        for host in hosts.into_iter().filter(|host| unplaced.contains(host)) {
            while packed.get(with_room).is_some_and(|rule| rule.hosts.len() == MAX_HOSTS) {
                with_room += 1;
            }
            if let Some(rule) = packed[with_room..].iter_mut().find(|rule| fits(&rule.hosts, host) && keeps_order(rule, host, old)) {
                rule.hosts.push(host.clone());
                continue;
            }
            while taken.contains(&key(ordinal)) || !new.insert(key(ordinal)) {
                ordinal += 1;
            }
            packed.push(Rule { key: key(ordinal), app: at, service, hosts: vec![host.clone()], priority: 0 });
        }
        packed.retain(|rule| !rule.hosts.is_empty());
        rules.extend(packed);
    }
    rules.sort_by(|a, b| a.key.cmp(&b.key));
    rules
}
