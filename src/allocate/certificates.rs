//! Which certificate serves each custom domain: one that exists and covers it, or one of the
//! app's own.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes::{UNCERTIFIABLE_HOST, VALIDATION_WAITS};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{Certificate, Fleet, Rack};
use crate::host::Host;
use crate::routes::{Route, Router};
use crate::source::Place;

/// Names that one certificate may have. ACM's default quota, domain names per certificate.
const MAX_NAMES: usize = 10;
/// Characters of a certificate's first name: it becomes the common name of X.509.
const MAX_FIRST_NAME: usize = 64;

/// A certificate of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppCertificate {
    /// Its names; the first one has at most 64 characters.
    pub names: Vec<String>,
    /// Those that the rack's hosted zone can validate.
    pub validated: Vec<String>,
    /// The routers that serve it.
    pub routers: BTreeSet<Router>,
}

/// Certificates beside the default ones.
#[derive(Debug, Default)]
pub struct Certificates {
    /// Certificates of each app, by its place in the fleet.
    pub apps: BTreeMap<usize, Vec<AppCertificate>>,
    /// ARNs of listed certificates that serve a host, by rack and router.
    pub shared: BTreeMap<(usize, Router), BTreeSet<String>>,
}

/// Whether a certificate with this name serves a host; `*` covers exactly one label.
fn covers(name: &str, host: &Host) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host.as_str().split_once('.').is_some_and(|(_, rest)| rest == parent),
        None => name == host.as_str(),
    }
}

/// The name that a certificate needs for a host; none when there is no such name.
fn certifiable(host: &Host) -> Option<String> {
    let (first, rest) = host.as_str().split_once('.')?;
    if rest.contains(['*', '?']) || !rest.contains('.') && host.is_wildcard() {
        return None;
    }
    Some(if first.contains(['*', '?']) { format!("*.{rest}") } else { host.as_str().to_owned() })
}

/// The names on the rack's own certificate, as far as they are known.
fn default_names(rack: &Rack) -> Vec<String> {
    match rack.certificate {
        Certificate::Create => [&rack.host, &rack.internal_host].into_iter().flatten().map(|host| format!("*.{host}")).collect(),
        Certificate::Given(_) | Certificate::AtDeploy => Vec::new(),
    }
}

pub(super) fn certificates(fleet: &Fleet, routes: &[Route], out: &mut Diagnostics) -> Certificates {
    let mut found = Certificates::default();
    let mut own: BTreeMap<usize, Vec<(String, BTreeSet<Router>, Place)>> = BTreeMap::new();
    for route in routes.iter().filter(|route| route.is_domain) {
        let rack_number = fleet.apps[route.app].rack;
        let rack = &fleet.racks[rack_number];
        if default_names(rack).iter().any(|name| covers(name, &route.host)) {
            continue;
        }
        if let Some(shared) = rack.certificates.iter().find(|c| c.names.iter().any(|name| covers(name, &route.host))) {
            found.shared.entry((rack_number, route.router)).or_default().insert(shared.arn.clone());
            continue;
        }
        let Some(name) = certifiable(&route.host) else {
            out.report(
                Diagnostic::new(&UNCERTIFIABLE_HOST, route.place, format!("no certificate can name `{}`", route.host.as_str()))
                    .label("only `*.` in front of a name can be certified")
                    .help("use such a pattern"),
            );
            continue;
        };
        let names = own.entry(route.app).or_default();
        match names.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, served, _)) => {
                served.insert(route.router);
            }
            None => names.push((name, BTreeSet::from([route.router]), route.place)),
        }
    }
    for (app, names) in own {
        let rack = &fleet.racks[fleet.apps[app].rack];
        waits(&fleet.apps[app].name, rack, &names, out);
        let certificates = names.chunks(MAX_NAMES).map(|chunk| certificate(rack, chunk, out)).collect();
        found.apps.insert(app, certificates);
    }
    found
}

/// Whether the rack's hosted zone can hold the record that validates a name.
fn in_zone(rack: &Rack, name: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    rack.hosted_zone.is_some()
        && rack
            .hosted_zone_name
            .as_ref()
            .is_none_or(|zone| name == zone || name.strip_suffix(zone.as_str()).is_some_and(|rest| rest.ends_with('.')))
}

/// Say which names somebody must validate.
fn waits(app: &str, rack: &Rack, names: &[(String, BTreeSet<Router>, Place)], out: &mut Diagnostics) {
    let waiting: Vec<_> = names.iter().filter(|(name, ..)| !in_zone(rack, name)).collect();
    let Some((_, _, place)) = waiting.first() else { return };
    let outside = match (&rack.hosted_zone, &rack.hosted_zone_name) {
        (Some(_), Some(zone)) => format!(", outside of the hosted zone {zone}"),
        _ => String::new(),
    };
    out.report(
        Diagnostic::new(&VALIDATION_WAITS, *place, format!("the deployment of `{app}` waits until its certificate is validated"))
            .note(format!("nobody writes the DNS records for {}{outside}", waiting.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join(", ")))
            .help("list a certificate that covers these names under `certificates` of the rack, or give the rack the `hosted_zone` that holds them"),
    );
}

fn certificate(rack: &Rack, chunk: &[(String, BTreeSet<Router>, Place)], out: &mut Diagnostics) -> AppCertificate {
    let mut names: Vec<String> = chunk.iter().map(|(name, ..)| name.clone()).collect();
    match names.iter().position(|name| name.len() <= MAX_FIRST_NAME) {
        Some(first) => names[..=first].rotate_right(1),
        None => {
            out.report(
                Diagnostic::new(
                    &UNCERTIFIABLE_HOST,
                    chunk[0].2,
                    format!("a certificate for `{}` has no name of at most {MAX_FIRST_NAME} characters", names[0]),
                )
                .help("add a shorter domain to the app, or list a certificate that covers the name"),
            );
        }
    }
    let validated = names.iter().filter(|name| in_zone(rack, name)).cloned().collect();
    AppCertificate { names, validated, routers: chunk.iter().flat_map(|(_, routers, _)| routers.iter().copied()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    #[test]
    fn a_star_covers_one_label() {
        assert!(covers("*.example.org", &host("www.example.org")));
        assert!(covers("*.example.org", &host("*.example.org")));
        assert!(covers("*.example.org", &host("shop-*.example.org")));
        assert!(!covers("*.example.org", &host("a.b.example.org")));
        assert!(!covers("*.example.org", &host("example.org")));
        assert!(covers("example.org", &host("example.org")));
    }

    #[test]
    fn patterns_need_a_certificate_with_a_star() {
        assert_eq!(certifiable(&host("www.example.org")).as_deref(), Some("www.example.org"));
        assert_eq!(certifiable(&host("shop-?.example.org")).as_deref(), Some("*.example.org"));
        assert_eq!(certifiable(&host("a.*.example.org")), None);
        assert_eq!(certifiable(&host("*.org")), None);
    }
}
