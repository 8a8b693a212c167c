//! The text of the lock: sorted, one line an entry, so that it reads well in a difference and two
//! branches that add different apps touch different places. Everything of an app stands together,
//! on whichever rack it lives: new apps tend to go to one rack, and where its apps stood together
//! two branches would write in one place.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Lock, Scheme, TargetGroup, VERSION};
use crate::host::Host;

const HEAD: &str = "\
# Where apps live, and the numbers of their rules. Written by `rackform compile`; commit it with
# the manifests. A number that is deployed must never change: merge lines, do not edit them.
";

impl Lock {
    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEAD}version: {VERSION}\n");
        let racks = self.racks.iter().map(|(name, rack)| {
            let mut line = format!("{name}: {{network: \"{}\"", rack.network);
            put(&mut line, "internal_router", rack.internal_router.as_deref());
            put(&mut line, "instances", rack.instances.then_some(true));
            let imports: Vec<String> = rack.imports.iter().map(|(name, made_of)| format!("{name}: \"{made_of}\"")).collect();
            put(&mut line, "imports", (!imports.is_empty()).then(|| format!("{{{}}}", imports.join(", "))));
            line + "}"
        });
        section(&mut text, "racks", false, racks);
        let apps = self.apps.iter().map(|(app, at)| {
            let mut line = format!("{app}: {{rack: {}", at.rack);
            put(&mut line, "moving_to", at.moving_to.as_deref());
            put(&mut line, "http", at.http);
            put(&mut line, "http_left", at.http_left);
            line + "}"
        });
        section(&mut text, "apps", true, apps);
        let rules = self.rules.iter().map(|(key, rule)| {
            let mut line = key.to_string();
            let _ = write!(line, ": {{priority: {}, hosts: [", rule.priority);
            quote(&mut line, rule.hosts.iter().map(Host::as_str));
            line.push(']');
            put(&mut line, "since", later(rule.since));
            put(&mut line, "left", hosts(&rule.left));
            put(&mut line, "joined", hosts(&rule.joined));
            (key.app.as_str(), line + "}")
        });
        section(&mut text, "rules", true, by_app(rules));
        let target_groups = self.target_groups.iter().map(|(key, group)| {
            let line = match group.was {
                None => format!("{key}: {}", scalar(group.is)),
                Some((was, changed)) => format!("{key}: {{port: {}, was: {}, changed: {changed}}}", scalar(group.is), scalar(was)),
            };
            (key.app.as_str(), line)
        });
        section(&mut text, "target_groups", false, by_app(target_groups));
        let ports = self.ports.iter().map(|(key, port)| {
            let line = match (later(port.since), port.left) {
                (None, None) => format!("{key}: {}", port.service),
                (since, left) => {
                    let mut line = format!("{key}: {{service: {}", port.service);
                    put(&mut line, "since", since);
                    put(&mut line, "left", left);
                    line + "}"
                }
            };
            (key.app.as_str(), line)
        });
        section(&mut text, "ports", false, by_app(ports));
        let certificates = self.certificates.iter().map(|(key, own)| {
            let names = quoted(own.names.iter().map(String::as_str));
            let line = match (later(own.since), own.changed, own.left) {
                (None, None, None) => format!("{key}: [{names}]"),
                (since, changed, left) => {
                    let mut line = format!("{key}: {{names: [{names}]");
                    put(&mut line, "since", since);
                    put(&mut line, "changed", changed);
                    put(&mut line, "left", left);
                    line + "}"
                }
            };
            (key.app.as_str(), line)
        });
        section(&mut text, "certificates", true, by_app(certificates));
        let shared = self.shared.iter().map(|((rack, router, arn), shared)| {
            let mut line = format!("{rack}/{}/{arn}: {{since: {}", router.word(), shared.since);
            put(&mut line, "left", shared.left);
            line + "}"
        });
        section(&mut text, "shared_certificates", false, shared);
        let retired = self.retired.iter().map(|((rack, router, number), gone)| {
            let hosts = quoted(gone.hosts.iter().map(Host::as_str));
            let http = if gone.http { ", http: true" } else { "" };
            let line = format!("{rack}/{}/{number}: {{rule: {}, hosts: [{hosts}]{http}, since: {}}}", router.word(), gone.key, gone.since);
            (gone.key.app.as_str(), line)
        });
        section(&mut text, "retired", true, by_app(retired));
        let strangers = self.strangers.iter().map(|((rack, router, port, number), hosts)| {
            format!("{rack}/{}/{port}/{number}: [{}]", router.word(), quoted(hosts.iter().map(Host::as_str)))
        });
        section(&mut text, "strangers", false, strangers);
        let others = self.stranger_certificates.iter().map(|(rack, router, arn)| format!("{rack}/{}/{arn}: {{}}", router.word()));
        section(&mut text, "stranger_certificates", false, others);
        text
    }
}

/// What a target group is made of; in quotes where a colon could be taken for YAML's.
fn scalar(group: TargetGroup) -> String {
    if group.scheme == Scheme::Http { group.to_string() } else { format!("\"{group}\"") }
}

/// A generation that needs saying: the first one goes without.
fn later(generation: u32) -> Option<u32> {
    (generation > 1).then_some(generation)
}

/// Put an entry behind the others, if there is one.
fn put(line: &mut String, key: &str, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value {
        let _ = write!(line, ", {key}: {value}");
    }
}

/// Hosts with the generation that each went or came with.
fn hosts(hosts: &BTreeMap<Host, u32>) -> Option<String> {
    let hosts: Vec<String> = hosts.iter().map(|(host, when)| format!("\"{}\": {when}", host.as_str())).collect();
    (!hosts.is_empty()).then(|| format!("{{{}}}", hosts.join(", ")))
}

/// Texts in double quotes, which hold every character that a host may have.
fn quoted<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut all = String::new();
    quote(&mut all, texts);
    all
}

/// The same behind what stands in a line already.
fn quote<'a>(line: &mut String, texts: impl Iterator<Item = &'a str>) {
    for (at, text) in texts.enumerate() {
        line.push_str(if at == 0 { "\"" } else { ", \"" });
        line.push_str(text);
        line.push('"');
    }
}

/// Lines of apps, sorted by the app first.
fn by_app<'a>(lines: impl Iterator<Item = (&'a str, String)>) -> impl Iterator<Item = String> {
    let mut lines: Vec<(&str, String)> = lines.collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line)
}

/// A section; one that most locks do without is left out while it is empty. The blank line keeps
/// what is added to the end of one section apart from what happens to the head of the next.
fn section(text: &mut String, name: &str, always: bool, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        if always {
            let _ = writeln!(text, "\n{name}: {{}}");
        }
        return;
    }
    let _ = writeln!(text, "\n{name}:");
    for line in lines {
        text.push_str("  ");
        text.push_str(&line);
        text.push('\n');
    }
}
