//! How full each router is before, while the stacks are updated, and after.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::Compared;
use super::holdings::Holdings;
use super::replacement::Recreates;
use super::{KindUse, ResourceFate, RouterUse};
use crate::demand::{ROUTERS, WORDS};
use crate::forecast::{Forecast, RouterForecast};
use crate::routes::Router;

/// Rules, target groups and certificates.
type Kinds = [usize; 3];

fn plus(a: Kinds, b: Kinds) -> Kinds {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// What a stack has on a router, and what it has while it goes from one state to the next: everything new is
/// there before anything old is gone.
fn load(holdings: Option<&Holdings>, next: Option<&Holdings>, rack: &str, router: Router) -> Kinds {
    let both = || holdings.into_iter().chain(next);
    let rules: BTreeSet<&str> = both().flat_map(|one| one.rules_on(rack, router)).map(|rule| rule.id.as_str()).collect();
    let target_groups: BTreeSet<&str> = both().flat_map(|one| one.target_groups(rack, router)).collect();
    let certificates: BTreeSet<&str> = both().flat_map(|one| one.certificates_on(rack, router)).collect();
    [rules.len(), target_groups.len(), certificates.len()]
}

/// Logical IDs of the resources of a step that stand twice while it lasts.
fn doubled(stack: &Compared, step: usize) -> BTreeSet<&str> {
    let changes = stack.changes.iter().filter(|(at, _)| *at == step).flat_map(|(_, change)| &change.resources);
    let is_double = |change: &&super::ResourceChange| change.change == ResourceFate::Replace && change.replacement == Recreates::Always;
    changes.filter(is_double).map(|change| change.id.as_str()).collect()
}

/// The routers of open racks, as full as they are.
pub(super) fn routers(compared: &[Compared], forecast: &Forecast) -> Vec<RouterUse> {
    let mut before: BTreeMap<(&str, Router), Kinds> = BTreeMap::new();
    let mut after: BTreeMap<(&str, Router), Kinds> = BTreeMap::new();
    let mut old_racks: BTreeSet<&str> = BTreeSet::new();
    for stack in compared {
        if stack.before.is_some() {
            old_racks.insert(&stack.rack);
        }
        for router in ROUTERS {
            let at = (stack.rack.as_str(), router);
            let kinds = |holdings: Option<&Holdings>| load(holdings, None, &stack.rack, router);
            let (was, is) = (before.entry(at).or_default(), after.entry(at).or_default());
            *was = plus(*was, kinds(stack.before.as_deref()));
            *is = plus(*is, kinds(stack.after.last().map(|(_, holdings)| &**holdings)));
        }
    }
    let peaks = peaks(compared, &before);
    let of = |router: &RouterForecast| {
        let at = (router.rack.as_str(), router.router);
        let read = |all: &BTreeMap<(&str, Router), Kinds>| all.get(&at).copied().unwrap_or_default();
        let (was, peak, is) = (read(&before), read(&peaks), read(&after));
        let kind = |kind: usize| {
            // What others put on the router stands in no template of ours.
            let others = router.held[kind].saturating_sub(is[kind]);
            KindUse {
                kind: WORDS[kind],
                before: if old_racks.contains(at.0) { was[kind] + others } else { 0 },
                peak: peak[kind].max(is[kind]) + others,
                after: is[kind] + others,
                quota: router.most[kind],
                binds: router.binds == Some(kind),
            }
        };
        RouterUse {
            rack: router.rack.clone(),
            router: router.router.word(),
            is_new: !old_racks.contains(at.0),
            kinds: [kind(0), kind(1), kind(2)],
            fit: router.fit,
            is_full: router.is_full,
        }
    };
    forecast.routers.iter().map(of).collect()
}

/// The most that stands on each router at once, when the stacks are updated in their order.
fn peaks<'a>(compared: &'a [Compared], before: &BTreeMap<(&'a str, Router), Kinds>) -> BTreeMap<(&'a str, Router), Kinds> {
    let mut now = before.clone();
    let mut peaks = before.clone();
    let changed = compared.iter().enumerate().filter(|(_, stack)| !stack.is_kept());
    let mut steps: Vec<(usize, usize, usize)> =
        changed.flat_map(|(at, stack)| stack.after.iter().enumerate().map(move |(nth, (step, _))| (*step, at, nth))).collect();
    steps.sort_unstable();
    for (step, at, nth) in steps {
        let stack = &compared[at];
        let current = if nth == 0 { stack.before.as_deref() } else { Some(&*stack.after[nth - 1].1) };
        let next = &*stack.after[nth].1;
        let doubled = doubled(stack, step);
        for router in ROUTERS {
            let place = (stack.rack.as_str(), router);
            let (own, is) = (load(current, None, place.0, router), load(Some(next), None, place.0, router));
            let mut both = load(current, Some(next), place.0, router);
            both[1] += next.target_groups(place.0, router).iter().filter(|id| doubled.contains(*id)).count();
            let total = now.entry(place).or_default();
            let peak = peaks.entry(place).or_default();
            for kind in 0..both.len() {
                peak[kind] = peak[kind].max(total[kind] - own[kind] + both[kind]);
                total[kind] = total[kind] - own[kind] + is[kind];
            }
        }
    }
    peaks
}
