//! Convox's rack parameters, read: names, values and defaults are Convox's.

use super::rack_param_table::{self, RACK_PARAMETERS, Standing};
use super::{ApiParams, Cidr, InstanceParams, RackSpec, WrittenParam, rack_checks, values};
use crate::diagnostics::{Diagnostic, Diagnostics, Mend, certain, codes, nearest};

/// What a router does with requests that could desynchronise it from a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MitigationMode {
    /// Let them pass and count them.
    Monitor,
    /// Refuse what is known to be dangerous.
    Defensive,
    /// Refuse what is not RFC 7230 to the letter.
    Strictest,
}

/// One of a rack's two network balancers, as Convox has them since release 20260420193621.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is one Yes/No parameter of Convox")]
pub struct NetworkBalancer {
    /// `NLB`, `NLBInternal`: whether it is there.
    pub is_on: bool,
    /// `NLBCrossZone`, `NLBInternalCrossZone`: whether it sends to the targets of every zone, for which AWS charges.
    pub cross_zone: bool,
    /// `NLBPreserveClientIP`, `NLBInternalPreserveClientIP`: whether targets see the client's address.
    pub preserve_client_ip: bool,
    /// `NLBDeletionProtection`, `NLBInternalDeletionProtection`.
    pub deletion_protection: bool,
    /// `NLBAllowCIDR`, `NLBInternalAllowCIDR`: who may connect, at most five ranges; none stands for the range of the VPC.
    pub allow: Vec<Cidr>,
}

impl NetworkBalancer {
    fn new(allow: Vec<Cidr>) -> Self {
        Self { is_on: false, cross_zone: false, preserve_client_ip: false, deletion_protection: false, allow }
    }

    /// Take a value of the parameter with this end of its name.
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "" => self.is_on = values::flag(value)?,
            "AllowCIDR" => self.allow = values::ranges(value, 5)?,
            "CrossZone" => self.cross_zone = values::flag(value)?,
            "DeletionProtection" => self.deletion_protection = values::flag(value)?,
            "PreserveClientIP" => self.preserve_client_ip = values::flag(value)?,
            _ => unreachable!("the table and this match name the same parameters"),
        }
        Ok(())
    }
}

/// The parameters of one rack.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is one Yes/No parameter of Convox")]
pub struct RackParams {
    /// `Internal`: there is an internal router.
    pub internal: bool,
    /// `InternalOnly`: there is no public router.
    pub internal_only: bool,
    /// `InternalRouterSuffix`: the internal router is named `<rack><suffix>`; blank leaves the name to CloudFormation.
    pub internal_router_suffix: String,
    /// `Private`: what has no public address stands in the private subnets, which then reach out through NAT.
    pub private: bool,
    /// `PrivateApi`: the balancer of the rack API is internal.
    pub private_api: bool,
    /// `PrivateApiSecurityGroup`: the one group that reaches a private API; otherwise the range of the VPC does.
    pub private_api_security_group: Option<String>,
    /// `WhiteList`: the ranges that reach a public API, at most four; none means everybody.
    pub white_list: Vec<Cidr>,
    /// `SslPolicy` of every HTTPS listener.
    pub ssl_policy: String,
    /// `LoadBalancerIdleTimeout` of both routers: 1 to 4000 seconds.
    pub idle_timeout: u32,
    /// `RouterMitigationMode` of both routers.
    pub mitigation_mode: MitigationMode,
    /// `RouterSecurityGroup`: groups that replace the public router's own, at most five.
    pub router_security_groups: Vec<String>,
    /// `RouterInternalSecurityGroup`: the same for the internal router.
    pub router_internal_security_groups: Vec<String>,
    /// `DisableALBPort80`, turned round: the public router listens on port 80.
    pub port80: bool,
    /// Zones that the rack stands in, 2 or 3: `MaxAvailabilityZones`, and 2 without `HighAvailability`. A network that
    /// is brought has as many as it has subnets.
    pub zones: usize,
    /// `HighAvailability`: without it, one NAT gateway serves all zones.
    pub high_availability: bool,
    /// `VPCCIDR`: the range of the VPC, /16 to /28.
    pub vpc_cidr: Cidr,
    /// `Subnet0CIDR` to `Subnet2CIDR`: ranges of the public subnets, /27 or larger.
    pub subnet_cidrs: [Cidr; 3],
    /// `SubnetPrivate0CIDR` to `SubnetPrivate2CIDR`: ranges of the private subnets.
    pub subnet_private_cidrs: [Cidr; 3],
    /// `LogBucket`: the bucket that takes access logs; otherwise the rack makes one.
    pub log_bucket: Option<String>,
    /// `LogRetention`: days that the rack's own bucket keeps access logs and that the API's log group keeps what it has, 1 to
    /// 3653; none means for ever.
    pub log_retention: Option<u32>,
    /// The public network balancer.
    pub nlb: NetworkBalancer,
    /// The internal network balancer.
    pub nlb_internal: NetworkBalancer,
    /// `RouterDeletionProtection`, ours: AWS refuses to delete the routers.
    pub deletion_protection: bool,
    /// What is said of instances.
    pub instances: InstanceParams,
    /// What is said of the rack API.
    pub api: ApiParams,
}

/// The policy of a blank `SslPolicy`: TLS 1.2 and 1.3 with forward secrecy, and post-quantum key exchange. AWS recommends
/// it for Application Load Balancers and its console presets it. Left out, CloudFormation would take the policy of 2016,
/// which still speaks TLS 1.0.
const SSL_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09";

impl Default for RackParams {
    fn default() -> Self {
        Self {
            internal: false,
            internal_only: false,
            internal_router_suffix: "-rti".to_owned(),
            private: false,
            private_api: false,
            private_api_security_group: None,
            white_list: Vec::new(),
            ssl_policy: SSL_POLICY.to_owned(),
            idle_timeout: 3600,
            mitigation_mode: MitigationMode::Defensive,
            router_security_groups: Vec::new(),
            router_internal_security_groups: Vec::new(),
            port80: true,
            zones: 3,
            high_availability: true,
            vpc_cidr: Cidr::new([10, 0, 0, 0], 16),
            subnet_cidrs: [Cidr::new([10, 0, 1, 0], 24), Cidr::new([10, 0, 2, 0], 24), Cidr::new([10, 0, 3, 0], 24)],
            subnet_private_cidrs: [Cidr::new([10, 0, 4, 0], 24), Cidr::new([10, 0, 5, 0], 24), Cidr::new([10, 0, 6, 0], 24)],
            log_bucket: None,
            log_retention: Some(7),
            deletion_protection: false,
            nlb: NetworkBalancer::new(vec![Cidr::new([0, 0, 0, 0], 0)]),
            nlb_internal: NetworkBalancer::new(Vec::new()),
            instances: InstanceParams::default(),
            api: ApiParams::default(),
        }
    }
}

impl RackParams {
    /// Read what `params` of a rack says. YAML booleans come as `true` and `false` and count as Yes and No.
    pub fn read(spec: &RackSpec, out: &mut Diagnostics) -> Self {
        let mut params = Self::default();
        for (name, written) in &spec.params {
            if let Some(found) = read_one(&mut params, name, written, spec) {
                out.report(found);
            }
        }
        rack_checks::check(&mut params, spec, out);
        params
    }

    /// Instances at the least: `InstanceCount`, or `NoHaInstanceCount` without `HighAvailability`.
    pub fn instance_count(&self) -> u32 {
        if self.high_availability { self.instances.count } else { self.instances.count_without_ha }
    }

    /// Processes of the rack API: `ApiCount`, or one without `HighAvailability`.
    pub fn api_count(&self) -> u32 {
        if self.high_availability { self.api.count } else { 1 }
    }

    /// Take a value, or say what the parameter takes.
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        if let Some(taken) = self.instances.set(name, value).or_else(|| self.api.set(name, value)) {
            return taken;
        }
        match name {
            // The API on the public router would need a rule there that Convox no longer makes.
            "ApiRouter" => values::choice(value, &[("ELB", ())])?,
            "DisableALBPort80" => self.port80 = !values::flag(value)?,
            "HighAvailability" => self.high_availability = values::flag(value)?,
            "Internal" => self.internal = values::flag(value)?,
            "InternalOnly" => self.internal_only = values::flag(value)?,
            "InternalRouterSuffix" => self.internal_router_suffix = values::name_part(value)?,
            "LoadBalancerIdleTimeout" => self.idle_timeout = values::whole(value, 1, 4000, "seconds")?,
            "LogBucket" => self.log_bucket = values::bucket(value)?,
            "LogRetention" if value.is_empty() => self.log_retention = None,
            "LogRetention" => self.log_retention = Some(values::whole(value, 1, 3653, "days")?),
            "MaxAvailabilityZones" => self.zones = values::choice(value, &[("2", 2), ("3", 3)])?,
            _ if name.starts_with("NLBInternal") => self.nlb_internal.set(&name["NLBInternal".len()..], value)?,
            _ if name.starts_with("NLB") => self.nlb.set(&name["NLB".len()..], value)?,
            "Private" => self.private = values::flag(value)?,
            "PrivateApi" => self.private_api = values::flag(value)?,
            "PrivateApiSecurityGroup" => self.private_api_security_group = values::security_groups(value, 1)?.pop(),
            "RouterDeletionProtection" => self.deletion_protection = values::flag(value)?,
            "RouterInternalSecurityGroup" => self.router_internal_security_groups = values::security_groups(value, 5)?,
            "RouterMitigationMode" => {
                use MitigationMode::{Defensive, Monitor, Strictest};
                let modes = [("monitor", Monitor), ("defensive", Defensive), ("strictest", Strictest)];
                self.mitigation_mode = values::choice(value, &modes)?;
            }
            "RouterSecurityGroup" => self.router_security_groups = values::security_groups(value, 5)?,
            "SslPolicy" if value.is_empty() => SSL_POLICY.clone_into(&mut self.ssl_policy),
            "SslPolicy" => self.ssl_policy = values::ssl_policy(value)?,
            "Subnet0CIDR" => self.subnet_cidrs[0] = value.parse()?,
            "Subnet1CIDR" => self.subnet_cidrs[1] = value.parse()?,
            "Subnet2CIDR" => self.subnet_cidrs[2] = value.parse()?,
            "SubnetPrivate0CIDR" => self.subnet_private_cidrs[0] = value.parse()?,
            "SubnetPrivate1CIDR" => self.subnet_private_cidrs[1] = value.parse()?,
            "SubnetPrivate2CIDR" => self.subnet_private_cidrs[2] = value.parse()?,
            "VPCCIDR" => self.vpc_cidr = value.parse()?,
            "WhiteList" => self.white_list = values::ranges(value, 4)?,
            _ => return Err("nothing".to_owned()),
        }
        Ok(())
    }
}

fn read_one(params: &mut RackParams, name: &str, written: &WrittenParam, spec: &RackSpec) -> Option<Diagnostic> {
    let rack = &spec.name.value;
    let Some(parameter) = rack_param_table::find(name) else {
        let known = RACK_PARAMETERS.iter().filter(|known| matches!(known.standing, Standing::Supported { .. }));
        let found = Diagnostic::new(&codes::UNKNOWN_PARAMETER, written.name, format!("`{name}` is no parameter of a rack"));
        let is_apart = |meant: &&str| !spec.params.keys().any(|other| other != name && certain(other, [*meant]).is_some());
        let meant = certain(name, RACK_PARAMETERS.iter().map(|known| known.name)).filter(is_apart);
        let meant = meant.filter(|meant| known.clone().any(|known| known.name == *meant));
        let found = found.mend(meant.map(|meant| Mend::text(written.name, meant)));
        return Some(match nearest(name, known.map(|known| known.name)) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found.help("names are Convox's, such as `Internal` or `LoadBalancerIdleTimeout`"),
        });
    };
    let text = written.value.value.trim();
    match parameter.standing {
        Standing::Supported { .. } => params.set(name, text).err().map(|takes| {
            let what = format!("`{name}` of rack `{rack}` can't be `{text}`");
            let mend = values::meant(text, &takes).map(|meant| Mend::plain(written.value.place, &meant));
            Diagnostic::new(&codes::PARAMETER_VALUE, written.value.place, what).help(format!("it takes {takes}")).mend(mend)
        }),
        Standing::Off { value: off } if values::same(text, off) => None,
        Standing::Off { value: off } => {
            let off = if off.is_empty() { "blank".to_owned() } else { format!("`{off}`") };
            Some(unsupported(name, written).help(format!("remove it, or leave it at {off}")))
        }
        Standing::Unsupported { instead } => Some(unsupported(name, written).help(instead.unwrap_or("remove it"))),
    }
}

fn unsupported(name: &str, written: &WrittenParam) -> Diagnostic {
    let what = format!("Convox's rack parameter `{name}` is not supported");
    Diagnostic::new(&codes::UNSUPPORTED_PARAMETER, written.name, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Network;
    use crate::fleet::testing::{read, read_in};

    #[test]
    fn the_table_and_the_defaults_agree() {
        for parameter in RACK_PARAMETERS {
            let Standing::Supported { default } = parameter.standing else { continue };
            let mut params = RackParams::default();
            assert_eq!(params.set(parameter.name, default), Ok(()), "{}", parameter.name);
            assert_eq!(params, RackParams::default(), "{}", parameter.name);
        }
    }

    #[test]
    fn convox_values_are_read() {
        let (params, found) = read(&[
            ("Internal", "true"),
            ("PrivateApi", "Yes"),
            ("PrivateApiSecurityGroup", "sg-0123abcd"),
            ("LoadBalancerIdleTimeout", "120"),
            ("RouterMitigationMode", "strictest"),
            ("MaxAvailabilityZones", "2"),
            ("LogRetention", ""),
            ("RouterSecurityGroup", "sg-00000001, sg-00000002"),
            ("RouterDeletionProtection", "Yes"),
            ("SslPolicy", "ELBSecurityPolicy-TLS13-1-3-2021-06"),
            ("NLB", "false"),
        ]);
        assert_eq!(found, Vec::<String>::new());
        let expected = RackParams {
            internal: true,
            private_api: true,
            private_api_security_group: Some("sg-0123abcd".into()),
            idle_timeout: 120,
            mitigation_mode: MitigationMode::Strictest,
            zones: 2,
            log_retention: None,
            router_security_groups: vec!["sg-00000001".into(), "sg-00000002".into()],
            deletion_protection: true,
            ssl_policy: "ELBSecurityPolicy-TLS13-1-3-2021-06".into(),
            ..RackParams::default()
        };
        assert_eq!(params, expected);
        let (params, _) = read(&[("WhiteList", "10.0.0.0/24,172.16.0.1/32"), ("DisableALBPort80", "Yes"), ("HighAvailability", "false")]);
        assert_eq!(params.white_list.len(), 2);
        assert!(!params.port80);
        assert_eq!(params.zones, 2, "Convox has a third zone only with HighAvailability");
    }

    #[test]
    fn what_is_not_taken_is_named() {
        for (name, value, code, words) in [
            ("Internl", "Yes", "RF0303", "did you mean `Internal`?"),
            ("Zebra", "Yes", "RF0303", "names are Convox's"),
            ("ApiMonitorMemory", "128", "RF0304", "remove it"),
            ("AutoscaleExtra", "1", "RF0304", "remove it"),
            ("ExistingVpc", "vpc-1", "RF0304", "network"),
            ("NLB", "perhaps", "RF0305", "`Yes` or `No`"),
            ("NLBAllowCIDR", "1.0.0.0/8,2.0.0.0/8,3.0.0.0/8,4.0.0.0/8,5.0.0.0/8,6.0.0.0/8", "RF0305", "at most 5"),
            ("MaintainTimerState", "Yes", "RF0304", "leave it at `No`"),
            ("ApiRouter", "ALB", "RF0305", "`ELB`"),
            ("Internal", "perhaps", "RF0305", "`Yes` or `No`"),
            ("LoadBalancerIdleTimeout", "4001", "RF0305", "1 to 4000 seconds"),
            ("LoadBalancerIdleTimeout", "0", "RF0305", "1 to 4000 seconds"),
            ("LoadBalancerIdleTimeout", "", "RF0305", "1 to 4000 seconds"),
            ("MaxAvailabilityZones", "4", "RF0305", "`2` or `3`"),
            ("RouterMitigationMode", "lax", "RF0305", "`monitor`, `defensive` or `strictest`"),
            ("WhiteList", "10.0.0.0/8,10.0.0.1", "RF0305", "IPv4"),
            ("WhiteList", "1.0.0.0/8,2.0.0.0/8,3.0.0.0/8,4.0.0.0/8,5.0.0.0/8", "RF0305", "at most 4"),
            ("RouterSecurityGroup", "web", "RF0305", "sg-"),
            ("PrivateApiSecurityGroup", "sg-00000001,sg-00000002", "RF0305", "at most 1"),
            ("SslPolicy", "TLS13", "RF0305", "ELBSecurityPolicy-"),
            ("LogBucket", "Bucket_1", "RF0305", "bucket"),
            ("LogRetention", "0", "RF0305", "1 to 3653 days"),
            ("InternalRouterSuffix", "_x", "RF0305", "hyphens"),
            ("VPCCIDR", "10.0.0.0", "RF0305", "10.0.1.0/24"),
            ("Ami", "amazon-linux", "RF0305", "ami-"),
            ("ApiCount", "0", "RF0305", "1 to 899 processes"),
            ("ApiCpu", "1", "RF0305", "2 to 262144 units"),
            ("ApiWebMemory", "5", "RF0305", "6 to 1048576 MiB"),
            ("Autoscale", "perhaps", "RF0305", "`Yes` or `No`"),
            ("IMDSHttpPutResponseHopLimit", "65", "RF0305", "1 to 64 hops"),
            ("IMDSHttpTokens", "Yes", "RF0305", "`required` or `optional`"),
            ("InstanceCount", "2", "RF0305", "3 to 900 instances"),
            ("InstanceCount", "901", "RF0305", "3 to 900 instances"),
            ("InstancePolicy", "arn:aws:iam::123456789012:role/x", "RF0305", "policy"),
            ("InstanceSecurityGroup", "sg-00000001,sg-00000002", "RF0305", "at most 1"),
            ("InstanceType", "t3", "RF0305", "t3.small"),
            ("InstanceType", "T3.small", "RF0305", "t3.small"),
            ("InstanceUpdateBatchSize", "0", "RF0305", "1 to 100 instances"),
            ("Key", "schl\u{fc}ssel", "RF0305", "ASCII"),
            ("NoHaInstanceCount", "0", "RF0305", "1 to 900 instances"),
            ("VolumeSize", "29", "RF0305", "30 to 16384 GiB"),
        ] {
            let (_, found) = read(&[(name, value)]);
            assert!(found.iter().any(|line| line.starts_with(code) && line.contains(words)), "{name}={value}: {found:?}");
        }
    }

    #[test]
    fn a_brought_network_says_its_zones() {
        let network =
            Network::Brought { vpc: "vpc-1".into(), subnets: vec!["subnet-1".into(), "subnet-2".into()], private_subnets: Vec::new() };
        let (params, found) = read_in(&network, &[("VPCCIDR", "172.31.0.0/16")]);
        assert_eq!((params.zones, found), (2, Vec::new()));
    }
}
