//! Patterns by what they write out at both ends, so that only those are compared that may meet.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::Host;

/// Patterns that one host is compared with. A router has no room for as many.
const MOST: usize = 1000;

/// Patterns of one listener.
#[derive(Default)]
pub(super) struct Ends<'a> {
    /// By what stands behind the last wildcard, then in front of the first one.
    patterns: BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a Host>>>,
    /// Lengths of what stands behind the last wildcard.
    tails: BTreeSet<usize>,
}

/// What a pattern writes out in front of its first wildcard and behind its last one; an exact host
/// writes out all of it, both times.
fn ends(host: &Host) -> (&str, &str) {
    let text = host.as_str();
    let wild = |c| c == '*' || c == '?';
    (&text[..text.find(wild).unwrap_or(text.len())], &text[text.rfind(wild).map_or(0, |at| at + 1)..])
}

impl<'a> Ends<'a> {
    /// Take a pattern in.
    pub(super) fn add(&mut self, pattern: &'a Host) {
        let (head, tail) = ends(pattern);
        self.patterns.entry(tail).or_default().entry(head).or_default().push(pattern);
        self.tails.insert(tail.len());
    }

    /// The patterns that may meet a host or a pattern, and write out no more at the end than it does.
    /// Of two patterns that meet, one finds the other, or both do.
    pub(super) fn near(&self, host: &Host) -> Vec<&'a Host> {
        let (head, tail) = ends(host);
        let mut near = Vec::new();
        for heads in self.tails.range(..=tail.len()).filter_map(|length| self.patterns.get(tail.get(tail.len() - length..)?)) {
            let shorter = (0..head.len()).filter_map(|length| heads.get(head.get(..length)?));
            let longer = heads.range(head..).take_while(|(other, _)| other.starts_with(head)).map(|(_, patterns)| patterns);
            near.extend(shorter.chain(longer).flatten().copied().filter(|pattern| *pattern != host).take(MOST));
        }
        near
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_that_meets_is_missed(patterns in prop::collection::btree_set("[ab.?*]{0,4}", 0..12)) {
            let hosts: Vec<Host> = patterns.into_iter().map(Host::trusted).collect();
            let mut ends = Ends::default();
            hosts.iter().filter(|host| host.is_wildcard()).for_each(|host| ends.add(host));
            for a in &hosts {
                for b in hosts.iter().filter(|b| *b != a && b.is_wildcard() && a.overlap(b).is_some()) {
                    let found = ends.near(a).contains(&b) || (a.is_wildcard() && ends.near(b).contains(&a));
                    prop_assert!(found, "{a:?} and {b:?}");
                    if b.contains(a) {
                        prop_assert!(ends.near(a).contains(&b), "{b:?} around {a:?}");
                    }
                }
            }
        }
    }
}
