//! The network balancers, on which apps put listeners for plain TCP and TLS.

use serde_json::{Value, json};

use super::{Resources, add, subnets, waits_for};
use crate::fleet::{NetworkBalancer, Rack};
use crate::lower::intrinsic::{attribute, reference};

/// One of the network balancers, under Convox's names.
pub(super) struct Side<'a> {
    settings: &'a NetworkBalancer,
    /// `public` or `internal`.
    pub(super) word: &'static str,
    id: &'static str,
    /// What its parameters, its exports and its group begin with.
    prefix: &'static str,
}

impl Side<'_> {
    /// The logical ID of its security group.
    pub(super) fn group(&self) -> String {
        format!("{}Security", self.prefix)
    }
}

/// The network balancers that the rack has, the public one first.
pub(super) fn sides(rack: &Rack) -> impl Iterator<Item = Side<'_>> {
    let params = &rack.params;
    let public = Side { settings: &params.nlb, word: "public", id: "NLBRouter", prefix: "NLB" };
    let internal = Side { settings: &params.nlb_internal, word: "internal", id: "NLBRouterInternal", prefix: "NLBInternal" };
    [public, internal].into_iter().filter(|side| side.settings.is_on)
}

/// What the template prints of them.
pub(super) fn network_balancers(rack: &Rack, resources: &mut Resources) -> Vec<Value> {
    sides(rack).map(|side| balancer(rack, &side, resources)).collect()
}

fn balancer(rack: &Rack, side: &Side<'_>, resources: &mut Resources) -> Value {
    let Side { settings, word, id, prefix } = side;
    let internal = *word == "internal";
    add(resources, *id, "AWS::ElasticLoadBalancingV2::LoadBalancer");
    let group = add(resources, side.group(), "AWS::EC2::SecurityGroup");
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
        "parameter": format!("{prefix}: Yes"),
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
    for side in sides(rack) {
        let Side { id, prefix, .. } = side;
        list.push((format!("{prefix}Arn"), reference(id)));
        list.push((format!("{prefix}Host"), attribute(id, "DNSName")));
        list.push((format!("{prefix}SecurityGroup"), attribute(&side.group(), "GroupId")));
    }
    if rack.params.nlb.is_on {
        let zones = subnets(rack, false).len();
        list.extend((0..zones).map(|zone| (format!("NLBEIP{zone}"), reference(&format!("NLBAddress{zone}")))));
    }
    list
}
