//! rackform.lock from its text. What can't be trusted is refused: numbers that are deployed must
//! not be guessed, and nothing is written over a lock that was refused.

use std::collections::BTreeMap;

use super::lock::{CertificateKey, Lock, LockedRule, RuleKey, VERSION};
use super::priority::range;
use super::rules::{Class, MAX_HOSTS};
use crate::diagnostics::codes::{LOCK_CONFLICT, LOCK_ENTRY, LOCK_SHAPE, LOCK_VERSION};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::document;
use crate::host::Host;
use crate::routes::Router;
use crate::source::{FileId, Files, Kind, NodeId, Place, Resolved, Span, Tree};

/// Read a lock; none when it can't be trusted.
pub fn read(files: &Files, file: FileId, out: &mut Diagnostics) -> Option<Lock> {
    if let Some(place) = conflict(files, file) {
        out.report(
            Diagnostic::new(&LOCK_CONFLICT, place, "rackform.lock holds conflict markers")
                .help("keep the lines of both sides, remove the markers, then run `rackform check`; it says what does not fit together"),
        );
        return None;
    }
    let document = document::read(files, file, None, out)?;
    let mut reader = Reader { tree: &document.tree, out, sound: true };
    for (first, second) in &document.duplicates {
        let message = format!("`{}` stands here twice", document.tree.text(*second));
        let diagnostic =
            Diagnostic::new(&LOCK_ENTRY, document.tree.place(*second), message).also(document.tree.place(*first), "the other one");
        reader
            .fail(diagnostic.help("keep the line that is deployed, and remove the other one; the next compile gives its rule a new line"));
    }
    let lock = reader.lock();
    if reader.sound { Some(lock) } else { None }
}

/// The first line that a merge has left as a marker.
fn conflict(files: &Files, file: FileId) -> Option<Place> {
    let mut start = 0;
    for line in files.text(file).split_inclusive('\n') {
        let bare = line.trim_end();
        if bare == "=======" || ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|mark| line.starts_with(mark)) {
            return Some(Place { file, span: Span { start, end: start + bare.len() } });
        }
        start += line.len();
    }
    None
}

struct Reader<'a> {
    tree: &'a Tree,
    out: &'a mut Diagnostics,
    sound: bool,
}

impl Reader<'_> {
    fn fail(&mut self, diagnostic: Diagnostic) {
        self.sound = false;
        self.out.report(diagnostic);
    }

    fn refuse(&mut self, node: NodeId, message: &str) {
        let diagnostic = Diagnostic::new(&LOCK_SHAPE, self.tree.place(node), message);
        self.fail(diagnostic.help("restore the file from version control; what is deployed depends on it"));
    }

    fn entry(&mut self, node: NodeId, message: String) {
        let diagnostic = Diagnostic::new(&LOCK_ENTRY, self.tree.place(node), message);
        self.fail(diagnostic.help("take the lines of this app from the branch that was deployed"));
    }

    fn lock(&mut self) -> Lock {
        let mut lock = Lock::default();
        let root = self.tree.root();
        match self.tree.get(root, "version").map(|entry| (entry.value, self.tree.scalar(entry.value))) {
            Some((_, Some(Resolved::Int(VERSION)))) => {}
            Some((node, Some(Resolved::Int(version)))) if version > VERSION => {
                let message = format!("version {version} of the lock is newer than this program");
                let diagnostic = Diagnostic::new(&LOCK_VERSION, self.tree.place(node), message);
                self.fail(
                    diagnostic
                        .label(format!("this program knows version {VERSION}"))
                        .help("use the version of rackform that wrote it, or a newer one"),
                );
                return lock;
            }
            Some((node, _)) => self.refuse(node, "the lock has no version that is known"),
            None => self.refuse(root, "the lock has no `version`"),
        }
        for section in self.tree.entries(root).to_vec() {
            let read: fn(&mut Self, NodeId, NodeId, &mut Lock) = match self.tree.text(section.key) {
                "version" => continue,
                "apps" => Self::app,
                "rules" => Self::rule,
                "certificates" => Self::certificate,
                "retired" => Self::retired,
                _ => {
                    self.refuse(section.key, "the lock has no such section");
                    continue;
                }
            };
            if !matches!(self.tree.kind(section.value), Kind::Map(_)) {
                self.refuse(section.key, "this section is no mapping");
            }
            for entry in self.tree.entries(section.value).to_vec() {
                lock.lines.0.insert(self.tree.text(entry.key).to_owned(), self.tree.place(entry.key));
                read(self, entry.key, entry.value, &mut lock);
            }
        }
        self.consistent(&lock);
        lock
    }

    /// The value of a key, when the mapping has exactly these keys.
    fn fields<const N: usize>(&self, map: NodeId, keys: [&str; N]) -> Option<[NodeId; N]> {
        let known = self.tree.entries(map).iter().all(|entry| keys.contains(&self.tree.text(entry.key)));
        let found: Vec<NodeId> = keys.iter().filter_map(|key| Some(self.tree.get(map, key)?.value)).collect();
        found.try_into().ok().filter(|_| known)
    }

    fn texts(&self, list: NodeId) -> Vec<String> {
        self.tree.items(list).iter().map(|item| self.tree.text(*item).to_owned()).filter(|text| !text.is_empty()).collect()
    }

    fn app(&mut self, key: NodeId, value: NodeId, lock: &mut Lock) {
        match self.fields(value, ["rack"]).map(|[rack]| self.tree.text(rack)).filter(|rack| !rack.is_empty()) {
            Some(rack) => {
                lock.apps.insert(self.tree.text(key).to_owned(), rack.to_owned());
            }
            None => self.refuse(key, "not an app with its rack"),
        }
    }

    fn rule(&mut self, key: NodeId, value: NodeId, lock: &mut Lock) {
        let rule = parse_key(self.tree.text(key));
        let Some((rule, [priority, hosts])) = rule.zip(self.fields(value, ["priority", "hosts"])) else {
            return self.refuse(key, "not a rule with its priority and its hosts");
        };
        let hosts: Vec<Host> = self.texts(hosts).into_iter().map(Host::trusted).collect();
        if !(1..=MAX_HOSTS).contains(&hosts.len()) {
            return self.entry(key, format!("a rule holds one to five hosts, not {}", hosts.len()));
        }
        if hosts.iter().any(|host| host.is_wildcard() != (rule.class == Class::Wildcard)) {
            return self.entry(key, format!("an {} rule does not hold such hosts", rule.class.word()));
        }
        let allowed = range(rule.class);
        match self.tree.scalar(priority) {
            Some(Resolved::Int(number)) => match u32::try_from(number).ok().filter(|number| allowed.contains(number)) {
                Some(priority) => {
                    lock.rules.insert(rule, LockedRule { priority, hosts });
                }
                None => self.entry(priority, format!("rules with such hosts have numbers from {} to {}", allowed.start(), allowed.end())),
            },
            _ => self.refuse(priority, "not a number"),
        }
    }

    fn certificate(&mut self, key: NodeId, value: NodeId, lock: &mut Lock) {
        let names = self.texts(value);
        match parse_certificate(self.tree.text(key)) {
            Some(certificate) if !names.is_empty() => {
                lock.certificates.insert(certificate, names);
            }
            _ => self.refuse(key, "not a certificate with its names"),
        }
    }

    fn retired(&mut self, key: NodeId, value: NodeId, lock: &mut Lock) {
        let parts: Vec<&str> = self.tree.text(key).split('/').collect();
        let number = match parts.as_slice() {
            [rack, router, number] => parse_router(router)
                .zip(number.parse().ok().filter(|n| (1..=50_000).contains(n)))
                .map(|(router, n)| ((*rack).to_owned(), router, n)),
            _ => None,
        };
        match number.zip(parse_key(self.tree.text(value))) {
            Some((number, rule)) => {
                lock.retired.insert(number, rule);
            }
            None => self.refuse(key, "not a retired number with the rule that held it"),
        }
    }

    /// Numbers and hosts are unique on a router, and the app of every rule has its rack.
    fn consistent(&mut self, lock: &Lock) {
        let mut numbers: BTreeMap<(&str, Router, u32), &RuleKey> = BTreeMap::new();
        let mut hosts: BTreeMap<(&str, Router, &Host), &RuleKey> = BTreeMap::new();
        let mut found: Vec<(Place, String, Option<Place>)> = Vec::new();
        for (key, rule) in &lock.rules {
            let Some(place) = lock.line(&key.to_string()) else { continue };
            if let Some(other) = numbers.insert((&key.rack, key.router, rule.priority), key) {
                found.push((place, format!("two rules hold the number {}", rule.priority), lock.line(&other.to_string())));
            }
            for host in &rule.hosts {
                if let Some(other) = hosts.insert((&key.rack, key.router, host), key) {
                    found.push((place, format!("two rules hold the host {}", host.as_str()), lock.line(&other.to_string())));
                }
            }
            if lock.apps.get(&key.app) != Some(&key.rack) {
                found.push((
                    place,
                    format!("a rule stands here for `{}` on `{}`, where the lock does not place the app", key.app, key.rack),
                    None,
                ));
            }
        }
        for (place, message, other) in found {
            let diagnostic =
                Diagnostic::new(&LOCK_ENTRY, place, message).help("take the lines of this app from the branch that was deployed");
            self.fail(match other {
                Some(other) => diagnostic.also(other, "the other one"),
                None => diagnostic,
            });
        }
    }
}

fn parse_router(word: &str) -> Option<Router> {
    [Router::Public, Router::Internal].into_iter().find(|router| router.word() == word)
}

fn parse_key(text: &str) -> Option<RuleKey> {
    let parts: Vec<&str> = text.split('/').collect();
    let [rack, router, app, service, rule] = parts.as_slice() else { return None };
    let (class, ordinal) = [Class::Exact, Class::Wildcard].into_iter().find_map(|class| Some((class, rule.strip_prefix(class.word())?)))?;
    let key = RuleKey {
        rack: (*rack).into(),
        router: parse_router(router)?,
        app: (*app).into(),
        service: (*service).into(),
        class,
        ordinal: ordinal.parse().ok().filter(|ordinal| *ordinal > 0)?,
    };
    (key.to_string() == text).then_some(key)
}

fn parse_certificate(text: &str) -> Option<CertificateKey> {
    let parts: Vec<&str> = text.split('/').collect();
    let [rack, app, ordinal] = parts.as_slice() else { return None };
    let key = CertificateKey { rack: (*rack).into(), app: (*app).into(), ordinal: ordinal.parse().ok().filter(|ordinal| *ordinal > 0)? };
    (key.to_string() == text).then_some(key)
}
