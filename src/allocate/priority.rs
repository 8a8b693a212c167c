//! Numbers of rules. Sparse, unique on a listener, never changed while the rule lives.
//!
//! A new rule gets the slot that a hash of its identity names, or the next free one, in the band
//! of its hosts: exact hosts first, then patterns, the more specific ones first. Ports 80 and 443
//! of a router share the numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};

use super::lock::{Lock, Retired, RuleKey};
use super::rules::{Class, Rule};
use crate::diagnostics::codes::NO_NUMBER;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::host::{Host, MAX_LENGTH};
use crate::routes::{Route, Router};

/// Numbers of rules with exact hosts.
pub const EXACT: RangeInclusive<u32> = 1..=19_999;
/// Numbers of rules with patterns. AWS takes 1 to 50000.
pub const WILDCARD: RangeInclusive<u32> = 20_000..=49_999;

/// The numbers of rules of a class.
pub(super) fn range(class: Class) -> RangeInclusive<u32> {
    match class {
        Class::Exact => EXACT,
        Class::Wildcard => WILDCARD,
    }
}

/// Numbers that patterns of one specificity have. There are as many bands as a host may have
/// characters, and what is inside of a pattern has at least as many characters that are no `*`.
#[allow(clippy::cast_possible_truncation)] // MAX_LENGTH is 128
const BAND: u32 = (*WILDCARD.end() - *WILDCARD.start() + 1) / (MAX_LENGTH as u32 + 1);

/// The numbers that a rule with these hosts may have.
fn band(rule: &Rule) -> RangeInclusive<u32> {
    match rule.key.class {
        Class::Exact => EXACT,
        Class::Wildcard => {
            let specificity = rule.hosts.first().map_or(0, Host::specificity).min(MAX_LENGTH);
            let from_the_end = u32::try_from(MAX_LENGTH - specificity).unwrap_or(0);
            let start = WILDCARD.start() + from_the_end * BAND;
            start..=start + BAND - 1
        }
    }
}

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

/// Give every rule without a number one; returns the numbers that are not to be given out again.
pub(super) fn number(rules: &mut [Rule], old: &Lock, routes: &[Route], out: &mut Diagnostics) -> Retired {
    let living: BTreeSet<RuleKey> = rules.iter().map(|rule| rule.key.clone()).collect();
    let gone = old.rules.iter().filter(|(key, _)| !living.contains(key));
    let mut retired = old.retired.clone();
    retired.extend(gone.map(|(key, locked)| ((key.rack.clone(), key.router, locked.priority), key.clone())));

    let mut listeners: BTreeMap<(String, Router), Vec<usize>> = BTreeMap::new();
    for (at, rule) in rules.iter().enumerate() {
        listeners.entry((rule.key.rack.clone(), rule.key.router)).or_default().push(at);
    }
    for members in listeners.values() {
        let mut used: BTreeMap<u32, usize> =
            members.iter().map(|at| (rules[*at].priority, *at)).filter(|(number, _)| *number > 0).collect();
        let new: Vec<usize> = members.iter().copied().filter(|at| rules[*at].priority == 0).collect();
        for at in new {
            if let Some(number) = free(rules, &used, &retired, at) {
                used.insert(number, at);
                rules[at].priority = number;
            } else {
                out.report(none_free(&rules[at], routes));
            }
        }
        check_order(rules, members, old, out);
    }
    for rule in rules {
        retired.remove(&(rule.key.rack.clone(), rule.key.router, rule.priority)); // it lives
    }
    retired
}

/// The number for a new rule: the slot that its identity names in the band of its hosts, or the
/// next one that is free and keeps the order.
fn free(rules: &[Rule], used: &BTreeMap<u32, usize>, retired: &Retired, at: usize) -> Option<u32> {
    let (key, bounds, band) = (&rules[at].key, bounds(rules, used, at), band(&rules[at]));
    let width = band.end() - band.start() + 1;
    let start = slot(key, width);
    let probe = || (0..width).map(|step| band.start() + (start + step) % width).filter(|n| bounds.contains(n) && !used.contains_key(n));
    let never_held = |number: &u32| retired.get(&(key.rack.clone(), key.router, *number)).is_none_or(|before| before == key);
    // When all free numbers were in use once, one of these is better than none.
    probe().find(never_held).or_else(|| probe().next())
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
    let (mut low, mut high) = (1, 50_000);
    if rules[at].key.class == Class::Wildcard {
        for (number, other) in used.iter().filter(|(_, other)| rules[**other].key.class == Class::Wildcard) {
            if around(&rules[at], &rules[*other]) {
                low = low.max(number + 1);
            } else if around(&rules[*other], &rules[at]) {
                high = high.min(number - 1);
            }
        }
    }
    low..=high
}

/// Whether a host of one rule contains a host of another one, and is not the same.
fn around(outer: &Rule, inner: &Rule) -> bool {
    let holds = |o: &Host, i: &Host| o != i && o.may_meet(i) && o.contains(i) && !i.contains(o);
    outer.hosts.iter().any(|o| inner.hosts.iter().any(|i| holds(o, i)))
}

/// What lives on can come to stand wrong only if the lock was written by hand or if a pattern
/// joined a rule of its specificity; both are too rare to move numbers for.
fn check_order(rules: &[Rule], members: &[usize], old: &Lock, out: &mut Diagnostics) {
    let last_exact = members.iter().filter(|at| rules[**at].key.class == Class::Exact).map(|at| rules[*at].priority).max().unwrap_or(0);
    let wildcards: Vec<&Rule> =
        members.iter().map(|at| &rules[*at]).filter(|rule| rule.key.class == Class::Wildcard && rule.priority > 0).collect();
    for rule in &wildcards {
        let wrong = rule.priority <= last_exact
            || wildcards.iter().any(|inner| rule.key != inner.key && around(rule, inner) && rule.priority <= inner.priority);
        if wrong {
            let message = format!("rule {} comes before hosts that it contains", rule.key);
            out.report(
                Diagnostic::new(&NO_NUMBER, old.line(&rule.key.to_string()), message)
                    .note(format!("its number is {} and can't be changed while it lives", rule.priority))
                    .help("remove its line from rackform.lock if the number was written by hand, or make its patterns narrower"),
            );
        }
    }
}
