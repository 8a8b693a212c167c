//! A YAML file to a tree, with what the parser noticed said in words; every input is read so.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes::{BAD_ALIAS, BAD_MERGE, DUPLICATE_KEY, IGNORED_VALUE, SECOND_DOCUMENT, SYNTAX, TOO_DEEP, UNSUPPORTED_YAML};
use crate::diagnostics::{Change, Code, Diagnostic, Diagnostics, Mend};
use crate::source::{FileId, Files, Kind, NodeId, Parsed, Place, Refusal, Refused, Span, Tree, Unset, Variables, parse, parse_own};

/// Keys written twice that a mend is looked for; nobody writes more by a slip.
const MOST_REPEATED: usize = 1000;

/// A document that was read.
#[derive(Debug)]
pub struct Document {
    /// The document.
    pub tree: Tree,
    /// Variables without a value, in file order.
    pub unset: Vec<Unset>,
    /// Keys written twice in one mapping: first and second key.
    pub duplicates: Vec<(NodeId, NodeId)>,
}

/// Read a document; none when it is no YAML that has a meaning here.
pub fn read(files: &Files, file: FileId, variables: Option<&Variables>, out: &mut Diagnostics) -> Option<Document> {
    told(file, Some(files.text(file)), parse(file, files.text(file), variables), out)
}

/// Read a document that rackform wrote, which may be as large as a fleet is. `text` is that of the
/// file, or as long.
pub fn read_own(file: FileId, text: &str, out: &mut Diagnostics) -> Option<Document> {
    told(file, None, parse_own(file, text), out)
}

/// `text` is given where it may be mended.
fn told(file: FileId, text: Option<&str>, parsed: Result<Parsed, Refused>, out: &mut Diagnostics) -> Option<Document> {
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(refused) => {
            let (code, help): (&'static Code, _) = match refused.why {
                Refusal::Syntax => (&SYNTAX, "check indentation, quotes and brackets just before this place"),
                Refusal::TooLarge => (&TOO_DEEP, "no manifest needs this; check what the file is"),
                Refusal::Alias => (
                    &BAD_ALIAS,
                    "text that begins with `*` needs quotes, such as \"*.example.org\"; an alias needs its anchor `&name` above it",
                ),
                Refusal::Merge => (&BAD_MERGE, "let `<<` name an anchor of a mapping"),
                Refusal::Unsupported => (&UNSUPPORTED_YAML, "write plain keys and values"),
            };
            let star = text.filter(|_| refused.why == Refusal::Alias).and_then(|text| Some((text, star(text, refused.span)?)));
            let mend = star.map(|(text, span)| {
                let quoted = format!("\"{}\"", &text[span.start..span.end]);
                Mend::new(Place { file, span }, Change::Bytes(quoted.clone()), format!("write `{quoted}`"))
            });
            out.report(Diagnostic::new(code, Place { file, span: refused.span }, refused.message).help(help).mend(mend));
            return None;
        }
    };
    let tree = parsed.tree;
    for node in parsed.unmerged {
        out.report(
            Diagnostic::new(&IGNORED_VALUE, tree.place(node), "of a list behind `<<` only the first mapping is merged")
                .label("ignored by Convox")
                .help("write a `<<` with one mapping, and take the rest over by hand"),
        );
    }
    if let Some(span) = parsed.second_document {
        out.report(
            Diagnostic::new(&SECOND_DOCUMENT, Place { file, span }, "a second document begins here and is not read")
                .help("keep one document in a file"),
        );
    }
    Some(Document { tree, unset: parsed.unset, duplicates: parsed.duplicates })
}

/// A text that begins with `*` and can be no alias: a star alone, or one in front of a dot and a
/// host, which nobody calls an anchor. It must be all that stands there.
fn star(text: &str, at: Span) -> Option<Span> {
    let rest = text.get(at.start..)?;
    let length = rest.find(|c: char| c.is_whitespace() || ",]}".contains(c)).unwrap_or(rest.len());
    let (token, behind) = rest.split_at(length);
    let is_host = |host: &str| !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    let fits = token == "*" || token.strip_prefix("*.").is_some_and(is_host);
    let behind = behind.trim_start_matches([' ', '\t']);
    let is_alone = behind.is_empty() || behind.starts_with(['\n', '\r', ',', ']', '}', '#']);
    let is_apart = text[..at.start].chars().next_back().is_none_or(|c| c.is_whitespace() || "[,".contains(c));
    (fits && is_alone && is_apart).then_some(Span { start: at.start, end: at.start + length })
}

impl Document {
    /// Report keys that are written twice; those of which both count are said to.
    pub fn report_duplicates(&self, both_count: &[&str], out: &mut Diagnostics) {
        let values = self.values_of_duplicates();
        for (first, second) in &self.duplicates {
            let name = self.tree.text(*second);
            let (here, there) = if both_count.contains(&name) {
                ("added to the other one", "the other one")
            } else {
                ("this one counts", "and this one is lost")
            };
            out.report(
                Diagnostic::new(&DUPLICATE_KEY, self.tree.place(*second), format!("`{name}` is written twice"))
                    .label(here)
                    .also(self.tree.place(*first), there)
                    .help("write it once")
                    .mend(self.repeated(*first, *second, &values).filter(|_| !both_count.contains(&name))),
            );
        }
    }

    /// The first of two entries that say the same, which is lost in any case, can go.
    fn repeated(&self, first: NodeId, second: NodeId, values: &BTreeMap<NodeId, NodeId>) -> Option<Mend> {
        let scalar = |key: NodeId| match self.tree.kind(*values.get(&key)?) {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        };
        let same = scalar(first).is_some() && scalar(first) == scalar(second);
        same.then(|| Mend::new(self.tree.place(first), Change::RemoveEntry, "remove the first one"))
    }

    /// The values of the first keys that are written twice.
    fn values_of_duplicates(&self) -> BTreeMap<NodeId, NodeId> {
        let first = self.duplicates.iter().take(MOST_REPEATED);
        let keys: BTreeSet<NodeId> = first.flat_map(|(first, second)| [*first, *second]).collect();
        let maps = self.tree.written().filter(|(_, kind)| !keys.is_empty() && matches!(kind, Kind::Map(_)));
        let entries = maps.flat_map(|(map, _)| self.tree.entries(map)).filter(|entry| entry.via.is_none());
        entries.filter(|entry| keys.contains(&entry.key)).map(|entry| (entry.key, entry.value)).collect()
    }
}

/// Report that aliases make a tree larger than any manifest; it is then read no further.
pub fn refuse_aliases<T>(tree: &Tree, out: &mut Diagnostics) -> Option<T> {
    out.report(
        Diagnostic::new(&TOO_DEEP, tree.place(tree.root()), "aliases repeat more than 300,000 values")
            .help("no manifest needs this; check what the file is"),
    );
    None
}
