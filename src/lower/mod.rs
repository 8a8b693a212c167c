//! What CloudFormation has to hear. Decisions are taken here; templates only lay them out.

mod app;
mod ids;
mod intrinsic;
mod rack;
mod stack;

pub use rack::{RackUse, lower_rack};
pub use stack::{Parameter, Stack, StackKind};

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::allocate::Allocation;
use crate::compute::Task;
use crate::fleet::{Fleet, Rack};
use crate::routes::Router;
use crate::source::Files;
use crate::transition::{Phase, RackStep, Way};

/// The stacks of each phase in the order in which they are deployed: racks, then apps. A rack's
/// template names `fleet_source` as what it was written from; `tasks` is what runs of each app.
pub fn lower(fleet: &Fleet, allocation: &Allocation, tasks: &[Vec<Task>], way: &Way, fleet_source: &str, files: &Files) -> Vec<Vec<Stack>> {
    let rack = |step: &RackStep| {
        let rack = with_kept(&fleet.racks[step.rack], step);
        let certificates = |router| {
            let used = allocation.certificates.shared.get(&(step.rack, router)).into_iter().flatten();
            let kept = step.kept.certificates.iter().filter(|(on, _)| *on == router).map(|(_, arn)| arn);
            used.chain(kept).cloned().collect()
        };
        let used = RackUse {
            public_certificates: certificates(Router::Public),
            internal_certificates: certificates(Router::Internal),
            instances: allocation.lock.racks.get(&rack.name).is_some_and(|known| known.instances),
            agent_ports: agent_ports(fleet, step.rack),
        };
        let mut stack = lower_rack(&rack, &used);
        stack.context["header"] = header(fleet_source).into();
        stack
    };
    let phase = |phase: &Phase| {
        let apps = phase.apps.iter().filter_map(|step| app::lower(fleet, step, &tasks[step.app], files));
        phase.racks.iter().map(rack).chain(apps).collect()
    };
    way.phases.iter().map(phase).collect()
}

/// The ports of instances that the agents of a rack ask for; without a protocol, it is TCP.
fn agent_ports(fleet: &Fleet, rack: usize) -> BTreeSet<(u16, String)> {
    let apps = fleet.apps.iter().filter(|app| app.rack == rack);
    let ports = apps.flat_map(|app| &app.manifest.services).filter_map(|service| service.agent.as_ref()).flat_map(|agent| &agent.ports);
    ports
        .filter_map(|(port, protocol)| {
            let protocol = if protocol.eq_ignore_ascii_case("udp") { "udp" } else { "tcp" };
            Some((u16::try_from(*port).ok().filter(|port| *port > 0)?, protocol.to_owned()))
        })
        .collect()
}

/// A rack with what it keeps until nobody uses it.
fn with_kept<'a>(rack: &'a Rack, step: &RackStep) -> Cow<'a, Rack> {
    let kept = &step.kept;
    if kept.routers.is_empty() && !kept.port80 {
        return Cow::Borrowed(rack);
    }
    let mut rack = rack.clone();
    rack.params.internal |= kept.routers.contains(&Router::Internal);
    rack.params.internal_only &= !kept.routers.contains(&Router::Public);
    rack.params.port80 |= kept.port80;
    Cow::Owned(rack)
}

/// The lines above a template.
fn header(source: &str) -> Vec<String> {
    vec![
        format!("Written by `rackform compile` from {source}."),
        "Change the source and compile again; changes made here are lost.".to_owned(),
    ]
}
