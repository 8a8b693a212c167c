//! ECS instances: their group, what they are launched as, and the capacity provider through which tasks come to them.

use serde_json::{Value, json};

use super::{RackUse, Resources, add, group_rule, network_balancer, router, subnets};
use crate::fleet::{MOST_INSTANCES, Network, Rack};
use crate::lower::intrinsic::{attribute, reference, substitute};

/// The ports that Docker gives to containers that ask for none: Linux's own range, within which the ECS agent stays
/// (Amazon ECS API, `PortMapping.hostPort`).
const DYNAMIC_PORTS: (u16, u16) = (32_768, 65_535);
/// The port of SSH.
const SSH: (u16, u16) = (22, 22);

/// Instances, and everything that they are made of; null without.
pub(super) fn instances(rack: &Rack, used: &RackUse, resources: &mut Resources) -> Value {
    if !used.instances {
        return Value::Null;
    }
    let params = &rack.params;
    let own = &params.instances;
    let group = own.security_group.is_none().then(|| group(rack, used, resources));
    for (id, kind) in [
        ("Instances", "AWS::AutoScaling::AutoScalingGroup"),
        ("InstancesTemplate", "AWS::EC2::LaunchTemplate"),
        ("InstancesRole", "AWS::IAM::Role"),
        ("InstancesProfile", "AWS::IAM::InstanceProfile"),
        ("InstancesProvider", "AWS::ECS::CapacityProvider"),
        ("ServiceRole", "AWS::IAM::Role"),
    ] {
        add(resources, id, kind);
    }
    let count = params.instance_count();
    json!({
        "image": reference(image(rack).0),
        "type": own.kind,
        "key": own.key,
        "tokens": if own.imds_tokens { "required" } else { "optional" },
        "hops": own.imds_hops,
        "public": !params.private,
        "group": group,
        "groups": [security_group(rack)],
        "encrypted": own.encrypted,
        "volume": own.volume_size,
        "policies": policies(rack),
        "subnets": subnets(rack, params.private),
        "waits_for": waits_for(rack),
        "least": count.to_string(),
        // A group of a fixed size needs room for the instances that an update starts before it stops others.
        "most": if own.autoscale { MOST_INSTANCES } else { count + own.batch }.to_string(),
        // What scales by itself has its own idea of how many there should be.
        "desired": (!own.autoscale).then(|| count.to_string()),
        "kept": count,
        "batch": own.batch,
        "scaling": if own.autoscale { "ENABLED" } else { "DISABLED" },
        "provider": provider_name(rack),
    })
}

/// The name of the capacity provider where CloudFormation can't make one up: its own begin with the stack's name, and ECS
/// refuses some beginnings (Amazon ECS API, `CreateCapacityProvider.name`). A given name would stand in the way of a
/// replacement, so others go without.
fn provider_name(rack: &Rack) -> Option<String> {
    let is_refused = ["aws", "ecs", "fargate"].iter().any(|start| rack.name.starts_with(start));
    is_refused.then(|| format!("instances-{}", rack.name))
}

/// The image that instances are launched from: name, type and value of the template's parameter.
pub(super) fn image(rack: &Rack) -> (&'static str, &'static str, String) {
    let own = &rack.params.instances;
    if let Some(id) = &own.ami {
        return ("Ami", "AWS::EC2::Image::Id", id.clone());
    }
    // AWS publishes the newest one; each deployment of the rack looks it up again.
    let processor = if own.is_arm() { "arm64/" } else { "" };
    let path = format!("/aws/service/ecs/optimized-ami/amazon-linux-2023/{processor}recommended/image_id");
    ("DefaultAmi", "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", path)
}

/// The group of the instances: their own, or `InstanceSecurityGroup`.
pub(super) fn security_group(rack: &Rack) -> Value {
    rack.params.instances.security_group.as_ref().map_or_else(|| attribute("InstancesSecurity", "GroupId"), |group| json!(group))
}

/// What an instance may do: be a part of the cluster, and be reached by the Session Manager instead of SSH.
fn policies(rack: &Rack) -> Vec<Value> {
    let managed = |name: &str| substitute(&format!("arn:${{AWS::Partition}}:iam::aws:policy/{name}"));
    let mut policies = vec![managed("service-role/AmazonEC2ContainerServiceforEC2Role"), managed("AmazonSSMManagedInstanceCore")];
    policies.extend(rack.params.instances.policy.as_ref().map(|arn| json!(arn)));
    policies
}

/// The instances' own group: load balancers reach what they lead to, the VPC reaches agents, and nobody else anything.
fn group(rack: &Rack, used: &RackUse, resources: &mut Resources) -> Value {
    let vpc = || ("CidrIp", json!(rack.params.vpc_cidr.to_string()));
    let mut ingress = Vec::new();
    for (internal, is_there, name) in [(false, rack.has_router(), "router"), (true, rack.has_router_internal(), "internal router")] {
        for group in router::security_groups(rack, internal).into_iter().filter(|_| is_there) {
            // EC2 refuses a rule that comes twice, as it would from two routers that were given one group.
            if ingress.iter().all(|rule: &Value| rule["SourceSecurityGroupId"] != group) {
                ingress.push(group_rule(&format!("Containers from the {name}"), DYNAMIC_PORTS, ("SourceSecurityGroupId", group)));
            }
        }
    }
    for side in network_balancer::sides(rack) {
        let from = ("SourceSecurityGroupId", attribute(&side.group(), "GroupId"));
        ingress.push(group_rule(&format!("Containers from the {} network balancer", side.word), DYNAMIC_PORTS, from));
    }
    if rack.api.is_some() {
        let port = rack.api_port();
        let balancer = ("SourceSecurityGroupId", attribute("BalancerSecurity", "GroupId"));
        ingress.push(group_rule("The rack API from the balancer", (port, port), balancer));
    }
    for (port, protocol) in &used.agent_ports {
        let mut rule = group_rule("An agent from the VPC", (*port, *port), vpc());
        rule["IpProtocol"] = json!(protocol);
        ingress.push(rule);
    }
    if rack.params.instances.key.is_some() {
        ingress.push(group_rule("SSH from the VPC, with Key", SSH, vpc()));
    }
    json!({
        "id": add(resources, "InstancesSecurity", "AWS::EC2::SecurityGroup"),
        "description": format!("{} instances", rack.name),
        "ingress": ingress,
        // Images, the ECS API and whatever containers call are anywhere.
        "egress": [{"Description": "To anywhere", "IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}],
    })
}

/// The way out of the subnets of a network that the rack makes: without it an instance can't join the cluster.
fn waits_for(rack: &Rack) -> Vec<String> {
    if rack.network != Network::Create {
        return Vec::new();
    }
    let private = rack.params.private;
    let zones = 0..rack.subnet_count(private);
    if private {
        zones.flat_map(|zone| [format!("RouteDefaultPrivate{zone}"), format!("SubnetPrivate{zone}Routes")]).collect()
    } else {
        ["RouteDefault".to_owned()].into_iter().chain(zones.map(|zone| format!("Subnet{zone}Routes"))).collect()
    }
}
