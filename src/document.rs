//! A YAML file to a tree, with what the parser noticed said in words; every input is read so.

use crate::diagnostics::codes::{BAD_ALIAS, BAD_MERGE, DUPLICATE_KEY, IGNORED_VALUE, SECOND_DOCUMENT, SYNTAX, TOO_DEEP, UNSUPPORTED_YAML};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Files, NodeId, Parsed, Place, Refusal, Refused, Tree, Unset, Variables, parse, parse_own};

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
    told(file, parse(file, files.text(file), variables), out)
}

/// Read a document that rackform wrote, which may be as large as a fleet is. `text` is that of the
/// file, or as long.
pub fn read_own(file: FileId, text: &str, out: &mut Diagnostics) -> Option<Document> {
    told(file, parse_own(file, text), out)
}

fn told(file: FileId, parsed: Result<Parsed, Refused>, out: &mut Diagnostics) -> Option<Document> {
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
            out.report(Diagnostic::new(code, Place { file, span: refused.span }, refused.message).help(help));
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

impl Document {
    /// Report keys that are written twice; those of which both count are said to.
    pub fn report_duplicates(&self, both_count: &[&str], out: &mut Diagnostics) {
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
                    .help("write it once"),
            );
        }
    }
}

/// The tree as JSON, for a schema; none when aliases would make it larger than any manifest.
pub fn json_view(tree: &Tree, out: &mut Diagnostics) -> Option<serde_json::Value> {
    let json = tree.to_json();
    if json.is_none() {
        out.report(
            Diagnostic::new(&TOO_DEEP, tree.place(tree.root()), "aliases repeat more than 300,000 values")
                .help("no manifest needs this; check what the file is"),
        );
    }
    json
}
