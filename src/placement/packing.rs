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
