//! How full a router is, as bars show it.

use std::fmt::Write as _;

use crate::plan::{KindUse, RouterUse};

/// Whether anything comes to a router or goes from it, if only for a while.
pub(super) fn is_changed(router: &RouterUse) -> bool {
    router.is_new || router.kinds.iter().any(|kind| kind.before != kind.after || kind.peak > kind.after)
}

/// The part of a bar of so many cells that a count fills: something if there is anything, and never more than all.
pub(super) fn cells(count: usize, kind: &KindUse, all: usize) -> usize {
    (count * all).div_ceil(kind.quota.max(1)).min(all)
}

/// `17 of 20, 16 before, 19 during the update`.
pub(super) fn in_words(kind: &KindUse, is_new: bool) -> String {
    let mut text = format!("{} of {}", kind.after, kind.quota);
    if kind.before != kind.after && !is_new {
        let _ = write!(text, ", {} before", kind.before);
    }
    if kind.peak > kind.after.max(kind.before) {
        let _ = write!(text, ", {} during the update", kind.peak);
    }
    text
}
