//! Shapes that Convox has decoders of its own for: text or list, number or mapping.

use super::reader::Reader;
use super::service::Written;
use crate::manifest::types::{Agent, Domain, Port, Service};
use crate::source::{Kind, NodeId, Resolved, Spanned};

pub(super) fn agent(r: &mut Reader<'_>, key: NodeId, value: NodeId, s: &mut Service) {
    let place = r.place(key);
    match (r.tree.kind(value), r.tree.scalar(value)) {
        (_, Some(Resolved::Null)) => {}
        (_, Some(Resolved::Bool(on))) => s.agent = on.then(|| Agent { place, ports: Vec::new() }),
        (Kind::Map(_), _) => {
            let mut agent = Agent { place, ports: Vec::new() };
            for entry in r.tree.entries(value) {
                match r.tree.text(entry.key) {
                    "ports" => agent.ports = agent_ports(r, entry.value),
                    // Docs of Convox name the key, so it is known; what it says does not matter.
                    "enabled" => {
                        if !matches!(r.tree.scalar(entry.value), Some(Resolved::Bool(true) | Resolved::Null)) {
                            r.ignore(entry.value);
                        }
                    }
                    _ => r.unknown(entry.key),
                }
            }
            s.agent = Some(agent);
        }
        _ => r.refuse(value),
    }
}

fn agent_ports(r: &mut Reader<'_>, node: NodeId) -> Vec<(i64, String)> {
    let Kind::List(items) = r.tree.kind(node) else {
        if !r.tree.is_null(node) {
            r.ignore(node);
        }
        return Vec::new();
    };
    let mut ports = Vec::new();
    for item in items {
        let port = match r.tree.scalar(*item) {
            Some(Resolved::Int(port)) => Some((port, "tcp".to_owned())),
            Some(Resolved::Float(float)) if float.fract() == 0.0 => r.whole(*item).map(|port| (port, "tcp".to_owned())),
            Some(Resolved::Null) => Some((0, "tcp".to_owned())),
            Some(Resolved::Text(text)) => {
                let (port, protocol) = text.split_once('/').unwrap_or((text, ""));
                digits(port).map(|port| (port, protocol.to_owned()))
            }
            _ => None,
        };
        match port {
            Some(port) => ports.push(port),
            None => r.refuse(*item),
        }
    }
    ports
}

/// A number as Go's `Atoi` reads it: a sign and digits, and nothing else. One that is too large for that is the largest
/// here, which is outside of every range too and is told so.
pub(super) fn digits(text: &str) -> Option<i64> {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    if body.is_empty() || !body.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

pub(super) fn build(r: &mut Reader<'_>, value: NodeId, s: &mut Service) {
    match (r.tree.kind(value), r.tree.scalar(value)) {
        (_, Some(Resolved::Null)) => {}
        (_, Some(Resolved::Text(path))) => path.clone_into(&mut s.build.get_or_insert_default().path),
        (Kind::Map(_), _) => {
            for entry in r.tree.entries(value) {
                match r.tree.text(entry.key) {
                    "path" => s.build.get_or_insert_default().path = r.text(entry.value).map(|t| t.value).unwrap_or_default(),
                    "manifest" => s.build.get_or_insert_default().manifest = r.text(entry.value).map(|t| t.value).unwrap_or_default(),
                    "args" => {
                        let args = r.texts(entry.value).into_iter().map(|t| t.value).collect();
                        s.build.get_or_insert_default().args = args;
                    }
                    _ => r.unknown(entry.key),
                }
            }
        }
        _ => r.refuse(value),
    }
}

pub(super) fn command(r: &mut Reader<'_>, value: NodeId, s: &mut Service) {
    match (r.tree.kind(value), r.tree.scalar(value)) {
        (_, Some(Resolved::Null)) => {}
        (_, Some(Resolved::Text(text))) => s.command = vec!["sh".into(), "-c".into(), text.to_owned()],
        (Kind::List(items), _) => {
            for item in items {
                match r.tree.scalar(*item) {
                    Some(Resolved::Text(text)) => s.command.push(text.to_owned()),
                    _ => r.refuse(*item),
                }
            }
        }
        _ => r.refuse(value),
    }
}

pub(super) fn domain(r: &mut Reader<'_>, value: NodeId, s: &mut Service) {
    // A text is split at commas, the items of a list are not.
    match (r.tree.kind(value), r.tree.scalar(value)) {
        (_, Some(Resolved::Null)) => blank_domain(r, value, s),
        (_, Some(Resolved::Text(text))) => {
            let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
            if parts.is_empty() {
                blank_domain(r, value, s);
            }
            for part in parts {
                push_domain(r, value, part, s);
            }
        }
        (Kind::List(items), _) => {
            for item in items {
                match r.tree.scalar(*item) {
                    Some(Resolved::Text(text)) if text.trim().is_empty() => blank_domain(r, *item, s),
                    Some(Resolved::Text(text)) => push_domain(r, *item, text.trim(), s),
                    // An unset variable without quotes leaves nothing, which Convox reads as an empty text.
                    Some(Resolved::Null) if !r.tree.unset(*item).is_empty() => blank_domain(r, *item, s),
                    _ => r.refuse(*item),
                }
            }
        }
        _ => r.refuse(value),
    }
}

fn push_domain(r: &Reader<'_>, node: NodeId, name: &str, s: &mut Service) {
    s.domains.push(Domain { name: Spanned::new(name.to_owned(), r.place(node)), unset: r.tree.unset(node).to_vec() });
}

/// A domain that is empty because a variable is: kept, so that the variable can be named.
fn blank_domain(r: &Reader<'_>, node: NodeId, s: &mut Service) {
    if !r.tree.unset(node).is_empty() {
        push_domain(r, node, "", s);
    }
}

pub(super) fn health(r: &mut Reader<'_>, value: NodeId, w: &mut Written) {
    match (r.tree.kind(value), r.tree.scalar(value)) {
        (_, Some(Resolved::Null)) => {}
        (_, Some(Resolved::Text(path))) => {
            if !path.is_empty() {
                w.health_path = Some(Spanned::new(path.to_owned(), r.place(value)));
            }
        }
        (Kind::Map(_), _) => {
            for entry in r.tree.entries(value) {
                match r.tree.text(entry.key) {
                    "path" => match r.tree.scalar(entry.value) {
                        Some(Resolved::Text(path)) if !path.is_empty() => {
                            w.health_path = Some(Spanned::new(path.to_owned(), r.place(entry.value)));
                        }
                        Some(Resolved::Text(_) | Resolved::Null) => {}
                        _ => r.ignore(entry.value),
                    },
                    "interval" => w.health_interval = r.picked_int(entry.value).or(w.health_interval.take()),
                    "timeout" => w.health_timeout = r.picked_int(entry.value).or(w.health_timeout.take()),
                    "grace" => w.health_grace = r.picked_int(entry.value).or(w.health_grace.take()),
                    _ => r.unknown(entry.key),
                }
            }
        }
        _ => r.refuse(value),
    }
}

/// `scheme:number:ignored`, as text.
fn port_text(text: &str) -> Option<(i64, &str)> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [number] => Some((digits(number)?, "")),
        [scheme, number, ..] => Some((digits(number)?, scheme)),
        [] => None,
    }
}

pub(super) fn port(r: &mut Reader<'_>, value: NodeId) -> Option<Port> {
    let scalar = |r: &Reader<'_>, node: NodeId| -> Option<(i64, String)> {
        match r.tree.scalar(node)? {
            Resolved::Int(port) => Some((port, String::new())),
            Resolved::Float(float) if float.fract() == 0.0 => r.whole(node).map(|port| (port, String::new())),
            Resolved::Text(text) => port_text(text).map(|(port, scheme)| (port, scheme.to_owned())),
            _ => None,
        }
    };
    if r.tree.is_null(value) {
        return None;
    }
    let (place, number, scheme) = match r.tree.kind(value) {
        Kind::Map(_) => {
            let mut found = None;
            let mut named: Option<Spanned<String>> = None;
            for entry in r.tree.entries(value) {
                match r.tree.text(entry.key) {
                    "port" => {
                        found = scalar(r, entry.value).map(|port| (r.place(entry.value), port));
                        if found.as_ref().is_none_or(|(_, (number, _))| *number == 0) {
                            r.refuse(entry.value);
                        }
                    }
                    "scheme" => match r.tree.scalar(entry.value) {
                        Some(Resolved::Text(text)) => named = Some(Spanned::new(text.to_owned(), r.place(entry.value))),
                        Some(Resolved::Null) => {}
                        _ => r.refuse(entry.value),
                    },
                    _ => r.unknown(entry.key),
                }
            }
            let Some((place, (number, prefix))) = found else {
                if r.tree.get(value, "port").is_none() {
                    r.refuse(value);
                }
                return None;
            };
            (place, number, named.unwrap_or(Spanned::new(prefix, place)))
        }
        _ => {
            if let Some((number, scheme)) = scalar(r, value) {
                (r.place(value), number, Spanned::new(scheme, r.place(value)))
            } else {
                r.refuse(value);
                return None;
            }
        }
    };
    let scheme = if scheme.value.is_empty() { Spanned::new("http".to_owned(), scheme.place) } else { scheme };
    (number != 0).then(|| Port { number: Spanned::new(number, place), scheme })
}
