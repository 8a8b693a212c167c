//! The network that a rack makes: public subnets behind a gateway, private ones behind NAT or behind nothing.

use serde_json::{Value, json};

use super::{Resources, add};
use crate::fleet::{Network, Rack};

/// The created network; null when it is brought.
pub(super) fn network(rack: &Rack, resources: &mut Resources) -> Value {
    if rack.network != Network::Create {
        return Value::Null;
    }
    let params = &rack.params;
    for (id, kind) in [
        ("Vpc", "AWS::EC2::VPC"),
        ("Gateway", "AWS::EC2::InternetGateway"),
        ("GatewayAttachment", "AWS::EC2::VPCGatewayAttachment"),
        ("Routes", "AWS::EC2::RouteTable"),
        ("RouteDefault", "AWS::EC2::Route"),
    ] {
        add(resources, id, kind);
    }
    // One gateway a zone, so that a zone that fails takes only its own; a single one where the rack is not to be
    // highly available. Without `Private` nothing stands in the private subnets that would need one.
    let gateways = match (params.private, params.high_availability) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => params.zones,
    };
    let mut subnets = Vec::new();
    let mut private = Vec::new();
    for (zone, cidr) in params.subnet_cidrs.iter().enumerate().take(params.zones) {
        subnets.push(json!({
            "id": add(resources, format!("Subnet{zone}"), "AWS::EC2::Subnet"),
            "zone": zone,
            "cidr": cidr.to_string(),
            "name": format!("{} public {zone}", rack.name),
            "association": add(resources, format!("Subnet{zone}Routes"), "AWS::EC2::SubnetRouteTableAssociation"),
        }));
    }
    for (zone, cidr) in params.subnet_private_cidrs.iter().enumerate().take(params.zones) {
        let route = (gateways > 0).then(|| add(resources, format!("RouteDefaultPrivate{zone}"), "AWS::EC2::Route"));
        private.push(json!({
            "id": add(resources, format!("SubnetPrivate{zone}"), "AWS::EC2::Subnet"),
            "zone": zone,
            "cidr": cidr.to_string(),
            "name": format!("{} private {zone}", rack.name),
            "table": add(resources, format!("RouteTablePrivate{zone}"), "AWS::EC2::RouteTable"),
            "association": add(resources, format!("SubnetPrivate{zone}Routes"), "AWS::EC2::SubnetRouteTableAssociation"),
            "route": route,
            "nat": format!("Nat{}", zone.min(gateways.saturating_sub(1))),
        }));
    }
    let nats: Vec<Value> = (0..gateways)
        .map(|zone| {
            json!({
                "id": add(resources, format!("Nat{zone}"), "AWS::EC2::NatGateway"),
                "address": add(resources, format!("NatAddress{zone}"), "AWS::EC2::EIP"),
                "subnet": format!("Subnet{zone}"),
                "name": format!("{} {zone}", rack.name),
            })
        })
        .collect();
    json!({"cidr": params.vpc_cidr.to_string(), "subnets": subnets, "private": private, "nats": nats})
}
