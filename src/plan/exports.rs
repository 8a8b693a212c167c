//! Exports that come, go or change, and who imports them while they do.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::Compared;
use super::emitted::State;
use super::replacement::Recreates;
use super::{ExportChange, ParameterChange, ResourceChange, StackChange};
use crate::render::{Node, references};

/// Exports of a stack that come, go or change: also those of something that is made anew, and of parameters with
/// another value.
pub(super) fn changes(
    before: Option<&State<'_>>,
    after: &State<'_>,
    parameters: &[ParameterChange],
    resources: &[ResourceChange],
) -> Vec<ExportChange> {
    let given = parameters.iter().map(|one| (one.name.as_str(), if one.before.is_some() { Recreates::Always } else { Recreates::Maybe }));
    let made = resources.iter().map(|one| (one.id.as_str(), one.replacement));
    let differing: BTreeMap<&str, Recreates> = given.chain(made).collect();
    let (old, new) = (before.map(exported).unwrap_or_default(), exported(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |name: &String| match (old.get(name), new.get(name)) {
        (None, _) => Some("add"),
        (_, None) => Some("remove"),
        (Some(before), Some(after)) => {
            let mut surest = if before == after { Recreates::Never } else { Recreates::Always };
            references(after, &mut |name| surest = surest.max(differing.get(name).copied().unwrap_or_default()));
            match surest {
                Recreates::Never => None,
                Recreates::Maybe => Some("maybe_modify"),
                Recreates::Always => Some("modify"),
            }
        }
    };
    let changes = names.into_iter().filter_map(|name| Some((name.clone(), change(name)?)));
    changes.map(|(name, change)| ExportChange { name, change, imported_by: Vec::new() }).collect()
}

/// Names of exports with what is exported.
fn exported<'a>(state: &'a State<'_>) -> BTreeMap<String, &'a Node<'a>> {
    let named = |(_, output): (&str, &'a Node<'a>)| Some((output.get("Export")?.get("Name")?.as_str()?.to_owned(), output.get("Value")?));
    state.section("Outputs").filter_map(named).collect()
}

/// The stacks that import each export at some moment.
pub(super) struct Importers<'a>(BTreeMap<&'a str, Vec<&'a Compared>>);

impl<'a> Importers<'a> {
    pub(super) fn of(compared: &'a [Compared]) -> Self {
        let mut importers: BTreeMap<&str, Vec<&Compared>> = BTreeMap::new();
        for stack in compared {
            let moments = stack.before.iter().chain(stack.after.iter().map(|(_, holdings)| holdings));
            let names: BTreeSet<&String> = moments.flat_map(|holdings| &holdings.imports).collect();
            for name in names {
                importers.entry(name).or_default().push(stack);
            }
        }
        Self(importers)
    }

    /// A change of a stack with who imports what it changes just before the step.
    pub(super) fn named(&self, step: usize, mut change: StackChange) -> StackChange {
        for export in change.exports.iter_mut().filter(|export| export.change != "add") {
            let imports = |one: &&&Compared| one.until(step).is_some_and(|holdings| holdings.imports.contains(&export.name));
            let found = self.0.get(export.name.as_str()).into_iter().flatten().filter(imports);
            export.imported_by = found.map(|one| one.name.clone()).collect();
        }
        change
    }
}
