//! Who goes the way: phase by phase, each stack as far as the account lets it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::account::{Account, Refusal};
use super::before::Before;
use super::kept::{Kept, kept, lasting};
use super::mark::{self, Mark};
use super::receivers::receivers;
use super::unit::Unit;
use super::{AppStep, Phase, RackStep, StepRule, places};
use crate::allocate::Allocation;
use crate::demand::{ROUTERS, Rule, keep_names};
use crate::diagnostics::Diagnostics;
use crate::fleet::{App, Fleet};
use crate::host::Host;
use crate::lock::{RuleKey, TargetGroup, TargetGroupKey};
use crate::routes::{Router, routers_of};
use crate::threads::Threads;

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

/// Where each stack is on the way.
pub(super) struct Traveller<'a> {
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

impl<'a> Traveller<'a> {
    /// Before the first phase: everything stands as before. What can never be taken from a rack is reported.
    pub(super) fn new(fleet: &'a Fleet, allocation: &'a Allocation, threads: Threads, out: &mut Diagnostics) -> Self {
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
        Self {
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
        }
    }

    pub(super) fn is_there(&self) -> bool {
        self.is_done.iter().all(|done| *done) && self.kept.iter().all(|kept| *kept == Kept::default())
    }

    /// A rack whose listed certificates are too many from the start.
    pub(super) fn overfull(&self) -> Option<(usize, Refusal)> {
        let racks = (0..self.fleet.racks.len()).filter(|at| !self.fleet.racks[*at].external);
        racks.flat_map(|at| ROUTERS.map(|router| (at, router))).find_map(|(at, router)| Some((at, self.account.overfull(at, router)?)))
    }

    /// Why each app that waits could not go on, by its place in the fleet.
    pub(super) fn refusals(&self) -> &BTreeMap<usize, Refusal> {
        &self.refusals
    }

    /// One pass over all stacks that are not as they should be; the first one takes those that are
    /// along.
    pub(super) fn phase(&mut self, threads: Threads) -> Phase {
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
