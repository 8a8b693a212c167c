//! How many tasks a service has: a range, and policies that keep metrics within it.

use serde::Serialize;
use serde_json::{Value, json};

use super::import;
use super::target::TargetGroupContext;
use crate::fleet::Rack;
use crate::lower::ids;
use crate::lower::intrinsic::attribute;
use crate::manifest::{CustomTarget, Service};
use crate::routes::{Router, routers_of};

/// The key of a metric that AWS defines.
const PREDEFINED: &str = "PredefinedMetricSpecification";

/// The range of a service's count. Every service has one, also where both ends are one number: ECS is never told a
/// count when a service is changed, so that one which was set by hand or by a policy stays.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ScalingContext {
    id: String,
    least: i64,
    most: i64,
    policies: Vec<PolicyContext>,
}

#[derive(Debug, Clone, Serialize)]
struct PolicyContext {
    id: String,
    /// Which key of the configuration describes the metric, and how.
    kind: &'static str,
    metric: Value,
    /// As text, because templates print no fractions.
    target: String,
    cooldown_in: i64,
    cooldown_out: i64,
}

impl ScalingContext {
    pub(super) fn resources(&self) -> Vec<(&str, &str)> {
        let policies = self.policies.iter().map(|policy| (policy.id.as_str(), "AWS::ApplicationAutoScaling::ScalingPolicy"));
        policies.chain([(self.id.as_str(), "AWS::ApplicationAutoScaling::ScalableTarget")]).collect()
    }
}

/// The range of a service and its policies; a policy without a range would have nothing to do.
pub(super) fn scaling(rack: &Rack, service: &Service, (least, most): (i64, i64), attached: &[&TargetGroupContext]) -> ScalingContext {
    ScalingContext {
        id: ids::scaling(&service.name.value),
        least,
        most,
        policies: if service.is_autoscaled() { policies(rack, service, attached) } else { Vec::new() },
    }
}

fn policies(rack: &Rack, service: &Service, attached: &[&TargetGroupContext]) -> Vec<PolicyContext> {
    let targets = &service.scale.targets;
    let policy = |metric: &str, (kind, specification): (&'static str, Value), target: String| PolicyContext {
        id: ids::scaling_policy(&service.name.value, metric),
        kind,
        metric: specification,
        target,
        cooldown_in: service.scale.cooldown_down,
        cooldown_out: service.scale.cooldown_up,
    };
    let average = |kind: &str| (PREDEFINED, json!({ "PredefinedMetricType": kind }));
    let mut policies = Vec::new();
    for (metric, kind, target) in
        [("Cpu", "ECSServiceAverageCPUUtilization", &targets.cpu), ("Memory", "ECSServiceAverageMemoryUtilization", &targets.memory)]
    {
        if let Some(target) = target.as_ref().filter(|target| target.value > 0) {
            policies.push(policy(metric, average(kind), target.value.to_string()));
        }
    }
    if let Some(requests) = targets.requests.as_ref().filter(|target| target.value > 0) {
        // One router does not know what the other one sends, so each is kept by itself.
        for router in routers_of(service) {
            let id = ids::target_group(&service.name.value, *router);
            if attached.iter().any(|group| group.id == id) {
                let metric = if *router == Router::Internal { "RequestsInternal" } else { "Requests" };
                policies.push(policy(metric, requests_of(rack, *router, &id), requests.value.to_string()));
            }
        }
    }
    policies.extend(targets.custom.iter().map(|custom| {
        let key = format!("{}/{}", custom.namespace, custom.metric);
        policy(&format!("Custom{}", ids::fingerprint(&key)), custom_metric(custom), custom.value.to_string())
    }));
    policies
}

/// The requests that a router sends to each target of a group. Both ends of the label come from the same router.
fn requests_of(rack: &Rack, router: Router, group: &str) -> (&'static str, Value) {
    let name = import(rack, if router == Router::Internal { "RouterInternalName" } else { "RouterName" });
    let label = json!({ "Fn::Join": ["/", [name, attribute(group, "TargetGroupFullName")]] });
    (PREDEFINED, json!({"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}))
}

fn custom_metric(custom: &CustomTarget) -> (&'static str, Value) {
    let statistic = match custom.aggregate.to_lowercase().as_str() {
        "max" => "Maximum",
        "min" => "Minimum",
        "sum" => "Sum",
        _ => "Average",
    };
    let mut dimensions: Vec<&(String, String)> = custom.dimensions.iter().collect();
    dimensions.sort();
    let dimension = |(name, value): &&(String, String)| json!({"Name": name, "Value": value});
    let specification = json!({
        "Namespace": custom.namespace,
        "MetricName": custom.metric,
        "Statistic": statistic,
        "Dimensions": dimensions.iter().map(dimension).collect::<Vec<_>>(),
    });
    ("CustomizedMetricSpecification", specification)
}
