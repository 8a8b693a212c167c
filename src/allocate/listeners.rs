//! What answers on the listeners of the racks' routers: rules of ours and of others, and where none
//! matches the default action.

use std::collections::BTreeMap;

use super::Allocation;
use crate::answers::{Answers, Listener, Match};
use crate::demand::Rule;
use crate::fleet::{Fleet, Rack};
use crate::routes::Router;

/// The port of a router that redirects what no rule takes.
pub const HTTP: u16 = 80;
/// The port of a router that answers 404 to what no rule takes.
pub const HTTPS: u16 = 443;

/// Whose rule it is.
#[derive(Debug, Clone, Copy)]
pub enum Holder<'a> {
    /// It is ours, and leads to a service.
    Ours(&'a Rule),
    /// It stands in the lock as a rule of others; what it does is not known.
    Others,
}

/// The listeners of a fleet with their rules.
#[derive(Debug)]
pub struct Listeners<'a> {
    fleet: &'a Fleet,
    answers: Answers<Holder<'a>>,
    /// Numbers of others' rules whose conditions are not known.
    unknown: BTreeMap<Listener, Vec<u32>>,
}

/// What a listener does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The first rule that matches takes it.
    Rule,
    /// Its default action sends it to HTTPS.
    Redirect,
    /// Its default action answers 404.
    NotFound,
    /// Nobody listens there.
    NoListener,
}

/// A router that knows a host.
#[derive(Debug)]
pub struct Reply<'a> {
    /// The listener that was asked.
    pub listener: Listener,
    /// What it does.
    pub action: Action,
    /// The rule that answers: on this listener, or on port 443 where port 80 redirects or is closed.
    pub rule: Match<'a, Holder<'a>>,
    /// Rules of the same listener that would match too, in their order.
    pub later: Vec<Match<'a, Holder<'a>>>,
    /// Rules of others that come before all of these, and whose conditions are not known.
    pub unknown: Vec<u32>,
}

/// The ports that a rule of ours stands on.
pub fn ports(fleet: &Fleet, rule: &Rule) -> &'static [u16] {
    if fleet.apps[rule.app].params.redirect_https { &[HTTPS] } else { &[HTTP, HTTPS] }
}

impl<'a> Listeners<'a> {
    /// The listeners of a fleet.
    pub fn new(fleet: &'a Fleet, allocation: &'a Allocation) -> Self {
        let on = |rack: &str, router, port| Listener { rack: rack.to_owned(), router, port };
        let ours = allocation.rules.iter().flat_map(|rule| {
            let key = &rule.key;
            ports(fleet, rule)
                .iter()
                .map(move |port| (on(&key.rack, key.router, *port), rule.priority, rule.hosts.clone(), Holder::Ours(rule)))
        });
        let strangers = &allocation.lock.strangers;
        let others = strangers
            .iter()
            .map(|((rack, router, port, number), hosts)| (on(rack, *router, *port), *number, hosts.clone(), Holder::Others));
        let mut unknown: BTreeMap<Listener, Vec<u32>> = BTreeMap::new();
        for ((rack, router, port, number), _) in strangers.iter().filter(|(_, hosts)| hosts.is_empty()) {
            unknown.entry(on(rack, *router, *port)).or_default().push(*number);
        }
        Self { fleet, answers: Answers::new(ours.chain(others)), unknown }
    }

    /// Whether any rack has such a router.
    pub fn has(&self, router: Router) -> bool {
        self.fleet.racks.iter().any(|rack| router.is_on(rack))
    }

    /// The routers that know a host, in the order of racks: those with a rule for it on the port, and for
    /// port 80 also those with one on port 443.
    pub fn at(&self, router: Router, port: u16, host: &str) -> Vec<Reply<'_>> {
        let racks = self.fleet.racks.iter().filter(|rack| router.is_on(rack));
        let reply = |rack: &'a Rack| {
            let on = |port| Listener { rack: rack.name.clone(), router, port };
            let listener = on(port);
            let listens = router.ports(rack).contains(&port);
            let rules = if listens { self.answers.at(&listener, host) } else { Vec::new() };
            let (action, rules) = match port {
                _ if !rules.is_empty() => (Action::Rule, rules),
                HTTP => (if listens { Action::Redirect } else { Action::NoListener }, self.answers.at(&on(HTTPS), host)),
                _ => return None,
            };
            let mut rules = rules.into_iter();
            let rule = rules.next()?;
            let unknown = if listens { self.unknown(&listener) } else { &[] };
            let comes_first = |number: &u32| action != Action::Rule || *number < rule.priority;
            let unknown = unknown.iter().copied().filter(comes_first).collect();
            Some(Reply { listener, action, rule, later: rules.collect(), unknown })
        };
        racks.filter_map(reply).collect()
    }

    /// Numbers of others' rules on a listener whose conditions are not known, in their order.
    pub fn unknown(&self, listener: &Listener) -> &[u32] {
        self.unknown.get(listener).map_or(&[], Vec::as_slice)
    }

    /// What routers do with a host that none of them knows: the default action of those that listen.
    pub fn otherwise(&self, router: Router, port: u16) -> Action {
        let mut racks = self.fleet.racks.iter().filter(|rack| router.is_on(rack));
        match port {
            _ if !racks.any(|rack| router.ports(rack).contains(&port)) => Action::NoListener,
            HTTP => Action::Redirect,
            _ => Action::NotFound,
        }
    }
}
