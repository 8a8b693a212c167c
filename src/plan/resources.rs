//! What two templates of a stack say otherwise of its resources.

use std::collections::{BTreeMap, BTreeSet};

use super::replacement::{Recreates, recreates};
use super::{PropertyChange, ResourceChange, ResourceFate, details};
use crate::render::{Map, Node};

/// Attributes of a resource beside its properties whose change CloudFormation takes for one of the resource.
/// API `CloudFormation`, `ResourceChange`, `Scope`; `DependsOn` is not among them.
const ATTRIBUTES: [&str; 5] = ["CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy"];

/// Resources of a template by logical ID.
pub(super) type Resources<'a, 't> = BTreeMap<&'a str, &'a Node<'t>>;

/// The type of a resource.
pub(super) fn kind_of<'a>(resource: &'a Node<'_>) -> &'a str {
    resource.get("Type").and_then(Node::as_str).unwrap_or_default()
}

/// What the templates say otherwise of each resource, by logical ID.
pub(super) fn direct<'a>(old: &Resources<'a, '_>, new: &Resources<'a, '_>) -> BTreeMap<&'a str, ResourceChange> {
    let mut changes: BTreeMap<&str, ResourceChange> = BTreeMap::new();
    for (id, resource) in new {
        match old.get(id) {
            None => {
                changes.insert(id, whole(id, kind_of(resource), ResourceFate::Add));
            }
            Some(was) if kind_of(was) != kind_of(resource) => {
                let replaced = ResourceChange { replacement: Recreates::Always, ..whole(id, kind_of(resource), ResourceFate::Replace) };
                changes.insert(id, replaced);
            }
            Some(was) => {
                let properties = properties(was, resource);
                if !properties.is_empty() {
                    changes.insert(id, ResourceChange { properties, ..whole(id, kind_of(resource), ResourceFate::Modify) });
                }
            }
        }
    }
    changes
        .extend(old.iter().filter(|(id, _)| !new.contains_key(*id)).map(|(id, was)| (*id, whole(id, kind_of(was), ResourceFate::Remove))));
    changes
}

/// The change of a resource as a whole.
pub(super) fn whole(id: &str, kind: &str, change: ResourceFate) -> ResourceChange {
    ResourceChange {
        id: id.to_owned(),
        kind: kind.to_owned(),
        change,
        replacement: Recreates::Never,
        properties: Vec::new(),
        because: Vec::new(),
        is_unsure: false,
        effect: None,
    }
}

/// A mapping in a resource.
pub(super) fn map_of<'a, 't>(resource: &'a Node<'t>, name: &str) -> Option<&'a Map<'t>> {
    resource.get(name)?.as_map()
}

/// Properties and attributes that a template says in another way.
fn properties(before: &Node<'_>, after: &Node<'_>) -> Vec<PropertyChange> {
    let kind = kind_of(after);
    let (old, new) = (map_of(before, "Properties"), map_of(after, "Properties"));
    let keys = |map: Option<&Map<'_>>| -> Vec<String> { map.into_iter().flat_map(Map::iter).map(|(key, _)| key.to_owned()).collect() };
    let names: BTreeSet<String> = keys(old).into_iter().chain(keys(new)).collect();
    let mut changes = Vec::new();
    for name in names {
        let (was, is) = (old.and_then(|map| map.get(&name)), new.and_then(|map| map.get(&name)));
        if was != is {
            let recreates = recreates(kind, &name, was, is);
            changes.push(PropertyChange { details: details::details(was, is), name, recreates });
        }
    }
    for name in ATTRIBUTES {
        let (was, is) = (before.get(name), after.get(name));
        if was != is {
            changes.push(PropertyChange { name: name.to_owned(), recreates: Recreates::Never, details: details::details(was, is) });
        }
    }
    changes
}
