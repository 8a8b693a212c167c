//! How full the routers of racks are, and of what.

use std::collections::{BTreeMap, BTreeSet};

use super::{Certificates, Demand, Load, Rule, listeners};
use crate::fleet::{Fleet, Rack};
use crate::lock::Lock;
use crate::routes::Router;

/// Distinct target groups of one router. Quota `target-groups-per-application-load-balancer`, not
/// adjustable.
pub const TARGET_GROUPS: usize = 100;

/// The two routers, as loads are listed.
pub const ROUTERS: [Router; 2] = [Router::Public, Router::Internal];

/// What stands on the routers of racks, by the name of the rack.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    racks: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    own: [Load; 2],
    shared: BTreeSet<(Router, String)>,
    /// What others put on the routers.
    strangers: [Load; 2],
}

/// What a router may hold.
pub fn quota(rack: &Rack) -> Load {
    Load { rules: rack.quotas.rules, target_groups: TARGET_GROUPS, certificates: rack.quotas.certificates }
}

impl Ledger {
    /// Racks on which only others have put something.
    pub fn new(lock: &Lock) -> Self {
        let mut ledger = Self::default();
        for (rack, router, _, _) in lock.strangers.keys() {
            ledger.entry(rack).strangers[*router as usize].rules += 1;
        }
        for (rack, router, _) in &lock.stranger_certificates {
            ledger.entry(rack).strangers[*router as usize].certificates += 1;
        }
        ledger
    }

    /// The racks of a fleet with what was given out.
    pub fn of(fleet: &Fleet, rules: &[Rule], certificates: &Certificates, lock: &Lock) -> Self {
        let mut ledger = Self::new(lock);
        let mut target_groups = BTreeSet::new();
        for rule in rules {
            let load = &mut ledger.entry(&rule.key.rack).own[rule.key.router as usize];
            load.rules += listeners(&fleet.apps[rule.app]);
            load.target_groups += usize::from(target_groups.insert((rule.app, rule.service, rule.key.router)));
        }
        for (app, own) in &certificates.apps {
            let entry = ledger.entry(&fleet.racks[fleet.apps[*app].rack].name);
            for router in own.iter().flat_map(|certificate| &certificate.routers) {
                entry.own[*router as usize].certificates += 1;
            }
        }
        for ((rack, router), arns) in &certificates.shared {
            let entry = ledger.entry(&fleet.racks[*rack].name);
            entry.shared.extend(arns.iter().map(|arn| (*router, arn.clone())));
        }
        ledger
    }

    fn entry(&mut self, rack: &str) -> &mut Entry {
        if !self.racks.contains_key(rack) {
            self.racks.insert(rack.to_owned(), Entry::default());
        }
        self.racks.get_mut(rack).expect("it was put there")
    }

    /// Put an app on a rack.
    pub fn add(&mut self, rack: &str, demand: &Demand) {
        let entry = self.entry(rack);
        for (load, more) in entry.own.iter_mut().zip(&demand.routers) {
            load.rules += more.rules;
            load.target_groups += more.target_groups;
            load.certificates += more.certificates;
        }
        entry.shared.extend(demand.shared.iter().cloned());
    }

    /// What apps have on a router for themselves alone.
    pub fn own(&self, rack: &str, router: Router) -> Load {
        self.racks.get(rack).map_or(Load::default(), |entry| entry.own[router as usize])
    }

    /// What a router holds.
    pub fn load(&self, rack: &str, router: Router) -> Load {
        let Some(entry) = self.racks.get(rack) else { return Load::default() };
        let (own, strangers) = (entry.own[router as usize], entry.strangers[router as usize]);
        Load {
            rules: own.rules + strangers.rules,
            target_groups: own.target_groups,
            certificates: own.certificates + strangers.certificates + entry.shared.iter().filter(|(on, _)| *on == router).count(),
        }
    }

    /// The listed certificates that apps on a rack need.
    pub fn shared<'a>(&'a self, rack: &str) -> impl Iterator<Item = &'a (Router, String)> + use<'a> {
        self.racks.get(rack).into_iter().flat_map(|entry| &entry.shared)
    }

    /// What others hold of a router.
    pub fn strangers(&self, rack: &str, router: Router) -> Load {
        self.racks.get(rack).map_or(Load::default(), |entry| entry.strangers[router as usize])
    }

    /// What a router would hold with one more app on it.
    pub fn with(&self, rack: &str, router: Router, demand: &Demand) -> Load {
        let new = |known: Option<&Entry>| {
            demand.shared.iter().filter(|(on, _)| *on == router).filter(|shared| known.is_none_or(|e| !e.shared.contains(shared))).count()
        };
        let (load, more) = (self.load(rack, router), demand.routers[router as usize]);
        Load {
            rules: load.rules + more.rules,
            target_groups: load.target_groups + more.target_groups,
            certificates: load.certificates + more.certificates + new(self.racks.get(rack)),
        }
    }

    /// Whether a rack has room for an app; what the app does not ask for does not count.
    pub fn fits(&self, rack: &Rack, quota: Load, demand: &Demand) -> bool {
        self.fits_without(rack, quota, demand, &Demand::default())
    }

    /// Whether it would have room if another app left it. Listed certificates stay: who else needs them
    /// is another question.
    pub fn fits_without(&self, rack: &Rack, quota: Load, demand: &Demand, leaving: &Demand) -> bool {
        ROUTERS.into_iter().all(|router| {
            let (before, after) = (self.load(&rack.name, router), self.with(&rack.name, router, demand));
            let (before, after, left) = (before.kinds(), after.kinds(), leaving.routers[router as usize].kinds());
            (0..WORDS.len()).all(|kind| after[kind] == before[kind] || after[kind] - left[kind] <= quota.kinds()[kind])
        })
    }
}

impl Load {
    /// Rules, target groups and certificates, in this order.
    pub fn kinds(self) -> [usize; 3] {
        [self.rules, self.target_groups, self.certificates]
    }

    /// Less so many per cent, rounded so that at least that much stays free.
    #[must_use]
    pub fn less(self, per_cent: u32) -> Self {
        let less = |most: usize| most - (most * per_cent as usize).div_ceil(100);
        Self { rules: less(self.rules), target_groups: less(self.target_groups), certificates: less(self.certificates) }
    }
}

/// The words for what a router holds, as [`Load::kinds`] lists them.
pub const WORDS: [&str; 3] = ["rules", "target groups", "certificates"];
