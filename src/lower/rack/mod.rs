//! A rack as a stack: network, routers, balancer, cluster, and the exports that app stacks import.

mod api;
mod balancer;
mod instances;
mod logs;
mod network;
mod network_balancer;
mod outputs;
mod router;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::intrinsic::reference;
use super::stack::{Context, Parameter, Stack, StackKind};
use crate::fleet::{Certificate, Network, Rack};
use crate::transition::Mark;

/// What the apps on a rack use of it.
#[derive(Debug, Clone, Hash, Default)]
pub struct RackUse {
    /// ARNs of the shared certificates that the public router must hold.
    pub public_certificates: Vec<String>,
    /// ARNs of the shared certificates that the internal router must hold.
    pub internal_certificates: Vec<String>,
    /// Whether instances stand in the rack.
    pub instances: bool,
    /// Ports of instances at which agents are reached from the VPC, with `tcp` or `udp`.
    pub agent_ports: BTreeSet<(u16, String)>,
}

/// All that the stack of a rack is made from.
#[derive(Debug, Hash)]
pub struct GivenRack<'a> {
    pub(super) rack: Cow<'a, Rack>,
    pub(super) used: RackUse,
    pub(super) mark: Option<&'a Mark>,
    /// What its template names as what it was written from.
    pub(super) written_from: &'a str,
}

impl GivenRack<'_> {
    pub(super) fn stack(&self) -> Stack {
        lower_rack(&self.rack, &self.used, self.mark, &super::header(self.written_from))
    }
}

/// Logical ids and types, collected on the way.
type Resources = BTreeMap<String, String>;

/// Note a resource, and give its id back for the template.
fn add(resources: &mut Resources, id: impl Into<String>, kind: &str) -> String {
    let id = id.into();
    resources.insert(id.clone(), kind.to_owned());
    id
}

/// Lower a rack. Its certificate falls back to the parameter `Certificate` when it is to be created and the rack has no
/// host to name on it.
fn lower_rack(rack: &Rack, routed: &RackUse, mark: Option<&Mark>, header: &[String]) -> Stack {
    let mut resources = Resources::new();
    let network = network::network(rack, &mut resources);
    let logs = logs::logs(rack, &mut resources);
    let names = rack.certified_names();
    let create = rack.certificate == Certificate::Create && !names.is_empty();
    if create {
        add(&mut resources, "Certificate", "AWS::CertificateManager::Certificate");
    }
    let records = records(rack, &mut resources);
    let parameters = parameters(rack, routed, create, !records.is_empty());
    let zone = parameters.iter().any(|(parameter, _)| parameter.name == "PublicHostedZone").then(|| reference("PublicHostedZone"));
    let routers = router::routers(rack, routed, &mut resources);
    let network_balancers = network_balancer::network_balancers(rack, &mut resources);
    let balancer = balancer::balancer(rack, &mut resources);
    add(&mut resources, "HostedZone", "AWS::Route53::HostedZone");
    add(&mut resources, "Cluster", "AWS::ECS::Cluster");
    add(&mut resources, "ClusterProviders", "AWS::ECS::ClusterCapacityProviderAssociations");
    let instances = instances::instances(rack, routed, &mut resources);
    let api = api::api(rack, routed, &mut resources);

    let context = json!({
        "header": header,
        "description": format!("Rack {}: routers, API balancer, cluster and network", rack.name),
        "mark": mark.map(|mark| (&mark.change, mark.phase)),
        "rack": rack.name,
        "parameters": parameters.iter().map(|(_, block)| block).collect::<Vec<_>>(),
        "network": network,
        "logs": logs,
        "certificate": if create { json!({"name": names[0], "also": names[1..], "names": names, "zone": zone}) } else { Value::Null },
        "routers": routers,
        "network_balancers": network_balancers,
        "balancer": balancer,
        "records": records,
        "instances": instances,
        "api": api,
        "outputs": outputs::outputs(rack, routed),
    });
    let parameters = parameters.into_iter().map(|(parameter, _)| parameter).collect();
    Stack {
        name: rack.name.clone(),
        kind: StackKind::Rack,
        rack: rack.name.clone(),
        app: None,
        template: "rack.yaml",
        context: Context::Rack(context),
        parameters,
        resources,
    }
}

/// The public records that lead every host of the rack to its router.
fn records(rack: &Rack, resources: &mut Resources) -> Vec<Value> {
    let mut records: Vec<Value> = Vec::new();
    let public = rack.host.as_ref().filter(|_| rack.has_router());
    let internal = rack.internal_host.as_ref().filter(|host| rack.has_router_internal() && public != Some(host));
    for (router, host) in [("Router", public), ("RouterInternal", internal)] {
        if let (Some(host), Some(_)) = (host, &rack.hosted_zone) {
            let id = add(resources, format!("{router}Record"), "AWS::Route53::RecordSet");
            records.push(json!({"id": id, "name": format!("*.{host}"), "router": router}));
        }
    }
    records
}

/// The parameters of the template: value for the deployment, and type and description for the template.
fn parameters(rack: &Rack, used: &RackUse, create_certificate: bool, has_records: bool) -> Vec<(Parameter, Value)> {
    let mut list = Vec::new();
    let mut push = |name: String, value: Option<&str>, kind: &str, description: String| {
        let block = json!({"id": name, "type": kind, "description": description});
        list.push((Parameter { name, value: value.map(str::to_owned) }, block));
    };
    if let Network::Brought { vpc, subnets, private_subnets } = &rack.network {
        push("Vpc".into(), Some(vpc), "AWS::EC2::VPC::Id", "The VPC that the rack stands in".into());
        for (at, id) in subnets.iter().enumerate() {
            push(format!("Subnet{at}"), Some(id), "AWS::EC2::Subnet::Id", format!("Public subnet of zone {at}"));
        }
        for (at, id) in private_subnets.iter().enumerate() {
            push(format!("SubnetPrivate{at}"), Some(id), "AWS::EC2::Subnet::Id", format!("Private subnet of zone {at}"));
        }
    }
    if !create_certificate && (rack.has_router() || rack.has_router_internal()) {
        let value = match &rack.certificate {
            Certificate::Given(arn) => Some(arn.as_str()),
            Certificate::Create | Certificate::AtDeploy => None,
        };
        push("Certificate".into(), value, "String", "ARN of the default certificate of the routers".into());
    }
    if let Some(zone) = rack.hosted_zone.as_ref().filter(|_| create_certificate || has_records) {
        let description = "Public hosted zone that holds the records of the rack".into();
        push("PublicHostedZone".into(), Some(zone), "AWS::Route53::HostedZone::Id", description);
    }
    if used.instances {
        let (name, kind, value) = instances::image(rack);
        push(name.into(), Some(&value), kind, "Image that instances are launched from".into());
    }
    if let Some(api) = rack.api.as_ref().filter(|_| used.instances) {
        push("ApiImage".into(), Some(&api.image), "String", "Image of the rack API".into());
    }
    list
}

/// The subnets of a kind, by the names that both a created and a brought network have.
fn subnets(rack: &Rack, private: bool) -> Vec<Value> {
    let kind = if private { "SubnetPrivate" } else { "Subnet" };
    (0..rack.subnet_count(private)).map(|at| reference(&format!("{kind}{at}"))).collect()
}

/// A rule of a security group over TCP. `peer` is one of the keys that name a source or a destination, and its value.
fn group_rule(description: &str, ports: (u16, u16), peer: (&str, Value)) -> Value {
    let (key, value) = peer;
    json!({"Description": description, "IpProtocol": "tcp", "FromPort": ports.0, "ToPort": ports.1, key: value})
}

/// The one rule for what leaves a load balancer: to whatever port a container has, inside of the VPC.
fn egress(rack: &Rack) -> Value {
    group_rule("To targets in the VPC", (0, 65535), ("CidrIp", json!(rack.params.vpc_cidr.to_string())))
}

/// What a load balancer waits for and does not refer to: the right to write its logs, and a way to the internet.
fn waits_for(rack: &Rack, is_public: bool, has_logs: bool) -> Vec<&'static str> {
    let logs = (has_logs && rack.params.log_bucket.is_none()).then_some("LogsPolicy");
    let gateway = (is_public && rack.network == Network::Create).then_some("GatewayAttachment");
    logs.into_iter().chain(gateway).collect()
}
