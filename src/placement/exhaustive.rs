//! Every way of placing a few apps.

use super::packing::{DIMENSIONS, Vector};
use super::search::{Layout, Problem, Rack, wide};

/// Steps of trying every way.
const TRIES: usize = 400_000;

/// Every way of placing a few apps, depth first; what can't become better than the best is left.
pub(super) struct Exhaustive<'p, 'a> {
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
    pub(super) fn run(problem: &Problem<'_>, cost: (usize, usize), goal: (usize, usize)) -> (Option<Layout>, bool) {
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
