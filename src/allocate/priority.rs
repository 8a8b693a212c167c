//! Numbers of rules. Sparse, unique on a listener, never changed while the rule lives.
//!
//! A new rule gets the slot that a hash of its identity names, or the next free one, in the band
//! of its hosts: exact hosts first, then patterns, the more specific ones first. Ports 80 and 443
//! of a router share the numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};

use crate::demand::{EXACT, Rule, WILDCARD, band};
use crate::diagnostics::codes::NO_NUMBER;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::host::Host;
use crate::lock::{Class, Lock, NUMBERS, RuleKey};
use crate::routes::{Route, Router};

/// The slot that a hash of the identity names. Each part ends with a byte that no part holds, so
/// no two identities spell the same. The rack is left out: an app has the same numbers everywhere.
fn slot(key: &RuleKey, width: u32) -> u32 {
    let mut hash = Sha256::new();
    for part in [&key.app, &key.service, key.router.word(), key.class.word(), &key.ordinal.to_string()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let bytes: [u8; 8] = hash.finalize()[..8].try_into().expect("a digest has 32 bytes");
    u32::try_from(u64::from_be_bytes(bytes) % u64::from(width)).expect("less than the width")
}

/// The number that a new rule gets where nothing stands in the way.
pub fn first_choice(key: &RuleKey, hosts: &[Host]) -> u32 {
    let band = band(key.class, hosts);
    band.start() + slot(key, band.end() - band.start() + 1)
}

/// Who held a number of a router.
type Held<'a> = BTreeMap<(&'a str, Router, u32), &'a RuleKey>;

/// Give every rule without a number one.
pub(super) fn number(rules: &mut [Rule], old: &Lock, routes: &[Route], out: &mut Diagnostics) {
    let mut listeners: BTreeMap<(String, Router), Vec<usize>> = BTreeMap::new();
    for (at, rule) in rules.iter().enumerate() {
        listeners.entry((rule.key.rack.clone(), rule.key.router)).or_default().push(at);
    }
    let mut strangers: BTreeMap<(&str, Router), BTreeSet<u32>> = BTreeMap::new();
    for (rack, router, _, number) in old.strangers.keys() {
        strangers.entry((rack, *router)).or_default().insert(*number);
    }
    let nobody = BTreeSet::new();
    // Numbers that rules had before this compile, and those of rules that are gone for longer.
    let mut held: Held = old.retired.iter().map(|((rack, router, number), gone)| ((rack.as_str(), *router, *number), &gone.key)).collect();
    held.extend(old.rules.iter().map(|(key, locked)| ((key.rack.as_str(), key.router, locked.priority), key)));
    let mut returning: BTreeMap<&RuleKey, (u32, u32)> = BTreeMap::new();
    for ((_, _, number), gone) in &old.retired {
        let last = returning.entry(&gone.key).or_default();
        *last = (*last).max((gone.since, *number));
    }
    for ((rack, router), members) in &listeners {
        let others = strangers.get(&(rack.as_str(), *router)).unwrap_or(&nobody);
        let mut used: BTreeMap<u32, usize> =
            members.iter().map(|at| (rules[*at].priority, *at)).filter(|(number, _)| *number > 0).collect();
        let new: Vec<usize> = members.iter().copied().filter(|at| rules[*at].priority == 0).collect();
        for at in new {
            // A rule that returns may still be deployed: it gets the number back that it had last.
            let own = returning.get(&rules[at].key).map(|(_, number)| *number).filter(|number| {
                let is_free = !used.contains_key(number) && !others.contains(number);
                is_free && band(rules[at].key.class, &rules[at].hosts).contains(number) && bounds(rules, &used, at).contains(number)
            });
            if let Some(number) = own.or_else(|| free(rules, &used, others, &held, at)) {
                used.insert(number, at);
                rules[at].priority = number;
            } else {
                out.report(none_free(&rules[at], routes));
            }
        }
        check_order(rules, members, old, out);
    }
}

/// The number for a new rule: the slot that its identity names in the band of its hosts, or the
/// next one that is free and keeps the order.
fn free(rules: &[Rule], used: &BTreeMap<u32, usize>, others: &BTreeSet<u32>, held: &Held, at: usize) -> Option<u32> {
    let key = &rules[at].key;
    let (bounds, band) = (bounds(rules, used, at), band(key.class, &rules[at].hosts));
    let probe = |range: RangeInclusive<u32>| {
        let width = range.end() - range.start() + 1;
        let start = slot(key, width);
        let bounds = bounds.clone();
        (0..width)
            .map(move |step| range.start() + (start + step) % width)
            .filter(move |number| bounds.contains(number) && !used.contains_key(number) && !others.contains(number))
    };
    let never_held = |number: &u32| held.get(&(key.rack.as_str(), key.router, *number)).is_none_or(|before| *before == key);
    // When all free numbers were in use once, one of these is better than none; outside of the band
    // there may be one where the lock has numbers that rackform did not choose.
    probe(band.clone()).find(never_held).or_else(|| probe(band).next()).or_else(|| probe(whole(key.class)).find(never_held))
}

/// The numbers of rules of a class.
fn whole(class: Class) -> RangeInclusive<u32> {
    match class {
        Class::Exact => EXACT,
        Class::Wildcard => WILDCARD,
    }
}

fn none_free(rule: &Rule, routes: &[Route]) -> Diagnostic {
    let message = format!("no number is free for a rule of `{}/{}`", rule.key.app, rule.key.service);
    let route = routes.iter().find(|route| route.app == rule.app && rule.hosts.contains(&route.host));
    Diagnostic::new(&NO_NUMBER, route.map(|route| route.place), message)
        .note(format!("its hosts are {}", rule.hosts.iter().map(Host::as_str).collect::<Vec<_>>().join(", ")))
        .help("use fewer patterns that contain each other, or another rack")
}

/// Numbers that keep a pattern behind everything inside of it and before everything around it.
fn bounds(rules: &[Rule], used: &BTreeMap<u32, usize>, at: usize) -> RangeInclusive<u32> {
    let (mut low, mut high) = (*NUMBERS.start(), *NUMBERS.end());
    for (number, other) in used.iter().map(|(number, other)| (number, &rules[*other])) {
        if rules[at].key.class == Class::Exact && other.key.class == Class::Exact {
            continue;
        }
        if around(&rules[at], other) {
            low = low.max(number + 1);
        } else if around(other, &rules[at]) {
            high = high.min(number - 1);
        }
    }
    low..=high
}

/// Whether a host of one rule contains a host of another one, and is not the same.
fn around(outer: &Rule, inner: &Rule) -> bool {
    let holds = |o: &Host, i: &Host| o != i && o.contains(i) && !i.contains(o);
    outer.hosts.iter().any(|o| inner.hosts.iter().any(|i| holds(o, i)))
}

/// What lives on can come to stand wrong only if the lock was written by hand, if rules were adopted
/// or if a pattern joined a rule of its specificity; all are too rare to move numbers for.
fn check_order(rules: &[Rule], members: &[usize], old: &Lock, out: &mut Diagnostics) {
    let numbered = || members.iter().map(|at| &rules[*at]).filter(|rule| rule.priority > 0);
    for rule in numbered().filter(|rule| rule.key.class == Class::Wildcard) {
        let is_same = |inner: &Rule| (inner.app, inner.service) == (rule.app, rule.service) && inner.key.class == Class::Exact;
        let wrong =
            numbered().any(|inner| rule.key != inner.key && !is_same(inner) && rule.priority <= inner.priority && around(rule, inner));
        if wrong {
            let message = format!("rule {} comes before hosts that it contains", rule.key);
            out.report(
                Diagnostic::new(&NO_NUMBER, old.line(&rule.key.to_string()), message)
                    .note(format!("its number is {} and can't be changed while it lives", rule.priority))
                    .help("remove its line from rackform.lock if the number was written by hand or adopted, and it gets another one; or make its patterns narrower"),
            );
        }
    }
}
