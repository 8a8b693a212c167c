//! A manifest as Convox reads it, and what rackform's own reader says that is true of Convox too.

use std::collections::BTreeMap;

use super::{merges, traps};
use crate::diagnostics::codes::{
    BAD_NAME, BAD_SCHEDULE, CONVOX_UNKNOWN, EMPTY_VARIABLE, MISSING_KEY, NLB_CONFLICT, NOT_PROVISIONED, PARAMETER_ELSEWHERE,
    PARAMETERS_DISAGREE, RESOURCE_TYPE, SCALE_RANGE, UNKNOWN_RESOURCE_TYPE, UNSET_HOST_VARIABLE, UNSET_VARIABLE, WRONG_SHAPE,
};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::document::{self, Document};
use crate::fleet::{AppParams, AppSource};
use crate::manifest::{self, Manifest};
use crate::source::{Files, Place};

/// What is about rackform and not about Convox, or is said in another way here.
const NOT_CONVOXS: [&Code; 5] = [&NOT_PROVISIONED, &PARAMETER_ELSEWHERE, &PARAMETERS_DISAGREE, &UNSET_VARIABLE, &UNSET_HOST_VARIABLE];
/// What rackform lets pass, since it deploys no such thing, and makes a deployment on Convox fail.
const FAILS: [&Code; 2] = [&BAD_SCHEDULE, &UNKNOWN_RESOURCE_TYPE];
/// What rackform refuses and Convox mends: it takes the count of processes into the range.
const PASSES: [&Code; 1] = [&SCALE_RANGE];
/// What Convox's own reader refuses, so that nothing of the app is deployed.
const REFUSED: [&Code; 6] = [&WRONG_SHAPE, &MISSING_KEY, &BAD_NAME, &RESOURCE_TYPE, &NLB_CONFLICT, &EMPTY_VARIABLE];

/// Whether a deployment on Convox fails for what rackform only warns of.
pub(super) fn fails_on_convox(code: &Code) -> bool {
    FAILS.contains(&code)
}

/// Whether Convox takes what rackform refuses.
pub(super) fn passes_on_convox(code: &Code) -> bool {
    PASSES.contains(&code)
}

/// What was read of one app.
pub(super) struct Reading {
    /// The manifest; none when Convox, or this reader, can't read it.
    pub(super) manifest: Option<Manifest>,
    /// The parameters of the app that rackform.yml and the manifest set.
    pub(super) params: AppParams,
    /// What is to be said of it.
    pub(super) said: Diagnostics,
}

/// Read a manifest; `said` is an empty part of the sink.
pub(super) fn read(files: &Files, source: &AppSource, mut said: Diagnostics) -> Reading {
    let mut all = Diagnostics::default();
    let manifest = manifest::read(files, source.file, &source.variables, &mut all);
    let params = manifest.as_ref().map(|manifest| AppParams::read(&source.params, manifest, &mut all)).unwrap_or_default();
    // What the tree says beyond the manifest; whatever is wrong with the text was said above.
    let document = document::read(files, source.file, Some(&source.variables), &mut Diagnostics::default());
    let unknown = document.as_ref().map(unknown).unwrap_or_default();
    let mut is_refused = false;
    for diagnostic in all.sorted() {
        let is_moot = diagnostic.place.is_some_and(|place| unknown.contains_key(&place));
        if !is_moot && !NOT_CONVOXS.contains(&diagnostic.code) {
            is_refused |= REFUSED.contains(&diagnostic.code);
            said.report(as_on_convox(diagnostic.clone()));
        }
    }
    if let (Some(document), Some(manifest)) = (&document, &manifest) {
        say_unknown(&unknown, manifest, &mut said);
        traps::check(&document.tree, manifest, &mut said);
        traps::values_as_yaml(files, &document.tree, source, &mut said);
        merges::check(&document.tree, &mut said);
    }
    Reading { manifest: manifest.filter(|_| !is_refused), params, said }
}

/// A message of rackform's with the severity that it has on Convox.
fn as_on_convox(diagnostic: Diagnostic) -> Diagnostic {
    let severity = match diagnostic.code {
        code if fails_on_convox(code) => Severity::Error,
        code if passes_on_convox(code) => Severity::Warning,
        _ => diagnostic.severity,
    };
    Diagnostic { severity, ..diagnostic }
}

/// The variables without a value, by the scalars that name them.
fn unknown(document: &Document) -> BTreeMap<Place, Vec<&str>> {
    let mut unknown: BTreeMap<Place, Vec<&str>> = BTreeMap::new();
    for unset in &document.unset {
        let names = unknown.entry(document.tree.place(unset.node)).or_default();
        if !names.contains(&unset.name.as_str()) {
            names.push(&unset.name);
        }
    }
    unknown
}

fn say_unknown(unknown: &BTreeMap<Place, Vec<&str>>, manifest: &Manifest, said: &mut Diagnostics) {
    let domains: BTreeMap<Place, &str> = manifest
        .services
        .iter()
        .filter(|service| service.port.is_some())
        .flat_map(|service| service.domains.iter().map(|domain| (domain.name.place, service.name.value.as_str())))
        .collect();
    for (place, names) in unknown {
        let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let listed = listed.join(" and ");
        let (message, label) = match domains.get(place) {
            Some(service) => (format!("a domain of `{service}` depends on {listed}, which has no value here"), "taken for one host"),
            None => (format!("{listed} has no value here"), "taken for nothing"),
        };
        said.report(
            Diagnostic::new(&CONVOX_UNKNOWN, *place, message)
                .label(label)
                .note("Convox takes the value from the environment of the app")
                .help(format!(
                    "give it with --env {}=VALUE, with --env-file, or in `environment` of the app in rackform.yml",
                    names.first().unwrap_or(&"NAME")
                )),
        );
    }
}
