//! What becomes of the resources of a stack: what its templates say otherwise, and what that brings with it for
//! those that refer to what is made anew, or to a parameter with another value.

use std::collections::{BTreeMap, BTreeSet};

use super::emitted::State;
use super::replacement::{Recreates, effect, passed_on};
use super::resources::{Resources, direct, kind_of, map_of, whole};
use super::{ParameterChange, PropertyChange, ResourceChange, ResourceFate};
use crate::render::{Map, Node, references};

/// What becomes of the resources of a stack: what is made anew first, and the surest of it.
pub(super) fn resources(before: Option<&State<'_>>, after: &State<'_>, parameters: &[ParameterChange]) -> Vec<ResourceChange> {
    let old: Resources<'_, '_> = before.into_iter().flat_map(|state| state.section("Resources")).collect();
    let new: Resources<'_, '_> = after.section("Resources").collect();
    let mut changes = direct(&old, &new);
    reach(&old, &new, &switched(after, parameters), &mut changes);
    if let Some(before) = before {
        doubt(before, parameters, &mut changes);
    }
    let mut changes: Vec<ResourceChange> = changes.into_values().map(settle).collect();
    changes.sort_by(|a, b| (a.change, b.replacement, &a.id).cmp(&(b.change, a.replacement, &b.id)));
    changes
}

/// Decide what becomes of a resource once all of its properties are known.
fn settle(mut change: ResourceChange) -> ResourceChange {
    if change.change == ResourceFate::Modify {
        change.replacement = change.properties.iter().map(|property| property.recreates).max().unwrap_or_default();
        if change.replacement != Recreates::Never {
            change.change = ResourceFate::Replace;
        }
    }
    let names: Vec<&str> = change.properties.iter().map(|property| property.name.as_str()).collect();
    change.effect = effect(&change.kind, change.change, change.replacement, &names);
    change
}

/// Parameters with another value, and the conditions that ask for them.
fn switched(after: &State<'_>, parameters: &[ParameterChange]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = parameters.iter().map(|change| change.name.clone()).collect();
    if names.is_empty() {
        return names;
    }
    // A condition may ask for another one; it takes no more rounds than there are conditions.
    for _ in after.section("Conditions") {
        for (name, condition) in after.section("Conditions") {
            if mentions(condition, &names).next().is_some() {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// The names of a set that a value refers to, or whose condition chooses in it.
fn mentions<'s>(value: &Node<'_>, names: &'s BTreeSet<String>) -> impl Iterator<Item = &'s String> + use<'s> {
    let mut found: Vec<&String> = Vec::new();
    references(value, &mut |name| found.extend(names.get(name)));
    conditions(value, &mut |name| found.extend(names.get(name)));
    found.into_iter()
}

/// Tell the conditions that choose in a value.
fn conditions<'a>(value: &'a Node<'_>, tell: &mut impl FnMut(&'a str)) {
    match value {
        Node::List(items) => items.iter().for_each(|item| conditions(item, tell)),
        Node::Map(map) => {
            for (key, inner) in map.iter() {
                match key {
                    "Fn::If" => inner.items().first().and_then(Node::as_str).into_iter().for_each(&mut *tell),
                    "Condition" => inner.as_str().into_iter().for_each(&mut *tell),
                    _ => {}
                }
                conditions(inner, tell);
            }
        }
        _ => {}
    }
}

/// A property of a resource, and the names that it refers to.
struct Referring<'a> {
    id: &'a str,
    kind: &'a str,
    property: &'a str,
    names: BTreeSet<&'a str>,
}

/// What the properties of the resources that stay refer to.
fn referring<'a>(old: &Resources<'_, '_>, new: &'a Resources<'_, '_>) -> Vec<Referring<'a>> {
    let stays = new.iter().filter(|(id, resource)| old.get(*id).is_some_and(|was| kind_of(was) == kind_of(resource)));
    let of = |(id, resource): (&&'a str, &&'a Node<'_>)| {
        let (id, kind) = (*id, kind_of(resource));
        map_of(resource, "Properties").into_iter().flat_map(Map::iter).map(move |(property, value)| {
            let mut names = BTreeSet::new();
            references(value, &mut |name| _ = names.insert(name));
            conditions(value, &mut |name| _ = names.insert(name));
            names.remove(id);
            Referring { id, kind, property, names }
        })
    };
    stays.flat_map(of).filter(|referring| !referring.names.is_empty()).collect()
}

/// Take changes on to the resources that refer to what changes: to parameters with another value, and to
/// resources that are made anew, as long as that makes others anew. API `CloudFormation`, `ResourceChangeDetail`.
fn reach<'a>(
    old: &Resources<'_, '_>,
    new: &'a Resources<'_, '_>,
    switched: &BTreeSet<String>,
    changes: &mut BTreeMap<&'a str, ResourceChange>,
) {
    let mut known: BTreeMap<String, Recreates> = BTreeMap::new();
    let mut fresh: BTreeMap<String, Recreates> = anew(changes);
    fresh.extend(switched.iter().map(|name| (name.clone(), Recreates::Always)));
    // The one attribute in our templates that another value of a property changes: `LatestVersionNumber`.
    let versions = changes.values().filter(|change| change.kind == "AWS::EC2::LaunchTemplate" && change.change == ResourceFate::Modify);
    fresh.extend(versions.map(|change| (change.id.clone(), Recreates::Always)));
    let referring = if fresh.is_empty() { Vec::new() } else { referring(old, new) };
    while !fresh.is_empty() {
        for Referring { id, kind, property, names } in &referring {
            let causes: Vec<(&str, Recreates)> = names.iter().filter_map(|name| Some((*name, *fresh.get(*name)?))).collect();
            let Some(cause) = causes.iter().map(|(_, cause)| *cause).max() else { continue };
            let recreates = passed_on(kind, property, cause);
            let change = changes.entry(id).or_insert_with(|| whole(id, kind, ResourceFate::Modify));
            change.because.extend(causes.into_iter().map(|(name, _)| name.to_owned()));
            match change.properties.iter_mut().find(|known| known.name == *property) {
                Some(known) => known.recreates = known.recreates.max(recreates),
                None => change.properties.push(PropertyChange { name: (*property).to_owned(), recreates, details: Vec::new() }),
            }
        }
        known.extend(fresh);
        fresh = anew(changes);
        fresh.retain(|id, recreates| known.get(id).is_none_or(|known| known < recreates));
    }
    for change in changes.values_mut() {
        change.because.sort_unstable();
        change.because.dedup();
        change.properties.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// Mark what changes only if whoever deployed gave a parameter another value than is written now, and what
/// changes because of that alone.
fn doubt(before: &State<'_>, parameters: &[ParameterChange], changes: &mut BTreeMap<&str, ResourceChange>) {
    let given = before.section("Parameters").map(|(name, _)| name).filter(|name| !before.parameters.contains_key(*name));
    let given: Vec<String> = given.map(|name| format!("{{\"Ref\": \"{name}\"}}")).collect();
    let was_given = |before: &str| given.iter().any(|reference| before.contains(reference));
    let mut unsure: BTreeSet<String> =
        parameters.iter().filter(|parameter| parameter.before.is_none()).map(|parameter| parameter.name.clone()).collect();
    if given.is_empty() && unsure.is_empty() {
        return;
    }
    loop {
        let is_unsure = |change: &ResourceChange| {
            let mut details = change.properties.iter().flat_map(|property| &property.details);
            let is_passed_on = change.because.iter().all(|cause| unsure.contains(cause));
            details.all(|detail| detail.before.as_deref().is_some_and(was_given)) && is_passed_on && !change.properties.is_empty()
        };
        let more: Vec<String> =
            changes.values().filter(|change| !change.is_unsure && is_unsure(change)).map(|change| change.id.clone()).collect();
        if more.is_empty() {
            return;
        }
        for id in more {
            if let Some(change) = changes.get_mut(id.as_str()) {
                change.is_unsure = true;
            }
            unsure.insert(id);
        }
    }
}

/// Resources that are made anew, and how surely.
fn anew(changes: &BTreeMap<&str, ResourceChange>) -> BTreeMap<String, Recreates> {
    let surest = |change: &ResourceChange| change.properties.iter().map(|property| property.recreates).fold(change.replacement, Ord::max);
    changes.values().map(|change| (change.id.clone(), surest(change))).filter(|(_, recreates)| *recreates != Recreates::Never).collect()
}
