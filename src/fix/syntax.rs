//! A file as it is written: which scalar stands where, and what is around it.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Entry, FileId, Kind, NodeId, Scalar, Span, Tree, Variables, parse};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes.
    Plain,
    /// In these quotes.
    Quoted(char),
}

/// A document with the text that it stands in.
pub(super) struct Syntax<'t> {
    pub(super) text: &'t str,
    pub(super) tree: Tree,
    /// In order of place.
    scalars: Vec<(Span, NodeId)>,
    /// The list or mapping that a key, a value or an item stands in, and its number there; in order
    /// of the node.
    parents: Vec<(NodeId, (NodeId, usize))>,
    /// Mappings that `<<` brings something into.
    merged: BTreeSet<NodeId>,
    /// How often scalars are used; none where each is used once, since there is no alias.
    uses: Option<BTreeMap<Span, usize>>,
}

impl<'t> Syntax<'t> {
    /// Read a file; none when it can't be read, or not be written out.
    pub(super) fn read(file: FileId, text: &'t str) -> Option<Self> {
        // Variables are told from text and stay what they are: no value changes the structure.
        let tree = parse(file, text, Some(&Variables::new())).ok()?.tree;
        let mut scalars = Vec::new();
        let mut parents = Vec::new();
        let mut merged = BTreeSet::new();
        let mut has_aliases = false;
        for (id, kind) in tree.written() {
            match kind {
                Kind::Scalar(_) => scalars.push((tree.place(id).span, id)),
                Kind::List(items) => parents.extend(items.iter().enumerate().map(|(at, item)| (*item, (id, at)))),
                Kind::Map(_) => {
                    for (at, entry) in tree.entries(id).iter().enumerate() {
                        if entry.via.is_some() {
                            merged.insert(id);
                        } else {
                            parents.extend([(entry.key, (id, at)), (entry.value, (id, at))]);
                        }
                    }
                }
                Kind::Alias(_) => has_aliases = true,
            }
        }
        scalars.sort_unstable();
        parents.sort_unstable();
        let uses = if has_aliases { Some(tree.uses(|key| !key.starts_with("x-"))?) } else { None };
        Some(Self { text, tree, scalars, parents, merged, uses })
    }

    /// How often what stands at a span is used.
    pub(super) fn uses(&self, span: Span) -> usize {
        self.uses.as_ref().map_or(1, |uses| uses.get(&span).copied().unwrap_or(0))
    }

    /// The bytes of a span.
    pub(super) fn raw(&self, span: Span) -> &'t str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// The scalar that is written at a span, how, and with what in its quotes. None for what has no
    /// style of its own: blocks of text, tags, several lines, escapes.
    pub(super) fn scalar(&self, span: Span) -> Option<(NodeId, Style, &'t str)> {
        let id = self.scalars[self.scalars.binary_search_by_key(&span, |(known, _)| *known).ok()?].1;
        let raw = self.raw(span);
        let Kind::Scalar(Scalar { text, plain }) = self.tree.kind(id) else { return None };
        let (style, inner) = if *plain {
            (Style::Plain, raw)
        } else {
            let quote = raw.chars().next().filter(|c| ['"', '\''].contains(c))?;
            (Style::Quoted(quote), raw.strip_prefix(quote)?.strip_suffix(quote)?)
        };
        let is_whole = inner == text || inner.contains("${");
        (is_whole && !inner.is_empty() && !inner.contains(['\n', '\r'])).then_some((id, style, inner))
    }

    /// The list or mapping that a node stands in, and its number there.
    pub(super) fn parent(&self, id: NodeId) -> Option<(NodeId, usize)> {
        let at = self.parents.binary_search_by_key(&id, |(known, _)| *known).ok()?;
        Some(self.parents[at].1)
    }

    /// The list that a node is an item of, and its number there.
    pub(super) fn list(&self, id: NodeId) -> Option<(NodeId, usize)> {
        self.parent(id).filter(|(list, _)| matches!(self.tree.kind(*list), Kind::List(_)))
    }

    /// The entries of a mapping, if all of them stand in it.
    pub(super) fn own_entries(&self, map: NodeId) -> Option<&[Entry]> {
        (!self.merged.contains(&map)).then(|| self.tree.entries(map))
    }

    /// Whether a node stands between brackets.
    pub(super) fn in_brackets(&self, id: NodeId) -> bool {
        self.parent(id).is_some_and(|(parent, _)| self.raw(self.span(parent)).starts_with(['[', '{']))
    }

    pub(super) fn span(&self, id: NodeId) -> Span {
        self.tree.place(id).span
    }

    /// What stands before a byte on its line.
    pub(super) fn before(&self, at: usize) -> &'t str {
        &self.text[self.line_start(at)..at]
    }

    /// What stands behind a byte on its line, without the end of the line.
    pub(super) fn behind(&self, at: usize) -> &'t str {
        self.text[at..].split('\n').next().unwrap_or("").trim_end_matches('\r')
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The line of a byte, with its end; the end of the line before where it is the last one and
    /// has none.
    pub(super) fn line(&self, at: usize) -> Span {
        let start = self.line_start(at);
        if let Some(newline) = self.text[at..].find('\n') {
            return Span { start, end: at + newline + 1 };
        }
        let before = &self.text[..start];
        let before = before.strip_suffix('\n').map_or(before, |line| line.strip_suffix('\r').unwrap_or(line));
        Span { start: before.len(), end: self.text.len() }
    }

    /// How the file ends its lines where this byte stands.
    pub(super) fn newline(&self, at: usize) -> &'static str {
        let line = self.line(at);
        if self.raw(line).contains("\r\n") { "\r\n" } else { "\n" }
    }
}
