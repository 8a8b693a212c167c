//! One app on a rack at one moment: its rules and certificates, as far as a router sees them.

use std::collections::{BTreeMap, BTreeSet};

use crate::allocate::Allocation;
use crate::demand::fits;
use crate::fleet::Fleet;
use crate::host::Host;
use crate::lock::{Lock, RuleKey};
use crate::routes::Router;

/// A rule at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) priority: u32,
    pub(super) hosts: BTreeSet<Host>,
    /// Whether it stands on port 80 too.
    pub(super) http: bool,
    /// Whether it leads to a target group that another one takes the place of.
    pub(super) leads_to_old: bool,
}

/// One app on a rack at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) rules: BTreeMap<RuleKey, Stand>,
    /// Certificates on routers, by what tells them apart.
    pub(super) certificates: BTreeSet<(Router, String)>,
    /// Ports of network balancers, each by the router on its side.
    pub(super) ports: BTreeSet<(Router, u16)>,
}

impl Unit {
    /// The app as it should be.
    pub(super) fn wanted(fleet: &Fleet, allocation: &Allocation, at: usize, rules: &[usize]) -> Self {
        let app = &fleet.apps[at];
        let stand = |number: &usize| {
            let rule = &allocation.rules[*number];
            let hosts = rule.hosts.iter().cloned().collect();
            (rule.key.clone(), Stand { priority: rule.priority, hosts, http: !app.params.redirect_https, leads_to_old: false })
        };
        let own = allocation.certificates.apps.get(&at).into_iter().flatten();
        let certificates = own.flat_map(|own| {
            let mut names = own.names.clone();
            names.sort();
            own.routers.iter().map(move |router| (*router, names.join(" ")))
        });
        let ports = allocation.lock.ports_of(&fleet.racks[app.rack].name, &app.name).filter(|(_, port)| port.left.is_none());
        Self {
            rules: rules.iter().map(stand).collect(),
            certificates: certificates.collect(),
            ports: ports.map(|(key, _)| (key.router, key.port)).collect(),
        }
    }

    /// What it is, a line each. The same in every version of this program: marks are made of it.
    pub(super) fn text(&self) -> String {
        let rule = |(key, stand): (&RuleKey, &Stand)| {
            let hosts: Vec<&str> = stand.hosts.iter().map(Host::as_str).collect();
            format!("{key} {} {} {} {}\n", stand.priority, stand.http, stand.leads_to_old, hosts.join(" "))
        };
        let certificates = self.certificates.iter().map(|(router, names)| format!("{} {names}\n", router.word()));
        let ports = self.ports.iter().map(|(router, port)| format!("{} {port}\n", router.word()));
        self.rules.iter().map(rule).chain(certificates).chain(ports).collect()
    }

    /// Rules over both ports of a router.
    pub(super) fn count(&self, router: Router) -> usize {
        self.on(router).map(|(_, stand)| 1 + usize::from(stand.http)).sum()
    }

    /// Target groups that rules on a router lead to: each by its service, and whether it is an old one.
    pub(super) fn target_groups(&self, router: Router) -> BTreeSet<(&str, bool)> {
        self.on(router).map(|(key, stand)| (key.service.as_str(), stand.leads_to_old)).collect()
    }

    /// Certificates on a router.
    pub(super) fn certificates(&self, router: Router) -> BTreeSet<&str> {
        self.certificates.iter().filter(|(on, _)| *on == router).map(|(_, names)| names.as_str()).collect()
    }

    /// Its rules on a router.
    pub(super) fn on(&self, router: Router) -> impl Iterator<Item = (&RuleKey, &Stand)> {
        self.rules.iter().filter(move |(key, _)| key.router == router)
    }

    /// Its ports on the network balancer on the side of a router.
    pub(super) fn on_balancer(&self, router: Router) -> impl Iterator<Item = u16> {
        self.ports.iter().filter(move |(on, _)| *on == router).map(|(_, port)| *port)
    }

    /// Which rules must be updated before which: one that gives a host away waits for the one of the
    /// same app that takes it up, be it by a pattern around it or by a name inside of it. Circles
    /// are left out.
    pub(super) fn waits(&self, lock: &Lock) -> BTreeMap<RuleKey, BTreeSet<RuleKey>> {
        let mut waits: BTreeMap<RuleKey, BTreeSet<RuleKey>> = BTreeMap::new();
        for key in self.rules.keys() {
            for given in lock.rules.get(key).into_iter().flat_map(|locked| locked.left.keys()) {
                let takes = |held: &Host| held == given || held.contains(given) || given.contains(held);
                let receivers = self.on(key.router).filter(|(other, stand)| *other != key && stand.hosts.iter().any(takes));
                for (receiver, _) in receivers {
                    if !leads_to(&waits, receiver, key) {
                        waits.entry(key.clone()).or_default().insert(receiver.clone());
                    }
                }
            }
        }
        waits
    }

    /// As it should be, but for what is new: rules and ports that do not stand yet come later.
    pub(super) fn without_new(&self, current: &Unit) -> Self {
        let mut unit = self.clone();
        unit.ports.retain(|port| current.ports.contains(port));
        unit.rules.retain(|key, stand| {
            let known = current.rules.get(key);
            stand.http &= known.is_some_and(|known| known.http);
            known.is_some()
        });
        unit
    }

    /// The same with the old target groups of those services that work behind them too.
    pub(super) fn with_old_target_groups(&self, current: &Unit, works: impl Fn(&str) -> bool) -> Self {
        let is_old = |(key, stand): &(&RuleKey, &Stand)| stand.leads_to_old && works(&key.service);
        let old: BTreeSet<&str> = current.rules.iter().filter(is_old).map(|(key, _)| key.service.as_str()).collect();
        let mut unit = self.clone();
        for (key, stand) in &mut unit.rules {
            stand.leads_to_old |= old.contains(key.service.as_str());
        }
        unit
    }

    /// As it should be, and with the hosts that it still answers and that others have not taken up.
    /// Rules of services that are gone can't be kept: nothing knows their target group. Nor can ports,
    /// of which nothing knows where they led to.
    pub(super) fn with_old(&self, current: &Unit, has_service: impl Fn(&RuleKey) -> bool) -> Self {
        let mut unit = self.clone();
        unit.certificates.extend(current.certificates.iter().cloned());
        for (key, before) in &current.rules {
            match unit.rules.get_mut(key) {
                Some(stand) => {
                    let missing: Vec<&Host> = before.hosts.difference(&stand.hosts).collect();
                    let mut all: Vec<Host> = stand.hosts.iter().cloned().collect();
                    let fit = missing.iter().all(|host| {
                        let fits = fits(&all, host);
                        all.push((*host).clone());
                        fits
                    });
                    stand.hosts = if fit { all.into_iter().collect() } else { before.hosts.clone() };
                    stand.http |= before.http;
                }
                None if has_service(key) => {
                    unit.rules.insert(key.clone(), Stand { leads_to_old: false, ..before.clone() });
                }
                None => {}
            }
        }
        unit
    }
}

/// Whether a rule waits for another one, directly or not.
fn leads_to(waits: &BTreeMap<RuleKey, BTreeSet<RuleKey>>, from: &RuleKey, to: &RuleKey) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(key) = open.pop() {
        if key == to {
            return true;
        }
        if seen.insert(key) {
            open.extend(waits.get(key).into_iter().flatten());
        }
    }
    false
}
