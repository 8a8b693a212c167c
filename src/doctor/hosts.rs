//! Who answers at hosts that match the rules of several services on Convox: the lowest number does,
//! and numbers are hashes.

use std::collections::BTreeMap;

use super::collisions::owner;
use super::ends::Ends;
use super::rules::ConvoxRule;
use crate::diagnostics::codes::{CONVOX_COVERED, CONVOX_HOST_TAKEN, CONVOX_SWALLOWED, CONVOX_UNCLEAR_ORDER};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::App;
use crate::host::{Host, MAX_LENGTH};

/// Hosts that a message lists.
const LISTED: usize = 5;

/// A rule whose host and number are known.
#[derive(Clone, Copy)]
struct Claim<'a> {
    rule: &'a ConvoxRule,
    host: &'a Host,
    number: u32,
}

impl Claim<'_> {
    fn is_of(&self, other: &Claim<'_>) -> bool {
        (self.rule.app, self.rule.service) == (other.rule.app, other.rule.service)
    }
}

/// Report what the hosts of one listener do to each other; `rules` are all of it.
pub(super) fn check(apps: &[&App], rules: &[&ConvoxRule], out: &mut Diagnostics) {
    let mut by_host: BTreeMap<&str, Vec<Claim<'_>>> = BTreeMap::new();
    for rule in rules {
        if let (Some(host), Some(number)) = (&rule.host, rule.number) {
            by_host.entry(host.as_str()).or_default().push(Claim { rule, host, number });
        }
    }
    let mut ends = Ends::default();
    for claims in by_host.values_mut() {
        claims.sort_by_key(|claim| claim.number); // stable: of a collision the first app stays first
        if claims[0].host.is_wildcard() {
            ends.add(claims[0].host);
        }
    }
    let mut covered: BTreeMap<&str, Vec<Claim<'_>>> = BTreeMap::new();
    for claims in by_host.values() {
        let near: Vec<Claim<'_>> = ends.near(claims[0].host).into_iter().map(|pattern| by_host[pattern.as_str()][0]).collect();
        let around: Vec<&Claim<'_>> = near.iter().filter(|other| other.host.contains(claims[0].host)).collect();
        let answers = around.iter().copied().chain(claims).min_by_key(|claim| claim.number).unwrap_or(&claims[0]);
        for dead in claims.iter().filter(|claim| !claim.is_of(answers) && claim.number != answers.number) {
            if answers.host == dead.host { taken(apps, answers, dead, out) } else { swallowed(apps, dead, answers, out) }
        }
        if answers.host == claims[0].host {
            outside(apps, answers, &around, &mut covered, out);
        }
        across(apps, &claims[0], &near, out);
    }
    for (pattern, inside) in covered {
        say_covered(apps, &by_host[pattern][0], &inside, out);
    }
}

/// Say which patterns around a host come behind it, and whether anything but a hash says so.
fn outside<'a>(
    apps: &[&App],
    claim: &Claim<'a>,
    around: &[&Claim<'a>],
    covered: &mut BTreeMap<&'a str, Vec<Claim<'a>>>,
    out: &mut Diagnostics,
) {
    for other in around.iter().filter(|other| !other.is_of(claim) && other.number != claim.number) {
        if other.rule.tier() == claim.rule.tier() {
            unclear(apps, claim, other, &witness(claim.host), out);
        } else if other.rule.app != claim.rule.app {
            covered.entry(other.host.as_str()).or_default().push(*claim);
        }
    }
}

/// Say which patterns meet a pattern with neither inside the other.
fn across(apps: &[&App], claim: &Claim<'_>, near: &[Claim<'_>], out: &mut Diagnostics) {
    for other in near.iter().filter(|other| !other.is_of(claim) && other.number != claim.number) {
        if claim.host.is_wildcard()
            && !claim.host.contains(other.host)
            && !other.host.contains(claim.host)
            && is_said_here(claim.host, other.host)
            && let Some(both) = claim.host.overlap(other.host)
        {
            let (first, second) = if claim.number < other.number { (claim, other) } else { (other, claim) };
            unclear(apps, first, second, &full(&both, claim.host, other.host), out);
        }
    }
}

/// Of two patterns that may find each other, whether this one speaks.
fn is_said_here(this: &Host, other: &Host) -> bool {
    let tail = |host: &Host| host.as_str().len() - host.as_str().rfind(['*', '?']).map_or(0, |at| at + 1);
    tail(this) != tail(other) || this < other
}

/// A host that a pattern matches, or the host itself.
fn witness(host: &Host) -> String {
    let long = host.as_str().replace('*', "www").replace('?', "a");
    if long.len() <= MAX_LENGTH { long } else { host.as_str().replace('*', "").replace('?', "a") }
}

/// A host that both match, with a label in front of its first dot.
fn full(shortest: &str, a: &Host, b: &Host) -> String {
    let longer = format!("www{shortest}");
    if shortest.starts_with('.') && a.matches(&longer) && b.matches(&longer) { longer } else { shortest.to_owned() }
}

fn taken(apps: &[&App], first: &Claim<'_>, dead: &Claim<'_>, out: &mut Diagnostics) {
    let (winner, loser, host) = (owner(apps, first.rule), owner(apps, dead.rule), dead.rule.shown());
    out.report(
        Diagnostic::new(&CONVOX_HOST_TAKEN, dead.rule.place, format!("`{winner}` answers at `{host}`, and `{loser}` never does"))
            .label(format!("`{host}` has the number {} here", dead.number))
            .also(first.rule.place, format!("and {} here, which comes first", first.number))
            .help("give the host to one of them"),
    );
}

fn swallowed(apps: &[&App], inner: &Claim<'_>, outer: &Claim<'_>, out: &mut Diagnostics) {
    let (winner, loser) = (owner(apps, outer.rule), owner(apps, inner.rule));
    let (wide, narrow) = (outer.rule.shown(), inner.rule.shown());
    let at = witness(&Host::trusted(narrow.clone()));
    out.report(
        Diagnostic::new(
            &CONVOX_SWALLOWED,
            inner.rule.place,
            format!("`{winner}` answers at `{at}`, since `{wide}` comes before `{narrow}` of `{loser}`"),
        )
        .label(format!("`{narrow}` has the number {}", inner.number))
        .also(outer.rule.place, format!("`{wide}` has the number {}, which comes first", outer.number))
        .help("give both to one service, or make the wider pattern narrower"),
    );
}

fn unclear(apps: &[&App], first: &Claim<'_>, second: &Claim<'_>, both: &str, out: &mut Diagnostics) {
    let (winner, loser) = (owner(apps, first.rule), owner(apps, second.rule));
    let why = if first.rule.tier() == second.rule.tier() {
        "a hash decides it: another name, or another place of a domain in its list, may turn it round"
    } else {
        "Convox puts hosts that begin with `*.` behind all others, patterns too"
    };
    out.report(
        Diagnostic::new(&CONVOX_UNCLEAR_ORDER, second.rule.place, format!("`{winner}` answers at `{both}`, and not `{loser}`"))
            .label(format!("`{}` has the number {}, behind {}", second.rule.shown(), second.number, first.number))
            .also(first.rule.place, format!("`{}` has the number {}, which comes first", first.rule.shown(), first.number))
            .note(why)
            .help("give both to one service, or write patterns that do not meet; nothing to do while it is as it was meant"),
    );
}

fn say_covered(apps: &[&App], outer: &Claim<'_>, inside: &[Claim<'_>], out: &mut Diagnostics) {
    let who = owner(apps, outer.rule);
    let named = |claim: &Claim<'_>| format!("`{}` of `{}`", claim.rule.shown(), owner(apps, claim.rule));
    let mut listed: Vec<String> = inside.iter().take(LISTED).map(named).collect();
    if inside.len() > LISTED {
        listed.push(format!("{} more", inside.len() - LISTED));
    }
    let count = if inside.len() == 1 { "a host".to_owned() } else { format!("{} hosts", inside.len()) };
    out.report(
        Diagnostic::new(&CONVOX_COVERED, outer.rule.place, format!("`{}` of `{who}` covers {count} of other apps", outer.rule.shown()))
            .label(format!("whatever else is below goes to `{who}`"))
            .note(format!("before it come {}", listed.join(", "))),
    );
}
