//! Keys of a service that are both written and merged. Convox puts what `<<` brings in its place as
//! text and reads one after the other, which is not what YAML says.

use std::collections::BTreeMap;

use crate::diagnostics::codes::CONVOX_MERGED_KEY;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::source::{Entry, Kind, NodeId, Tree};

/// Blocks whose defaults are filled in for what the last one of several does not write.
const BLOCKS: [(&str, &[&str]); 3] =
    [("deployment", &["minimum", "maximum"]), ("termination", &["grace"]), ("scale", &["count", "cooldown"])];

/// Look at every service.
pub(super) fn check(tree: &Tree, out: &mut Diagnostics) {
    let services = tree.get(tree.root(), "services").map_or(&[][..], |entry| tree.entries(entry.value));
    for service in services {
        let mut keys: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in tree.entries(service.value) {
            keys.entry(tree.text(entry.key)).or_default().push(entry);
        }
        for (key, entries) in keys {
            if let [.., earlier, later] = entries.as_slice()
                && earlier.via.is_some() != later.via.is_some()
            {
                pair(tree, tree.text(service.key), key, (earlier, later), out);
            }
        }
    }
}

/// Say what Convox makes of two values of one key, where that is a surprise.
fn pair(tree: &Tree, service: &str, key: &str, (earlier, later): (&Entry, &Entry), out: &mut Diagnostics) {
    let is_list = |node: NodeId| matches!(tree.kind(node), Kind::List(_));
    let is_map = |node: NodeId| matches!(tree.kind(node), Kind::Map(_));
    let own = if later.via.is_some() { earlier } else { later };
    let message = if key == "domain" || key == "environment" {
        return; // both count, which is said of domains elsewhere
    } else if key == "command" && is_list(earlier.value) && is_list(later.value) {
        format!("the lists of `command` of `{service}` are joined")
    } else if let Some(lost) = lost(tree, key, earlier, later) {
        format!("`{lost}` of `{service}` is lost")
    } else if later.via.is_some() && !is_map(later.value) {
        format!("the merged `{key}` of `{service}` counts, and not its own")
    } else {
        return;
    };
    let merged = if later.via.is_some() { later } else { earlier };
    let mut diagnostic = Diagnostic::new(&CONVOX_MERGED_KEY, tree.place(own.key), message).label("written here, and merged");
    if let Some(via) = merged.via {
        diagnostic = diagnostic.also(tree.place(via), "merged here");
    }
    out.report(diagnostic.help("write the key in one of the two"));
}

/// A key of an earlier block that gets its default again, since the later one does not write it.
fn lost(tree: &Tree, key: &str, earlier: &Entry, later: &Entry) -> Option<String> {
    let (_, inner) = BLOCKS.iter().find(|(name, _)| *name == key)?;
    if !matches!(tree.kind(later.value), Kind::Map(_)) {
        return None;
    }
    let is_in = |entry: &Entry, inner: &str| tree.get(entry.value, inner).is_some();
    // A scale that is a number or a range is a count.
    let is_count = key == "scale" && matches!(tree.kind(earlier.value), Kind::Scalar(_)) && !tree.is_null(earlier.value);
    if is_count && !is_in(later, "count") {
        return Some("scale".to_owned());
    }
    inner.iter().find(|inner| is_in(earlier, inner) && !is_in(later, inner)).map(|inner| format!("{key}.{inner}"))
}
