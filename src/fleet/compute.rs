//! What runs containers on a rack: Fargate, instances, and the rack API on them.

use super::values;
use crate::source::Place;

/// What runs the containers of a rack: `compute` in rackform.yml.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compute {
    /// Not written: Fargate, and instances as soon as something on the rack needs them.
    #[default]
    AsNeeded,
    /// `none`: nothing of ours runs; services run elsewhere and take their target groups from exports. The cluster stays,
    /// because it costs nothing while it is empty, whoever runs services may use it, and an export can't go while it is in use.
    None,
    /// `fargate`: Fargate alone.
    Fargate,
    /// `instances`: an auto scaling group of ECS instances stands beside Fargate, used or not.
    Instances,
}

impl Compute {
    /// The words of rackform.yml.
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "none" => Self::None,
            "fargate" => Self::Fargate,
            "instances" => Self::Instances,
            // The schema refuses other words.
            _ => Self::AsNeeded,
        }
    }
}

/// The API of a rack: a container behind the balancer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Api {
    /// Its image: at most 255 characters, as ECS takes them.
    pub image: String,
    /// Where rackform.yml says so.
    pub place: Place,
}

/// Most instances that a rack grows to when it scales by itself; as in Convox.
pub const MOST_INSTANCES: u32 = 1000;
/// Most instances that are asked for. With the largest batch of an update beside them they stay within [`MOST_INSTANCES`].
const MOST_COUNT: u32 = 900;
/// Most instances that an update replaces at a time.
const MOST_BATCH: u32 = 100;
/// The smallest volume in GiB: that of the ECS-optimised images (Amazon ECS Developer Guide, "ECS-optimized AMIs").
const LEAST_VOLUME: u32 = 30;
/// The largest volume in GiB that every region takes of type gp3 (Amazon EBS User Guide, "General Purpose SSD volumes").
const MOST_VOLUME: u32 = 16_384;

/// Rack parameters about instances.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstanceParams {
    /// `InstanceType`, such as t3.small.
    pub kind: String,
    /// `InstanceCount`: instances at the least, 3 to 900, of a rack with `HighAvailability`.
    pub count: u32,
    /// `NoHaInstanceCount`: instances at the least, 1 to 900, of a rack without `HighAvailability`.
    pub count_without_ha: u32,
    /// `Autoscale`: ECS adds instances when tasks find no room, up to [`MOST_INSTANCES`], and takes away idle ones.
    pub autoscale: bool,
    /// `InstanceUpdateBatchSize`: instances that an update replaces at a time, 1 to 100.
    pub batch: u32,
    /// `InstanceSecurityGroup`: the group that replaces the instances' own.
    pub security_group: Option<String>,
    /// `InstancePolicy`: ARN of a further policy for the role of the instances.
    pub policy: Option<String>,
    /// `VolumeSize` of the root volume: 30 to 16384 GiB.
    pub volume_size: u32,
    /// `EncryptEbs`: the root volume is encrypted. Ours is on unless said; Convox's is off.
    pub encrypted: bool,
    /// `Ami`: an image that replaces the ECS-optimised Amazon Linux 2023.
    pub ami: Option<String>,
    /// `Key`: the key pair for SSH from inside of the VPC.
    pub key: Option<String>,
    /// `IMDSHttpTokens`: whether the metadata service asks for a token (version 2). Ours does unless said; Convox's does not.
    pub imds_tokens: bool,
    /// `IMDSHttpPutResponseHopLimit`: hops that an answer of the metadata service survives, 1 to 64. A container in a bridge
    /// network is one hop further away than the instance.
    pub imds_hops: u32,
}

impl Default for InstanceParams {
    fn default() -> Self {
        Self {
            kind: "t3.small".to_owned(),
            count: 3,
            count_without_ha: 1,
            autoscale: true,
            batch: 1,
            security_group: None,
            policy: None,
            volume_size: 50,
            encrypted: true,
            ami: None,
            key: None,
            imds_tokens: true,
            imds_hops: 1,
        }
    }
}

impl InstanceParams {
    /// Whether the type has a Graviton processor, which runs images for 64-bit ARM: AWS marks those families with a `g`
    /// behind the generation (Amazon EC2 Instance Types, "Naming conventions"); the first one, a1, came before that.
    pub fn is_arm(&self) -> bool {
        let family = self.kind.split('.').next().unwrap_or_default();
        let behind = family.trim_start_matches(|c: char| c.is_ascii_lowercase()).trim_start_matches(|c: char| c.is_ascii_digit());
        family == "a1" || behind.split('-').next().is_some_and(|attributes| attributes.contains('g'))
    }

    /// Take a value, or say what the parameter takes; none when it is not about instances.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        let mut read = || -> Result<bool, String> {
            match name {
                "Ami" => self.ami = values::ami(value)?,
                "Autoscale" => self.autoscale = values::flag(value)?,
                "EncryptEbs" => self.encrypted = values::flag(value)?,
                "IMDSHttpPutResponseHopLimit" => self.imds_hops = values::whole(value, 1, 64, "hops")?,
                "IMDSHttpTokens" => self.imds_tokens = values::choice(value, &[("required", true), ("optional", false)])?,
                "InstanceCount" => self.count = values::whole(value, 3, MOST_COUNT, "instances")?,
                "InstancePolicy" => self.policy = values::policy_arn(value)?,
                "InstanceSecurityGroup" => self.security_group = values::security_groups(value, 1)?.pop(),
                "InstanceType" => self.kind = values::instance_type(value)?,
                "InstanceUpdateBatchSize" => self.batch = values::whole(value, 1, MOST_BATCH, "instances")?,
                "Key" => self.key = values::key_pair(value)?,
                "NoHaInstanceCount" => self.count_without_ha = values::whole(value, 1, MOST_COUNT, "instances")?,
                "VolumeSize" => self.volume_size = values::whole(value, LEAST_VOLUME, MOST_VOLUME, "GiB")?,
                _ => return Ok(false),
            }
            Ok(true)
        };
        match read() {
            Ok(true) => Some(Ok(())),
            Ok(false) => None,
            Err(takes) => Some(Err(takes)),
        }
    }
}

/// Rack parameters about the API.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ApiParams {
    /// `ApiCount`: processes, 1 to 899, of a rack with `HighAvailability`; without it there is one.
    pub count: u32,
    /// `ApiCpu`: units of CPU that a process reserves, of which a processor has 1024; 2 to 262144, as the kernel takes them.
    pub cpu: u32,
    /// `ApiWebMemory`: MiB that a process reserves, 6 to 1048576. Docker takes no less.
    pub memory: u32,
}

impl Default for ApiParams {
    fn default() -> Self {
        Self { count: 2, cpu: 128, memory: 256 }
    }
}

impl ApiParams {
    /// Take a value, or say what the parameter takes; none when it is not about the API.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        let (field, least, most, unit) = match name {
            "ApiCount" => (&mut self.count, 1, MOST_COUNT - 1, "processes"),
            "ApiCpu" => (&mut self.cpu, 2, 262_144, "units"),
            "ApiWebMemory" => (&mut self.memory, 6, 1_048_576, "MiB"),
            _ => return None,
        };
        Some(values::whole(value, least, most, unit).map(|number| *field = number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_told_by_the_name_of_the_type() {
        let is_arm = |kind: &str| InstanceParams { kind: kind.into(), ..InstanceParams::default() }.is_arm();
        for kind in ["t4g.small", "m7gd.large", "c7gn.xlarge", "a1.medium", "g5g.xlarge", "im4gn.large", "is4gen.medium", "hpc7g.4xlarge"] {
            assert!(is_arm(kind), "{kind}");
        }
        for kind in
            ["t3.small", "g4dn.xlarge", "g6.xlarge", "gr6.4xlarge", "c7i-flex.large", "u-6tb1.metal", "m7i.metal-24xl", "trn1.2xlarge"]
        {
            assert!(!is_arm(kind), "{kind}");
        }
    }
}
