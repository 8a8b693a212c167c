//! One rack less: its apps look for places elsewhere, and push others around until all have one.

use super::packing::DIMENSIONS;
use super::search::{Layout, Problem, Rack, free, less, wide};

/// Apps of a rack of which pairs are looked at.
const PAIRED: usize = 64;

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

/// Apps to be pushed off a rack.
struct Push {
    /// How often they have failed, their size, and a number that decides between equals.
    price: (u64, u64, usize),
    rack: usize,
    /// Where they stand on the rack.
    off: Vec<usize>,
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
pub(super) fn push_around(problem: &Problem<'_>, layout: &Layout, steps: &mut usize) -> Option<Layout> {
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
            Some(Push { rack, mut off, .. }) => {
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
    fn cheapest(&mut self, class: usize, steps: &mut usize) -> Option<Push> {
        let mut best: Option<Push> = None;
        for number in 0..self.layout.racks.len() {
            let apps = self.layout.racks[number].apps.len();
            *steps = steps.saturating_sub(apps);
            for at in 0..apps {
                self.consider(class, number, &[at], &mut best);
            }
        }
        // Pairs are many, so they are looked at if nothing else is left, and now and then.
        if best.is_some() && self.dice.below(4) > 0 {
            return best;
        }
        let start = self.dice.below(self.layout.racks.len());
        for number in 0..self.layout.racks.len() {
            let number = (start + number) % self.layout.racks.len();
            let apps = self.layout.racks[number].apps.len().min(PAIRED);
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
        best
    }

    fn consider(&mut self, class: usize, number: usize, off: &[usize], best: &mut Option<Push>) {
        let rack = &self.layout.racks[number];
        let mut classes = [0; 2];
        for (class, at) in classes.iter_mut().zip(off) {
            *class = rack.apps[*at];
        }
        let classes = &classes[..off.len().min(2)];
        let failures: u64 = classes.iter().map(|other| self.failures[*other]).sum();
        let size: u64 = classes.iter().map(|other| self.sizes[*other]).sum();
        if best.as_ref().is_some_and(|best| (best.price.0, best.price.1) < (failures, size)) || !self.fits_without(class, rack, classes) {
            return;
        }
        let price = (failures, size, self.dice.below(usize::MAX));
        if best.as_ref().is_none_or(|best| price < best.price) {
            *best = Some(Push { price, rack: number, off: off.to_vec() });
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
