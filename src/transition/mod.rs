//! The way from what is deployed to what is wanted. CloudFormation creates and updates before it
//! deletes, in any order that dependencies allow, and stacks come one after another; every moment
//! on the way must be deployable. Where one pass can't be, there are phases.
//!
//! What is deployed is read from the lock, which knows what its last generation changed. So a second
//! compile of the same input finds the same way.

mod account;
mod before;
mod kept;
mod mark;
mod receivers;
mod traveller;
mod unit;

pub use kept::Kept;
pub use mark::Mark;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use account::Refusal;
use traveller::Traveller;

use crate::allocate::Allocation;
use crate::demand::{AppCertificate, Rule};
use crate::diagnostics::codes::TRANSITION;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::Fleet;
use crate::lock::{RuleKey, TargetGroup};
use crate::routes::Router;
use crate::threads::Threads;

/// Phases that are tried before a way is given up. What can be taken apart at all takes two; one
/// more where something must be freed before that.
const MOST_PHASES: usize = 4;

/// The stacks of each phase in the order of their deployment.
#[derive(Debug, Default)]
pub struct Way {
    /// One phase, or more where one can't do it.
    pub phases: Vec<Phase>,
}

/// A pass over stacks. The first phase has every stack that can be deployed in it, a later one those
/// that it changes.
#[derive(Debug, Default)]
pub struct Phase {
    /// Racks, which come first.
    pub racks: Vec<RackStep>,
    /// Apps in the order of their deployment.
    pub apps: Vec<AppStep>,
}

/// A rack in a phase.
#[derive(Debug, Clone)]
pub struct RackStep {
    /// The rack, by its place in the fleet.
    pub rack: usize,
    /// What it keeps in this phase although it is not wanted any more.
    pub kept: Kept,
    /// Which step it is, where it takes several.
    pub mark: Option<Mark>,
}

/// An app in a phase.
#[derive(Debug, Clone)]
pub struct AppStep {
    /// The app, by its place in the fleet.
    pub app: usize,
    /// Its rules in this phase.
    pub rules: Vec<StepRule>,
    /// Its certificates in this phase.
    pub certificates: Vec<AppCertificate>,
    /// Its ports of network balancers in this phase, each by the router on the balancer's side.
    pub ports: BTreeSet<(Router, u16)>,
    /// What the target groups of services are made of that others take the place of in a later phase.
    pub old_target_groups: BTreeMap<String, TargetGroup>,
    /// Which step it is, where it takes several.
    pub mark: Option<Mark>,
}

/// An app is the same wherever it stands in the fleet.
impl Hash for AppStep {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { app: _, rules, certificates, ports, old_target_groups, mark } = self;
        (rules, certificates, ports, old_target_groups, mark).hash(state);
    }
}

/// A rule in a phase.
#[derive(Debug, Clone, Hash)]
pub struct StepRule {
    /// The rule.
    pub rule: Rule,
    /// Whether it stands on port 80 too.
    pub http: bool,
    /// Rules that must be updated before it.
    pub after: Vec<RuleKey>,
}

/// Find the way.
pub fn way(fleet: &Fleet, allocation: &Allocation, threads: Threads, out: &mut Diagnostics) -> Way {
    let mut traveller = Traveller::new(fleet, allocation, threads, out);
    let mut way = Way::default();
    if let Some((rack, refusal)) = traveller.overfull() {
        report(&format!("the rack `{}`", fleet.racks[rack].name), &refusal, out);
        return way;
    }
    while way.phases.len() < MOST_PHASES {
        let is_first = way.phases.is_empty();
        let phase = traveller.phase(threads);
        let is_idle = phase.apps.is_empty() && phase.racks.is_empty();
        if !is_idle || is_first {
            way.phases.push(phase);
        }
        if traveller.is_there() {
            return way;
        }
        if is_idle {
            break;
        }
    }
    for (at, refusal) in traveller.refusals() {
        let app = &fleet.apps[*at];
        report(&format!("the stack `{}-{}`", fleet.racks[app.rack].name, app.name), refusal, out);
    }
    way
}

/// Places of apps in the fleet, by rack and name.
type Places<'a> = BTreeMap<(&'a str, &'a str), usize>;

fn places(fleet: &Fleet) -> Places<'_> {
    fleet.apps.iter().enumerate().map(|(at, app)| ((fleet.racks[app.rack].name.as_str(), app.name.as_str()), at)).collect()
}

/// Say that there is no way for a stack.
fn report(what: &str, refusal: &Refusal, out: &mut Diagnostics) {
    out.report(
        Diagnostic::nowhere(&TRANSITION, format!("no order of updates takes {what} from what is deployed to what is wanted"))
            .note(refusal.sentence())
            .help(refusal.help()),
    );
}
