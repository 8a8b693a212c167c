//! A lock that contradicts itself: what exactly is wrong, and what can be kept of it. The oldest
//! entry is the one that was deployed, so it keeps its number; no placement is lost.

use std::collections::BTreeMap;

use super::reader::{MEND, Mode};
use super::{CertificateKey, Lock, LockedApp, LockedCertificate, LockedRule, RetiredRule, RuleKey};
use crate::diagnostics::codes::{LOCK_ENTRY, LOCK_MENDED};
use crate::diagnostics::{Diagnostic, Severity};
use crate::host::Host;
use crate::routes::Router;
use crate::source::Place;

/// Entries as they were found, before they are held against each other.
#[derive(Default)]
pub(super) struct Found {
    /// Sections whose entries can't contradict each other.
    pub(super) lock: Lock,
    pub(super) apps: Vec<(String, LockedApp, Place)>,
    pub(super) rules: Vec<(RuleKey, LockedRule, Place)>,
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

    /// The lock without contradictions, and those that were found.
    pub(super) fn settle(mut self) -> (Lock, Vec<Contradiction>) {
        let mut contradictions = Vec::new();
        self.rules.sort_by(|(a, x, p), (b, y, q)| (x.since, a, p).cmp(&(y.since, b, q)));
        self.settle_apps(&mut contradictions);
        self.settle_rules(&mut contradictions);
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
            if homes.get(name.as_str()) == Some(&app.rack.as_str()) && known.rack != app.rack {
                known.clone_from(app);
            }
            contradictions.push(Contradiction {
                place: *place,
                message: format!("`{name}` is placed on two racks"),
                other: places.get(name).copied(),
                mended: format!("`{name}` stays on `{}`, where its oldest rules stand", known.rack),
                is_repetition: true,
            });
        }
    }

    /// Numbers and hosts are unique on a router, and the app of every rule has its rack.
    fn settle_rules(&mut self, contradictions: &mut Vec<Contradiction>) {
        let mut numbers: BTreeMap<(String, Router, u32), Place> = BTreeMap::new();
        let mut hosts: BTreeMap<(String, Router, Host), (RuleKey, Place)> = BTreeMap::new();
        let mut first: BTreeMap<RuleKey, Place> = BTreeMap::new();
        for (key, mut rule, place) in std::mem::take(&mut self.rules) {
            if let Some(known) = self.lock.rules.get_mut(&key) {
                // Both sides changed one rule: together they hold what either does.
                if *known == rule {
                    continue;
                }
                let mended = if known.priority == rule.priority {
                    "the hosts of both lines are kept, as far as the manifests want them".to_owned()
                } else {
                    self.lock.retired.insert(
                        (key.rack.clone(), key.router, rule.priority),
                        RetiredRule { key: key.clone(), hosts: rule.hosts.clone(), http: false, since: rule.since },
                    );
                    format!("the number {} is kept, and {} is not given out again", known.priority, rule.priority)
                };
                known.hosts.extend(rule.hosts.into_iter().filter(|host| !known.hosts.contains(host)).collect::<Vec<_>>());
                known.left.append(&mut rule.left);
                let message = format!("the rule {key} has two lines");
                contradictions.push(Contradiction { place, message, other: first.get(&key).copied(), mended, is_repetition: true });
                continue;
            }
            if let Some(other) = numbers.get(&(key.rack.clone(), key.router, rule.priority)) {
                contradictions.push(Contradiction {
                    place,
                    message: format!("two rules hold the number {}", rule.priority),
                    other: Some(*other),
                    mended: format!("the older rule keeps {}, and {key} gets a new one", rule.priority),
                    is_repetition: false,
                });
                continue;
            }
            let is_placed = self.lock.apps.get(&key.app).map(|app| app.rack == key.rack || app.moving_to.as_ref() == Some(&key.rack));
            if is_placed != Some(true) {
                let mended = if is_placed.is_none() {
                    self.lock.apps.insert(key.app.clone(), LockedApp { rack: key.rack.clone(), ..LockedApp::default() });
                    format!("`{}` is placed on `{}`", key.app, key.rack)
                } else {
                    let retired = RetiredRule { key: key.clone(), hosts: rule.hosts.clone(), http: false, since: rule.since };
                    self.lock.retired.insert((key.rack.clone(), key.router, rule.priority), retired);
                    "the rule is taken for gone, and its number is not given out again".to_owned()
                };
                let message = format!("a rule stands here for `{}` on `{}`, where the lock does not place the app", key.app, key.rack);
                contradictions.push(Contradiction { place, message, other: None, mended, is_repetition: false });
                if is_placed.is_some() {
                    continue;
                }
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
            let taken = |host: &Host| {
                hosts
                    .get(&(key.rack.clone(), key.router, host.clone()))
                    .is_some_and(|(other, _)| *other != key && (&other.app, &other.service) == (&key.app, &key.service))
            };
            rule.hosts.retain(|host| !taken(host));
            numbers.insert((key.rack.clone(), key.router, rule.priority), place);
            first.insert(key.clone(), place);
            self.lock.rules.insert(key, rule);
        }
        self.lock.rules.retain(|_, rule| !rule.hosts.is_empty());
    }
}
