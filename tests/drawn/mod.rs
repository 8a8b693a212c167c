//! Fleets that are drawn, and addresses near their hosts.
#![allow(dead_code)] // each test binary uses its part

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rackform::lock::Lock;
use rackform::routes::Router;
use serde_json::{Value, json};

use crate::common::{Random, adopt_on};
use crate::simulator::requests::{Request, Rule};

pub(crate) const RACKS: [&str; 3] = ["main", "side", "third"];
pub(crate) const APPS: [&str; 6] = ["shop", "blog", "foo", "foo-bar", "api", "x"];
pub(crate) const SERVICES: [&str; 4] = ["web", "bar-web", "admin", "api"];
pub(crate) const NAMES: [&str; 12] = [
    "example.org",
    "www.example.org",
    "w1.example.org",
    "a-b.example.org",
    "shop.example.org",
    "x.shop.example.org",
    "eu.shop.example.org",
    "n.eu.shop.example.org",
    "example.com",
    "www.example.com",
    "a.b.example.com",
    "c.example.net",
];
/// Of any two, either one lies inside of the other or no host matches both.
pub(crate) const PATTERNS: [&str; 9] = [
    "*.example.org",
    "*.shop.example.org",
    "*.eu.shop.example.org",
    "?.eu.shop.example.org",
    "w?.example.org",
    "*-?.example.org",
    "*.example.com",
    "a*.example.com",
    "??.example.net",
];
/// Hosts of rules that others put on our listeners.
pub(crate) const STRANGE: [&str; 6] = ["*", "*.example.org", "old.example.org", "w1.example.org", "*.main.convox", "?ww.*"];

/// A rule of others.
pub(crate) struct Stranger {
    pub(crate) rack: &'static str,
    pub(crate) router: Router,
    pub(crate) port: u16,
    pub(crate) number: u32,
    pub(crate) hosts: Vec<&'static str>,
    pub(crate) asks_for_more: bool,
}

/// A rack as it is drawn.
pub(crate) struct Rack {
    pub(crate) name: &'static str,
    internal: bool,
    internal_only: bool,
    port80: bool,
}

pub(crate) struct Fleet {
    pub(crate) racks: Vec<Rack>,
    pub(crate) text: String,
    pub(crate) apps: Vec<(&'static str, String)>,
    pub(crate) strangers: Vec<Stranger>,
}

impl Fleet {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let mut racks = Vec::new();
        let mut text = "racks:\n".to_owned();
        for name in RACKS.iter().take(1 + random.below(3)) {
            let internal = random.below(3) > 0;
            let internal_only = internal && random.below(4) == 0;
            let (port80, has_host) = (random.below(4) > 0, random.below(4) > 0);
            let host = if has_host { "host: \"{rack}.example.net\", " } else { "" };
            let (yes, only, off) = (word(internal), word(internal_only), word(!port80));
            let _ = writeln!(text, "  {name}: {{{host}params: {{Internal: {yes}, InternalOnly: {only}, DisableALBPort80: {off}}}}}");
            racks.push(Rack { name, internal, internal_only, port80 });
        }
        text.push_str("apps:\n");
        let mut names: Vec<&str> = NAMES.iter().chain(&PATTERNS).copied().collect();
        let mut apps = Vec::new();
        for app in APPS.iter().take(2 + random.below(5)) {
            let rack = random.of(&racks);
            let mut redirects = random.below(5) < 3;
            let mut manifest = "services:\n".to_owned();
            for service in SERVICES.iter().take(1 + random.below(3)) {
                let kinds: &[&str] = match (rack.internal, rack.internal_only) {
                    (_, true) => &[", internal: true"],
                    (true, false) => &["", "", ", internal: true", ", internalAndExternal: true"],
                    (false, false) => &[""],
                };
                let kind = *random.of(kinds);
                let port = *random.of(&["3000", "8080", "https:8443", "grpc:50051"]);
                // Port 80 must be there, and does not forward gRPC.
                redirects |= port.starts_with("grpc") || (!rack.port80 && kind != ", internal: true");
                let mut domains = Vec::new();
                for _ in 0..random.below(7) {
                    let at = random.below(names.len());
                    // Some hosts are claimed on two racks, and where it is one rack the fleet is refused.
                    domains.push(if random.below(12) == 0 { names[at] } else { names.swap_remove(at) });
                    if names.is_empty() {
                        names.push("never.example.org");
                    }
                }
                domains.dedup();
                let domains: Vec<String> = domains.iter().map(|name| format!("{name:?}")).collect();
                let (sticky, path) = (random.below(3) > 0, random.of(&["/", "/health"]));
                let _ = writeln!(
                    manifest,
                    "  {service}: {{port: \"{port}\"{kind}, sticky: {sticky}, health: {path}, domain: [{}]}}",
                    domains.join(", ")
                );
            }
            let _ = writeln!(
                text,
                "  {app}: {{rack: {}, params: {{RedirectHttps: {}, InternalDomains: {}}}}}",
                rack.name,
                word(redirects),
                word(random.below(3) > 0)
            );
            apps.push((*app, manifest));
        }
        let strangers = (0..[0, 0, 3, 6][random.below(4)]).filter_map(|_| Stranger::draw(&racks, random)).collect();
        Self { racks, text, apps, strangers }
    }

    pub(crate) fn apps(&self) -> Vec<(&str, &str)> {
        self.apps.iter().map(|(name, text)| (*name, text.as_str())).collect()
    }

    /// Let an app live on any rack.
    pub(crate) fn unpin(&mut self, app: &str) {
        let line = |line: &str| match line.split_once("{rack: ").zip(line.split_once(", ")) {
            Some(((head, _), (_, rest))) if head == format!("  {app}: ") => format!("{head}{{{rest}\n"),
            _ => format!("{line}\n"),
        };
        self.text = self.text.lines().map(line).collect();
    }

    /// A lock that knows the rules of others, as `adopt` takes them in.
    pub(crate) fn adopted(&self) -> Lock {
        let mut lock = Lock::default();
        let mut listeners: BTreeMap<(&str, Router, u16), BTreeMap<u32, &Stranger>> = BTreeMap::new();
        for one in &self.strangers {
            listeners.entry((one.rack, one.router, one.port)).or_default().insert(one.number, one);
        }
        for ((rack, router, port), rules) in listeners {
            let rules: Vec<Value> = rules.values().map(|one| one.listed()).collect();
            let text = json!({"Rules": rules}).to_string();
            lock = adopt_on(Some(rack), router, port, &self.text, &self.apps(), &text, &lock).expect("it can be adopted").lock;
        }
        lock
    }
}

impl Stranger {
    fn draw(racks: &[Rack], random: &mut Random) -> Option<Self> {
        let rack = random.of(racks);
        let router = *random.of(&[Router::Public, Router::Internal]);
        let port = *random.of(&[80, 443, 443]);
        let is_there = match router {
            Router::Public => !rack.internal_only && (rack.port80 || port == 443),
            Router::Internal => rack.internal,
        };
        // Numbers on the two ports may be the same, and lie before, between and behind ours.
        let number = 1 + 5000 * u32::try_from(random.below(10)).unwrap();
        let hosts = (0..=random.below(3)).map(|_| *random.of(&STRANGE)).collect();
        is_there.then_some(Self { rack: rack.name, router, port, number, hosts, asks_for_more: random.below(4) == 0 })
    }

    /// The rule as `describe-rules` prints it.
    fn listed(&self) -> Value {
        let mut conditions = vec![json!({"Field": "host-header", "HostHeaderConfig": {"Values": self.hosts}})];
        if self.asks_for_more {
            conditions.push(json!({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/legacy/*"]}}));
        }
        let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/router/50dc6c495c0c9188/0123456789abcdef";
        json!({
            "RuleArn": format!("{arn}/{:016x}", self.number),
            "Priority": self.number.to_string(),
            "Conditions": conditions,
            "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
        })
    }

    pub(crate) fn rule(&self) -> Rule {
        let hosts = self.hosts.iter().map(|host| (*host).to_owned()).collect();
        Rule { priority: self.number.into(), hosts, asks_for_more: self.asks_for_more, made: None }
    }
}

fn word(flag: bool) -> &'static str {
    if flag { "Yes" } else { "No" }
}

/// An address as a person may write it, and what a client makes of it.
pub(crate) struct Drawn {
    pub(crate) text: String,
    pub(crate) port: Option<u16>,
    pub(crate) internal: bool,
    pub(crate) request: Request,
}

/// A host near one that rules have.
fn host(hosts: &[String], random: &mut Random) -> String {
    let mut host = String::new();
    for c in random.of(hosts).chars() {
        match c {
            '*' => host.push_str(random.of::<&str>(&["a", "w1", "a.b", "x", "www", "eu", "x-1", "n.eu", ""])),
            '?' => host.push_str(random.of::<&str>(&["1", "a", "-", "ab"])),
            c => host.push(c),
        }
    }
    match random.below(12) {
        0 => host.split_once('.').map_or(host.clone(), |(_, rest)| rest.to_owned()),
        1 => format!("a.{host}"),
        2 => format!("{host}.org"),
        3 => host.replacen(*random.of(&RACKS), random.of::<&str>(&RACKS), 1),
        4 => host.replacen(*random.of(&["a", "1", "shop", "-", "."]), "b", 1),
        5 => format!("{host}."),
        6 => format!("internal-{host}"),
        _ => host,
    }
}

fn is_host(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.split('.').all(|label| !label.is_empty())
}

/// Draw an address, sound in any spelling.
pub(crate) fn address(hosts: &[String], random: &mut Random) -> Drawn {
    let host = std::iter::repeat_with(|| host(hosts, random)).find(|host| is_host(host)).unwrap();
    let spelled: String = host.chars().map(|c| if random.below(6) == 0 { c.to_ascii_uppercase() } else { c }).collect();
    let scheme = *random.of(&["https://", "https://", "http://", "HTTP://", ""]);
    let written = *random.of(&["", "", "", "", "", "", "", "", ":", ":443", ":443", ":80", ":80", ":8443"]);
    let user = *random.of(&["", "", "", "you@", "you:secret@"]);
    let path = *random.of(&["", "/", "/a/b", "?q=http://other.example.org/", "/#here", "/A?b@c:80"]);
    let port = *random.of(&[None, None, None, None, None, None, None, Some(80), Some(80), Some(443), Some(9000)]);
    let number: Option<u16> = written.trim_start_matches(':').parse().ok();
    let protocol = match scheme.to_lowercase().as_str() {
        "http://" => Some("HTTP"),
        "https://" => Some("HTTPS"),
        _ => None,
    };
    let usual = if protocol == Some("HTTP") { 80 } else { 443 };
    let request = Request {
        // Who names a port speaks what the port speaks.
        protocol: protocol.filter(|_| port.is_none()),
        host,
        port: port.or(number).unwrap_or(usual),
    };
    Drawn { text: format!("{scheme}{user}{spelled}{written}{path}"), port, internal: random.below(4) == 0, request }
}
