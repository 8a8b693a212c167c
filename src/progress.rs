//! How far a run has come, for whoever watches from another thread. Stages say what they begin and
//! count what is done; nothing that they make depends on it, and nothing here knows the time.

use std::fmt;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of a count. What is more than they hold, a quarter of a billion, is not watched.
const BITS: u32 = 28;
/// The largest count.
const MOST: u64 = (1 << BITS) - 1;

/// What a run is at, in the order in which it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Files are read.
    Reading,
    /// What they say is checked.
    Checking,
    /// Apps are placed on racks, hosts packed into rules, and rules numbered.
    Placing,
    /// An order of updates is looked for, in which no quota and no host stands in the way.
    Ordering,
    /// Templates are rendered and read back.
    Rendering,
    /// What changes is looked for.
    Comparing,
    /// Another rackform is writing.
    Waiting,
    /// Files are written.
    Writing,
}

/// All of them, by their numbers.
const STAGES: [Stage; 8] =
    [Stage::Reading, Stage::Checking, Stage::Placing, Stage::Ordering, Stage::Rendering, Stage::Comparing, Stage::Waiting, Stage::Writing];

/// How far a run has come; a clone is about the same run.
///
/// One number holds all of it, so that nobody ever sees the count of one stage with the name of
/// another: from the lowest bit what is done, of how many, and one more than the stage.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<AtomicU64>);

/// What was seen at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the run is at.
    pub stage: Stage,
    /// How much of it is done; never more than there is.
    pub done: u64,
    /// How much there is of it; 0 where that is not known.
    pub of: u64,
}

impl Progress {
    /// Begin a stage with so many things to do, each of which is [done](Self::step) once; 0 where
    /// nobody knows how many they are.
    pub fn begin(&self, stage: Stage, of: usize) {
        let of = u64::try_from(of).ok().filter(|of| *of <= MOST).unwrap_or(0);
        self.0.store((stage as u64 + 1) << (2 * BITS) | of << BITS, Ordering::Relaxed);
    }

    /// Something is done, on whichever thread.
    pub fn step(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Items of the stage that has begun, one after the other; one is done when the next is asked for.
    pub fn over<'a, T>(&'a self, items: &'a [T]) -> impl Iterator<Item = &'a T> {
        let mut at = 0;
        iter::from_fn(move || {
            if at > 0 && at <= items.len() {
                self.step();
            }
            at += 1;
            items.get(at - 1)
        })
    }

    /// Where the run is; none before its first stage.
    pub fn moment(&self) -> Option<Moment> {
        let now = self.0.load(Ordering::Relaxed);
        let stage = usize::try_from(now >> (2 * BITS)).ok()?.checked_sub(1)?;
        let of = now >> BITS & MOST;
        Some(Moment { stage: *STAGES.get(stage)?, done: (now & MOST).min(of), of })
    }
}

impl Stage {
    /// What it does, and what it counts.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Reading => ("reading", "manifests"),
            Self::Checking => ("checking", "manifests"),
            Self::Placing => ("placing", "apps"),
            Self::Ordering => ("ordering", "stacks"),
            Self::Rendering => ("rendering", "stacks"),
            Self::Comparing => ("comparing", "stacks"),
            Self::Waiting => ("waiting for another rackform that writes here", "folders"),
            Self::Writing => ("writing", "files"),
        }
    }
}

/// `rendering 17 of 300 stacks`, or `rendering` where nobody knows how many.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (doing, what) = self.stage.words();
        match self.of {
            0 => f.write_str(doing),
            of => write!(f, "{doing} {} of {of} {what}", self.done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::Threads;

    #[test]
    fn stages_have_their_numbers() {
        for (at, stage) in STAGES.into_iter().enumerate() {
            assert_eq!(stage as usize, at);
            let progress = Progress::default();
            assert_eq!(progress.moment(), None);
            progress.begin(stage, 3);
            assert_eq!(progress.moment(), Some(Moment { stage, done: 0, of: 3 }));
        }
    }

    #[test]
    fn threads_count_together_and_a_stage_begins_at_nothing() {
        let progress = Progress::default();
        progress.begin(Stage::Reading, 1000);
        Threads::of(7).map(&[(); 1000], |()| progress.step());
        assert_eq!(progress.moment().unwrap().to_string(), "reading 1000 of 1000 manifests");
        progress.begin(Stage::Writing, 2);
        progress.step();
        assert_eq!(progress.moment().unwrap().to_string(), "writing 1 of 2 files");
    }

    #[test]
    fn an_item_is_done_when_the_next_is_asked_for() {
        let progress = Progress::default();
        progress.begin(Stage::Reading, 3);
        let seen: Vec<(char, u64)> = progress.over(&['a', 'b', 'c']).map(|item| (*item, progress.moment().unwrap().done)).collect();
        assert_eq!(seen, [('a', 0), ('b', 1), ('c', 2)]);
        assert_eq!(progress.moment().unwrap().to_string(), "reading 3 of 3 manifests");
        let nothing: [char; 0] = [];
        progress.begin(Stage::Writing, 0);
        assert_eq!(progress.over(&nothing).count(), 0);
        assert_eq!(progress.moment().unwrap().to_string(), "writing");
    }

    #[test]
    fn more_than_can_be_counted_is_not_counted() {
        let progress = Progress::default();
        let most = usize::try_from(MOST).unwrap();
        for (of, said) in [(0, "placing".to_owned()), (most, format!("placing 0 of {MOST} apps")), (most + 1, "placing".to_owned())] {
            progress.begin(Stage::Placing, of);
            assert_eq!(progress.moment().unwrap().to_string(), said);
        }
        progress.begin(Stage::Writing, 1);
        progress.step();
        progress.step();
        assert_eq!(progress.moment().unwrap().to_string(), "writing 1 of 1 files", "never more than there is");
    }
}
