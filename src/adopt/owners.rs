//! Whose a host is on one router of one rack.

use std::collections::BTreeMap;

use crate::demand;
use crate::diagnostics::Diagnostics;
use crate::fleet::Draft;
use crate::host::Host;
use crate::lock::{Class, Lock, MAX_HOSTS};
use crate::routes::{self, Route, Router};

/// Ends of the names that AWS gives to routers.
const ROUTER_ENDS: [&str; 2] = [".elb.amazonaws.com", ".elb.amazonaws.com.cn"];

/// The routes of every app that lives on a rack or may yet be placed there.
pub(super) struct Owners {
    routes: Vec<Route>,
    /// Places of routes by host; none for a host that two services claim.
    by_host: BTreeMap<Host, Option<usize>>,
}

/// A rule of ours as the lock would hold it.
#[derive(Debug)]
pub(super) struct Owned {
    /// The app, by its place in the draft.
    pub(super) app: usize,
    /// The service, by its place in the manifest.
    pub(super) service: usize,
    /// Exact hosts or patterns.
    pub(super) class: Class,
    /// Its hosts as routes have them.
    pub(super) hosts: Vec<Host>,
    /// The first of its routes: packing takes routes in their order, and so do we.
    pub(super) first: usize,
}

impl Owners {
    pub(super) fn new(draft: &Draft, rack: usize, router: Router, old: &Lock) -> Self {
        let name = &draft.racks[rack].name;
        let mut routes = Vec::new();
        for (at, app) in draft.apps.iter().enumerate() {
            let is_here = match old.apps.get(&app.name) {
                Some(locked) => locked.stands_on(name),
                None => app.allowed.contains(&rack),
            };
            if is_here {
                // What is wrong with a manifest's hosts is said by whoever compiles it.
                routes.extend(routes::of_app(at, app, &draft.racks[rack], &mut Diagnostics::default()));
            }
        }
        routes.retain(|route| route.router == router);
        let mut by_host: BTreeMap<Host, Option<usize>> = BTreeMap::new();
        for (at, route) in routes.iter().enumerate() {
            let known = by_host.entry(route.host.clone()).or_insert(Some(at));
            if known.is_some_and(|other| (routes[other].app, routes[other].service) != (route.app, route.service)) {
                *known = None;
            }
        }
        Self { routes, by_host }
    }

    /// The route that a host on a listener is.
    fn route(&self, host: &Host) -> Option<usize> {
        let exact = self.by_host.get(host).copied().flatten();
        exact.or_else(|| {
            let mut same = self.by_host.iter().filter(|(known, _)| is(known, host));
            same.next().filter(|_| same.next().is_none()).and_then(|(_, at)| *at)
        })
    }

    /// The rule that these hosts make, when all of them are of one service and one rule may hold them.
    pub(super) fn of(&self, hosts: &[Host]) -> Option<Owned> {
        let found: Vec<usize> = hosts.iter().map(|host| self.route(host)).collect::<Option<_>>()?;
        let first = found.iter().copied().min()?;
        let route = &self.routes[first];
        let group = demand::group(&route.host);
        let is_one = found
            .iter()
            .map(|at| &self.routes[*at])
            .all(|other| (other.app, other.service) == (route.app, route.service) && demand::group(&other.host) == group);
        let hosts = found.iter().map(|at| self.routes[*at].host.clone()).collect();
        (is_one && found.len() <= MAX_HOSTS).then_some(Owned { app: route.app, service: route.service, class: group.0, hosts, first })
    }

    /// Where a host of ours comes from.
    pub(super) fn place(&self, host: &Host) -> Option<crate::source::Place> {
        self.by_host.get(host).copied().flatten().map(|at| self.routes[at].place)
    }
}

/// Whether a host of ours is this one on a listener. The name of a router is known only once it
/// stands; there is one router a listener, so any name that AWS gives will do.
pub(super) fn is(ours: &Host, standing: &Host) -> bool {
    match ours.at_deploy() {
        None => ours == standing,
        Some((prefix, _)) => standing.as_str().strip_prefix(prefix).is_some_and(|rest| ROUTER_ENDS.iter().any(|end| rest.ends_with(end))),
    }
}
