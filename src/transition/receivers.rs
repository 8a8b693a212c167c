//! Who takes up the hosts that an app gave away: those must answer before the app lets go of them.

use std::collections::{BTreeMap, BTreeSet};

use super::Places;
use super::unit::Unit;
use crate::host::Host;
use crate::lock::Lock;
use crate::routes::Router;

/// Hosts that were given away, with the apps that did, by rack and router.
type OnRouter<'a> = BTreeMap<(&'a str, Router), Vec<(&'a Host, &'a BTreeSet<usize>)>>;

/// For each app, the apps that take up hosts it gave away, as far back as the lock remembers; by
/// themselves, or by patterns around or names inside of them.
pub(super) fn receivers(places: &Places<'_>, lock: &Lock, wanted: &[Unit]) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut given: BTreeMap<(&str, Router, &Host), BTreeSet<usize>> = BTreeMap::new();
    let left = lock.rules.iter().flat_map(|(key, rule)| rule.left.keys().map(move |host| (key, host)));
    let retired = lock.retired.values().flat_map(|gone| gone.hosts.iter().map(move |host| (&gone.key, host)));
    for (key, host) in left.chain(retired) {
        if let Some(giver) = places.get(&(key.rack.as_str(), key.app.as_str())) {
            given.entry((key.rack.as_str(), key.router, host)).or_default().insert(*giver);
        }
    }
    let mut receivers: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    if given.is_empty() {
        return receivers;
    }
    let mut patterns: OnRouter<'_> = BTreeMap::new();
    let mut all: OnRouter<'_> = BTreeMap::new();
    for ((rack, router, host), givers) in &given {
        all.entry((rack, *router)).or_default().push((host, givers));
        if host.is_wildcard() {
            patterns.entry((rack, *router)).or_default().push((host, givers));
        }
    }
    for (at, unit) in wanted.iter().enumerate() {
        for (key, stand) in &unit.rules {
            let router = (key.rack.as_str(), key.router);
            for host in &stand.hosts {
                let same = given.get(&(router.0, router.1, host)).into_iter().flatten();
                let near = if host.is_wildcard() { all.get(&router) } else { patterns.get(&router) };
                let near = near.into_iter().flatten().filter(|(other, _)| other.contains(host) || host.contains(other));
                for giver in same.chain(near.flat_map(|(_, givers)| *givers)).filter(|giver| **giver != at) {
                    receivers.entry(*giver).or_default().insert(at);
                }
            }
        }
    }
    receivers
}
