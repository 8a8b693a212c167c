//! Every host of a fleet.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::allocate::{self, Allocation};
use crate::fleet::Fleet;
use crate::host::Host;
use crate::routes::Router;

/// A host of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The host or pattern.
    pub host: String,
    /// Whether it is an `exact` host or a `wildcard`.
    pub class: &'static str,
    /// Name of the rack.
    pub rack: String,
    /// `public` or `internal`.
    pub router: &'static str,
    /// The ports that the rule stands on, in their order.
    pub ports: Vec<u16>,
    /// Name of the app; none for a rule of others.
    pub app: Option<String>,
    /// Name of the service; none for a rule of others.
    pub service: Option<String>,
    /// The number of the rule, 1 to 50000.
    pub priority: u32,
}

/// What stands on ports: host, rack, router and number, and the service unless it is others'.
type Key<'a> = (&'a Host, &'a str, Router, u32, Option<(&'a str, &'a str)>);

/// Every host of every rule, those of others too, by host, rack, router and number.
pub fn list(fleet: &Fleet, allocation: &Allocation) -> Vec<Entry> {
    let mut ports: BTreeMap<Key<'_>, BTreeSet<u16>> = BTreeMap::new();
    for rule in &allocation.rules {
        let key = &rule.key;
        for host in &rule.hosts {
            let service = Some((key.app.as_str(), key.service.as_str()));
            ports.entry((host, &key.rack, key.router, rule.priority, service)).or_default().extend(allocate::ports(fleet, rule));
        }
    }
    let listens = |rack: &str, router: Router, port: u16| {
        fleet.racks.iter().any(|known| known.name == rack && router.is_on(known) && router.ports(known).contains(&port))
    };
    for ((rack, router, port, number), hosts) in
        allocation.lock.strangers.iter().filter(|((rack, router, port, _), _)| listens(rack, *router, *port))
    {
        for host in hosts {
            ports.entry((host, rack, *router, *number, None)).or_default().insert(*port);
        }
    }
    let entry = |((host, rack, router, priority, service), ports): (Key<'_>, BTreeSet<u16>)| Entry {
        host: host.shown(),
        class: if host.is_wildcard() { "wildcard" } else { "exact" },
        rack: rack.to_owned(),
        router: router.word(),
        ports: ports.into_iter().collect(),
        app: service.map(|(app, _)| app.to_owned()),
        service: service.map(|(_, service)| service.to_owned()),
        priority,
    };
    ports.into_iter().map(entry).collect()
}
