//! The new lock: what is given out now, and what this compile took away. A line that says the same
//! as before stays as it is, to the byte.

use std::collections::{BTreeMap, BTreeSet};

use super::{imports, ports};
use crate::compute::needs_instances;
use crate::demand::{Certificates, Rule, target_group};
use crate::fleet::{Compute, Fleet, Network, Rack};
use crate::host::Host;
use crate::lock::{
    CertificateKey, Lock, LockedApp, LockedCertificate, LockedRack, LockedRule, LockedShared, LockedTargetGroup, MAX_HOSTS, Retired,
    RetiredRule, RuleKey, SharedKey, TargetGroup, TargetGroupKey,
};

/// Numbers that are remembered of a router's removed rules, the youngest ones. As many as the router
/// itself may hold by default: an older removal has long been deployed. What this compile removes is
/// remembered however much it is, for the way to what is wanted begins with it.
const MOST_RETIRED: usize = 100;
/// Certificates that are remembered of a rack after they were taken away.
const MOST_LEFT: usize = 25;

pub(super) fn remember(fleet: &Fleet, rules: &[Rule], certificates: &Certificates, apps: &BTreeMap<String, LockedApp>, old: &Lock) -> Lock {
    let now = old.generation() + 1;
    let living: BTreeMap<RuleKey, LockedRule> = rules.iter().map(|rule| (rule.key.clone(), remembered(rule, old, now))).collect();
    let on_80: BTreeSet<&str> = fleet.apps.iter().filter(|app| !app.params.redirect_https).map(|app| app.name.as_str()).collect();
    Lock {
        apps: apps.iter().map(|(name, app)| (name.clone(), on_port_80(&on_80, name, app, old, now))).collect(),
        target_groups: target_groups(fleet, rules, old, now),
        ports: ports::remember(fleet, old, now),
        retired: retired(&living, old, now),
        racks: racks(fleet, old),
        certificates: own(certificates, old, now),
        shared: shared(fleet, certificates, old, now),
        strangers: old.strangers.clone(),
        stranger_certificates: old.stranger_certificates.clone(),
        rules: living,
        ..Lock::default()
    }
}

fn remembered(rule: &Rule, old: &Lock, now: u32) -> LockedRule {
    let Some(before) = old.rules.get(&rule.key) else {
        return LockedRule {
            priority: rule.priority,
            hosts: rule.hosts.clone(),
            since: now,
            left: BTreeMap::new(),
            joined: BTreeMap::new(),
        };
    };
    let mut left: BTreeMap<Host, u32> = before.left.clone();
    left.extend(before.hosts.iter().map(|host| (host.clone(), now)).filter(|(host, _)| !before.left.contains_key(host)));
    left.retain(|host, _| !rule.hosts.contains(host));
    while left.len() > MAX_HOSTS {
        let oldest = left.iter().min_by_key(|(host, when)| (**when, *host)).map(|(host, _)| host.clone());
        left.remove(&oldest.expect("there are more than five"));
    }
    let mut joined: BTreeMap<Host, u32> =
        rule.hosts.iter().filter(|host| !before.hosts.contains(host)).map(|host| (host.clone(), now)).collect();
    if joined.is_empty() {
        joined.clone_from(&before.joined);
        joined.retain(|host, _| rule.hosts.contains(host));
    }
    LockedRule { priority: rule.priority, hosts: rule.hosts.clone(), since: before.since, left, joined }
}

/// What target groups are made of, and of what before. Where the lock does not know it they are taken
/// for those that stand. Where ECS registers targets, each brings its own port and that of the group is
/// only a word, so a new port in the manifest replaces nothing.
fn target_groups(fleet: &Fleet, rules: &[Rule], old: &Lock, now: u32) -> BTreeMap<TargetGroupKey, LockedTargetGroup> {
    let mut target_groups = BTreeMap::new();
    for rule in rules {
        let app = &fleet.apps[rule.app];
        let rack = &fleet.racks[app.rack];
        let Some(wanted) = target_group(app, rule.service, rack) else { continue };
        let key = TargetGroupKey { app: rule.key.app.clone(), service: rule.key.service.clone() };
        let serves = |known: &TargetGroup| rack.compute != Compute::None && TargetGroup { port: known.port, ..wanted } == *known;
        let known = old.target_groups.get(&key).copied().unwrap_or(LockedTargetGroup { is: wanted, was: None });
        let stays = known.is == wanted || serves(&known.is);
        let group = if stays { known } else { LockedTargetGroup { is: wanted, was: Some((known.is, now)) } };
        target_groups.insert(key, group);
    }
    target_groups
}

/// Since when an app's rules stand on port 80 too, or until when they did.
fn on_port_80(on_80: &BTreeSet<&str>, name: &str, app: &LockedApp, old: &Lock, now: u32) -> LockedApp {
    let before = old.apps.get(name);
    let on_80 = on_80.contains(name);
    let was_on_80 = before.and_then(|before| before.http);
    let http = on_80.then(|| was_on_80.unwrap_or(now));
    let http_left = match (was_on_80, on_80) {
        (Some(_), false) => Some(now),
        (_, true) => None,
        (None, false) => before.and_then(|before| before.http_left),
    };
    LockedApp { http, http_left, ..app.clone() }
}

fn retired(living: &BTreeMap<RuleKey, LockedRule>, old: &Lock, now: u32) -> Retired {
    let mut retired = old.retired.clone();
    for (key, rule) in old.rules.iter().filter(|(key, _)| !living.contains_key(key)) {
        let http = old.apps.get(&key.app).is_some_and(|app| app.http.is_some());
        let gone = RetiredRule { key: key.clone(), hosts: rule.hosts.clone(), http, since: now };
        retired.insert((key.rack.clone(), key.router, rule.priority), gone);
    }
    for (key, rule) in living {
        retired.remove(&(key.rack.clone(), key.router, rule.priority)); // it is in use again
    }
    let mut by_router: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for ((rack, router, number), gone) in &retired {
        by_router.entry((rack.clone(), *router)).or_default().push((gone.since, *number));
    }
    let last = retired.values().map(|gone| gone.since).max();
    for ((rack, router), mut numbers) in by_router {
        numbers.sort_unstable();
        let too_many = numbers.len().saturating_sub(MOST_RETIRED);
        for (_, number) in numbers.iter().take(too_many).filter(|(since, _)| Some(*since) != last) {
            retired.remove(&(rack.clone(), router, *number));
        }
    }
    retired
}

/// Certificates of apps, and the last ones that are gone.
fn own(certificates: &Certificates, old: &Lock, now: u32) -> BTreeMap<CertificateKey, LockedCertificate> {
    let living = certificates.apps.values().flatten().map(|own| (own.key.clone(), certificate(&own.key, &own.names, old, now)));
    let mut own: BTreeMap<CertificateKey, LockedCertificate> = living.collect();
    let mut gone: Vec<(u32, CertificateKey)> = Vec::new();
    for (key, before) in old.certificates.iter().filter(|(key, _)| !own.contains_key(*key)).collect::<Vec<_>>() {
        let left = before.left.unwrap_or(now);
        gone.push((left, key.clone()));
        own.insert(key.clone(), LockedCertificate { left: Some(left), ..before.clone() });
    }
    gone.sort();
    let mut by_rack: BTreeMap<&str, Vec<&CertificateKey>> = BTreeMap::new();
    for (_, key) in &gone {
        by_rack.entry(&key.rack).or_default().push(key);
    }
    for keys in by_rack.values() {
        for key in keys.iter().take(keys.len().saturating_sub(MOST_LEFT)) {
            // What this compile takes away is remembered whole.
            if own[*key].left != Some(now) {
                own.remove(*key);
            }
        }
    }
    own
}

fn certificate(key: &CertificateKey, names: &[String], old: &Lock, now: u32) -> LockedCertificate {
    let mut names = names.to_vec();
    names.sort();
    match old.certificates.get(key) {
        None => LockedCertificate { names, since: now, ..LockedCertificate::default() },
        Some(before) if before.names == names && before.left.is_none() => before.clone(),
        // One that is gone may still be there, so what takes its line takes its place.
        Some(before) => LockedCertificate { names, since: before.since, changed: Some(now), left: None },
    }
}

/// What apps import of racks. A rack that nobody writes any more is forgotten with its last app.
fn racks(fleet: &Fleet, old: &Lock) -> BTreeMap<String, LockedRack> {
    let homes: BTreeSet<&str> =
        old.apps.values().flat_map(|app| std::iter::once(&app.rack).chain(&app.moving_to)).map(String::as_str).collect();
    let mut racks: BTreeMap<String, LockedRack> =
        old.racks.iter().filter(|(name, _)| homes.contains(name.as_str())).map(|(name, rack)| (name.clone(), rack.clone())).collect();
    let needing: BTreeSet<usize> = fleet.apps.iter().filter(|app| needs_instances(app)).map(|app| app.rack).collect();
    let imports = imports::imports(fleet);
    for ((at, rack), imports) in fleet.racks.iter().enumerate().zip(imports).filter(|((_, rack), _)| !rack.external) {
        let is_needed = needing.contains(&at) || old.racks.get(&rack.name).is_some_and(|before| before.instances);
        let known = LockedRack { instances: rack.has_instances(is_needed), imports, ..imported(rack) };
        racks.insert(rack.name.clone(), known);
    }
    racks
}

/// What apps import of a rack and nothing can change under them.
pub(super) fn imported(rack: &Rack) -> LockedRack {
    let suffix = &rack.params.internal_router_suffix;
    let named = rack.has_router_internal() && !suffix.is_empty();
    LockedRack {
        network: match &rack.network {
            Network::Create => rack.params.vpc_cidr.to_string(),
            Network::Brought { vpc, .. } => vpc.clone(),
        },
        internal_router: named.then(|| format!("{}{suffix}", rack.name)),
        ..LockedRack::default()
    }
}

fn shared(fleet: &Fleet, certificates: &Certificates, old: &Lock, now: u32) -> BTreeMap<SharedKey, LockedShared> {
    let wanted: BTreeSet<SharedKey> = certificates
        .shared
        .iter()
        .flat_map(|((rack, router), arns)| arns.iter().map(|arn| (fleet.racks[*rack].name.clone(), *router, arn.clone())))
        .collect();
    let mut shared = old.shared.clone();
    for (key, known) in &mut shared {
        if wanted.contains(key) {
            *known = LockedShared { since: if known.left.is_some() { now } else { known.since }, left: None };
        } else {
            known.left.get_or_insert(now);
        }
    }
    for key in wanted {
        shared.entry(key).or_insert(LockedShared { since: now, left: None });
    }
    let mut left: Vec<(u32, SharedKey)> = shared.iter().filter_map(|(key, known)| Some((known.left?, key.clone()))).collect();
    left.sort();
    for (_, key) in left.iter().take(left.len().saturating_sub(MOST_LEFT)) {
        shared.remove(key);
    }
    shared
}
