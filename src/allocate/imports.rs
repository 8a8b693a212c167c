//! What tasks import of their rack and an edit of the rack can change. CloudFormation refuses to change
//! an export that is imported.

use std::collections::{BTreeMap, BTreeSet};

use crate::compute::{Launch, has_own_address, is_private, launch};
use crate::fleet::{Compute, Fleet, Network, Rack};
use crate::routes::{Router, routers_of};

/// What is said of a security group or a provider that the rack makes.
pub(super) const OWN: &str = "own";

/// What tasks on a rack import.
#[derive(Default, Clone)]
struct Used {
    /// Its subnets: public ones, private ones.
    subnets: [bool; 2],
    /// The security groups of routers.
    groups: BTreeSet<Router>,
    /// The range of its VPC, which network balancers check targets from.
    range: bool,
    /// What brings instances.
    provider: bool,
}

/// The exports of each rack that its apps import, by their names, with what they are made of.
pub(super) fn imports(fleet: &Fleet) -> Vec<BTreeMap<String, String>> {
    let mut used = vec![Used::default(); fleet.racks.len()];
    for app in &fleet.apps {
        let (rack, used) = (&fleet.racks[app.rack], &mut used[app.rack]);
        if rack.external || rack.compute == Compute::None {
            continue;
        }
        for service in &app.manifest.services {
            used.provider |= launch(app, service) == Launch::Instances && service.agent.is_none();
            if has_own_address(app, service, rack) {
                used.subnets[usize::from(is_private(app, rack))] = true;
                let routers = if rack.shares_router_group() { &routers_of(service)[..1] } else { routers_of(service) };
                used.groups.extend(service.port.iter().flat_map(|_| routers));
                used.range |= !service.nlb.is_empty();
            }
        }
    }
    fleet.racks.iter().zip(&used).map(|(rack, used)| used.of(rack)).collect()
}

impl Used {
    fn of(&self, rack: &Rack) -> BTreeMap<String, String> {
        let mut names: Vec<String> = Vec::new();
        for (private, kind) in [(false, "Subnet"), (true, "SubnetPrivate")] {
            let count = if self.subnets[usize::from(private)] { rack.subnet_count(private) } else { 0 };
            names.extend((0..count).map(|zone| format!("{kind}{zone}")));
        }
        names.extend(self.groups.iter().map(|router| group_of(*router).to_owned()));
        names.extend(self.range.then(|| "VpcCidr".to_owned()));
        names.extend(self.provider.then(|| "InstancesProvider".to_owned()));
        let made_of = |name: String| made_of(rack, &name).map(|made_of| (name, made_of));
        names.into_iter().filter_map(made_of).collect()
    }
}

/// The export that holds the first security group of a router.
fn group_of(router: Router) -> &'static str {
    if router == Router::Internal { "RouterInternalSecurityGroup" } else { "RouterSecurityGroup" }
}

/// What an export of a rack is made of; none for one that the rack does not have. Routers that go wait
/// for the apps on them, so their groups are there.
pub(super) fn made_of(rack: &Rack, name: &str) -> Option<String> {
    let group = |groups: &[String]| groups.first().cloned().unwrap_or_else(|| OWN.into());
    let subnet = |name: &str, private: bool| {
        let zone: usize = name.parse().ok()?;
        match &rack.network {
            Network::Create if private => rack.params.subnet_private_cidrs.get(zone).map(ToString::to_string),
            Network::Create => rack.params.subnet_cidrs.get(zone).map(ToString::to_string),
            Network::Brought { private_subnets, .. } if private => private_subnets.get(zone).cloned(),
            Network::Brought { subnets, .. } => subnets.get(zone).cloned(),
        }
        .filter(|_| zone < rack.subnet_count(private))
    };
    match name {
        "RouterSecurityGroup" => Some(group(&rack.params.router_security_groups)),
        "RouterInternalSecurityGroup" => Some(group(&rack.params.router_internal_security_groups)),
        "VpcCidr" => Some(rack.params.vpc_cidr.to_string()),
        "InstancesProvider" => (!matches!(rack.compute, Compute::None | Compute::Fargate)).then(|| OWN.into()),
        _ => match name.strip_prefix("SubnetPrivate") {
            Some(zone) => subnet(zone, true),
            None => subnet(name.strip_prefix("Subnet")?, false),
        },
    }
}

/// The keys of a rack that decide what an export is made of.
pub(super) fn keys(rack: &Rack, name: &str) -> Vec<String> {
    match name {
        "RouterSecurityGroup" | "RouterInternalSecurityGroup" => vec![name.to_owned()],
        "VpcCidr" => vec!["VPCCIDR".to_owned()],
        "InstancesProvider" => vec!["compute".to_owned()],
        _ if rack.network != Network::Create => vec!["network".to_owned()],
        _ if made_of(rack, name).is_none() => vec!["MaxAvailabilityZones".to_owned(), "HighAvailability".to_owned()],
        _ => vec![format!("{name}CIDR")],
    }
}
