//! Which properties make a resource anew, and what that means while it happens.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::ResourceFate;
use crate::render::Node;

/// Whether a change makes a resource anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recreates {
    /// It changes in place.
    #[default]
    Never,
    /// CloudFormation finds out while it updates the stack.
    Maybe,
    /// It does.
    Always,
}

/// The properties of a type that only a new resource can have, `A.B` for one inside of another.
#[derive(Debug, Deserialize)]
struct CreateOnly {
    /// `createOnlyProperties` of the type's schema.
    always: Vec<String>,
    /// `conditionalCreateOnlyProperties`.
    #[serde(default)]
    maybe: Vec<String>,
}

/// CloudFormation's resource schemas as cfn-lint carries them; an acceptance test holds the table against them.
static TABLE: LazyLock<BTreeMap<String, CreateOnly>> =
    LazyLock::new(|| serde_json::from_str(include_str!("replacement.json")).expect("the table is plain data"));

/// Whether another value of a property makes a resource of a type anew. A type that nobody knows might do anything.
pub(super) fn recreates(kind: &str, property: &str, before: Option<&Node<'_>>, after: Option<&Node<'_>>) -> Recreates {
    by_table(kind, property, |path| inside(before, path) != inside(after, path))
}

/// Whether a resource of a type is made anew when what a property of it refers to is, or has another value.
pub(super) fn passed_on(kind: &str, property: &str, cause: Recreates) -> Recreates {
    by_table(kind, property, |_| true).min(cause)
}

fn by_table(kind: &str, property: &str, differs: impl Fn(&str) -> bool) -> Recreates {
    let Some(known) = TABLE.get(kind) else { return Recreates::Maybe };
    let is_hit = |list: &[String]| {
        list.iter().any(|path| match path.split_once('.') {
            None => path == property,
            Some((first, rest)) => first == property && differs(rest),
        })
    };
    match (is_hit(&known.always), is_hit(&known.maybe)) {
        (true, _) => Recreates::Always,
        (false, true) => Recreates::Maybe,
        (false, false) => Recreates::Never,
    }
}

/// What stands at a path in a property.
fn inside<'a, 't>(value: Option<&'a Node<'t>>, path: &str) -> Option<&'a Node<'t>> {
    path.split('.').try_fold(value?, |value, key| value.get(key))
}

/// What a change means for requests and for those who use the resource. Replacements: what follows from
/// the order in which CloudFormation makes, points over and deletes; in place: what AWS's documents call an interruption.
pub(super) fn effect(kind: &str, fate: ResourceFate, recreates: Recreates, properties: &[&str]) -> Option<&'static str> {
    let kind = kind.strip_prefix("AWS::")?;
    let has = |names: &[&str]| properties.iter().any(|name| names.contains(name));
    match fate {
        ResourceFate::Replace => replaced(kind, recreates),
        ResourceFate::Remove => removed(kind),
        ResourceFate::Modify => match kind {
            "ElasticLoadBalancingV2::Listener" if has(&["Certificates"]) => Some("TLS handshakes may fail for a moment"),
            "ElasticLoadBalancingV2::Listener" if has(&["SslPolicy"]) => Some("under high load some connections may be cut"),
            "ElasticLoadBalancingV2::Listener" if has(&["Port", "Protocol"]) => Some("the old port stops answering"),
            "ElasticLoadBalancingV2::ListenerRule" if has(&["Priority"]) => Some("for a moment another rule may match"),
            "ElasticLoadBalancing::LoadBalancer" if has(&["Listeners"]) => Some("the listener is deleted and made again"),
            "ElasticLoadBalancing::LoadBalancer" if has(&["AvailabilityZones", "Subnets", "HealthCheck"]) => {
                Some("the rack API may be interrupted for a moment")
            }
            "EC2::SecurityGroup" if has(&["SecurityGroupIngress", "SecurityGroupEgress"]) => {
                Some("connections may be cut while its rules are exchanged")
            }
            "ECS::Service"
                if has(&["TaskDefinition", "LoadBalancers", "NetworkConfiguration", "CapacityProviderStrategy", "PlatformVersion"]) =>
            {
                Some("a rolling deployment: tasks are exchanged, and nothing is interrupted")
            }
            _ => None,
        },
        ResourceFate::Add => None,
    }
}

fn replaced(kind: &str, recreates: Recreates) -> Option<&'static str> {
    Some(match kind {
        "ElasticLoadBalancingV2::LoadBalancer" => {
            "another DNS name and other addresses; its target groups can't follow, and its exports are in use"
        }
        "ElasticLoadBalancingV2::Listener" => "all rules and certificates on it are made anew; on one port two can't stand",
        "ElasticLoadBalancingV2::ListenerRule" => "the new rule needs a number and a place of its own while the old one stands",
        "ElasticLoadBalancingV2::TargetGroup" => "rules lead to an empty group until its first tasks are healthy: requests get a 503",
        "ElasticLoadBalancing::LoadBalancer" => "the rack API gets another DNS name",
        "ECS::TaskDefinition" => return None, // a new revision, which is how they always change
        "ECS::Service" => "new tasks start beside the old ones, which then stop without waiting for requests to go over",
        "ECS::Cluster" => "every service of the rack is made anew",
        "CertificateManager::Certificate" => "the stack waits until the new certificate is validated",
        // The schemas of these two say that the old one goes first.
        "EC2::SubnetRouteTableAssociation" | "EC2::VPCGatewayAttachment" => {
            "the old one goes before the new one is made: no route in between"
        }
        "EC2::VPC" | "EC2::Subnet" => "what stands in it is made anew too",
        "EC2::SecurityGroup" => "everything that has it gets another one",
        "Logs::LogGroup" => "the logs of before are deleted",
        "IAM::Role" => "another ARN",
        "Route53::RecordSet" => "the new name is made before the old one goes",
        "Route53::HostedZone" => "the names in it vanish until they are made anew",
        "S3::Bucket" => "the new bucket is empty",
        "AutoScaling::AutoScalingGroup" if recreates == Recreates::Maybe => "instances are exchanged, a batch at a time", // as its UpdatePolicy says
        "AutoScaling::AutoScalingGroup" | "EC2::LaunchTemplate" => "other instances take the place of those that run",
        "ApplicationAutoScaling::ScalableTarget" | "ApplicationAutoScaling::ScalingPolicy" => "scaling pauses for a moment",
        _ if recreates == Recreates::Always => "a new one is made before the old one is deleted",
        _ => return None,
    })
}

fn removed(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "ElasticLoadBalancingV2::LoadBalancer" => "whatever its addresses lead to is unanswered",
        "ElasticLoadBalancingV2::Listener" => "its port is unanswered",
        "ElasticLoadBalancingV2::TargetGroup" => "what stands behind it gets no more requests through it",
        "ECS::Service" => "its tasks stop",
        "Logs::LogGroup" => "its logs are deleted",
        "S3::Bucket" => "the bucket stays behind with all that is in it",
        _ => return None,
    })
}
