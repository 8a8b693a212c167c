//! What app stacks import. Names are exactly Convox's, so that a rack of either kind serves an app.

use serde_json::{Value, json};

use super::router::listens_on_80;
use super::{RackUse, instances, subnets};
use crate::fleet::Rack;
use crate::lower::intrinsic::{attribute, reference};

/// The outputs, each exported as `<rack>:<name>`.
pub(super) fn outputs(rack: &Rack, used: &RackUse) -> Vec<Value> {
    let mut list: Vec<(String, Value)> = Vec::new();
    if rack.has_router() {
        list.extend(router(rack, false));
    }
    if rack.has_router_internal() {
        list.extend(router(rack, true));
    }
    list.extend(super::network_balancer::outputs(rack));
    let mut push = |name: &str, value: Value| list.push((name.to_owned(), value));
    push("Balancer", reference("Balancer"));
    push("BalancerHost", attribute("Balancer", "DNSName"));
    push("HostedZone", reference("HostedZone"));
    push("Cluster", reference("Cluster"));
    if used.instances {
        push("InstancesSecurityGroup", instances::security_group(rack));
        // Ours: Convox has no capacity provider of its own.
        push("InstancesProvider", reference("InstancesProvider"));
        push("ServiceRole", attribute("ServiceRole", "Arn"));
    }
    push("Vpc", reference("Vpc"));
    push("VpcCidr", json!(rack.params.vpc_cidr.to_string()));
    for (kind, private) in [("Subnet", false), ("SubnetPrivate", true)] {
        for (at, subnet) in subnets(rack, private).into_iter().enumerate() {
            push(&format!("{kind}{at}"), subnet);
        }
    }
    let block = |(name, value): (String, Value)| json!({"id": name, "value": value, "export": format!("{}:{name}", rack.name)});
    list.into_iter().map(block).collect()
}

fn router(rack: &Rack, internal: bool) -> Vec<(String, Value)> {
    let params = &rack.params;
    let (id, domain, host, groups) = if internal {
        ("RouterInternal", "DomainInternal", &rack.internal_host, &params.router_internal_security_groups)
    } else {
        ("Router", "Domain", &rack.host, &params.router_security_groups)
    };
    let address = attribute(id, "DNSName");
    // Convox too exports the first group of a list alone.
    let group = groups.first().map_or_else(|| attribute(&format!("{id}Security"), "GroupId"), |group| json!(group));
    let mut list = vec![(domain.to_owned(), address.clone())];
    let mut push = |last: &str, value: Value| list.push((format!("{id}{last}"), value));
    push("Host", host.as_ref().map_or(address, |host| json!(host)));
    if listens_on_80(rack, internal) {
        push("Listener80", reference(&format!("{id}Listener80")));
    }
    push("Listener443", reference(&format!("{id}Listener443")));
    push("Certificate", reference("Certificate"));
    push("Name", attribute(id, "LoadBalancerFullName"));
    push("SecurityGroup", group);
    list
}
