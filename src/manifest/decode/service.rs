//! A service, key by key. A key that comes twice, by a merge or by hand, is read twice in file
//! order, as Convox does: the last scalar counts, lists of the keys with decoders of their own
//! grow, and the fields of blocks combine.

use super::reader::Reader;
use super::{nlb, scale, shapes};
use crate::manifest::types::{Deployment, Health, Service};
use crate::source::{NodeId, Spanned};

/// What is collected before defaults are filled in.
#[derive(Default)]
pub(super) struct Written {
    deployment_minimum: Option<Spanned<i64>>,
    deployment_maximum: Option<Spanned<i64>>,
    drain: Option<Spanned<i64>>,
    pub(super) health_path: Option<Spanned<String>>,
    pub(super) health_interval: Option<Spanned<i64>>,
    pub(super) health_timeout: Option<Spanned<i64>>,
    pub(super) health_grace: Option<Spanned<i64>>,
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
        "agent" => shapes::agent(r, key, value, s),
        "build" => shapes::build(r, value, s),
        "command" => shapes::command(r, value, s),
        "deployment" => block(r, value, &mut [("minimum", &mut w.deployment_minimum), ("maximum", &mut w.deployment_maximum)]),
        "domain" => shapes::domain(r, value, s),
        "drain" => w.drain = if r.tree.is_null(value) { w.drain.take() } else { r.int(value) },
        "environment" => r.variables(value, &mut s.environment),
        "health" => shapes::health(r, value, w),
        "image" => s.image = r.text(value).filter(|image| !image.value.is_empty()),
        "init" => s.init = r.flag(value).is_some_and(|f| f.value),
        "internal" => w.internal = r.flag(value),
        "internalAndExternal" => w.both = r.flag(value),
        "links" => s.links = r.texts(value),
        "nlb" => s.nlb = nlb::ports(r, value),
        "policies" => s.policies = r.texts(value),
        "port" => s.port = shapes::port(r, value),
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
        timeout: w
            .health_timeout
            .filter(|t| t.value != 0)
            .unwrap_or_else(|| Spanned::new(interval.value.saturating_sub(1), interval.place)),
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
