//! rackform.lock from its text. What can't be trusted is refused, or mended where somebody asks for
//! it: numbers that are deployed must not be guessed, and nothing is written over a lock that was
//! refused.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::conflict::{both_sides, conflict};
use super::keys::{MOST, is_host, is_name, is_plain, parse_certificate, parse_key, parse_port, parse_router, parse_service, parse_shared};
use super::{
    Class, Lock, LockedApp, LockedCertificate, LockedPort, LockedRack, LockedRule, LockedShared, LockedTargetGroup, MAX_HOSTS, NUMBERS,
    RetiredRule, TargetGroup, VERSION, mend,
};
use crate::diagnostics::codes::{LOCK_CONFLICT, LOCK_ENTRY, LOCK_SHAPE, LOCK_VERSION};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::document;
use crate::host::Host;
use crate::source::{FileId, Files, Kind, NodeId, Place, Resolved, Tree};

/// What to do about a lock that contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Refuse it.
    Trust,
    /// Keep what is oldest, which is what was deployed, and say what was given up.
    Mend,
}

/// What to do about a contradiction, beside doing it by hand.
pub(super) const MEND: &str = "or let `rackform compile --mend` keep the oldest entries and give the others new numbers";

/// Read a lock; none when it can't be trusted.
pub fn read(files: &Files, file: FileId, mode: Mode, out: &mut Diagnostics) -> Option<Lock> {
    let text = files.text(file);
    let text = match (conflict(text), mode) {
        (None, _) => Cow::Borrowed(text),
        (Some(span), Mode::Trust) => {
            out.report(Diagnostic::new(&LOCK_CONFLICT, Place { file, span }, "rackform.lock holds conflict markers").help(format!(
                "keep the lines of both sides, remove the markers, then run `rackform check`; it says what does not fit together; {MEND}"
            )));
            return None;
        }
        (Some(_), Mode::Mend) => Cow::Owned(both_sides(text)),
    };
    let document = document::read_own(file, &text, out)?;
    let mut reader = Reader { tree: &document.tree, out, sound: true, found: mend::Found::default() };
    if mode == Mode::Trust {
        for (first, second) in &document.duplicates {
            let message = format!("`{}` stands here twice", document.tree.text(*second));
            let diagnostic =
                Diagnostic::new(&LOCK_ENTRY, document.tree.place(*second), message).also(document.tree.place(*first), "the other one");
            reader.fail(diagnostic.help(format!(
                "keep the line that is deployed, and remove the other one; the next compile gives its rule a new line; {MEND}"
            )));
        }
    }
    reader.read();
    let Reader { mut sound, found, .. } = reader;
    let (lock, contradictions) = found.settle();
    for contradiction in contradictions.into_iter().filter(|found| mode == Mode::Mend || !found.is_repetition) {
        sound &= mode == Mode::Mend;
        out.report(contradiction.diagnostic(mode));
    }
    sound.then_some(lock)
}

struct Reader<'a> {
    tree: &'a Tree,
    out: &'a mut Diagnostics,
    sound: bool,
    found: mend::Found,
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

    fn read(&mut self) {
        let root = self.tree.root();
        match self.tree.get(root, "version").map(|entry| (entry.value, self.tree.scalar(entry.value))) {
            Some((_, Some(Resolved::Int(VERSION)))) => {}
            Some((node, Some(Resolved::Int(version)))) if version > VERSION => {
                let message = format!("version {version} of the lock is newer than this program");
                let diagnostic = Diagnostic::new(&LOCK_VERSION, self.tree.place(node), message);
                return self.fail(
                    diagnostic
                        .label(format!("this program knows version {VERSION}"))
                        .help("use the version of rackform that wrote it, or a newer one"),
                );
            }
            Some((node, _)) => self.refuse(node, "the lock has no version that is known"),
            None => self.refuse(root, "the lock has no `version`"),
        }
        for section in self.tree.entries(root).to_vec() {
            let read: fn(&mut Self, NodeId, NodeId) = match self.tree.text(section.key) {
                "version" => continue,
                "racks" => Self::rack,
                "apps" => Self::app,
                "rules" => Self::rule,
                "target_groups" => Self::target_group,
                "ports" => Self::port,
                "certificates" => Self::certificate,
                "shared_certificates" => Self::shared,
                "retired" => Self::retired,
                "strangers" => Self::stranger,
                "stranger_certificates" => Self::stranger_certificate,
                _ => {
                    self.refuse(section.key, "the lock has no such section");
                    continue;
                }
            };
            if !matches!(self.tree.kind(section.value), Kind::Map(_)) {
                self.refuse(section.key, "this section is no mapping");
            }
            for entry in self.tree.entries(section.value).to_vec() {
                self.found.line(self.tree.text(entry.key), self.tree.place(entry.key));
                read(self, entry.key, entry.value);
            }
        }
    }

    /// The values of the keys that must be there, when the mapping has no others than these and `may`.
    fn fields<const N: usize>(&self, map: NodeId, must: [&str; N], may: &[&str]) -> Option<[NodeId; N]> {
        let is_known = |key: &str| must.contains(&key) || may.contains(&key);
        let known = self.tree.entries(map).iter().all(|entry| is_known(self.tree.text(entry.key)));
        let found: Vec<NodeId> = must.iter().filter_map(|key| Some(self.tree.get(map, key)?.value)).collect();
        found.try_into().ok().filter(|_| known && matches!(self.tree.kind(map), Kind::Map(_)))
    }

    fn texts(&self, list: NodeId) -> Vec<String> {
        self.tree.items(list).iter().map(|item| self.tree.text(*item).to_owned()).filter(|text| !text.is_empty()).collect()
    }

    /// Hosts or names of certificates; what can't be one is reported.
    fn names(&mut self, list: NodeId) -> Vec<String> {
        let names = self.texts(list);
        if let Some(item) = self.tree.items(list).iter().copied().find(|item| !is_host(self.tree.text(*item))) {
            self.refuse(item, "not a host");
        }
        names
    }

    fn hosts(&mut self, list: NodeId) -> Vec<Host> {
        self.names(list).into_iter().map(Host::trusted).collect()
    }

    fn number(&self, node: NodeId) -> Option<u32> {
        match self.tree.scalar(node) {
            Some(Resolved::Int(number)) => u32::try_from(number).ok(),
            _ => None,
        }
    }

    /// A generation that an entry may tell; a broken one is reported.
    fn generation(&mut self, map: NodeId, key: &str) -> Option<u32> {
        let node = self.tree.get(map, key)?.value;
        let number = self.number(node).filter(|number| (1..=MOST).contains(number));
        if number.is_none() {
            self.refuse(node, "not the number of a compile");
        }
        number
    }

    /// Hosts with a generation each; broken ones are reported.
    fn generations(&mut self, map: NodeId, key: &str) -> BTreeMap<Host, u32> {
        let mut hosts = BTreeMap::new();
        let entries = self.tree.get(map, key).map(|entry| self.tree.entries(entry.value).to_vec());
        for entry in entries.unwrap_or_default() {
            let host = self.tree.text(entry.key);
            match self.number(entry.value).filter(|number| (1..=MOST).contains(number) && is_host(host)) {
                Some(when) => {
                    hosts.insert(Host::trusted(host.to_owned()), when);
                }
                None => self.refuse(entry.key, "not a host with the number of a compile"),
            }
        }
        hosts
    }

    fn rack(&mut self, key: NodeId, value: NodeId) {
        let Some([network]) = self.fields(value, ["network"], &["internal_router", "instances", "imports"]) else {
            return self.refuse(key, "not a rack with its network");
        };
        let instances = self.tree.get(value, "instances").map(|entry| entry.value);
        if let Some(node) = instances.filter(|node| self.tree.text(*node) != "true") {
            return self.refuse(node, "not `true`, which stands for instances");
        }
        let internal_router = self.tree.get(value, "internal_router").map(|entry| self.tree.text(entry.value).to_owned());
        let mut imports = BTreeMap::new();
        let entries = self.tree.get(value, "imports").map(|entry| self.tree.entries(entry.value).to_vec());
        for entry in entries.unwrap_or_default() {
            let (name, made_of) = (self.tree.text(entry.key), self.tree.text(entry.value));
            if !is_name(name) || !is_plain(made_of, "/") {
                return self.refuse(entry.key, "not an export with what it is made of");
            }
            imports.insert(name.to_owned(), made_of.to_owned());
        }
        let rack = LockedRack { network: self.tree.text(network).to_owned(), internal_router, instances: instances.is_some(), imports };
        // Where two branches wrote the line, apps import what either says.
        let known = self.found.lock.racks.entry(self.tree.text(key).to_owned()).or_insert_with(|| rack.clone());
        known.instances |= rack.instances;
        for (name, made_of) in rack.imports {
            known.imports.entry(name).or_insert(made_of);
        }
    }

    fn app(&mut self, key: NodeId, value: NodeId) {
        let known = ["moving_to", "http", "http_left"];
        let rack = self.fields(value, ["rack"], &known).map(|[rack]| self.tree.text(rack).to_owned());
        let Some(rack) = rack.filter(|rack| is_name(rack) && is_name(self.tree.text(key))) else {
            return self.refuse(key, "not an app with its rack");
        };
        let moving_to = self.tree.get(value, "moving_to").map(|entry| (entry.value, self.tree.text(entry.value).to_owned()));
        if let Some((node, _)) = moving_to.as_ref().filter(|(_, to)| !is_name(to) || *to == rack) {
            return self.refuse(*node, "not another rack");
        }
        let moving_to = moving_to.map(|(_, to)| to);
        let app = LockedApp { rack, moving_to, http: self.generation(value, "http"), http_left: self.generation(value, "http_left") };
        self.found.apps.push((self.tree.text(key).to_owned(), app, self.tree.place(key)));
    }

    fn rule(&mut self, key: NodeId, value: NodeId) {
        let rule = parse_key(self.tree.text(key));
        let Some((rule, [priority, hosts])) = rule.zip(self.fields(value, ["priority", "hosts"], &["since", "left", "joined"])) else {
            return self.refuse(key, "not a rule with its priority and its hosts");
        };
        let hosts = self.hosts(hosts);
        if !(1..=MAX_HOSTS).contains(&hosts.len()) {
            return self.entry(key, format!("a rule holds one to five hosts, not {}", hosts.len()));
        }
        if hosts.iter().any(|host| host.is_wildcard() != (rule.class == Class::Wildcard)) {
            return self.entry(key, format!("an {} rule does not hold such hosts", rule.class.word()));
        }
        let since = self.generation(value, "since").unwrap_or(1);
        let (left, joined) = (self.generations(value, "left"), self.generations(value, "joined"));
        match self.tree.scalar(priority) {
            Some(Resolved::Int(number)) => match u32::try_from(number).ok().filter(|number| NUMBERS.contains(number)) {
                Some(priority) => {
                    let locked = LockedRule { priority, hosts, since, left, joined };
                    self.found.rules.push((rule, locked, self.tree.place(key)));
                }
                None => self.entry(priority, format!("rules have numbers from {} to {}", NUMBERS.start(), NUMBERS.end())),
            },
            _ => self.refuse(priority, "not a number"),
        }
    }

    fn target_group(&mut self, key: NodeId, value: NodeId) {
        let made_of = |node: NodeId| TargetGroup::parse(self.tree.text(node));
        let group = match self.fields(value, ["port", "was", "changed"], &[]) {
            Some([port, was, _]) => made_of(port).zip(made_of(was)).map(|(is, was)| (is, Some(was))),
            None => made_of(value).map(|is| (is, None)), // the short form, while it is the first one
        };
        let Some((service, (is, was))) = parse_service(self.tree.text(key)).zip(group) else {
            return self.refuse(key, "not a service with the port of its target groups");
        };
        let group = LockedTargetGroup { is, was: was.zip(self.generation(value, "changed")) };
        self.found.target_groups.push((service, group, self.tree.place(key)));
    }

    fn port(&mut self, key: NodeId, value: NodeId) {
        let service = match self.fields(value, ["service"], &["since", "left"]) {
            Some([service]) => service,
            None => value, // the short form: the service alone
        };
        let (since, left) = (self.generation(value, "since").unwrap_or(1), self.generation(value, "left"));
        let service = self.tree.text(service).to_owned();
        match parse_port(self.tree.text(key)).filter(|_| is_name(&service)) {
            Some(port) => self.found.port(port, LockedPort { service, since, left }),
            None => self.refuse(key, "not a network port of an app with the service that had it first"),
        }
    }

    fn certificate(&mut self, key: NodeId, value: NodeId) {
        let (list, since, changed, left) = if matches!(self.tree.kind(value), Kind::Map(_)) {
            let Some([names]) = self.fields(value, ["names"], &["since", "changed", "left"]) else {
                return self.refuse(key, "not a certificate with its names");
            };
            (names, self.generation(value, "since"), self.generation(value, "changed"), self.generation(value, "left"))
        } else {
            (value, None, None, None)
        };
        let names = self.names(list);
        match parse_certificate(self.tree.text(key)) {
            Some(certificate) if !names.is_empty() => {
                let own = LockedCertificate { names, since: since.unwrap_or(1), changed, left };
                self.found.certificates.push((certificate, own));
            }
            _ => self.refuse(key, "not a certificate with its names"),
        }
    }

    fn shared(&mut self, key: NodeId, value: NodeId) {
        let known = self.fields(value, [], &["since", "left"]);
        let (since, left) = (self.generation(value, "since"), self.generation(value, "left"));
        match parse_shared(self.tree.text(key)).filter(|_| known.is_some()) {
            Some(shared) => {
                self.found.lock.shared.insert(shared, LockedShared { since: since.unwrap_or(1), left });
            }
            None => self.refuse(key, "not a listed certificate on a router"),
        }
    }

    fn retired(&mut self, key: NodeId, value: NodeId) {
        let parts: Vec<&str> = self.tree.text(key).split('/').collect();
        let number = match parts.as_slice() {
            [rack, router, number] if is_name(rack) => parse_router(router)
                .zip(number.parse().ok().filter(|n| NUMBERS.contains(n)))
                .map(|(router, n)| ((*rack).to_owned(), router, n)),
            _ => None,
        };
        let (rule, hosts) = match self.fields(value, ["rule", "hosts"], &["since", "http"]) {
            Some([rule, hosts]) => (rule, self.hosts(hosts)),
            None => (value, Vec::new()), // the short form: the rule alone
        };
        let http = self.tree.get(value, "http").is_some();
        let since = self.generation(value, "since").unwrap_or(1);
        match number.zip(parse_key(self.tree.text(rule))) {
            Some((number, key)) => {
                self.found.lock.retired.insert(number, RetiredRule { key, hosts, http, since });
            }
            None => self.refuse(key, "not a retired number with the rule that held it"),
        }
    }

    fn stranger(&mut self, key: NodeId, value: NodeId) {
        let parts: Vec<&str> = self.tree.text(key).split('/').collect();
        let found = match parts.as_slice() {
            [rack, router, port, number] if is_name(rack) => {
                let number = number.parse().ok().filter(|number| NUMBERS.contains(number));
                parse_router(router)
                    .zip(port.parse().ok())
                    .zip(number)
                    .map(|((router, port), number)| ((*rack).to_owned(), router, port, number))
            }
            _ => None,
        };
        match found {
            Some(stranger) => {
                let hosts = self.hosts(value);
                self.found.lock.strangers.insert(stranger, hosts);
            }
            None => self.refuse(key, "not a rule of others with its hosts"),
        }
    }

    fn stranger_certificate(&mut self, key: NodeId, _: NodeId) {
        match parse_shared(self.tree.text(key)) {
            Some(shared) => {
                self.found.lock.stranger_certificates.insert(shared);
            }
            None => self.refuse(key, "not a certificate of others on a router"),
        }
    }
}
