//! The way from what is deployed to what is wanted. CloudFormation creates and updates before it
//! deletes, in any order that dependencies allow, and stacks come one after another; every moment
//! on the way must be deployable. Where one pass can't be, there are phases.
//!
//! What is deployed is read from the lock, which knows what its last generation changed. So a second
//! compile of the same input finds the same way.

mod account;
mod before;
mod mark;
mod unit;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use account::{Account, Refusal};
use before::Before;
use unit::Unit;

pub use mark::Mark;

use crate::allocate::Allocation;
use crate::demand::{AppCertificate, ROUTERS, Rule, keep_names};
use crate::diagnostics::codes::{ROUTER_IN_USE, TRANSITION};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{App, Fleet, Rack};
use crate::host::Host;
use crate::lock::{Lock, RuleKey, TargetGroup, TargetGroupKey};
use crate::routes::{Router, routers_of};
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

/// What a rack keeps until nobody uses it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Routers.
    pub routers: BTreeSet<Router>,
    /// The public router's listener on port 80.
    pub port80: bool,
    /// Network balancers, each by the router on its side.
    pub balancers: BTreeSet<Router>,
    /// ARNs of listed certificates.
    pub certificates: BTreeSet<(Router, String)>,
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
    let lock = &allocation.lock;
    let mut rules: Vec<Vec<usize>> = vec![Vec::new(); fleet.apps.len()];
    for (number, rule) in allocation.rules.iter().enumerate() {
        rules[rule.app].push(number);
    }
    let all: Vec<usize> = (0..fleet.apps.len()).collect();
    let wanted: Vec<Unit> = threads.map(&all, |at| Unit::wanted(fleet, allocation, *at, &rules[*at]));
    let last = lock.generation();
    let places = places(fleet);
    let before = Before::new(fleet, &places, lock, last, &wanted);
    let mut apps: Vec<Vec<usize>> = vec![Vec::new(); fleet.racks.len()];
    for (at, app) in fleet.apps.iter().enumerate() {
        apps[app.rack].push(at);
    }
    let kept: Vec<Kept> = (0..fleet.racks.len()).map(|at| kept(fleet, at, &apps[at], lock, last, &before, out)).collect();
    let mut traveller = Traveller {
        fleet,
        allocation,
        account: Account::new(fleet, &places, lock, last, &before, &wanted),
        is_done: vec![false; fleet.apps.len()],
        receivers: receivers(&places, lock, &wanted),
        lasting: fleet.racks.iter().map(|rack| lasting(rack, lock, last, &before)).collect(),
        current: before.units.into_iter().map(Arc::new).collect(),
        wanted: wanted.into_iter().map(Arc::new).collect(),
        rules,
        apps,
        kept,
        last,
        number: 0,
        changes: BTreeMap::new(),
        refusals: BTreeMap::new(),
    };
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
    for (at, refusal) in &traveller.refusals {
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

/// What a rack must keep for rules that still stand on it.
fn kept(fleet: &Fleet, at: usize, apps: &[usize], lock: &Lock, last: u32, before: &Before, out: &mut Diagnostics) -> Kept {
    let rack = &fleet.racks[at];
    let mut kept = Kept::default();
    if rack.external {
        return kept;
    }
    let standing = || apps.iter().flat_map(|at| &before.units[*at].rules);
    for router in ROUTERS.into_iter().filter(|router| !router.is_on(rack)) {
        if standing().any(|(key, _)| key.router == router) {
            kept.routers.insert(router);
        }
        let parameter = if router == Router::Public { "InternalOnly" } else { "Internal" };
        in_use(rack, before, |key, _| key.router == router, &format!("the {} router", router.word()), parameter, out);
    }
    if rack.has_router() && !rack.params.port80 {
        let on_80 = |key: &RuleKey, http: bool| key.router == Router::Public && http;
        kept.port80 = standing().any(|(key, stand)| on_80(key, stand.http));
        in_use(rack, before, on_80, "port 80", "DisableALBPort80", out);
    }
    for (router, settings) in [(Router::Public, &rack.params.nlb), (Router::Internal, &rack.params.nlb_internal)] {
        if settings.is_on {
            continue;
        }
        if apps.iter().any(|at| before.units[*at].on_balancer(router).next().is_some()) {
            kept.balancers.insert(router);
        }
        let user = before.gone_ports_on(&rack.name).iter().find(|key| key.router == router);
        if let Some(key) = user {
            let parameter = if router == Router::Public { "NLB" } else { "NLBInternal" };
            still_used(rack, &key.app, "ports", &format!("the {} network balancer", router.word()), parameter, out);
        }
    }
    // A certificate of an app takes the place of a listed one: the listed one goes when it stands.
    let own_is_new = lock.certificates_on(&rack.name).any(|(_, own)| own.since == last || own.changed == Some(last));
    if own_is_new {
        kept.certificates = taken(rack, lock, last);
    }
    kept
}

/// Listed certificates that stacks of apps that are gone may still need: nobody says when those are
/// deleted, so the certificates stay until the next change.
fn lasting(rack: &Rack, lock: &Lock, last: u32, before: &Before) -> BTreeSet<(Router, String)> {
    if rack.external || before.gone_on(&rack.name).is_empty() {
        return BTreeSet::new();
    }
    taken(rack, lock, last)
}

/// Listed certificates that the last generation took from the routers of a rack.
fn taken(rack: &Rack, lock: &Lock, last: u32) -> BTreeSet<(Router, String)> {
    let left = lock.shared_on(&rack.name).filter(|(_, known)| known.left == Some(last));
    left.map(|((_, router, arn), _)| (*router, arn.clone())).filter(|(router, _)| router.is_on(rack)).collect()
}

/// Refuse to remove what the stack of an app that is gone still imports: no phase deletes a stack.
fn in_use(rack: &Rack, before: &Before, uses: impl Fn(&RuleKey, bool) -> bool, what: &str, parameter: &str, out: &mut Diagnostics) {
    let user = before.gone_on(&rack.name).iter().find(|(key, stand)| uses(key, stand.http));
    if let Some((key, _)) = user {
        still_used(rack, &key.app, "rules", what, parameter, out);
    }
}

fn still_used(rack: &Rack, app: &str, by: &str, what: &str, parameter: &str, out: &mut Diagnostics) {
    out.report(
        Diagnostic::nowhere(&ROUTER_IN_USE, format!("{what} of `{}` is removed while {by} of `{app}` stand on it", rack.name))
            .note("the app is gone from the fleet; as far as the lock knows its stack still stands")
            .help(format!(
                "leave `{parameter}` as it was, deploy, and delete the stack (`aws cloudformation delete-stack --stack-name {}-{app}`); then change `{parameter}`",
                rack.name
            )),
    );
}

/// Hosts that were given away, with the apps that did, by rack and router.
type OnRouter<'a> = BTreeMap<(&'a str, Router), Vec<(&'a Host, &'a BTreeSet<usize>)>>;

/// For each app, the apps that take up hosts it gave away, as far back as the lock remembers; by
/// themselves, or by patterns around or names inside of them.
fn receivers(places: &Places<'_>, lock: &Lock, wanted: &[Unit]) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut given: BTreeMap<(&str, Router, &Host), BTreeSet<usize>> = BTreeMap::new();
    let left = lock.rules.iter().flat_map(|(key, rule)| rule.left.keys().map(move |host| (key, host)));
    let retired = lock.retired.values().flat_map(|gone| gone.hosts.iter().map(move |host| (&gone.key, host)));
    for (key, host) in left.chain(retired) {
        if let Some(giver) = places.get(&(key.rack.as_str(), key.app.as_str())) {
            given.entry((key.rack.as_str(), key.router, host)).or_default().insert(*giver);
        }
    }
    let mut receivers: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    if given.is_empty() {
        return receivers;
    }
    let mut patterns: OnRouter<'_> = BTreeMap::new();
    let mut all: OnRouter<'_> = BTreeMap::new();
    for ((rack, router, host), givers) in &given {
        all.entry((rack, *router)).or_default().push((host, givers));
        if host.is_wildcard() {
            patterns.entry((rack, *router)).or_default().push((host, givers));
        }
    }
    for (at, unit) in wanted.iter().enumerate() {
        for (key, stand) in &unit.rules {
            let router = (key.rack.as_str(), key.router);
            for host in &stand.hosts {
                let same = given.get(&(router.0, router.1, host)).into_iter().flatten();
                let near = if host.is_wildcard() { all.get(&router) } else { patterns.get(&router) };
                let near = near.into_iter().flatten().filter(|(other, _)| other.contains(host) || host.contains(other));
                for giver in same.chain(near.flat_map(|(_, givers)| *givers)).filter(|giver| **giver != at) {
                    receivers.entry(*giver).or_default().insert(at);
                }
            }
        }
    }
    receivers
}

/// A step that an app takes in a phase.
struct Taken {
    /// The app, by its place in the fleet.
    app: usize,
    /// What its stack is then.
    unit: Arc<Unit>,
    /// Rules that others of the stack wait for.
    waits: BTreeMap<RuleKey, BTreeSet<RuleKey>>,
    /// Whether it is what is wanted.
    is_final: bool,
}

struct Traveller<'a> {
    fleet: &'a Fleet,
    allocation: &'a Allocation,
    account: Account,
    /// Who has arrived shares what is wanted: those of a large fleet take room.
    current: Vec<Arc<Unit>>,
    wanted: Vec<Arc<Unit>>,
    /// Places of the wanted rules of each app in the allocation.
    rules: Vec<Vec<usize>>,
    /// The apps on each rack.
    apps: Vec<Vec<usize>>,
    kept: Vec<Kept>,
    /// Listed certificates that stay on each rack as long as this generation is the last.
    lasting: Vec<BTreeSet<(Router, String)>>,
    is_done: Vec<bool>,
    /// The last generation.
    last: u32,
    /// The phase that is made, from one.
    number: usize,
    /// The changes that take an app several phases, by its place.
    changes: BTreeMap<usize, String>,
    receivers: BTreeMap<usize, BTreeSet<usize>>,
    /// Why each app that waits could not go on.
    refusals: BTreeMap<usize, Refusal>,
}

impl Traveller<'_> {
    fn is_there(&self) -> bool {
        self.is_done.iter().all(|done| *done) && self.kept.iter().all(|kept| *kept == Kept::default())
    }

    /// A rack whose listed certificates are too many from the start.
    fn overfull(&self) -> Option<(usize, Refusal)> {
        let racks = (0..self.fleet.racks.len()).filter(|at| !self.fleet.racks[*at].external);
        racks.flat_map(|at| ROUTERS.map(|router| (at, router))).find_map(|(at, router)| Some((at, self.account.overfull(at, router)?)))
    }

    /// One pass over all stacks that are not as they should be; the first one takes those that are
    /// along.
    fn phase(&mut self, threads: Threads) -> Phase {
        self.number += 1;
        let racks = self.racks();
        let mut taken: Vec<Taken> = Vec::new();
        let waiting: Vec<usize> = (0..self.fleet.apps.len()).filter(|at| !self.is_done[*at]).collect();
        let mut blocked: Vec<usize> = Vec::new();
        for at in waiting {
            if self.has_receivers_waiting(at) || !self.finish(at, &mut taken) {
                blocked.push(at);
                continue;
            }
            self.retry(&mut blocked, true, &mut taken);
        }
        // What is left waits for itself: whatever helps is done, one stack at a time.
        loop {
            if self.retry(&mut blocked, false, &mut taken) {
                continue;
            }
            let Some(position) = blocked.iter().position(|at| self.go_halfway(*at, &mut taken)) else { break };
            blocked.remove(position);
        }
        let apps = threads.map(&taken, |taken| self.step(taken));
        Phase { racks, apps }
    }

    /// Finish whatever can be finished by now; whether anything was.
    fn retry(&mut self, blocked: &mut Vec<usize>, in_order: bool, taken: &mut Vec<Taken>) -> bool {
        let mut any = false;
        while let Some(position) = blocked.iter().position(|at| !(in_order && self.has_receivers_waiting(*at)) && self.finish(*at, taken)) {
            blocked.remove(position);
            any = true;
        }
        any
    }

    fn has_receivers_waiting(&self, at: usize) -> bool {
        self.receivers.get(&at).is_some_and(|receivers| receivers.iter().any(|receiver| !self.is_done[*receiver]))
    }

    /// Racks that are deployed in this phase.
    fn racks(&mut self) -> Vec<RackStep> {
        let ours = (0..self.fleet.racks.len()).filter(|at| !self.fleet.racks[*at].external);
        let (phase, last) = (self.number, self.last);
        let mark = |kept: &Kept| (*kept != Kept::default()).then(|| Mark { change: mark::of_rack(last, kept), phase });
        if phase == 1 {
            let with_lasting = |rack: usize| {
                let mut kept = self.kept[rack].clone();
                let mark = mark(&kept);
                kept.certificates.extend(self.lasting[rack].iter().cloned());
                RackStep { rack, kept, mark }
            };
            return ours.map(with_lasting).collect();
        }
        let released: Vec<usize> = ours.filter(|at| self.kept[*at] != Kept::default() && self.is_released(*at)).collect();
        let mut steps = Vec::new();
        for rack in released {
            let kept = std::mem::take(&mut self.kept[rack]);
            for (router, _) in kept.certificates.difference(&self.lasting[rack]) {
                self.account.detach(rack, *router);
            }
            let lasting = Kept { certificates: self.lasting[rack].clone(), ..Kept::default() };
            steps.push(RackStep { rack, kept: lasting, mark: mark(&kept) });
        }
        steps
    }

    /// Whether nobody uses what a rack has kept.
    fn is_released(&self, rack: usize) -> bool {
        let kept = &self.kept[rack];
        let on_it = || self.apps[rack].iter().copied();
        let rules = || on_it().flat_map(|at| &self.current[at].rules);
        let routers_are_free = rules().all(|(key, _)| !kept.routers.contains(&key.router));
        let port_is_free = !kept.port80 || rules().all(|(key, stand)| key.router != Router::Public || !stand.http);
        let on_balancers = || on_it().flat_map(|at| &self.current[at].ports);
        let balancers_are_free = on_balancers().all(|(router, _)| !kept.balancers.contains(router));
        routers_are_free && port_is_free && balancers_are_free && (kept.certificates.is_empty() || on_it().all(|at| self.is_done[at]))
    }

    /// Update an app to what it should be, if that is possible now.
    fn finish(&mut self, at: usize, taken: &mut Vec<Taken>) -> bool {
        let (current, wanted): (&Unit, &Unit) = (&self.current[at], &self.wanted[at]);
        let rack = self.fleet.apps[at].rack;
        let waits = wanted.waits(&self.allocation.lock);
        if current != wanted {
            if let Some(refusal) = self.account.refuses(rack, at, current, wanted, &waits) {
                self.refusals.insert(at, refusal);
                return false;
            }
            self.account.apply(rack, at, current, wanted);
            self.current[at] = Arc::clone(&self.wanted[at]);
        }
        self.refusals.remove(&at);
        self.is_done[at] = true;
        taken.push(Taken { app: at, unit: Arc::clone(&self.wanted[at]), waits, is_final: true });
        true
    }

    /// Update an app to something between what it is and what it should be, so that others can go on.
    fn go_halfway(&mut self, at: usize, taken: &mut Vec<Taken>) -> bool {
        let (current, wanted): (&Unit, &Unit) = (&self.current[at], &self.wanted[at]);
        let app = &self.fleet.apps[at];
        let has_service = |key: &RuleKey| {
            let service = app.manifest.services.iter().find(|service| service.name.value == key.service);
            service.is_some_and(|service| service.port.is_some() && routers_of(service).contains(&key.router))
        };
        let both = wanted.with_old(current, has_service);
        let mut candidates = match self.refusals.get(&at) {
            Some(Refusal::Host(..)) => vec![both.clone(), both.without_new(current)],
            _ => vec![wanted.without_new(current), both.without_new(current)],
        };
        // What changes the port alone works behind either target group.
        let works = |service: &str| self.replaced(app, service).is_some_and(|(was, is)| TargetGroup { port: is.port, ..was } == is);
        let waiting = std::iter::once(wanted).chain(&candidates).map(|next| next.with_old_target_groups(current, works));
        candidates.extend(waiting.collect::<Vec<_>>());
        for next in candidates.into_iter().filter(|next| next != current && next != wanted) {
            let waits = next.waits(&self.allocation.lock);
            if self.account.refuses(app.rack, at, current, &next, &waits).is_none() {
                self.account.apply(app.rack, at, current, &next);
                self.changes.entry(at).or_insert_with(|| mark::of_app(self.last, current, wanted));
                let unit = Arc::new(next);
                taken.push(Taken { app: at, unit: Arc::clone(&unit), waits, is_final: false });
                self.current[at] = unit;
                return true;
            }
        }
        false
    }

    /// What the target groups of a service were made of before the last replacement, and are since.
    fn replaced(&self, app: &App, service: &str) -> Option<(TargetGroup, TargetGroup)> {
        let key = TargetGroupKey { app: app.name.clone(), service: service.to_owned() };
        let group = self.allocation.lock.target_groups.get(&key)?;
        Some((group.was?.0, group.is))
    }

    /// An app's stack in one of its states.
    fn step(&self, taken: &Taken) -> AppStep {
        let Taken { app: at, ref unit, ref waits, is_final } = *taken;
        let app = &self.fleet.apps[at];
        let wanted: BTreeMap<&RuleKey, &Rule> =
            self.rules[at].iter().map(|number| &self.allocation.rules[*number]).map(|rule| (&rule.key, rule)).collect();
        let mut kept: Vec<&Host> = Vec::new();
        let mut rules = Vec::new();
        for (key, stand) in &unit.rules {
            let mut hosts: Vec<Host> = wanted.get(key).map_or(Vec::new(), |rule| rule.hosts.clone());
            hosts.retain(|host| stand.hosts.contains(host));
            let old: Vec<&Host> = stand.hosts.iter().filter(|host| !hosts.contains(host)).collect();
            hosts.extend(old.iter().map(|host| (*host).clone()));
            kept.extend(old);
            let service = app.manifest.services.iter().position(|service| service.name.value == key.service);
            let rule = Rule { key: key.clone(), app: at, service: service.unwrap_or_default(), hosts, priority: stand.priority };
            rules.push(StepRule { rule, http: stand.http, after: waits.get(key).into_iter().flatten().cloned().collect() });
        }
        let mut certificates = self.allocation.certificates.apps.get(&at).cloned().unwrap_or_default();
        if !is_final {
            keep_names(app, &self.fleet.racks[app.rack], &kept, &mut certificates);
        }
        let mut old_target_groups = BTreeMap::new();
        for (key, _) in unit.rules.iter().filter(|(_, stand)| stand.leads_to_old) {
            old_target_groups.extend(self.replaced(app, &key.service).map(|(was, _)| (key.service.clone(), was)));
        }
        let mark = self.changes.get(&at).map(|change| Mark { change: change.clone(), phase: self.number });
        AppStep { app: at, rules, certificates, ports: unit.ports.clone(), old_target_groups, mark }
    }
}
