//! `--rebalance`: moves that empty racks, as few as can be. A move begins here and is finished by
//! whoever has changed the DNS. A rack over a quota is not mended so: an app that moves counts on
//! both racks until its move is finished.

use std::collections::BTreeSet;

use super::packing::{Bin, Item, Kind, Vector, pack};
use super::{Placement, demands, ledger, numbers};
use crate::demand::{Demand, Load, quota};
use crate::fleet::Draft;
use crate::lock::Lock;

/// Begin the moves that are worth it.
pub(super) fn rebalance(draft: &Draft, old: &Lock, placement: &mut Placement) {
    while close(draft, old, placement) {}
    placement.homes.sort_unstable();
}

/// The apps that live on a rack alone and may leave it.
fn movable(draft: &Draft, placement: &Placement, rack: usize) -> Vec<usize> {
    let stays = |app: usize| {
        let app = &draft.apps[app];
        app.allowed.len() == 1 || placement.apps.get(&app.name).is_none_or(|locked| locked.moving_to.is_some())
    };
    placement.homes.iter().filter(|(app, home)| *home == rack && !stays(*app)).map(|(app, _)| *app).collect()
}

/// Begin one move.
fn begin(draft: &Draft, placement: &mut Placement, app: usize, to: usize) {
    if let Some(locked) = placement.apps.get_mut(&draft.apps[app].name) {
        locked.moving_to = Some(draft.racks[to].name.clone());
    }
    placement.homes.push((app, to));
    placement.open.insert(to);
}

/// A demand in the numbers that are packed.
fn vector(demand: &Demand) -> Vector {
    numbers(|router| {
        let shared = demand.shared.iter().filter(|shared| shared.0 == router).count();
        let load = demand.routers[router as usize];
        Load { certificates: load.certificates + shared, ..load }
    })
}

/// Empty one rack, the one with the fewest apps whose apps all fit on the others; whether there was
/// one.
fn close(draft: &Draft, old: &Lock, placement: &mut Placement) -> bool {
    let homes_of = |rack: usize| placement.homes.iter().filter(|(_, home)| *home == rack).count();
    // A rack that somebody moves to, that is empty or that is always there is not emptied.
    let targets: BTreeSet<&str> = placement.apps.values().filter_map(|app| app.moving_to.as_deref()).collect();
    let emptying: BTreeSet<&str> = placement.apps.values().filter(|app| app.moving_to.is_some()).map(|app| app.rack.as_str()).collect();
    let mut candidates: Vec<(usize, usize)> = placement
        .open
        .iter()
        .copied()
        .filter(|at| {
            let rack = &draft.racks[*at];
            let kind = &draft.kinds[rack.kind];
            let is_kept = *at < kind.racks.start + kind.least || rack.external || targets.contains(rack.name.as_str());
            !is_kept && !emptying.contains(rack.name.as_str()) && homes_of(*at) > 0
        })
        .map(|at| (homes_of(at), at))
        .collect();
    candidates.sort_by_key(|(apps, at)| (*apps, usize::MAX - at));
    let ledger = ledger(draft, old, &placement.homes);
    let others_of = |rack: usize| -> Vec<usize> {
        placement.open.iter().copied().filter(|at| *at != rack && !emptying.contains(draft.racks[*at].name.as_str())).collect()
    };
    for (count, rack) in candidates {
        let apps = movable(draft, placement, rack);
        if apps.len() < count {
            continue; // somebody must stay
        }
        let others = others_of(rack);
        let bins: Vec<Bin> = others
            .iter()
            .map(|at| {
                let rack = &draft.racks[*at];
                let load = numbers(|router| ledger.load(&rack.name, router));
                Bin { kind: rack.kind, load }
            })
            .collect();
        let kinds: Vec<Kind> = draft
            .kinds
            .iter()
            .enumerate()
            .map(|(at, kind)| {
                let rack = &draft.racks[kind.racks.start];
                let most = bins.iter().filter(|bin| bin.kind == at).count();
                Kind { quota: numbers(|_| quota(rack)), room: numbers(|_| quota(rack).less(rack.headroom)), most }
            })
            .collect();
        let items: Vec<Item> = apps
            .iter()
            .map(|app| Item {
                demand: demands(draft, &draft.apps[*app], &Lock::default()).iter().map(|demand| demand.as_ref().map(vector)).collect(),
            })
            .collect();
        let packed = pack(&kinds, &bins, &items);
        let targets: Option<Vec<usize>> = packed.of.iter().map(|bin| bin.map(|bin| others[bin])).collect();
        let Some(targets) = targets else { continue };
        for (app, to) in apps.into_iter().zip(targets) {
            begin(draft, placement, app, to);
        }
        return true;
    }
    false
}
