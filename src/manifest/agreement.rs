//! Schema and decoder are two writings of one shape, and the schema looks at a tree or at JSON. Where they
//! say different things of a document, one of them is wrong, and that is a fault of ours: tests and fuzzing
//! look for one.

use std::collections::BTreeMap;

use super::decode::{self, Fault};
use crate::schema::{CONVOX_SCHEMA, What};
use crate::source::{NodeId, Resolved, Tree, escape_pointer};

/// JSON pointers to what is refused, and to what is ignored; sorted, each once.
pub(super) type Verdicts = (Vec<String>, Vec<String>);

/// What the schema says of a tree, and what the decoder says. None for a tree whose aliases are larger than any
/// manifest.
pub(super) fn verdicts(tree: &Tree) -> Option<[Verdicts; 2]> {
    let mut schema = Verdicts::default();
    for violation in CONVOX_SCHEMA.violations(&tree.to_json()?) {
        let child = |key: &str| format!("{}/{}", violation.pointer, escape_pointer(key));
        match &violation.what {
            What::Unknown { key, .. } => schema.1.push(child(key)),
            What::Ignored { .. } => schema.1.push(violation.pointer.clone()),
            What::Name { key, .. } => schema.0.push(child(key)),
            What::Missing { .. } | What::Wrong { .. } => schema.0.push(violation.pointer.clone()),
        }
    }
    let mut pointers = BTreeMap::new();
    walk(tree, tree.root(), "", &mut pointers);
    let mut decoder = Verdicts::default();
    for problem in decode::decode(tree).1 {
        let pointer = pointers.get(&problem.node).cloned().unwrap_or_default();
        match problem.fault {
            Fault::Refused => decoder.0.push(pointer),
            Fault::Ignored | Fault::Unknown => decoder.1.push(pointer),
        }
    }
    for list in [&mut schema.0, &mut schema.1, &mut decoder.0, &mut decoder.1] {
        list.sort();
        list.dedup();
    }
    Some([schema, decoder])
}

/// The pointers of all nodes, keys too; the first one where an alias leads to a node again.
fn walk(tree: &Tree, node: NodeId, pointer: &str, out: &mut BTreeMap<NodeId, String>) {
    out.entry(node).or_insert_with(|| pointer.to_owned());
    for entry in tree.entries(node) {
        let below = format!("{pointer}/{}", escape_pointer(tree.text(entry.key)));
        out.entry(entry.key).or_insert_with(|| below.clone());
        walk(tree, entry.value, &below, out);
    }
    for (at, item) in tree.items(node).iter().enumerate() {
        walk(tree, *item, &format!("{pointer}/{at}"), out);
    }
}

/// Where they differ, if they do. Some rules are beyond a schema: ports of the network
/// balancer that clash, networks with host bits, names such as `on` that are no text, and whole numbers that are
/// written as fractions and too large to count with, such as `4e30`.
pub fn disagreement(tree: &Tree) -> Option<String> {
    let (accepted, violations) = (CONVOX_SCHEMA.accepts(tree), CONVOX_SCHEMA.violations(&tree.to_json()?));
    if accepted != violations.is_empty() {
        return Some(format!("the tree is right: {accepted}\nits JSON: {violations:?}"));
    }
    let [mut schema, mut decoder] = verdicts(tree)?;
    let is_no_text = |pointer: &str| {
        let key = tree.find(pointer).and_then(|(key, _)| key);
        pointer.matches('/').count() == 2 && key.is_some_and(|key| !matches!(tree.scalar(key), Some(Resolved::Text(_))))
    };
    let is_huge = |pointer: &str| {
        let scalar = tree.find(pointer).and_then(|(_, value)| tree.scalar(value));
        matches!(scalar, Some(Resolved::Float(float)) if float.abs() > 1e15)
    };
    let beyond =
        |pointer: &String| pointer.contains("/nlb") || (pointer.starts_with("/services/") && is_no_text(pointer)) || is_huge(pointer);
    // An item that a variable leaves empty is null to the schema and no problem of shape.
    let unset = |pointer: &String| tree.find(pointer).is_some_and(|(_, node)| !tree.unset(node).is_empty());
    for (refused, ignored) in [&mut schema, &mut decoder] {
        refused.retain(|pointer| !beyond(pointer) && !unset(pointer));
        ignored.retain(|pointer| !is_huge(pointer));
        // Of a block that is refused the decoder need not read the rest.
        if !refused.is_empty() {
            ignored.clear();
        }
    }
    (schema != decoder).then(|| format!("schema {schema:?}\ndecoder {decoder:?}"))
}
