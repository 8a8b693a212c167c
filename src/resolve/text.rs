//! Answers for people.

use std::fmt;

use super::{AtRouter, Does, Entry, Resolution, RuleAnswer};
use crate::allocate::{HTTP, HTTPS};

/// The width of the words in front of lines.
const WIDTH: usize = 13;

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.routers.is_empty() {
            writeln!(f, "{}", self.by_default())?;
        }
        for (number, at) in self.routers.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            self.at_router(at, f)?;
        }
        for (number, note) in self.notes.iter().enumerate() {
            let before = if number == 0 { "\n" } else { "" };
            writeln!(f, "{before}note: {note}")?;
        }
        Ok(())
    }
}

impl Resolution {
    /// What happens to a host that no router knows, and why.
    fn by_default(&self) -> String {
        let Self { url, host, port, router, .. } = self;
        let no_rule = format!("no rule of {router} routers matches `{host}`");
        let why = match self.otherwise {
            Does::Redirect => format!("{no_rule}, and port {port} redirects whatever has none"),
            Does::NoListener => format!("no {router} router listens on port {port}"),
            Does::NoRouter => format!("no rack has an {router} router"),
            Does::OtherProtocol => format!("port {port} of routers speaks {}", if *port == HTTP { "HTTP" } else { "HTTPS" }),
            Does::Forward | Does::Others | Does::NotFound => format!("{no_rule}, and port {port} answers 404 to whatever has none"),
        };
        let what = match self.otherwise {
            Does::Redirect => format!("{url} is redirected to HTTPS, where nobody answers"),
            _ => format!("nobody answers at {url}"),
        };
        format!("{what}\n  {:<WIDTH$} {why}", "why")
    }

    /// A router that knows the host, in lines.
    fn at_router(&self, at: &AtRouter, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, who) = (&self.url, who(&at.rule));
        match (at.does, &at.location) {
            (Does::Redirect, Some(location)) => writeln!(f, "{url} is redirected to {location}, where {who} answers")?,
            (Does::NoListener, _) => writeln!(f, "nobody answers at {url}; on port {HTTPS} {who} does")?,
            _ => writeln!(f, "{who} answers at {url}")?,
        }
        let mut line = |name: &str, text: &str| writeln!(f, "  {name:<WIDTH$} {text}");
        line("router", &format!("{} of {}", at.router, at.rack))?;
        match &at.listener {
            Some(listener) => line("listener", &format!("port {}, {}{}", listener.port, listener.export, by_default(at.does)))?,
            None => line("listener", &format!("none on port {}", self.port))?,
        }
        // The rule of a redirect stands on another listener than the one that was asked.
        let is_elsewhere = at.listener.as_ref().is_none_or(|listener| listener.export != at.rule.listener);
        for (name, text) in details(&at.rule, is_elsewhere) {
            line(name, &text)?;
        }
        for (number, rule) in at.later.iter().enumerate() {
            line(if number == 0 { "later" } else { "" }, &short(rule))?;
        }
        if !at.unknown.is_empty() {
            let numbers: Vec<String> = at.unknown.iter().map(u32::to_string).collect();
            line("before it", &format!("rules of others with conditions beside the host: {}", numbers.join(", ")))?;
        }
        Ok(())
    }
}

/// What a listener adds where no rule of it answers.
fn by_default(does: Does) -> &'static str {
    if does == Does::Redirect { " redirects by default" } else { "" }
}

fn who(rule: &RuleAnswer) -> String {
    rule.service.as_ref().map_or_else(|| "a rule of others".to_owned(), |service| format!("{}/{}", service.app, service.service))
}

/// The lines about the rule that answers, with its listener where that is another one.
fn details(rule: &RuleAnswer, is_elsewhere: bool) -> Vec<(&'static str, String)> {
    let host = ("host", format!("{} ({})", rule.host, rule.class));
    let on = if is_elsewhere { format!(" on {}", rule.listener) } else { String::new() };
    let Some(service) = &rule.service else {
        return vec![("rule", format!("of others, priority {}{on}; what it does is not known", rule.priority)), host];
    };
    let group = &service.target_group;
    let speaks = if group.protocol_version == "GRPC" { format!("gRPC over {}", group.protocol) } else { group.protocol.to_owned() };
    let stickiness = service.stickiness.as_ref();
    vec![
        ("rule", format!("{}, priority {}{on}", service.rule, rule.priority)),
        ("in its stack", format!("{} of {}", service.id, service.stack)),
        host,
        ("target group", format!("{}: {speaks} to port {}, health check at {}", group.id, group.port, group.health_check_path)),
        ("stickiness", stickiness.map_or_else(|| "off".to_owned(), |sticky| format!("{} for {} seconds", sticky.cookie, sticky.seconds))),
    ]
}

/// A rule that comes later, on one line.
fn short(rule: &RuleAnswer) -> String {
    let key = rule.service.as_ref().map_or_else(|| "of others".to_owned(), |service| service.rule.clone());
    format!("{} ({}), priority {}, {key}", rule.host, rule.class, rule.priority)
}

/// Every host, a line each, with columns below each other.
pub fn table(entries: &[Entry]) -> String {
    let heads = ["HOST", "RACK", "ROUTER", "PORTS", "SERVICE", "PRIORITY"].map(str::to_owned);
    let row = |entry: &Entry| {
        let ports: Vec<String> = entry.ports.iter().map(u16::to_string).collect();
        let service = match (&entry.app, &entry.service) {
            (Some(app), Some(service)) => format!("{app}/{service}"),
            _ => "(others)".to_owned(),
        };
        [entry.host.clone(), entry.rack.clone(), entry.router.to_owned(), ports.join(","), service, entry.priority.to_string()]
    };
    let rows: Vec<[String; 6]> = std::iter::once(heads).chain(entries.iter().map(row)).collect();
    let widths: [usize; 6] = std::array::from_fn(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; 6]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
