//! What stands on the routers at one moment of the way, and whether a stack may be updated now.

use std::collections::{BTreeMap, BTreeSet};

use super::Places;
use super::before::Before;
use super::unit::Unit;
use crate::demand::{Ledger, Load, ROUTERS, WORDS, quota};
use crate::fleet::Fleet;
use crate::host::Host;
use crate::lock::{CertificateKey, Lock, RuleKey};
use crate::routes::Router;

/// Why a stack can't be updated at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A router would hold more of a kind than AWS allows: kind, peak, most.
    Quota(Router, usize, usize, usize),
    /// A router would hold more target groups than AWS allows while those of a service are replaced:
    /// service, peak, most.
    Replaced(Router, String, usize, usize),
    /// A number is still held by another rule.
    Number(Router, u32),
    /// A port of a network balancer is still held by another app.
    Port(Router, u16),
    /// The same, where the app is gone: its stack.
    PortOfGone(Router, u16, String),
    /// A host would be answered by nobody for a while.
    Host(Router, Host),
}

/// One router.
struct Shelf {
    quota: Load,
    held: Load,
    /// Who holds each number; apps that are gone have no place in the fleet.
    numbers: BTreeMap<u32, BTreeSet<Option<usize>>>,
    /// Who has each port of the network balancer on this side; ports of apps that are gone have a stack.
    ports: BTreeMap<u16, BTreeSet<usize>>,
    gone_ports: BTreeMap<u16, String>,
    /// Numbers of rules of others, each on its port.
    strangers: BTreeSet<(u16, u32)>,
    /// Which apps answer a host on port 443, and which on port 80.
    holders: [Holders; 2],
    /// Which apps answer a host in the end, on either port.
    wanted: [Holders; 2],
}

/// Routers of racks on which something changes.
pub(super) struct Account {
    shelves: BTreeMap<(usize, Router), Shelf>,
}

/// The hosts of a unit on a port: 443 first.
fn hosts(unit: &Unit, router: Router, port: usize) -> impl Iterator<Item = (&RuleKey, &BTreeSet<Host>)> {
    unit.on(router).filter(move |(_, stand)| port == 0 || stand.http).map(|(key, stand)| (key, &stand.hosts))
}

impl Account {
    pub(super) fn new(fleet: &Fleet, places: &Places<'_>, lock: &Lock, last: u32, before: &Before, wanted: &[Unit]) -> Self {
        let changed: BTreeSet<usize> =
            (0..fleet.apps.len()).filter(|at| before.units[*at] != wanted[*at]).map(|at| fleet.apps[at].rack).collect();
        let strangers = Ledger::new(lock);
        let mut shelves = BTreeMap::new();
        for rack in &changed {
            for router in ROUTERS {
                let name = &fleet.racks[*rack].name;
                let mut held = strangers.strangers(name, router);
                held.certificates +=
                    lock.shared_on(name).filter(|((_, at, _), known)| *at == router && known.left.is_none_or(|left| left == last)).count();
                let mut numbers: BTreeMap<u32, BTreeSet<Option<usize>>> = BTreeMap::new();
                for (_, stand) in before.gone_on(name).iter().filter(|(key, _)| key.router == router) {
                    held.rules += 1 + usize::from(stand.http);
                    numbers.entry(stand.priority).or_default().insert(None);
                }
                let services: BTreeSet<(&str, &str)> = before
                    .gone_on(name)
                    .iter()
                    .filter(|(key, _)| key.router == router)
                    .map(|(key, _)| (key.app.as_str(), key.service.as_str()))
                    .collect();
                held.target_groups += services.len();
                // So do their certificates; on which routers nobody knows.
                let is_standing =
                    |key: &CertificateKey| places.get(&(name.as_str(), key.app.as_str())).is_none_or(|at| !fleet.has_stack(*at));
                let left = lock.certificates_on(name).filter(|(_, own)| own.left == Some(last));
                held.certificates += left.filter(|(key, _)| is_standing(key)).count();
                let shelf = Shelf {
                    quota: quota(&fleet.racks[*rack]),
                    held,
                    numbers,
                    ports: BTreeMap::new(),
                    gone_ports: before
                        .gone_ports_on(name)
                        .iter()
                        .filter(|key| key.router == router)
                        .map(|key| (key.port, format!("{name}-{}", key.app)))
                        .collect(),
                    strangers: lock.strangers_on(name, router).map(|(_, _, port, number)| (*port, *number)).collect(),
                    holders: Default::default(),
                    wanted: Default::default(),
                };
                shelves.insert((*rack, router), shelf);
            }
        }
        let mut account = Self { shelves };
        for (at, app) in fleet.apps.iter().enumerate().filter(|(_, app)| changed.contains(&app.rack)) {
            account.apply(app.rack, at, &Unit::default(), &before.units[at]);
            for router in ROUTERS {
                let Some(shelf) = account.shelves.get_mut(&(app.rack, router)) else { continue };
                for port in 0..2 {
                    for host in hosts(&wanted[at], router, port).flat_map(|(_, hosts)| hosts) {
                        shelf.wanted[port].add(host, at);
                    }
                }
            }
        }
        account
    }

    /// Whether more stands on a router than AWS allows before any app is touched: racks come first.
    pub(super) fn overfull(&self, rack: usize, router: Router) -> Option<Refusal> {
        let shelf = self.shelves.get(&(rack, router))?;
        let (held, most) = (shelf.held.certificates, shelf.quota.certificates);
        (held > most).then_some(Refusal::Quota(router, 2, held, most))
    }

    /// Note that listed certificates were taken from a router.
    pub(super) fn detach(&mut self, rack: usize, router: Router) {
        if let Some(shelf) = self.shelves.get_mut(&(rack, router)) {
            shelf.held.certificates -= 1;
        }
    }

    /// Why an app can't be taken from one state to another now; creates and updates come in any order
    /// that `waits` allows, deletes last.
    pub(super) fn refuses(
        &self,
        rack: usize,
        at: usize,
        current: &Unit,
        next: &Unit,
        waits: &BTreeMap<RuleKey, BTreeSet<RuleKey>>,
    ) -> Option<Refusal> {
        ROUTERS.into_iter().find_map(|router| {
            let shelf = self.shelves.get(&(rack, router))?;
            shelf
                .over_quota(router, current, next)
                .or_else(|| shelf.number_in_use(router, at, current, next))
                .or_else(|| shelf.port_in_use(router, current, next))
                .or_else(|| (0..2).find_map(|port| shelf.unanswered(router, port, at, current, next, waits)))
        })
    }

    /// Take an app from one state to another.
    pub(super) fn apply(&mut self, rack: usize, at: usize, current: &Unit, next: &Unit) {
        for router in ROUTERS {
            let Some(shelf) = self.shelves.get_mut(&(rack, router)) else { continue };
            shelf.held.rules = shelf.held.rules + next.count(router) - current.count(router);
            shelf.held.target_groups = shelf.held.target_groups + next.target_groups(router).len() - current.target_groups(router).len();
            shelf.held.certificates = shelf.held.certificates + next.certificates(router).len() - current.certificates(router).len();
            for (_, stand) in current.on(router) {
                if let Some(who) = shelf.numbers.get_mut(&stand.priority) {
                    who.remove(&Some(at));
                }
            }
            for (_, stand) in next.on(router) {
                shelf.numbers.entry(stand.priority).or_default().insert(Some(at));
            }
            for port in current.on_balancer(router) {
                if let Some(who) = shelf.ports.get_mut(&port) {
                    who.remove(&at);
                }
            }
            for port in next.on_balancer(router) {
                shelf.ports.entry(port).or_default().insert(at);
            }
            for port in 0..2 {
                for host in hosts(current, router, port).flat_map(|(_, hosts)| hosts) {
                    shelf.holders[port].remove(host, at);
                }
                for host in hosts(next, router, port).flat_map(|(_, hosts)| hosts) {
                    shelf.holders[port].add(host, at);
                }
            }
        }
    }
}

/// Target groups of an app on a router while everything new is there and nothing old is gone, and a
/// service of which there are two then: its rules go over from one to the other one by one. A rule
/// that is the only one goes over at once.
fn target_groups<'a>(router: Router, current: &'a Unit, next: &'a Unit) -> (usize, Option<&'a str>) {
    let (before, after) = (current.target_groups(router), next.target_groups(router));
    let both: BTreeSet<(&str, bool)> = before.union(&after).copied().collect();
    let mut rules: BTreeMap<&str, BTreeSet<(&RuleKey, bool)>> = BTreeMap::new();
    for (key, stand) in current.on(router).chain(next.on(router)) {
        let of_service = rules.entry(&key.service).or_default();
        of_service.extend([(key, false)].into_iter().chain(stand.http.then_some((key, true))));
    }
    let is_replaced = |service: &&str| both.contains(&(service, true)) && both.contains(&(service, false));
    let (at_once, one_by_one): (Vec<&str>, Vec<&str>) =
        rules.keys().copied().filter(is_replaced).partition(|service| rules[service].len() == 1);
    (both.len() - at_once.len(), one_by_one.first().copied())
}

impl Shelf {
    /// What would stand on the router while everything new is there and nothing old is gone.
    fn over_quota(&self, router: Router, current: &Unit, next: &Unit) -> Option<Refusal> {
        let keys: BTreeSet<&RuleKey> = current.on(router).chain(next.on(router)).map(|(key, _)| key).collect();
        let is_http = |unit: &Unit, key: &RuleKey| unit.rules.get(key).is_some_and(|stand| stand.http);
        let rules: usize = keys.iter().map(|key| 1 + usize::from(is_http(current, key) || is_http(next, key))).sum();
        let (target_groups, replaced) = target_groups(router, current, next);
        let certificates = current.certificates(router).union(&next.certificates(router)).count();
        let own = [current.count(router), current.target_groups(router).len(), current.certificates(router).len()];
        let (held, most) = (self.held.kinds(), self.quota.kinds());
        [rules, target_groups, certificates].into_iter().enumerate().find_map(|(kind, both)| {
            let peak = held[kind] - own[kind] + both;
            let refusal = || match replaced {
                Some(service) if kind == 1 => Refusal::Replaced(router, service.to_owned(), peak, most[kind]),
                _ => Refusal::Quota(router, kind, peak, most[kind]),
            };
            (peak > most[kind] && both > own[kind]).then(refusal)
        })
    }

    /// A number of a new rule that another rule still holds.
    fn number_in_use(&self, router: Router, at: usize, current: &Unit, next: &Unit) -> Option<Refusal> {
        let is_new = |key: &RuleKey, http: bool| current.rules.get(key).is_none_or(|known| http && !known.http);
        next.on(router).filter(|(key, stand)| is_new(key, stand.http)).find_map(|(key, stand)| {
            let others = self.numbers.get(&stand.priority).is_some_and(|who| who.iter().any(|who| *who != Some(at)));
            let own = current.on(router).any(|(other, known)| other != key && known.priority == stand.priority);
            let on = |port: u16| self.strangers.contains(&(port, stand.priority));
            (others || own || on(443) || (stand.http && on(80))).then_some(Refusal::Number(router, stand.priority))
        })
    }

    /// A new port of the network balancer that another app still has.
    fn port_in_use(&self, router: Router, current: &Unit, next: &Unit) -> Option<Refusal> {
        next.on_balancer(router).filter(|port| !current.ports.contains(&(router, *port))).find_map(|port| {
            let gone = self.gone_ports.get(&port).map(|stack| Refusal::PortOfGone(router, port, stack.clone()));
            gone.or_else(|| self.ports.get(&port).is_some_and(|who| !who.is_empty()).then_some(Refusal::Port(router, port)))
        })
    }

    /// A host that is answered before and in the end, and by nobody in between. A pattern answers
    /// what is inside of it.
    fn unanswered(
        &self,
        router: Router,
        port: usize,
        at: usize,
        current: &Unit,
        next: &Unit,
        waits: &BTreeMap<RuleKey, BTreeSet<RuleKey>>,
    ) -> Option<Refusal> {
        let next_has =
            |key: &RuleKey, host: &Host| next.rules.get(key).is_some_and(|stand| (port == 0 || stand.http) && stand.hosts.contains(host));
        for (key, before) in hosts(current, router, port) {
            // A rule that goes answers until everything else is done.
            let goes = next.rules.get(key).is_none_or(|stand| port == 1 && !stand.http);
            for dropped in before.iter().filter(|host| !next_has(key, host)) {
                for host in self.needed(port, dropped) {
                    // Who takes the same pattern up takes its certificate up too; one around it may not.
                    let is_same = host == dropped && self.wanted[port].has(host);
                    let answers = |held: &Host| held == host || (!is_same && held.contains(host));
                    let next_answers = |key: &RuleKey| {
                        next.rules.get(key).is_some_and(|stand| (port == 0 || stand.http) && stand.hosts.iter().any(answers))
                    };
                    let elsewhere = self.holders[port].any(host, is_same, Some(at));
                    let in_next = || hosts(next, router, port).any(|(key, _)| next_answers(key));
                    let stays = || {
                        hosts(current, router, port).any(|(other, hosts)| hosts.iter().any(|held| answers(held) && next_has(other, held)))
                    };
                    let waited = || waits.get(key).into_iter().flatten().any(next_answers);
                    if !(elsewhere || (goes && in_next()) || stays() || waited()) {
                        return Some(Refusal::Host(router, host.clone()));
                    }
                }
            }
        }
        None
    }

    /// The hosts that somebody must answer when one is dropped: itself, if it is wanted in the end,
    /// and what is wanted of those inside of it.
    fn needed<'a>(&'a self, port: usize, dropped: &'a Host) -> impl Iterator<Item = &'a Host> {
        let itself = self.wanted[port].any(dropped, false, None).then_some(dropped);
        itself.into_iter().chain(self.wanted[port].inside(dropped))
    }
}

/// Hosts with the apps that hold them.
#[derive(Default)]
struct Holders {
    exact: BTreeMap<Host, BTreeSet<usize>>,
    patterns: BTreeMap<Host, BTreeSet<usize>>,
}

impl Holders {
    fn of(&mut self, host: &Host) -> &mut BTreeMap<Host, BTreeSet<usize>> {
        if host.is_wildcard() { &mut self.patterns } else { &mut self.exact }
    }

    fn add(&mut self, host: &Host, app: usize) {
        self.of(host).entry(host.clone()).or_default().insert(app);
    }

    fn remove(&mut self, host: &Host, app: usize) {
        if let Some(who) = self.of(host).get_mut(host) {
            who.remove(&app);
        }
    }

    /// Whether somebody has the host itself.
    fn has(&self, host: &Host) -> bool {
        self.any(host, true, None)
    }

    /// Whether an app, or one but this one, has the host, or unless it must be the same, a pattern
    /// around it.
    fn any(&self, host: &Host, is_same: bool, but: Option<usize>) -> bool {
        let holds = |who: &BTreeSet<usize>| who.iter().any(|app| Some(*app) != but);
        let itself = if host.is_wildcard() { &self.patterns } else { &self.exact };
        itself.get(host).is_some_and(holds) || (!is_same && self.patterns.iter().any(|(pattern, who)| pattern.contains(host) && holds(who)))
    }

    /// The hosts inside of a pattern.
    fn inside<'a>(&'a self, pattern: &'a Host) -> impl Iterator<Item = &'a Host> {
        let is_inside = move |(host, who): &(&Host, &BTreeSet<usize>)| !who.is_empty() && *host != pattern && pattern.contains(host);
        let all = pattern.is_wildcard().then(|| self.exact.iter().chain(&self.patterns).filter(is_inside).map(|(host, _)| host));
        all.into_iter().flatten()
    }
}

impl Refusal {
    /// The refusal in words.
    pub(super) fn sentence(&self) -> String {
        match self {
            Refusal::Quota(router, kind, peak, most) => format!(
                "the {} router would hold {peak} {} during the update, and AWS allows {most}: CloudFormation creates before it deletes",
                router.word(),
                WORDS[*kind]
            ),
            Refusal::Replaced(router, service, peak, most) => format!(
                "the {} router would hold {peak} target groups during the update, and AWS allows {most}: with another `port` or other targets CloudFormation makes another target group, and the rules of `{service}` go over to it one by one",
                router.word()
            ),
            Refusal::Number(router, number) => {
                format!("the number {number} of the {} router is in use until another rule is gone", router.word())
            }
            Refusal::Port(router, port) => {
                format!("the port {port} of the {} network balancer is in use until another app is without it", router.word())
            }
            Refusal::PortOfGone(router, port, stack) => format!(
                "the stack `{stack}` of an app that is gone has the port {port} of the {} network balancer until it is deleted",
                router.word()
            ),
            Refusal::Host(router, host) => {
                format!("nobody would answer {} on the {} router for a while", host.shown(), router.word())
            }
        }
    }

    /// What to do about it.
    pub(super) fn help(&self) -> String {
        match self {
            Refusal::Quota(_, 0, ..) => {
                "first deploy what is removed, then compile with what is added; or let AWS raise the quota L-7EED9B64 and write `quotas` for the rack".into()
            }
            Refusal::Quota(_, 2, ..) => {
                "change fewer domains at once, list a certificate for them under `certificates` of the rack, or let AWS raise the quota L-9365A611 and write `quotas` for the rack".into()
            }
            Refusal::Replaced(_, service, ..) => format!(
                "first make room, and deploy: remove a service from this router or move an app to another rack (`rackform move`); then change `{service}`. AWS does not raise this quota"
            ),
            Refusal::PortOfGone(_, port, stack) => format!(
                "compile without the port {port} first, deploy, and delete the stack (`aws cloudformation delete-stack --stack-name {stack}`); then compile with it"
            ),
            Refusal::Quota(..) | Refusal::Number(..) | Refusal::Port(..) => "first deploy what is removed, then compile with what is added".into(),
            Refusal::Host(..) => {
                "move fewer hosts at once: first those that only one of the apps gives up, and the others once that is deployed".into()
            }
        }
    }
}
