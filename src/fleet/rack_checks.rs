//! Rack parameters that each are fine and together are not.

use super::rack_param_table::{self, Standing};
use super::{Cidr, Compute, Network, RackParams, RackSpec, values};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, codes};
use crate::source::Place;

/// The longest prefix of a router's subnet: with fewer addresses it can't grow
/// (AWS: "Application Load Balancers", subnets).
const SMALLEST_SUBNET: u8 = 27;
/// Characters in the name of a load balancer.
const MAX_NAME: usize = 32;

/// Parameters that are about instances alone. `Autoscale` is about services, too.
const INSTANCE_PARAMETERS: &[&str] = &[
    "Ami",
    "EncryptEbs",
    "IMDSHttpPutResponseHopLimit",
    "IMDSHttpTokens",
    "InstanceCount",
    "InstancePolicy",
    "InstanceSecurityGroup",
    "InstanceType",
    "InstanceUpdateBatchSize",
    "Key",
    "NoHaInstanceCount",
    "VolumeSize",
];

struct Check<'a> {
    spec: &'a RackSpec,
    out: &'a mut Diagnostics,
}

/// A parameter that says the range of a subnet; without a place it is at its default.
struct Subnet {
    name: String,
    range: Cidr,
    place: Option<Place>,
}

/// Check parameters against each other and against the network, and settle how many zones there are.
pub(super) fn check(params: &mut RackParams, spec: &RackSpec, out: &mut Diagnostics) {
    let mut check = Check { spec, out };
    if !params.high_availability {
        params.zones = 2;
    }
    match &spec.network {
        Network::Create => check.ranges(params),
        Network::Brought { subnets, private_subnets, .. } => {
            check.brought(params, subnets.len(), private_subnets.is_empty());
            params.zones = subnets.len();
        }
    }
    check.names(params);
    if params.internal_only && !params.internal {
        check.report(&codes::PARAMETER_VALUE, "InternalOnly", "leaves the rack without a router", "set `Internal: Yes` too");
    }
    if params.internal_only && params.nlb.is_on {
        check.report(
            &codes::PARAMETER_VALUE,
            "NLB",
            "is public, and `InternalOnly` leaves nothing public",
            "use `NLBInternal`, or remove `InternalOnly`",
        );
    }
    if params.nlb_internal.is_on && !params.internal {
        check.report(&codes::PARAMETER_VALUE, "NLBInternal", "needs `Internal: Yes`, as in Convox", "set `Internal: Yes` too");
    }
    check.api(params);
    check.idle(params, spec.network == Network::Create);
    check.idle_compute(params);
}

impl Check<'_> {
    /// A message about a parameter, at a place.
    fn about(&self, code: &'static Code, place: Place, name: &str, what: &str) -> Diagnostic {
        Diagnostic::new(code, place, format!("`{name}` of rack `{}` {what}", self.spec.name.value))
    }

    /// Report something about a parameter: at its value, or at the rack's name when a default is at fault.
    fn report(&mut self, code: &'static Code, name: &str, what: &str, help: &str) {
        let place = self.spec.params.get(name).map_or(self.spec.name.place, |written| written.value.place);
        let found = self.about(code, place, name, what);
        self.out.report(found.help(help));
    }

    /// Whether a range is written and was refused, so that its default says nothing.
    fn is_refused(&self, name: &str) -> bool {
        self.spec.params.get(name).is_some_and(|written| written.value.value.trim().parse::<Cidr>().is_err())
    }

    fn ranges(&mut self, params: &RackParams) {
        let vpc = params.vpc_cidr;
        if self.is_refused("VPCCIDR") {
            return;
        }
        if !(16..=28).contains(&vpc.bits()) {
            let size = if vpc.bits() < 16 { "large" } else { "small" };
            self.report(&codes::ADDRESS_RANGE, "VPCCIDR", &format!("is `{vpc}`, too {size} for a VPC"), "a VPC has a range of /16 to /28");
            return;
        }
        let mut subnets: Vec<Subnet> = Vec::new();
        for (kind, ranges) in [("Subnet", &params.subnet_cidrs), ("SubnetPrivate", &params.subnet_private_cidrs)] {
            for (zone, range) in ranges.iter().enumerate().take(params.zones) {
                let name = format!("{kind}{zone}CIDR");
                let place = self.spec.params.get(&name).map(|written| written.value.place);
                subnets.push(Subnet { name, range: *range, place });
            }
        }
        subnets.retain(|subnet| !self.is_refused(&subnet.name));
        let (inside, outside): (Vec<Subnet>, Vec<Subnet>) = subnets.into_iter().partition(|subnet| vpc.contains(subnet.range));
        self.outside(vpc, &outside);
        for (at, subnet) in inside.iter().enumerate() {
            let Subnet { name, range, place: Some(place) } = subnet else { continue };
            if range.bits() > SMALLEST_SUBNET {
                let help = format!("a subnet of a load balancer is /{SMALLEST_SUBNET} or larger");
                self.report(&codes::ADDRESS_RANGE, name, &format!("is `{range}`, too small"), &help);
            }
            // Of two that are written, the later one is to blame; a default never is.
            let others = inside.iter().enumerate().filter(|(other, subnet)| *other < at || subnet.place.is_none() && *other != at);
            let Some(other) = others.map(|(_, other)| other).find(|other| other.range.overlaps(*range)) else { continue };
            let default = if other.place.is_none() { "the default " } else { "" };
            let what = format!("is `{range}`, which overlaps {default}`{}` of `{}`", other.range, other.name);
            let found = self.about(&codes::ADDRESS_RANGE, *place, name, &what);
            let found = other.place.into_iter().fold(found, |found, place| found.also(place, "the other one"));
            self.out.report(found.help("give each subnet addresses of its own"));
        }
    }

    /// Subnets outside of the VPC: each that is written for itself, and the defaults, which `VPCCIDR` left behind, at once.
    fn outside(&mut self, vpc: Cidr, subnets: &[Subnet]) {
        for Subnet { name, range, .. } in subnets.iter().filter(|subnet| subnet.place.is_some()) {
            let help = format!("set it to a range inside of `{vpc}`, or change `VPCCIDR`");
            self.report(&codes::ADDRESS_RANGE, name, &format!("is `{range}`, outside of the VPC's `{vpc}`"), &help);
        }
        let defaults: Vec<String> =
            subnets.iter().filter(|subnet| subnet.place.is_none()).map(|subnet| format!("`{}`", subnet.name)).collect();
        let Some((last, others)) = defaults.split_last() else { return };
        let (what, names) = if others.is_empty() {
            (format!("is `{vpc}`, and the default of {last} lies outside of it"), last.clone())
        } else {
            (
                format!("is `{vpc}`, and the defaults of {} subnets lie outside of it", defaults.len()),
                format!("{} and {last}", others.join(", ")),
            )
        };
        self.report(&codes::ADDRESS_RANGE, "VPCCIDR", &what, &format!("set {names} too, inside of `{vpc}`"));
    }

    fn brought(&mut self, params: &RackParams, zones: usize, no_private_subnets: bool) {
        if !self.spec.params.contains_key("VPCCIDR") {
            let place = self.spec.network_place.unwrap_or(self.spec.name.place);
            let found = self.about(&codes::NETWORK, place, "VPCCIDR", "is missing, and the network is brought");
            self.out.report(found.help("write `VPCCIDR` under `params`: the range that the VPC has, for the rules of security groups"));
        }
        for (name, on) in [("Private", params.private), ("PrivateApi", params.private_api)] {
            if on && no_private_subnets {
                self.report(&codes::NETWORK, name, "needs private subnets", "list `private_subnets` under `network`");
            }
        }
        let wanted = [("MaxAvailabilityZones", true), ("HighAvailability", !params.high_availability)];
        for (name, says_zones) in wanted {
            if says_zones && self.spec.params.contains_key(name) && params.zones != zones {
                let what = format!("asks for {} zones, and the network has {zones} subnets", params.zones);
                self.report(&codes::NETWORK, name, &what, "leave it out: a network that is brought has a zone for each subnet");
            }
        }
    }

    fn names(&mut self, params: &RackParams) {
        let suffix = &params.internal_router_suffix;
        let name = format!("{}{suffix}", self.spec.name_of(self.spec.count.1 - 1));
        let help = "set a shorter `InternalRouterSuffix`, or a blank one to leave the name to CloudFormation";
        if !params.internal || suffix.is_empty() {
            return;
        }
        if name.len() > MAX_NAME {
            let what = format!("makes the name `{name}` of {} characters; AWS takes {MAX_NAME}", name.len());
            self.report(&codes::NAME_LENGTH, "InternalRouterSuffix", &what, help);
        } else if name.starts_with("internal-") {
            let what = format!("makes the name `{name}`; AWS keeps names that begin with `internal-` for itself");
            let help = "set a blank `InternalRouterSuffix`, which leaves the name to CloudFormation, or rename the rack";
            self.report(&codes::PARAMETER_VALUE, "InternalRouterSuffix", &what, help);
        }
    }

    /// The API needs instances: the balancer leads to one port of each of them, so an instance holds one process, and an
    /// update needs one more instance than there are processes.
    fn api(&mut self, params: &RackParams) {
        let Some(api) = &self.spec.api else { return };
        let (rack, compute) = (&self.spec.name.value, self.spec.compute);
        let written = self.spec.compute_place.filter(|_| matches!(compute, Compute::None | Compute::Fargate));
        let refused = match written {
            _ if self.spec.external => Some(
                Diagnostic::new(&codes::API_WITHOUT_INSTANCES, api.place, format!("`api` on the rack `{rack}`, which is external"))
                    .label("no template is written for it")
                    .help("remove `api`: whoever owns the rack runs its API"),
            ),
            Some(place) => Some(
                Diagnostic::new(&codes::API_WITHOUT_INSTANCES, api.place, format!("`api` on the rack `{rack}`, which has no instances"))
                    .label("the balancer leads to a port of instances")
                    .also(place, "because of this")
                    .help("write `compute: instances`, or remove `compute`: then instances stand because the API needs them"),
            ),
            None => None,
        };
        let (processes, instances) = (params.api_count(), params.instance_count());
        if let Some(refused) = refused {
            self.out.report(refused);
        } else if params.high_availability && processes >= instances {
            let what = format!("is {processes}, and the rack has {instances} instances");
            let help = format!(
                "an instance holds one process, and an update needs one that is free: write at most {}, or raise `InstanceCount` to {}",
                instances - 1,
                processes + 1
            );
            self.report(&codes::API_CAN_T_ROLL, "ApiCount", &what, &help);
        }
    }

    /// Warn of parameters about instances and the API where there are none.
    fn idle_compute(&mut self, params: &RackParams) {
        let compute = match self.spec.compute {
            Compute::None => Some("none"),
            Compute::Fargate => Some("fargate"),
            Compute::AsNeeded | Compute::Instances => None,
        };
        let no_instances = compute.map(|compute| format!("there are no instances; `compute` is `{compute}`"));
        let no_api = self.spec.api.is_none().then(|| "there is no rack API; `api` is not written".to_owned());
        let available = |on: bool, why: &str| (params.high_availability == on).then(|| why.to_owned());
        let mut idle: Vec<(&str, Option<String>)> = vec![
            ("InstanceCount", available(false, "`NoHaInstanceCount` counts; `HighAvailability` is not `true`")),
            ("NoHaInstanceCount", available(true, "`InstanceCount` counts; `HighAvailability` is `true`")),
            ("ApiCount", no_api.clone().or_else(|| available(false, "one process runs; `HighAvailability` is not `true`"))),
            ("ApiCpu", no_api.clone()),
            ("ApiWebMemory", no_api),
        ];
        for name in INSTANCE_PARAMETERS {
            match idle.iter_mut().find(|(known, _)| known == name) {
                Some((_, why)) => *why = no_instances.clone().or(why.take()),
                None => idle.push((*name, no_instances.clone())),
            }
        }
        for (name, why) in idle {
            let Some(why) = why else { continue };
            self.report_idle(name, &why);
        }
    }

    /// Warn of parameters that change nothing beside the others. A default that is written out is no mistake.
    fn idle(&mut self, params: &RackParams, created: bool) {
        let own_logs = params.log_bucket.is_none();
        let mut idle = vec![
            ("PrivateApiSecurityGroup", !params.private_api, "the rack API is public; `PrivateApi` is not `Yes`"),
            ("WhiteList", params.private_api, "the rack API is private; `WhiteList` is about a public one"),
            ("InternalRouterSuffix", !params.internal, "there is no internal router; `Internal` is not `Yes`"),
            ("RouterInternalSecurityGroup", !params.internal, "there is no internal router; `Internal` is not `Yes`"),
            ("RouterSecurityGroup", params.internal_only, "there is no public router; `InternalOnly` is `Yes`"),
            ("DisableALBPort80", params.internal_only, "there is no public router; `InternalOnly` is `Yes`"),
            ("LogRetention", !own_logs && self.spec.api.is_none(), "the logs go to `LogBucket`, which has rules of its own"),
        ];
        for name in ["NLBAllowCIDR", "NLBCrossZone", "NLBDeletionProtection", "NLBPreserveClientIP"] {
            idle.push((name, !params.nlb.is_on, "there is no public network balancer; `NLB` is not `Yes`"));
        }
        for name in ["NLBInternalAllowCIDR", "NLBInternalCrossZone", "NLBInternalDeletionProtection", "NLBInternalPreserveClientIP"] {
            idle.push((name, !params.nlb_internal.is_on, "there is no internal network balancer; `NLBInternal` is not `Yes`"));
        }
        for zone in ["Subnet0CIDR", "Subnet1CIDR", "Subnet2CIDR", "SubnetPrivate0CIDR", "SubnetPrivate1CIDR", "SubnetPrivate2CIDR"] {
            idle.push((zone, !created, "the network is brought, with the ranges that it has"));
            idle.push((zone, created && params.zones == 2 && zone.contains('2'), "the rack stands in two zones"));
        }
        for (name, _, why) in idle.into_iter().filter(|(_, is_idle, _)| *is_idle) {
            self.report_idle(name, why);
        }
    }

    /// Warn of a parameter that is written, is not at its default, and changes nothing.
    fn report_idle(&mut self, name: &str, why: &str) {
        let Some(written) = self.spec.params.get(name).filter(|_| self.is_changed(name)) else { return };
        let found = self.about(&codes::IDLE_PARAMETER, written.name, name, "has no effect");
        self.out.report(found.label(why).help("remove it, or change what stands in its way"));
    }

    /// Whether a parameter is written and is not at its default.
    fn is_changed(&self, name: &str) -> bool {
        let Some(written) = self.spec.params.get(name) else { return false };
        match rack_param_table::find(name).map(|found| &found.standing) {
            Some(Standing::Supported { default }) => !values::same(written.value.value.trim(), default),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::testing::{read, read_for, read_in};

    fn brought(subnets: usize, private: usize) -> Network {
        let ids = |count: usize| (0..count).map(|n| format!("subnet-{n}")).collect();
        Network::Brought { vpc: "vpc-1".into(), subnets: ids(subnets), private_subnets: ids(private) }
    }

    fn says(found: &[String], code: &str, words: &str) {
        assert!(found.iter().any(|line| line.starts_with(code) && line.contains(words)), "{code} {words}: {found:?}");
    }

    #[test]
    fn subnets_fit_the_vpc_and_each_other() {
        says(&read(&[("VPCCIDR", "10.0.0.0/8")]).1, "RF0316", "/16 to /28");
        says(&read(&[("Subnet0CIDR", "10.1.1.0/24")]).1, "RF0316", "`Subnet0CIDR` of rack `main` is `10.1.1.0/24`, outside");
        says(
            &read(&[("Subnet0CIDR", "10.0.2.0/24")]).1,
            "RF0316",
            "`Subnet0CIDR` of rack `main` is `10.0.2.0/24`, which overlaps the default",
        );
        says(&read(&[("Subnet1CIDR", "10.0.2.0/28")]).1, "RF0316", "too small");
        says(&read(&[("SubnetPrivate0CIDR", "10.0.1.128/25")]).1, "RF0316", "overlaps the default `10.0.1.0/24` of `Subnet0CIDR`");
        let two_zones = [("MaxAvailabilityZones", "2"), ("SubnetPrivate0CIDR", "10.0.3.0/24")];
        assert_eq!(read(&two_zones).1, Vec::<String>::new(), "the third subnet is not there");
        let refused = [("VPCCIDR", "10.0.0.0/20"), ("Subnet0CIDR", "10.0.1.1/24"), ("Subnet1CIDR", "10.0.1.0/24")];
        assert_eq!(read(&refused).1.len(), 1, "what was refused is compared with nothing");
    }

    #[test]
    fn a_vpc_that_moves_leaves_defaults_behind() {
        let one = |written: &[(&str, &str)]| {
            let found = read(written).1;
            assert_eq!(found.len(), 1, "{found:?}");
            found.concat()
        };
        assert!(one(&[("VPCCIDR", "10.1.0.0/16")]).contains("the defaults of 6 subnets lie outside"));
        let small = [("VPCCIDR", "10.0.0.0/21"), ("SubnetPrivate2CIDR", "10.0.7.0/24"), ("Subnet0CIDR", "10.0.0.0/24")];
        assert_eq!(read(&small).1, Vec::<String>::new());
        let two = [("VPCCIDR", "10.0.0.0/22"), ("SubnetPrivate0CIDR", "10.0.0.0/24"), ("MaxAvailabilityZones", "2")];
        assert!(one(&two).contains("the default of `SubnetPrivate1CIDR` lies outside of it: set `SubnetPrivate1CIDR` too"));
    }

    #[test]
    fn a_brought_network_has_what_is_asked_of_it() {
        let range = ("VPCCIDR", "172.31.0.0/16");
        says(&read_in(&brought(2, 0), &[]).1, "RF0314", "`VPCCIDR` of rack `main` is missing");
        says(&read_in(&brought(2, 0), &[range, ("Private", "Yes")]).1, "RF0314", "needs private subnets");
        says(&read_in(&brought(2, 0), &[range, ("PrivateApi", "Yes")]).1, "RF0314", "needs private subnets");
        says(&read_in(&brought(2, 2), &[range, ("MaxAvailabilityZones", "3")]).1, "RF0314", "asks for 3 zones");
        says(&read_in(&brought(3, 3), &[range, ("HighAvailability", "No")]).1, "RF0314", "asks for 2 zones");
        says(&read_in(&brought(2, 2), &[range, ("Subnet0CIDR", "172.31.1.0/24")]).1, "RF0319", "the ranges that it has");
        let (params, found) = read_in(&brought(3, 3), &[range, ("Private", "Yes"), ("MaxAvailabilityZones", "3")]);
        assert_eq!((params.zones, found), (3, Vec::new()));
    }

    #[test]
    fn the_internal_router_can_be_named() {
        let long = "a-rack-of-twenty-eight-chars";
        assert_eq!(read_for(long, &[("Internal", "Yes")]).1, Vec::<String>::new(), "32 characters");
        says(&read_for(long, &[("Internal", "Yes"), ("InternalRouterSuffix", "-rtin")]).1, "RF0317", "33 characters");
        says(&read_for("internal-x", &[("Internal", "Yes")]).1, "RF0305", "keeps names");
        assert_eq!(read_for("internal-x", &[("Internal", "Yes"), ("InternalRouterSuffix", "")]).1, Vec::<String>::new());
    }

    #[test]
    fn a_parameter_without_effect_is_a_warning() {
        for (written, name) in [
            (vec![("PrivateApiSecurityGroup", "sg-00000001")], "PrivateApiSecurityGroup"),
            (vec![("PrivateApi", "Yes"), ("WhiteList", "10.0.0.0/8")], "WhiteList"),
            (vec![("InternalRouterSuffix", "-x")], "InternalRouterSuffix"),
            (vec![("RouterInternalSecurityGroup", "sg-00000001")], "RouterInternalSecurityGroup"),
            (vec![("Internal", "Yes"), ("InternalOnly", "Yes"), ("RouterSecurityGroup", "sg-00000001")], "RouterSecurityGroup"),
            (vec![("Internal", "Yes"), ("InternalOnly", "Yes"), ("DisableALBPort80", "Yes")], "DisableALBPort80"),
            (vec![("LogBucket", "logs-1"), ("LogRetention", "30")], "LogRetention"),
            (vec![("MaxAvailabilityZones", "2"), ("Subnet2CIDR", "10.0.9.0/24")], "Subnet2CIDR"),
        ] {
            let found = read(&written).1;
            assert_eq!(found.len(), 1, "{found:?}");
            says(&found, "RF0319", &format!("`{name}` of rack `main` has no effect"));
        }
        assert_eq!(read(&[("InternalRouterSuffix", "-rti"), ("DisableALBPort80", "false")]).1, Vec::<String>::new());
        says(&read(&[("InternalOnly", "Yes")]).1, "RF0305", "without a router");
    }
}
