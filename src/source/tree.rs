//! A YAML document as nodes with places.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::slice;

use serde_json::{Map, Number, Value};

use super::{FileId, Place, Resolved, Span, resolve};

/// A node by its number in the [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub(super) u32);

/// A scalar with its variables replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text.
    pub text: String,
    /// Whether it stood without quotes, so that it may mean a number, a flag or nothing.
    pub plain: bool,
}

/// One entry of a mapping.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The key, a scalar.
    pub key: NodeId,
    /// The value.
    pub value: NodeId,
    /// The key `<<` that brought the entry here.
    pub via: Option<NodeId>,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    /// Text, a number, a flag or nothing.
    Scalar(Scalar),
    /// Items in file order.
    List(Vec<NodeId>),
    /// Entries in file order; what `<<` brings in stands where the `<<` stood, as if it were
    /// written there. A key may come twice: the last one counts.
    Map(Mapping),
    /// A reference and never a copy, so that an alias bomb stays as small as its text.
    Alias(NodeId),
}

/// The entries of a mapping, and those that count by key, so that a look-up costs a binary search.
#[derive(Debug, Default)]
pub struct Mapping {
    pub(super) entries: Vec<Entry>,
    /// Places in `entries` by key: of each key, the last one.
    pub(super) by_key: Vec<u32>,
}

impl Mapping {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries that count, by key.
    pub fn counting(&self) -> Counting<'_> {
        Counting { entries: &self.entries, places: self.by_key.iter() }
    }
}

/// The entries of a [`Mapping`] that count: of each key, the last one.
#[derive(Debug)]
pub struct Counting<'a> {
    entries: &'a [Entry],
    places: slice::Iter<'a, u32>,
}

impl Iterator for Counting<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        self.places.next().map(|at| self.entries[*at as usize])
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl ExactSizeIterator for Counting<'_> {}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// One document of one file.
#[derive(Debug)]
pub struct Tree {
    pub(super) file: FileId,
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    /// Variables without a value, by the scalar that names them.
    pub(super) unset: BTreeMap<NodeId, Vec<String>>,
}

/// Nodes that the JSON view may have: aliases are expanded there.
const MAX_VIEW: usize = 300_000;

impl Tree {
    /// The root of the document.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// What a node is, behind aliases.
    pub fn kind(&self, id: NodeId) -> &Kind {
        match &self.nodes[id.0 as usize].kind {
            Kind::Alias(target) => self.kind(*target),
            kind => kind,
        }
    }

    /// Where a node stands; an alias stands where it is used.
    pub fn place(&self, id: NodeId) -> Place {
        Place { file: self.file, span: self.nodes[id.0 as usize].span }
    }

    /// What a scalar means; none for lists and mappings.
    pub fn scalar(&self, id: NodeId) -> Option<Resolved<'_>> {
        match self.kind(id) {
            Kind::Scalar(scalar) => Some(resolve(&scalar.text, scalar.plain)),
            _ => None,
        }
    }

    /// Whether a node is empty, `~` or `null`.
    pub fn is_null(&self, id: NodeId) -> bool {
        self.scalar(id) == Some(Resolved::Null)
    }

    /// The text of a scalar as written; empty for lists and mappings.
    pub fn text(&self, id: NodeId) -> &str {
        match self.kind(id) {
            Kind::Scalar(scalar) => &scalar.text,
            _ => "",
        }
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self, id: NodeId) -> &[Entry] {
        match self.kind(id) {
            Kind::Map(map) => &map.entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self, id: NodeId) -> &[NodeId] {
        match self.kind(id) {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The entry of a key that counts: the last one.
    pub fn get(&self, map: NodeId, key: &str) -> Option<Entry> {
        let Kind::Map(map) = self.kind(map) else { return None };
        let text = |at: u32| self.text(map.entries[at as usize].key);
        let found = map.by_key.binary_search_by(|at| text(*at).cmp(key)).ok()?;
        Some(map.entries[map.by_key[found] as usize])
    }

    /// The names of variables without a value that a scalar holds.
    pub fn unset(&self, id: NodeId) -> &[String] {
        let behind = match self.nodes[id.0 as usize].kind {
            Kind::Alias(target) => target,
            _ => id,
        };
        self.unset.get(&behind).map_or(&[], Vec::as_slice)
    }

    /// Every node that is written, with its number; an alias is one of its own.
    pub fn written(&self) -> impl Iterator<Item = (NodeId, &Kind)> {
        self.nodes.iter().zip(0..).map(|(node, at)| (NodeId(at), &node.kind))
    }

    /// How often each scalar is used once aliases and merges are written out, by its span. What
    /// stands below a key of the root that does not count is not used there: a place for anchors.
    /// None when that would be larger than any manifest.
    pub fn uses(&self, counts: impl Fn(&str) -> bool) -> Option<BTreeMap<Span, usize>> {
        let mut uses = BTreeMap::new();
        let mut budget = MAX_VIEW;
        for entry in self.entries(self.root) {
            self.count(entry.key, &mut uses, &mut budget)?;
            if counts(self.text(entry.key)) {
                self.count(entry.value, &mut uses, &mut budget)?;
            }
        }
        Some(uses)
    }

    fn count(&self, id: NodeId, uses: &mut BTreeMap<Span, usize>, budget: &mut usize) -> Option<()> {
        *budget = budget.checked_sub(1)?;
        match &self.nodes[id.0 as usize].kind {
            Kind::Alias(target) => self.count(*target, uses, budget),
            Kind::Scalar(_) => {
                *uses.entry(self.nodes[id.0 as usize].span).or_default() += 1;
                Some(())
            }
            Kind::List(items) => items.iter().try_for_each(|item| self.count(*item, uses, budget)),
            Kind::Map(map) => map.entries.iter().try_for_each(|entry| {
                self.count(entry.key, uses, budget)?;
                self.count(entry.value, uses, budget)
            }),
        }
    }

    /// The key and the value that a JSON pointer leads to; the root has no key.
    pub fn find(&self, pointer: &str) -> Option<(Option<NodeId>, NodeId)> {
        let mut at = (None, self.root);
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            at = match self.kind(at.1) {
                Kind::Map(_) => self.get(at.1, &part).map(|entry| (Some(entry.key), entry.value))?,
                Kind::List(items) => (None, *items.get(part.parse::<usize>().ok()?)?),
                _ => return None,
            };
        }
        Some(at)
    }

    /// The document as JSON, aliases expanded; none when that would be larger than any manifest.
    pub fn to_json(&self) -> Option<Value> {
        self.json_of(self.root)
    }

    /// The same of what stands at a node.
    pub fn json_of(&self, id: NodeId) -> Option<Value> {
        self.view(id, &mut { MAX_VIEW })
    }

    /// Whether there would be such a JSON, without making it.
    pub fn has_json(&self) -> bool {
        // Without an alias nothing is there twice.
        let is_plain = !self.nodes.iter().any(|node| matches!(node.kind, Kind::Alias(_)));
        is_plain && self.nodes.len() <= MAX_VIEW || self.measure(self.root, &mut { MAX_VIEW }).is_some()
    }

    /// Count as `view` does.
    fn measure(&self, id: NodeId, budget: &mut usize) -> Option<()> {
        *budget = budget.checked_sub(1)?;
        match self.kind(id) {
            Kind::List(items) => items.iter().try_for_each(|item| self.measure(*item, budget)),
            Kind::Map(mapping) => mapping.entries.iter().try_for_each(|entry| self.measure(entry.value, budget)),
            Kind::Scalar(_) | Kind::Alias(_) => Some(()),
        }
    }

    fn view(&self, id: NodeId, budget: &mut usize) -> Option<Value> {
        *budget = budget.checked_sub(1)?;
        Some(match self.kind(id) {
            Kind::Scalar(scalar) => match resolve(&scalar.text, scalar.plain) {
                Resolved::Null => Value::Null,
                Resolved::Bool(flag) => Value::Bool(flag),
                Resolved::Int(int) => Value::Number(int.into()),
                Resolved::Float(float) => Number::from_f64(float).map_or(Value::Null, Value::Number),
                Resolved::Text(text) => Value::String(text.to_owned()),
            },
            Kind::List(items) => Value::Array(items.iter().map(|item| self.view(*item, budget)).collect::<Option<_>>()?),
            Kind::Map(mapping) => {
                let mut map = Map::new();
                for entry in &mapping.entries {
                    map.insert(self.text(entry.key).to_owned(), self.view(entry.value, budget)?);
                }
                Value::Object(map)
            }
            Kind::Alias(_) => unreachable!("`kind` looks behind aliases"),
        })
    }
}

/// Write a key as one part of a JSON pointer.
pub fn escape_pointer(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// `/services/web/domain/1` as `services.web.domain[1]`.
pub fn readable(pointer: &str) -> String {
    let mut out = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.bytes().all(|b| b.is_ascii_digit()) && !out.is_empty() {
            let _ = write!(out, "[{part}]");
        } else {
            out += if out.is_empty() { "" } else { "." };
            out += &part;
        }
    }
    out
}
