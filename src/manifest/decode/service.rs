//! A service, key by key. A key that comes twice, by a merge or by hand, is read twice in file
//! order, as Convox does: the last scalar counts, lists of the keys with decoders of their own
//! grow, and the fields of blocks combine.

use super::reader::Reader;
use super::{nlb, scale};
use crate::manifest::types::{Agent, Deployment, Domain, Health, Port, Service};
use crate::source::{Kind, NodeId, Resolved, Spanned};

/// What is collected before defaults are filled in.
#[derive(Default)]
struct Written {
    deployment_minimum: Option<Spanned<i64>>,
    deployment_maximum: Option<Spanned<i64>>,
    drain: Option<Spanned<i64>>,
    health_path: Option<Spanned<String>>,
    health_interval: Option<Spanned<i64>>,
    health_timeout: Option<Spanned<i64>>,
    health_grace: Option<Spanned<i64>>,
    internal: Option<Spanned<bool>>,
    both: Option<Spanned<bool>>,
    sticky: Option<Spanned<bool>>,
    grace: Option<Spanned<i64>>,
}

pub(super) fn service(r: &mut Reader<'_>, key: NodeId, body: NodeId) -> Service {
    let place = r.place(key);
    r.service_name(key);
    let mut w = Written::default();
    let mut s = blank(r.key(key));
    if r.mapping(body) {
        for entry in r.tree.entries(body) {
            field(r, &mut s, &mut w, entry.key, entry.value);
        }
    }
    if s.agent.is_some()
        && !s.nlb.is_empty()
        && let Some(entry) = r.tree.get(body, "nlb")
    {
        r.refuse(entry.value);
    }
    s.scale = scale::scale(r, body, place);
    defaults(r, body, s, w)
}

fn blank(name: Spanned<String>) -> Service {
    let place = name.place;
    let number = |value| Spanned::new(value, place);
    Service {
        agent: None,
        build: None,
        command: Vec::new(),
        deployment: Deployment { minimum: number(50), maximum: number(200) },
        domains: Vec::new(),
        drain: number(30),
        environment: Vec::new(),
        health: Health { path: Spanned::new("/".into(), place), interval: number(5), timeout: number(4), grace: number(5) },
        image: None,
        init: false,
        internal: Spanned::new(false, place),
        internal_and_external: Spanned::new(false, place),
        links: Vec::new(),
        nlb: Vec::new(),
        policies: Vec::new(),
        port: None,
        privileged: false,
        resources: Vec::new(),
        scale: scale::unwritten(place),
        singleton: false,
        sticky: true,
        tags: Vec::new(),
        termination_grace: number(30),
        test: None,
        volumes: Vec::new(),
        name,
    }
}

fn field(r: &mut Reader<'_>, s: &mut Service, w: &mut Written, key: NodeId, value: NodeId) {
    match r.tree.text(key) {
        "agent" => agent(r, key, value, s),
        "build" => build(r, value, s),
        "command" => command(r, value, s),
        "deployment" => block(r, value, &mut [("minimum", &mut w.deployment_minimum), ("maximum", &mut w.deployment_maximum)]),
        "domain" => domain(r, value, s),
        "drain" => w.drain = if r.tree.is_null(value) { w.drain.take() } else { r.int(value) },
        "environment" => r.variables(value, &mut s.environment),
        "health" => health(r, value, w),
        "image" => s.image = r.text(value),
        "init" => s.init = r.flag(value).is_some_and(|f| f.value),
        "internal" => w.internal = r.flag(value),
        "internalAndExternal" => w.both = r.flag(value),
        "links" => s.links = r.texts(value),
        "nlb" => s.nlb = nlb::ports(r, value),
        "policies" => s.policies = r.texts(value),
        "port" => s.port = port(r, value),
        "privileged" => s.privileged = r.flag(value).is_some_and(|f| f.value),
        "resources" => s.resources = r.texts(value),
        "scale" => {} // read as a whole: its defaults look at every key
        "singleton" => s.singleton = r.flag(value).is_some_and(|f| f.value),
        "sticky" => w.sticky = r.flag(value),
        "tags" => s.tags = r.text_map(value),
        "termination" => block(r, value, &mut [("grace", &mut w.grace)]),
        "test" => s.test = r.text(value),
        "volumes" => s.volumes = r.texts(value),
        _ => r.unknown(key),
    }
}

/// A mapping of plain numbers.
fn block(r: &mut Reader<'_>, node: NodeId, fields: &mut [(&str, &mut Option<Spanned<i64>>)]) {
    if !r.mapping(node) {
        return;
    }
    for entry in r.tree.entries(node) {
        match fields.iter_mut().find(|(name, _)| *name == r.tree.text(entry.key)) {
            Some((_, field)) => **field = r.int(entry.value),
            None => r.unknown(entry.key),
        }
    }
}

/// Fill in what is not written. "Written" is asked of the last value of a key, so a merged block
/// that an own block replaces does not count, though its fields were combined.
fn defaults(r: &Reader<'_>, body: NodeId, mut s: Service, w: Written) -> Service {
    let place = s.name.place;
    let or = |written: Option<Spanned<i64>>, default: i64| written.unwrap_or_else(|| Spanned::new(default, place));
    let has = |path: &[&str]| path.iter().try_fold(body, |at, key| r.tree.get(at, key).map(|e| e.value)).is_some();

    let one_at_a_time = s.agent.is_some() || s.singleton;
    let (minimum, maximum) = if one_at_a_time { (0, 100) } else { (50, 200) };
    s.deployment = Deployment {
        minimum: or(w.deployment_minimum.filter(|_| has(&["deployment", "minimum"])), minimum),
        maximum: or(w.deployment_maximum.filter(|_| has(&["deployment", "maximum"])), maximum),
    };
    s.drain = or(w.drain, 30);
    let interval = or(w.health_interval.filter(|i| i.value != 0), 5);
    s.health = Health {
        path: w.health_path.unwrap_or_else(|| Spanned::new("/".into(), place)),
        timeout: w.health_timeout.filter(|t| t.value != 0).unwrap_or_else(|| Spanned::new(interval.value - 1, interval.place)),
        grace: w.health_grace.filter(|g| g.value != 0).unwrap_or_else(|| interval.clone()),
        interval,
    };
    s.internal_and_external = w.both.unwrap_or_else(|| Spanned::new(false, place));
    s.internal = match w.internal {
        Some(flag) if flag.value || !s.internal_and_external.value => flag,
        _ => s.internal_and_external.clone(),
    };
    s.sticky = w.sticky.is_none_or(|flag| flag.value);
    s.termination_grace = or(w.grace.filter(|_| has(&["termination", "grace"])), 30);
    if s.image.is_none() || s.build.is_some() {
        let build = s.build.get_or_insert_default();
        if build.path.is_empty() {
            build.path = ".".into();
        }
        if build.manifest.is_empty() {
            build.manifest = "Dockerfile".into();
        }
    }
    s
}

fn agent(r: &mut Reader<'_>, key: NodeId, value: NodeId, s: &mut Service) {
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

/// A number as Go's `Atoi` reads it: a sign and digits, and nothing else.
fn digits(text: &str) -> Option<i64> {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    if body.is_empty() || !body.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn build(r: &mut Reader<'_>, value: NodeId, s: &mut Service) {
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

fn command(r: &mut Reader<'_>, value: NodeId, s: &mut Service) {
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

fn domain(r: &mut Reader<'_>, value: NodeId, s: &mut Service) {
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

fn health(r: &mut Reader<'_>, value: NodeId, w: &mut Written) {
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

fn port(r: &mut Reader<'_>, value: NodeId) -> Option<Port> {
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
            let mut named: Option<String> = None;
            for entry in r.tree.entries(value) {
                match r.tree.text(entry.key) {
                    "port" => {
                        found = scalar(r, entry.value).map(|port| (r.place(entry.value), port));
                        if found.as_ref().is_none_or(|(_, (number, _))| *number == 0) {
                            r.refuse(entry.value);
                            return None;
                        }
                    }
                    "scheme" => match r.tree.scalar(entry.value) {
                        Some(Resolved::Text(text)) => named = Some(text.to_owned()),
                        Some(Resolved::Null) => {}
                        _ => r.refuse(entry.value),
                    },
                    _ => r.unknown(entry.key),
                }
            }
            let Some((place, (number, prefix))) = found else {
                r.refuse(value);
                return None;
            };
            (place, number, named.unwrap_or(prefix))
        }
        _ => {
            if let Some((number, scheme)) = scalar(r, value) {
                (r.place(value), number, scheme)
            } else {
                r.refuse(value);
                return None;
            }
        }
    };
    let scheme = if scheme.is_empty() { "http".to_owned() } else { scheme };
    (number != 0).then(|| Port { number: Spanned::new(number, place), scheme })
}
