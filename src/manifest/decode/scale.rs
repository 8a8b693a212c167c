//! `scale`, whose defaults depend on which keys are written at all.

use super::reader::Reader;
use super::shapes::digits;
use crate::manifest::types::{CustomTarget, Scale, Targets};
use crate::source::{Kind, NodeId, Place, Resolved, Tree};

/// The scale of a service that says nothing.
pub(super) fn unwritten(place: Place) -> Scale {
    Scale {
        place,
        minimum: 1,
        maximum: 1,
        emptied: false,
        cpu: 256,
        memory: 512,
        cooldown_up: 60,
        cooldown_down: 60,
        targets: Targets::default(),
    }
}

/// Read every `scale` of a service body, then fill in defaults.
pub(super) fn scale(r: &mut Reader<'_>, body: NodeId, place: Place) -> Scale {
    let mut s = Scale { minimum: 0, maximum: 0, cpu: 0, memory: 0, cooldown_up: 0, cooldown_down: 0, ..unwritten(place) };
    for entry in r.tree.entries(body).iter().filter(|entry| r.tree.text(entry.key) == "scale") {
        s.place = place_of_count(r, entry.key, entry.value);
        match (r.tree.kind(entry.value), r.tree.scalar(entry.value)) {
            (_, Some(Resolved::Null)) => {}
            (_, Some(Resolved::Int(count))) => (s.minimum, s.maximum) = (count, count),
            (_, Some(Resolved::Float(count))) if count.fract() == 0.0 => {
                let count = r.whole(entry.value).unwrap_or(0);
                (s.minimum, s.maximum) = (count, count);
            }
            (_, Some(Resolved::Text(text))) => match range(text) {
                Some(count) => (s.minimum, s.maximum) = count,
                None => r.refuse(entry.value),
            },
            (Kind::Map(_), _) => block(r, entry.value, &mut s),
            _ => r.refuse(entry.value),
        }
    }

    // Convox counts the key paths that begin with "scale", so `scaled: true` counts as well.
    let written = paths_with_scale(r.tree, body);
    let inner = |key: &str| r.tree.get(body, "scale").and_then(|scale| r.tree.get(scale.value, key)).is_some();
    if written == 0 || (written > 1 && !inner("count")) {
        (s.minimum, s.maximum) = (1, 1);
    } else if s.minimum == 0 && s.maximum == 0 {
        s.emptied = !zero_is_written(r, body);
        let first = r.tree.entries(body).iter().find(|entry| r.tree.text(entry.key).starts_with("scale"));
        if let Some(entry) = first.filter(|entry| r.tree.text(entry.key) != "scale") {
            s.place = r.place(entry.key);
        }
    }
    if !inner("cooldown") {
        (s.cooldown_up, s.cooldown_down) = (60, 60);
    }
    s.cpu = if s.cpu == 0 { 256 } else { s.cpu };
    s.memory = if s.memory == 0 { 512 } else { s.memory };
    s
}

/// Where the count of a scale is said.
fn place_of_count(r: &Reader<'_>, key: NodeId, value: NodeId) -> Place {
    match r.tree.kind(value) {
        Kind::Scalar(_) if !r.tree.is_null(value) => r.place(value),
        _ => match r.tree.get(value, "count") {
            Some(count) if matches!(r.tree.kind(count.value), Kind::Scalar(_)) && !r.tree.is_null(count.value) => r.place(count.value),
            Some(count) => r.place(count.key),
            None => r.place(key),
        },
    }
}

/// How many keys of a service, and keys below them, have paths that begin with "scale".
fn paths_with_scale(tree: &Tree, body: NodeId) -> usize {
    fn below(tree: &Tree, node: NodeId) -> usize {
        tree.entries(node).iter().map(|entry| 1 + below(tree, entry.value)).sum()
    }
    let last = |key| tree.get(body, key).map(|entry| entry.value);
    let mut names: Vec<&str> = tree.entries(body).iter().map(|e| tree.text(e.key)).filter(|k| k.starts_with("scale")).collect();
    names.sort_unstable();
    names.dedup();
    names.iter().filter_map(|name| last(name)).map(|value| 1 + below(tree, value)).sum()
}

/// Whether somebody wrote a zero, rather than nothing.
fn zero_is_written(r: &Reader<'_>, body: NodeId) -> bool {
    let is_set = |node: NodeId| !r.tree.is_null(node) && !matches!(r.tree.kind(node), Kind::Map(entries) if entries.is_empty());
    r.tree.get(body, "scale").is_some_and(|scale| match r.tree.get(scale.value, "count") {
        Some(count) => is_set(count.value),
        None => is_set(scale.value),
    })
}

/// `2` or `1-5`.
fn range(text: &str) -> Option<(i64, i64)> {
    let number = |part: &str| digits(part).filter(|_| !part.starts_with('-'));
    match text.split_once('-') {
        Some((minimum, maximum)) => Some((number(minimum)?, number(maximum)?)),
        None => number(text).map(|count| (count, count)),
    }
}

fn block(r: &mut Reader<'_>, node: NodeId, s: &mut Scale) {
    for entry in r.tree.entries(node) {
        match r.tree.text(entry.key) {
            "count" => count(r, entry.value, s),
            "cooldown" => cooldown(r, entry.value, s),
            "cpu" => s.cpu = r.picked_int(entry.value).map_or(s.cpu, |n| n.value),
            "memory" => s.memory = r.picked_int(entry.value).map_or(s.memory, |n| n.value),
            "targets" => targets(r, entry.value, &mut s.targets),
            _ => r.unknown(entry.key),
        }
    }
}

fn count(r: &mut Reader<'_>, node: NodeId, s: &mut Scale) {
    match (r.tree.kind(node), r.tree.scalar(node)) {
        (_, Some(Resolved::Null)) => {}
        (Kind::Map(_), _) => bounds(r, node, [("min", &mut s.minimum), ("max", &mut s.maximum)]),
        (_, Some(Resolved::Text(text))) => match range(text) {
            Some(count) => (s.minimum, s.maximum) = count,
            None => r.refuse(node),
        },
        _ => match r.whole_exact(node) {
            Some(count) => (s.minimum, s.maximum) = (count, count),
            None => r.refuse(node),
        },
    }
}

fn cooldown(r: &mut Reader<'_>, node: NodeId, s: &mut Scale) {
    match (r.tree.kind(node), r.tree.scalar(node)) {
        (_, Some(Resolved::Null)) => {}
        (Kind::Map(_), _) => bounds(r, node, [("up", &mut s.cooldown_up), ("down", &mut s.cooldown_down)]),
        _ => {
            if let Some(both) = bound(r, node) {
                (s.cooldown_up, s.cooldown_down) = (both, both);
            }
        }
    }
}

/// Two numbers by their names; one that is not written stays.
fn bounds(r: &mut Reader<'_>, node: NodeId, mut named: [(&str, &mut i64); 2]) {
    for entry in r.tree.entries(node) {
        match named.iter_mut().find(|(name, _)| *name == r.tree.text(entry.key)) {
            Some((_, value)) => **value = bound(r, entry.value).unwrap_or(**value),
            None => r.unknown(entry.key),
        }
    }
}

/// A number, with or without quotes.
fn bound(r: &mut Reader<'_>, node: NodeId) -> Option<i64> {
    let number = match r.tree.scalar(node) {
        Some(Resolved::Null) => return None,
        Some(Resolved::Text(text)) => digits(text),
        _ => r.whole_exact(node),
    };
    if number.is_none() {
        r.refuse(node);
    }
    number
}

fn targets(r: &mut Reader<'_>, node: NodeId, targets: &mut Targets) {
    if !r.mapping(node) {
        return;
    }
    for entry in r.tree.entries(node) {
        match r.tree.text(entry.key) {
            "cpu" => targets.cpu = r.int(entry.value),
            "memory" => targets.memory = r.int(entry.value),
            "requests" => targets.requests = r.int(entry.value),
            "custom" => {
                if r.mapping(entry.value) {
                    targets.custom = r.tree.entries(entry.value).iter().filter_map(|e| custom(r, e.key, e.value)).collect();
                }
            }
            _ => r.unknown(entry.key),
        }
    }
}

fn custom(r: &mut Reader<'_>, key: NodeId, body: NodeId) -> Option<CustomTarget> {
    if !r.mapping(body) && !r.tree.is_null(body) {
        return None;
    }
    let (namespace, metric) = r.tree.text(key).rsplit_once('/').unwrap_or(("", r.tree.text(key)));
    let mut target = CustomTarget {
        place: r.place(key),
        namespace: namespace.to_owned(),
        metric: metric.to_owned(),
        aggregate: String::new(),
        written_aggregate: None,
        value: 0.0,
        dimensions: Vec::new(),
    };
    for entry in r.tree.entries(body) {
        match r.tree.text(entry.key) {
            "aggregate" => {
                let written = r.text(entry.value);
                target.written_aggregate = written.as_ref().map(|text| text.place);
                target.aggregate = written.map(|text| text.value).unwrap_or_default();
            }
            "value" => match r.tree.scalar(entry.value) {
                #[allow(clippy::cast_precision_loss)] // values of metrics
                Some(Resolved::Int(int)) => target.value = int as f64,
                Some(Resolved::Float(float)) => target.value = float,
                Some(Resolved::Null) => {}
                _ => r.refuse(entry.value),
            },
            "dimensions" => target.dimensions = r.text_map(entry.value),
            _ => r.unknown(entry.key),
        }
    }
    Some(target)
}

impl Reader<'_> {
    /// The whole number that a plain scalar is exactly.
    fn whole_exact(&self, node: NodeId) -> Option<i64> {
        match self.tree.scalar(node)? {
            Resolved::Int(int) => Some(int),
            Resolved::Float(float) if float.fract() == 0.0 => self.whole(node),
            _ => None,
        }
    }
}
