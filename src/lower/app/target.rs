//! What routers see of an app: target groups, and the rules that lead to them.

use serde::Serialize;
use serde_json::{Value, json};

use super::{export, import};
use crate::fleet::{App, Rack};
use crate::host::Host;
use crate::lock::{Scheme, TargetGroup};
use crate::lower::ids;
use crate::manifest::Service;
use crate::routes::Router;
use crate::transition::StepRule;

/// Checks that a target must pass or fail to change its state. Convox sends both.
const THRESHOLD: u32 = 2;
/// Seconds that a client stays with a target, from its last request on. AWS's default.
const STICKY_SECONDS: u32 = 86400;

/// A target group as its template has it.
#[derive(Debug, Clone, Serialize)]
pub struct TargetGroupContext {
    /// Its logical ID.
    pub id: String,
    /// What the service speaks, as its manifest says it.
    #[serde(skip)]
    pub scheme: Scheme,
    /// `ip` or `instance`.
    pub target_type: &'static str,
    /// The port of its targets, 1 to 65535.
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: &'static str,
    /// `HTTP1` or `GRPC`.
    pub protocol_version: &'static str,
    /// The path of its health check.
    pub path: String,
    interval: i64,
    timeout: i64,
    threshold: u32,
    /// The answers of a healthy target.
    codes: String,
    /// Seconds that a target is left to finish its requests; like all attributes, as text.
    drain: String,
    algorithm: &'static str,
    slow_start: String,
    sticky: String,
    sticky_seconds: String,
    /// Seconds that a client stays with a target, from its last request on; none where clients go to any target.
    #[serde(skip)]
    pub sticky_for: Option<u32>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct RuleContext {
    pub(super) id: String,
    after: Vec<String>,
    listener: String,
    priority: u32,
    hosts: Vec<Value>,
    /// The logical ID of what it leads to.
    pub(super) target_group: String,
}

/// The export that names a listener, without the rack.
pub(in crate::lower) fn listener_export(router: Router, http: bool) -> &'static str {
    match (router, http) {
        (Router::Public, false) => "RouterListener443",
        (Router::Public, true) => "RouterListener80",
        (Router::Internal, false) => "RouterInternalListener443",
        (Router::Internal, true) => "RouterInternalListener80",
    }
}

pub(super) fn listener(rack: &Rack, router: Router, http: bool) -> String {
    export(rack, listener_export(router, http))
}

pub(super) fn target_group(app: &App, service: &Service, made_of: TargetGroup, router: Router) -> TargetGroupContext {
    let (protocol, protocol_version) = match made_of.scheme {
        Scheme::Http => ("HTTP", "HTTP1"),
        Scheme::Https => ("HTTPS", "HTTP1"),
        Scheme::Grpc => ("HTTP", "GRPC"),
        Scheme::SecureGrpc => ("HTTPS", "GRPC"),
    };
    let params = &app.params;
    TargetGroupContext {
        id: ids::target_group(&service.name.value, router),
        scheme: made_of.scheme,
        target_type: if made_of.of_instances { "instance" } else { "ip" },
        port: made_of.port,
        protocol,
        protocol_version,
        path: service.health.path.value.clone(),
        interval: service.health.interval.value,
        timeout: service.health.timeout.value,
        threshold: THRESHOLD,
        codes: if protocol_version == "GRPC" { params.grpc_success_codes.clone() } else { params.success_codes.clone() },
        drain: service.deregistration_delay().to_string(),
        algorithm: params.algorithm.attribute(),
        slow_start: params.slow_start.to_string(),
        sticky: service.sticky.to_string(),
        sticky_seconds: STICKY_SECONDS.to_string(), // also where it is off: an attribute that is left out keeps its last value
        sticky_for: service.sticky.then_some(STICKY_SECONDS),
    }
}

pub(super) fn rule_context(rack: &Rack, step: &StepRule, http: bool) -> RuleContext {
    let rule = &step.rule;
    RuleContext {
        id: ids::rule(&rule.key, http),
        after: step.after.iter().map(|key| ids::rule(key, http)).collect(),
        listener: listener(rack, rule.key.router, http),
        priority: rule.priority,
        hosts: rule.hosts.iter().map(|host| host_value(rack, host)).collect(),
        target_group: ids::target_group(&rule.key.service, rule.key.router),
    }
}

/// A host as a literal, or joined at deploy time with the router's own name.
pub(super) fn host_value(rack: &Rack, host: &Host) -> Value {
    match host.at_deploy() {
        Some((prefix, export)) => json!({ "Fn::Join": ["", [prefix, import(rack, router_name(rack, export))]] }),
        None => json!(host.as_str()),
    }
}

/// The export that holds a router's name. A rack that is somebody else's says under which name its
/// routers are known; of ours, the name that never changes is taken.
fn router_name(rack: &Rack, export: &'static str) -> &'static str {
    match (rack.external, export) {
        (true, "Domain") => "RouterHost",
        (true, _) => "RouterInternalHost",
        (false, export) => export,
    }
}
