//! An app's stack: target groups, rules, certificates and names on the routers of its rack, and the ECS services that
//! answer behind them.

mod given;
mod port;
mod scaling;
mod target;
mod task;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

pub use self::given::GivenApp;
use self::given::{made_of, port_key};
use self::port::PortContext;
pub use self::target::TargetGroupContext;
pub(super) use self::target::listener_export;
use self::target::{RuleContext, listener, rule_context, target_group};
use self::task::{AppTasks, Behind, TaskContext};
use super::ids;
use super::stack::{Context, Parameter, Stack, StackKind};
use crate::compute::{Image, Task};
use crate::demand::{AppCertificate, Rule};
use crate::fleet::{App, Compute, Fleet, Rack};
use crate::lock::Lock;
use crate::routes::{internal_domain, routers_of};

/// What the template of an app prints.
#[derive(Debug, Clone, Serialize)]
pub struct AppContext {
    header: Vec<String>,
    description: String,
    mark: Option<(String, usize)>,
    parameters: Vec<ParameterContext>,
    certificates: Vec<CertificateContext>,
    app: String,
    rack: String,
    /// What the rack exports is named, here and below, by the whole name of its export.
    vpc: String,
    services: Vec<ServiceContext>,
    /// What the tasks of all services share; none where nothing of ours runs.
    tasks: Option<AppTasks>,
    outputs: Vec<OutputContext>,
}

#[derive(Debug, Clone, Serialize)]
struct ParameterContext {
    name: String,
    kind: &'static str,
    description: String,
}

#[derive(Debug, Clone, Serialize)]
struct CertificateContext {
    id: String,
    names: Vec<String>,
    has_wildcard: bool,
    validated: Vec<String>,
    listeners: Vec<Attachment>,
}

#[derive(Debug, Clone, Serialize)]
struct Attachment {
    id: String,
    listener: String,
}

#[derive(Debug, Clone, Serialize)]
struct ServiceContext {
    /// Its place in the manifest, for which a template has no use.
    #[serde(skip)]
    number: usize,
    name: String,
    source: String,
    target_groups: Vec<TargetGroupContext>,
    rules: Vec<RuleContext>,
    record: Option<RecordContext>,
    ports: Vec<PortContext>,
    task: Option<TaskContext>,
}

#[derive(Debug, Clone, Serialize)]
struct RecordContext {
    id: String,
    zone: String,
    name: String,
    target: String,
}

#[derive(Debug, Clone, Serialize)]
struct OutputContext {
    id: String,
    export: String,
}

/// The name of what the rack's stack exports under Convox's name for it.
fn export(rack: &Rack, name: &str) -> String {
    [&rack.name, ":", name].concat()
}

/// A value that the rack's stack exports.
fn import(rack: &Rack, name: &str) -> Value {
    json!({ "Fn::ImportValue": export(rack, name) })
}

/// An app that is lowered: where it stands, and what runs of it.
struct Lowering<'a> {
    given: &'a GivenApp<'a>,
    app: &'a App,
    rack: &'a Rack,
    /// The name of its stack.
    stack: String,
    tasks: &'a [Task],
}

/// Every logical ID with its type.
fn resources(context: &AppContext) -> BTreeMap<String, String> {
    let mut all: Vec<(&str, &str)> = Vec::new();
    for certificate in &context.certificates {
        all.push((&certificate.id, "AWS::CertificateManager::Certificate"));
        all.extend(certificate.listeners.iter().map(|a| (a.id.as_str(), "AWS::ElasticLoadBalancingV2::ListenerCertificate")));
    }
    all.extend(context.tasks.iter().flat_map(AppTasks::resources));
    for service in &context.services {
        all.extend(service.target_groups.iter().map(|g| (g.id.as_str(), "AWS::ElasticLoadBalancingV2::TargetGroup")));
        all.extend(service.rules.iter().map(|r| (r.id.as_str(), "AWS::ElasticLoadBalancingV2::ListenerRule")));
        all.extend(service.record.iter().map(|r| (r.id.as_str(), "AWS::Route53::RecordSet")));
        all.extend(service.ports.iter().flat_map(PortContext::resources));
        all.extend(service.task.iter().flat_map(TaskContext::resources));
    }
    all.into_iter().map(|(id, kind)| (id.to_owned(), kind.to_owned())).collect()
}

fn certificate(rack: &Rack, own: &AppCertificate) -> CertificateContext {
    CertificateContext {
        id: ids::certificate(&own.names),
        names: own.names.clone(),
        has_wildcard: own.names.iter().any(|name| name.starts_with('*')),
        validated: own.validated.clone(),
        listeners: own
            .routers
            .iter()
            .map(|router| Attachment { id: ids::listener_certificate(&own.names, *router), listener: listener(rack, *router, false) })
            .collect(),
    }
}

/// The name of an app's stack.
fn stack_name(app: &App, rack: &Rack) -> String {
    [&rack.name, "-", &app.name].concat()
}

/// A rule in its stack, and what it leads to.
#[derive(Debug, Clone)]
pub struct RuleInStack {
    /// The name of the stack.
    pub stack: String,
    /// The rule's logical ID.
    pub id: String,
    /// Its target group.
    pub target_group: TargetGroupContext,
}

/// Where a rule stands once everything is deployed; on port 80 with `http`. None for a service without a port, which has
/// no rules.
pub fn rule_in_stack(fleet: &Fleet, lock: &Lock, rule: &Rule, http: bool) -> Option<RuleInStack> {
    let app = &fleet.apps[rule.app];
    let rack = &fleet.racks[app.rack];
    let made_of = made_of(app, rule.service, rack, lock)?;
    Some(RuleInStack {
        stack: stack_name(app, rack),
        id: ids::rule(&rule.key, http),
        target_group: target_group(app, &app.manifest.services[rule.service], made_of, rule.key.router),
    })
}

/// Lower an app in a phase.
fn lower(given: &GivenApp<'_>, tasks: &[Task]) -> Option<Stack> {
    Lowering { given, app: given.app, rack: given.rack, stack: stack_name(given.app, given.rack), tasks }.stack()
}

impl Lowering<'_> {
    fn stack(self) -> Option<Stack> {
        let (app, rack, step) = (self.app, self.rack, self.given.step);
        let services: Vec<ServiceContext> = (0..app.manifest.services.len()).filter_map(|number| self.service(number)).collect();
        if services.is_empty() {
            return None;
        }
        let own: &[AppCertificate] = &step.certificates;
        let zone = rack.hosted_zone.as_ref().filter(|_| own.iter().any(|certificate| !certificate.validated.is_empty()));
        let zone = zone.map(|zone| {
            let parameter = Parameter { name: "PublicHostedZone".into(), value: Some(zone.clone()) };
            (parameter, "AWS::Route53::HostedZone::Id", "Public hosted zone in which certificates are validated".to_owned())
        });
        let parameters: Vec<(Parameter, &str, String)> = zone.into_iter().chain(self.images(&services)).collect();
        let has_tasks = services.iter().any(|service| service.task.is_some());
        let context = AppContext {
            header: super::header(&app.source),
            description: format!("App {} on the rack {}", app.name, rack.name),
            mark: step.mark.as_ref().map(|mark| (mark.change.clone(), mark.phase)),
            parameters: parameters
                .iter()
                .map(|(parameter, kind, description)| ParameterContext {
                    name: parameter.name.clone(),
                    kind,
                    description: description.clone(),
                })
                .collect(),
            certificates: own.iter().map(|own| certificate(rack, own)).collect(),
            tasks: has_tasks.then(|| self.shared()),
            outputs: self.outputs(&services),
            app: app.name.clone(),
            rack: rack.name.clone(),
            vpc: export(rack, "Vpc"),
            services,
        };
        Some(Stack {
            kind: StackKind::App,
            rack: rack.name.clone(),
            app: Some(app.name.clone()),
            template: "app.yaml",
            resources: resources(&context),
            context: Context::App(Box::new(context)),
            parameters: parameters.into_iter().map(|(parameter, ..)| parameter).collect(),
            name: self.stack,
        })
    }

    /// One service: what routers see of it, and what runs behind them; none when that is nothing.
    fn service(&self, number: usize) -> Option<ServiceContext> {
        let (app, rack, step) = (self.app, self.rack, self.given.step);
        let given = &self.given.services[number];
        let service = &app.manifest.services[number];
        let name = &service.name.value;
        let group = step.old_target_groups.get(name).copied().or(given.made_of);
        let on = |made_of| routers_of(service).iter().map(move |router| target_group(app, service, made_of, *router));
        let target_groups: Vec<TargetGroupContext> = group.into_iter().flat_map(on).collect();
        let mut contexts = Vec::new();
        for rule in step.rules.iter().filter(|step| step.rule.service == number) {
            contexts.push(rule_context(rack, rule, false));
            if rule.http {
                contexts.push(rule_context(rack, rule, true));
            }
        }
        // ECS takes a target group only once a rule leads to it; a service that gets its rules in a later phase waits for
        // them.
        let leads_to = |group: &TargetGroupContext| contexts.iter().any(|rule| rule.target_group == group.id);
        let attached: Vec<&TargetGroupContext> = target_groups.iter().filter(|group| leads_to(group)).collect();
        let is_ready = target_groups.is_empty() || !attached.is_empty();
        let ports = service.nlb.iter().filter_map(|nlb| {
            let key = port_key(app, rack, nlb)?;
            let named = self.given.ports.get(&(key.router, key.port)).copied().unwrap_or(name);
            step.ports.contains(&(key.router, key.port)).then(|| port::port(app, rack, service, nlb, named))
        });
        let ports: Vec<PortContext> = ports.collect();
        let task = self.tasks.get(number).filter(|_| is_ready);
        let task = task.map(|task| self.task(service, task, &Behind { groups: &attached, rules: &contexts, ports: &ports }));
        if target_groups.is_empty() && ports.is_empty() && task.is_none() {
            return None;
        }
        let has_name = app.params.internal_domains && service.port.is_some();
        let record = has_name.then(|| RecordContext {
            id: ids::record(name),
            zone: export(rack, "HostedZone"),
            name: internal_domain(app, service, rack),
            target: export(rack, if service.internal.value { "DomainInternal" } else { "Domain" }),
        });
        Some(ServiceContext {
            number,
            name: name.clone(),
            source: format!("{}:{}", app.source, given.line),
            target_groups,
            rules: contexts,
            record,
            ports,
            task,
        })
    }

    /// The images of services that are built elsewhere, as parameters.
    fn images(&self, services: &[ServiceContext]) -> Vec<(Parameter, &'static str, String)> {
        let parameter = |service: &ServiceContext| match &self.tasks[service.number].image {
            Image::Written(_) => None,
            Image::Parameter(value) => {
                let parameter = Parameter { name: ids::image(&service.name), value: value.clone() };
                Some((parameter, "String", format!("Image of the service {}", service.name)))
            }
        };
        services.iter().filter(|service| service.task.is_some()).filter_map(parameter).collect()
    }

    /// Target groups for those who run the services where rackform does not.
    fn outputs(&self, services: &[ServiceContext]) -> Vec<OutputContext> {
        if self.rack.compute != Compute::None {
            return Vec::new();
        }
        let output = |id: &String| OutputContext { id: id.clone(), export: format!("{}:{id}", self.stack) };
        let on_routers = services.iter().flat_map(|service| &service.target_groups).map(|group| &group.id);
        on_routers.chain(services.iter().flat_map(|service| &service.ports).map(|port| &port.group)).map(output).collect()
    }
}
