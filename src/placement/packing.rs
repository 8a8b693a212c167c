//! Apps onto racks, as a problem of numbers alone: vector packing with racks that are open, kinds
//! of racks that differ, and headroom.
//!
//! The result depends on what is asked for and not on the order of asking: equal apps form a class,
//! and classes are sorted. Effort is counted in steps, never in time.

use std::collections::BTreeMap;

pub use super::bound::{Bound, lower_bound};
use super::search::{Class, Layout, Need, Problem, Rack, solve};

/// What a rack's two routers hold: rules, target groups and certificates of the public one, then
/// of the internal one.
pub const DIMENSIONS: usize = 6;

/// An amount for each of the dimensions.
pub type Vector = [u32; DIMENSIONS];

/// Racks of one key of rackform.yml: they are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// What a rack can hold at most.
    pub quota: Vector,
    /// What new apps may fill: the quota less the headroom.
    pub room: Vector,
    /// Racks of this kind that may exist, open ones included.
    pub most: usize,
}

impl Kind {
    /// The same with room for no more than the quota.
    pub(super) fn sound(&self) -> Kind {
        let mut kind = self.clone();
        for (room, quota) in kind.room.iter_mut().zip(self.quota) {
            *room = quota.min(*room);
        }
        kind
    }
}

/// A rack that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bin {
    /// Its kind.
    pub kind: usize,
    /// What it holds already.
    pub load: Vector,
}

/// An app to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its demand on a rack of each kind; none where it may not go.
    pub demand: Vec<Option<Vector>>,
}

/// Where apps go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packing {
    /// The kind of every rack: the open ones first, then those that were opened.
    pub bins: Vec<usize>,
    /// The rack of each app; none where nothing fits.
    pub of: Vec<Option<usize>>,
}

/// Place apps on racks.
///
/// As many apps as can be are placed, on as few racks as can be; then open racks are filled before
/// new ones, the fullest one that has room first. Where a rack must be opened, it is of the first
/// kind that takes the app, unless another kind saves racks.
///
/// An app fits if no dimension that it asks for would exceed the room; what it does not ask for
/// never matters. An app that exceeds the room of an empty rack but not its quota may go first onto
/// a rack that holds nothing; apps that ask for other things may follow it.
pub fn pack(kinds: &[Kind], open: &[Bin], items: &[Item]) -> Packing {
    let kinds: &[Kind] = &kinds.iter().map(Kind::sound).collect::<Vec<_>>();
    let mut members: BTreeMap<Vec<Option<Vector>>, Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        let demand = (0..kinds.len()).map(|kind| item.demand.get(kind).copied().flatten()).collect();
        members.entry(demand).or_default().push(at);
    }
    let mut classes = Vec::new();
    let mut items_of = Vec::new();
    for (demand, at) in members {
        let on: Vec<Option<Need>> =
            demand.iter().zip(kinds).map(|(demand, kind)| demand.and_then(|demand| Need::new(kind, demand))).collect();
        if on.iter().any(Option::is_some) {
            classes.push(Class { on, count: at.len() });
            items_of.push(at.into_iter());
        }
    }
    let racks = open.iter().map(|bin| Rack::new(kinds, bin.kind, bin.load)).collect();
    let problem = Problem::new(kinds, classes, racks);
    let layout: Layout = solve(&problem).layout;

    let mut packing = Packing { bins: layout.racks.iter().map(|rack| rack.kind).collect(), of: vec![None; items.len()] };
    for (number, rack) in layout.racks.iter().enumerate() {
        for class in &rack.apps {
            if let Some(item) = items_of[*class].next() {
                packing.of[item] = Some(number);
            }
        }
    }
    packing
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(quota: Vector, headroom: u32, most: usize) -> Kind {
        Kind { quota, room: quota.map(|quota| quota.saturating_sub(headroom)), most }
    }

    fn rules(rules: u32) -> Vector {
        [rules, 0, 0, 0, 0, 0]
    }

    fn certificates(certificates: u32) -> Vector {
        [0, 0, certificates, 0, 0, 0]
    }

    fn anywhere(kinds: usize, demands: &[Vector]) -> Vec<Item> {
        demands.iter().map(|demand| Item { demand: vec![Some(*demand); kinds] }).collect()
    }

    /// The load with the app, if it may be added.
    fn added(kind: &Kind, load: Vector, demand: Vector) -> Option<Vector> {
        let sum: Vec<u32> = load.iter().zip(demand).map(|(a, b)| a.saturating_add(b)).collect();
        let within = |limit: &Vector| (0..DIMENSIONS).all(|at| demand[at] == 0 || sum[at] <= limit[at]);
        let exceeds = (0..DIMENSIONS).any(|at| demand[at] > kind.room[at]);
        (within(&kind.room) || (exceeds && load == [0; DIMENSIONS] && within(&kind.quota))).then(|| sum.try_into().unwrap())
    }

    /// Final loads, if the packing keeps to the rules; what exceeds a room comes first.
    fn loads(kinds: &[Kind], open: &[Bin], items: &[Item], packing: &Packing) -> Vec<Vector> {
        let of_open: Vec<usize> = open.iter().map(|bin| bin.kind).collect();
        assert_eq!(packing.bins[..open.len()], of_open);
        assert_eq!(packing.of.len(), items.len());
        for (at, kind) in kinds.iter().enumerate() {
            let racks = packing.bins.iter().filter(|kind| **kind == at).count();
            assert!(racks <= kind.most.max(open.iter().filter(|bin| bin.kind == at).count()));
        }
        let mut loads: Vec<Vector> = open.iter().map(|bin| bin.load).collect();
        loads.resize(packing.bins.len(), [0; DIMENSIONS]);
        for is_first in [true, false] {
            for (item, rack) in items.iter().zip(&packing.of) {
                let Some(rack) = *rack else { continue };
                let kind = &kinds[packing.bins[rack]];
                let demand = item.demand[packing.bins[rack]].expect("an app is where it may be");
                if (0..DIMENSIONS).any(|at| demand[at] > kind.room[at]) == is_first {
                    loads[rack] = added(kind, loads[rack], demand).expect("an app fits where it is");
                }
            }
        }
        let is_used = |rack: usize| packing.of.contains(&Some(rack));
        assert!((open.len()..packing.bins.len()).all(is_used), "a rack was opened for nothing");
        loads
    }

    /// The least of apps without a place, then of racks: every way is tried.
    fn brute(kinds: &[Kind], racks: &mut Vec<Bin>, items: &[Item], left: usize, best: &mut (usize, usize)) {
        if (left, racks.len()) >= *best {
            return;
        }
        let Some((item, rest)) = items.split_first() else {
            *best = (left, racks.len());
            return;
        };
        for at in 0..racks.len() {
            let Bin { kind, load } = racks[at];
            if let Some(after) = item.demand[kind].and_then(|demand| added(&kinds[kind], load, demand)) {
                racks[at].load = after;
                brute(kinds, racks, rest, left, best);
                racks[at].load = load;
            }
        }
        for (at, kind) in kinds.iter().enumerate() {
            let may = racks.iter().filter(|bin| bin.kind == at).count() < kind.most;
            if let Some(load) = item.demand[at].and_then(|demand| added(kind, [0; DIMENSIONS], demand)).filter(|_| may) {
                racks.push(Bin { kind: at, load });
                brute(kinds, racks, rest, left, best);
                racks.pop();
            }
        }
        brute(kinds, racks, rest, left + 1, best);
    }

    fn optimum(kinds: &[Kind], open: &[Bin], items: &[Item]) -> (usize, usize) {
        let exceeds = |item: &Item| {
            let over = |(demand, kind): (&Option<Vector>, &Kind)| demand.is_some_and(|d| (0..DIMENSIONS).any(|at| d[at] > kind.room[at]));
            item.demand.iter().zip(kinds).any(over)
        };
        let mut items = items.to_vec();
        items.sort_by_key(|item| !exceeds(item));
        let mut best = (usize::MAX, 0);
        brute(kinds, &mut open.to_vec(), &items, 0, &mut best);
        best
    }

    fn cost(packing: &Packing) -> (usize, usize) {
        (packing.of.iter().filter(|rack| rack.is_none()).count(), packing.bins.len())
    }

    prop_compose! {
        /// Small numbers, many of them zero, in three of the dimensions.
        fn amounts(most: u32)(a in 0..=most, b in 0..=most, c in 0..=most, keep in 0..8_u8) -> Vector {
            let mut vector = [a, 0, b, 0, 0, c];
            for (bit, at) in [0, 2, 5].into_iter().enumerate() {
                vector[at] *= u32::from(keep >> bit & 1);
            }
            vector
        }
    }

    /// Kinds without headroom, racks of them, and apps that may not go everywhere.
    fn mixed() -> impl Strategy<Value = (Vec<Kind>, Vec<Bin>, Vec<Item>)> {
        let kinds = prop::collection::vec((4..12_u32, 4..12_u32, 0..4_usize), 1..4);
        let open = prop::collection::vec((0..3_usize, amounts(12)), 0..3);
        let items = prop::collection::vec((amounts(9), 0..16_u8, 0..3_u32), 0..7);
        (kinds, open, items).prop_map(|(kinds, open, items)| {
            let kinds: Vec<Kind> = kinds.into_iter().map(|(a, b, most)| kind([a, 0, b, 0, 0, a], 0, most)).collect();
            let open = open.into_iter().map(|(at, load)| Bin { kind: at % kinds.len(), load }).collect();
            let item = |(demand, barred, more): (Vector, u8, u32)| Item {
                demand: (0..kinds.len())
                    .map(|at| (barred & 9 >> at == 0).then(|| demand.map(|d| if at == 1 && d > 0 { d + more } else { d })))
                    .collect(),
            };
            let items = items.into_iter().map(item).collect();
            (kinds, open, items)
        })
    }

    /// One kind with headroom.
    fn reserved() -> impl Strategy<Value = (Vec<Kind>, Vec<Bin>, Vec<Item>)> {
        let open = prop::collection::vec(amounts(12), 0..3);
        let items = prop::collection::vec(amounts(10), 0..7);
        (0..5_u32, 1..9_usize, open, items).prop_map(|(headroom, most, open, items)| {
            let open = open.into_iter().map(|load| Bin { kind: 0, load }).collect();
            (vec![kind([9, 0, 10, 0, 0, 8], headroom, most)], open, anywhere(1, &items))
        })
    }

    /// More apps than can be tried in every way.
    fn many() -> impl Strategy<Value = (Vec<Kind>, Vec<Bin>, Vec<Item>)> {
        let open = prop::collection::vec((0..2_usize, amounts(25)), 0..4);
        let items = prop::collection::vec(amounts(14), 0..40);
        (open, items).prop_map(|(open, items)| {
            let kinds = vec![kind([20; DIMENSIONS], 4, 9), kind([30; DIMENSIONS], 2, 6)];
            (kinds, open.into_iter().map(|(kind, load)| Bin { kind, load }).collect(), anywhere(2, &items))
        })
    }

    proptest! {
        #[test]
        fn few_apps_are_packed_as_well_as_can_be((kinds, open, items) in mixed()) {
            let packing = pack(&kinds, &open, &items);
            loads(&kinds, &open, &items, &packing);
            prop_assert_eq!(cost(&packing), optimum(&kinds, &open, &items));
        }

        #[test]
        fn headroom_is_kept_as_well_as_can_be((kinds, open, items) in reserved()) {
            let packing = pack(&kinds, &open, &items);
            loads(&kinds, &open, &items, &packing);
            prop_assert_eq!(cost(&packing), optimum(&kinds, &open, &items));
        }

    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn open_racks_come_before_new_ones((kinds, open, items) in many()) {
            let packing = pack(&kinds, &open, &items);
            let loads = loads(&kinds, &open, &items, &packing);
            for (item, rack) in items.iter().zip(&packing.of) {
                if rack.is_none_or(|rack| rack >= open.len()) {
                    let fits = |at: usize| added(&kinds[open[at].kind], loads[at], item.demand[open[at].kind].unwrap()).is_some();
                    prop_assert!(!(0..open.len()).any(fits));
                }
            }
        }

        #[test]
        fn order_does_not_matter((kinds, open, items) in many(), start in 0..40_usize) {
            let sorted = |items: &[Item]| {
                let packing = pack(&kinds, &open, items);
                let mut of: Vec<_> = items.iter().zip(packing.of).map(|(item, rack)| (item.demand.clone(), rack)).collect();
                of.sort();
                (packing.bins, of)
            };
            let mut other = items.clone();
            other.reverse();
            let start = start.min(other.len());
            other.rotate_left(start);
            prop_assert_eq!(sorted(&items), sorted(&other));
        }

        #[test]
        fn a_bound_is_what_few_apps_need((kinds, _, items) in reserved()) {
            let kinds = [Kind { most: 9, ..kinds[0].clone() }];
            let demands: Vec<Vector> = items.iter().filter_map(|item| item.demand[0]).collect();
            prop_assert_eq!(lower_bound(&kinds[0], &demands).racks, optimum(&kinds, &[], &items).1);
        }

        #[test]
        fn a_bound_is_never_too_high((kinds, _, items) in many()) {
            let kinds = [Kind { most: usize::MAX, ..kinds[0].clone() }];
            let items: Vec<Item> = items.into_iter().map(|item| Item { demand: item.demand[..1].to_vec() }).collect();
            let demands: Vec<Vector> = items.iter().filter_map(|item| item.demand[0]).collect();
            prop_assert!(lower_bound(&kinds[0], &demands).racks <= pack(&kinds, &[], &items).bins.len());
        }

        #[test]
        fn nothing_panics(
            kinds in prop::collection::vec((any::<Vector>(), any::<Vector>(), any::<usize>()), 0..3),
            open in prop::collection::vec((0..5_usize, any::<Vector>()), 0..4),
            items in prop::collection::vec(prop::collection::vec(any::<Option<Vector>>(), 0..4), 0..9),
        ) {
            let kinds: Vec<Kind> = kinds.into_iter().map(|(quota, room, most)| Kind { quota, room, most }).collect();
            let open: Vec<Bin> = open.into_iter().map(|(kind, load)| Bin { kind, load }).collect();
            let items: Vec<Item> = items.into_iter().map(|demand| Item { demand }).collect();
            pack(&kinds, &open, &items);
            let demands: Vec<Vector> = items.iter().flat_map(|item| item.demand.iter().copied().flatten()).collect();
            for kind in &kinds {
                lower_bound(kind, &demands);
            }
        }
    }

    #[test]
    fn the_fullest_rack_that_has_room_is_taken() {
        let kinds = [kind(rules(10), 0, 9)];
        let open = [3, 6, 8].map(|load| Bin { kind: 0, load: rules(load) });
        let packing = pack(&kinds, &open, &anywhere(1, &[rules(3)]));
        assert_eq!(packing, Packing { bins: vec![0, 0, 0], of: vec![Some(1)] });
    }

    #[test]
    fn what_an_app_does_not_ask_for_never_blocks_it() {
        let kinds = [kind([10, 0, 5, 0, 0, 0], 2, 1)];
        let open = [Bin { kind: 0, load: [10, 0, 1, 0, 0, 0] }];
        assert_eq!(pack(&kinds, &open, &anywhere(1, &[certificates(2), rules(1)])).of, [Some(0), None]);
    }

    #[test]
    fn an_app_that_exceeds_the_room_has_a_rack_of_its_own() {
        let kinds = [kind([10, 0, 10, 0, 0, 0], 3, 9)];
        let items = anywhere(1, &[rules(1), rules(9), rules(10), rules(11), certificates(1)]);
        let packing = pack(&kinds, &[], &items);
        loads(&kinds, &[], &items, &packing);
        assert_eq!((packing.bins.len(), packing.of[3]), (3, None));
        assert!(packing.of[0] != packing.of[1] && packing.of[0] != packing.of[2] && packing.of[1] != packing.of[2]);
        // An open rack that holds nothing is as good as a new one; one that holds something is not.
        for (load, expected) in [(0, 1), (1, 2)] {
            assert_eq!(pack(&kinds, &[Bin { kind: 0, load: rules(load) }], &anywhere(1, &[rules(9)])).bins.len(), expected);
        }
    }

    #[test]
    fn apps_stay_on_their_kinds() {
        let kinds = [kind(rules(10), 0, 9), kind(rules(10), 0, 9)];
        let item = |first: bool, second: bool| Item { demand: vec![first.then(|| rules(4)), second.then(|| rules(4))] };
        let packing = pack(&kinds, &[], &[item(true, true), item(false, true), item(false, false)]);
        // The first one joins the second one, though its first kind is another.
        assert_eq!(packing, Packing { bins: vec![1], of: vec![Some(0), Some(0), None] });
    }

    #[test]
    fn kinds_are_opened_in_their_order() {
        let kinds = [kind(rules(10), 0, 1), kind(rules(10), 0, 1), kind(rules(10), 0, 9)];
        let packing = pack(&kinds, &[], &anywhere(3, &[rules(6), rules(7), rules(8), rules(9)]));
        assert_eq!(packing.bins, [0, 1, 2, 2]);
        // A later kind is opened first if that saves racks.
        let kinds = [kind(rules(10), 0, 9), kind(rules(20), 0, 9)];
        assert_eq!(pack(&kinds, &[], &anywhere(2, &[rules(6), rules(6)])).bins, [1]);
        assert_eq!(pack(&kinds, &[], &anywhere(2, &[rules(5), rules(5)])).bins, [0]);
    }

    #[test]
    fn as_many_apps_as_can_be_have_a_place() {
        let kinds = [kind(rules(10), 0, 1)];
        assert_eq!(pack(&kinds, &[], &anywhere(1, &[rules(9), rules(5), rules(5)])).of, [None, Some(0), Some(0)]);
        assert_eq!(pack(&[], &[], &anywhere(1, &[rules(1)])).of, [None]);
    }
}
