//! How many racks apps need at the least, and the argument for it in words.
//!
//! Every argument here gives apps a weight such that no rack can take more than a certain weight
//! (a dual feasible function), or names apps of which no two fit together.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::packing::{DIMENSIONS, Kind, Vector};
use super::points::{Points, points};
use super::search::{Class, Need, Problem, solve, wide};

/// Names of the dimensions, and of the routers that have them.
const NAMES: [(&str, &str); DIMENSIONS] = [
    ("rules", "public"),
    ("target groups", "public"),
    ("certificates", "public"),
    ("rules", "internal"),
    ("target groups", "internal"),
    ("certificates", "internal"),
];
/// Amounts of one dimension that are tried as thresholds.
const THRESHOLDS: usize = 128;
/// Parts that a rack is cut into at most.
const PARTS: u64 = 6;
/// Different demands that are looked at for apps of which no two fit together.
const RIVALS: usize = 256;
/// Apps up to which every way of placing them may be tried.
const FEW: usize = 64;

/// The least number of racks that apps need from scratch, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// Racks.
    pub racks: usize,
    /// The argument, one sentence without a full stop.
    pub why: String,
}

/// Apps that ask for the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount {
    /// What each asks for, at most the room.
    pub(super) demand: Vector,
    /// How many there are.
    pub(super) count: usize,
    /// Whether they exceed the room: no two such apps share a rack.
    pub(super) is_over: bool,
}

/// Why apps need a number of racks.
#[derive(Debug, Clone)]
pub(super) enum Reason {
    /// There is nothing to place.
    Nothing,
    /// There is something to place.
    Something,
    /// All of one dimension together.
    Sum { at: usize, asked: u64, room: u32 },
    /// A rack takes `takes` of apps that ask for more than a part of the room.
    Parts { at: usize, apps: u64, takes: u64, room: u32 },
    /// The same, where an app counts once for each part that it exceeds.
    Counted { at: usize, counted: u64, takes: u64, room: u32 },
    /// Large apps leave no room for those that ask for `from` or more, and these fill racks too.
    Threshold { at: usize, large: u64, from: u64, others: u64, asked: u64, room: u32 },
    /// Points for amounts, of which a rack can hold so many.
    Points { at: usize, room: u32, points: Points },
    /// No two of these apps fit together, for one dimension or another.
    Rivals { apps: u64 },
    /// All ways were tried.
    Tried { apps: usize, racks: usize },
}

/// A number of racks with its reason.
#[derive(Debug, Clone)]
pub(super) struct Argument {
    racks: u64,
    reason: Reason,
}

/// The least number of racks of a kind that apps need if no rack is open.
///
/// Apps that exceed the quota go nowhere and are not counted.
pub fn lower_bound(kind: &Kind, items: &[Vector]) -> Bound {
    let kind = &kind.sound();
    let mut counts: BTreeMap<Vector, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(*item).or_default() += 1;
    }
    let needs = || counts.iter().filter_map(|(demand, count)| Some((Need::new(kind, *demand)?, *count)));
    let amount = |(need, count): (Need, usize)| {
        let mut demand = need.demand;
        for (demand, room) in demand.iter_mut().zip(kind.room) {
            *demand = (*demand).min(room);
        }
        Amount { demand, count, is_over: need.is_over }
    };
    let mut argument = argue(&kind.room, &needs().map(amount).collect::<Vec<_>>());
    let apps = needs().map(|(_, count)| count).sum();
    if apps <= FEW && argument.racks() < apps {
        let kinds = [Kind { most: usize::MAX, ..kind.clone() }];
        let classes = needs().map(|(need, count)| Class { on: vec![Some(need)], count }).collect();
        let solution = solve(&Problem::new(&kinds, classes, Vec::new()));
        let racks = solution.layout.racks.len();
        if solution.is_best && racks > argument.racks() {
            argument = Argument { racks: wide(racks), reason: Reason::Tried { apps, racks: racks - 1 } };
        }
    }
    Bound { racks: argument.racks(), why: argument.why() }
}

/// The strongest argument; of equal ones the simplest.
pub(super) fn argue(room: &Vector, apps: &[Amount]) -> Argument {
    let mut best = Argument { racks: 0, reason: Reason::Nothing };
    if apps.iter().all(|app| app.count == 0) {
        return best;
    }
    best.consider(1, Reason::Something);
    for (at, room) in room.iter().copied().enumerate().filter(|(_, room)| *room > 0) {
        let asked = apps.iter().map(|app| u64::from(app.demand[at]).saturating_mul(wide(app.count))).fold(0, u64::saturating_add);
        best.consider(asked.div_ceil(u64::from(room)), Reason::Sum { at, asked, room });
    }
    let mut by_amount = Vec::new();
    for (at, room) in room.iter().copied().enumerate().filter(|(_, room)| *room > 0) {
        let mut amounts: BTreeMap<u64, u64> = BTreeMap::new();
        for app in apps.iter().filter(|app| app.demand[at] > 0) {
            *amounts.entry(u64::from(app.demand[at])).or_default() += wide(app.count);
        }
        parts(&mut best, at, room, &amounts);
        thresholds(&mut best, at, room, &amounts);
        by_amount.push((at, room, amounts));
    }
    let rivals = rivals(room, apps);
    best.consider(rivals, Reason::Rivals { apps: rivals });
    for (at, room, amounts) in by_amount {
        if let Some(points) = points(room, amounts.into_iter(), best.racks) {
            best.consider(points.racks(), Reason::Points { at, room, points });
        }
    }
    best
}

/// A rack cut into `takes + 1` equal parts takes `takes` apps of more than a part each, and an app
/// counts once for each part that it exceeds.
fn parts(best: &mut Argument, at: usize, room: u32, amounts: &BTreeMap<u64, u64>) {
    for takes in 1..=PARTS {
        // The number of parts that an amount is more than; never more than `takes`.
        let exceeds = |amount: u64| (amount.saturating_mul(takes + 1)).div_ceil(u64::from(room)).saturating_sub(1).min(takes);
        let apps = amounts.iter().filter(|(amount, _)| exceeds(**amount) > 0).map(|(_, count)| count).sum::<u64>();
        best.consider(apps.div_ceil(takes), Reason::Parts { at, apps, takes, room });
        let counted = amounts.iter().map(|(amount, count)| exceeds(*amount) * count).sum::<u64>();
        best.consider(counted.div_ceil(takes), Reason::Counted { at, counted, takes, room });
    }
}

/// Apps that ask for so much that those of `from` or more can't join them have a rack each; all
/// that is less than `from` is left out. After Martello and Toth.
fn thresholds(best: &mut Argument, at: usize, room: u32, amounts: &BTreeMap<u64, u64>) {
    let room_wide = u64::from(room);
    let step = (amounts.range(..=room_wide / 2).count() / THRESHOLDS).max(1);
    for from in amounts.range(..=room_wide / 2).map(|(amount, _)| *amount).step_by(step) {
        let large = amounts.range(room_wide - from + 1..).map(|(_, count)| count).sum::<u64>();
        let between = || amounts.range(from..=room_wide - from);
        let others = between().map(|(_, count)| count).sum::<u64>();
        let asked = between().map(|(amount, count)| amount * count).fold(0, u64::saturating_add);
        best.consider(large + asked.div_ceil(room_wide), Reason::Threshold { at, large, from, others, asked, room });
    }
}

/// The size of a set of apps of which no two fit together, grown greedily from those that ask for
/// more than half of one dimension.
fn rivals(room: &Vector, apps: &[Amount]) -> u64 {
    let clash = |a: &Amount, b: &Amount| {
        (a.is_over && b.is_over) || (0..DIMENSIONS).any(|at| u64::from(a.demand[at]) + u64::from(b.demand[at]) > u64::from(room[at]))
    };
    // A thousandth is fine enough to sort by.
    let share = |app: &Amount, at: usize| u64::from(app.demand[at]) * 1000 / u64::from(room[at]).max(1);
    let largest = |app: &Amount| (app.is_over, (0..DIMENSIONS).map(|at| share(app, at)).max().unwrap_or(0));
    let mut candidates: Vec<&Amount> = apps.iter().filter(|app| app.count > 0).collect();
    candidates.sort_by_key(|app| std::cmp::Reverse(largest(app)));
    candidates.truncate(RIVALS);
    if !candidates.iter().any(|app| clash(app, app)) {
        return 0; // a pair of different apps at the most, and sums say as much
    }
    let mut most = 0;
    for at in 0..DIMENSIONS {
        candidates.sort_by_key(|app| std::cmp::Reverse((share(app, at), largest(app))));
        let mut chosen: Vec<&Amount> = Vec::new();
        let mut size = 0;
        for app in &candidates {
            if chosen.iter().all(|other| clash(app, other)) {
                size += if clash(app, app) { wide(app.count) } else { 1 };
                chosen.push(app);
            }
        }
        most = most.max(size);
    }
    most
}

impl Argument {
    fn consider(&mut self, racks: u64, reason: Reason) {
        if racks > self.racks {
            *self = Argument { racks, reason };
        }
    }

    /// Racks that are needed.
    pub(super) fn racks(&self) -> usize {
        usize::try_from(self.racks).unwrap_or(usize::MAX)
    }

    fn why(&self) -> String {
        let what = |at: usize| format!("{} on {} routers", NAMES[at].0, NAMES[at].1);
        match self.reason.clone() {
            Reason::Nothing => "there are no apps to place".to_owned(),
            Reason::Something => "there are apps to place".to_owned(),
            Reason::Sum { at, asked, room } => {
                format!("the apps ask for {} {}, and a rack has room for {}", grouped(asked), what(at), grouped(room.into()))
            }
            Reason::Parts { at, apps, takes: 1, room } => {
                let (apps, room) = (grouped(apps), grouped(room.into()));
                format!("{apps} apps ask for more than half of a rack's {room} {} each, and no two of them fit together", what(at))
            }
            Reason::Parts { at, apps, takes, room } => {
                let (apps, room) = (grouped(apps), grouped(room.into()));
                format!(
                    "{apps} apps ask for more than 1/{} of a rack's {room} {} each, so a rack takes {takes} of them",
                    takes + 1,
                    what(at)
                )
            }
            Reason::Counted { at, counted, takes, room } => {
                let (counted, room, parts) = (grouped(counted), grouped(room.into()), takes + 1);
                format!(
                    "if an app counts for every 1/{parts} of a rack's {room} {} that it exceeds, the apps count {counted}, and a rack takes {takes}",
                    what(at)
                )
            }
            Reason::Threshold { at, large, from, others, asked, room } => {
                let (what, more) = (what(at), u64::from(room) - from);
                let (large, others, asked) = (counted(large), counted(others), grouped(asked));
                format!(
                    "{large} with more than {} {what} can't share a rack with {others} of {} or more, and these ask for {asked}; a rack has room for {}",
                    grouped(more),
                    grouped(from),
                    grouped(room.into())
                )
            }
            Reason::Points { at, room, points } => {
                let (total, most, room) = (grouped(points.total), grouped(points.most), grouped(room.into()));
                format!(
                    "with {} {}, the apps have {total} points together, and those on a rack with room for {room} can't have more than {most}",
                    listed(&points),
                    what(at)
                )
            }
            Reason::Rivals { apps } => format!("there are {} apps of which no two fit on one rack", grouped(apps)),
            Reason::Tried { apps, racks } => {
                let racks = if racks == 1 { "1 rack".to_owned() } else { format!("{racks} racks") };
                format!("every way to put the {apps} apps on {racks} was tried, and an app was always left over")
            }
        }
    }
}

/// Points with the amounts that have them: "6 points for 9 to 13".
fn listed(points: &Points) -> String {
    let mut runs: Vec<(u64, u64, u64)> = Vec::new();
    for (amount, points) in &points.of {
        match runs.last_mut() {
            Some((_, last, same)) if same == points => *last = *amount,
            _ => runs.push((*amount, *amount, *points)),
        }
    }
    let mut text = String::new();
    for (at, (first, last, points)) in runs.iter().enumerate() {
        let between = if at == 0 { "" } else { ", " };
        let to = if first == last { String::new() } else { format!(" to {last}") };
        let unit = if at > 0 {
            ""
        } else if *points == 1 {
            " point"
        } else {
            " points"
        };
        let _ = write!(text, "{between}{}{unit} for {first}{to}", grouped(*points));
    }
    text
}

/// A number of apps in words.
fn counted(apps: u64) -> String {
    if apps == 1 { "1 app".to_owned() } else { format!("{} apps", grouped(apps)) }
}

/// A number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(room: Vector, demands: &[(usize, Vector)]) -> (usize, String) {
        let kind = Kind { quota: room.map(|room| room.saturating_add(room / 10)), room, most: 1 };
        let items: Vec<Vector> = demands.iter().flat_map(|(count, demand)| std::iter::repeat_n(*demand, *count)).collect();
        let bound = lower_bound(&kind, &items);
        (bound.racks, bound.why)
    }

    fn check(room: Vector, demands: &[(usize, Vector)], racks: usize, why: &str) {
        assert_eq!(bound(room, demands), (racks, why.to_owned()));
    }

    const ROOM: Vector = [100, 100, 25, 100, 100, 25];

    fn of(at: usize, amount: u32) -> Vector {
        let mut vector = [0; DIMENSIONS];
        vector[at] = amount;
        vector
    }

    #[test]
    fn few_words_are_enough_where_there_is_little_to_say() {
        check(ROOM, &[], 0, "there are no apps to place");
        check(ROOM, &[(3, [0; DIMENSIONS])], 1, "there are apps to place");
        check(ROOM, &[(3, of(0, 111))], 0, "there are no apps to place");
    }

    #[test]
    fn sums_are_named() {
        check(
            ROOM,
            &[(1047, of(0, 3)), (1, of(3, 100))],
            32,
            "the apps ask for 3,141 rules on public routers, and a rack has room for 100",
        );
    }

    #[test]
    fn large_apps_are_counted() {
        check(
            ROOM,
            &[(17, of(2, 13)), (5, of(2, 1))],
            17,
            "17 apps ask for more than half of a rack's 25 certificates on public routers each, and no two of them fit together",
        );
        check(
            ROOM,
            &[(100, of(4, 34))],
            50,
            "100 apps ask for more than 1/3 of a rack's 100 target groups on internal routers each, so a rack takes 2 of them",
        );
    }

    #[test]
    fn apps_count_for_parts() {
        // 26 and 51 of 100: one and two of three parts.
        let (racks, why) = bound(ROOM, &[(70, of(1, 51)), (71, of(1, 26))]);
        assert_eq!(racks, 71);
        assert!(why.starts_with("if an app counts for every 1/4 of a rack's 100 target groups on public routers"), "{why}");
    }

    #[test]
    fn apps_have_points_for_what_they_spoil() {
        // Two of 9 to 12 fill a rack for all but 8 and more; three of 8 fit.
        let demands = [(5, of(2, 8)), (9, of(2, 9)), (4, of(2, 11)), (11, of(2, 12)), (1, of(2, 1)), (60, of(0, 3))];
        check(
            ROOM,
            &demands,
            14,
            "with 3 points for 8, 6 for 9 to 12 certificates on public routers, the apps have 159 points together, and those on a rack with room for 25 can't have more than 12",
        );
    }

    #[test]
    fn large_apps_leave_no_room_for_others() {
        let demands = [(40, of(0, 81)), (61, of(0, 20)), (20, of(0, 1))];
        let (racks, why) = bound(ROOM, &demands);
        assert_eq!(racks, 53, "{why}");
    }

    #[test]
    fn rivals_may_differ_in_what_they_ask_for() {
        let both = |a: u32, b: u32| [a, 0, b, 0, 0, 0];
        let demands = [(30, both(60, 10)), (30, both(50, 13)), (30, both(41, 16))];
        let (racks, _) = bound(ROOM, &demands);
        assert!(racks >= 60);
        check(ROOM, &[(50, both(60, 12)), (40, both(51, 13)), (1, both(41, 14))], 91, "there are 91 apps of which no two fit on one rack");
    }

    #[test]
    fn apps_that_exceed_the_room_share_nothing() {
        check(ROOM, &[(2, of(0, 110)), (2, of(1, 110))], 4, "there are 4 apps of which no two fit on one rack");
    }

    #[test]
    fn every_way_is_tried_with_few_apps() {
        let demands = [(1, of(0, 52)), (1, of(0, 47)), (2, of(0, 50)), (1, of(0, 1))];
        assert_eq!(bound(ROOM, &demands[..4]).0, 2);
        let apps = [[50, 50, 0, 0, 0, 0], [50, 30, 0, 0, 0, 0], [30, 50, 0, 0, 0, 0], [50, 45, 0, 0, 0, 0]];
        let demands: Vec<(usize, Vector)> = apps.into_iter().map(|app| (1, app)).collect();
        let (racks, why) = bound(ROOM, &demands);
        assert!(racks == 2 || why.contains("was tried"), "{racks} {why}");
    }
}
