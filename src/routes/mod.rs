//! Which hosts lead to which services: exactly those that Convox would route.

mod conflicts;
mod domains;
mod reserved;

use std::collections::BTreeSet;

use crate::diagnostics::codes::{
    DEAD_LINK, DUPLICATE_HOST, GRPC_HEALTH, GRPC_OVER_HTTP, HOST_SYNTAX, NO_HTTP_LISTENER, NO_INTERNAL_ROUTER, NO_PUBLIC_ROUTER,
    NOTHING_ROUTED,
};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{App, Compute, Fleet, PlacedApp, Promises, Rack};
use crate::host::{Host, MAX_LABEL, MAX_LENGTH, ROUTER_INTERNAL_NAME, ROUTER_NAME};
use crate::manifest::Service;
use crate::source::Place;

/// One of a rack's two routers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Router {
    /// Reached from everywhere.
    Public,
    /// Reached from the VPC.
    Internal,
}

impl Router {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Router::Public => "public",
            Router::Internal => "internal",
        }
    }

    /// Whether a rack has it.
    pub fn is_on(self, rack: &Rack) -> bool {
        match self {
            Router::Public => rack.has_router(),
            Router::Internal => rack.has_router_internal(),
        }
    }

    /// The ports that it listens on where a rack has it. Convox's `DisableALBPort80` is about the public
    /// one alone.
    pub fn ports(self, rack: &Rack) -> &'static [u16] {
        match self {
            Router::Public if !rack.params.port80 => &[443],
            Router::Public | Router::Internal => &[443, 80],
        }
    }
}

/// One host that must reach one service on one router.
#[derive(Debug, Clone)]
pub struct Route {
    /// The app, by its place in [`Fleet::apps`].
    pub app: usize,
    /// The service, by its place in the manifest.
    pub service: usize,
    /// The router.
    pub router: Router,
    /// The host or pattern.
    pub host: Host,
    /// Whether it is one of the manifest's own domains, which needs a certificate.
    pub is_domain: bool,
    /// Where it comes from.
    pub place: Place,
}

/// The routes of every app, in the order of apps and services.
pub fn routes(fleet: &Fleet, out: &mut Diagnostics) -> Vec<Route> {
    let routes = |(at, app): (usize, &PlacedApp)| of_app(at, app, &fleet.racks[app.rack], out);
    fleet.apps.iter().enumerate().flat_map(routes).collect()
}

/// Report what is wrong with routes, or with where they lead.
pub fn check(fleet: &Fleet, routes: &[Route], promises: &Promises, out: &mut Diagnostics) {
    for app in &fleet.apps {
        let rack = &fleet.racks[app.rack];
        surroundings(app, rack, out);
        nothing_routed(app, rack, out);
    }
    let mut seen = BTreeSet::new();
    for route in routes {
        if seen.insert(route.place) {
            lengths(route, out);
        }
    }
    conflicts::check(fleet, routes, out);
    reserved::check(fleet, routes, &promises.domains, out);
}

/// The routes that one app has on a rack, whether or not it lives there; `at` is its place in the
/// fleet.
pub fn of_app(at: usize, app: &App, rack: &Rack, out: &mut Diagnostics) -> Vec<Route> {
    let mut routes = Vec::new();
    for (number, service) in app.manifest.services.iter().enumerate().filter(|(_, service)| service.port.is_some()) {
        let domains = domains::domains(service, out);
        let mut push = |router, host, is_domain, place| routes.push(Route { app: at, service: number, router, host, is_domain, place });
        service_routes(app, service, rack, &domains, &mut push, out);
    }
    routes
}

/// Say what a rack lacks of what an app's services stand on, and which links lead nowhere.
pub fn surroundings(app: &App, rack: &Rack, out: &mut Diagnostics) {
    for service in app.manifest.services.iter().filter(|service| service.port.is_some()) {
        routers(app, service, rack, out);
    }
    dead_links(app, out);
}

/// The routers that a service is on.
pub fn routers_of(service: &Service) -> &'static [Router] {
    match (service.internal.value, service.internal_and_external.value) {
        (_, true) => &[Router::Public, Router::Internal],
        (true, false) => &[Router::Internal],
        (false, false) => &[Router::Public],
    }
}

/// Say when an app has nothing to balance on a rack where nothing else is done, unless a port was written and could not
/// be read.
fn nothing_routed(app: &App, rack: &Rack, out: &mut Diagnostics) {
    let services = &app.manifest.services;
    if rack.compute == Compute::None
        && app.manifest.is_whole
        && !services.is_empty()
        && services.iter().all(|service| service.port.is_none())
    {
        out.report(
            Diagnostic::new(
                &NOTHING_ROUTED,
                services[0].name.place,
                format!("no service of `{}` is behind a router, so the app has no stack", app.name),
            )
            .help("nothing to do if it only works in the background; otherwise give a service its `port`"),
        );
    }
}

/// Hosts that DNS or AWS would refuse for their length.
fn lengths(route: &Route, out: &mut Diagnostics) {
    let host = &route.host;
    let label = host.as_str().split('.').map(str::len).max().unwrap_or(0);
    let (what, most) = if host.longest() > MAX_LENGTH {
        (format!("has up to {} characters", host.longest()), format!("AWS takes {MAX_LENGTH}"))
    } else if label > MAX_LABEL && !route.is_domain {
        (format!("has {label} characters between two dots"), format!("DNS takes {MAX_LABEL}"))
    } else {
        return;
    };
    out.report(
        Diagnostic::new(&HOST_SYNTAX, route.place, format!("the host `{}` {what}", host.shown()))
            .label(most)
            .help("shorten the name of the app, of the service or of the rack's host"),
    );
}

fn service_routes(
    app: &App,
    service: &Service,
    rack: &Rack,
    domains: &[(Host, Place)],
    push: &mut impl FnMut(Router, Host, bool, Place),
    out: &mut Diagnostics,
) {
    let place = service.name.place;
    let with_default = app.params.internal_domains || domains.is_empty();
    let main = if service.internal.value { Router::Internal } else { Router::Public };
    let mut on = |router: Router, with_internal_domain: bool| {
        let mut own = Vec::new();
        if with_default {
            own.push(default_host(app, service, rack, router));
        }
        if with_internal_domain && app.params.internal_domains {
            own.push(Host::trusted(internal_domain(app, service, rack)));
        }
        for host in &own {
            push(router, host.clone(), false, place);
        }
        for (host, place) in domains {
            if own.contains(host) {
                out.report(
                    Diagnostic::new(
                        &DUPLICATE_HOST,
                        *place,
                        format!("`{}` answers at `{}` in any case", service.name.value, host.as_str()),
                    )
                    .label("the service's own name on this rack")
                    .help("remove the domain"),
                );
            } else {
                push(router, host.clone(), true, *place);
            }
        }
    };
    on(main, true);
    if service.internal_and_external.value {
        on(Router::Public, false);
    }
}

/// `<app>-<service>.<host of the router>`.
pub fn default_host(app: &App, service: &Service, rack: &Rack, router: Router) -> Host {
    let (host, unknown) = match router {
        Router::Public => (&rack.host, ROUTER_NAME),
        Router::Internal => (&rack.internal_host, ROUTER_INTERNAL_NAME),
    };
    Host::trusted([&app.name, "-", &service.name.value, ".", host.as_deref().unwrap_or(unknown)].concat())
}

/// `<service>.<app>.<rack>.convox`, a name of the rack's private zone.
pub fn internal_domain(app: &App, service: &Service, rack: &Rack) -> String {
    [&service.name.value, ".", &app.name, ".", &rack.name, ".convox"].concat()
}

/// Whether the rack has the routers and listeners that a service needs.
fn routers(app: &App, service: &Service, rack: &Rack, out: &mut Diagnostics) {
    let name = &service.name.value;
    let params = &rack.params;
    if service.internal.value && !params.internal {
        let (key, place) = if service.internal_and_external.value {
            ("internalAndExternal", service.internal_and_external.place)
        } else {
            ("internal", service.internal.place)
        };
        out.report(
            Diagnostic::new(
                &NO_INTERNAL_ROUTER,
                place,
                format!("`{name}` is `{key}`, and the rack `{}` has no internal router", rack.name),
            )
            .help("set `params: {Internal: Yes}` for the rack in rackform.yml, or remove the key"),
        );
    }
    let on_public = !service.internal.value || service.internal_and_external.value;
    if on_public && params.internal_only {
        out.report(
            Diagnostic::new(
                &NO_PUBLIC_ROUTER,
                service.name.place,
                format!("`{name}` is public, and the rack `{}` has no public router", rack.name),
            )
            .help("write `internal: true` for the service, or set `InternalOnly: No` for the rack"),
        );
    }
    let grpc = service.port.as_ref().filter(|port| ["grpc", "secure-grpc"].contains(&port.scheme.value.as_str()));
    let path = &service.health.path;
    if grpc.is_some() && app.params.grpc_success_codes == "12" && path.value.trim_start_matches('/').contains('/') {
        out.report(
            Diagnostic::new(&GRPC_HEALTH, path.place, format!("the health check of `{name}` expects the code 12, \"not implemented\""))
                .label("a method that exists answers 0")
                .help("set the app's parameter `LoadBalancerGrpcSuccessCodes` to \"0\""),
        );
    }
    if app.params.redirect_https {
        return;
    }
    let place = app.params.redirect_https_place.unwrap_or(service.name.place);
    if on_public && !params.port80 {
        out.report(
            Diagnostic::new(
                &NO_HTTP_LISTENER,
                place,
                format!("`{}` wants rules on port 80, which the rack `{}` does not have", app.name, rack.name),
            )
            .help("remove `RedirectHttps: No` from the app, or `DisableALBPort80: Yes` from the rack"),
        );
    }
    if let Some(port) = grpc {
        out.report(
            Diagnostic::new(&GRPC_OVER_HTTP, port.number.place, format!("`{name}` speaks gRPC, which port 80 can't forward"))
                .also(place, "this puts the app on port 80 too")
                .help("remove `RedirectHttps: No`, or move the service to an app of its own"),
        );
    }
}

/// Links to services whose default host is switched off.
fn dead_links(app: &App, out: &mut Diagnostics) {
    if app.params.internal_domains {
        return;
    }
    for service in &app.manifest.services {
        for link in &service.links {
            let target = app.manifest.services.iter().find(|s| s.name.value == link.value && s.port.is_some() && !s.domains.is_empty());
            if let Some(target) = target {
                out.report(
                    Diagnostic::new(&DEAD_LINK, link.place, format!("the link to `{}` leads to a host that nobody serves", link.value))
                        .also(target.name.place, "its default host is switched off by `InternalDomains: No`")
                        .help("use the service's domain instead of the link, or remove `InternalDomains: No`"),
                );
            }
        }
    }
}
