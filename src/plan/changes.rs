//! What CloudFormation does with each stack: the template and parameters of before held against those of now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::emitted::{Output, State, Unreadable};
use super::exports::{self, Importers};
use super::holdings::Holdings;
use super::replacement::{Recreates, effect, passed_on, recreates};
use super::{ParameterChange, Phase, PropertyChange, ResourceChange, ResourceFate, StackChange, StackFate, details, time};
use crate::index::IndexedStack;
use crate::render::{Map, Node, references};

/// Attributes of a resource beside its properties whose change CloudFormation takes for one of the resource.
/// API `CloudFormation`, `ResourceChange`, `Scope`; `DependsOn` is not among them.
const ATTRIBUTES: [&str; 5] = ["CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy"];

/// A stack before and now.
pub(super) struct Pair<'a> {
    /// Its name.
    name: &'a str,
    /// As it was.
    before: Option<Found<'a>>,
    /// As it is after each step that it takes part in, with the place of the step.
    steps: Vec<(usize, Found<'a>)>,
}

/// The texts of a stack.
struct Found<'a> {
    entry: &'a IndexedStack,
    template: (&'a str, &'a str),
    parameters: (&'a str, &'a str),
}

/// What came of a stack.
pub(super) struct Compared {
    /// Its name.
    pub(super) name: String,
    /// What it put on the routers.
    pub(super) before: Option<Arc<Holdings>>,
    /// What it puts there after each step, with the place of the step; nothing for a stack that is left.
    pub(super) after: Vec<(usize, Arc<Holdings>)>,
    /// Its changes, with the places of the steps.
    pub(super) changes: Vec<(usize, StackChange)>,
    /// Its rack.
    pub(super) rack: String,
    /// Names on new certificates for whose validation no hosted zone is named.
    pub(super) unvalidated: Vec<String>,
}

impl Compared {
    /// What it holds just before a step, by the place of the step.
    pub(super) fn until(&self, step: usize) -> Option<&Holdings> {
        let last = self.after.iter().rev().find(|(at, _)| *at < step).map(|(_, holdings)| holdings);
        last.or(self.before.as_ref()).map(|holdings| &**holdings)
    }

    /// What it holds in the end. A stack that is left stays as it was.
    pub(super) fn last(&self) -> Option<&Holdings> {
        self.until(usize::MAX)
    }

    /// Whether nothing of it changes.
    pub(super) fn is_kept(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Every stack of both outputs, those of now first and in their order.
pub(super) fn pairs<'a>(before: &'a Output<'a>, after: &'a Output<'a>) -> Result<Vec<Pair<'a>>, Unreadable> {
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut place = |pairs: &mut Vec<Pair<'a>>, name: &'a str| {
        *places.entry(name).or_insert_with(|| {
            pairs.push(Pair { name, before: None, steps: Vec::new() });
            pairs.len() - 1
        })
    };
    for (at, entry) in after.steps().iter().enumerate() {
        let found = Found::of(after, entry, (&entry.template, &entry.parameters))?;
        let place = place(&mut pairs, &entry.stack);
        pairs[place].steps.push((at, found));
    }
    for entry in before.steps() {
        let found = Found::of(before, entry, Output::lasting(entry))?;
        let place = place(&mut pairs, &entry.stack);
        pairs[place].before = Some(found);
    }
    Ok(pairs)
}

impl<'a> Found<'a> {
    fn of(output: &Output<'a>, entry: &'a IndexedStack, (template, parameters): (&'a str, &'a str)) -> Result<Self, Unreadable> {
        let with_text = |path: &'a str| Ok((path, output.text(path)?));
        Ok(Self { entry, template: with_text(template)?, parameters: with_text(parameters)? })
    }

    fn is_same(&self, other: &Self) -> bool {
        self.template.1 == other.template.1 && self.parameters.1 == other.parameters.1
    }

    fn read(&self) -> Result<State<'a>, Unreadable> {
        State::read(self.template, self.parameters)
    }
}

/// Hold a stack of now against that of before.
pub(super) fn compare(pair: &Pair<'_>) -> Result<Compared, Unreadable> {
    let entry = pair.steps.last().map(|(_, found)| found.entry).or(pair.before.as_ref().map(|found| found.entry)).expect("it is somewhere");
    let holdings = |state: &State<'_>| Arc::new(Holdings::of(state, &entry.rack));
    let mut compared = Compared {
        name: pair.name.to_owned(),
        before: None,
        after: Vec::new(),
        changes: Vec::new(),
        rack: entry.rack.clone(),
        unvalidated: Vec::new(),
    };
    let mut last = pair.before.as_ref();
    let mut state = last.map(Found::read).transpose()?;
    compared.before = state.as_ref().map(holdings);
    for (at, found) in &pair.steps {
        let is_same = last.is_some_and(|last| last.is_same(found));
        let next = if is_same { None } else { Some(found.read()?) };
        // The script leaves out what the stack has behind it.
        let Some(next) = next.filter(|next| !state.as_ref().is_some_and(|state| state.is_past(next))) else {
            let same = compared.after.last().map(|(_, same)| same).or(compared.before.as_ref()).map(Arc::clone);
            compared.after.extend(same.map(|same| (*at, same)));
            continue;
        };
        compared.after.push((*at, holdings(&next)));
        let fate = if state.is_some() { StackFate::Update } else { StackFate::Create };
        let change = stack(found.entry, fate, state.as_ref(), &next);
        compared.unvalidated.extend(unvalidated(&change, &next));
        let says_something = !(change.resources.is_empty() && change.exports.is_empty() && change.parameters.is_empty());
        if fate == StackFate::Create || says_something {
            compared.changes.push((*at, change));
        }
        (last, state) = (Some(found), Some(next));
    }
    if pair.steps.is_empty() {
        compared.changes.push((usize::MAX, left(entry)));
    }
    Ok(compared)
}

/// The first names of certificates that a change makes and that no hosted zone validates.
fn unvalidated(change: &StackChange, after: &State<'_>) -> Vec<String> {
    let is_made = |resource: &&ResourceChange| matches!(resource.change, ResourceFate::Add | ResourceFate::Replace);
    let made: BTreeSet<&str> = change.resources.iter().filter(is_made).map(|resource| resource.id.as_str()).collect();
    let certificates = after
        .section("Resources")
        .filter(|(id, resource)| made.contains(id) && kind_of(resource) == "AWS::CertificateManager::Certificate");
    let properties = certificates.filter_map(|(_, resource)| resource.get("Properties"));
    let by_hand = properties.filter(|properties| properties.get("DomainValidationOptions").is_none());
    by_hand.filter_map(|properties| properties.get("DomainName")?.as_str()).map(|name| format!("`{name}`")).collect()
}

/// A stack that is no longer written.
fn left(entry: &IndexedStack) -> StackChange {
    StackChange { phase: None, ..empty(entry, StackFate::Leave) }
}

fn empty(entry: &IndexedStack, change: StackFate) -> StackChange {
    StackChange {
        stack: entry.stack.clone(),
        kind: entry.kind.clone(),
        rack: entry.rack.clone(),
        app: entry.app.clone(),
        phase: Some(entry.phase.unwrap_or(1)),
        change,
        template: entry.template.clone(),
        parameters: Vec::new(),
        required: Vec::new(),
        resources: Vec::new(),
        exports: Vec::new(),
        seconds: super::Seconds::default(),
    }
}

fn stack(entry: &IndexedStack, change: StackFate, before: Option<&State<'_>>, after: &State<'_>) -> StackChange {
    let parameters = parameters(before, after);
    let resources = resources(before, after, &parameters);
    let is_new = |name: &&String| before.is_none_or(|before| !before.has_parameter(name));
    let exports = exports::changes(before, after, &parameters, &resources);
    StackChange {
        required: entry.required.iter().filter(is_new).cloned().collect(),
        seconds: time::stack(&resources),
        parameters,
        resources,
        exports,
        ..empty(entry, change)
    }
}

/// Parameters of both templates that are given another value. What is not written keeps the value that it has:
/// `aws cloudformation deploy` sends `UsePreviousValue` for it, whatever the template has as a default.
fn parameters(before: Option<&State<'_>>, after: &State<'_>) -> Vec<ParameterChange> {
    let Some(before) = before else { return Vec::new() };
    let is_in_both = |name: &String| before.has_parameter(name) && after.has_parameter(name);
    let changes = after.parameters.iter().filter(|(name, value)| is_in_both(name) && before.parameters.get(*name) != Some(*value));
    changes
        .map(|(name, value)| ParameterChange {
            name: name.clone(),
            before: before.parameters.get(name).cloned(),
            after: Some(value.clone()),
        })
        .collect()
}

/// Resources of a template by logical ID.
type Resources<'a, 't> = BTreeMap<&'a str, &'a Node<'t>>;

fn kind_of<'a>(resource: &'a Node<'_>) -> &'a str {
    resource.get("Type").and_then(Node::as_str).unwrap_or_default()
}

fn resources(before: Option<&State<'_>>, after: &State<'_>, parameters: &[ParameterChange]) -> Vec<ResourceChange> {
    let old: Resources<'_, '_> = before.into_iter().flat_map(|state| state.section("Resources")).collect();
    let new: Resources<'_, '_> = after.section("Resources").collect();
    let mut changes: BTreeMap<&str, ResourceChange> = BTreeMap::new();
    for (id, resource) in &new {
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
    reach(&old, &new, &switched(after, parameters), &mut changes);
    if let Some(before) = before {
        doubt(before, parameters, &mut changes);
    }
    let mut changes: Vec<ResourceChange> = changes.into_values().map(settle).collect();
    changes.sort_by(|a, b| (a.change, b.replacement, &a.id).cmp(&(b.change, a.replacement, &b.id)));
    changes
}

fn whole(id: &str, kind: &str, change: ResourceFate) -> ResourceChange {
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

fn map_of<'a, 't>(resource: &'a Node<'t>, name: &str) -> Option<&'a Map<'t>> {
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

/// The changes of all stacks in the order of their deployment, and the phases.
pub(super) fn in_order(compared: &[Compared]) -> (Vec<StackChange>, Vec<Phase>) {
    let mut all: Vec<&(usize, StackChange)> = compared.iter().flat_map(|stack| &stack.changes).collect();
    all.sort_by(|(a, left), (b, right)| (a, &left.stack).cmp(&(b, &right.stack)));
    let importers = Importers::of(compared);
    let stacks: Vec<StackChange> = all.into_iter().map(|(at, change)| importers.named(*at, change.clone())).collect();
    let mut phases: BTreeMap<usize, Phase> = BTreeMap::new();
    for change in &stacks {
        let Some(phase) = change.phase else { continue };
        let entry = phases.entry(phase).or_insert_with(|| Phase { phase, stacks: Vec::new(), seconds: super::Seconds::default() });
        entry.stacks.push(change.stack.clone());
        entry.seconds = entry.seconds + change.seconds;
    }
    (stacks, phases.into_values().collect())
}
