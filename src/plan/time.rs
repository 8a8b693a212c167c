//! How long a deployment takes: an estimate, from how long AWS usually takes for each type of resource.
//!
//! CloudFormation works on what does not wait for each other at once, so a stack takes as long as its
//! slowest resource, and a little for each of the others. Stacks come one after another.

use super::{ResourceChange, ResourceFate, Seconds};

/// What a stack takes whatever is in it: making a change set, looking at it, executing it.
const STACK: Seconds = Seconds { least: 15, most: 40 };
/// Milliseconds for each resource that something else is slower than.
const EACH: Span = (300, 1500);

/// Least and most.
type Span = (u64, u64);

/// Types that take longer than a few seconds: to make, and to change in place.
const SLOW: &[(&str, Span, Span)] = &[
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", (120, 240), (5, 30)),
    ("AWS::ElasticLoadBalancing::LoadBalancer", (20, 60), (5, 60)),
    ("AWS::EC2::NatGateway", (90, 180), (5, 30)),
    ("AWS::EC2::VPC", (15, 30), (5, 15)),
    ("AWS::EC2::InternetGateway", (15, 30), (5, 15)),
    ("AWS::ECS::Service", (30, 300), (90, 900)),
    ("AWS::AutoScaling::AutoScalingGroup", (60, 300), (30, 900)),
    ("AWS::IAM::InstanceProfile", (120, 150), (5, 30)),
    ("AWS::IAM::Role", (15, 30), (10, 20)),
    ("AWS::Route53::HostedZone", (30, 60), (5, 30)),
    ("AWS::Route53::RecordSet", (30, 60), (30, 60)),
    ("AWS::CertificateManager::Certificate", (60, 1800), (5, 15)),
    ("AWS::S3::Bucket", (20, 40), (5, 20)),
];
/// Any other type.
const QUICK: Span = (3, 15);

/// How long the changes of a stack take.
pub(super) fn stack(resources: &[ResourceChange]) -> Seconds {
    let slowest = resources.iter().map(resource).fold((0, 0), |(a, b), (least, most)| (a.max(least), b.max(most)));
    let count = resources.len() as u64;
    Seconds { least: STACK.least + slowest.0 + count * EACH.0 / 1000, most: STACK.most + slowest.1 + count * EACH.1 / 1000 }
}

fn resource(change: &ResourceChange) -> Span {
    let known = SLOW.iter().find(|(kind, _, _)| *kind == change.kind);
    let (make, modify) = known.map_or((QUICK, QUICK), |(_, make, modify)| (*make, *modify));
    match change.change {
        ResourceFate::Add => make,
        ResourceFate::Replace => (make.0, make.1 + QUICK.1),
        ResourceFate::Modify => modify,
        ResourceFate::Remove => QUICK,
    }
}

impl std::ops::Add for Seconds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { least: self.least + other.least, most: self.most + other.most }
    }
}

impl std::iter::Sum for Seconds {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| a + b)
    }
}
