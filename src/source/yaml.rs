//! YAML text to a tree. The only file that knows the parser; the guards against hostile text
//! (size, depth, aliases, merges) are ours.

use std::collections::BTreeMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle};

use super::mask::{Variables, mask, unmasked};
use super::own;
use super::tree::{Entry, Kind, Mapping, Node, NodeId, Scalar, Tree};
use super::{FileId, Span};

/// Bytes that a file may have. The largest manifest seen in the wild has 20 thousand.
pub const MAX_BYTES: usize = 4 << 20;
/// Levels that lists and mappings may be nested.
pub const MAX_DEPTH: usize = 64;
/// Nodes that a document may have, those that merges bring in included.
pub const MAX_NODES: usize = 300_000;
/// The same for what rackform wrote: a lock has a dozen values a rule.
const MAX_OWN_NODES: usize = 30_000_000;

/// Why a text is no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The text breaks YAML's grammar.
    Syntax,
    /// Larger or deeper than [`MAX_NODES`] and [`MAX_DEPTH`] allow.
    TooLarge,
    /// An alias that names nothing, or stands inside of what it names.
    Alias,
    /// `<<` with something that is no mapping.
    Merge,
    /// A tag, or a key that is a list or a mapping.
    Unsupported,
}

/// A text that was refused: why, where, and in words.
#[derive(Debug)]
pub struct Refused {
    /// What kind of reason.
    pub why: Refusal,
    /// Where.
    pub span: Span,
    /// The reason in words.
    pub message: String,
}

/// A variable without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unset {
    /// Its name.
    pub name: String,
    /// The scalar that names it.
    pub node: NodeId,
}

/// A document that was read, and what was noticed on the way.
#[derive(Debug)]
pub struct Parsed {
    /// The document.
    pub tree: Tree,
    /// Variables without a value, in file order.
    pub unset: Vec<Unset>,
    /// Keys written twice in one mapping: first and second key.
    pub duplicates: Vec<(NodeId, NodeId)>,
    /// Mappings in a list behind `<<` that are not merged: Convox uses only the first.
    pub unmerged: Vec<NodeId>,
    /// Where a second document begins, which Convox does not read.
    pub second_document: Option<Span>,
}

/// A tree that grows node by node, in the order of the text.
pub(super) struct Builder<'v> {
    nodes: Vec<Node>,
    anchors: BTreeMap<usize, Option<NodeId>>,
    /// Collections that are not closed yet: node, anchor, is a mapping, children.
    open: Vec<(NodeId, usize, bool, Vec<NodeId>)>,
    merged: usize,
    unmerged: Vec<NodeId>,
    duplicates: Vec<(NodeId, NodeId)>,
    unset: Vec<Unset>,
    variables: Option<&'v Variables>,
    most: usize,
}

/// Read the first document of `text`, which has lost its byte-order mark, and replace its
/// variables; with none, `${NAME}` is text like any other.
pub fn parse(file: FileId, text: &str, variables: Option<&Variables>) -> Result<Parsed, Refused> {
    parse_bounded(file, text, variables, MAX_NODES)
}

/// The same for a file that rackform wrote, which may be as large as a fleet is.
pub fn parse_own(file: FileId, text: &str) -> Result<Parsed, Refused> {
    let mut builder = Builder::new(None, MAX_OWN_NODES);
    match own::read(text, &mut builder) {
        Some(root) => Ok(builder.parsed(file, root, None)),
        None => parse_own_slowly(file, text),
    }
}

/// The same by the parser, which knows all of YAML.
pub(super) fn parse_own_slowly(file: FileId, text: &str) -> Result<Parsed, Refused> {
    parse_bounded(file, text, None, MAX_OWN_NODES)
}

fn parse_bounded(file: FileId, text: &str, variables: Option<&Variables>, most: usize) -> Result<Parsed, Refused> {
    let masked = if variables.is_some() { mask(text) } else { unmasked(text) };
    let mut builder = Builder::new(variables, most);
    let mut root = None;
    let mut documents = 0;
    let mut second_document = None;

    for event in Parser::new_from_str(&masked.text) {
        let (event, span) = match event {
            Ok(event) => event,
            // What stands behind the first document is not read, so it can't be wrong.
            Err(_) if documents > 0 && root.is_some() && builder.open.is_empty() => break,
            Err(error) => return Err(syntax(text, &error)),
        };
        let tag_at = span.tag_start.and_then(|marker| marker.byte_offset());
        let span = span.byte_range().map_or(Span::default(), |range| Span { start: range.start, end: range.end });
        let span = trim(text, span);
        let done = match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents == 2 {
                    second_document = Some(span);
                    break;
                }
                None
            }
            Event::Scalar(value, style, anchor, tag) => {
                let forced = match tag.as_ref().map(|_| tag_token(text, tag_at)) {
                    None => false,
                    Some((_, "!!str" | "!")) => true,
                    Some((span, tag)) => return Err(refuse(Refusal::Unsupported, span, format!("the tag `{tag}` has no meaning here"))),
                };
                let plain = style == ScalarStyle::Plain && !forced;
                // An empty value arrives as `~` with an empty span.
                let value = if plain && span.start == span.end { "".into() } else { value };
                let id = builder.push(Kind::Scalar(Scalar { text: String::new(), plain }), span)?;
                let mut unset = Vec::new();
                let text = match builder.variables {
                    Some(variables) => {
                        masked.fill(&value, variables, |name| unset.push(Unset { name: name.to_owned(), node: id })).into_owned()
                    }
                    None => value.into_owned(),
                };
                builder.unset.append(&mut unset);
                builder.nodes[id.0 as usize].kind = Kind::Scalar(Scalar { text, plain });
                builder.bind(anchor, Some(id));
                Some(id)
            }
            Event::SequenceStart(_, _, Some(_)) | Event::MappingStart(_, _, Some(_)) => {
                let (span, tag) = tag_token(text, tag_at);
                return Err(refuse(Refusal::Unsupported, span, format!("the tag `{tag}` has no meaning here")));
            }
            Event::SequenceStart(_, anchor, _) => {
                builder.start(anchor, span, false)?;
                None
            }
            Event::MappingStart(_, anchor, _) => {
                builder.start(anchor, span, true)?;
                None
            }
            Event::SequenceEnd | Event::MappingEnd => Some(builder.end(span)?),
            Event::Alias(anchor) => match builder.anchors.get(&anchor).copied().flatten() {
                Some(target) => Some(builder.push(Kind::Alias(target), span)?),
                None => return Err(refuse(Refusal::Alias, span, "this alias stands inside the node that it names".into())),
            },
            _ => None,
        };
        if let Some(id) = done {
            match builder.open.last_mut() {
                Some((.., children)) => children.push(id),
                None => root = Some(id),
            }
        }
    }

    let root = match root {
        Some(root) => root,
        None => builder.push(Kind::Scalar(Scalar { text: String::new(), plain: true }), Span::default())?,
    };
    Ok(builder.parsed(file, root, second_document))
}

fn refuse(why: Refusal, span: Span, message: String) -> Refused {
    Refused { why, span, message }
}

impl<'v> Builder<'v> {
    /// A tree of at most so many nodes, in which variables are replaced.
    pub(super) fn new(variables: Option<&'v Variables>, most: usize) -> Self {
        Self {
            nodes: Vec::new(),
            anchors: BTreeMap::new(),
            open: Vec::new(),
            merged: 0,
            unmerged: Vec::new(),
            duplicates: Vec::new(),
            unset: Vec::new(),
            variables,
            most,
        }
    }

    /// All of it.
    fn parsed(self, file: FileId, root: NodeId, second_document: Option<Span>) -> Parsed {
        let mut unset: BTreeMap<NodeId, Vec<String>> = BTreeMap::new();
        for found in &self.unset {
            unset.entry(found.node).or_default().push(found.name.clone());
        }
        Parsed {
            tree: Tree { file, nodes: self.nodes, root, unset },
            unset: self.unset,
            duplicates: self.duplicates,
            unmerged: self.unmerged,
            second_document,
        }
    }

    /// A scalar inside of what is open; none where there is no room for it.
    pub(super) fn scalar(&mut self, text: &str, plain: bool, span: Span) -> Option<()> {
        let id = self.push(Kind::Scalar(Scalar { text: text.to_owned(), plain }), span).ok()?;
        self.open.last_mut()?.3.push(id);
        Some(())
    }

    /// Open a mapping or a list.
    pub(super) fn begin(&mut self, span: Span, map: bool) -> Option<()> {
        self.start(0, span, map).ok()
    }

    /// Close what was opened last, inside of what is open.
    pub(super) fn close(&mut self, span: Span) -> Option<()> {
        let id = self.end(span).ok()?;
        self.open.last_mut()?.3.push(id);
        Some(())
    }

    /// Close the outermost one, and tell it.
    pub(super) fn finish(&mut self, span: Span) -> Option<NodeId> {
        self.end(span).ok().filter(|_| self.open.is_empty())
    }

    fn push(&mut self, kind: Kind, span: Span) -> Result<NodeId, Refused> {
        if self.nodes.len() + self.merged >= self.most {
            return Err(refuse(Refusal::TooLarge, span, format!("more than {} values", self.most)));
        }
        self.nodes.push(Node { kind, span });
        Ok(NodeId(u32::try_from(self.nodes.len() - 1).expect("bounded by MAX_NODES")))
    }

    fn bind(&mut self, anchor: usize, node: Option<NodeId>) {
        if anchor > 0 {
            self.anchors.insert(anchor, node);
        }
    }

    fn start(&mut self, anchor: usize, span: Span, map: bool) -> Result<(), Refused> {
        if self.open.len() >= MAX_DEPTH {
            return Err(refuse(Refusal::TooLarge, span, format!("more than {MAX_DEPTH} levels deep")));
        }
        let id = self.push(if map { Kind::Map(Mapping::default()) } else { Kind::List(Vec::new()) }, span)?;
        self.bind(anchor, None); // known, but not yet whole
        self.open.push((id, anchor, map, Vec::new()));
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<NodeId, Refused> {
        let (id, anchor, map, children) = self.open.pop().expect("the parser closes what it opened");
        let start = self.nodes[id.0 as usize].span.start;
        let end = children.last().map_or(span.end, |last| self.nodes[last.0 as usize].span.end).max(span.end.min(start + 1));
        self.nodes[id.0 as usize].span = Span { start, end };
        self.nodes[id.0 as usize].kind = if map { Kind::Map(self.mapping(&children)?) } else { Kind::List(children) };
        self.bind(anchor, Some(id));
        Ok(id)
    }

    fn mapping(&mut self, children: &[NodeId]) -> Result<Mapping, Refused> {
        let entries = self.entries(children)?;
        let text = |at: u32| match self.behind(entries[at as usize].key) {
            Kind::Scalar(scalar) => scalar.text.as_str(),
            _ => "",
        };
        let mut by_key: Vec<u32> = (0..u32::try_from(entries.len()).expect("bounded by MAX_NODES")).collect();
        by_key.sort_by(|a, b| text(*a).cmp(text(*b))); // stable: the last of equals stays last
        // What `<<` brings may stand beside a key of the same name.
        let own = by_key.iter().copied().filter(|at| entries[*at as usize].via.is_none());
        let keys = |(first, second): (u32, u32)| (entries[first as usize].key, entries[second as usize].key);
        let mut twice: Vec<(NodeId, NodeId)> =
            own.clone().zip(own.skip(1)).filter(|(first, second)| text(*first) == text(*second)).map(keys).collect();
        twice.sort_by_key(|(_, second)| *second);
        let may_repeat = !twice.is_empty() || entries.iter().any(|entry| entry.via.is_some());
        if may_repeat {
            by_key.dedup_by(|later, kept| {
                let same = text(*later) == text(*kept);
                if same {
                    *kept = *later;
                }
                same
            });
        }
        self.duplicates.append(&mut twice);
        Ok(Mapping { entries, by_key })
    }

    /// Pair keys and values, and put in what `<<` names, at the place where it stands.
    fn entries(&mut self, children: &[NodeId]) -> Result<Vec<Entry>, Refused> {
        let mut entries = Vec::with_capacity(children.len() / 2);
        for pair in children.chunks_exact(2) {
            let (key, value) = (pair[0], pair[1]);
            let Kind::Scalar(name) = self.behind(key) else {
                let span = self.nodes[key.0 as usize].span;
                return Err(refuse(Refusal::Unsupported, span, "a key must be text".into()));
            };
            if name.text == "<<" {
                self.merge(key, value, &mut entries)?;
            } else {
                entries.push(Entry { key, value, via: None });
            }
        }
        Ok(entries)
    }

    fn merge(&mut self, key: NodeId, value: NodeId, entries: &mut Vec<Entry>) -> Result<(), Refused> {
        let source = match self.behind(value) {
            Kind::List(items) => {
                let items = items.clone();
                self.unmerged.extend(items.iter().skip(1));
                items.first().copied()
            }
            _ => Some(value),
        };
        let Some(source) = source else { return Ok(()) };
        let Kind::Map(Mapping { entries: merged, .. }) = self.behind(source) else {
            let span = self.nodes[value.0 as usize].span;
            return Err(refuse(Refusal::Merge, span, "`<<` takes a mapping".into()));
        };
        let merged: Vec<Entry> = merged.iter().map(|entry| Entry { via: Some(key), ..*entry }).collect();
        self.merged += merged.len();
        if self.merged >= MAX_NODES || self.nodes.len() + self.merged >= self.most {
            let span = self.nodes[key.0 as usize].span;
            return Err(refuse(Refusal::TooLarge, span, format!("more than {} values", self.most)));
        }
        entries.extend(merged);
        Ok(())
    }

    fn behind(&self, id: NodeId) -> &Kind {
        match &self.nodes[id.0 as usize].kind {
            Kind::Alias(target) => self.behind(*target),
            kind => kind,
        }
    }
}

/// A tag as it is written, and where.
fn tag_token(text: &str, at: Option<usize>) -> (Span, &str) {
    let start = super::floor_boundary(text, at.unwrap_or(0));
    let length = text[start..].find(|c: char| c.is_whitespace() || ",[]{}".contains(c)).unwrap_or(text.len() - start);
    (Span { start, end: start + length }, &text[start..start + length])
}

/// Take line breaks and blanks off the end of a span: a block ends where the next token starts.
fn trim(text: &str, span: Span) -> Span {
    let start = super::floor_boundary(text, span.start);
    let end = super::floor_boundary(text, span.end.max(start));
    Span { start, end: start + text[start..end].trim_end().len() }
}

/// A syntax error in words that an author can use; the parser's own for what hardly anybody meets.
fn syntax(text: &str, error: &granit_parser::ScanError) -> Refused {
    let at = super::floor_boundary(text, error.marker().byte_offset().unwrap_or(0));
    let is_tab = matches!(
        error.kind(),
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabInPlainScalar
    );
    let at = if is_tab && text[..at].ends_with('\t') { at - 1 } else { at };
    let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    let (why, message) = match error.kind() {
        ErrorKind::RecursionLimitExceeded => (Refusal::TooLarge, format!("more than {MAX_DEPTH} levels deep")),
        ErrorKind::UnknownAnchor => (Refusal::Alias, "this alias names no anchor above it".to_owned()),
        ErrorKind::MissingAnchorOrAliasName => {
            (Refusal::Alias, "`*` and `&` begin an alias or an anchor, and here no name follows".to_owned())
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => {
            (Refusal::Syntax, "a key and a `:` are expected here; is the line above indented like this one?".to_owned())
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            (Refusal::Syntax, "a `:` is not allowed here; text that holds `: ` needs quotes".to_owned())
        }
        _ if is_tab => (Refusal::Syntax, "a tab is not allowed as indentation; use blanks".to_owned()),
        ErrorKind::UnclosedQuotedScalar => (Refusal::Syntax, "a quote is opened and never closed".to_owned()),
        ErrorKind::UnclosedFlowCollection { open } => (Refusal::Syntax, format!("the bracket `{open}` is never closed")),
        ErrorKind::UnexpectedEofFlowSequence | ErrorKind::UnexpectedEofFlowMapping | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            (Refusal::Syntax, "the file ends inside of a bracket".to_owned())
        }
        ErrorKind::ExpectedFlowMappingSeparator => (Refusal::Syntax, "a `,` or a `}` is expected here".to_owned()),
        ErrorKind::ExpectedFlowSequenceSeparator => (Refusal::Syntax, "a `,` or a `]` is expected here".to_owned()),
        ErrorKind::UnexpectedCharacter { character } => {
            (Refusal::Syntax, format!("the character `{}` may not stand here", character.escape_default()))
        }
        _ => (Refusal::Syntax, error.info().clone()),
    };
    Refused { why, span: Span { start: at, end }, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Files, Resolved};

    fn read(text: &str) -> Result<Parsed, Refused> {
        let mut files = Files::default();
        let file = files.add("t.yml", text);
        parse(file, text, Some(&Variables::from([("P".into(), "3000".into()), ("EVIL".into(), "x\", sticky: false, a: \"y\nb: c".into())])))
    }

    #[test]
    fn a_value_keeps_its_place_and_its_meaning() {
        let parsed = read("services:\n  web:\n    port: ${P}\n    test: \"${EVIL}\"\n").unwrap();
        let tree = &parsed.tree;
        let (key, value) = tree.find("/services/web/port").unwrap();
        assert_eq!(tree.scalar(value), Some(Resolved::Int(3000)), "a plain scalar that becomes a number is one");
        assert_eq!(tree.place(key.unwrap()).span, Span { start: 21, end: 25 });
        assert_eq!(tree.place(value).span, Span { start: 27, end: 31 });
        let (_, value) = tree.find("/services/web/test").unwrap();
        assert_eq!(tree.text(value), "x\", sticky: false, a: \"y\nb: c");
        assert!(tree.find("/services/web/sticky").is_none(), "a value never changes the structure");
    }

    #[test]
    fn variables_stand_in_flow_mappings_and_unset_ones_are_named() {
        let parsed = read("a: {port: ${P}, domain: ${NONE}}").unwrap();
        assert_eq!(parsed.tree.to_json().unwrap(), serde_json::json!({"a": {"port": 3000, "domain": null}}));
        assert_eq!(parsed.unset[0].name, "NONE");
    }

    #[test]
    fn merges_stand_where_they_are_written() {
        let parsed = read("a: &a {x: 1, y: 2}\nb: {x: 9, <<: *a, y: 3}\n").unwrap();
        assert_eq!(parsed.tree.to_json().unwrap()["b"], serde_json::json!({"x": 1, "y": 3}));
        assert!(parsed.duplicates.is_empty());
    }

    #[test]
    fn duplicates_and_second_documents_are_noticed() {
        let parsed = read("a: 1\na: 2\n---\n{").unwrap();
        assert_eq!(parsed.duplicates.len(), 1);
        assert!(parsed.second_document.is_some());
        assert_eq!(parsed.tree.to_json().unwrap(), serde_json::json!({"a": 2}));
    }

    #[test]
    fn hostile_text_is_refused_at_once() {
        let deep = "[".repeat(100_000);
        assert_eq!(read(&deep).unwrap_err().why, Refusal::TooLarge);
        let blocks = (0..5_000).fold(String::new(), |text, i| text + &" ".repeat(i) + "a:\n");
        assert_eq!(read(&blocks).unwrap_err().why, Refusal::TooLarge);
        let mut bomb = String::from("a0: &a0 [x, x]\n");
        for i in 1..60 {
            let nine = vec![format!("*a{}", i - 1); 9].join(", ");
            bomb = format!("{bomb}a{i}: &a{i} [{nine}]\n");
        }
        let tree = read(&bomb).unwrap().tree;
        assert!(tree.to_json().is_none() && !tree.has_json(), "the tree is small, its JSON view has a budget");
        let mut merges = String::from("a0: &a0 {k: 1}\n");
        for i in 1..60 {
            merges = format!("{merges}a{i}: &a{i}\n  <<: *a{p}\n  b:\n    <<: *a{p}\n", p = i - 1);
        }
        let _ = read(&merges); // either answer is fine, as long as there is one
        assert_eq!(read("x: &x [*x]").unwrap_err().why, Refusal::Alias);
        assert!(read("- *").is_err());
        assert!(read("a: \u{0}").is_err());
        assert!(read("a:\n\tb: 1").is_err());
    }

    #[test]
    fn what_would_be_too_large_as_json_is_known_without_making_it() {
        let items = |item: &str, count| vec![item; count].join(", ");
        for (more, fits) in [(997, true), (998, true), (999, false)] {
            // The mapping, a thousand values of the first list, the second list, 298 thousand behind aliases, and more.
            let text = format!("a: &a [{}]\nb: [{}, {}]", items("x", 999), items("*a", 298), items("x", more));
            let tree = read(&text).unwrap().tree;
            assert_eq!((tree.has_json(), tree.to_json().is_some()), (fits, fits), "{more}");
        }
    }
}
