//! What CloudFormation has to hear. Decisions are taken here; templates only lay them out.

mod app;
mod ids;
mod intrinsic;
mod rack;
mod stack;

pub use app::{GivenApp, RuleInStack, TargetGroupContext, rule_in_stack};
pub use rack::{GivenRack, RackUse};
pub use stack::{Context, Parameter, Stack, StackKind};

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::allocate::Allocation;
use crate::fleet::{Fleet, Rack};
use crate::manifest::Agent;
use crate::routes::Router;
use crate::source::Files;
use crate::transition::{AppStep, RackStep, Way};

/// A stack in one of the phases, before it is lowered.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A rack.
    Rack(&'a RackStep),
    /// An app.
    App(&'a AppStep),
}

/// The steps of each phase in the order in which they are deployed: racks, then apps.
pub fn steps(way: &Way) -> Vec<Vec<Step<'_>>> {
    way.phases.iter().map(|phase| phase.racks.iter().map(Step::Rack).chain(phase.apps.iter().map(Step::App)).collect()).collect()
}

/// The export of a rack's stack that holds a listener; on port 80 with `http`.
pub fn listener_export(rack: &str, router: Router, http: bool) -> String {
    format!("{rack}:{}", app::listener_export(router, http))
}

/// What stacks are lowered from. They are made one by one, for those of a large fleet take more room
/// than all that is known of it.
#[derive(Debug)]
pub struct Source<'a> {
    /// Racks and apps.
    fleet: &'a Fleet,
    /// Rules and certificates.
    allocation: &'a Allocation,
    /// What a rack's template names as what it was written from.
    written_from: &'a str,
    /// The files that places point into.
    files: &'a Files,
    /// The ports of instances that the agents of each rack ask for.
    agent_ports: BTreeMap<usize, BTreeSet<(u16, String)>>,
}

impl<'a> Source<'a> {
    /// What the stacks of a fleet are lowered from.
    pub fn new(fleet: &'a Fleet, allocation: &'a Allocation, written_from: &'a str, files: &'a Files) -> Self {
        Self { fleet, allocation, written_from, files, agent_ports: agent_ports(fleet) }
    }

    /// The rack that a step is about, and the app on it.
    pub fn place(&self, step: &Step<'_>) -> (String, Option<String>) {
        match step {
            Step::Rack(step) => (self.fleet.racks[step.rack].name.clone(), None),
            Step::App(step) => {
                let app = &self.fleet.apps[step.app];
                (self.fleet.racks[app.rack].name.clone(), Some(app.name.clone()))
            }
        }
    }

    /// What the stack of a step is made from.
    pub fn given(&self, step: &Step<'a>) -> Given<'a> {
        match step {
            Step::Rack(step) => Given::Rack(Box::new(self.rack(step))),
            Step::App(step) => Given::App(GivenApp::new(self.fleet, step, &self.allocation.lock, self.files)),
        }
    }

    fn rack(&self, step: &'a RackStep) -> GivenRack<'a> {
        let rack = with_kept(&self.fleet.racks[step.rack], step);
        let certificates = |router| {
            let used = self.allocation.certificates.shared.get(&(step.rack, router)).into_iter().flatten();
            let kept = step.kept.certificates.iter().filter(|(on, _)| *on == router).map(|(_, arn)| arn);
            used.chain(kept).cloned().collect()
        };
        let used = RackUse {
            public_certificates: certificates(Router::Public),
            internal_certificates: certificates(Router::Internal),
            instances: self.allocation.lock.racks.get(&rack.name).is_some_and(|known| known.instances),
            agent_ports: self.agent_ports.get(&step.rack).cloned().unwrap_or_default(),
        };
        GivenRack { rack, used, mark: step.mark.as_ref(), written_from: self.written_from }
    }
}

/// All that a stack is made from, beside this program: the same makes the same, so a digest of it says whether a stack
/// that was made before is still right. Who makes one sees nothing else.
#[derive(Debug, Hash)]
pub enum Given<'a> {
    /// For a rack.
    Rack(Box<GivenRack<'a>>),
    /// For an app.
    App(GivenApp<'a>),
}

impl Given<'_> {
    /// The stack; none for an app of which nothing runs and nothing is behind a router.
    pub fn stack(&self) -> Option<Stack> {
        match self {
            Self::Rack(given) => Some(given.stack()),
            Self::App(given) => given.stack(),
        }
    }
}

/// The ports of instances that the agents of each rack ask for.
fn agent_ports(fleet: &Fleet) -> BTreeMap<usize, BTreeSet<(u16, String)>> {
    let mut ports: BTreeMap<usize, BTreeSet<(u16, String)>> = BTreeMap::new();
    for app in &fleet.apps {
        for (port, protocol) in app.manifest.services.iter().filter_map(|service| service.agent.as_ref()).flat_map(Agent::host_ports) {
            // A port that is none was reported.
            ports.entry(app.rack).or_default().extend(u16::try_from(port).map(|port| (port, protocol.to_owned())));
        }
    }
    ports
}

/// A rack with what it keeps until nobody uses it.
fn with_kept<'a>(rack: &'a Rack, step: &RackStep) -> Cow<'a, Rack> {
    let kept = &step.kept;
    if kept.routers.is_empty() && kept.balancers.is_empty() && !kept.port80 {
        return Cow::Borrowed(rack);
    }
    let mut rack = rack.clone();
    rack.params.internal |= kept.routers.contains(&Router::Internal);
    rack.params.internal_only &= !kept.routers.contains(&Router::Public);
    rack.params.port80 |= kept.port80;
    rack.params.nlb.is_on |= kept.balancers.contains(&Router::Public);
    rack.params.nlb_internal.is_on |= kept.balancers.contains(&Router::Internal);
    Cow::Owned(rack)
}

/// The lines above a template.
fn header(source: &str) -> Vec<String> {
    vec![
        format!("Written by `rackform compile` from {source}."),
        "Change the source and compile again; changes made here are lost.".to_owned(),
    ]
}
