//! What stood before the last generation of the lock.

use std::collections::{BTreeMap, BTreeSet};

use super::Places;
use super::unit::{Stand, Unit};
use crate::demand::{ROUTERS, covers};
use crate::fleet::Fleet;
use crate::host::Host;
use crate::lock::{Lock, PortKey, RuleKey, TargetGroupKey};
use crate::routes::Router;

/// Everything that stood before.
pub(super) struct Before {
    /// Apps on racks, by their places in the fleet.
    pub(super) units: Vec<Unit>,
    /// Rules of apps that are gone, by rack: their stacks stay until somebody deletes them.
    pub(super) gone: BTreeMap<String, Vec<(RuleKey, Stand)>>,
    /// Ports of such apps, by rack.
    pub(super) gone_ports: BTreeMap<String, Vec<PortKey>>,
}

impl Before {
    pub(super) fn new(fleet: &Fleet, places: &Places<'_>, lock: &Lock, last: u32, wanted: &[Unit]) -> Self {
        let given = given_away(lock, last);
        let mut units = wanted.to_vec();
        for (unit, app) in units.iter_mut().zip(&fleet.apps) {
            let locked = lock.apps.get(&app.name);
            let rack = fleet.racks[app.rack].name.as_str();
            undo(unit, rack, lock, last, &given);
            for stand in unit.rules.values_mut() {
                if locked.is_some_and(|locked| locked.http == Some(last)) {
                    stand.http = false;
                } else if locked.is_some_and(|locked| locked.http_left == Some(last)) {
                    stand.http = true;
                }
            }
        }
        let mut gone: BTreeMap<String, Vec<(RuleKey, Stand)>> = BTreeMap::new();
        for ((_, _, number), retired) in lock.retired.iter().filter(|(_, retired)| retired.since == last) {
            let stand =
                Stand { priority: *number, hosts: retired.hosts.iter().cloned().collect(), http: retired.http, leads_to_old: false };
            // An app without a stack has no template any more, so the stack that it had stays as it is.
            let place = places.get(&(retired.key.rack.as_str(), retired.key.app.as_str()));
            match place.filter(|at| fleet.has_stack(**at)) {
                Some(at) => {
                    units[*at].rules.insert(retired.key.clone(), stand);
                }
                None => gone.entry(retired.key.rack.clone()).or_default().push((retired.key.clone(), stand)),
            }
        }
        let mut gone_ports: BTreeMap<String, Vec<PortKey>> = BTreeMap::new();
        for (key, port) in &lock.ports {
            let place = places.get(&(key.rack.as_str(), key.app.as_str())).filter(|at| fleet.has_stack(**at));
            match place {
                Some(at) if port.since == last => {
                    units[*at].ports.remove(&(key.router, key.port));
                }
                Some(at) if port.left == Some(last) => {
                    units[*at].ports.insert((key.router, key.port));
                }
                None if port.left == Some(last) => gone_ports.entry(key.rack.clone()).or_default().push(key.clone()),
                _ => {}
            }
        }
        for (unit, app) in units.iter_mut().zip(&fleet.apps) {
            lead_to_old(unit, &app.name, lock, last);
            unit.certificates = certificates(unit, (&fleet.racks[app.rack].name, &app.name), lock, last);
        }
        for (_, unit) in units.iter_mut().enumerate().filter(|(at, _)| !fleet.has_stack(*at)) {
            *unit = Unit::default();
        }
        Self { units, gone, gone_ports }
    }

    /// Ports on a rack of apps that are gone.
    pub(super) fn gone_ports_on(&self, rack: &str) -> &[PortKey] {
        self.gone_ports.get(rack).map_or(&[], Vec::as_slice)
    }

    /// Rules on a rack of apps that are gone.
    pub(super) fn gone_on(&self, rack: &str) -> &[(RuleKey, Stand)] {
        self.gone.get(rack).map_or(&[], Vec::as_slice)
    }
}

/// Hosts that rules gave away in the last generation, by rack and router. Where an older program
/// wrote the lock, nothing else says that whoever has them now did not have them before.
fn given_away(lock: &Lock, last: u32) -> BTreeSet<(&str, Router, &Host)> {
    let left = lock.rules.iter().flat_map(|(key, rule)| {
        rule.left.iter().filter(|(_, when)| **when == last).map(move |(host, _)| (key.rack.as_str(), key.router, host))
    });
    let retired = lock.retired.values().filter(|retired| retired.since == last);
    left.chain(retired.flat_map(|retired| retired.hosts.iter().map(|host| (retired.key.rack.as_str(), retired.key.router, host)))).collect()
}

/// Take back what the last generation did to the rules that live.
fn undo(unit: &mut Unit, rack: &str, lock: &Lock, last: u32, given: &BTreeSet<(&str, Router, &Host)>) {
    unit.rules.retain(|key, stand| {
        let Some(locked) = lock.rules.get(key) else { return false };
        stand.hosts.retain(|host| locked.joined.get(host) != Some(&last) && !given.contains(&(rack, key.router, host)));
        stand.hosts.extend(locked.left.iter().filter(|(_, when)| **when == last).map(|(host, _)| host.clone()));
        locked.since < last
    });
}

/// Lead the rules of an app to the target groups that the last generation replaced.
fn lead_to_old(unit: &mut Unit, app: &str, lock: &Lock, last: u32) {
    for (key, stand) in &mut unit.rules {
        let group = lock.target_groups.get(&TargetGroupKey { app: app.to_owned(), service: key.service.clone() });
        stand.leads_to_old = group.and_then(|group| group.was).is_some_and(|(_, changed)| changed == last);
    }
}

/// The certificates that stood before. The lock does not say on which routers: on those that had a
/// host of theirs, and where the names have changed, on all that had one at all.
fn certificates(unit: &Unit, (rack, app): (&str, &str), lock: &Lock, last: u32) -> BTreeSet<(Router, String)> {
    let mut certificates = BTreeSet::new();
    for (key, own) in lock.certificates_of(rack, app).filter(|(_, own)| own.since < last && own.left.is_none_or(|left| left == last)) {
        let is_other = own.changed == Some(last);
        let id = if is_other || own.left.is_some() { format!("before {key}") } else { own.names.join(" ") };
        let names = |host: &Host| own.names.iter().any(|name| covers(name, host));
        let had = |router: Router| unit.on(router).any(|(_, stand)| stand.hosts.iter().any(|host| is_other || names(host)));
        certificates.extend(ROUTERS.into_iter().filter(|router| had(*router)).map(|router| (router, id.clone())));
    }
    certificates
}
