//! Hosts that two services claim, and patterns that cover others, each with a witness.

use std::collections::BTreeMap;

use super::{Route, Router};
use crate::diagnostics::codes::{HOST_TAKEN, SHADOWED_HOST, WILDCARD_OVERLAP};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::Fleet;

pub(super) fn check(fleet: &Fleet, routes: &[Route], out: &mut Diagnostics) {
    let name = |route: &Route| {
        let app = &fleet.apps[route.app];
        format!("{}/{}", app.name, app.manifest.services[route.service].name.value)
    };
    let rack = |route: &Route| fleet.apps[route.app].rack;
    let owner = |route: &Route| (route.app, route.service);

    let mut first: BTreeMap<(usize, Router, &str), &Route> = BTreeMap::new();
    let mut wildcards: BTreeMap<(usize, Router), Vec<&Route>> = BTreeMap::new();
    for route in routes {
        if let Some(other) = first.insert((rack(route), route.router, route.host.as_str()), route)
            && owner(other) != owner(route)
        {
            out.report(
                Diagnostic::new(
                    &HOST_TAKEN,
                    route.place,
                    format!("`{}` and `{}` both claim `{}`", name(other), name(route), route.host.as_str()),
                )
                .label(format!("claimed by `{}`", name(route)))
                .also(other.place, format!("claimed by `{}`", name(other)))
                .help("give the host to one of them; rename the other's domain, service or app"),
            );
        }
        if route.host.is_wildcard() {
            wildcards.entry((rack(route), route.router)).or_default().push(route);
        }
    }

    for patterns in wildcards.values() {
        for (at, a) in patterns.iter().enumerate() {
            for b in &patterns[at + 1..] {
                if owner(a) == owner(b) || a.host == b.host || a.host.contains(&b.host) || b.host.contains(&a.host) {
                    continue;
                }
                if let Some(witness) = a.host.overlap(&b.host) {
                    out.report(
                        Diagnostic::new(
                            &WILDCARD_OVERLAP,
                            b.place,
                            format!("`{}` of `{}` and `{}` of `{}` overlap", a.host.as_str(), name(a), b.host.as_str(), name(b)),
                        )
                        .label("neither is inside the other")
                        .also(a.place, "the other pattern")
                        .note(format!("both match {witness}, for example"))
                        .help("make one of them narrower"),
                    );
                }
            }
        }
    }

    for route in routes.iter().filter(|route| !route.host.is_wildcard() && route.host.at_deploy().is_none()) {
        for pattern in wildcards.get(&(rack(route), route.router)).into_iter().flatten() {
            if pattern.app != route.app && pattern.host.matches(route.host.as_str()) {
                out.report(
                    Diagnostic::new(
                        &SHADOWED_HOST,
                        pattern.place,
                        format!("`{}` of `{}` covers `{}` of `{}`", pattern.host.as_str(), name(pattern), route.host.as_str(), name(route)),
                    )
                    .also(route.place, "the exact host wins")
                    .help("nothing to do if this is meant; otherwise make the pattern narrower"),
                );
            }
        }
    }
}
