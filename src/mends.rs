//! What a violation of a schema is mended by, where only one thing can be meant; and whether that
//! holds wherever an anchor takes the place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::diagnostics::{Change, Diagnostic, Diagnostics, Mend, certain};
use crate::schema::{Schema, Violation, What};
use crate::source::{Kind, NodeId, Place, Resolved, Tree, escape_pointer, resolve};

/// Violations that a mend is looked for; a document with more has other troubles.
pub const MOST: usize = 1000;

/// A document and what is wrong with it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its schema.
    pub schema: &'a Schema,
    /// The document.
    pub tree: &'a Tree,
    /// Everything that the schema says of it.
    pub violations: &'a [Violation],
}

impl Subject<'_> {
    /// The right name for an unknown key: not where the right one stands beside it, nor where
    /// another wrong one means the same, nor where the value does not fit it.
    pub fn rename(&self, violation: &Violation) -> Option<Mend> {
        let What::Unknown { key, meant: Some(meant), .. } = &violation.what else { return None };
        let (_, block) = self.tree.find(&violation.pointer)?;
        let entries = self.tree.entries(block).iter();
        let is_once = entries.filter(|entry| self.tree.text(entry.key) == key).count() == 1;
        let rival = |other: &Violation| {
            let means_it = matches!(&other.what, What::Unknown { meant: Some(other), .. } if other == meant);
            means_it && other.pointer == violation.pointer && other != violation
        };
        if !is_once || self.tree.get(block, meant).is_some() || self.violations.iter().any(rival) {
            return None;
        }
        let entry = self.tree.get(block, key)?;
        let value = self.tree.json_of(entry.value)?;
        if !self.schema.takes(&format!("{}/{}", violation.pointer, escape_pointer(meant)), &value) {
            return None;
        }
        Some(Mend::text(self.tree.place(entry.key), meant))
    }

    /// What a value of the wrong shape must have been meant to be.
    pub fn value(&self, violation: &Violation, node: NodeId) -> Option<Mend> {
        let pointer = violation.pointer.as_str();
        let place = self.tree.place(node);
        let takes = |value: Value| self.schema.takes(pointer, &value);
        if !self.tree.unset(node).is_empty() {
            return None;
        }
        let Kind::Scalar(scalar) = self.tree.kind(node) else { return self.variable(pointer, node) };
        let text = scalar.text.as_str();
        let bare = resolve(text, true);
        if !scalar.plain && json(&bare).is_some_and(takes) {
            return Some(Mend { message: "remove the quotes".to_owned(), ..Mend::plain(place, text) });
        }
        if let Some(flag) = flag(text).filter(|flag| takes(Value::Bool(*flag))) {
            return Some(Mend::plain(place, if flag { "true" } else { "false" }));
        }
        // A blank or a comma may have been meant to part two items.
        let is_one = !text.is_empty() && !text.contains(|c: char| c == ',' || c.is_whitespace());
        if is_one && matches!(resolve(text, scalar.plain), Resolved::Text(_)) && takes(Value::from(vec![text])) {
            return Some(Mend::new(place, Change::Listed, format!("write `[{text}]`")));
        }
        // `3000/tcp` was Convox's spelling until 2019, and is still in its pages.
        if let Some((number, "tcp" | "http")) = text.split_once('/')
            && pointer.ends_with("/port")
            && json(&resolve(number, true)).is_some_and(takes)
        {
            return Some(Mend::plain(place, number));
        }
        let is_word = pointer.rsplit('/').nth(1) == Some("command");
        if is_word && scalar.plain && json(&bare).is_some() && takes(Value::from(text)) {
            return Some(Mend::new(place, Change::Quoted, "put it in quotes"));
        }
        // `port:3000` is a text and not an entry.
        let (key, behind) = text.split_once(':').filter(|(_, behind)| scalar.plain && !behind.is_empty() && is_one)?;
        let inner = json(&resolve(behind, true)).unwrap_or_else(|| Value::from(behind));
        let below = format!("{pointer}/{}", escape_pointer(key));
        let fits = takes(serde_json::json!({ key: inner.clone() })) && self.schema.takes(&below, &inner);
        fits.then(|| Mend::new(place, Change::Spaced, format!("write `{key}: {behind}`")))
    }

    /// `- NAME: value` among variables.
    fn variable(&self, pointer: &str, node: NodeId) -> Option<Mend> {
        let [entry] = self.tree.entries(node) else { return None };
        let (name, value) = (self.tree.text(entry.key), self.tree.text(entry.value));
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.starts_with(|c: char| c.is_ascii_digit());
        let is_item = pointer.rsplit('/').nth(1) == Some("environment");
        let text = format!("{name}={value}");
        let fits = is_item && is_name && !name.is_empty() && !value.is_empty() && entry.via.is_none();
        let fits = fits && self.schema.takes(pointer, &Value::from(text.as_str()));
        fits.then(|| Mend::new(self.tree.place(entry.key), Change::Joined, format!("write `{text}`")))
    }
}

/// A scalar that is no text, as JSON.
fn json(scalar: &Resolved<'_>) -> Option<Value> {
    match *scalar {
        Resolved::Bool(flag) => Some(Value::Bool(flag)),
        Resolved::Int(int) => Some(Value::from(int)),
        Resolved::Float(float) => Some(Value::from(float)),
        Resolved::Null | Resolved::Text(_) => None,
    }
}

/// The flag that a word can only mean, whatever YAML takes it for.
fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "no" | "n" | "off" | "0" => Some(false),
        word => certain(word, ["true", "false"]).map(|word| word == "true"),
    }
}

/// Report what was found in a document and can be mended, each with the pointer of the use that it is about. What
/// stands below a key of the root that does not count has no meaning of its own. A place that an
/// anchor takes elsewhere keeps its mend only if it is mended so wherever it is used.
pub fn report(tree: &Tree, found: Vec<(String, Diagnostic)>, counts: impl Fn(&str) -> bool, out: &mut Diagnostics) {
    let mut offers: BTreeMap<(Place, Change), BTreeSet<String>> = BTreeMap::new();
    for (pointer, diagnostic) in &found {
        if let Some(mend) = &diagnostic.mend {
            offers.entry((mend.place, mend.change.clone())).or_default().insert(pointer.clone());
        }
    }
    let uses = if offers.is_empty() { None } else { tree.uses(counts) }.unwrap_or_default();
    for (_, mut diagnostic) in found {
        diagnostic.mend = diagnostic.mend.filter(|mend| {
            let offered = offers.get(&(mend.place, mend.change.clone())).map_or(0, BTreeSet::len);
            uses.get(&mend.place.span) == Some(&offered)
        });
        if let Some(mend) = &mut diagnostic.mend {
            mend.everywhere = true;
        }
        out.report(diagnostic);
    }
}
