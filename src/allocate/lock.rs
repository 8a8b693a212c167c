//! rackform.lock: every placement and number that was given out, a line each.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::rules::Class;
use crate::host::Host;
use crate::routes::Router;
use crate::source::Place;

/// The version that this program writes and reads.
pub(super) const VERSION: i64 = 1;

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

/// What identifies a certificate of an app. Written `rack/app/1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertificateKey {
    /// Name of the rack.
    pub rack: String,
    /// Name of the app.
    pub app: String,
    /// Counts from one among the certificates of the app.
    pub ordinal: u32,
}

impl fmt::Display for CertificateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.rack, self.app, self.ordinal)
    }
}

/// Numbers that removed rules held, by rack, router and number, with the rule that held them.
pub(super) type Retired = BTreeMap<(String, Router, u32), RuleKey>;

/// Where the lines of a lock stand, by their keys. Two locks that say the same are equal wherever
/// they say it.
#[derive(Debug, Clone, Default)]
pub struct Lines(pub(super) BTreeMap<String, Place>);

impl PartialEq for Lines {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Lines {}

/// What a compile must remember.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// The rack of each app.
    pub apps: BTreeMap<String, String>,
    /// Rules that live.
    pub rules: BTreeMap<RuleKey, LockedRule>,
    /// Numbers that may still be in use while a removal is on its way.
    pub retired: Retired,
    /// The names on each certificate of an app.
    pub certificates: BTreeMap<CertificateKey, Vec<String>>,
    /// Where its lines stand, when it was read.
    pub lines: Lines,
}

impl Lock {
    /// Where the line of an app, a rule or a certificate stands, by its key.
    pub fn line(&self, key: &str) -> Option<Place> {
        self.lines.0.get(key).copied()
    }

    /// The text of the file: sorted, one line an entry.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEAD}version: {VERSION}\n");
        section(&mut text, "apps", self.apps.iter().map(|(app, rack)| format!("{app}: {{rack: {rack}}}")));
        section(
            &mut text,
            "rules",
            self.rules.iter().map(|(key, rule)| {
                format!("{key}: {{priority: {}, hosts: [{}]}}", rule.priority, quoted(rule.hosts.iter().map(Host::as_str)))
            }),
        );
        section(
            &mut text,
            "certificates",
            self.certificates.iter().map(|(key, names)| format!("{key}: [{}]", quoted(names.iter().map(String::as_str)))),
        );
        section(
            &mut text,
            "retired",
            self.retired.iter().map(|((rack, router, number), key)| format!("{rack}/{}/{number}: {key}", router.word())),
        );
        text
    }
}

/// Hosts in double quotes, which hold every character that a host may have.
fn quoted<'a>(hosts: impl Iterator<Item = &'a str>) -> String {
    hosts.map(|host| format!("\"{host}\"")).collect::<Vec<_>>().join(", ")
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
