//! Ports of instances. An agent has the ports that it asks for on every instance, so on a rack each belongs to one.

use std::collections::BTreeMap;

use crate::diagnostics::codes::AGENT_PORT;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{Compute, Fleet, Rack};
use crate::source::Place;

/// Ports of SSH, Docker and the ECS agent, which ECS gives to no task. API `RegisterContainerInstance`.
const RESERVED: [i64; 6] = [22, 2375, 2376, 51_678, 51_679, 51_680];

/// Check the ports of every agent against each other and against what else has ports of an instance.
pub(super) fn check(fleet: &Fleet, out: &mut Diagnostics) {
    let mut taken: BTreeMap<(usize, i64, bool), (String, Place)> = BTreeMap::new();
    for app in fleet.apps.iter().filter(|app| fleet.racks[app.rack].compute != Compute::None) {
        for service in &app.manifest.services {
            let Some(agent) = &service.agent else { continue };
            let name = &service.name.value;
            for (port, protocol) in agent.host_ports() {
                let what = format!("{port}/{protocol}");
                let refuse =
                    |label: String| Diagnostic::new(&AGENT_PORT, agent.place, format!("`{name}` can't have the port {what}")).label(label);
                if !["tcp", "udp"].contains(&protocol) || !(1..=65535).contains(&port) {
                    out.report(refuse(what.clone()).help("write ports such as 8125/udp or 8126"));
                } else if let Some(owner) = owner(&fleet.racks[app.rack], port, protocol == "udp") {
                    out.report(refuse(format!("on every instance it belongs to {owner}")).help("choose another port"));
                } else if let Some((other, place)) =
                    taken.insert((app.rack, port, protocol == "udp"), (format!("`{name}` of `{}`", app.name), agent.place))
                {
                    let label = format!("an instance has it once, and {other} has it already");
                    out.report(refuse(label).also(place, "first asked for here").help("choose another port"));
                }
            }
        }
    }
}

/// Who has a port of every instance of a rack, apart from agents.
fn owner(rack: &Rack, port: i64, is_udp: bool) -> Option<&'static str> {
    match () {
        () if RESERVED.contains(&port) => Some("SSH, Docker or ECS"),
        () if !is_udp && rack.api.is_some() && port == i64::from(rack.api_port()) => Some("the rack API"),
        () => None,
    }
}
