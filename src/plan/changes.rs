//! What CloudFormation does with each stack: the template and parameters of before held against those of now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::emitted::{Output, State, Unreadable};
use super::exports::{self, Importers};
use super::holdings::Holdings;
use super::reach::resources;
use super::resources::kind_of;
use super::{ParameterChange, Phase, ResourceChange, ResourceFate, StackChange, StackFate, time};
use crate::index::IndexedStack;

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
