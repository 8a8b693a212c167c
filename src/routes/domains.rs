//! The custom domains of a service.

use std::collections::BTreeMap;

use crate::diagnostics::codes::{DUPLICATE_HOST, HOST_SYNTAX, TOO_MANY_WILDCARDS, UNDERSCORE, UNSET_HOST_VARIABLE};
use crate::diagnostics::{Change, Diagnostic, Diagnostics, Mend};
use crate::host::{BadHost, Host, MAX_LENGTH};
use crate::manifest::{Domain, Service};
use crate::source::Place;

/// The custom domains of a service, checked, each once.
pub(super) fn domains(service: &Service, out: &mut Diagnostics) -> Vec<(Host, Place)> {
    let mut hosts: Vec<(Host, Place)> = Vec::new();
    let mut seen: BTreeMap<Host, Place> = BTreeMap::new();
    for domain in &service.domains {
        let Some(host) = domain_host(service, domain, out) else { continue };
        let place = domain.name.place;
        if let Some(first) = seen.get(&host) {
            let mut diagnostic =
                Diagnostic::new(&DUPLICATE_HOST, place, format!("`{}` has the domain `{}` twice", service.name.value, host.as_str()));
            if *first != place {
                diagnostic = diagnostic.also(*first, "first written here");
            }
            let repeated = Change::RemovePart { part: host.as_str().to_owned(), keep_first: *first == place };
            let mend = Mend::new(place, repeated, format!("remove the second `{}`", host.as_str())).because(*first);
            out.report(diagnostic.label(format!("`{}` again", host.as_str())).help("remove one of them").mend(mend));
        } else {
            seen.insert(host.clone(), place);
            hosts.push((host, place));
        }
    }
    hosts
}

fn domain_host(service: &Service, domain: &Domain, out: &mut Diagnostics) -> Option<Host> {
    let place = domain.name.place;
    let text = domain.name.value.as_str();
    if let [name, ..] = domain.unset.as_slice() {
        let names: Vec<String> = domain.unset.iter().map(|name| format!("`{name}`")).collect();
        let (what, verb) = if names.len() == 1 { ("variable", "has") } else { ("variables", "have") };
        out.report(
            Diagnostic::new(&UNSET_HOST_VARIABLE, place, format!("a domain of `{}` needs the {what} {}, which {verb} no value", service.name.value, names.join(" and ")))
                .help(format!(
                    "set it in `environment` of the app in rackform.yml, with --env-file FILE, or with --env {name}=VALUE; --env {name}= says that there is no such domain"
                )),
        );
        return None;
    }
    let why = match Host::parse(text) {
        Ok(host) => {
            if text.contains('_') {
                out.report(
                    Diagnostic::new(&UNDERSCORE, place, format!("the domain `{text}` has an underscore"))
                        .label("AWS may refuse it")
                        .help("use a name with letters, digits and dashes"),
                );
            }
            return Some(host);
        }
        Err(BadHost::Wildcards(count)) => {
            out.report(
                Diagnostic::new(&TOO_MANY_WILDCARDS, place, format!("the domain `{text}` has {count} wildcards"))
                    .label("a rule takes five")
                    .help("use fewer `*` and `?`"),
            );
            return None;
        }
        Err(BadHost::Character(',')) => "a list is not split at commas; write an item for each name".to_owned(),
        Err(BadHost::Character(_)) if text.contains("://") => "a host stands here without scheme and path".to_owned(),
        Err(BadHost::Character('"' | '\'')) => "the quotes are part of the value; in an env file, write it without them".to_owned(),
        Err(BadHost::Character(':')) => "a host stands here without a port".to_owned(),
        Err(BadHost::Character(c)) => format!("a host has letters, digits, `-`, `.`, `*` and `?`, and no `{}`", c.escape_debug()),
        Err(BadHost::Long) => format!("a host has at most {MAX_LENGTH} characters"),
        Err(BadHost::NoDot) => "a host needs a dot".to_owned(),
        Err(BadHost::LastLabel) if text.contains("xn--") => {
            "AWS takes only letters behind the last dot, so this name can't stand in a rule".to_owned()
        }
        Err(BadHost::LastLabel) => "behind the last dot only letters are allowed".to_owned(),
    };
    out.report(
        Diagnostic::new(&HOST_SYNTAX, place, format!("the domain `{}` is no host that a rule takes", text.escape_debug()))
            .label(format!("`{}`: {why}", text.escape_debug()))
            .help("write a name such as www.example.org or \"*.example.org\"")
            .mend(meant(text, place)),
    );
    None
}

/// What a text that is no host must have been meant to be: hosts between commas, or the host of an
/// address without a path and a port, or of a name with the dot of the root behind it.
fn meant(text: &str, place: Place) -> Option<Mend> {
    let is_host = |text: &str| Host::parse(text).is_ok();
    if text.contains(',') {
        let all = text.split(',').map(str::trim).filter(|part| !part.is_empty()).all(is_host);
        return all.then(|| Mend::new(place, Change::Split, "write an item for each name"));
    }
    let host =
        ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)).map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let host = host.or_else(|| text.strip_suffix('.')).filter(|host| is_host(host))?;
    let part = Change::Part { from: text.to_owned(), to: host.to_owned() };
    Some(Mend::new(place, part, format!("write `{host}`")))
}
