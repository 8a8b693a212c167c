//! The balancer: the classic load balancer of the rack API, and of nothing else.

use serde_json::{Value, json};

use super::{Resources, add, egress, group_rule, subnets, waits_for};
use crate::fleet::Rack;

/// The balancer and its security group.
pub(super) fn balancer(rack: &Rack, resources: &mut Resources) -> Value {
    let private = rack.params.private_api;
    // Scheme and name can't change in place, and a name can't be used twice, so a private API has another name.
    let (name, scheme) = if private { (format!("{}-i", rack.name), "internal") } else { (rack.name.clone(), "internet-facing") };
    let port = rack.api_port();
    add(resources, "Balancer", "AWS::ElasticLoadBalancing::LoadBalancer");
    add(resources, "BalancerSecurity", "AWS::EC2::SecurityGroup");
    json!({
        "name": name,
        "port": port.to_string(),
        "check": format!("HTTPS:{port}/check"),
        "scheme": scheme,
        "subnets": subnets(rack, private),
        "waits_for": waits_for(rack, !private, false),
        "group": format!("{} balancer", rack.name),
        "ingress": ingress(rack),
        "egress": [egress(rack)],
    })
}

/// Who reaches the rack API.
fn ingress(rack: &Rack) -> Vec<Value> {
    let params = &rack.params;
    let https = (443, 443);
    match &params.private_api_security_group {
        Some(group) if params.private_api => {
            vec![group_rule("HTTPS from PrivateApiSecurityGroup", https, ("SourceSecurityGroupId", json!(group)))]
        }
        _ if params.private_api => vec![group_rule("HTTPS from the VPC", https, ("CidrIp", json!(params.vpc_cidr.to_string())))],
        _ if params.white_list.is_empty() => vec![group_rule("HTTPS from anywhere", https, ("CidrIp", json!("0.0.0.0/0")))],
        _ => {
            params.white_list.iter().map(|range| group_rule("HTTPS from WhiteList", https, ("CidrIp", json!(range.to_string())))).collect()
        }
    }
}
