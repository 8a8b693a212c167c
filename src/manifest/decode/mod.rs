//! The tree of a `convox.yml` to typed values, key for key as Convox's decoder does it.
//!
//! The decoder never speaks: what does not fit becomes a [`Problem`], and the schema, which knows
//! words, says it. A test holds the two together.

mod nlb;
mod reader;
mod scale;
mod service;
mod shapes;

use std::collections::BTreeMap;

use reader::Reader;
pub(super) use reader::{Fault, Problem};

use super::types::{Manifest, Resource, Timer};
use crate::source::{NodeId, Spanned, Tree};

/// Decode a document. The manifest is whole even where there are problems: what does not fit
/// keeps its default.
pub(super) fn decode(tree: &Tree) -> (Manifest, Vec<Problem>) {
    let mut r = Reader::new(tree);
    let root = tree.root();
    let place = tree.place(root);
    let mut manifest = Manifest {
        file: place.file,
        environment: Vec::new(),
        params: Vec::new(),
        resources: Vec::new(),
        services: Vec::new(),
        timers: Vec::new(),
        place,
        is_whole: true,
    };
    if !r.mapping(root) {
        manifest.is_whole = r.problems.is_empty();
        return (manifest, r.problems);
    }
    for entry in tree.entries(root) {
        let (key, value) = (entry.key, entry.value);
        match tree.text(key) {
            "environment" => r.variables(value, &mut manifest.environment),
            "params" => manifest.params = params(&mut r, value),
            "resources" => manifest.resources = named(&mut r, value, resource),
            "services" => manifest.services = named(&mut r, value, service::service),
            "timers" => manifest.timers = named(&mut r, value, timer),
            name if name.starts_with("x-") => {}
            _ => r.unknown(key),
        }
    }
    for service in &mut manifest.services {
        let own = std::mem::take(&mut service.environment);
        service.environment = manifest.environment.iter().cloned().chain(own).collect();
    }
    manifest.is_whole = !r.problems.iter().any(|problem| problem.fault == Fault::Refused);
    (manifest, r.problems)
}

/// Read a mapping of names to bodies. Of a name that is written twice the last body counts: in
/// Convox both are rendered under one logical ID, and the last one is left.
fn named<T>(r: &mut Reader<'_>, map: NodeId, mut read: impl FnMut(&mut Reader<'_>, NodeId, NodeId) -> T) -> Vec<T> {
    if !r.mapping(map) {
        return Vec::new();
    }
    let mut order: Vec<&str> = Vec::new();
    let mut bodies: BTreeMap<&str, (NodeId, NodeId)> = BTreeMap::new();
    for entry in r.tree.entries(map) {
        let name = r.tree.text(entry.key);
        if bodies.insert(name, (entry.key, entry.value)).is_none() {
            order.push(name);
        }
    }
    order.iter().map(|name| bodies[name]).map(|(key, value)| read(r, key, value)).collect()
}

fn params(r: &mut Reader<'_>, map: NodeId) -> Vec<(Spanned<String>, Spanned<String>)> {
    let mut params: Vec<(Spanned<String>, Spanned<String>)> = Vec::new();
    if !r.mapping(map) {
        return params;
    }
    for entry in r.tree.entries(map) {
        if let Some(value) = r.param(entry.value) {
            let name = Spanned::new(r.tree.text(entry.key).to_owned(), r.tree.place(entry.key));
            params.retain(|(known, _)| known.value != name.value);
            params.push((name, value));
        }
    }
    params
}

fn resource(r: &mut Reader<'_>, key: NodeId, body: NodeId) -> Resource {
    let mut resource =
        Resource { name: r.key(key), kind: Spanned::new(String::new(), r.tree.place(key)), options: Vec::new(), tags: Vec::new() };
    if r.tree.is_null(body) {
        r.refuse(body);
    } else if r.mapping(body) {
        if r.tree.get(body, "type").is_none() {
            r.refuse(body);
        }
        for entry in r.tree.entries(body) {
            match r.tree.text(entry.key) {
                "type" => match r.text(entry.value) {
                    Some(kind) if !kind.value.trim().is_empty() => resource.kind = kind,
                    _ => r.refuse_once(entry.value),
                },
                "options" => resource.options = r.text_map(entry.value),
                "tags" => resource.tags = r.text_map(entry.value),
                _ => r.unknown(entry.key),
            }
        }
    }
    resource
}

fn timer(r: &mut Reader<'_>, key: NodeId, body: NodeId) -> Timer {
    let empty = || Spanned::new(String::new(), r.tree.place(key));
    let mut timer = Timer { name: r.key(key), command: String::new(), schedule: empty(), service: empty(), policies: Vec::new() };
    if r.mapping(body) {
        for entry in r.tree.entries(body) {
            match r.tree.text(entry.key) {
                "command" => timer.command = r.text(entry.value).map(|t| t.value).unwrap_or_default(),
                "schedule" => timer.schedule = r.text(entry.value).unwrap_or_else(|| timer.schedule.clone()),
                "service" => timer.service = r.text(entry.value).unwrap_or_else(|| timer.service.clone()),
                "policies" => timer.policies = r.texts(entry.value),
                _ => r.unknown(entry.key),
            }
        }
    }
    timer
}
