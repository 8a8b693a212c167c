//! What runs of a service: its task definition, its ECS service, and what both need.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::port::{PortContext, TaskIngress, task_ingress};
use super::scaling::{self, ScalingContext};
use super::target::{RuleContext, TargetGroupContext, host_value};
use super::{Lowering, export, import};
use crate::compute::{Image, Launch, Mount, Task, Variable, is_private};
use crate::lower::ids;
use crate::lower::intrinsic::{plain, reference};
use crate::manifest::{Agent, Port, Service};
use crate::routes::{Router, default_host, routers_of};

/// Open files of a container, as Convox allows them.
const OPEN_FILES: u32 = 1_024_000;

/// What the tasks of an app share.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AppTasks {
    execution_role: &'static str,
    /// The secrets that ECS may read to start tasks: their ARN, for `Fn::Sub`; none where no task has any.
    secrets: Option<String>,
    logs: Option<LogsContext>,
    cluster: String,
    /// Where tasks with addresses of their own stand; none where no task has one.
    network: Option<NetworkContext>,
}

#[derive(Debug, Clone, Serialize)]
struct LogsContext {
    id: &'static str,
    days: Option<u32>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct TaskContext {
    definition: DefinitionContext,
    role: Option<RoleContext>,
    security: Option<SecurityContext>,
    service: EcsServiceContext,
    scaling: Option<ScalingContext>,
    tags: Vec<(String, String)>,
}

#[derive(Debug, Clone, Serialize)]
struct DefinitionContext {
    id: String,
    family: String,
    compatibility: &'static str,
    network_mode: &'static str,
    /// CPU units and MiB of the whole task; on instances the container has them.
    size: Option<(String, String)>,
    volumes: Vec<Value>,
    container: ContainerContext,
}

#[derive(Debug, Clone, Serialize)]
struct ContainerContext {
    name: String,
    image: Value,
    command: Vec<String>,
    /// CPU units and MiB of a container on an instance.
    size: Option<(i64, i64)>,
    environment: Vec<(String, Value)>,
    /// Names of variables, and the ARNs of what they hold, for `Fn::Sub`.
    secrets: Vec<(String, String)>,
    ports: Vec<PortMapping>,
    mounts: Vec<Value>,
    init: bool,
    privileged: bool,
    readonly_root: bool,
    stop_timeout: i64,
    open_files: u32,
}

/// A port of a container.
#[derive(Debug, Clone, Serialize)]
struct PortMapping {
    container: i64,
    /// The port of the instance, where Docker does not choose it.
    host: Option<i64>,
    protocol: String,
}

#[derive(Debug, Clone, Serialize)]
struct RoleContext {
    id: String,
    policies: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
struct SecurityContext {
    id: String,
    description: String,
    ingress: Vec<TaskIngress>,
}

#[derive(Debug, Clone, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one block of the template")]
struct EcsServiceContext {
    id: String,
    after: Vec<String>,
    launch_type: Option<&'static str>,
    capacity_provider: Option<Value>,
    is_daemon: bool,
    minimum: i64,
    maximum: i64,
    circuit_breaker: bool,
    rebalancing: Option<&'static str>,
    spread: bool,
    grace: Option<i64>,
    /// Ports of the container, each with the logical ID of the target group that it is registered with.
    targets: Vec<(i64, String)>,
    task_tags: bool,
}

#[derive(Debug, Clone, Serialize)]
struct NetworkContext {
    subnets: Vec<String>,
    public_address: &'static str,
}

/// What leads to the tasks of a service.
pub(super) struct Behind<'a> {
    /// Target groups that rules lead to.
    pub(super) groups: &'a [&'a TargetGroupContext],
    pub(super) rules: &'a [RuleContext],
    /// Ports on network balancers.
    pub(super) ports: &'a [PortContext],
}

impl AppTasks {
    pub(super) fn resources(&self) -> Vec<(&str, &str)> {
        let logs = self.logs.iter().map(|logs| (logs.id, "AWS::Logs::LogGroup"));
        logs.chain([(self.execution_role, "AWS::IAM::Role")]).collect()
    }
}

impl TaskContext {
    pub(super) fn resources(&self) -> Vec<(&str, &str)> {
        let mut all = vec![(self.definition.id.as_str(), "AWS::ECS::TaskDefinition"), (self.service.id.as_str(), "AWS::ECS::Service")];
        all.extend(self.role.iter().map(|role| (role.id.as_str(), "AWS::IAM::Role")));
        all.extend(self.security.iter().map(|group| (group.id.as_str(), "AWS::EC2::SecurityGroup")));
        all.extend(self.scaling.iter().flat_map(ScalingContext::resources));
        all
    }
}

impl Lowering<'_> {
    /// What the tasks of the app share.
    pub(super) fn shared(&self) -> AppTasks {
        let params = &self.app.params;
        let mut variables = self.tasks.iter().flat_map(|task| task.variables.values());
        AppTasks {
            execution_role: ids::EXECUTION_ROLE,
            secrets: variables.any(|variable| *variable == Variable::Secret).then(|| self.parameter("*")),
            logs: params.logs.then_some(LogsContext { id: ids::LOGS, days: params.log_retention }),
            cluster: export(self.rack, "Cluster"),
            network: self.tasks.iter().any(|task| task.own_address).then(|| self.network()),
        }
    }

    /// The ARN of a parameter of the Systems Manager that holds a secret of the app, for `Fn::Sub`.
    fn parameter(&self, name: &str) -> String {
        let path = plain(&[&self.rack.name, "/", &self.app.name, "/", name].concat());
        ["arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/", &path].concat()
    }

    /// What runs of a service.
    pub(super) fn task(&self, service: &Service, task: &Task, behind: &Behind<'_>) -> TaskContext {
        let name = &service.name.value;
        let mut tags = BTreeMap::from([("App", self.app.name.as_str()), ("Rack", &self.rack.name), ("Service", name)]);
        tags.extend(service.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        TaskContext {
            definition: self.definition(service, task),
            role: (!task.policies.is_empty()).then(|| RoleContext { id: ids::task_role(name), policies: task.policies.clone() }),
            security: task.own_address.then(|| self.security(service)),
            service: self.ecs_service(service, task, behind),
            scaling: task.count.map(|range| scaling::scaling(self.rack, service, range, behind.groups)),
            tags: tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        }
    }

    fn definition(&self, service: &Service, task: &Task) -> DefinitionContext {
        let name = &service.name.value;
        let on_instances = task.launch == Launch::Instances;
        let size = task.size;
        let volume = |(number, mount): (usize, &Mount)| match &mount.source {
            Some(source) => json!({"Name": format!("volume-{number}"), "Host": {"SourcePath": source}}),
            None => json!({"Name": format!("volume-{number}")}),
        };
        DefinitionContext {
            id: ids::task_definition(name),
            family: [&self.stack, "-", name].concat(),
            compatibility: if on_instances { "EC2" } else { "FARGATE" },
            network_mode: if task.own_address { "awsvpc" } else { "bridge" },
            size: (!on_instances).then(|| (size.cpu.to_string(), size.memory.to_string())),
            volumes: task.mounts.iter().enumerate().map(volume).collect(),
            container: self.container(service, task),
        }
    }

    fn container(&self, service: &Service, task: &Task) -> ContainerContext {
        let name = &service.name.value;
        let mount = |(number, mount): (usize, &Mount)| json!({"SourceVolume": format!("volume-{number}"), "ContainerPath": mount.path, "ReadOnly": mount.read_only});
        let mut environment = Vec::new();
        let mut secrets = Vec::new();
        for (key, variable) in &task.variables {
            match variable {
                Variable::Text(text) => environment.push((key.clone(), json!(text))),
                Variable::Region => environment.push((key.clone(), reference("AWS::Region"))),
                Variable::Url(target) => environment.push((key.clone(), self.url(&self.app.manifest.services[*target]))),
                Variable::Secret => secrets.push((key.clone(), self.parameter(key))),
            }
        }
        ContainerContext {
            name: name.clone(),
            image: match &task.image {
                Image::Written(image) => json!(image),
                Image::Parameter(_) => reference(&ids::image(name)),
            },
            command: service.command.clone(),
            size: (task.launch == Launch::Instances).then_some((task.size.cpu, task.size.memory)),
            environment,
            secrets,
            ports: ports(service),
            mounts: task.mounts.iter().enumerate().map(mount).collect(),
            init: service.init,
            privileged: service.privileged,
            readonly_root: self.app.params.readonly_root,
            stop_timeout: task.stop_timeout,
            open_files: OPEN_FILES,
        }
    }

    /// The URL of a service: its default host on the router that it is on, as in Convox.
    fn url(&self, target: &Service) -> Value {
        let router = if target.internal.value { Router::Internal } else { Router::Public };
        match host_value(self.rack, &default_host(self.app, target, self.rack, router)) {
            Value::String(host) => json!(format!("https://{host}")),
            host => json!({ "Fn::Join": ["", ["https://", host]] }),
        }
    }

    /// Who reaches tasks with addresses of their own. The routers do at every port: they send nothing to one that is not
    /// registered, and while a service gets another port, tasks with the old one must be reached too.
    fn security(&self, service: &Service) -> SecurityContext {
        let name = &service.name.value;
        let rule = |router: &Router| TaskIngress {
            description: format!("From the {} router", router.word()),
            ports: (0, 65535),
            key: "SourceSecurityGroupId",
            export: export(self.rack, if *router == Router::Internal { "RouterInternalSecurityGroup" } else { "RouterSecurityGroup" }),
        };
        // EC2 refuses a rule that comes twice, as it would from two routers that were given one group.
        let routers = if self.rack.shares_router_group() { &routers_of(service)[..1] } else { routers_of(service) };
        let from_routers = service.port.iter().flat_map(|_| routers).map(rule);
        let from_network_balancers = service.nlb.iter().flat_map(|port| task_ingress(self.rack, port));
        SecurityContext {
            id: ids::security(name),
            description: [&self.stack, " ", name].concat(),
            ingress: from_routers.chain(from_network_balancers).collect(),
        }
    }

    fn ecs_service(&self, service: &Service, task: &Task, behind: &Behind<'_>) -> EcsServiceContext {
        let name = &service.name.value;
        let is_daemon = task.count.is_none();
        let on_instances = task.launch == Launch::Instances;
        // A daemon takes no capacity provider, and clusters of others may have none: those of old racks of Convox don't.
        let (launch_type, provider) = match task.launch {
            Launch::Instances if is_daemon || self.rack.external => (Some("EC2"), None),
            Launch::Fargate if self.rack.external => (Some("FARGATE"), None),
            Launch::Instances => (None, Some(import(self.rack, "InstancesProvider"))),
            Launch::Fargate => (None, Some(json!("FARGATE"))),
            Launch::FargateSpot => (None, Some(json!("FARGATE_SPOT"))),
        };
        let port = service.port.as_ref().map_or(0, |port| port.number.value);
        let on_routers = behind.groups.iter().map(|group| (port, group.id.clone()));
        let on_network_balancers = behind.ports.iter().map(|port| (port.container_port, port.group.clone()));
        let targets: Vec<(i64, String)> = on_routers.chain(on_network_balancers).collect();
        EcsServiceContext {
            id: ids::service(name),
            after: behind.rules.iter().map(|rule| &rule.id).chain(behind.ports.iter().map(|port| &port.listener)).cloned().collect(),
            launch_type,
            capacity_provider: provider,
            is_daemon,
            minimum: service.deployment.minimum.value,
            maximum: service.deployment.maximum.value,
            circuit_breaker: self.app.params.circuit_breaker,
            // Written in any case, because one that is left out stays as it was, and ECS refuses it with a maximum of 100.
            rebalancing: (!is_daemon).then_some(if service.deployment.maximum.value > 100 { "ENABLED" } else { "DISABLED" }),
            spread: on_instances && !is_daemon,
            grace: (!targets.is_empty()).then_some(service.health.grace.value),
            targets,
            task_tags: self.app.params.task_tags,
        }
    }

    /// Where tasks with addresses of their own stand.
    fn network(&self) -> NetworkContext {
        let is_private = is_private(self.app, self.rack);
        let kind = if is_private { "SubnetPrivate" } else { "Subnet" };
        // A rack of others has two zones in any case.
        let zones = if self.rack.external { 2 } else { self.rack.subnet_count(is_private) };
        NetworkContext {
            subnets: (0..zones).map(|zone| export(self.rack, &format!("{kind}{zone}"))).collect(),
            public_address: if is_private { "DISABLED" } else { "ENABLED" },
        }
    }
}

/// Ports of a container. On an instance Docker chooses the instance's port, but for those of agents.
fn ports(service: &Service) -> Vec<PortMapping> {
    let is_agents = |port: &&Port| service.agent.iter().flat_map(Agent::host_ports).any(|agents| agents == (port.number.value, "tcp"));
    let mapping = |container, host, protocol: &str| PortMapping { container, host, protocol: protocol.to_owned() };
    let own = service.port.iter().filter(|port| !is_agents(port)).map(|port| port.number.value);
    let main = service.port.as_ref().map(|port| port.number.value);
    let network = service.nlb.iter().map(|port| port.container_port).filter(|port| Some(*port) != main);
    let agent = service.agent.iter().flat_map(Agent::host_ports).map(|(port, protocol)| mapping(port, Some(port), protocol));
    own.chain(network).map(|port| mapping(port, None, "tcp")).chain(agent).collect()
}
