//! rackform.lock: every placement and number that was given out, a line each, and what the last
//! changes took away, so that the way from what is deployed to what is wanted can be replayed.
//!
//! Each compile that changes something is a **generation**, counted from one. A line that was made
//! later says so in `since`; what a line lost is kept behind `left` with the generation that took
//! it, and what it gained last behind `joined`. So the lock alone tells the last step, and a second compile of the same input says the same.

mod conflict;
mod keys;
mod mend;
mod port;
mod reader;
mod target_group;
mod text;

pub use port::{LockedPort, PortKey};
pub use reader::{Mode, read};
pub use target_group::{LockedTargetGroup, Scheme, TargetGroup, TargetGroupKey};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::host::Host;
use crate::routes::Router;
use crate::source::Place;

/// The version that this program writes and reads.
const VERSION: i64 = 1;

/// Hosts that one rule may hold. Quota `condition-values-per-alb-rule`, not adjustable.
pub const MAX_HOSTS: usize = 5;
/// Numbers that AWS takes. API `ELBv2` 2015-12-01, `CreateRule`.
pub const NUMBERS: std::ops::RangeInclusive<u32> = 1..=50_000;

/// Whether a rule holds exact hosts or patterns; it never holds both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Host names.
    Exact,
    /// Patterns, all equally specific.
    Wildcard,
}

impl Class {
    /// The word for it, as in the lock.
    pub fn word(self) -> &'static str {
        match self {
            Class::Exact => "exact",
            Class::Wildcard => "wildcard",
        }
    }
}

/// What identifies a rule for as long as it lives. Written `rack/router/app/service/exact1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// Where an app lives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockedApp {
    /// The rack.
    pub rack: String,
    /// The rack that it moves to; it stands on both until the move is finished.
    pub moving_to: Option<String>,
    /// The generation since which its rules are on port 80 too; none while port 80 redirects.
    pub http: Option<u32>,
    /// The generation that took its rules from port 80.
    pub http_left: Option<u32>,
}

impl LockedApp {
    /// Whether it lives on a rack, or moves there.
    pub(crate) fn stands_on(&self, rack: &str) -> bool {
        self.rack == rack || self.moving_to.as_deref() == Some(rack)
    }
}

/// A rule as the lock remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedRule {
    /// Its number.
    pub priority: u32,
    /// Its hosts.
    pub hosts: Vec<Host>,
    /// The generation that made it.
    pub since: u32,
    /// Hosts that it held, with the generation that took each; the last few.
    pub left: BTreeMap<Host, u32>,
    /// Hosts that it got last since it was made, with the generation that brought them. What came
    /// before those has long been deployed and goes without.
    pub joined: BTreeMap<Host, u32>,
}

/// What identifies a certificate of an app. Written `rack/app/1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// A certificate of an app as the lock remembers it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockedCertificate {
    /// Its names, sorted.
    pub names: Vec<String>,
    /// The generation that made it.
    pub since: u32,
    /// The generation that put one with other names in the place of an older one.
    pub changed: Option<u32>,
    /// The generation that took it away.
    pub left: Option<u32>,
}

/// A listed certificate on a router of a rack. Written `rack/router/ARN`.
pub type SharedKey = (String, Router, String);

/// What is known of a listed certificate on a router.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LockedShared {
    /// The generation that put it there.
    pub since: u32,
    /// The generation that took it away.
    pub left: Option<u32>,
}

/// A rule that is gone. Its number is not given out again while it may still be in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredRule {
    /// The rule that held the number.
    pub key: RuleKey,
    /// Its hosts.
    pub hosts: Vec<Host>,
    /// Whether it stood on port 80 too.
    pub http: bool,
    /// The generation that took it away.
    pub since: u32,
}

/// Rules that are gone, by rack, router and number.
pub type Retired = BTreeMap<(String, Router, u32), RetiredRule>;

/// A rule that stands on a listener and is not rackform's. Written `rack/router/port/number`.
pub type StrangerKey = (String, Router, u16, u32);

/// What identifies an app on a rack.
pub type AppOnRack<'a> = (&'a str, &'a str);

/// Where the lines of a lock stand, by their keys. Two locks that say the same are equal wherever
/// they say it.
#[derive(Debug, Clone, Default)]
pub struct Lines(BTreeMap<String, Place>);

impl PartialEq for Lines {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Lines {}

/// What of a rack its apps use and nothing can change under them. A rack that is brought or
/// somebody else's has less of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockedRack {
    /// The VPC: its range where the rack makes it, or else its id.
    pub network: String,
    /// The name of the internal router, where it has one of its own.
    pub internal_router: Option<String>,
    /// Whether instances stand in it. Those that came because something needed them stay until
    /// `compute` says otherwise: the rack is deployed before the apps that leave them.
    pub instances: bool,
    /// Exports that tasks on it import and that an edit can change, with what they are made of; none
    /// where an older program wrote the lock.
    pub imports: BTreeMap<String, String>,
}

/// What a compile must remember.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Racks that were written.
    pub racks: BTreeMap<String, LockedRack>,
    /// Where each app lives.
    pub apps: BTreeMap<String, LockedApp>,
    /// Rules that live.
    pub rules: BTreeMap<RuleKey, LockedRule>,
    /// What the target groups of services are made of; none where an older program wrote the lock.
    pub target_groups: BTreeMap<TargetGroupKey, LockedTargetGroup>,
    /// Ports of network balancers; none where an older program wrote the lock.
    pub ports: BTreeMap<PortKey, LockedPort>,
    /// Numbers that may still be in use while a removal is on its way.
    pub retired: Retired,
    /// Certificates of apps.
    pub certificates: BTreeMap<CertificateKey, LockedCertificate>,
    /// Listed certificates on the routers of racks.
    pub shared: BTreeMap<SharedKey, LockedShared>,
    /// Hosts of rules that others put on our listeners; none for a rule with other conditions.
    pub strangers: BTreeMap<StrangerKey, Vec<Host>>,
    /// ARNs of certificates that others put on our listeners, by rack and router.
    pub stranger_certificates: BTreeSet<SharedKey>,
    /// Where its lines stand, when it was read.
    pub lines: Lines,
}

impl Lock {
    /// Where the line of an app, a rule, a target group or a certificate stands, by its key.
    pub fn line(&self, key: &str) -> Option<Place> {
        self.lines.0.get(key).copied()
    }

    /// Where the line of a rule of others stands.
    pub fn stranger_line(&self, (rack, router, port, number): &StrangerKey) -> Option<Place> {
        self.line(&format!("{rack}/{}/{port}/{number}", router.word()))
    }

    /// The last generation; 0 when nothing was given out yet.
    pub fn generation(&self) -> u32 {
        let apps = self.apps.values().flat_map(|app| [app.http, app.http_left, Some(1)]).flatten();
        let rules = self.rules.values().flat_map(|rule| rule.left.values().chain(rule.joined.values()).copied().chain([rule.since]));
        let certificates = self.certificates.values().flat_map(|own| [Some(own.since), own.changed, own.left]).flatten();
        let shared = self.shared.values().flat_map(|shared| [Some(shared.since), shared.left]).flatten();
        let retired = self.retired.values().map(|retired| retired.since);
        let target_groups = self.target_groups.values().filter_map(|group| Some(group.was?.1));
        let ports = self.ports.values().flat_map(|port| [Some(port.since), port.left]).flatten();
        apps.chain(rules).chain(target_groups).chain(ports).chain(certificates).chain(shared).chain(retired).max().unwrap_or(0)
    }

    /// The rules of a router.
    pub fn rules_on<'a>(&'a self, rack: &'a str, router: Router) -> impl Iterator<Item = (&'a RuleKey, &'a LockedRule)> + 'a {
        let first = RuleKey { rack: rack.into(), router, app: String::new(), service: String::new(), class: Class::Exact, ordinal: 0 };
        self.rules.range(first..).take_while(move |(key, _)| key.rack == rack && key.router == router)
    }

    /// The rules of an app on a rack.
    pub fn rules_of<'a>(&'a self, rack: &'a str, app: &'a str) -> impl Iterator<Item = (&'a RuleKey, &'a LockedRule)> + 'a {
        [Router::Public, Router::Internal].into_iter().flat_map(move |router| {
            let first = RuleKey { rack: rack.into(), router, app: app.into(), service: String::new(), class: Class::Exact, ordinal: 0 };
            self.rules.range(first..).take_while(move |(key, _)| key.rack == rack && key.router == router && key.app == app)
        })
    }

    /// The network ports of an app on a rack, those that are gone too.
    pub fn ports_of<'a>(&'a self, rack: &'a str, app: &'a str) -> impl Iterator<Item = (&'a PortKey, &'a LockedPort)> + 'a {
        let first = PortKey { rack: rack.into(), app: app.into(), router: Router::Public, port: 0 };
        self.ports.range(first..).take_while(move |(key, _)| key.rack == rack && key.app == app)
    }

    /// The certificates of apps on a rack, those that are gone too.
    pub fn certificates_on<'a>(&'a self, rack: &'a str) -> impl Iterator<Item = (&'a CertificateKey, &'a LockedCertificate)> + 'a {
        let first = CertificateKey { rack: rack.into(), app: String::new(), ordinal: 0 };
        self.certificates.range(first..).take_while(move |(key, _)| key.rack == rack)
    }

    /// Listed certificates on the routers of a rack, those that are gone too.
    pub fn shared_on<'a>(&'a self, rack: &'a str) -> impl Iterator<Item = (&'a SharedKey, &'a LockedShared)> + 'a {
        self.shared.range((rack.to_owned(), Router::Public, String::new())..).take_while(move |((on, _, _), _)| on == rack)
    }

    /// Rules of others on the listeners of a router.
    pub fn strangers_on<'a>(&'a self, rack: &'a str, router: Router) -> impl Iterator<Item = &'a StrangerKey> + 'a {
        let first: StrangerKey = (rack.to_owned(), router, 0, 0);
        self.strangers.range(first..).map(|(key, _)| key).take_while(move |(on, at, _, _)| on == rack && *at == router)
    }

    /// The certificates of an app on a rack, those that are gone too.
    pub fn certificates_of<'a>(
        &'a self,
        rack: &'a str,
        app: &'a str,
    ) -> impl Iterator<Item = (&'a CertificateKey, &'a LockedCertificate)> + 'a {
        let first = CertificateKey { rack: rack.into(), app: app.into(), ordinal: 0 };
        self.certificates.range(first..).take_while(move |(key, _)| key.rack == rack && key.app == app)
    }
}
