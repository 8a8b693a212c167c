//! An answer, as it is printed and as `schemas/resolve.schema.json` has it.

use serde::Serialize;

/// Who answers at an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolution {
    /// The address as it was understood, without whom it says asks.
    pub url: String,
    /// Its host in lower case, as a router gets it.
    pub host: String,
    /// The port that is asked, 1 to 65535.
    pub port: u16,
    /// The routers that are asked: `public` or `internal`.
    pub router: &'static str,
    /// Whether anybody answers: a service, a rule of others, or a redirect.
    #[serde(rename = "answered")]
    pub is_answered: bool,
    /// Routers that know the host, in the order of racks. Where there are several, DNS decides which one
    /// gets a request.
    pub routers: Vec<AtRouter>,
    /// What all other routers do.
    pub otherwise: Does,
    /// What else there is to know, in sentences.
    pub notes: Vec<String>,
}

/// What a router does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// A rule of ours forwards it to a service.
    Forward,
    /// A rule of others takes it; what that does is not known.
    Others,
    /// The default action of port 80 sends it to HTTPS.
    Redirect,
    /// The default action of port 443 answers 404.
    NotFound,
    /// Nobody listens on the port.
    NoListener,
    /// There is no such router.
    NoRouter,
    /// The port speaks another protocol than the address says.
    OtherProtocol,
}

/// A router that knows the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AtRouter {
    /// Name of the rack.
    pub rack: String,
    /// `public` or `internal`.
    pub router: &'static str,
    /// What it does: `forward`, `others`, `redirect` or `no-listener`.
    #[serde(rename = "action")]
    pub does: Does,
    /// The listener that is asked; none where nobody listens.
    pub listener: Option<OnListener>,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The rule that answers; for a redirect the one that answers at [`AtRouter::location`], and where nobody listens the
    /// one that answers on port 443.
    pub rule: RuleAnswer,
    /// Rules of the same listener that would match too, in the order in which they would.
    pub later: Vec<RuleAnswer>,
    /// Numbers of others' rules on the listener that come first and whose conditions are not known.
    pub unknown: Vec<u32>,
}

/// A listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnListener {
    /// Its port, 80 or 443.
    pub port: u16,
    /// The export of the rack's stack that holds its ARN.
    pub export: String,
}

/// A rule that matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleAnswer {
    /// The export of the listener that it stands on.
    pub listener: String,
    /// Its number on the listener, 1 to 50000.
    pub priority: u32,
    /// The host of the rule that matches.
    pub host: String,
    /// Whether that is an `exact` host or a `wildcard`.
    pub class: &'static str,
    /// What it leads to; none for a rule of others.
    #[serde(rename = "target")]
    pub service: Option<Service>,
}

/// A service behind a rule of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Name of the app.
    pub app: String,
    /// Name of the service.
    pub service: String,
    /// The rule as the lock names it, such as `main/public/shop/web/exact1`.
    pub rule: String,
    /// The stack that holds it.
    pub stack: String,
    /// Its logical ID there.
    pub id: String,
    /// The target group that it forwards to.
    pub target_group: TargetGroup,
    /// How a client stays with a target; none where it does not.
    pub stickiness: Option<Stickiness>,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetGroup {
    /// Its logical ID, in the stack of its rule.
    pub id: String,
    /// What the service speaks, as its manifest says it: `http`, `https`, `grpc` or `secure-grpc`.
    pub scheme: &'static str,
    /// `HTTP` or `HTTPS`.
    pub protocol: &'static str,
    /// `HTTP1` or `GRPC`.
    pub protocol_version: &'static str,
    /// The port of its targets, 1 to 65535.
    pub port: u16,
    /// `ip` or `instance`.
    pub target_type: &'static str,
    /// The path of its health check.
    pub health_check_path: String,
}

/// Stickiness by a cookie of the router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stickiness {
    /// The name of the cookie.
    pub cookie: &'static str,
    /// How long it lasts from the last request on, 1 to 604800 seconds.
    pub seconds: u32,
}
