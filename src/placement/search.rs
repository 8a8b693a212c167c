//! The search behind a packing. Best fit in a few orders comes first and mostly meets what can be
//! proved. If it does not, one rack is emptied, and its apps push others around until all have
//! found a place. For few apps every way is tried in the end.

use super::bound::{Amount, argue};
use super::packing::{DIMENSIONS, Kind, Vector};

/// One in fixed point, for shares of a rack's room.
const ONE: u64 = 1 << 16;
/// Racks that best fit looks at for one app; far more than anybody has, and a limit to the effort.
const WINDOW: usize = 4096;
/// Steps of pushing apps around for each app, if they are few.
const PUSHES: usize = 15_000;
/// Steps for each app, if they are many.
const FEWER_PUSHES: usize = 1500;
/// Steps for all apps.
const MOST_PUSHES: (usize, usize) = (3_000_000, 30_000_000);
/// Apps up to which every way may be tried.
const FEW: usize = 64;
/// Looks at a rack after which no further order is tried.
const LOOKS: usize = 30_000_000;
/// Steps of trying every way.
const TRIES: usize = 400_000;

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
    fn fits(&self, load: &Vector, free: &Vector) -> bool {
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
    load: Vector,
    free: Vector,
}

/// What a load leaves of the room.
fn free(room: &Vector, load: &Vector) -> Vector {
    let mut free = *room;
    for (free, load) in free.iter_mut().zip(load) {
        *free = free.saturating_sub(*load);
    }
    free
}

fn less(load: &Vector, demand: &Vector) -> Vector {
    free(load, demand)
}

impl Rack {
    /// A rack with a load. A kind that does not exist has no room.
    pub(super) fn new(kinds: &[Kind], kind: usize, load: Vector) -> Rack {
        let room = kinds.get(kind).map_or([0; DIMENSIONS], |kind| kind.room);
        Rack { kind, apps: Vec::new(), load, free: free(&room, &load) }
    }

    fn set(&mut self, kinds: &[Kind], load: Vector) {
        self.load = load;
        self.free = kinds.get(self.kind).map_or([0; DIMENSIONS], |kind| free(&kind.room, &load));
    }
}

/// Apps and racks.
#[derive(Debug)]
pub(super) struct Problem<'a> {
    kinds: &'a [Kind],
    classes: Vec<Class>,
    open: Vec<Rack>,
    /// The most that a rack of any kind has room for.
    widest: Vector,
    /// The least that an app of each class takes, on whatever rack.
    least: Vec<Vector>,
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
    used: Vec<usize>,
}

/// A layout, and whether it was shown that none is better.
#[derive(Debug)]
pub(super) struct Solution {
    /// The layout.
    pub(super) layout: Layout,
    /// Whether every way was tried, or a bound says so.
    pub(super) is_best: bool,
}

/// A few steps of xorshift: numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = wide(limit).max(1);
        usize::try_from((self.0 >> 11) % limit).unwrap_or(0)
    }
}

fn wide(number: usize) -> u64 {
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

    fn need(&self, class: usize, kind: usize) -> Option<&Need> {
        self.classes[class].on.get(kind).and_then(Option::as_ref)
    }

    fn fits(&self, class: usize, rack: &Rack) -> bool {
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
    fn scarcity(&self) -> [u64; DIMENSIONS] {
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

    fn start(&self) -> Layout {
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
    fn opens(&self, class: usize, used: &[usize], first: usize) -> Option<usize> {
        let may = |kind: &usize| self.need(class, *kind).is_some() && used[*kind] < self.kinds[*kind].most;
        Some(first).filter(|kind| *kind < self.kinds.len()).into_iter().chain(0..self.kinds.len()).find(may)
    }

    fn put(&self, layout: &mut Layout, class: usize, rack: usize) {
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
    fn take(&self, layout: &mut Layout, rack: usize, at: usize) -> usize {
        let rack = &mut layout.racks[rack];
        let class = rack.apps.swap_remove(at);
        if let Some(need) = self.need(class, rack.kind) {
            let load = less(&rack.load, &need.demand);
            rack.set(self.kinds, load);
        }
        class
    }

    /// What is left of each rack's room, weighted: best fit wants little.
    fn slack(&self, weights: &[u64; DIMENSIONS], rack: &Rack) -> u64 {
        let room = self.kinds.get(rack.kind).map_or(&self.widest, |kind| &kind.room);
        let of = |at: usize| (weights[at] + 1) * (u64::from(rack.free[at]) * ONE / u64::from(room[at]).max(1));
        (0..DIMENSIONS).map(of).sum()
    }

    /// Best fit of classes in an order. Apps of one class follow each other onto the same rack,
    /// since the fullest rack is all the fuller after the first of them.
    fn best_fit(&self, order: &[usize], weights: &[u64; DIMENSIONS], first: usize, looks: &mut usize) -> Layout {
        let mut layout = self.start();
        let mut slacks: Vec<u64> = layout.racks.iter().map(|rack| self.slack(weights, rack)).collect();
        for class in order {
            let mut remaining = self.classes[*class].count;
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
    fn sizes(&self, scarcity: &[u64; DIMENSIONS], power: u32, is_sum: bool) -> (Vec<u64>, [u64; DIMENSIONS]) {
        let weights = scarcity.map(|scarce| (0..power).fold(ONE, |weight, _| weight * scarce / ONE));
        let size = |class: usize| {
            let parts = self.shares(class).into_iter().zip(weights).map(|(share, weight)| share * weight / 16);
            if is_sum { parts.sum() } else { parts.max().unwrap_or(0) }
        };
        ((0..self.classes.len()).map(size).collect(), weights)
    }

    /// Classes, those with the least choice first, then the largest ones. What exceeds a room needs
    /// a rack that is empty, so it comes before everything.
    fn order(&self, sizes: &[u64]) -> Vec<usize> {
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
        let spare: Vec<&Rack> = self.open.iter().collect();
        let mut racks = 0;
        for at in 0..DIMENSIONS {
            let asked: u64 = self.least.iter().zip(&self.classes).map(|(least, class)| u64::from(least[at]) * wide(class.count)).sum();
            let smallest = self.least.iter().map(|least| least[at]).filter(|amount| *amount > 0).min().unwrap_or(0);
            // What is less than the smallest demand is of no use to anybody.
            let spare: u64 = spare.iter().map(|rack| rack.free[at]).filter(|free| *free >= smallest).map(u64::from).sum();
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
    fn cost(&self) -> (usize, usize) {
        (self.left.len(), self.racks.len())
    }
}

/// The best layout that was found.
pub(super) fn solve(problem: &Problem<'_>) -> Solution {
    let goal = (0, problem.open.len().saturating_add(problem.floor()));
    let mut layout = construct(problem, goal);
    let mut steps = {
        let many = problem.apps.saturating_mul(FEWER_PUSHES).clamp(MOST_PUSHES.0, MOST_PUSHES.1);
        problem.apps.saturating_mul(PUSHES).min(many)
    };
    let surplus = problem.surplus(&problem.start().used);
    // Pushing can only place apps that are left over, so it ends when it is known that none can be.
    while layout.cost() > goal && (layout.left.is_empty() || layout.left.len() > surplus) {
        let Some(better) = push_around(problem, &layout, &mut steps) else { break };
        layout = better;
    }
    let mut is_best = layout.cost() <= goal;
    if !is_best && problem.apps <= FEW {
        let (better, is_all) = Exhaustive::run(problem, layout.cost(), goal);
        layout = better.unwrap_or(layout);
        is_best = is_all;
    }
    settle(problem, &mut layout);
    Solution { layout, is_best }
}

/// Best fit in several orders; the first layout that can't be beaten, or the best one.
fn construct(problem: &Problem<'_>, goal: (usize, usize)) -> Layout {
    let scarcity = problem.scarcity();
    let mut best: Option<Layout> = None;
    let mut looks = LOOKS;
    // The kinds are tried in their order unless another one saves racks.
    for first in 0..problem.kinds.len().clamp(1, 8) {
        for (power, is_sum) in ORDERS {
            let (sizes, weights) = problem.sizes(&scarcity, power, is_sum);
            let layout = problem.best_fit(&problem.order(&sizes), &weights, first, &mut looks);
            if best.as_ref().is_none_or(|best| layout.cost() < best.cost()) {
                best = Some(layout);
            }
            if let Some(best) = best.take_if(|best| looks == 0 || best.cost() <= goal) {
                return best;
            }
        }
    }
    best.unwrap_or_else(|| problem.start())
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

/// Apps without a place, each pushing others off a rack until all have found one. An app that
/// fails often is not pushed off lightly, so the hard ones stay. After Nagata and Bräysy.
struct Pushing<'p, 'a> {
    problem: &'p Problem<'a>,
    layout: Layout,
    sizes: Vec<u64>,
    failures: Vec<u64>,
    /// The dimension that is asked for most.
    scarcest: usize,
    dice: Dice,
}

/// A layout that is better than this one by a rack, or by apps that found a place.
fn push_around(problem: &Problem<'_>, layout: &Layout, steps: &mut usize) -> Option<Layout> {
    let scarcity = problem.scarcity();
    let (sizes, weights) = problem.sizes(&scarcity, 2, true);
    let mut start = layout.clone();
    if start.left.is_empty() {
        let emptiest = (problem.open.len()..start.racks.len()).max_by_key(|at| problem.slack(&weights, &start.racks[*at]))?;
        let rack = start.racks.swap_remove(emptiest);
        start.left = rack.apps;
        start.used[rack.kind] -= 1;
    }
    if start.racks.is_empty() {
        return None;
    }
    start.left.sort_unstable_by_key(|class| (sizes[*class], *class));
    let failures = vec![1; problem.classes.len()];
    let scarcest = (0..DIMENSIONS).max_by_key(|at| scarcity[*at]).unwrap_or(0);
    let mut pushing = Pushing { problem, layout: start, sizes, failures, scarcest, dice: Dice(0x9E37_79B9_7F4A_7C15) };
    while *steps > 0 && pushing.layout.cost() >= layout.cost() {
        let class = pushing.layout.left.pop()?;
        pushing.place(class, steps);
    }
    (pushing.layout.cost() < layout.cost()).then_some(pushing.layout)
}

impl Pushing<'_, '_> {
    /// Find a place for an app, or push others off for it.
    fn place(&mut self, class: usize, steps: &mut usize) {
        if let Some(rack) = self.home(class, steps) {
            self.problem.put(&mut self.layout, class, rack);
            return;
        }
        if self.swap_in(class, steps) {
            return;
        }
        self.failures[class] += 1;
        match self.cheapest(class, steps) {
            Some((rack, mut off)) => {
                off.sort_unstable_by(|a, b| b.cmp(a));
                for at in off {
                    let pushed = self.problem.take(&mut self.layout, rack, at);
                    self.layout.left.push(pushed);
                }
                self.problem.put(&mut self.layout, class, rack);
            }
            None => self.layout.left.insert(0, class),
        }
        self.shake(steps);
    }

    /// The fullest rack that has room.
    fn home(&self, class: usize, steps: &mut usize) -> Option<usize> {
        let racks = &self.layout.racks;
        *steps = steps.saturating_sub(racks.len());
        let left = |rack: &Rack| rack.free.iter().copied().map(u64::from).sum::<u64>();
        (0..racks.len()).filter(|at| self.problem.fits(class, &racks[*at])).min_by_key(|at| left(&racks[*at]))
    }

    /// Whether an app fits a rack once others are off it.
    fn fits_without(&self, class: usize, rack: &Rack, off: &[usize]) -> bool {
        let Some(need) = self.problem.need(class, rack.kind) else { return false };
        let mut load = rack.load;
        for other in off {
            if let Some(other) = self.problem.need(*other, rack.kind) {
                load = less(&load, &other.demand);
            }
        }
        need.fits(&load, &free(&self.problem.kinds[rack.kind].room, &load))
    }

    /// Put an app where another one stood that fits elsewhere.
    fn swap_in(&mut self, class: usize, steps: &mut usize) -> bool {
        let scarcest = self.scarcest;
        // Racks by what they have left of the scarcest dimension: most have too little for most apps.
        let mut spare: Vec<(u32, usize)> = self.layout.racks.iter().enumerate().map(|(at, rack)| (rack.free[scarcest], at)).collect();
        spare.sort_unstable_by(|a, b| b.cmp(a));
        *steps = steps.saturating_sub(4 * spare.len());
        // Racks where one app of a class would fit; two are enough to know one beside its own.
        let mut homes: Vec<Option<[Option<usize>; 2]>> = vec![None; self.problem.classes.len()];
        for number in 0..self.layout.racks.len() {
            *steps = steps.saturating_sub(self.layout.racks[number].apps.len());
            for at in 0..self.layout.racks[number].apps.len() {
                let rack = &self.layout.racks[number];
                let other = rack.apps[at];
                if other == class || !self.fits_without(class, rack, &[other]) {
                    continue;
                }
                let found = homes[other].unwrap_or_else(|| {
                    let least = self.problem.least[other][scarcest];
                    let mut tried = 0;
                    let mut fitting = spare.iter().take_while(|(free, _)| *free >= least).map(|(_, at)| *at).filter(|at| {
                        tried += 1;
                        self.problem.fits(other, &self.layout.racks[*at])
                    });
                    let found = [fitting.next(), fitting.next()];
                    *steps = steps.saturating_sub(tried);
                    found
                });
                homes[other] = Some(found);
                if let Some(to) = found[0].filter(|to| *to != number).or(found[1]) {
                    self.problem.take(&mut self.layout, number, at);
                    self.problem.put(&mut self.layout, other, to);
                    self.problem.put(&mut self.layout, class, number);
                    return true;
                }
            }
        }
        false
    }

    /// One or two apps of a rack that have failed least often, and are small, with which off it an
    /// app fits.
    fn cheapest(&mut self, class: usize, steps: &mut usize) -> Option<(usize, Vec<usize>)> {
        let mut best: Option<((u64, u64, usize), usize, Vec<usize>)> = None;
        for number in 0..self.layout.racks.len() {
            let apps = self.layout.racks[number].apps.len();
            *steps = steps.saturating_sub(apps);
            for at in 0..apps {
                self.consider(class, number, &[at], &mut best);
            }
        }
        if best.is_some() {
            return best.map(|(_, rack, off)| (rack, off));
        }
        let start = self.dice.below(self.layout.racks.len());
        for number in 0..self.layout.racks.len() {
            let number = (start + number) % self.layout.racks.len();
            let apps = self.layout.racks[number].apps.len().min(64);
            *steps = steps.saturating_sub(apps * apps / 2);
            for at in 0..apps {
                for second in at + 1..apps {
                    self.consider(class, number, &[at, second], &mut best);
                }
            }
            if *steps == 0 {
                break;
            }
        }
        best.map(|(_, rack, off)| (rack, off))
    }

    fn consider(&mut self, class: usize, number: usize, off: &[usize], best: &mut Option<((u64, u64, usize), usize, Vec<usize>)>) {
        let rack = &self.layout.racks[number];
        let mut classes = [0; 2];
        for (class, at) in classes.iter_mut().zip(off) {
            *class = rack.apps[*at];
        }
        let classes = &classes[..off.len().min(2)];
        let price: u64 = classes.iter().map(|other| self.failures[*other]).sum();
        let size: u64 = classes.iter().map(|other| self.sizes[*other]).sum();
        if best.as_ref().is_some_and(|((b, s, _), _, _)| (*b, *s) < (price, size)) || !self.fits_without(class, rack, classes) {
            return;
        }
        let key = (price, size, self.dice.below(usize::MAX));
        if best.as_ref().is_none_or(|(least, _, _)| key < *least) {
            *best = Some((key, number, off.to_vec()));
        }
    }

    /// Exchange some apps between racks, so that the next try sees other racks.
    fn shake(&mut self, steps: &mut usize) {
        let racks = self.layout.racks.len();
        *steps = steps.saturating_sub(2 * racks);
        for _ in 0..racks {
            let (a, b) = (self.dice.below(racks), self.dice.below(racks));
            let sizes = (self.layout.racks[a].apps.len(), self.layout.racks[b].apps.len());
            if a == b || sizes.0 == 0 || sizes.1 == 0 {
                continue;
            }
            let (at_a, at_b) = (self.dice.below(sizes.0), self.dice.below(sizes.1));
            let (of_a, of_b) = (self.layout.racks[a].apps[at_a], self.layout.racks[b].apps[at_b]);
            let is_swap = of_a != of_b
                && self.fits_without(of_a, &self.layout.racks[b], &[of_b])
                && self.fits_without(of_b, &self.layout.racks[a], &[of_a]);
            if is_swap {
                self.problem.take(&mut self.layout, a, at_a);
                self.problem.take(&mut self.layout, b, at_b);
                self.problem.put(&mut self.layout, of_a, b);
                self.problem.put(&mut self.layout, of_b, a);
            }
        }
    }
}

/// Every way of placing a few apps, depth first; what can't become better than the best is left.
struct Exhaustive<'p, 'a> {
    problem: &'p Problem<'a>,
    /// The class of each app, in the order of placing.
    order: Vec<usize>,
    /// What apps from each place in the order on ask for.
    rest: Vec<[u64; DIMENSIONS]>,
    layout: Layout,
    /// Rack of each app so far; past all racks for one that is left out.
    path: Vec<usize>,
    cost: (usize, usize),
    best: Option<Layout>,
    goal: (usize, usize),
    steps: usize,
}

impl Exhaustive<'_, '_> {
    /// A better layout if there is one, and whether every way was tried.
    fn run(problem: &Problem<'_>, cost: (usize, usize), goal: (usize, usize)) -> (Option<Layout>, bool) {
        let (sizes, _) = problem.sizes(&problem.scarcity(), 1, true);
        let order: Vec<usize> =
            problem.order(&sizes).into_iter().flat_map(|class| std::iter::repeat_n(class, problem.classes[class].count)).collect();
        let mut rest = vec![[0; DIMENSIONS]; order.len() + 1];
        for (at, class) in order.iter().enumerate().rev() {
            rest[at] = rest[at + 1];
            for (rest, least) in rest[at].iter_mut().zip(problem.least[*class]) {
                *rest += u64::from(least);
            }
        }
        let mut search =
            Exhaustive { problem, order, rest, layout: problem.start(), path: Vec::new(), cost, best: None, goal, steps: TRIES };
        search.visit();
        (search.best, search.steps > 0)
    }

    /// Whether what is left can't be placed without another rack too many.
    fn is_hopeless(&self) -> bool {
        let (left, racks) = self.layout.cost();
        if (left, racks) >= self.cost || self.cost <= self.goal {
            return true;
        }
        if left < self.cost.0 {
            return false;
        }
        let more = wide(self.cost.1 - 1 - racks);
        (0..DIMENSIONS).any(|at| {
            let free: u64 = self.layout.racks.iter().map(|rack| u64::from(rack.free[at])).sum();
            self.rest[self.path.len()][at] > free.saturating_add(more.saturating_mul(u64::from(self.problem.widest[at])))
        })
    }

    fn visit(&mut self) {
        self.steps = self.steps.saturating_sub(1 + self.layout.racks.len());
        if self.steps == 0 || self.is_hopeless() {
            return;
        }
        let depth = self.path.len();
        let Some(class) = self.order.get(depth).copied() else {
            self.cost = self.layout.cost();
            self.best = Some(self.layout.clone());
            return;
        };
        // Of equal apps the later one never goes to an earlier rack.
        let from = if depth > 0 && self.order[depth - 1] == class { self.path[depth - 1] } else { 0 };
        let mut tried: Vec<usize> = Vec::new();
        for at in from..self.layout.racks.len() {
            let rack = &self.layout.racks[at];
            let alike = |other: &&usize| {
                let other = &self.layout.racks[**other];
                other.kind == rack.kind && other.load == rack.load
            };
            if self.problem.fits(class, rack) && tried.iter().rev().take(16).find(alike).is_none() {
                tried.push(at);
                self.descend(class, at);
            }
        }
        if from <= self.layout.racks.len() {
            for kind in 0..self.problem.kinds.len() {
                if self.problem.need(class, kind).is_some() && self.layout.used[kind] < self.problem.kinds[kind].most {
                    self.layout.used[kind] += 1;
                    self.layout.racks.push(Rack::new(self.problem.kinds, kind, Vector::default()));
                    self.descend(class, self.layout.racks.len() - 1);
                    self.layout.racks.pop();
                    self.layout.used[kind] -= 1;
                }
            }
        }
        self.layout.left.push(class);
        self.path.push(usize::MAX);
        self.visit();
        self.path.pop();
        self.layout.left.pop();
    }

    fn descend(&mut self, class: usize, rack: usize) {
        self.problem.put(&mut self.layout, class, rack);
        self.path.push(rack);
        self.visit();
        self.path.pop();
        let last = self.layout.racks[rack].apps.len() - 1;
        self.problem.take(&mut self.layout, rack, last);
    }
}
