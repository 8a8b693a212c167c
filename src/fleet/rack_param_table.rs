//! Every parameter that a Convox version-2 rack has or had, and what becomes of it here.

/// A rack parameter.
#[derive(Debug)]
pub struct RackParameter {
    /// Convox's name for it.
    pub name: &'static str,
    /// What becomes of it.
    pub standing: Standing,
}

/// What becomes of a parameter.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has Convox's effect.
    Supported {
        /// Convox's default; empty for blank.
        default: &'static str,
    },
    /// It is refused; `instead` says what to do, if there is something.
    Unsupported {
        /// What to do instead.
        instead: Option<&'static str>,
    },
    /// It switches on something that rackform does not have. Writing the value that leaves it off asks for nothing.
    Off {
        /// The value that leaves it off.
        value: &'static str,
    },
}

use Standing::{Off, Supported, Unsupported};

const fn on(name: &'static str, default: &'static str) -> RackParameter {
    RackParameter { name, standing: Supported { default } }
}

const fn no(name: &'static str) -> RackParameter {
    RackParameter { name, standing: Unsupported { instead: None } }
}

const fn instead(name: &'static str, instead: &'static str) -> RackParameter {
    RackParameter { name, standing: Unsupported { instead: Some(instead) } }
}

const fn off(name: &'static str, value: &'static str) -> RackParameter {
    RackParameter { name, standing: Off { value } }
}

/// Every rack parameter by name: those of convox/rack `20260421192651`, and those that earlier version-2 racks had.
pub static RACK_PARAMETERS: &[RackParameter] = &[
    on("Ami", ""),
    on("ApiCount", "2"),
    on("ApiCpu", "128"),
    no("ApiMonitorMemory"),
    on("ApiRouter", "ELB"),
    on("ApiWebMemory", "256"),
    on("Autoscale", "Yes"),
    no("AutoscaleExtra"),
    instead("AvailabilityZones", "the zones are the first ones of the region; bring a network to choose them"),
    no("BuildCpu"),
    no("BuildImage"),
    no("BuildInstance"),
    no("BuildInstancePolicy"),
    no("BuildInstanceSecurityGroup"),
    no("BuildMemory"),
    no("BuildMethod"),
    no("BuildVolumeSize"),
    no("ClientId"),
    no("CpuCredits"),
    no("DefaultAmi"),
    no("DefaultAmiArm"),
    off("Development", "No"),
    on("DisableALBPort80", "No"),
    off("DynamoDbTableDeletionProtectionEnabled", "false"),
    off("DynamoDbTablePointInTimeRecoveryEnabled", "false"),
    no("EcsContainerStopTimeout"),
    no("EcsPollInterval"),
    off("EnableContainerReadonlyRootFilesystem", "No"),
    no("EnableS3Versioning"),
    off("EnableSharedEFSVolumeEncryption", "false"),
    // Convox leaves it at No; there is nothing to say against encryption that costs nothing.
    on("EncryptEbs", "Yes"),
    no("Encryption"),
    instead("ExistingVpc", "write `network: {vpc: …, subnets: […]}` on the rack"),
    no("FargateBuildCpu"),
    no("FargateBuildMemory"),
    on("HighAvailability", "true"),
    off("HttpProxy", ""),
    no("ImagePullBehavior"),
    on("IMDSHttpPutResponseHopLimit", "1"),
    // Convox leaves it at optional, which lets requests in that a container was tricked into.
    on("IMDSHttpTokens", "required"),
    no("InstanceBootCommand"),
    on("InstanceCount", "3"),
    on("InstancePolicy", ""),
    no("InstanceRunCommand"),
    on("InstanceSecurityGroup", ""),
    instead("InstancesIpToIncludInWhiteListing", "list the addresses in `WhiteList`"),
    on("InstanceType", "t3.small"),
    on("InstanceUpdateBatchSize", "1"),
    on("Internal", "No"),
    on("InternalOnly", "No"),
    on("InternalRouterSuffix", "-rti"),
    instead("InternalSuffix", "it is called `InternalRouterSuffix` since 20240314032321"),
    instead("InternetGateway", "write `network: {vpc: …, subnets: […]}` on the rack, with subnets that are routed already"),
    on("Key", ""),
    on("LoadBalancerIdleTimeout", "3600"),
    on("LogBucket", ""),
    no("LogDriver"),
    on("LogRetention", "7"),
    off("MaintainTimerState", "No"),
    on("MaxAvailabilityZones", "3"),
    on("NLB", "No"),
    on("NLBAllowCIDR", "0.0.0.0/0"),
    on("NLBCrossZone", "No"),
    on("NLBDeletionProtection", "No"),
    on("NLBInternal", "No"),
    on("NLBInternalAllowCIDR", ""),
    on("NLBInternalCrossZone", "No"),
    on("NLBInternalDeletionProtection", "No"),
    on("NLBInternalPreserveClientIP", "No"),
    on("NLBPreserveClientIP", "No"),
    no("NoHAAutoscaleExtra"),
    on("NoHaInstanceCount", "1"),
    no("OnDemandMinCount"),
    no("Password"),
    off("PlaceLambdaInVpc", "No"),
    on("Private", "No"),
    on("PrivateApi", "No"),
    on("PrivateApiSecurityGroup", ""),
    off("PrivateBuild", "No"),
    no("PruneOlderImagesCronRunFreq"),
    no("PruneOlderImagesInHour"),
    // Ours: Convox does not protect its routers, and a router that is gone takes every rule with it.
    on("RouterDeletionProtection", "No"),
    on("RouterInternalSecurityGroup", ""),
    on("RouterMitigationMode", "defensive"),
    on("RouterSecurityGroup", ""),
    off("ScheduleRackScaleDown", ""),
    off("ScheduleRackScaleUp", ""),
    no("SpotFleetAllocationStrategy"),
    no("SpotFleetAllowedInstanceTypes"),
    no("SpotFleetExcludedInstanceTypes"),
    no("SpotFleetMaxPrice"),
    no("SpotFleetMinMemoryMiB"),
    no("SpotFleetMinOnDemandCount"),
    no("SpotFleetMinVcpuCount"),
    no("SpotFleetTargetType"),
    off("SpotInstanceBid", ""),
    on("SslPolicy", ""),
    on("Subnet0CIDR", "10.0.1.0/24"),
    on("Subnet1CIDR", "10.0.2.0/24"),
    on("Subnet2CIDR", "10.0.3.0/24"),
    on("SubnetPrivate0CIDR", "10.0.4.0/24"),
    on("SubnetPrivate1CIDR", "10.0.5.0/24"),
    on("SubnetPrivate2CIDR", "10.0.6.0/24"),
    no("SwapSize"),
    off("SyslogDestination", ""),
    no("SyslogFormat"),
    off("Telemetry", "false"),
    off("Tenancy", "default"),
    no("Version"),
    on("VolumeSize", "50"),
    on("VPCCIDR", "10.0.0.0/16"),
    on("WhiteList", ""),
];

/// The parameter of this name.
pub(super) fn find(name: &str) -> Option<&'static RackParameter> {
    RACK_PARAMETERS.iter().find(|parameter| parameter.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_are_unique() {
        let key = |parameter: &RackParameter| parameter.name.to_lowercase();
        for pair in RACK_PARAMETERS.windows(2) {
            assert!(key(&pair[0]) < key(&pair[1]), "{} before {}", pair[0].name, pair[1].name);
        }
        assert!(find("Internal").is_some() && find("internal").is_none());
    }
}
