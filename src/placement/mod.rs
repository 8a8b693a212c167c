//! Which rack each app lives on. An app that has a rack stays, one that is pinned obeys, and the
//! others go where they fit best, so that as few racks as possible are open. A pure function of the
//! fleet and the old lock; the order of files does not matter.

mod bound;
mod exhaustive;
mod fill;
mod moves;
pub mod packing;
mod points;
mod push;
mod rebalance;
mod search;

pub use moves::Change;

use std::collections::{BTreeMap, BTreeSet};

use packing::{Bin, Bound, Item, Kind, Vector, lower_bound, pack};

use crate::demand::{self, Demand, Ledger, Load, ROUTERS, quota};
use crate::diagnostics::codes::{LOCK_RACK, PINNED_ELSEWHERE};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{App, Draft, RackKind};
use crate::lock::{Lock, LockedApp};
use crate::remedies::Full;
use crate::routes::Router;
use crate::threads::Threads;

/// Where every app lives.
#[derive(Debug, Default)]
pub struct Placement {
    /// Racks that are open, by their places in the draft.
    pub open: BTreeSet<usize>,
    /// Apps and their racks, by their places in the draft, sorted. An app that moves is there twice.
    pub homes: Vec<(usize, usize)>,
    /// How many racks the apps need at the least, where none had a rack before and all racks are alike.
    pub bound: Option<Bound>,
    /// Where each app that has a home lives, for the lock.
    pub apps: BTreeMap<String, LockedApp>,
}

/// Place every app, and begin or end the moves that somebody asks for.
pub fn place(draft: &Draft, old: &Lock, change: &Change, threads: Threads, out: &mut Diagnostics) -> Placement {
    let mut placement = Placement::default();
    let placed = moves::applied(draft, old, change, out);
    let by_name: BTreeMap<&str, usize> = draft.racks.iter().enumerate().map(|(at, rack)| (rack.name.as_str(), at)).collect();
    let mut new = Vec::new();
    for (at, app) in draft.apps.iter().enumerate() {
        match placed.get(&app.name) {
            Some(locked) => stay(draft, at, locked, &by_name, old, &mut placement, out),
            None if app.allowed.len() == 1 => settle(draft, at, app.allowed.start, &mut placement),
            None => new.push(at),
        }
    }
    for kind in &draft.kinds {
        placement.open.extend(kind.racks.clone().take(kind.least));
    }
    placement.open.extend(placement.homes.iter().map(|(_, rack)| *rack));
    if !new.is_empty() {
        place_new(draft, old, &new, threads, &mut placement, out);
    }
    placement.homes.sort_unstable();
    if *change == Change::Rebalance && !out.has_errors() {
        rebalance::rebalance(draft, old, &mut placement);
    }
    moves::say(draft, old, &placement, out);
    moves::closed(draft, old, &placement, out);
    placement
}

/// Give an app a rack.
fn settle(draft: &Draft, app: usize, rack: usize, placement: &mut Placement) {
    placement.homes.push((app, rack));
    placement.open.insert(rack);
    let locked = LockedApp { rack: draft.racks[rack].name.clone(), ..LockedApp::default() };
    placement.apps.insert(draft.apps[app].name.clone(), locked);
}

/// Leave an app where the lock has it.
fn stay(
    draft: &Draft,
    at: usize,
    locked: &LockedApp,
    by_name: &BTreeMap<&str, usize>,
    old: &Lock,
    placement: &mut Placement,
    out: &mut Diagnostics,
) {
    let app = &draft.apps[at];
    let mut homes = Vec::new();
    for rack in std::iter::once(&locked.rack).chain(&locked.moving_to) {
        let Some(home) = by_name.get(rack.as_str()) else {
            let place = old.line(&app.name).unwrap_or(app.rack_place);
            out.report(
                Diagnostic::new(&LOCK_RACK, place, format!("the lock places `{}` on the rack `{rack}`, which does not exist", app.name))
                    .help(format!(
                        "give the rack its name `{rack}` back, or the `count` that it needs; remove rackform.lock only if nothing of it is deployed"
                    )),
            );
            placement.apps.insert(app.name.clone(), locked.clone());
            return;
        };
        homes.push(*home);
    }
    if !homes.iter().any(|home| app.allowed.contains(home)) {
        let wanted = &draft.racks[app.allowed.start].name;
        out.report(
            Diagnostic::new(
                &PINNED_ELSEWHERE,
                app.rack_place,
                format!("`{}` lives on `{}` and is pinned to `{wanted}`", app.name, locked.rack),
            )
            .label("a pin does not move an app that has a rack")
            .help(format!("move it with `rackform move {} {wanted}`, or pin it to `{}`", app.name, locked.rack)),
        );
    }
    placement.homes.extend(homes.iter().map(|home| (at, *home)));
    placement.apps.insert(app.name.clone(), LockedApp { http: None, http_left: None, ..locked.clone() });
}

/// Loads of the two routers in the numbers that are packed.
fn numbers(load: impl Fn(Router) -> Load) -> Vector {
    let mut vector = Vector::default();
    for (slot, number) in vector.iter_mut().zip(ROUTERS.into_iter().flat_map(|router| load(router).kinds())) {
        *slot = u32::try_from(number).unwrap_or(u32::MAX);
    }
    vector
}

/// What every placed app asks of its rack.
fn ledger(draft: &Draft, old: &Lock, homes: &[(usize, usize)]) -> Ledger {
    let mut ledger = Ledger::new(old);
    for (app, rack) in homes {
        let rack = &draft.racks[*rack];
        ledger.add(&rack.name, &demand::of(&draft.apps[*app], rack, old));
    }
    ledger
}

/// What new apps ask of each kind of rack, in the numbers that are packed.
struct Asked {
    /// By app and kind; none where an app may not go.
    demands: Vec<Vec<Option<Demand>>>,
    /// Listed certificates of each kind that several apps need: every rack of it keeps room for them.
    common: Vec<BTreeSet<(Router, String)>>,
}

impl Asked {
    fn new(draft: &Draft, new: &[usize], threads: Threads) -> Self {
        let nothing = Lock::default();
        let demands: Vec<Vec<Option<Demand>>> = threads.map(new, |at| demands(draft, &draft.apps[*at], &nothing));
        let common = (0..draft.kinds.len())
            .map(|kind| {
                let mut users: BTreeMap<&(Router, String), usize> = BTreeMap::new();
                for shared in demands.iter().filter_map(|of| of[kind].as_ref()).flat_map(|demand| &demand.shared) {
                    *users.entry(shared).or_default() += 1;
                }
                // Those with the most users are kept room for, but never more than half of a router.
                let mut common: Vec<_> = users.into_iter().filter(|(_, users)| *users > 1).collect();
                common.sort_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
                let most = draft.racks[draft.kinds[kind].racks.start].quotas.certificates / 2;
                common.into_iter().take(most).map(|(shared, _)| shared.clone()).collect()
            })
            .collect();
        Self { demands, common }
    }

    /// The demand of an app on a kind, in numbers.
    fn vector(&self, app: usize, kind: usize) -> Option<Vector> {
        let demand = self.demands[app][kind].as_ref()?;
        Some(numbers(|router| {
            let own = demand.shared.iter().filter(|shared| shared.0 == router && !self.common[kind].contains(*shared)).count();
            let load = demand.routers[router as usize];
            Load { certificates: load.certificates + own, ..load }
        }))
    }

    /// A quota of each router, less the room for what several apps need.
    fn room(&self, kind: usize, load: Load) -> Vector {
        numbers(|router| {
            let common = self.common[kind].iter().filter(|(on, _)| *on == router).count();
            Load { certificates: load.certificates.saturating_sub(common), ..load }
        })
    }
}

/// What an app asks of each kind of rack; none where it may not go or lacks a router.
fn demands(draft: &Draft, app: &App, lock: &Lock) -> Vec<Option<Demand>> {
    let of = |kind: &RackKind| {
        let rack = &draft.racks[kind.racks.start];
        let is_allowed = app.allowed.contains(&kind.racks.start) && demand::has_routers(app, rack);
        is_allowed.then(|| demand::of(app, rack, lock))
    };
    draft.kinds.iter().map(of).collect()
}

/// Place the apps that have no rack yet.
fn place_new(draft: &Draft, old: &Lock, new: &[usize], threads: Threads, placement: &mut Placement, out: &mut Diagnostics) {
    let asked = Asked::new(draft, new, threads);
    let mut ledger = ledger(draft, old, &placement.homes);
    let (somewhere, nowhere): (Vec<usize>, Vec<usize>) = (0..new.len()).partition(|at| asked.demands[*at].iter().any(Option::is_some));
    for at in nowhere {
        // The first rack that it may live on lacks what it needs; whoever looks at its routes says so.
        settle(draft, new[at], draft.apps[new[at]].allowed.start, placement);
    }
    let kinds: Vec<Kind> = draft
        .kinds
        .iter()
        .enumerate()
        .map(|(at, kind)| {
            let rack = &draft.racks[kind.racks.start];
            let quota = quota(rack);
            Kind { quota: asked.room(at, quota), room: asked.room(at, quota.less(rack.headroom)), most: kind.racks.len() }
        })
        .collect();
    let open: Vec<usize> = placement.open.iter().copied().collect();
    let bins: Vec<Bin> = open
        .iter()
        .map(|rack| {
            let rack = &draft.racks[*rack];
            // What several apps need has its room already.
            let load = numbers(|router| {
                let mut held = ledger.load(&rack.name, router);
                held.certificates -= ledger.shared(&rack.name).filter(|s| s.0 == router && asked.common[rack.kind].contains(*s)).count();
                held
            });
            Bin { kind: rack.kind, load }
        })
        .collect();
    let items: Vec<Item> =
        somewhere.iter().map(|at| Item { demand: (0..kinds.len()).map(|kind| asked.vector(*at, kind)).collect() }).collect();
    if let ([kind], true) = (kinds.as_slice(), placement.homes.is_empty()) {
        let asked: Vec<Vector> = items.iter().filter_map(|item| item.demand[0]).collect();
        placement.bound = Some(lower_bound(kind, &asked));
    }
    let packed = pack(&kinds, &bins, &items);

    let mut closed: Vec<_> = draft.kinds.iter().map(|kind| kind.racks.clone().filter(|at| !placement.open.contains(at))).collect();
    let mut racks: Vec<Option<usize>> = open.into_iter().map(Some).collect();
    racks.extend(packed.bins[bins.len()..].iter().map(|kind| closed[*kind].next()));
    let mut homeless = Vec::new();
    for (item, at) in somewhere.iter().enumerate() {
        match packed.of[item].and_then(|bin| racks[bin]) {
            Some(rack) => {
                if let Some(demand) = &asked.demands[*at][draft.racks[rack].kind] {
                    ledger.add(&draft.racks[rack].name, demand);
                }
                settle(draft, new[*at], rack, placement);
            }
            None => homeless.push(*at),
        }
    }
    if !homeless.is_empty() {
        let full = Full::new(draft, old, &ledger, &placement.homes);
        for at in homeless {
            full.report(&draft.apps[new[at]], &asked.demands[at], out);
        }
    }
}
