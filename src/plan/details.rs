//! What differs inside of a property, in as few words as it takes.

use super::Detail;
use crate::render::{Map, Node};

/// Differences of one property that are told; the last one says how many more there are.
const MOST: usize = 12;
/// Characters of a value that are told.
const LONGEST: usize = 200;

/// The differences between two values of a property.
pub(super) fn details(before: Option<&Node<'_>>, after: Option<&Node<'_>>) -> Vec<Detail> {
    let mut found = Vec::new();
    differences(String::new(), before, after, &mut found);
    if found.len() > MOST {
        let more = found.len() - MOST;
        found.truncate(MOST);
        found.push(Detail { path: format!("… and {more} more"), before: None, after: None });
    }
    found
}

fn differences(path: String, before: Option<&Node<'_>>, after: Option<&Node<'_>>, found: &mut Vec<Detail>) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        // A function, such as a reference, is one value.
        (Some(Node::Map(old)), Some(Node::Map(new))) if !is_function(old) && !is_function(new) => {
            let missing = |(key, _): &(&str, &Node<'_>)| new.get(key).is_none();
            let keys = old.iter().filter(missing).chain(new.iter()).map(|(key, _)| key.to_owned());
            for key in keys.collect::<Vec<_>>() {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differences(inner, old.get(&key), new.get(&key), found);
            }
        }
        (Some(Node::List(old)), Some(Node::List(new))) => match (keyed(old), keyed(new)) {
            (Some(old), Some(new)) => {
                let gone = old.iter().filter(|(key, _)| value_of(&new, key).is_none());
                for (key, _) in gone.chain(&new) {
                    differences(format!("{path}[{key}]"), value_of(&old, key), value_of(&new, key), found);
                }
            }
            _ if old.len() == new.len() && old.iter().chain(new).all(|item| matches!(item, Node::Map(_))) => {
                for (at, (old, new)) in old.iter().zip(new).enumerate() {
                    differences(format!("{path}[{at}]"), Some(old), Some(new), found);
                }
            }
            _ => {
                let gone = old.iter().filter(|item| !new.contains(item));
                let come = new.iter().filter(|item| !old.contains(item));
                let mut any = false;
                for item in gone {
                    found.push(Detail { path: path.clone(), before: Some(shown(item)), after: None });
                    any = true;
                }
                for item in come {
                    found.push(Detail { path: path.clone(), before: None, after: Some(shown(item)) });
                    any = true;
                }
                if !any {
                    found.push(Detail { path, before: before.map(shown), after: after.map(shown) }); // another order
                }
            }
        },
        _ => found.push(Detail { path, before: before.map(shown), after: after.map(shown) }),
    }
}

/// Whether a mapping is a function of CloudFormation's.
fn is_function(map: &Map<'_>) -> bool {
    map.len() == 1 && map.iter().all(|(key, _)| key == "Ref" || key.starts_with("Fn::"))
}

/// A list of keys with values, as tags and attributes are written.
fn keyed<'a, 't>(list: &'a [Node<'t>]) -> Option<Vec<(&'a str, &'a Node<'t>)>> {
    let pair = |item: &'a Node<'t>| Some((item.get("Key")?.as_str()?, item.get("Value")?));
    if list.is_empty() { None } else { list.iter().map(pair).collect() }
}

fn value_of<'a, 't>(list: &[(&str, &'a Node<'t>)], key: &str) -> Option<&'a Node<'t>> {
    list.iter().find(|(other, _)| *other == key).map(|(_, value)| *value)
}

/// A value as JSON, as far as it is told.
fn shown(value: &Node<'_>) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
