//! Racks filled one after the other, each as full as can be of what is scarcest. That is better
//! than best fit where apps are large and nothing may be wasted. After Gupta and Ho.

use super::packing::{DIMENSIONS, Vector};
use super::search::{Layout, Problem, Rack};

/// Steps of looking for the best filling of one rack.
const STEPS: usize = 3000;
/// Steps for all racks; later ones then take the first filling that comes.
const ALL_STEPS: usize = 1_000_000;
/// Different apps, times racks, for which it is tried at all.
const MOST: usize = 4_000_000;

struct Filling<'p, 'a> {
    problem: &'p Problem<'a>,
    scarcest: usize,
    /// Classes that ask for what is scarcest and have apps without a place.
    rest: Vec<usize>,
    /// Apps of each class that have no place yet.
    counts: Vec<usize>,
    layout: Layout,
    path: Vec<usize>,
    /// What the best filling of this rack leaves, and its apps.
    best: (u32, Vec<usize>),
    steps: usize,
    all_steps: usize,
}

/// Fill racks, about so many as are given; apps that ask for nothing scarce are left to best fit.
/// None where that would take too long.
pub(super) fn fill(problem: &Problem<'_>, racks: usize) -> Option<Layout> {
    if problem.classes.len().saturating_mul(racks) > MOST {
        return None;
    }
    let scarcity = problem.scarcity();
    let scarcest = (0..DIMENSIONS).max_by_key(|at| scarcity[*at])?;
    let (sizes, weights) = problem.sizes(&scarcity, 8, true);
    let order = problem.order(&sizes);
    let counts = problem.classes.iter().map(|class| class.count).collect();
    let rest = order.iter().copied().filter(|class| problem.least[*class][scarcest] > 0).collect();
    let mut filling = Filling {
        problem,
        scarcest,
        rest,
        counts,
        layout: problem.start(),
        path: Vec::new(),
        best: (0, Vec::new()),
        steps: 0,
        all_steps: ALL_STEPS,
    };
    let mut open: Vec<usize> = (0..problem.open.len()).collect();
    open.sort_by_key(|at| problem.slack(&weights, &problem.open[*at]));
    for rack in open {
        filling.fill(rack);
    }
    while let Some(class) = filling.rest.first().copied() {
        let Some(kind) = problem.opens(class, &filling.layout.used, 0) else {
            filling.rest.remove(0); // best fit finds no rack for it either, and says so
            continue;
        };
        filling.layout.used[kind] += 1;
        filling.layout.racks.push(Rack::new(problem.kinds, kind, Vector::default()));
        let rack = filling.layout.racks.len() - 1;
        filling.put(class, rack);
        filling.fill(rack);
    }
    let mut looks = usize::MAX;
    Some(problem.best_fit(filling.layout, &order, &filling.counts, &weights, 0, &mut looks))
}

impl Filling<'_, '_> {
    fn put(&mut self, class: usize, rack: usize) {
        self.problem.put(&mut self.layout, class, rack);
        self.counts[class] -= 1;
    }

    /// Add to a rack what fills it best.
    fn fill(&mut self, rack: usize) {
        self.best = (u32::MAX, Vec::new());
        let steps = STEPS.min(self.all_steps).max(self.rest.len());
        self.steps = steps;
        self.visit(rack, 0);
        self.all_steps = self.all_steps.saturating_sub(steps - self.steps);
        for class in std::mem::take(&mut self.best.1) {
            self.put(class, rack);
        }
        self.rest.retain(|class| self.counts[*class] > 0);
    }

    fn visit(&mut self, rack: usize, from: usize) {
        let left = self.layout.racks[rack].free[self.scarcest];
        if left < self.best.0 {
            self.best = (left, self.path.clone());
        }
        for at in from..self.rest.len() {
            if self.best.0 == 0 || self.steps == 0 {
                return;
            }
            self.steps -= 1;
            let class = self.rest[at];
            if self.counts[class] > 0 && self.problem.fits(class, &self.layout.racks[rack]) {
                self.put(class, rack);
                self.path.push(class);
                self.visit(rack, at);
                self.path.pop();
                let last = self.layout.racks[rack].apps.len() - 1;
                self.problem.take(&mut self.layout, rack, last);
                self.counts[class] += 1;
            }
        }
    }
}
