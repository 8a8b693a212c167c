//! What a `convox.yml` says: text to tree, tree against the schema, tree to typed values, and
//! the checks that no schema can make.

mod agreement;
mod check;
mod decode;
#[cfg(test)]
pub(crate) mod drift;
mod names;
mod shape;
mod types;

pub use agreement::disagreement;
pub use names::logical_id;
pub use types::{
    Agent, Build, CustomTarget, Deployment, Domain, Health, Manifest, NlbPort, Port, Resource, Scale, Service, Targets, Timer,
};

use std::collections::BTreeSet;

use crate::diagnostics::codes::{MERGED_DOMAINS, TOO_MANY_SERVICES, UNSET_VARIABLE};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::document::{self, Document};
use crate::mends::Subject;
use crate::schema::CONVOX_SCHEMA;
use crate::source::{FileId, Files, Place, Span, Tree, Variables};

/// Services that a manifest may have. A stack has at most 500 resources.
const MAX_SERVICES: usize = 1000;

/// Keys whose lists Convox adds to each other: written twice, both count.
const JOINED: [&str; 2] = ["domain", "environment"];

/// Read one `convox.yml` and report everything that is wrong with it. None when it can't be read
/// as a manifest at all.
pub fn read(files: &Files, file: FileId, variables: &Variables, out: &mut Diagnostics) -> Option<Manifest> {
    let document = document::read(files, file, Some(variables), out)?;
    document.report_duplicates(&JOINED, out);
    let services = document.tree.find("/services").map(|(key, services)| (key.unwrap_or(services), document.tree.entries(services).len()));
    if let Some((key, count)) = services.filter(|(_, count)| *count > MAX_SERVICES) {
        out.report(
            Diagnostic::new(&TOO_MANY_SERVICES, document.tree.place(key), format!("{count} services can't be deployed as one app"))
                .label(format!("more than {MAX_SERVICES}"))
                .help("split the app into several"),
        );
        return None;
    }
    let Some(violations) = CONVOX_SCHEMA.violations_of(&document.tree) else { return document::refuse_aliases(&document.tree, out) };
    let (manifest, problems) = decode::decode(&document.tree);
    let subject = Subject { schema: &CONVOX_SCHEMA, tree: &document.tree, violations: &violations };
    shape::report(subject, &problems, out);
    unset_variables(files, &document, &manifest, out);
    merged_domains(&document.tree, out);
    check::check(&manifest, out);
    Some(manifest)
}

/// Say where a service's own domains are added to those that `<<` brings.
fn merged_domains(tree: &Tree, out: &mut Diagnostics) {
    let services = tree.find("/services").map_or(&[][..], |(_, services)| tree.entries(services));
    for service in services {
        let domains: Vec<_> = tree.entries(service.value).iter().filter(|entry| tree.text(entry.key) == "domain").collect();
        let own = domains.iter().find(|entry| entry.via.is_none());
        let merged = domains.iter().find_map(|entry| Some((entry, entry.via?)));
        if let (Some(own), Some((brought, via))) = (own, merged) {
            out.report(
                Diagnostic::new(
                    &MERGED_DOMAINS,
                    tree.place(own.key),
                    format!("the domains of `{}` are added to merged ones", tree.text(service.key)),
                )
                .also(tree.place(via), "merged here")
                .also(tree.place(brought.key), "these domains count too")
                .help("nothing to do if this is meant; otherwise keep `domain` out of what is merged"),
            );
        }
    }
}

/// Report variables without a value; where a host needs one, routes say so.
fn unset_variables(files: &Files, document: &Document, manifest: &Manifest, out: &mut Diagnostics) {
    let routed = manifest.services.iter().filter(|service| service.port.is_some());
    let hosts: BTreeSet<&str> = routed.flat_map(|s| &s.domains).flat_map(|domain| &domain.unset).map(String::as_str).collect();
    for unset in document.unset.iter().filter(|unset| !hosts.contains(unset.name.as_str())) {
        let (name, place) = (&unset.name, reference(files, document.tree.place(unset.node), &unset.name));
        let name = if name.is_empty() { "${}" } else { name };
        let diagnostic =
            Diagnostic::new(&UNSET_VARIABLE, place, format!("the variable `{name}` has no value")).label("taken as empty, as in Convox");
        out.report(match name.split_once([':', '-', '?', '=']) {
            Some((short, _)) => diagnostic
                .note("everything between the braces is the name: there is no form with a default")
                .help(format!("write ${{{short}}}, and give {short} a value")),
            None => diagnostic
                .note("a default in `environment` of the manifest is for its containers and does not count here, as in Convox")
                .help(format!("set it in `environment` of the app in rackform.yml, with --env-file, or with --env {name}=VALUE")),
        });
    }
}

/// Where a scalar names a variable; the whole scalar when the name does not stand there as it is.
fn reference(files: &Files, scalar: Place, name: &str) -> Place {
    let text = &files.text(scalar.file)[scalar.span.start..scalar.span.end];
    let token = format!("${{{name}}}");
    text.find(&token).map_or(scalar, |at| {
        let start = scalar.span.start + at;
        Place { span: Span { start, end: start + token.len() }, ..scalar }
    })
}
