//! Ways out when something does not fit, the cheapest first: what a line in a file mends, then what
//! AWS must be asked for, then what moves an app.

use std::collections::{BTreeMap, BTreeSet};

use crate::demand::{self, Demand, Ledger, ROUTERS, Rule, WORDS, quota};
use crate::diagnostics::codes::NO_ROOM;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{App, Draft, Fleet, Rack};
use crate::lock::Lock;
use crate::routes::Router;

/// What the quotas that can be raised are called at AWS; target groups can't be.
const SERVICE_QUOTAS: [Option<&str>; 3] = [Some("L-7EED9B64"), None, Some("L-9365A611")];
/// How a quota is raised; none for one that can't be.
pub fn raise_quota(kind: usize) -> Option<String> {
    let code = SERVICE_QUOTAS[kind]?;
    Some(format!("let AWS raise the quota {code} of {} and write `quotas` for the rack", WORDS[kind]))
}

/// Apps that one sentence names.
const NAMED: usize = 5;

/// Ways out when the apps of a rack have outgrown a router.
pub fn overflow(fleet: &Fleet, rules: &[Rule], ledger: &Ledger, lock: &Lock, at: usize, router: Router, kind: usize) -> Vec<String> {
    let rack = &fleet.racks[at];
    let load = ledger.load(&rack.name, router).kinds();
    let most = quota(rack).kinds();
    let excess = load[kind] - most[kind];
    let on_it: Vec<(usize, &App)> =
        fleet.apps.iter().enumerate().filter(|(_, app)| app.rack == at).map(|(number, app)| (number, &**app)).collect();
    let demands: BTreeMap<&str, Demand> = on_it.iter().map(|(_, app)| (app.name.as_str(), demand::of(app, rack, lock))).collect();
    let mut ways = Vec::new();
    if kind == 0 {
        ways.extend(without_names(&on_it, rack, &demands, router, excess));
        let on_80: BTreeSet<&str> = rules
            .iter()
            .filter(|rule| rule.key.rack == rack.name && rule.key.router == router && !fleet.apps[rule.app].params.redirect_https)
            .map(|rule| rule.key.app.as_str())
            .collect();
        if !on_80.is_empty() {
            let frees: usize = on_80.iter().map(|app| demands[app].routers[router as usize].rules / 2).sum();
            ways.push(format!("remove `RedirectHttps: No` from {}, which frees {}", list(on_80.iter().copied()), counted(frees, WORDS[0])));
        }
    }
    if kind == 2 {
        ways.extend(shared_certificate(&on_it, rack));
    }
    ways.extend(raise(rack, router, kind, load));
    ways.push(single_move(fleet, ledger, lock, at, router, kind, excess, &demands));
    ways
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

/// The apps whose default names cost rules that their own domains do without.
fn without_names(apps: &[(usize, &App)], rack: &Rack, demands: &BTreeMap<&str, Demand>, router: Router, excess: usize) -> Option<String> {
    let saved = |app: &App| {
        let now = demands[app.name.as_str()].routers[router as usize].rules;
        now.saturating_sub(demand::without_internal_domains(app, rack).routers[router as usize].rules)
    };
    let mut savings: Vec<(usize, &str)> = apps
        .iter()
        .filter(|(_, app)| app.params.internal_domains)
        .map(|(_, app)| (saved(app), app.name.as_str()))
        .filter(|(saved, _)| *saved > 0)
        .collect();
    savings.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
    let total: usize = savings.iter().map(|(saved, _)| saved).sum();
    if total < excess {
        return (total > 0)
            .then(|| format!("set `InternalDomains: No` on every app, which frees {total} of the {excess} rules that are too many"));
    }
    let mut freed = 0;
    let chosen = savings.iter().take_while(|(saved, _)| {
        let needed = freed < excess;
        freed += saved;
        needed
    });
    let chosen: Vec<&(usize, &str)> = chosen.collect();
    let frees: usize = chosen.iter().map(|(saved, _)| saved).sum();
    Some(format!("set `InternalDomains: No` on {}, which frees {}", list(chosen.iter().map(|(_, name)| *name)), counted(frees, WORDS[0])))
}

/// The wildcard certificate that would free the most.
fn shared_certificate(apps: &[(usize, &App)], rack: &Rack) -> Option<String> {
    let mut frees: BTreeMap<String, usize> = BTreeMap::new();
    for (_, app) in apps {
        for (parent, freed) in demand::freed_by_wildcards(app, rack) {
            *frees.entry(parent).or_default() += freed;
        }
    }
    let (parent, freed) = frees.into_iter().filter(|(_, freed)| *freed > 1).max_by(|a, b| (a.1, &b.0).cmp(&(b.1, &a.0)))?;
    Some(format!("list one certificate for *.{parent} under `certificates` of `{}`, which frees {} of them", rack.name, freed - 1))
}

/// A higher quota, and what binds next.
fn raise(rack: &Rack, router: Router, kind: usize, load: [usize; 3]) -> Option<String> {
    let code = SERVICE_QUOTAS[kind]?;
    let most = quota(rack).kinds();
    let next = (0..WORDS.len()).filter(|other| *other != kind).max_by_key(|other| load[*other] * 1000 / most[*other].max(1))?;
    Some(format!(
        "let AWS raise the quota {code} and write `quotas: {{{}: {}}}` for the rack; {} bind next, with {} of {} on the {} router",
        WORDS[kind],
        load[kind].next_multiple_of(25),
        WORDS[next],
        load[next],
        most[next],
        router.word()
    ))
}

/// The smallest app that is large enough, and where it fits.
#[allow(clippy::too_many_arguments)] // what overflows, and everything that could take it up
fn single_move(
    fleet: &Fleet,
    ledger: &Ledger,
    lock: &Lock,
    at: usize,
    router: Router,
    kind: usize,
    excess: usize,
    demands: &BTreeMap<&str, Demand>,
) -> String {
    let size = |name: &str| demands[name].routers[router as usize].kinds()[kind];
    let moves = |app: &App| fleet.apps.iter().filter(|other| other.name == app.name).count() > 1;
    let mut candidates: Vec<&App> =
        fleet.apps.iter().filter(|app| app.rack == at && size(&app.name) >= excess && !moves(app)).map(|app| &**app).collect();
    candidates.sort_by_key(|app| {
        (demands[app.name.as_str()].routers.iter().map(|load| load.kinds().iter().sum::<usize>()).sum::<usize>(), &app.name)
    });
    for app in &candidates {
        // A pin to one rack holds the app, a pin to several of a kind keeps it among these.
        let may_leave = |other: &Rack| !app.is_pinned || (app.allowed.len() > 1 && other.kind == fleet.racks[at].kind);
        let others = fleet.racks.iter().filter(|other| other.name != fleet.racks[at].name && may_leave(other));
        for other in others.filter(|other| demand::has_routers(app, other)) {
            if ledger.fits(other, quota(other), &demand::of(app, other, lock)) {
                return format!(
                    "take the change back, `rackform move {} {}`, and make the change when the move is finished; it is the smallest app that makes enough room, and asks for {}",
                    app.name,
                    other.name,
                    asked(&demands[app.name.as_str()])
                );
            }
        }
    }
    let is_too_large = |app: &&App| too_large(&demands[app.name.as_str()], &fleet.racks[at]).is_some();
    match candidates.first() {
        Some(app) if is_too_large(app) => format!("split `{}`, which is more than an empty rack holds", app.name),
        Some(app) => format!("open another rack (`count`, or one more under `racks`) and move `{}` there", app.name),
        None => "open another rack (`count`, or one more under `racks`) and move several apps there".to_owned(),
    }
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

/// Say of a new app that no rack has room for it: what it asks for, what each rack has left, and
/// what to do.
pub fn no_room(draft: &Draft, app: &App, demands: &[Option<Demand>], ledger: &Ledger, homes: &[(usize, usize)], out: &mut Diagnostics) {
    let Some((kind, demand)) = demands.iter().enumerate().find_map(|(kind, demand)| Some((kind, demand.as_ref()?))) else { return };
    let fresh = &draft.racks[draft.kinds[kind].racks.start];
    let mut diagnostic = Diagnostic::new(&NO_ROOM, app.rack_place, format!("no rack has room for `{}`", app.name))
        .note(format!("it asks for {}", asked(demand)));
    let alone = too_large(demand, fresh);
    if let Some((router, kind, number, most)) = alone {
        let words = WORDS[kind];
        let help = match SERVICE_QUOTAS[kind] {
            Some(code) => format!("split the app, or let AWS raise the quota {code} and write `quotas` for the rack"),
            None => "split the app; this quota can't be raised".to_owned(),
        };
        out.report(
            diagnostic.note(format!("{number} {words} are more than the {most} that an empty {} router holds", router.word())).help(help),
        );
        return;
    }
    let racks = || app.allowed.clone().map(|at| &draft.racks[at]);
    let open: BTreeSet<usize> = homes.iter().map(|(_, rack)| *rack).collect();
    let mut lines = Vec::new();
    for at in app.allowed.clone().filter(|at| open.contains(at)).take(2 * NAMED) {
        lines.push(left(&draft.racks[at], ledger, demand));
    }
    if open.len() > 2 * NAMED {
        lines.push(format!("… and {} racks more", open.len() - 2 * NAMED));
    }
    for line in lines {
        diagnostic = diagnostic.note(line);
    }
    let mut ways = Vec::new();
    let roomy = || racks().filter(|rack| rack.headroom > 0 && ledger.fits(rack, quota(rack), demand));
    // The name of the first of several racks stands for all of them, so it pins to none.
    let can_pin = |rack: &&Rack| draft.kinds[rack.kind].racks.len() == 1 || rack.name != draft.kinds[rack.kind].name;
    if let Some(rack) = roomy().find(can_pin) {
        ways.push(format!("pin it with `rack: {}`, which has room in its headroom of {} %, or lower `headroom`", rack.name, rack.headroom));
    } else if let Some(rack) = roomy().next() {
        ways.push(format!("lower `headroom`: `{}` has room in its {} %", rack.name, rack.headroom));
    }
    let smaller = demand::without_internal_domains(app, fresh);
    if app.params.internal_domains && smaller != *demand {
        let fits = racks().find(|rack| ledger.fits(rack, quota(rack).less(rack.headroom), &smaller));
        let frees: usize = ROUTERS.iter().map(|r| demand.routers[*r as usize].rules - smaller.routers[*r as usize].rules).sum();
        if let Some(rack) = fits.filter(|_| frees > 0) {
            ways.push(format!("set `InternalDomains: No` on it, which frees {frees} of its rules; then `{}` takes it", rack.name));
        }
    }
    let kind = &draft.kinds[kind];
    ways.push(format!("open one more rack: `count: {}-{}` for `{}`", kind.least, kind.racks.len() + 1, kind.name));
    let binding: BTreeSet<usize> = racks().flat_map(|rack| binding(rack, ledger, demand)).collect();
    for (kind, code) in SERVICE_QUOTAS.iter().enumerate().filter(|(kind, _)| binding.contains(kind)) {
        match code {
            Some(code) => ways.push(format!("let AWS raise the quota {code} of {} and write `quotas` for the rack", WORDS[kind])),
            None => diagnostic = diagnostic.note(format!("the quota of {} can't be raised", WORDS[kind])),
        }
    }
    out.report(diagnostic.help(ranked(&ways)));
}

/// What even an empty rack does not hold.
fn too_large(demand: &Demand, rack: &Rack) -> Option<(Router, usize, usize, usize)> {
    ROUTERS.into_iter().find_map(|router| {
        let (load, most) = (demand.routers[router as usize].kinds(), quota(rack).kinds());
        (0..WORDS.len()).find(|kind| load[*kind] > most[*kind]).map(|kind| (router, kind, load[kind], most[kind]))
    })
}

/// The kinds of which a rack has too little left for a demand.
fn binding(rack: &Rack, ledger: &Ledger, demand: &Demand) -> Vec<usize> {
    let most = quota(rack).less(rack.headroom).kinds();
    let binds = |kind: &usize| {
        ROUTERS.into_iter().any(|router| {
            let (before, after) = (ledger.load(&rack.name, router).kinds()[*kind], ledger.with(&rack.name, router, demand).kinds()[*kind]);
            after > before && after > most[*kind]
        })
    };
    (0..WORDS.len()).filter(binds).collect()
}

/// What a rack has left, for the routers that a demand is about.
fn left(rack: &Rack, ledger: &Ledger, demand: &Demand) -> String {
    let binding = binding(rack, ledger, demand);
    let routers: Vec<String> = ROUTERS
        .into_iter()
        .filter(|router| demand.routers[*router as usize] != demand::Load::default())
        .map(|router| {
            let (load, most) = (ledger.load(&rack.name, router).kinds(), quota(rack).less(rack.headroom).kinds());
            let left: Vec<String> = (0..WORDS.len())
                .map(|kind| {
                    let number = counted(most[kind].saturating_sub(load[kind]), WORDS[kind]);
                    if binding.contains(&kind) { format!("{number} (binds)") } else { number }
                })
                .collect();
            format!("{} on the {} router", left.join(", "), router.word())
        })
        .collect();
    let headroom = if rack.headroom > 0 { format!(" beside the headroom of {} %", rack.headroom) } else { String::new() };
    format!("`{}` has left{headroom}: {}", rack.name, routers.join("; "))
}
