//! Who answers at an address, and why: which listener, rule, service and target group. A pure function
//! of what was decided of a fleet.

mod address;
mod answer;
mod listing;
mod notes;
mod text;

pub use address::Address;
pub use answer::{AtRouter, Does, OnListener, Resolution, RuleAnswer, Service, Stickiness, TargetGroup};
pub use listing::{Entry, list};
pub use text::table;

use crate::allocate::{Action, Allocation, HTTP, HTTPS, Holder, Listeners, Reply};
use crate::answers::{Listener, Match};
use crate::demand::Rule;
use crate::fleet::Fleet;
use crate::lower::{self, listener_export};
use crate::routes::Router;

/// The cookie that keeps a client with a target where `stickiness.type` is `lb_cookie`. Application Load
/// Balancers choose its name.
const COOKIE: &str = "AWSALB";

/// A fleet that can be asked.
#[derive(Debug)]
pub struct Resolver<'a> {
    fleet: &'a Fleet,
    allocation: &'a Allocation,
    listeners: Listeners<'a>,
}

/// What the action of a listener is called.
fn does(action: Action) -> Does {
    match action {
        Action::Rule => Does::Forward,
        Action::Redirect => Does::Redirect,
        Action::NotFound => Does::NotFound,
        Action::NoListener => Does::NoListener,
    }
}

impl<'a> Resolver<'a> {
    /// Make ready to answer.
    pub fn new(fleet: &'a Fleet, allocation: &'a Allocation) -> Self {
        Self { fleet, allocation, listeners: Listeners::new(fleet, allocation) }
    }

    /// Who answers at an address on the public routers, or on the internal ones.
    pub fn ask(&self, address: &Address, router: Router) -> Resolution {
        let port = address.port();
        let otherwise = if self.listeners.has(router) { does(self.listeners.otherwise(router, port)) } else { Does::NoRouter };
        let is_misunderstood = address.is_contradiction() && !matches!(otherwise, Does::NoListener | Does::NoRouter);
        let otherwise = if is_misunderstood { Does::OtherProtocol } else { otherwise };
        let replies = if address.is_contradiction() { Vec::new() } else { self.listeners.at(router, port, address.host()) };
        let routers: Vec<AtRouter> = replies.iter().map(|reply| self.at_router(address, reply)).collect();
        // A router that knows the host and does not answer is the one that DNS leads to.
        let answers = |does: Does| matches!(does, Does::Forward | Does::Others | Does::Redirect);
        let is_answered = if routers.is_empty() { answers(otherwise) } else { routers.iter().any(|at| answers(at.does)) };
        Resolution {
            url: address.to_string(),
            host: address.host().to_owned(),
            port,
            router: router.word(),
            is_answered,
            notes: self.notes(address, router, &routers),
            routers,
            otherwise,
        }
    }

    fn at_router(&self, address: &Address, reply: &Reply<'_>) -> AtRouter {
        let Listener { rack, router, port } = &reply.listener;
        let does = match (reply.action, reply.rule.target) {
            (Action::Rule, Holder::Others) => Does::Others,
            (action, _) => does(action),
        };
        // What port 80 does not take itself is for port 443.
        let asked = if reply.action == Action::Rule { *port } else { HTTPS };
        let answer = |found| self.rule(rack, *router, asked, found);
        AtRouter {
            rack: rack.clone(),
            router: router.word(),
            does,
            listener: (does != Does::NoListener).then(|| OnListener { port: *port, export: listener_export(rack, *router, *port == HTTP) }),
            location: (does == Does::Redirect).then(|| address.redirected().to_string()),
            rule: answer(&reply.rule),
            later: reply.later.iter().map(answer).collect(),
            unknown: reply.unknown.clone(),
        }
    }

    fn rule(&self, rack: &str, router: Router, port: u16, found: &Match<'_, Holder<'_>>) -> RuleAnswer {
        let http = port == HTTP;
        RuleAnswer {
            listener: listener_export(rack, router, http),
            priority: found.priority,
            host: found.host.shown(),
            class: if found.host.is_wildcard() { "wildcard" } else { "exact" },
            service: match found.target {
                Holder::Ours(rule) => self.service(rule, http),
                Holder::Others => None,
            },
        }
    }

    fn service(&self, rule: &Rule, http: bool) -> Option<Service> {
        let lower::RuleInStack { stack, id, target_group } = lower::rule_in_stack(self.fleet, &self.allocation.lock, rule, http)?;
        Some(Service {
            app: rule.key.app.clone(),
            service: rule.key.service.clone(),
            rule: rule.key.to_string(),
            stack,
            id,
            stickiness: target_group.sticky_for.map(|seconds| Stickiness { cookie: COOKIE, seconds }),
            target_group: TargetGroup {
                id: target_group.id,
                scheme: target_group.scheme.word(),
                protocol: target_group.protocol,
                protocol_version: target_group.protocol_version,
                port: target_group.port,
                target_type: target_group.target_type,
                health_check_path: target_group.path,
            },
        })
    }
}
