//! Ports on the network balancers of racks: whether the balancer is there, and whether two apps claim one port.

use std::collections::BTreeMap;

use crate::diagnostics::codes::{NETWORK_PORT_TAKEN, NETWORK_PORTS, NO_NETWORK_BALANCER};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{Fleet, NetworkBalancer, PlacedApp, Rack};
use crate::manifest::{NlbPort, Service};
use crate::routes::routers_of;
use crate::source::Place;

/// Listeners of a network balancer. Quota `listeners-per-network-load-balancer`.
const MAX_LISTENERS: usize = 50;
/// Target groups of a service. API `CreateService`, `loadBalancers`.
const MAX_TARGET_GROUPS: usize = 5;

/// Whether a port stands on the internal network balancer.
pub fn is_internal(port: &NlbPort) -> bool {
    port.scheme == "internal"
}

/// The network balancer of a rack that a port stands on.
pub fn balancer_of<'a>(rack: &'a Rack, port: &NlbPort) -> &'a NetworkBalancer {
    if is_internal(port) { &rack.params.nlb_internal } else { &rack.params.nlb }
}

/// Check the network ports of every app. Racks of others have what they have.
pub fn check(fleet: &Fleet, out: &mut Diagnostics) {
    let mut taken: BTreeMap<(usize, bool, i64), (&str, Place)> = BTreeMap::new();
    let mut listeners: BTreeMap<(usize, bool), usize> = BTreeMap::new();
    for service in fleet.apps.iter().flat_map(|app| &app.manifest.services) {
        groups(service, out);
    }
    let whole = fleet.apps.iter().filter(|app| app.manifest.is_whole);
    let ports = whole.flat_map(|app| app.manifest.services.iter().flat_map(|service| &service.nlb).map(move |port| (app, port)));
    for (app, port) in ports {
        let rack = &fleet.racks[app.rack];
        let number = listeners.entry((app.rack, is_internal(port))).or_default();
        *number += 1;
        if !rack.external && !balancer_of(rack, port).is_on {
            missing(rack, port, out);
        } else if *number == MAX_LISTENERS + 1 {
            too_many(rack, port, out);
        }
        match taken.insert((app.rack, is_internal(port), port.port), (&app.name, port.place)) {
            Some((other, place)) if other != app.name => claimed(app, rack, port, (other, place), out),
            _ => {}
        }
    }
}

fn too_many(rack: &Rack, port: &NlbPort, out: &mut Diagnostics) {
    let what = format!("the network balancer of `{}` has more than {MAX_LISTENERS} ports", rack.name);
    out.report(Diagnostic::new(&NETWORK_PORTS, port.place, what).help("pin some of the apps with `nlb` to another rack"));
}

fn missing(rack: &Rack, port: &NlbPort, out: &mut Diagnostics) {
    let (word, parameter) = if is_internal(port) { ("internal", "NLBInternal") } else { ("public", "NLB") };
    out.report(
        Diagnostic::new(&NO_NETWORK_BALANCER, port.place, format!("the rack `{}` has no {word} network balancer", rack.name))
            .label("this port would stand on it")
            .help(format!("set `params: {{{parameter}: Yes}}` for the rack in rackform.yml")),
    );
}

fn claimed(app: &PlacedApp, rack: &Rack, port: &NlbPort, (other, place): (&str, Place), out: &mut Diagnostics) {
    let what = format!("the network port {} of `{}` belongs to `{other}` already", port.port, rack.name);
    out.report(
        Diagnostic::new(&NETWORK_PORT_TAKEN, port.place, what)
            .label(format!("claimed by `{}` too", app.name))
            .also(place, "first claimed here")
            .help("choose another port, or pin one of the apps to another rack"),
    );
}

/// Target groups of one service.
fn groups(service: &Service, out: &mut Diagnostics) {
    let routers = service.port.as_ref().map_or(0, |_| routers_of(service).len());
    if let Some(port) = service.nlb.get(MAX_TARGET_GROUPS - routers) {
        let name = &service.name.value;
        out.report(
            Diagnostic::new(&NETWORK_PORTS, port.place, format!("`{name}` has {} target groups", service.nlb.len() + routers))
                .label(format!("ECS takes {MAX_TARGET_GROUPS}"))
                .help("put some of the ports into a service of their own"),
        );
    }
}
