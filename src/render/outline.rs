//! What of a template has to be known to see whether it can be one: what its sections hold, and what it refers to.
#![expect(clippy::inline_always, reason = "most of what is told is noted in as much time as it takes to call who notes it")]

use super::events::{Listener, Scalar};
use super::references::{Refers, substituted};

/// A section of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Resources.
    Resources,
    /// Parameters.
    Parameters,
    /// Outputs.
    Outputs,
}

/// Keys of a mapping that are compared with each other where their marks are the same; where there are more, they are
/// sorted.
const FEW: usize = 16;
/// The sections whose names count.
pub(super) const SECTIONS: [Section; 3] = [Section::Resources, Section::Parameters, Section::Outputs];

impl Section {
    /// The key of it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Resources => "Resources",
            Self::Parameters => "Parameters",
            Self::Outputs => "Outputs",
        }
    }
}

/// The outline of a template, drawn while it is read.
#[derive(Debug)]
pub(super) struct Outline<'t> {
    /// Names in sections, each with the text of its `Type`, if it has one.
    pub(super) names: [Vec<(&'t str, &'t str)>; SECTIONS.len()],
    /// Sections that are no mapping.
    pub(super) misshapen: Vec<Section>,
    /// What is referred to, as often as it is.
    pub(super) references: Vec<&'t str>,
    /// The section that is told.
    section: Option<Section>,
    /// The innermost mapping or list that has begun.
    inner: Open,
    /// Those around it, the outermost first; the first of all is the document itself.
    outer: Vec<Open>,
    /// The keys of all mappings that have begun.
    keys: Vec<&'t str>,
    /// Whether a mapping has a key twice.
    is_twice: bool,
}

impl Default for Outline<'_> {
    /// An outline with room for that of most templates.
    fn default() -> Self {
        Self {
            names: [Vec::with_capacity(32), Vec::with_capacity(16), Vec::new()],
            misshapen: Vec::new(),
            references: Vec::with_capacity(64),
            section: None,
            inner: Open::default(),
            outer: Vec::with_capacity(32),
            keys: Vec::with_capacity(64),
            is_twice: false,
        }
    }
}

/// A mapping or a list that has begun.
#[derive(Debug, Default)]
struct Open {
    /// What the last key says of its value, or the key before a list of the item that comes.
    refers: Refers,
    /// Whether it is a list.
    is_list: bool,
    /// The place of its first key.
    first: usize,
    /// The marks of its keys.
    marks: u64,
}

impl<'t> Outline<'t> {
    /// A value begins; what the key that it stands under says of it.
    fn begin(&mut self) -> Refers {
        let refers = self.inner.refers;
        if self.inner.is_list && refers == Refers::First {
            self.inner.refers = Refers::No;
        }
        refers
    }

    /// A mapping or a list begins.
    fn open(&mut self, refers: Refers, is_list: bool) {
        let inner = Open { refers, is_list, first: self.keys.len(), marks: 0 };
        self.outer.push(std::mem::replace(&mut self.inner, inner));
    }

    /// A mapping or a list ends.
    fn close(&mut self) {
        if let Some(outer) = self.outer.pop() {
            self.inner = outer;
        }
    }

    /// A value that is no mapping begins. In the outermost mapping there should be none.
    fn begin_other(&mut self) -> Refers {
        if self.outer.len() == 1 {
            self.misshapen.extend(self.section);
        }
        self.begin()
    }

    /// A key has the mark of one before it, and may be the same.
    #[cold]
    fn compare(&mut self, name: &str) {
        let keys = &self.keys[self.inner.first..];
        self.is_twice |= keys.len() <= FEW && keys.contains(&name);
    }

    /// A mapping with more than a few keys ends, which were not compared.
    #[cold]
    fn sort(&mut self) {
        let keys = &mut self.keys[self.inner.first..];
        keys.sort_unstable();
        self.is_twice |= keys.windows(2).any(|pair| pair[0] == pair[1]);
    }

    /// The name of a section, or one in a section.
    #[cold]
    fn title(&mut self, name: &'t str) {
        if self.outer.len() == 1 {
            self.section = SECTIONS.into_iter().find(|section| section.name() == name);
        } else if let Some(section) = self.section {
            self.names[section as usize].push((name, ""));
        }
    }
}

/// A bit for a key: another one than most other keys of its mapping have, which differ in their length or at their end.
fn mark(key: &str) -> u64 {
    let last = key.bytes().next_back().map_or(0, usize::from);
    1 << ((5 * key.len() + last) % 64)
}

impl<'t> Listener<'t> for Outline<'t> {
    #[inline(always)]
    fn begin_map(&mut self) {
        self.begin();
        self.open(Refers::No, false);
    }

    #[inline(always)]
    fn key(&mut self, name: &'t str) {
        let mark = mark(name);
        if self.inner.marks & mark != 0 {
            self.compare(name);
        }
        self.inner.marks |= mark;
        self.inner.refers = Refers::of(name);
        self.keys.push(name);
        if self.outer.len() <= 2 {
            self.title(name);
        }
    }

    #[inline(always)]
    fn end_map(&mut self) -> Option<()> {
        if self.keys.len() > self.inner.first + FEW {
            self.sort();
        }
        self.keys.truncate(self.inner.first);
        self.close();
        (!self.is_twice).then_some(())
    }

    fn begin_list(&mut self) {
        let is_item = self.inner.is_list;
        let refers = match self.begin_other() {
            Refers::Names if !is_item => Refers::Names,
            Refers::First if !is_item => Refers::First,
            _ => Refers::No,
        };
        self.open(refers, true);
    }

    fn end_list(&mut self) {
        self.close();
    }

    #[inline(always)]
    fn scalar(&mut self, scalar: Scalar<'t>) {
        let refers = self.begin_other();
        let Scalar::Text(text) = scalar else { return };
        match refers {
            Refers::Names | Refers::First => self.references.push(text),
            Refers::Inside => substituted(text, &mut |name| self.references.push(name)),
            Refers::No => {}
        }
        if self.outer.len() == 3
            && let Some(section) = self.section
            && !self.inner.is_list
            && self.keys.last() == Some(&"Type")
            && let Some((_, kind)) = self.names[section as usize].last_mut()
        {
            *kind = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::render::testing::snapshots;
    use crate::render::{dialect, read, references};

    #[test]
    fn a_key_comes_once() {
        for count in [1, 2, FEW - 1, FEW, FEW + 1, 100] {
            // Their marks are the same time and again.
            let lines: Vec<String> = (0..count).map(|at| format!("  K{}{at:03}: 1\n", "x".repeat(at % 3))).collect();
            let is_read = |lines: &[String]| dialect::tell(&format!("a:\n{}", lines.concat()), &mut Outline::default()).is_some();
            assert!(is_read(&lines), "{count}");
            for twice in 0..count {
                let more = [&lines[..], &lines[twice..=twice]].concat();
                assert!(!is_read(&more), "{count} {twice}");
            }
        }
    }

    #[test]
    fn what_is_told_is_what_a_tree_has() {
        let mut count = 0;
        for text in snapshots() {
            let mut told = Outline::default();
            if dialect::tell(&text, &mut told).is_none() {
                continue;
            }
            let tree = read(&text).unwrap();
            let mut all = Vec::new();
            references(&tree, &mut |name| all.push(name));
            all.sort_unstable();
            told.references.sort_unstable();
            assert_eq!(told.references, all);
            for section in SECTIONS {
                let map = tree.get(section.name()).and_then(|section| section.as_map());
                let kind = |value: &read::Node<'_>| value.get("Type").and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
                let names: BTreeSet<(&str, String)> =
                    map.into_iter().flat_map(read::Map::iter).map(|(name, value)| (name, kind(value))).collect();
                let told: BTreeSet<(&str, String)> =
                    told.names[section as usize].iter().map(|(name, kind)| (*name, (*kind).to_owned())).collect();
                assert_eq!(told, names);
                count += names.len();
            }
        }
        assert!(count > 500, "{count}");
    }
}
