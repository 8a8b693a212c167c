//! Ports on the rack's network balancers: each has a listener and a target group of its own.

use serde::Serialize;

use super::export;
use crate::compute;
use crate::fleet::{App, Rack};
use crate::lower::ids;
use crate::manifest::{NlbPort, Service};
use crate::ports::{balancer_of, is_internal};

/// Seconds between two checks, and how many change a target's state.
const CHECKS: (u32, u32) = (30, 2);

#[derive(Debug, Clone, Serialize)]
pub(super) struct PortContext {
    pub(super) group: String,
    pub(super) listener: String,
    target_type: &'static str,
    port: i64,
    pub(super) container_port: i64,
    protocol: &'static str,
    certificate: Option<(String, String)>,
    balancer: String,
    interval: u32,
    threshold: u32,
    attributes: Vec<(&'static str, String)>,
    ingress: Vec<IngressContext>,
}

/// A rule of a security group of tasks.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TaskIngress {
    pub(super) description: String,
    /// The first port and the last one.
    pub(super) ports: (i64, i64),
    /// Which key says who comes in.
    pub(super) key: &'static str,
    /// The export of the rack that it holds.
    pub(super) export: String,
}

#[derive(Debug, Clone, Serialize)]
struct IngressContext {
    id: String,
    balancer_group: String,
    description: String,
    range: String,
}

impl PortContext {
    pub(super) fn resources(&self) -> Vec<(&str, &str)> {
        let ingress = self.ingress.iter().map(|rule| (rule.id.as_str(), "AWS::EC2::SecurityGroupIngress"));
        let own = [
            (self.group.as_str(), "AWS::ElasticLoadBalancingV2::TargetGroup"),
            (self.listener.as_str(), "AWS::ElasticLoadBalancingV2::Listener"),
        ];
        ingress.chain(own).collect()
    }
}

/// The export that names the security group of a port's balancer.
fn balancer_group(port: &NlbPort) -> &'static str {
    if is_internal(port) { "NLBInternalSecurityGroup" } else { "NLBSecurityGroup" }
}

/// A port of a service. Its listener is called as it was when another service of the app had the port:
/// under another name CloudFormation would make it before it deletes the one that has the port.
pub(super) fn port(app: &App, rack: &Rack, service: &Service, port: &NlbPort, named: &str) -> PortContext {
    let name = &service.name.value;
    let settings = balancer_of(rack, port);
    let cross_zone = port.cross_zone.map_or("use_load_balancer_configuration".to_owned(), |on| on.to_string());
    PortContext {
        group: ids::port_target_group(name, port.port),
        listener: ids::port_listener(named, port.port),
        target_type: if compute::has_own_address(app, service, rack) { "ip" } else { "instance" },
        port: port.port,
        container_port: port.container_port,
        protocol: if port.protocol == "tls" { "TLS" } else { "TCP" },
        certificate: port.certificate.as_ref().map(|certificate| (certificate.value.clone(), rack.params.ssl_policy.clone())),
        balancer: export(rack, if is_internal(port) { "NLBInternalArn" } else { "NLBArn" }),
        interval: CHECKS.0,
        threshold: CHECKS.1,
        attributes: vec![
            ("deregistration_delay.timeout_seconds", service.deregistration_delay().to_string()),
            ("load_balancing.cross_zone.enabled", cross_zone),
            ("preserve_client_ip.enabled", port.preserve_client_ip.unwrap_or(settings.preserve_client_ip).to_string()),
        ],
        ingress: ingress(rack, port, named),
    }
}

/// Who may connect: the port's own ranges, or those of the rack. On a rack of others the group lets the rack's in.
fn ingress(rack: &Rack, port: &NlbPort, named: &str) -> Vec<IngressContext> {
    let settings = balancer_of(rack, port);
    let of_rack = || match settings.allow.as_slice() {
        _ if rack.external => Vec::new(),
        [] => vec![rack.params.vpc_cidr.to_string()],
        ranges => ranges.iter().map(ToString::to_string).collect(),
    };
    let own: Vec<String> = port.allow_cidr.iter().map(|range| range.value.clone()).collect();
    let rule = |range: String| IngressContext {
        id: ids::port_ingress(named, port.port, &range),
        balancer_group: export(rack, balancer_group(port)),
        // Also with other words it would be another rule, which EC2 refuses beside the same one.
        description: format!("To the port {} of {named}", port.port),
        range,
    };
    (if own.is_empty() { of_rack() } else { own }).into_iter().map(rule).collect()
}

/// Who reaches tasks with addresses of their own at a port: the balancer, and from the VPC its health checks.
pub(super) fn task_ingress(rack: &Rack, port: &NlbPort) -> [TaskIngress; 2] {
    let rule = |description: &str, key: &'static str, name: &str| TaskIngress {
        description: description.to_owned(),
        ports: (port.container_port, port.container_port),
        key,
        export: export(rack, name),
    };
    [rule("From the network balancer", "SourceSecurityGroupId", balancer_group(port)), rule("From the VPC", "CidrIp", "VpcCidr")]
}
