//! What becomes of each stack, as the page shows it.

use serde::Serialize;

use crate::plan::{ExportChange, ParameterChange, PropertyChange, Recreates, ResourceChange, ResourceFate, StackChange, StackFate};
use crate::report::words;

/// A stack.
#[derive(Debug, Serialize)]
pub(super) struct StackView<'a> {
    /// What links lead to: the place of the stack in the plan.
    id: usize,
    name: &'a str,
    /// `made`, `updated` or `left`.
    word: &'static str,
    template: &'a str,
    /// How much of it changes, the most dangerous first.
    counts: Vec<Count>,
    time: Option<String>,
    required: String,
    parameters: Vec<Row<'a>>,
    exports: Vec<ExportRow<'a>>,
    /// Resources of which there is something to tell.
    resources: Vec<ResourceView<'a>>,
    /// Those that are only made.
    added: Vec<(&'a str, &'a str)>,
    is_left: bool,
}

/// So many resources with the same sign.
#[derive(Debug, Serialize)]
pub(super) struct Count {
    pub(super) number: usize,
    pub(super) word: &'static str,
    pub(super) class: &'static str,
}

#[derive(Debug, Serialize)]
struct ExportRow<'a> {
    sign: &'static str,
    class: &'static str,
    name: &'a str,
    how: &'static str,
}

#[derive(Debug, Serialize)]
struct ResourceView<'a> {
    id: &'a str,
    kind: &'a str,
    class: &'static str,
    sign: &'static str,
    how: &'static str,
    effect: Option<&'static str>,
    because: String,
    rows: Vec<Row<'a>>,
}

/// A value of before and of now; of a parameter none where whoever deploys gives it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    name: String,
    before: Option<&'a str>,
    after: Option<&'a str>,
    how: &'static str,
}

/// Words for resources, with a class of the page's style for each.
pub(super) const FATES: [(ResourceFate, &str, &str); 4] = [
    (ResourceFate::Replace, "replaced", "replace"),
    (ResourceFate::Remove, "removed", "remove"),
    (ResourceFate::Modify, "changed in place", "modify"),
    (ResourceFate::Add, "added", "add"),
];

/// Counts that are not zero.
pub(super) fn counts(count: impl Fn(ResourceFate) -> usize) -> Vec<Count> {
    FATES.into_iter().map(|(fate, word, class)| Count { number: count(fate), word, class }).filter(|count| count.number > 0).collect()
}

pub(super) fn stack(id: usize, stack: &StackChange) -> StackView<'_> {
    let is_left = stack.change == StackFate::Leave;
    let is_plain = |resource: &&ResourceChange| resource.change == ResourceFate::Add;
    StackView {
        id,
        name: &stack.stack,
        word: words::stack(stack.change),
        template: &stack.template,
        counts: counts(|fate| stack.resources.iter().filter(|resource| resource.change == fate).count()),
        time: (!is_left).then(|| words::time(stack.seconds)),
        required: stack.required.join(", "),
        parameters: stack.parameters.iter().map(parameter).collect(),
        exports: if stack.change == StackFate::Create { Vec::new() } else { stack.exports.iter().map(export).collect() },
        resources: stack.resources.iter().filter(|resource| !is_plain(resource)).map(resource).collect(),
        added: stack.resources.iter().filter(is_plain).map(|resource| (resource.id.as_str(), words::short(&resource.kind))).collect(),
        is_left,
    }
}

fn parameter(change: &ParameterChange) -> Row<'_> {
    Row { name: change.name.clone(), before: change.before.as_deref(), after: change.after.as_deref(), how: "" }
}

fn export(change: &ExportChange) -> ExportRow<'_> {
    let (sign, class, how) = match change.change {
        "add" => ("+", "add", ""),
        "remove" => ("-", "remove", ""),
        "maybe_modify" => ("~", "modify", "perhaps changed"),
        _ => ("~", "modify", ""),
    };
    ExportRow { sign, class, name: &change.name, how }
}

fn resource(change: &ResourceChange) -> ResourceView<'_> {
    let (_, _, class) = FATES.into_iter().find(|(fate, _, _)| *fate == change.change).expect("every fate has words");
    ResourceView {
        id: &change.id,
        kind: words::short(&change.kind),
        class,
        sign: words::sign(change.change),
        how: words::how(change),
        effect: change.effect,
        because: change.because.join(", "),
        rows: change.properties.iter().flat_map(property).collect(),
    }
}

fn property(change: &PropertyChange) -> Vec<Row<'_>> {
    let how = match change.recreates {
        Recreates::Always => "replaces",
        Recreates::Maybe => "may replace",
        Recreates::Never => "",
    };
    if change.details.is_empty() {
        return vec![Row { name: change.name.clone(), before: None, after: None, how }];
    }
    let row = |detail: &'_ crate::plan::Detail| {
        let joint = if detail.path.is_empty() || detail.path.starts_with('[') { "" } else { "." };
        format!("{}{joint}{}", change.name, detail.path)
    };
    change
        .details
        .iter()
        .map(|detail| Row { name: row(detail), before: detail.before.as_deref(), after: detail.after.as_deref(), how })
        .collect()
}
