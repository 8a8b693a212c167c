//! Ways out when the apps of a rack have outgrown one of its routers.

use std::collections::{BTreeMap, BTreeSet};

use super::{asked, counted, enough, list, raise, savings, shared_certificate, too_large};
use crate::demand::{self, Demand, Ledger, Rule, WORDS, quota};
use crate::fleet::{App, Fleet, Rack};
use crate::lock::Lock;
use crate::routes::Router;

/// Ways out when the apps of a rack have outgrown a router.
pub fn overflow(fleet: &Fleet, rules: &[Rule], ledger: &Ledger, lock: &Lock, at: usize, router: Router, kind: usize) -> Vec<String> {
    let rack = &fleet.racks[at];
    let load = ledger.load(&rack.name, router).kinds();
    let most = quota(rack).kinds();
    let excess = load[kind] - most[kind];
    let on_it: Vec<&App> = fleet.apps.iter().filter(|app| app.rack == at).map(|app| &**app).collect();
    let demands: BTreeMap<&str, Demand> = on_it.iter().map(|app| (app.name.as_str(), demand::of(app, rack, lock))).collect();
    let mut ways = Vec::new();
    if kind == 0 {
        ways.extend(without_names(on_it.iter().map(|app| (*app, &demands[app.name.as_str()])), rack, router, excess));
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
        ways.extend(shared_certificate(on_it.iter().copied(), rack));
    }
    ways.extend(raise(rack, "the rack", &[kind], &[(router, load)], 0));
    ways.push(single_move(fleet, ledger, lock, at, router, kind, excess, &demands));
    ways
}

/// The apps whose default names cost rules that their own domains do without.
fn without_names<'a>(apps: impl Iterator<Item = (&'a App, &'a Demand)>, rack: &Rack, router: Router, excess: usize) -> Option<String> {
    let savings = savings(apps, rack, router);
    let total: usize = savings.iter().map(|(saved, _)| saved).sum();
    let some = || format!("set `InternalDomains: No` on every app, which frees {total} of the {excess} rules that are too many");
    enough(&savings, excess).or_else(|| (total > 0).then(some))
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
