//! An app's stack: target groups, rules, certificates and names on the routers of its rack.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::ids;
use super::intrinsic::reference;
use super::stack::{Parameter, Stack, StackKind};
use crate::demand::{self, AppCertificate};
use crate::fleet::{App, AppParams, Fleet, Rack};
use crate::host::Host;
use crate::lock::{Scheme, TargetGroup};
use crate::manifest::Service;
use crate::routes::{Router, internal_domain, routers_of};
use crate::source::Files;
use crate::transition::{AppStep, StepRule};

/// Checks that a target must pass or fail to change its state. Convox sends both.
const THRESHOLD: u32 = 2;
/// Seconds that a client stays with a target, from its last request on. AWS's default, written
/// because an attribute that is left out keeps its last value.
const STICKY_SECONDS: &str = "86400";

#[derive(Serialize)]
struct Context {
    header: Vec<String>,
    description: String,
    parameters: Vec<ParameterContext>,
    certificates: Vec<CertificateContext>,
    services: Vec<ServiceContext>,
    outputs: Vec<OutputContext>,
}

#[derive(Serialize)]
struct ParameterContext {
    name: String,
    description: String,
}

#[derive(Serialize)]
struct CertificateContext {
    id: String,
    names: Vec<String>,
    validated: Vec<String>,
    zone: Value,
    listeners: Vec<Attachment>,
}

#[derive(Serialize)]
struct Attachment {
    id: String,
    listener: Value,
}

#[derive(Serialize)]
struct ServiceContext {
    name: String,
    source: String,
    target_groups: Vec<TargetGroupContext>,
    rules: Vec<RuleContext>,
    record: Option<RecordContext>,
}

#[derive(Serialize)]
struct TargetGroupContext {
    id: String,
    vpc: Value,
    target_type: &'static str,
    port: u16,
    protocol: &'static str,
    protocol_version: &'static str,
    path: String,
    interval: i64,
    timeout: i64,
    threshold: u32,
    matcher: Value,
    attributes: Vec<(&'static str, String)>,
    tags: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct RuleContext {
    id: String,
    after: Vec<String>,
    listener: Value,
    priority: u32,
    hosts: Vec<Value>,
    target_group: Value,
}

#[derive(Serialize)]
struct RecordContext {
    id: String,
    zone: Value,
    name: String,
    target: Value,
}

#[derive(Serialize)]
struct OutputContext {
    id: String,
    value: Value,
    export: String,
}

/// A value that the rack's stack exports, under Convox's name for it.
fn import(rack: &Rack, name: &str) -> Value {
    json!({ "Fn::ImportValue": format!("{}:{name}", rack.name) })
}

fn listener(rack: &Rack, router: Router, http: bool) -> Value {
    let name = match (router, http) {
        (Router::Public, false) => "RouterListener443",
        (Router::Public, true) => "RouterListener80",
        (Router::Internal, false) => "RouterInternalListener443",
        (Router::Internal, true) => "RouterInternalListener80",
    };
    import(rack, name)
}

/// Lower one app in a phase; none when none of its services is behind a router.
pub(super) fn lower(fleet: &Fleet, step: &AppStep, files: &Files) -> Option<Stack> {
    let app = &fleet.apps[step.app];
    let rack = &fleet.racks[app.rack];
    let name = format!("{}-{}", rack.name, app.name);
    let services: Vec<ServiceContext> =
        (0..app.manifest.services.len()).filter_map(|number| service(app, rack, number, step, files)).collect();
    if services.is_empty() {
        return None;
    }
    let own: &[AppCertificate] = &step.certificates;
    let zone = rack.hosted_zone.as_ref().filter(|_| own.iter().any(|certificate| !certificate.validated.is_empty()));
    let parameters: Vec<Parameter> =
        zone.iter().map(|zone| Parameter { name: "PublicHostedZone".into(), value: Some((*zone).clone()) }).collect();
    let outputs = services
        .iter()
        .flat_map(|service| &service.target_groups)
        .map(|group| OutputContext { id: group.id.clone(), value: reference(&group.id), export: format!("{name}:{}", group.id) })
        .collect();
    let context = Context {
        header: super::header(&app.source),
        description: format!("App {} on the rack {}", app.name, rack.name),
        parameters: parameters
            .iter()
            .map(|parameter| ParameterContext {
                name: parameter.name.clone(),
                description: "Public hosted zone in which certificates are validated".into(),
            })
            .collect(),
        certificates: own.iter().map(|own| certificate(rack, own)).collect(),
        services,
        outputs,
    };
    Some(Stack {
        kind: StackKind::App,
        rack: rack.name.clone(),
        app: Some(app.name.clone()),
        template: "app.yaml",
        resources: resources(&context),
        context: serde_json::to_value(context).expect("the context is plain data"),
        parameters,
        name,
    })
}

/// Every logical ID with its type.
fn resources(context: &Context) -> BTreeMap<String, String> {
    let mut all: Vec<(&str, &str)> = Vec::new();
    for certificate in &context.certificates {
        all.push((&certificate.id, "AWS::CertificateManager::Certificate"));
        all.extend(certificate.listeners.iter().map(|a| (a.id.as_str(), "AWS::ElasticLoadBalancingV2::ListenerCertificate")));
    }
    for service in &context.services {
        all.extend(service.target_groups.iter().map(|g| (g.id.as_str(), "AWS::ElasticLoadBalancingV2::TargetGroup")));
        all.extend(service.rules.iter().map(|r| (r.id.as_str(), "AWS::ElasticLoadBalancingV2::ListenerRule")));
        all.extend(service.record.iter().map(|r| (r.id.as_str(), "AWS::Route53::RecordSet")));
    }
    all.into_iter().map(|(id, kind)| (id.to_owned(), kind.to_owned())).collect()
}

fn certificate(rack: &Rack, own: &AppCertificate) -> CertificateContext {
    CertificateContext {
        id: ids::certificate(&own.names),
        names: own.names.clone(),
        validated: own.validated.clone(),
        zone: reference("PublicHostedZone"),
        listeners: own
            .routers
            .iter()
            .map(|router| Attachment { id: ids::listener_certificate(&own.names, *router), listener: listener(rack, *router, false) })
            .collect(),
    }
}

fn service(app: &App, rack: &Rack, number: usize, step: &AppStep, files: &Files) -> Option<ServiceContext> {
    let service = &app.manifest.services[number];
    let name = &service.name.value;
    let made_of = step.old_target_groups.get(name).copied().or_else(|| demand::target_group(app, number))?;
    let target_groups = routers_of(service).iter().map(|router| target_group(app, rack, service, made_of, *router)).collect();
    let mut contexts = Vec::new();
    for rule in step.rules.iter().filter(|step| step.rule.service == number) {
        contexts.push(rule_context(rack, rule, false));
        if rule.http {
            contexts.push(rule_context(rack, rule, true));
        }
    }
    let record = app.params.internal_domains.then(|| RecordContext {
        id: ids::record(name),
        zone: import(rack, "HostedZone"),
        name: internal_domain(app, service, rack),
        target: import(rack, if service.internal.value { "DomainInternal" } else { "Domain" }),
    });
    let (line, _) = files.line_column(service.name.place.file, service.name.place.span.start);
    Some(ServiceContext { name: name.clone(), source: format!("{}:{line}", app.source), target_groups, rules: contexts, record })
}

fn target_group(app: &App, rack: &Rack, service: &Service, made_of: TargetGroup, router: Router) -> TargetGroupContext {
    let (protocol, protocol_version) = match made_of.scheme {
        Scheme::Http => ("HTTP", "HTTP1"),
        Scheme::Https => ("HTTPS", "HTTP1"),
        Scheme::Grpc => ("HTTP", "GRPC"),
        Scheme::SecureGrpc => ("HTTPS", "GRPC"),
    };
    let params = &app.params;
    TargetGroupContext {
        id: ids::target_group(&service.name.value, router),
        vpc: import(rack, "Vpc"),
        target_type: if made_of.of_instances { "instance" } else { "ip" },
        port: made_of.port,
        protocol,
        protocol_version,
        path: service.health.path.value.clone(),
        interval: service.health.interval.value,
        timeout: service.health.timeout.value,
        threshold: THRESHOLD,
        matcher: if protocol_version == "GRPC" {
            json!({ "GrpcCode": params.grpc_success_codes })
        } else {
            json!({ "HttpCode": params.success_codes })
        },
        attributes: attributes(service, params),
        tags: vec![("App", app.name.clone()), ("Rack", rack.name.clone()), ("Service", service.name.value.clone())],
    }
}

/// Every attribute that is ours, always: one that is left out keeps its last value.
fn attributes(service: &Service, params: &AppParams) -> Vec<(&'static str, String)> {
    vec![
        ("deregistration_delay.timeout_seconds", service.deregistration_delay().to_string()),
        ("load_balancing.algorithm.type", params.algorithm.attribute().to_owned()),
        ("slow_start.duration_seconds", params.slow_start.to_string()),
        ("stickiness.enabled", service.sticky.to_string()),
        ("stickiness.lb_cookie.duration_seconds", STICKY_SECONDS.to_owned()),
        ("stickiness.type", "lb_cookie".to_owned()),
    ]
}

fn rule_context(rack: &Rack, step: &StepRule, http: bool) -> RuleContext {
    let rule = &step.rule;
    RuleContext {
        id: ids::rule(&rule.key, http),
        after: step.after.iter().map(|key| ids::rule(key, http)).collect(),
        listener: listener(rack, rule.key.router, http),
        priority: rule.priority,
        hosts: rule.hosts.iter().map(|host| host_value(rack, host)).collect(),
        target_group: reference(&ids::target_group(&rule.key.service, rule.key.router)),
    }
}

/// A host as a literal, or joined at deploy time with the router's own name.
fn host_value(rack: &Rack, host: &Host) -> Value {
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
