//! The network balancers, on which apps put listeners for plain TCP and TLS.

use serde_json::{Value, json};

use super::{Resources, add, subnets, waits_for};
use crate::fleet::{NetworkBalancer, Rack};
use crate::lower::intrinsic::{attribute, reference};

/// The network balancers that the rack has, the public one first.
pub(super) fn network_balancers(rack: &Rack, resources: &mut Resources) -> Vec<Value> {
    let own = |(settings, internal): &(&NetworkBalancer, bool)| settings.is_on.then(|| balancer(rack, settings, *internal, resources));
    [(&rack.params.nlb, false), (&rack.params.nlb_internal, true)].iter().filter_map(own).collect()
}

fn balancer(rack: &Rack, settings: &NetworkBalancer, internal: bool, resources: &mut Resources) -> Value {
    let (id, group, word) =
        if internal { ("NLBRouterInternal", "NLBInternalSecurity", "internal") } else { ("NLBRouter", "NLBSecurity", "public") };
    add(resources, id, "AWS::ElasticLoadBalancingV2::LoadBalancer");
    add(resources, group, "AWS::EC2::SecurityGroup");
    let subnets = subnets(rack, internal && rack.params.private);
    // Addresses that stay, for clients that allow by address.
    let fixed = if internal { 0 } else { subnets.len() };
    let addresses: Vec<String> = (0..fixed).map(|zone| add(resources, format!("NLBAddress{zone}"), "AWS::EC2::EIP")).collect();
    let mapping = |(zone, subnet): (usize, &Value)| match addresses.get(zone) {
        Some(address) => json!({"SubnetId": subnet, "AllocationId": attribute(address, "AllocationId")}),
        None => json!({"SubnetId": subnet}),
    };
    json!({
        "id": id,
        "title": format!("{} network balancer", if internal { "Internal" } else { "Public" }),
        "parameter": if internal { "NLBInternal: Yes" } else { "NLB: Yes" },
        "scheme": if internal { "internal" } else { "internet-facing" },
        "waits_for": waits_for(rack, !internal, false),
        "mappings": subnets.iter().enumerate().map(mapping).collect::<Vec<_>>(),
        "addresses": addresses,
        "group": group,
        "description": format!("{} {word} network balancer", rack.name),
        "attributes": [
            {"Key": "deletion_protection.enabled", "Value": settings.deletion_protection.to_string()},
            {"Key": "load_balancing.cross_zone.enabled", "Value": settings.cross_zone.to_string()},
        ],
    })
}

/// What apps import of the network balancers: names are Convox's.
pub(super) fn outputs(rack: &Rack) -> Vec<(String, Value)> {
    let mut list = Vec::new();
    for (settings, id, prefix) in [(&rack.params.nlb, "NLBRouter", "NLB"), (&rack.params.nlb_internal, "NLBRouterInternal", "NLBInternal")]
    {
        if settings.is_on {
            list.push((format!("{prefix}Arn"), reference(id)));
            list.push((format!("{prefix}Host"), attribute(id, "DNSName")));
            list.push((format!("{prefix}SecurityGroup"), attribute(&format!("{prefix}Security"), "GroupId")));
        }
    }
    if rack.params.nlb.is_on {
        let zones = subnets(rack, false).len();
        list.extend((0..zones).map(|zone| (format!("NLBEIP{zone}"), reference(&format!("NLBAddress{zone}")))));
    }
    list
}
