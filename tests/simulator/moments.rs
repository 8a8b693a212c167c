//! Every moment of one update: its changes in any order that their dependencies allow.

use std::collections::BTreeSet;

use super::world::{Facts, World};

/// Up to so many changes, every set of them that can be done first is looked at.
const EVERY: usize = 14;
/// Orders drawn at random beyond that.
const DRAWN: usize = 40;

/// One change.
pub(super) struct Change {
    /// What is done to which resource.
    pub(super) label: String,
    /// What it adds to before.
    pub(super) old: Facts,
    /// What it adds to after.
    pub(super) new: Facts,
    /// All changes that come before it in any order, by their places in the list, which are smaller.
    pub(super) after: BTreeSet<usize>,
}

/// How far to look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// Every moment where there are few changes, many of them where there are more.
    Everything,
    /// Each change before all others that it does not wait for: enough to find what two changes
    /// do to each other.
    Pairs,
}

/// Looks at moments and keeps what is wrong, each thing once.
pub(super) struct Look<'w, 'a> {
    world: &'w mut World<'a>,
    seen: BTreeSet<usize>,
    /// Sentences.
    pub(super) found: Vec<String>,
}

impl<'w, 'a> Look<'w, 'a> {
    pub(super) fn new(world: &'w mut World<'a>) -> Self {
        Self { world, seen: BTreeSet::new(), found: Vec::new() }
    }

    /// Look at the moments on the way, and leave the world with all changes done.
    pub(super) fn pass(&mut self, changes: &[Change], effort: Effort) {
        if effort == Effort::Everything && changes.len() <= EVERY {
            self.from(0, changes, &mut vec![false; changes.len()]);
        } else {
            for order in orders(changes, effort) {
                for at in &order {
                    self.step(&changes[*at]);
                }
                for at in order.iter().rev() {
                    self.back(&changes[*at]);
                }
            }
        }
        for change in changes {
            self.step(change);
        }
    }

    /// Every set that holds what was chosen so far and any of the later changes. Each is reached on
    /// one way, and what is wrong with it shows after its last change or before.
    fn from(&mut self, start: usize, changes: &[Change], done: &mut Vec<bool>) {
        for at in start..changes.len() {
            if changes[at].after.iter().all(|before| done[*before]) {
                self.step(&changes[at]);
                done[at] = true;
                self.from(at + 1, changes, done);
                done[at] = false;
                self.back(&changes[at]);
            }
        }
    }

    fn step(&mut self, change: &Change) {
        for key in self.world.exchange(&change.old, &change.new) {
            if self.seen.insert(key) {
                self.found.push(format!("once {}, {}", change.label, self.world.say(key)));
            }
        }
    }

    fn back(&mut self, change: &Change) {
        self.world.remove(&change.new);
        self.world.add(&change.old);
    }
}

/// Orders that dependencies allow: each change as early and as late as can be, each thing lost
/// before anything is won, and some at random.
fn orders(changes: &[Change], effort: Effort) -> Vec<Vec<usize>> {
    let all = 0..changes.len();
    // What a set waits for and the set itself come first, the rest behind.
    let first = |set: &BTreeSet<usize>| {
        let early: BTreeSet<usize> = set.iter().flat_map(|at| changes[*at].after.iter().copied().chain([*at])).collect();
        early.iter().copied().chain(all.clone().filter(|at| !early.contains(at))).collect::<Vec<usize>>()
    };
    let mut orders: BTreeSet<Vec<usize>> = all.clone().map(|at| first(&BTreeSet::from([at]))).collect();
    if effort == Effort::Pairs {
        return orders.into_iter().collect();
    }
    for last in all.clone() {
        let waits = |at: &usize| *at == last || changes[*at].after.contains(&last);
        orders.insert(all.clone().filter(|at| !waits(at)).chain(all.clone().filter(waits)).collect());
    }
    let lost: BTreeSet<usize> = changes.iter().flat_map(lost).collect();
    for key in lost {
        orders.insert(first(&all.clone().filter(|at| self::lost(&changes[*at]).any(|one| one == key)).collect()));
    }
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..DRAWN {
        let mut order = Vec::new();
        let mut waiting: BTreeSet<usize> = all.clone().collect();
        while !waiting.is_empty() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let free: Vec<usize> = waiting.iter().copied().filter(|at| changes[*at].after.is_disjoint(&waiting)).collect();
            let next = free[usize::try_from(state >> 33).unwrap() % free.len()];
            waiting.remove(&next);
            order.push(next);
        }
        orders.insert(order);
    }
    orders.into_iter().collect()
}

/// The keys that a change takes from.
fn lost(change: &Change) -> impl Iterator<Item = usize> {
    change.old.iter().filter(|fact| !change.new.contains(fact)).map(|(key, _)| *key)
}
