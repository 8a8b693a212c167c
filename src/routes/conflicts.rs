//! Hosts that two services claim, and patterns that cover others, each with a witness.

use std::collections::BTreeMap;

use super::{Route, Router};
use crate::diagnostics::codes::{HOST_ON_TWO_RACKS, HOST_TAKEN, SHADOWED_HOST, WILDCARD_OVERLAP};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::Fleet;

/// Patterns of one router that are compared with each other. A router has room for five in each of
/// its rules; whoever asks for more is told so by the quotas.
const MOST_PATTERNS: usize = 1000;

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
                    format!("`{}` and `{}` both claim `{}`", name(other), name(route), route.host.shown()),
                )
                .label(format!("claimed by `{}`", name(route)))
                .also(other.place, format!("claimed by `{}`", name(other)))
                .help(if route.is_domain {
                    "give the domain to one of them"
                } else {
                    "rename one of the services or apps; the dash between their names does not tell them apart"
                }),
            );
        }
        if route.host.is_wildcard() {
            wildcards.entry((rack(route), route.router)).or_default().push(route);
        }
    }

    on_two_racks(fleet, routes, &name, out);

    for patterns in wildcards.values() {
        for (at, a) in patterns.iter().enumerate().take(MOST_PATTERNS) {
            for b in patterns[at + 1..].iter().take(MOST_PATTERNS) {
                if owner(a) != owner(b) && a.host != b.host && a.host.may_meet(&b.host) {
                    patterns_meet((a, &name(a)), (b, &name(b)), out);
                }
            }
        }
    }

    for route in routes.iter().filter(|route| !route.host.is_wildcard() && route.host.at_deploy().is_none()) {
        for pattern in wildcards.get(&(rack(route), route.router)).into_iter().flatten().take(MOST_PATTERNS) {
            if pattern.app != route.app && pattern.host.contains(&route.host) {
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

/// Domains that apps on different racks claim: DNS leads to one of them. An app that moves is meant
/// to stand on both.
fn on_two_racks(fleet: &Fleet, routes: &[Route], name: &impl Fn(&Route) -> String, out: &mut Diagnostics) {
    let mut first: BTreeMap<(Router, &str), &Route> = BTreeMap::new();
    for route in routes.iter().filter(|route| route.is_domain) {
        let other = *first.entry((route.router, route.host.as_str())).or_insert(route);
        let (a, b) = (&fleet.apps[other.app], &fleet.apps[route.app]);
        if a.rack != b.rack && a.name != b.name {
            out.report(
                Diagnostic::new(
                    &HOST_ON_TWO_RACKS,
                    route.place,
                    format!("`{}` and `{}` claim `{}` on different racks", name(other), name(route), route.host.shown()),
                )
                .label(format!("on `{}`", fleet.racks[b.rack].name))
                .also(other.place, format!("on `{}`", fleet.racks[a.rack].name))
                .help("give the domain to one of them; DNS leads to one rack"),
            );
        }
    }
}

/// Say of two patterns that they cover the same hosts, or overlap with neither inside the other.
fn patterns_meet((a, a_name): (&Route, &str), (b, b_name): (&Route, &str), out: &mut Diagnostics) {
    let both = format!("`{}` of `{a_name}` and `{}` of `{b_name}`", a.host.as_str(), b.host.as_str());
    let diagnostic = match (a.host.contains(&b.host), b.host.contains(&a.host)) {
        (true, true) => Diagnostic::new(&HOST_TAKEN, b.place, format!("{both} match the same hosts")).help("give the hosts to one of them"),
        (false, false) => match a.host.overlap(&b.host) {
            None => return,
            Some(witness) => Diagnostic::new(&WILDCARD_OVERLAP, b.place, format!("{both} overlap"))
                .label("neither is inside the other")
                .note(format!("both match {witness}, for example"))
                .help("make one of them narrower"),
        },
        _ => return,
    };
    out.report(diagnostic.also(a.place, "the other pattern"));
}
