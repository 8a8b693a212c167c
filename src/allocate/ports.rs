//! Ports of network balancers: whose they are, and what they were called.

use std::collections::BTreeMap;

use crate::fleet::Fleet;
use crate::lock::{Lock, LockedPort, PortKey};
use crate::ports::is_internal;
use crate::routes::Router;

/// The ports that apps have, and those that this compile took from them; without any of those, what
/// earlier ones took.
pub(super) fn remember(fleet: &Fleet, old: &Lock, now: u32) -> BTreeMap<PortKey, LockedPort> {
    let mut ports = BTreeMap::new();
    for app in &fleet.apps {
        for (service, nlb) in app.manifest.services.iter().flat_map(|service| service.nlb.iter().map(move |nlb| (service, nlb))) {
            // A port that is none was reported.
            let Ok(port) = u16::try_from(nlb.port) else { continue };
            let router = if is_internal(nlb) { Router::Internal } else { Router::Public };
            let key = PortKey { rack: fleet.racks[app.rack].name.clone(), app: app.name.clone(), router, port };
            let known = old.ports.get(&key).filter(|known| known.left.is_none()).cloned();
            let new = || LockedPort { service: service.name.value.clone(), since: now, left: None };
            ports.insert(key, known.unwrap_or_else(new));
        }
    }
    let gone = |(key, _): &(&PortKey, &LockedPort)| !ports.contains_key(*key);
    let left = |(key, port): (&PortKey, &LockedPort)| (key.clone(), LockedPort { left: port.left.or(Some(now)), ..port.clone() });
    let mut left: Vec<(PortKey, LockedPort)> = old.ports.iter().filter(gone).map(left).collect();
    if left.iter().any(|(_, port)| port.left == Some(now)) {
        left.retain(|(_, port)| port.left == Some(now));
    }
    ports.extend(left);
    ports
}
