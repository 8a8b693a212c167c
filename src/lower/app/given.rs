//! What the stack of an app is made from, and nothing else.

use std::collections::BTreeMap;

use super::lower;
use crate::compute;
use crate::demand;
use crate::fleet::{App, Fleet, Rack};
use crate::lock::{Lock, PortKey, TargetGroup, TargetGroupKey};
use crate::lower::stack::Stack;
use crate::manifest::NlbPort;
use crate::ports::is_internal;
use crate::routes::Router;
use crate::source::Files;
use crate::transition::AppStep;

/// All that the stack of an app is made from.
#[derive(Debug, Hash)]
pub struct GivenApp<'a> {
    pub(super) app: &'a App,
    pub(super) rack: &'a Rack,
    pub(super) step: &'a AppStep,
    /// What is known of each service, in its place.
    pub(super) services: Vec<GivenService>,
    /// The services after which the lock calls network ports.
    pub(super) ports: BTreeMap<(Router, u16), &'a str>,
}

/// What is known of a service beside its manifest.
#[derive(Debug, Hash)]
pub(super) struct GivenService {
    /// The line where it is written, from one.
    pub(super) line: usize,
    /// What its target groups are made of; none without a port.
    pub(super) made_of: Option<TargetGroup>,
}

impl<'a> GivenApp<'a> {
    pub(in crate::lower) fn new(fleet: &'a Fleet, step: &'a AppStep, lock: &'a Lock, files: &Files) -> Self {
        let app = &fleet.apps[step.app];
        let rack = &fleet.racks[app.rack];
        let services = app.manifest.services.iter().enumerate().map(|(number, service)| {
            let (line, _) = files.line_column(service.name.place.file, service.name.place.span.start);
            GivenService { line, made_of: made_of(app, number, rack, lock) }
        });
        let called = |nlb: &NlbPort| {
            let key = port_key(app, rack, nlb)?;
            Some(((key.router, key.port), lock.ports.get(&key)?.service.as_str()))
        };
        let ports = app.manifest.services.iter().flat_map(|service| &service.nlb).filter_map(called).collect();
        Self { app, rack, step, services: services.collect(), ports }
    }

    /// The stack in a phase; none when nothing of the app is behind a router and nothing of it runs.
    pub(in crate::lower) fn stack(&self) -> Option<Stack> {
        lower(self, &compute::tasks_of(self.app, self.rack))
    }
}

/// What the target groups of a service are made of, as the lock has it; none without a port.
pub(super) fn made_of(app: &App, number: usize, rack: &Rack, lock: &Lock) -> Option<TargetGroup> {
    let wanted = demand::target_group(app, number, rack)?;
    let key = TargetGroupKey { app: app.name.clone(), service: app.manifest.services[number].name.value.clone() };
    Some(lock.target_groups.get(&key).map_or(wanted, |known| known.is))
}

/// What the lock knows a network port by; none for one that is no port.
pub(super) fn port_key(app: &App, rack: &Rack, nlb: &NlbPort) -> Option<PortKey> {
    let router = if is_internal(nlb) { Router::Internal } else { Router::Public };
    Some(PortKey { rack: rack.name.clone(), app: app.name.clone(), router, port: u16::try_from(nlb.port).ok()? })
}
