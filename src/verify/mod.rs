//! Hold what an account is about to do against the plan that was reviewed: exactly that, and nothing more.

mod change_set;
mod reviewed;

use std::collections::BTreeSet;

use change_set::{Change, ChangeSet, change_sets};
pub use reviewed::Reviewed;
use reviewed::{Resource, Stack};

use crate::diagnostics::codes::{NOT_VERIFIED, UNDONE, UNREVIEWED};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::plan::Recreates;
use crate::source::{FileId, Files};
use crate::words::counted;

/// What a person does about a difference.
const HELP: &str = "do not execute the change set; make a plan against what is deployed, and have that reviewed";

/// What was held against each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Stacks whose change sets do what the plan says.
    pub stacks: usize,
    /// Changes of resources in them.
    pub changes: usize,
}

/// Hold the change sets of files against a plan. Every difference is reported.
pub fn verify(files: &Files, sets: &[FileId], plan: &Reviewed, out: &mut Diagnostics) -> Verified {
    let mut verified = Verified::default();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for set in sets.iter().filter_map(|file| change_sets(files, *file, out)).flatten().collect::<Vec<_>>() {
        let differences = differences(&set, plan);
        if differences.is_empty() {
            verified.stacks += 1;
            verified.changes += set.changes.len();
        }
        for difference in differences {
            out.report(difference);
        }
        seen.insert(set.stack);
    }
    let missing: BTreeSet<&str> = plan
        .stacks
        .iter()
        .filter(|stack| stack.change != "leave")
        .map(|stack| stack.name.as_str())
        .filter(|name| !seen.contains(*name))
        .collect();
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        out.report(
            Diagnostic::nowhere(
                &NOT_VERIFIED,
                format!("the plan changes {} more, without a change set here: {}", counted(names.len(), "stack"), names.join(", ")),
            )
            .help("give the change sets of all stacks, or those of the rest before they are deployed"),
        );
    }
    verified
}

/// How a change set differs from what the plan says of its stack: of several phases, from the nearest.
fn differences(set: &ChangeSet, plan: &Reviewed) -> Vec<Diagnostic> {
    let phases = plan.stacks.iter().filter(|stack| stack.name == set.stack && stack.phase.is_some());
    let nearest = phases.map(|stack| of_phase(set, stack)).min_by_key(Vec::len);
    nearest.unwrap_or_else(|| set.changes.iter().map(|change| unreviewed(set, change, "the plan leaves this stack as it is")).collect())
}

fn of_phase(set: &ChangeSet, stack: &Stack) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for change in &set.changes {
        match stack.resources.iter().find(|resource| resource.id == change.id) {
            None => found.push(unreviewed(set, change, "the plan says nothing of it")),
            Some(resource) => found.extend(of_resource(set, change, resource)),
        }
    }
    let is_there = |resource: &&Resource| set.changes.iter().any(|change| change.id == resource.id);
    for resource in stack.resources.iter().filter(|resource| !is_there(resource) && !resource.is_unsure) {
        let what = format!("`{}` would not be {} in `{}`, as the plan says", resource.id, done(&resource.change), set.stack);
        found.push(
            Diagnostic::new(&UNDONE, set.place, what).label("nothing of it in this change set").note(resource.kind.clone()).help(HELP),
        );
    }
    for parameter in &stack.parameters {
        let (Some(wanted), Some((value, place))) = (&parameter.after, set.parameters.get(&parameter.name)) else { continue };
        if value.as_ref() != Some(wanted) {
            let is = value.as_ref().map_or_else(|| "the value of before".to_owned(), |value| format!("`{value}`"));
            let what = format!("the parameter `{}` of `{}` gets {is}, and `{wanted}` in the plan", parameter.name, set.stack);
            found.push(Diagnostic::new(&UNREVIEWED, *place, what).help(HELP));
        }
    }
    found
}

/// How the change of a resource differs from the plan.
fn of_resource(set: &ChangeSet, change: &Change, resource: &Resource) -> Option<Diagnostic> {
    let (is, planned) = (fate(change), resource.change.as_str());
    let certainly = |recreates| if recreates == Recreates::Maybe { "perhaps " } else { "" };
    let is_as_planned = match (is, planned) {
        ("replace", "replace") => change.recreates <= resource.replacement,
        ("modify", "replace") => resource.replacement == Recreates::Maybe,
        (is, planned) => is == planned,
    };
    if change.kind != resource.kind && is != "remove" {
        return Some(unreviewed(set, change, &format!("in the plan it is a {}", resource.kind)));
    }
    if !is_as_planned {
        let why = format!("in the plan it is {}{}", certainly(resource.replacement), done(planned));
        return Some(unreviewed(set, change, &why));
    }
    let is_known = |name: &&String| resource.properties.iter().any(|property| property.name == **name);
    let other: Vec<&str> = change.properties.iter().filter(|name| !is_known(name)).map(String::as_str).collect();
    let counts = !other.is_empty() && matches!(is, "modify" | "replace") && !resource.properties.is_empty();
    counts.then(|| {
        unreviewed(
            set,
            change,
            &format!("in the plan its {} {} as before", other.join(", "), if other.len() == 1 { "stays" } else { "stay" }),
        )
    })
}

fn unreviewed(set: &ChangeSet, change: &Change, why: &str) -> Diagnostic {
    let perhaps = if change.recreates == Recreates::Maybe { "perhaps " } else { "" };
    let what = format!("`{}` would be {perhaps}{} in `{}`, which nobody reviewed", change.id, done(fate(change)), set.stack);
    Diagnostic::new(&UNREVIEWED, change.place, what).label(why).note(change.kind.clone()).help(HELP)
}

/// What becomes of a resource, in the words of a plan.
fn fate(change: &Change) -> &'static str {
    match (change.action.as_str(), change.recreates) {
        ("Add", _) => "add",
        ("Remove", _) => "remove",
        ("Modify", Recreates::Never) => "modify",
        ("Modify", _) => "replace",
        ("Import", _) => "import",
        _ => "dynamic",
    }
}

fn done(fate: &str) -> &'static str {
    match fate {
        "add" => "made",
        "remove" => "removed",
        "modify" => "changed in place",
        "replace" => "replaced",
        "import" => "taken in",
        _ => "changed in a way that shows only later",
    }
}
