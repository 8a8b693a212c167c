//! What an app asks of a rack: rules, target groups and certificates. The same packing decides how
//! much room it needs before it has a rack, and what it gets once it has one.

mod bands;
mod certificates;
mod ledger;
mod rules;

pub use bands::{EXACT, WILDCARD, band};
pub use certificates::{AppCertificate, Certificates, certificates, covers, keep_names};
pub use ledger::{Ledger, ROUTERS, TARGET_GROUPS, WORDS, quota};
pub use rules::{Rule, fits, group, pack};

use std::collections::BTreeSet;

use crate::compute::has_own_address;
use crate::diagnostics::Diagnostics;
use crate::fleet::{App, Rack};
use crate::lock::{Lock, Scheme, TargetGroup};
use crate::routes::{self, Route, Router};

/// What a router is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Rules over both listeners.
    pub rules: usize,
    /// Distinct target groups.
    pub target_groups: usize,
    /// Certificates beside the default one that no other app shares.
    pub certificates: usize,
}

/// What an app asks of a rack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    /// Of the public router and of the internal one.
    pub routers: [Load; 2],
    /// Listed certificates that it needs; who needs one too gets it for nothing.
    pub shared: BTreeSet<(Router, String)>,
}

/// What an app asks of a rack, with the rules and certificates that the lock has given it there.
pub fn of(app: &App, rack: &Rack, lock: &Lock) -> Demand {
    count(app, rack, &routes::of_app(0, app, rack, &mut Diagnostics::default()), lock)
}

fn count(app: &App, rack: &Rack, routes: &[Route], lock: &Lock) -> Demand {
    let mut demand = Demand::default();
    let mut target_groups = BTreeSet::new();
    for rule in rules::pack_app(app, rack, routes, lock) {
        let load = &mut demand.routers[rule.key.router as usize];
        load.rules += listeners(app);
        load.target_groups += usize::from(target_groups.insert((rule.service, rule.key.router)));
    }
    let own = certificates::of_app(app, rack, routes, lock, &mut Diagnostics::default());
    for certificate in &own.own {
        for router in &certificate.routers {
            demand.routers[*router as usize].certificates += 1;
        }
    }
    demand.shared = own.shared;
    demand
}

/// What the target groups of a service are made of; none without a port.
pub fn target_group(app: &App, number: usize, rack: &Rack) -> Option<TargetGroup> {
    let service = &app.manifest.services[number];
    let port = service.port.as_ref()?;
    // A port that is none was reported, and then nothing is written.
    let number = u16::try_from(port.number.value).unwrap_or_default();
    Some(TargetGroup { scheme: Scheme::of(&port.scheme.value), port: number, of_instances: !has_own_address(app, service, rack) })
}

/// Listeners of a router that each of an app's rules stands on.
fn listeners(app: &App) -> usize {
    if app.params.redirect_https { 1 } else { 2 }
}

/// Whether a rack has the routers and listeners that an app's services stand on.
pub fn has_routers(app: &App, rack: &Rack) -> bool {
    let needs = |router: Router| {
        app.manifest.services.iter().any(|service| service.port.is_some() && routes::routers_of(service).contains(&router))
    };
    let public = !needs(Router::Public) || (rack.has_router() && (app.params.redirect_https || rack.params.port80));
    public && (!needs(Router::Internal) || rack.has_router_internal())
}

/// What an app would ask for with `InternalDomains: No`: its domains alone, and the default name of
/// a service that has none.
pub fn without_internal_domains(app: &App, rack: &Rack) -> Demand {
    let has_domains = |service: usize| !app.manifest.services[service].domains.is_empty();
    let mut routes = routes::of_app(0, app, rack, &mut Diagnostics::default());
    routes.retain(|route| {
        let internal = routes::internal_domain(app, &app.manifest.services[route.service], rack);
        route.is_domain || (!has_domains(route.service) && route.host.as_str() != internal)
    });
    count(app, rack, &routes, &Lock::default())
}

/// For each parent domain, the certificates of its own that an app would do without if a listed one
/// covered `*.parent`.
pub fn freed_by_wildcards(app: &App, rack: &Rack) -> Vec<(String, usize)> {
    let routes = routes::of_app(0, app, rack, &mut Diagnostics::default());
    let own = certificates::of_app(app, rack, &routes, &Lock::default(), &mut Diagnostics::default()).own;
    let parent = |name: &str| name.split_once('.').filter(|(_, rest)| rest.contains('.')).map(|(_, rest)| rest.to_owned());
    let names: Vec<&String> = own.iter().flat_map(|certificate| &certificate.names).collect();
    let parents: BTreeSet<String> = names.iter().filter_map(|name| parent(name)).collect();
    let freed = |of: &String| {
        let kept = names.iter().filter(|name| parent(name).as_ref() != Some(of)).count();
        own.len().saturating_sub(kept.div_ceil(certificates::MAX_NAMES))
    };
    parents.into_iter().map(|of| (of.clone(), freed(&of))).collect()
}
