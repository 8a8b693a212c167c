//! The search behind a packing. Best fit in a few orders comes first and mostly meets what can be
//! proved. If it does not, racks are filled one by one; then one rack is emptied, and its apps push
//! others around until all have found a place. For few apps every way is tried in the end.

use super::bound::{Amount, argue};
use super::exhaustive::Exhaustive;
use super::fill::fill;
use super::packing::{DIMENSIONS, Kind, Vector};
use super::push::push_around;

/// One in fixed point, for shares of a rack's room.
const ONE: u64 = 1 << 16;
/// Racks that best fit looks at for one app; far more than anybody has, and a limit to the effort.
const WINDOW: usize = 4096;
/// Steps of pushing apps around for each app, if they are few.
const PUSHES: usize = 15_000;
/// Steps for each app, if they are many.
const FEWER_PUSHES: usize = 1500;
/// Steps for all apps, at the least where they are many, and at the most.
const MOST_PUSHES: (usize, usize) = (2_000_000, 30_000_000);
/// Apps up to which every way may be tried.
const FEW: usize = 64;
/// Looks at a rack after which no further order is tried.
const LOOKS: usize = 30_000_000;

/// What an app asks of a rack of one kind.
#[derive(Debug, Clone)]
pub(super) struct Need {
    /// The amounts.
    pub(super) demand: Vector,
    /// Whether it exceeds the room, so that it has to be the first one on the rack.
    pub(super) is_over: bool,
}

impl Need {
    /// The need, unless it exceeds the quota.
    pub(super) fn new(kind: &Kind, demand: Vector) -> Option<Need> {
        let within = |limit: &Vector| demand.iter().zip(limit).all(|(demand, limit)| demand <= limit);
        let is_over = !within(&kind.room);
        (!is_over || within(&kind.quota)).then_some(Need { demand, is_over })
    }

    /// Whether it goes onto a rack with this load and what that leaves.
    pub(super) fn fits(&self, load: &Vector, free: &Vector) -> bool {
        if self.is_over { *load == Vector::default() } else { self.demand.iter().zip(free).all(|(demand, free)| demand <= free) }
    }
}

/// Apps that ask for the same.
#[derive(Debug)]
pub(super) struct Class {
    /// What one of them asks of a rack of each kind; none where it can't go.
    pub(super) on: Vec<Option<Need>>,
    /// How many there are.
    pub(super) count: usize,
}

/// A rack while apps are placed.
#[derive(Debug, Clone)]
pub(super) struct Rack {
    /// Its kind.
    pub(super) kind: usize,
    /// Classes of the apps that were placed, one entry for each app.
    pub(super) apps: Vec<usize>,
    /// What it holds.
    pub(super) load: Vector,
    /// What that leaves of its room; nothing where it holds more.
    pub(super) free: Vector,
}

/// What a load leaves of the room.
pub(super) fn free(room: &Vector, load: &Vector) -> Vector {
    let mut free = *room;
    for (free, load) in free.iter_mut().zip(load) {
        *free = free.saturating_sub(*load);
    }
    free
}

/// What is left of a load without a demand.
pub(super) fn less(load: &Vector, demand: &Vector) -> Vector {
    free(load, demand)
}

impl Rack {
    /// A rack with a load. A kind that does not exist has no room.
    pub(super) fn new(kinds: &[Kind], kind: usize, load: Vector) -> Rack {
        let room = kinds.get(kind).map_or([0; DIMENSIONS], |kind| kind.room);
        Rack { kind, apps: Vec::new(), load, free: free(&room, &load) }
    }

    pub(super) fn set(&mut self, kinds: &[Kind], load: Vector) {
        self.load = load;
        self.free = kinds.get(self.kind).map_or([0; DIMENSIONS], |kind| free(&kind.room, &load));
    }
}

/// Apps and racks.
#[derive(Debug)]
pub(super) struct Problem<'a> {
    /// Kinds of racks.
    pub(super) kinds: &'a [Kind],
    /// Apps, those that ask for the same together.
    pub(super) classes: Vec<Class>,
    /// Racks that are open.
    pub(super) open: Vec<Rack>,
    /// The most that a rack of any kind has room for.
    pub(super) widest: Vector,
    /// The least that an app of each class takes, on whatever rack.
    pub(super) least: Vec<Vector>,
    apps: usize,
}

/// Where apps of each class are.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Racks, the open ones first.
    pub(super) racks: Vec<Rack>,
    /// Classes of apps without a place, one entry for each app.
    pub(super) left: Vec<usize>,
    /// Racks of each kind.
    pub(super) used: Vec<usize>,
}

/// A layout, and whether it was shown that none is better.
#[derive(Debug)]
pub(super) struct Solution {
    /// The layout.
    pub(super) layout: Layout,
    /// Whether every way was tried, or a bound says so.
    pub(super) is_best: bool,
}

/// A number as wide as sums are.
pub(super) fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// How orders weigh the dimensions: by how scarce each one is, to a power, summed or the largest.
const ORDERS: [(u32, bool); 7] = [(2, true), (8, true), (1, false), (1, true), (4, false), (0, false), (0, true)];

impl<'a> Problem<'a> {
    /// A problem; every class fits somewhere.
    pub(super) fn new(kinds: &'a [Kind], classes: Vec<Class>, open: Vec<Rack>) -> Problem<'a> {
        let mut widest = Vector::default();
        for kind in kinds {
            for (widest, room) in widest.iter_mut().zip(kind.room) {
                *widest = (*widest).max(room);
            }
        }
        let least = classes.iter().map(|class| least(kinds, class)).collect();
        let apps = classes.iter().map(|class| class.count).sum();
        Problem { kinds, classes, open, widest, least, apps }
    }

    pub(super) fn need(&self, class: usize, kind: usize) -> Option<&Need> {
        self.classes[class].on.get(kind).and_then(Option::as_ref)
    }

    pub(super) fn fits(&self, class: usize, rack: &Rack) -> bool {
        self.need(class, rack.kind).is_some_and(|need| need.fits(&rack.load, &rack.free))
    }

    /// The share of a rack that an app takes, for each dimension.
    fn shares(&self, class: usize) -> [u64; DIMENSIONS] {
        let mut shares = [0; DIMENSIONS];
        for (share, (least, widest)) in shares.iter_mut().zip(self.least[class].iter().zip(self.widest)) {
            *share = u64::from(*least) * ONE / u64::from(widest).max(1);
        }
        shares
    }

    /// How much of each dimension is asked for, the scarcest one being `ONE`.
    pub(super) fn scarcity(&self) -> [u64; DIMENSIONS] {
        let mut total = [0_u64; DIMENSIONS];
        for (number, class) in self.classes.iter().enumerate() {
            for (total, share) in total.iter_mut().zip(self.shares(number)) {
                *total = total.saturating_add(share.saturating_mul(wide(class.count)));
            }
        }
        let most = total.iter().copied().max().unwrap_or(0).max(1);
        // Halved until the product below can't overflow.
        let shift = 64_u32.saturating_sub(most.leading_zeros()).saturating_sub(40);
        total.map(|total| (total >> shift) * ONE / (most >> shift).max(1))
    }

    pub(super) fn start(&self) -> Layout {
        let mut used = vec![0; self.kinds.len()];
        for rack in &self.open {
            if let Some(used) = used.get_mut(rack.kind) {
                *used += 1;
            }
        }
        Layout { racks: self.open.clone(), left: Vec::new(), used }
    }

    /// The first kind, in order, of which a rack may be opened for an app; one of them is tried
    /// before the others.
    pub(super) fn opens(&self, class: usize, used: &[usize], first: usize) -> Option<usize> {
        let may = |kind: &usize| self.need(class, *kind).is_some() && used[*kind] < self.kinds[*kind].most;
        Some(first).filter(|kind| *kind < self.kinds.len()).into_iter().chain(0..self.kinds.len()).find(may)
    }

    pub(super) fn put(&self, layout: &mut Layout, class: usize, rack: usize) {
        let rack = &mut layout.racks[rack];
        if let Some(need) = self.need(class, rack.kind) {
            let mut load = rack.load;
            for (load, demand) in load.iter_mut().zip(need.demand) {
                *load = load.saturating_add(demand);
            }
            rack.set(self.kinds, load);
        }
        rack.apps.push(class);
    }

    /// Take the app at a position off a rack.
    pub(super) fn take(&self, layout: &mut Layout, rack: usize, at: usize) -> usize {
        let rack = &mut layout.racks[rack];
        let class = rack.apps.swap_remove(at);
        if let Some(need) = self.need(class, rack.kind) {
            let load = less(&rack.load, &need.demand);
            rack.set(self.kinds, load);
        }
        class
    }

    /// What is left of each rack's room, weighted: best fit wants little.
    pub(super) fn slack(&self, weights: &[u64; DIMENSIONS], rack: &Rack) -> u64 {
        let room = self.kinds.get(rack.kind).map_or(&self.widest, |kind| &kind.room);
        let of = |at: usize| (weights[at] + 1) * (u64::from(rack.free[at]) * ONE / u64::from(room[at]).max(1));
        (0..DIMENSIONS).map(of).sum()
    }

    /// Best fit of classes in an order. Apps of one class follow each other onto the same rack,
    /// since the fullest rack is all the fuller after the first of them.
    pub(super) fn best_fit(
        &self,
        mut layout: Layout,
        order: &[usize],
        counts: &[usize],
        weights: &[u64; DIMENSIONS],
        first: usize,
        looks: &mut usize,
    ) -> Layout {
        let mut slacks: Vec<u64> = layout.racks.iter().map(|rack| self.slack(weights, rack)).collect();
        for class in order {
            let mut remaining = counts[*class];
            while remaining > 0 {
                let from = layout.racks.len().saturating_sub(WINDOW.max(self.open.len()));
                *looks = looks.saturating_sub(layout.racks.len() - from);
                let fitting = (from..layout.racks.len()).filter(|at| self.fits(*class, &layout.racks[*at]));
                let at = if let Some(at) = fitting.min_by_key(|at| slacks[*at]) {
                    at
                } else if let Some(kind) = self.opens(*class, &layout.used, first) {
                    layout.used[kind] += 1;
                    layout.racks.push(Rack::new(self.kinds, kind, Vector::default()));
                    slacks.push(0);
                    layout.racks.len() - 1
                } else {
                    layout.left.extend(std::iter::repeat_n(*class, remaining));
                    break;
                };
                while remaining > 0 && self.fits(*class, &layout.racks[at]) {
                    self.put(&mut layout, *class, at);
                    remaining -= 1;
                }
                slacks[at] = self.slack(weights, &layout.racks[at]);
            }
        }
        layout
    }

    /// Sizes of classes and weights of dimensions under one of the orders.
    pub(super) fn sizes(&self, scarcity: &[u64; DIMENSIONS], power: u32, is_sum: bool) -> (Vec<u64>, [u64; DIMENSIONS]) {
        let weights = scarcity.map(|scarce| (0..power).fold(ONE, |weight, _| weight * scarce / ONE));
        let size = |class: usize| {
            let parts = self.shares(class).into_iter().zip(weights).map(|(share, weight)| share * weight / 16);
            if is_sum { parts.sum() } else { parts.max().unwrap_or(0) }
        };
        ((0..self.classes.len()).map(size).collect(), weights)
    }

    /// Classes, those with the least choice first, then the largest ones. What exceeds a room needs
    /// a rack that is empty, so it comes before everything.
    pub(super) fn order(&self, sizes: &[u64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.classes.len()).collect();
        let choice = |class: usize| {
            let needs = || self.classes[class].on.iter().flatten();
            (needs().all(|need| !need.is_over), needs().count())
        };
        order.sort_by_key(|class| (choice(*class), std::cmp::Reverse(sizes[*class]), *class));
        order
    }

    /// New racks that are needed for sure.
    fn floor(&self) -> usize {
        let mut racks = 0;
        for at in 0..DIMENSIONS {
            let asked: u64 = self.least.iter().zip(&self.classes).map(|(least, class)| u64::from(least[at]) * wide(class.count)).sum();
            let smallest = self.least.iter().map(|least| least[at]).filter(|amount| *amount > 0).min().unwrap_or(0);
            // What is less than the smallest demand is of no use to anybody.
            let spare: u64 = self.open.iter().map(|rack| rack.free[at]).filter(|free| *free >= smallest).map(u64::from).sum();
            if self.widest[at] > 0 {
                racks = racks.max(asked.saturating_sub(spare).div_ceil(u64::from(self.widest[at])));
            }
        }
        let homeless: Vec<usize> = (0..self.classes.len()).filter(|class| !self.open.iter().any(|rack| self.fits(*class, rack))).collect();
        let amounts = |class: &usize| {
            let (demand, count) = (self.least[*class], self.classes[*class].count);
            Amount { demand, count, is_over: self.classes[*class].on.iter().flatten().all(|need| need.is_over) }
        };
        let together = argue(&self.widest, &homeless.iter().map(amounts).collect::<Vec<_>>()).racks();
        // Apps that can go to one kind only can't share racks with those of another kind.
        let apart: usize = (0..self.kinds.len())
            .map(|kind| {
                let pinned = |class: &&usize| self.classes[**class].on.iter().enumerate().all(|(at, need)| need.is_some() == (at == kind));
                argue(&self.kinds[kind].room, &homeless.iter().filter(pinned).map(amounts).collect::<Vec<_>>()).racks()
            })
            .sum();
        usize::try_from(racks).unwrap_or(usize::MAX).max(together).max(apart)
    }

    /// Apps that have no place for sure, even if every rack is opened that may be.
    fn surplus(&self, used: &[usize]) -> usize {
        let placeable = |at: usize| {
            let spare = self.open.iter().map(|rack| u64::from(rack.free[at])).fold(0, u64::saturating_add);
            let new = |(kind, used): (&Kind, &usize)| wide(kind.most.saturating_sub(*used)).saturating_mul(u64::from(kind.room[at]));
            let mut room = self.kinds.iter().zip(used).map(new).fold(spare, u64::saturating_add);
            let mut asked: Vec<(u64, u64)> =
                self.least.iter().zip(&self.classes).map(|(least, class)| (u64::from(least[at]), wide(class.count))).collect();
            asked.sort_unstable(); // the smallest ones leave room for the most
            let mut apps = 0;
            for (amount, count) in asked {
                let fitting = room.checked_div(amount).map_or(count, |fitting| fitting.min(count));
                room -= fitting * amount;
                apps += fitting;
            }
            apps
        };
        let apps = (0..DIMENSIONS).map(placeable).min().unwrap_or(0);
        self.apps.saturating_sub(usize::try_from(apps).unwrap_or(usize::MAX))
    }
}

/// The least that an app takes on any kind of rack. More than the room is taken for all of it: it
/// leaves nothing to others.
fn least(kinds: &[Kind], class: &Class) -> Vector {
    let mut least = [u32::MAX; DIMENSIONS];
    for (need, kind) in class.on.iter().zip(kinds) {
        for (at, least) in least.iter_mut().enumerate() {
            if let Some(need) = need {
                *least = (*least).min(need.demand[at]).min(kind.room[at]);
            }
        }
    }
    least
}

impl Layout {
    /// What is to be small: apps without a place, then racks.
    pub(super) fn cost(&self) -> (usize, usize) {
        (self.left.len(), self.racks.len())
    }
}

/// The best layout that was found.
pub(super) fn solve(problem: &Problem<'_>) -> Solution {
    let goal = (0, problem.open.len().saturating_add(problem.floor()));
    let bases = construct(problem, goal);
    let surplus = problem.surplus(&problem.start().used);
    let many = problem.apps.saturating_mul(FEWER_PUSHES).clamp(MOST_PUSHES.0, MOST_PUSHES.1);
    let pushes = problem.apps.saturating_mul(PUSHES).min(many) / bases.len().max(1);
    let mut best: Option<Layout> = None;
    for mut layout in bases {
        let mut steps = pushes;
        // Pushing can only place apps that are left over, so it ends when it is known that none can be.
        while layout.cost() > goal && (layout.left.is_empty() || layout.left.len() > surplus) {
            let Some(better) = push_around(problem, &layout, &mut steps) else { break };
            layout = better;
        }
        if best.as_ref().is_none_or(|best| layout.cost() < best.cost()) {
            best = Some(layout);
        }
        if best.as_ref().is_some_and(|best| best.cost() <= goal) {
            break;
        }
    }
    let mut layout = best.unwrap_or_else(|| problem.start());
    let mut is_best = layout.cost() <= goal;
    if !is_best && problem.apps <= FEW {
        let (better, is_all) = Exhaustive::run(problem, layout.cost(), goal);
        layout = better.unwrap_or(layout);
        is_best = is_all;
    }
    settle(problem, &mut layout);
    Solution { layout, is_best }
}

/// Best fit in several orders, and full racks: one layout that can't be beaten, or the best of both.
fn construct(problem: &Problem<'_>, goal: (usize, usize)) -> Vec<Layout> {
    let scarcity = problem.scarcity();
    let mut best: Option<Layout> = None;
    let mut looks = LOOKS;
    let counts: Vec<usize> = problem.classes.iter().map(|class| class.count).collect();
    // The kinds are tried in their order unless another one saves racks.
    for first in 0..problem.kinds.len().clamp(1, 8) {
        for (power, is_sum) in ORDERS {
            let (sizes, weights) = problem.sizes(&scarcity, power, is_sum);
            let layout = problem.best_fit(problem.start(), &problem.order(&sizes), &counts, &weights, first, &mut looks);
            if best.as_ref().is_none_or(|best| layout.cost() < best.cost()) {
                best = Some(layout);
            }
            if let Some(best) = best.take_if(|best| looks == 0 || best.cost() <= goal) {
                return vec![best];
            }
        }
    }
    let best = best.unwrap_or_else(|| problem.start());
    let mut layouts: Vec<Layout> = fill(problem, best.racks.len()).into_iter().filter(|filled| filled.cost() <= best.cost()).collect();
    if layouts.iter().all(|filled| filled.cost() == best.cost()) {
        layouts.push(best);
    }
    layouts
}

/// Move apps from new racks to open ones that have come to have room, and drop new racks that are
/// empty; then the fullest new rack of a kind comes first.
fn settle(problem: &Problem<'_>, layout: &mut Layout) {
    let open = problem.open.len();
    let weights = [1; DIMENSIONS];
    let mut stuck = vec![false; problem.classes.len()];
    for from in open..layout.racks.len() {
        for at in (0..layout.racks[from].apps.len()).rev() {
            let class = layout.racks[from].apps[at];
            if stuck[class] {
                continue;
            }
            let fitting = (0..open).filter(|to| problem.fits(class, &layout.racks[*to]));
            if let Some(to) = fitting.min_by_key(|to| problem.slack(&weights, &layout.racks[*to])) {
                problem.take(layout, from, at);
                problem.put(layout, class, to);
            } else {
                stuck[class] = true; // open racks only fill up
            }
        }
    }
    let mut new = layout.racks.split_off(open);
    new.retain(|rack| !rack.apps.is_empty());
    for rack in &mut new {
        rack.apps.sort_unstable();
    }
    new.sort_by_cached_key(|rack| (rack.kind, problem.slack(&weights, rack), rack.apps.clone()));
    layout.racks.extend(new);
}
