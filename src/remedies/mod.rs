//! Ways out when something does not fit, the cheapest first: what a line in a file mends, then what
//! AWS must be asked for, then one more rack, then a move of an app.

mod no_room;
mod overflow;

pub use no_room::Full;
pub use overflow::overflow;

use std::collections::BTreeMap;

use crate::demand::{self, Demand, ROUTERS, WORDS, quota};
use crate::fleet::{App, Rack};
use crate::routes::Router;

/// What the quotas that can be raised are called at AWS; target groups can't be.
const SERVICE_QUOTAS: [Option<&str>; 3] = [Some("L-7EED9B64"), None, Some("L-9365A611")];
/// Apps that one sentence names.
const NAMED: usize = 5;
/// Quotas are asked for in steps of so many.
const STEP: usize = 25;

/// How a quota is raised; none for one that can't be.
pub fn raise_quota(kind: usize) -> Option<String> {
    let code = SERVICE_QUOTAS[kind]?;
    Some(format!("let AWS raise the quota {code} of {} and write `quotas` for the rack", WORDS[kind]))
}

/// Ways out as a list, the cheapest first.
pub fn ranked(ways: &[String]) -> String {
    match ways {
        [way] => way.clone(),
        ways => {
            let lines: Vec<String> = ways.iter().enumerate().map(|(at, way)| format!("{}. {way}", at + 1)).collect();
            format!("ways out, the cheapest first:\n{}", lines.join("\n"))
        }
    }
}

/// Names of apps for a sentence.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > NAMED { format!("{shown} and {} more", names.len() - NAMED) } else { shown }
}

/// What apps would save of a router's rules without the default names that their own domains do
/// without, the most first.
fn savings<'a>(apps: impl Iterator<Item = (&'a App, &'a Demand)>, rack: &Rack, router: Router) -> Vec<(usize, &'a str)> {
    let saved = |(app, now): (&'a App, &'a Demand)| {
        let without = demand::without_internal_domains(app, rack).routers[router as usize].rules;
        (now.routers[router as usize].rules.saturating_sub(without), app.name.as_str())
    };
    let mut savings: Vec<(usize, &str)> =
        apps.filter(|(app, _)| app.params.internal_domains).map(saved).filter(|(saved, _)| *saved > 0).collect();
    savings.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
    savings
}

/// The fewest of them that save enough, in words; none where all of them do not.
fn enough(savings: &[(usize, &str)], excess: usize) -> Option<String> {
    let mut frees = 0;
    let needed = savings.iter().position(|(saved, _)| {
        frees += saved;
        frees >= excess
    })?;
    let names = savings[..=needed].iter().map(|(_, name)| *name);
    Some(format!("set `InternalDomains: No` on {}, which frees {}", list(names), counted(frees, WORDS[0])))
}

/// The wildcard certificate that would free the most.
fn shared_certificate<'a>(apps: impl Iterator<Item = &'a App>, rack: &Rack) -> Option<String> {
    let mut frees: BTreeMap<String, usize> = BTreeMap::new();
    for app in apps {
        for (parent, freed) in demand::freed_by_wildcards(app, rack) {
            *frees.entry(parent).or_default() += freed;
        }
    }
    let (parent, freed) = frees.into_iter().filter(|(_, freed)| *freed > 1).max_by(|a, b| (a.1, &b.0).cmp(&(b.1, &a.0)))?;
    Some(format!("list one certificate for *.{parent} under `certificates` of `{}`, which frees {} of them", rack.name, freed - 1))
}

/// Higher quotas of some kinds, such that routers may hold what they would, and what binds next; none
/// where one of them can't be raised. New apps leave a headroom free.
fn raise(rack: &Rack, whose: &str, kinds: &[usize], loads: &[(Router, [usize; 3])], headroom: u32) -> Option<String> {
    let codes: Vec<&str> = kinds.iter().map(|kind| SERVICE_QUOTAS[*kind]).collect::<Option<_>>()?;
    let quotas = |kind: &usize| {
        let load = loads.iter().map(|(_, load)| load[*kind]).max().unwrap_or_default();
        let is_enough = |most: &usize| most - (most * headroom as usize).div_ceil(100) >= load;
        let most = (load.next_multiple_of(STEP)..).step_by(STEP).find(is_enough)?;
        Some(format!("{}: {most}", WORDS[*kind]))
    };
    let quotas: Vec<String> = kinds.iter().filter_map(quotas).collect();
    let most = quota(rack).kinds();
    let others = |(router, load): &(Router, [usize; 3])| {
        let (router, load) = (*router, *load);
        (0..WORDS.len())
            .filter(|kind| !kinds.contains(kind))
            .map(move |kind| (load[kind] * 1000 / most[kind].max(1), load[kind], kind, router))
    };
    let next = loads.iter().flat_map(others).max_by_key(|(share, ..)| *share);
    let next = next.map_or_else(String::new, |(_, load, kind, router)| {
        format!("; {} bind next, with {load} of {} on the {} router", WORDS[kind], most[kind], router.word())
    });
    let quota = if codes.len() == 1 { "quota" } else { "quotas" };
    Some(format!("let AWS raise the {quota} {} and write `quotas: {{{}}}` for {whose}{next}", codes.join(" and "), quotas.join(", ")))
}

/// A demand in words: 3 rules, 2 target groups and 1 certificate on the public router.
pub fn asked(demand: &Demand) -> String {
    let router = |at: usize| {
        let load = demand.routers[at].kinds();
        let shared = demand.shared.iter().filter(|(on, _)| *on == ROUTERS[at]).count();
        let parts: Vec<String> =
            load.into_iter().zip(WORDS).filter(|(number, _)| *number > 0).map(|(number, word)| counted(number, word)).collect();
        let shared = (shared > 0).then(|| format!("{shared} of the listed certificates"));
        let parts: Vec<String> = parts.into_iter().chain(shared).collect();
        (!parts.is_empty()).then(|| format!("{} on the {} router", parts.join(", "), ROUTERS[at].word()))
    };
    let parts: Vec<String> = (0..2).filter_map(router).collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", and ") }
}

/// A number and its word.
fn counted(number: usize, words: &str) -> String {
    if number == 1 { format!("1 {}", words.trim_end_matches('s')) } else { format!("{number} {words}") }
}

/// What even an empty rack does not hold.
fn too_large(demand: &Demand, rack: &Rack) -> Option<(Router, usize, usize, usize)> {
    ROUTERS.into_iter().find_map(|router| {
        let (load, most) = (demand.routers[router as usize].kinds(), quota(rack).kinds());
        (0..WORDS.len()).find(|kind| load[*kind] > most[*kind]).map(|kind| (router, kind, load[kind], most[kind]))
    })
}
