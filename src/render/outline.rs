//! What of a template has to be known to see whether it can be one: what its sections hold, and what it refers to.

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

/// Keys that are compared with each other faster than they are sorted: most differ in their length.
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
#[derive(Debug, Default)]
pub(super) struct Outline<'t> {
    /// Names in sections, each with the text of its `Type`, if it has one.
    pub(super) names: [Vec<(&'t str, &'t str)>; SECTIONS.len()],
    /// Sections that are no mapping.
    pub(super) misshapen: Vec<Section>,
    /// What is referred to, as often as it is.
    pub(super) references: Vec<&'t str>,
    /// The section that is told.
    section: Option<Section>,
    /// Mappings and lists that have begun, the innermost last.
    open: Vec<Open>,
    /// The keys of all mappings that have begun.
    keys: Vec<&'t str>,
}

/// A mapping or a list that has begun.
#[derive(Debug)]
enum Open {
    /// A mapping, by the place of its first key, and what its last key says of the value.
    Map(usize, Refers),
    /// A list, what the key before it says, and how many items have begun.
    List(Refers, usize),
}

impl Outline<'_> {
    /// A value begins; what the key that it stands under says of it, and whether it is an item of a list.
    fn begin(&mut self, is_map: bool) -> (Refers, bool) {
        if self.open.len() == 1 && !is_map {
            self.misshapen.extend(self.section);
        }
        match self.open.last_mut() {
            None => (Refers::No, false),
            Some(Open::Map(_, refers)) => (*refers, false),
            Some(Open::List(refers, begun)) => {
                *begun += 1;
                let is_meant = *refers == Refers::Names || (*refers == Refers::First && *begun == 1);
                (if is_meant { Refers::Names } else { Refers::No }, true)
            }
        }
    }
}

impl<'t> Listener<'t> for Outline<'t> {
    fn begin_map(&mut self) {
        self.begin(true);
        self.open.push(Open::Map(self.keys.len(), Refers::No));
    }

    fn key(&mut self, name: &'t str) {
        self.keys.push(name);
        if let Some(Open::Map(_, refers)) = self.open.last_mut() {
            *refers = Refers::of(name);
        }
        match (self.open.len(), self.section) {
            (1, _) => self.section = SECTIONS.into_iter().find(|section| section.name() == name),
            (2, Some(section)) => self.names[section as usize].push((name, "")),
            _ => {}
        }
    }

    fn end_map(&mut self) -> Option<()> {
        let Some(Open::Map(first, _)) = self.open.pop() else { return Some(()) };
        let keys = &mut self.keys[first..];
        let is_twice = if keys.len() <= FEW {
            keys.iter().enumerate().any(|(at, key)| keys[..at].contains(key))
        } else {
            keys.sort_unstable();
            keys.windows(2).any(|pair| pair[0] == pair[1])
        };
        self.keys.truncate(first);
        (!is_twice).then_some(())
    }

    fn begin_list(&mut self) {
        let refers = match self.begin(false) {
            (refers, false) => refers,
            (_, true) => Refers::No,
        };
        self.open.push(Open::List(refers, 0));
    }

    fn end_list(&mut self) {
        self.open.pop();
    }

    fn scalar(&mut self, scalar: Scalar<'t>) {
        let (refers, _) = self.begin(false);
        let Scalar::Text(text) = scalar else { return };
        match refers {
            Refers::Names | Refers::First => self.references.push(text),
            Refers::Inside => substituted(text, &mut |name| self.references.push(name)),
            Refers::No => {}
        }
        if self.open.len() == 3
            && let Some(section) = self.section
            && self.keys.last() == Some(&"Type")
            && let (Some(Open::Map(..)), Some((_, kind))) = (self.open.last(), self.names[section as usize].last_mut())
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
