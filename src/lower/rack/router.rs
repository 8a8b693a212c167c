//! The two routers. They differ in where they stand and who reaches them; everything else is one list for both.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{RackUse, Resources, add, egress, group_rule, logs, subnets, waits_for};
use crate::fleet::{MitigationMode, Rack};
use crate::lower::ids::fingerprint;
use crate::lower::intrinsic::attribute;
use crate::routes::Router;

/// The routers that the rack has, the public one first.
pub(super) fn routers(rack: &Rack, routed: &RackUse, resources: &mut Resources) -> Vec<Value> {
    let public = rack.has_router().then(|| router(rack, false, &routed.public_certificates, resources));
    let internal = rack.has_router_internal().then(|| router(rack, true, &routed.internal_certificates, resources));
    public.into_iter().chain(internal).collect()
}

fn router(rack: &Rack, internal: bool, certificates: &[String], resources: &mut Resources) -> Value {
    let params = &rack.params;
    let id = add(resources, if internal { "RouterInternal" } else { "Router" }, "AWS::ElasticLoadBalancingV2::LoadBalancer");
    let group = brought_groups(rack, internal).is_empty().then(|| group(rack, internal, resources));
    let listener = "AWS::ElasticLoadBalancingV2::Listener";
    let named = internal && !params.internal_router_suffix.is_empty();
    json!({
        "id": id,
        "title": if internal { "Internal router" } else { "Public router" },
        "parameter": if internal { "Internal: Yes" } else { "InternalOnly: No" },
        "name": named.then(|| format!("{}{}", rack.name, params.internal_router_suffix)),
        "scheme": if internal { "internal" } else { "internet-facing" },
        "subnets": subnets(rack, internal && params.private),
        "group": group,
        "groups": security_groups(rack, internal),
        "waits_for": waits_for(rack, !internal, true),
        "attributes": attributes(rack, if internal { logs::ROUTER_INTERNAL } else { logs::ROUTER }),
        "tag": format!("{} {}", rack.name, if internal { "internal router" } else { "router" }),
        "listener80": listens_on_80(rack, internal).then(|| add(resources, format!("{id}Listener80"), listener)),
        "listener443": add(resources, format!("{id}Listener443"), listener),
        "ssl_policy": params.ssl_policy,
        "certificates": shared(&id, certificates, resources),
    })
}

/// Whether a router has a listener on port 80.
pub(super) fn listens_on_80(rack: &Rack, internal: bool) -> bool {
    let router = if internal { Router::Internal } else { Router::Public };
    router.ports(rack).contains(&80)
}

/// The security groups that replace a router's own.
fn brought_groups(rack: &Rack, internal: bool) -> &[String] {
    if internal { &rack.params.router_internal_security_groups } else { &rack.params.router_security_groups }
}

/// The security groups of a router: its own, or those that replace it.
pub(super) fn security_groups(rack: &Rack, internal: bool) -> Vec<Value> {
    let brought = brought_groups(rack, internal);
    if brought.is_empty() {
        let own = if internal { "RouterInternalSecurity" } else { "RouterSecurity" };
        return vec![attribute(own, "GroupId")];
    }
    brought.iter().map(|id| json!(id)).collect()
}

/// A router's own security group.
fn group(rack: &Rack, internal: bool, resources: &mut Resources) -> Value {
    let (id, what, who, from) = if internal {
        ("RouterInternalSecurity", "internal router", "the VPC", rack.params.vpc_cidr.to_string())
    } else {
        ("RouterSecurity", "router", "anywhere", "0.0.0.0/0".to_owned())
    };
    let source = ("CidrIp", json!(from));
    let http = listens_on_80(rack, internal)
        .then(|| group_rule(&format!("HTTP from {who}, which is redirected to HTTPS"), (80, 80), source.clone()));
    let https = group_rule(&format!("HTTPS from {who}"), (443, 443), source);
    json!({
        "id": add(resources, id, "AWS::EC2::SecurityGroup"),
        "description": format!("{} {what}", rack.name),
        // The one finding of scanners that a redirect on a public router cannot avoid.
        "open_http": !internal && rack.params.port80,
        "ingress": http.into_iter().chain([https]).collect::<Vec<_>>(),
        "egress": [egress(rack)],
    })
}

/// Every attribute that rackform owns, at its value: one that is left out of a template keeps what it had before.
/// Keys, ranges and defaults are those of the `ELBv2` API's `LoadBalancerAttribute`.
fn attributes(rack: &Rack, log_prefix: &str) -> Vec<Value> {
    let params = &rack.params;
    let mitigation = match params.mitigation_mode {
        MitigationMode::Monitor => "monitor",
        MitigationMode::Defensive => "defensive",
        MitigationMode::Strictest => "strictest",
    };
    [
        ("access_logs.s3.bucket", logs::bucket(rack)),
        ("access_logs.s3.enabled", json!("true")),
        ("access_logs.s3.prefix", json!(logs::prefix(rack, log_prefix))),
        ("client_keep_alive.seconds", json!("3600")),
        ("deletion_protection.enabled", json!(params.deletion_protection.to_string())),
        ("idle_timeout.timeout_seconds", json!(params.idle_timeout.to_string())),
        ("routing.http.desync_mitigation_mode", json!(mitigation)),
        ("routing.http.drop_invalid_header_fields.enabled", json!("true")),
        ("routing.http.preserve_host_header.enabled", json!("false")),
        ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", json!("false")),
        ("routing.http.xff_client_port.enabled", json!("false")),
        ("routing.http.xff_header_processing.mode", json!("append")),
        ("routing.http2.enabled", json!("true")),
        ("waf.fail_open.enabled", json!("false")),
    ]
    .into_iter()
    .map(|(key, value)| json!({"Key": key, "Value": value}))
    .collect()
}

/// Shared certificates, by ids that depend on the ARN alone: one that goes does not rename
/// the others.
fn shared(router: &str, arns: &[String], resources: &mut Resources) -> Vec<Value> {
    let by_id: BTreeMap<String, &String> = arns.iter().map(|arn| (format!("{router}Certificate{}", fingerprint(arn)), arn)).collect();
    by_id
        .into_iter()
        .map(|(id, arn)| json!({"id": add(resources, id, "AWS::ElasticLoadBalancingV2::ListenerCertificate"), "arn": arn}))
        .collect()
}
