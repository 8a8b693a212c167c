//! The order in which apps are deployed. A host that moves from one app to another is taken up by
//! its new app before the old one lets go of it, so that somebody answers at every moment.

use std::collections::{BTreeMap, BTreeSet};

use super::lock::Lock;
use super::rules::Rule;
use crate::fleet::Fleet;
use crate::host::Host;
use crate::routes::Router;

/// Apps in the order of their deployment: by name, but receivers of hosts before givers. Apps that
/// give to each other in a circle keep the order of their names.
pub(super) fn order(fleet: &Fleet, rules: &[Rule], old: &Lock) -> Vec<usize> {
    let mut holders: BTreeMap<(&str, Router, &Host), &str> = BTreeMap::new();
    for (key, rule) in &old.rules {
        holders.extend(rule.hosts.iter().map(|host| ((key.rack.as_str(), key.router, host), key.app.as_str())));
    }
    let place_of: BTreeMap<&str, usize> = fleet.apps.iter().enumerate().map(|(at, app)| (app.name.as_str(), at)).collect();
    let mut receivers: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for rule in rules {
        for host in &rule.hosts {
            let holder = holders.get(&(rule.key.rack.as_str(), rule.key.router, host)).and_then(|app| place_of.get(app));
            if let Some(giver) = holder.filter(|giver| **giver != rule.app) {
                receivers.entry(*giver).or_default().insert(rule.app);
            }
        }
    }

    let mut waiting: BTreeSet<usize> = (0..fleet.apps.len()).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while let Some(first) = waiting.first().copied() {
        let is_free = |at: &usize| receivers.get(at).is_none_or(|before| before.is_disjoint(&waiting));
        let next = waiting.iter().copied().find(is_free).unwrap_or(first);
        waiting.remove(&next);
        order.push(next);
    }
    order
}
