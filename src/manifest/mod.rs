//! What a `convox.yml` says: text to tree, tree against the schema, tree to typed values, and
//! the checks that no schema can make.

mod check;
mod decode;
#[cfg(test)]
mod drift;
mod names;
mod shape;
mod types;

pub use names::logical_id;
pub use types::{
    Agent, Build, CustomTarget, Deployment, Domain, Health, Manifest, NlbPort, Port, Resource, Scale, Service, Targets, Timer,
};

use std::collections::BTreeSet;

use crate::diagnostics::codes::{BAD_ALIAS, BAD_MERGE, DUPLICATE_KEY, SECOND_DOCUMENT, SYNTAX, TOO_DEEP, UNSET_VARIABLE, UNSUPPORTED_YAML};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::schema::CONVOX_SCHEMA;
use crate::source::{FileId, Files, Place, Refusal, Tree, Unset, Variables, parse};

/// Read one `convox.yml` and report everything that is wrong with it. None when it can't be read
/// as a manifest at all.
pub fn read(files: &Files, file: FileId, variables: &Variables, out: &mut Diagnostics) -> Option<Manifest> {
    let (tree, unset) = read_yaml(files, file, Some(variables), out)?;
    let json = json_view(&tree, out)?;
    let violations = CONVOX_SCHEMA.violations(&json);
    let (manifest, problems) = decode::decode(&tree);
    shape::report(&tree, &violations, &problems, out);
    unset_variables(&tree, unset, &manifest, out);
    check::check(&manifest, out);
    Some(manifest)
}

/// Report variables without a value; where routes need one, they say so themselves.
fn unset_variables(tree: &Tree, unset: Vec<Unset>, manifest: &Manifest, out: &mut Diagnostics) {
    let routed = manifest.services.iter().filter(|service| service.port.is_some());
    let hosts: BTreeSet<Place> = routed.flat_map(|service| &service.domains).map(|domain| domain.name.place).collect();
    for unset in unset.into_iter().filter(|unset| !hosts.contains(&tree.place(unset.node))) {
        let name = if unset.name.is_empty() { "${}".to_owned() } else { unset.name };
        out.report(
            Diagnostic::new(&UNSET_VARIABLE, tree.place(unset.node), format!("the variable `{name}` has no value"))
                .label("taken as empty, as in Convox")
                .help(format!("set it in `environment` of the app in rackform.yml, with --env-file, or with --env {name}=VALUE")),
        );
    }
}

/// Parse YAML and report what the parser noticed; every file of the fleet is read so. Gives the
/// variables without a value, too.
pub fn read_yaml(files: &Files, file: FileId, variables: Option<&Variables>, out: &mut Diagnostics) -> Option<(Tree, Vec<Unset>)> {
    let parsed = match parse(file, files.text(file), variables) {
        Ok(parsed) => parsed,
        Err(refused) => {
            let (code, help): (&'static Code, _) = match refused.why {
                Refusal::Syntax => (&SYNTAX, "check indentation, quotes and brackets just before this place"),
                Refusal::TooLarge => (&TOO_DEEP, "no manifest needs this; check what the file is"),
                Refusal::Alias => {
                    (&BAD_ALIAS, "write the anchor `&name` before the alias `*name`; a text that begins with `*` needs quotes")
                }
                Refusal::Merge => (&BAD_MERGE, "let `<<` name an anchor of a mapping"),
                Refusal::Unsupported => (&UNSUPPORTED_YAML, "write plain keys and values"),
            };
            out.report(Diagnostic::new(code, Place { file, span: refused.span }, refused.message).help(help));
            return None;
        }
    };
    let tree = parsed.tree;
    for (first, second) in parsed.duplicates {
        out.report(
            Diagnostic::new(&DUPLICATE_KEY, tree.place(second), format!("`{}` is written twice", tree.text(second)))
                .label("this one counts")
                .also(tree.place(first), "and this one is lost")
                .help("remove one of them"),
        );
    }
    if let Some(span) = parsed.second_document {
        out.report(
            Diagnostic::new(&SECOND_DOCUMENT, Place { file, span }, "a second document begins here and is not read")
                .help("keep one document in a file"),
        );
    }
    Some((tree, parsed.unset))
}

/// The tree as JSON, for the schema.
pub fn json_view(tree: &Tree, out: &mut Diagnostics) -> Option<serde_json::Value> {
    let json = tree.to_json();
    if json.is_none() {
        let place = tree.place(tree.root());
        out.report(
            Diagnostic::new(&TOO_DEEP, place, "aliases repeat more than 300,000 values")
                .help("no manifest needs this; check what the file is"),
        );
    }
    json
}
