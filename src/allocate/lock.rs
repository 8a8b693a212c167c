//! rackform.lock: every placement and number that was given out, a line each.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::rules::{Class, MAX_HOSTS};
use crate::diagnostics::codes::{LOCK_CONFLICT, LOCK_ENTRY, LOCK_SHAPE, LOCK_VERSION};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::host::Host;
use crate::manifest::read_yaml;
use crate::routes::Router;
use crate::source::{FileId, Files, NodeId, Place, Resolved, Span, Tree};

/// The version that this program writes and reads.
const VERSION: i64 = 1;

const HEAD: &str = "\
# Where apps live, and the numbers of their rules. Written by `rackform compile`; commit it with
# the manifests. A number that is deployed must never change: merge lines, do not edit them.
";

/// What identifies a rule for as long as it lives. Written `rack/router/app/service/exact1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleKey {
    /// Name of the rack.
    pub rack: String,
    /// The router.
    pub router: Router,
    /// Name of the app.
    pub app: String,
    /// Name of the service.
    pub service: String,
    /// Exact hosts or patterns.
    pub class: Class,
    /// Counts from one among the rules of this service, router and class.
    pub ordinal: u32,
}

impl fmt::Display for RuleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}/{}{}", self.rack, self.router.word(), self.app, self.service, self.class.word(), self.ordinal)
    }
}

/// A rule as the lock remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedRule {
    /// Its number.
    pub priority: u32,
    /// Its hosts.
    pub hosts: Vec<Host>,
}

/// Numbers that removed rules held, by rack, router and number, with the rule that held them.
pub(super) type Retired = BTreeMap<(String, Router, u32), RuleKey>;

/// What a compile must remember.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// The rack of each app.
    pub apps: BTreeMap<String, String>,
    /// Rules that live.
    pub rules: BTreeMap<RuleKey, LockedRule>,
    /// Numbers that may still be in use while a removal is on its way.
    pub retired: Retired,
}

impl Lock {
    /// The text of the file: sorted, one line an entry.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEAD}version: {VERSION}\n");
        section(&mut text, "apps", self.apps.iter().map(|(app, rack)| format!("{app}: {{rack: {rack}}}")));
        section(
            &mut text,
            "rules",
            self.rules.iter().map(|(key, rule)| {
                // Hosts have no character that double quotes would not hold.
                let hosts: Vec<String> = rule.hosts.iter().map(|host| format!("\"{}\"", host.as_str())).collect();
                format!("{key}: {{priority: {}, hosts: [{}]}}", rule.priority, hosts.join(", "))
            }),
        );
        section(
            &mut text,
            "retired",
            self.retired.iter().map(|((rack, router, number), key)| format!("{rack}/{}/{number}: {key}", router.word())),
        );
        text
    }
}

fn section(text: &mut String, name: &str, lines: impl Iterator<Item = String>) {
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    if lines.is_empty() {
        let _ = writeln!(text, "{name}: {{}}");
    } else {
        let _ = writeln!(text, "{name}:");
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
}

/// Read a lock; none when it can't be trusted, and then nothing may be written over it.
pub fn read(files: &Files, file: FileId, out: &mut Diagnostics) -> Option<Lock> {
    let text = files.text(file);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if ["<<<<<<< ", "=======", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)) {
            let place = Place { file, span: Span { start, end: start + line.trim_end().len() } };
            out.report(
                Diagnostic::new(&LOCK_CONFLICT, place, "rackform.lock holds conflict markers")
                    .help("keep the lines of both sides, remove the markers, then run `rackform compile`"),
            );
            return None;
        }
        start += line.len();
    }
    let (tree, _) = read_yaml(files, file, None, out)?;
    let mut reader = Reader { tree: &tree, out, sound: true };
    let lock = reader.lock();
    reader.sound.then_some(lock)
}

struct Reader<'a> {
    tree: &'a Tree,
    out: &'a mut Diagnostics,
    sound: bool,
}

impl Reader<'_> {
    fn refuse(&mut self, node: NodeId, message: &str) {
        self.sound = false;
        self.out.report(
            Diagnostic::new(&LOCK_SHAPE, self.tree.place(node), message)
                .help("restore the file from version control, or take the line from the branch that was deployed"),
        );
    }

    fn lock(&mut self) -> Lock {
        let mut lock = Lock::default();
        let root = self.tree.root();
        match self.tree.get(root, "version").map(|entry| (entry.value, self.tree.scalar(entry.value))) {
            Some((_, Some(Resolved::Int(VERSION)))) => {}
            Some((node, Some(Resolved::Int(version)))) if version > VERSION => {
                self.sound = false;
                let diagnostic = Diagnostic::new(
                    &LOCK_VERSION,
                    self.tree.place(node),
                    format!("version {version} of the lock is newer than this program"),
                );
                self.out.report(
                    diagnostic
                        .label(format!("this program knows version {VERSION}"))
                        .help("use the version of rackform that wrote it, or a newer one"),
                );
                return lock;
            }
            Some((node, _)) => self.refuse(node, "the lock has no version that is known"),
            None => self.refuse(root, "the lock has no `version`"),
        }
        for entry in self.tree.entries(root).to_vec() {
            match self.tree.text(entry.key) {
                "version" => {}
                "apps" => self.entries(entry.value, |r, key, value| r.app(key, value, &mut lock)),
                "rules" => self.entries(entry.value, |r, key, value| r.rule(key, value, &mut lock)),
                "retired" => self.entries(entry.value, |r, key, value| r.retired(key, value, &mut lock)),
                _ => self.refuse(entry.key, "the lock has no such section"),
            }
        }
        self.consistent(&lock);
        lock
    }

    fn entries(&mut self, map: NodeId, mut each: impl FnMut(&mut Self, NodeId, NodeId)) {
        for entry in self.tree.entries(map).to_vec() {
            each(self, entry.key, entry.value);
        }
    }

    fn app(&mut self, key: NodeId, value: NodeId, lock: &mut Lock) {
        match self.tree.get(value, "rack") {
            Some(rack) => {
                lock.apps.insert(self.tree.text(key).to_owned(), self.tree.text(rack.value).to_owned());
            }
            None => self.refuse(key, "an app without its rack"),
        }
    }

    fn rule(&mut self, key: NodeId, value: NodeId, lock: &mut Lock) {
        let field = |name: &str| self.tree.get(value, name).map(|entry| entry.value);
        let priority = field("priority").and_then(|node| number(self.tree, node));
        let hosts: Vec<Host> = field("hosts")
            .map_or(Vec::new(), |list| self.tree.items(list).iter().map(|host| Host::trusted(self.tree.text(*host).to_owned())).collect());
        match (parse_key(self.tree.text(key)), priority) {
            (Some(rule), Some(priority)) if (1..=MAX_HOSTS).contains(&hosts.len()) => {
                lock.rules.insert(rule, LockedRule { priority, hosts });
            }
            _ => self.refuse(key, "not a rule with a priority from 1 to 50000 and one to five hosts"),
        }
    }

    fn retired(&mut self, key: NodeId, value: NodeId, lock: &mut Lock) {
        let parts: Vec<&str> = self.tree.text(key).split('/').collect();
        let rule = parse_key(self.tree.text(value));
        match (parts.as_slice(), rule) {
            ([rack, router, number], Some(rule)) if parse_router(router).is_some() && number.parse::<u32>().is_ok() => {
                let router = parse_router(router).expect("just seen");
                lock.retired.insert(((*rack).to_owned(), router, number.parse().expect("just seen")), rule);
            }
            _ => self.refuse(key, "not a retired number"),
        }
    }

    /// Numbers are unique on a router, and a rule's app has a rack.
    fn consistent(&mut self, lock: &Lock) {
        let mut numbers: BTreeMap<(&str, Router, u32), &RuleKey> = BTreeMap::new();
        for (key, rule) in &lock.rules {
            let line = |key: &RuleKey| {
                let (_, rules) = self.tree.find("/rules")?;
                self.tree.get(rules, &key.to_string()).map(|entry| self.tree.place(entry.key))
            };
            let Some(place) = line(key) else { continue };
            let problem = if let Some(other) = numbers.insert((&key.rack, key.router, rule.priority), key) {
                let diagnostic = Diagnostic::new(&LOCK_ENTRY, place, format!("two rules hold the number {}", rule.priority));
                Some(line(other).map_or(diagnostic.clone(), |place| diagnostic.also(place, "the other one")))
            } else if lock.apps.get(&key.app) == Some(&key.rack) {
                None
            } else {
                Some(Diagnostic::new(
                    &LOCK_ENTRY,
                    place,
                    format!("a rule of `{}` on `{}`, where the lock does not place the app", key.app, key.rack),
                ))
            };
            if let Some(diagnostic) = problem {
                self.sound = false;
                self.out.report(diagnostic.help("take the lines of this app from the branch that was deployed"));
            }
        }
    }
}

fn number(tree: &Tree, node: NodeId) -> Option<u32> {
    match tree.scalar(node)? {
        Resolved::Int(number) => u32::try_from(number).ok().filter(|n| (1..=50_000).contains(n)),
        _ => None,
    }
}

fn parse_router(word: &str) -> Option<Router> {
    [Router::Public, Router::Internal].into_iter().find(|router| router.word() == word)
}

fn parse_key(text: &str) -> Option<RuleKey> {
    let parts: Vec<&str> = text.split('/').collect();
    let [rack, router, app, service, rule] = parts.as_slice() else { return None };
    let (class, ordinal) = [Class::Exact, Class::Wildcard].into_iter().find_map(|class| Some((class, rule.strip_prefix(class.word())?)))?;
    let ordinal = ordinal.parse().ok().filter(|ordinal| *ordinal > 0)?;
    Some(RuleKey { rack: (*rack).into(), router: parse_router(router)?, app: (*app).into(), service: (*service).into(), class, ordinal })
}
