//! Work on many items by several threads. What comes of it never depends on how many there are:
//! results come in the order of the items, and no item sees another one.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread::{self, Builder};

/// Items for which a thread is worth its start and the wait for its end on a machine that is busy.
const ENOUGH: usize = 32;
/// Items that a thread takes at a time, few enough that none waits long for the last one.
const BLOCK: usize = 16;

/// How many threads may work at a time.
#[derive(Debug, Clone, Copy)]
pub struct Threads(NonZero<usize>);

impl Threads {
    /// As many as the machine has cores for. It is asked once: the answer stands in several files of the system.
    pub fn available() -> Self {
        static AVAILABLE: LazyLock<NonZero<usize>> = LazyLock::new(|| thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN));
        Self(*AVAILABLE)
    }

    /// So many, and always one.
    pub fn of(count: usize) -> Self {
        Self(NonZero::new(count).unwrap_or(NonZero::<usize>::MIN))
    }

    /// Do something beside whatever else is done, that nobody waits for; where no thread can be had, not at all.
    pub fn beside(work: impl FnOnce() + Send + 'static) {
        let _ = Builder::new().spawn(work);
    }

    /// Two pieces of work that are about so many items, at once where that is worth a thread; what comes of each.
    pub fn both<A, B: Send>(self, items: usize, one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
        if self.0.get() < 2 || items < ENOUGH {
            return (one(), other());
        }
        // Whoever comes first takes it: the new thread, or where none can be had this one.
        let waiting = Mutex::new(Some(other));
        let take = || waiting.lock().expect("nobody panics meanwhile").take();
        thread::scope(|scope| {
            let beside = Builder::new().spawn_scoped(scope, || take().map(|other| other()));
            let one = one();
            let done = beside.ok().and_then(|beside| beside.join().expect("a panic ends the program"));
            let other = done.or_else(|| take().map(|other| other()));
            (one, other.expect("it is done once"))
        })
    }

    /// What `work` makes of each item, in the order of the items.
    pub fn map<T: Sync, R: Send>(self, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let blocks: Vec<&[T]> = items.chunks(BLOCK).collect();
        let next = AtomicUsize::new(0);
        let take = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(block) = blocks.get(at) else { return done };
                done.push((at, block.iter().map(&work).collect::<Vec<R>>()));
            }
        };
        let mut done = thread::scope(|scope| {
            // Where no thread can be had, those that run do its work.
            let others: Vec<_> =
                (1..self.0.get().min(items.len() / ENOUGH)).map_while(|_| Builder::new().spawn_scoped(scope, take).ok()).collect();
            let mut done = take();
            done.extend(others.into_iter().flat_map(|other| other.join().expect("a panic ends the program")));
            done
        });
        done.sort_unstable_by_key(|(at, _)| *at);
        done.into_iter().flat_map(|(_, results)| results).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_done_once() {
        for threads in [0, 1, 2] {
            for items in [0, ENOUGH, 1000] {
                let mut done = 0;
                let other = || {
                    done += 1;
                    "other"
                };
                assert_eq!(Threads::of(threads).both(items, || "one", other), ("one", "other"));
                assert_eq!(done, 1);
            }
        }
    }

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for count in [0, 1, BLOCK, 2 * ENOUGH + 1, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let expected: Vec<usize> = items.iter().map(|item| item * 2).collect();
            for threads in [0, 1, 2, 7, 100] {
                assert_eq!(Threads::of(threads).map(&items, |item| item * 2), expected);
            }
        }
    }
}
