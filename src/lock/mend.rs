//! A lock that contradicts itself: what exactly is wrong, and what can be kept of it. The oldest
//! entry is the one that was deployed, so it keeps its number; no placement is lost.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::reader::{MEND, Mode};
use super::{
    CertificateKey, Lock, LockedApp, LockedCertificate, LockedPort, LockedRule, LockedTargetGroup, MAX_HOSTS, PortKey, RetiredRule,
    RuleKey, TargetGroupKey,
};
use crate::diagnostics::codes::{LOCK_ENTRY, LOCK_MENDED};
use crate::diagnostics::{Diagnostic, Severity};
use crate::host::{Host, MAX_WILDCARDS};
use crate::routes::Router;
use crate::source::Place;

/// The first rule with each host of a router.
type Holders = BTreeMap<(String, Router, Host), (RuleKey, Place)>;

/// Entries as they were found, before they are held against each other.
#[derive(Default)]
pub(super) struct Found {
    /// Sections whose entries can't contradict each other.
    pub(super) lock: Lock,
    pub(super) apps: Vec<(String, LockedApp, Place)>,
    pub(super) rules: Vec<(RuleKey, LockedRule, Place)>,
    pub(super) target_groups: Vec<(TargetGroupKey, LockedTargetGroup, Place)>,
    pub(super) certificates: Vec<(CertificateKey, LockedCertificate)>,
}

/// Two entries that can't both be true, and which of them is kept.
pub(super) struct Contradiction {
    place: Place,
    message: String,
    other: Option<Place>,
    mended: String,
    /// Whether one key has two lines, which the reader of the text says too.
    pub(super) is_repetition: bool,
}

impl Contradiction {
    pub(super) fn diagnostic(self, mode: Mode) -> Diagnostic {
        let diagnostic = match mode {
            Mode::Trust => Diagnostic::new(&LOCK_ENTRY, self.place, self.message)
                .help(format!("take the lines of this app from the branch that was deployed, {MEND}")),
            Mode::Mend => {
                Diagnostic { severity: Severity::Warning, ..Diagnostic::new(&LOCK_MENDED, self.place, self.message).help(self.mended) }
            }
        };
        match self.other {
            Some(other) => diagnostic.also(other, "the other one"),
            None => diagnostic,
        }
    }
}

impl Found {
    /// Note where a line stands.
    pub(super) fn line(&mut self, key: &str, place: Place) {
        self.lock.lines.0.entry(key.to_owned()).or_insert(place);
    }

    /// Note a port. Of two lines the older one names the listener that is deployed, and a port that one
    /// side still has is not gone.
    pub(super) fn port(&mut self, key: PortKey, port: LockedPort) {
        match self.lock.ports.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(port);
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                let left = known.left.and_then(|known| Some(known.max(port.left?)));
                if port.since < known.since {
                    *known = port;
                }
                known.left = left;
            }
        }
    }

    /// The lock without contradictions, and those that were found.
    pub(super) fn settle(mut self) -> (Lock, Vec<Contradiction>) {
        let mut contradictions = Vec::new();
        self.rules.sort_by(|(a, x, p), (b, y, q)| (x.since, a, p).cmp(&(y.since, b, q)));
        self.settle_apps(&mut contradictions);
        self.settle_unplaced(&mut contradictions);
        self.settle_rules(&mut contradictions);
        self.settle_target_groups(&mut contradictions);
        for (key, own) in self.certificates {
            let names = &mut self.lock.certificates.entry(key).or_insert_with(|| LockedCertificate { names: Vec::new(), ..own }).names;
            names.extend(own.names);
            names.sort();
            names.dedup();
        }
        (self.lock, contradictions)
    }

    /// One rack for each app: the one that its oldest rules stand on.
    fn settle_apps(&mut self, contradictions: &mut Vec<Contradiction>) {
        let mut homes: BTreeMap<&str, &str> = BTreeMap::new();
        for (key, _, _) in &self.rules {
            homes.entry(&key.app).or_insert(&key.rack);
        }
        let mut places: BTreeMap<String, Place> = BTreeMap::new();
        for (name, app, place) in &self.apps {
            let Some(known) = self.lock.apps.get_mut(name) else {
                self.lock.apps.insert(name.clone(), app.clone());
                places.insert(name.clone(), *place);
                continue;
            };
            if known == app {
                continue;
            }
            let message = if known.rack == app.rack { "has two lines" } else { "is placed on two racks" };
            unite(known, app, homes.get(name.as_str()).copied());
            contradictions.push(Contradiction {
                place: *place,
                message: format!("`{name}` {message}"),
                other: places.get(name).copied(),
                mended: match &known.moving_to {
                    Some(to) => format!("`{name}` stays on `{}`, and its move to `{to}` goes on", known.rack),
                    None => format!("`{name}` stays on `{}`, where its oldest rules stand", known.rack),
                },
                is_repetition: true,
            });
        }
    }

    /// An app that only its rules place lives where the oldest of them stand. Rules on one more rack
    /// are those of a move.
    fn settle_unplaced(&mut self, contradictions: &mut Vec<Contradiction>) {
        let known: BTreeSet<String> = self.lock.apps.keys().cloned().collect();
        for (key, _, place) in self.rules.iter().filter(|(key, ..)| !known.contains(&key.app)) {
            let mended = match self.lock.apps.get_mut(&key.app) {
                Some(app) if app.rack == key.rack || app.moving_to.is_some() => continue,
                Some(app) => {
                    app.moving_to = Some(key.rack.clone());
                    format!("`{}` moves from `{}` to `{}`", key.app, app.rack, key.rack)
                }
                None => {
                    self.lock.apps.insert(key.app.clone(), LockedApp { rack: key.rack.clone(), ..LockedApp::default() });
                    format!("`{}` is placed on `{}`", key.app, key.rack)
                }
            };
            contradictions.push(Contradiction { place: *place, message: unplaced(key), other: None, mended, is_repetition: false });
        }
    }

    /// What the oldest line says of a target group was deployed; what the manifests want instead, the
    /// next compile finds.
    fn settle_target_groups(&mut self, contradictions: &mut Vec<Contradiction>) {
        self.target_groups.sort_by(|(a, x, p), (b, y, q)| (a, x.was.map(|was| was.1), p).cmp(&(b, y.was.map(|was| was.1), q)));
        let mut first: BTreeMap<TargetGroupKey, Place> = BTreeMap::new();
        for (key, group, place) in std::mem::take(&mut self.target_groups) {
            let known = *self.lock.target_groups.entry(key.clone()).or_insert(group);
            let other = *first.entry(key.clone()).or_insert(place);
            if known != group {
                contradictions.push(Contradiction {
                    place,
                    message: format!("the target groups of {key} have two lines"),
                    other: Some(other),
                    mended: format!("those with the port {} are taken for deployed", known.is),
                    is_repetition: true,
                });
            }
        }
    }

    /// Remember the number of a rule that can't be kept: it may be deployed.
    fn retire(&mut self, key: &RuleKey, rule: &LockedRule) {
        let retired = RetiredRule { key: key.clone(), hosts: rule.hosts.clone(), http: false, since: rule.since };
        self.lock.retired.entry((key.rack.clone(), key.router, rule.priority)).or_insert(retired);
    }

    /// Whether the app of a rule lives on the rule's rack, or moves there.
    fn is_placed(&self, key: &RuleKey) -> bool {
        self.lock.apps.get(&key.app).is_some_and(|app| app.stands_on(&key.rack))
    }

    /// Whether no rule contradicts anything, as in nearly every lock: asked at once, which takes a fraction of the time
    /// that it takes to find out what is wrong.
    fn is_consistent(&self) -> bool {
        let is_retired = |key: &RuleKey, number| self.lock.retired.contains_key(&(key.rack.clone(), key.router, number));
        self.rules.iter().all(|(key, rule, _)| self.is_placed(key) && !rule.hosts.is_empty() && !is_retired(key, rule.priority))
            && is_each_once(self.rules.iter().map(|(key, ..)| key))
            && is_each_once(self.rules.iter().map(|(key, rule, _)| (&key.rack, key.router, rule.priority)))
            && is_each_once(self.rules.iter().flat_map(|(key, rule, _)| rule.hosts.iter().map(move |host| (&key.rack, key.router, host))))
    }

    /// Numbers and hosts are unique on a router, and the app of every rule has its rack.
    fn settle_rules(&mut self, contradictions: &mut Vec<Contradiction>) {
        if self.is_consistent() {
            self.lock.rules = std::mem::take(&mut self.rules).into_iter().map(|(key, rule, _)| (key, rule)).collect();
            return;
        }
        let retired: Vec<(String, Router, u32)> = self.lock.retired.keys().cloned().collect();
        let mut numbers: BTreeMap<(String, Router, u32), (RuleKey, Place)> = BTreeMap::new();
        let mut hosts: Holders = BTreeMap::new();
        let mut first: BTreeMap<RuleKey, Place> = BTreeMap::new();
        for (key, mut rule, place) in std::mem::take(&mut self.rules) {
            // An older rule of the service holds it.
            let is_taken = |host: &Host, hosts: &Holders| {
                hosts
                    .get(&(key.rack.clone(), key.router, host.clone()))
                    .is_some_and(|(other, _)| *other != key && (&other.app, &other.service) == (&key.app, &key.service))
            };
            if let Some(known) = self.lock.rules.get_mut(&key) {
                // Both sides changed one rule: together they hold what either does.
                if *known == rule {
                    continue;
                }
                let mended = if known.priority == rule.priority {
                    "the hosts of both lines are kept, as far as the manifests want them".to_owned()
                } else {
                    format!("the number {} is kept, and {} is not given out again", known.priority, rule.priority)
                };
                let is_other = known.priority != rule.priority;
                rule.hosts.retain(|host| !is_taken(host, &hosts));
                known.hosts = both(&known.hosts, &rule.hosts);
                for host in &known.hosts {
                    hosts.entry((key.rack.clone(), key.router, host.clone())).or_insert((key.clone(), place));
                }
                known.left.append(&mut rule.left);
                let held = known.hosts.clone();
                known.left.retain(|host, _| !held.contains(host));
                known.joined.append(&mut rule.joined);
                known.joined.retain(|host, _| held.contains(host));
                if is_other {
                    self.retire(&key, &rule);
                }
                let message = format!("the rule {key} has two lines");
                contradictions.push(Contradiction { place, message, other: first.get(&key).copied(), mended, is_repetition: true });
                continue;
            }
            if let Some((_, other)) = numbers.get(&(key.rack.clone(), key.router, rule.priority)) {
                contradictions.push(Contradiction {
                    place,
                    message: format!("two rules hold the number {}", rule.priority),
                    other: Some(*other),
                    mended: format!("the older rule keeps {}, and {key} gets a new one", rule.priority),
                    is_repetition: false,
                });
                continue;
            }
            if !self.is_placed(&key) {
                self.retire(&key, &rule);
                let mended = "the rule is taken for gone, and its number is not given out again".to_owned();
                contradictions.push(Contradiction { place, message: unplaced(&key), other: None, mended, is_repetition: false });
                continue;
            }
            for host in &rule.hosts {
                match hosts.get(&(key.rack.clone(), key.router, host.clone())) {
                    None => {
                        hosts.insert((key.rack.clone(), key.router, host.clone()), (key.clone(), place));
                    }
                    Some((other, other_place)) => contradictions.push(Contradiction {
                        place,
                        message: format!("two rules hold the host {}", host.as_str()),
                        other: Some(*other_place),
                        mended: format!("{other} keeps it if its service still wants it"),
                        is_repetition: false,
                    }),
                }
            }
            if rule.hosts.iter().all(|host| is_taken(host, &hosts)) {
                self.retire(&key, &rule);
                continue;
            }
            rule.hosts.retain(|host| !is_taken(host, &hosts));
            rule.joined.retain(|host, _| !is_taken(host, &hosts));
            numbers.insert((key.rack.clone(), key.router, rule.priority), (key.clone(), place));
            first.insert(key.clone(), place);
            self.lock.rules.insert(key, rule);
        }
        for number in retired {
            if let Some((key, place)) = numbers.get(&number) {
                let line = format!("{}/{}/{}", number.0, number.1.word(), number.2);
                contradictions.push(Contradiction {
                    place: self.lock.line(&line).unwrap_or(*place),
                    message: format!("the number {} is retired, and a rule lives on it", number.2),
                    other: Some(*place),
                    mended: format!("{key} keeps it"),
                    is_repetition: false,
                });
            }
        }
        self.lock.retired.retain(|number, _| !numbers.contains_key(number));
    }
}

/// Whether nothing comes twice.
fn is_each_once<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.is_sorted_by(|a, b| a < b)
}

fn unplaced(key: &RuleKey) -> String {
    format!("a rule stands here for `{}` on `{}`, where the lock does not place the app", key.app, key.rack)
}

/// One line of an app from two: it stays where its oldest rules stand, and what one side began goes
/// on. What the manifests do not want, the next compile ends.
fn unite(known: &mut LockedApp, other: &LockedApp, home: Option<&str>) {
    let moving = |app: &LockedApp| app.moving_to.clone();
    let racks = [Some(known.rack.clone()), Some(other.rack.clone()), moving(known), moving(other)];
    if let Some(home) = racks.iter().flatten().find(|rack| home == Some(rack.as_str())) {
        known.rack.clone_from(home);
    }
    // A side that ended the move names only one of both racks.
    known.moving_to = if moving(known).is_some() || moving(other).is_some() {
        racks[2..].iter().chain(&racks[..2]).flatten().find(|rack| **rack != known.rack).cloned()
    } else {
        None
    };
    known.http = known.http.into_iter().chain(other.http).min();
    known.http_left = known.http_left.max(other.http_left);
}

/// The hosts of two lines of a rule, as many as one rule may hold: those of both before those of one.
fn both(known: &[Host], other: &[Host]) -> Vec<Host> {
    let all: Vec<&Host> = known.iter().chain(other.iter().filter(|host| !known.contains(host))).collect();
    let (common, rest): (Vec<&Host>, Vec<&Host>) = all.iter().partition(|host| known.contains(host) && other.contains(host));
    let mut kept: Vec<&Host> = Vec::new();
    for host in common.into_iter().chain(rest) {
        let wildcards: usize = kept.iter().chain([&host]).map(|host| host.wildcards()).sum();
        if kept.len() < MAX_HOSTS && wildcards <= MAX_WILDCARDS {
            kept.push(host);
        }
    }
    all.into_iter().filter(|host| kept.contains(host)).cloned().collect()
}
