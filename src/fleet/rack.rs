//! A rack as rackform.yml describes it, checked.

use super::{Api, Compute, Quotas, RackParams};
use crate::source::Place;

/// A rack.
#[derive(Debug, Clone, Hash)]
pub struct Rack {
    /// Name of the rack and of its stack; see `RACK_NAME` for what it may be.
    pub name: String,
    /// Its key under `racks`, which it shares with the racks of one `count`, by its place.
    pub kind: usize,
    /// Whether its stack is somebody else's: then no template is written for it.
    pub external: bool,
    /// Per cent of each quota that stay free when new apps are placed, 0 to 90.
    pub headroom: u32,
    /// Services on the public router answer at `<app>-<service>.<host>`; the router's own name unless given.
    pub host: Option<String>,
    /// The same for the internal router.
    pub internal_host: Option<String>,
    /// The default certificate of every HTTPS listener.
    pub certificate: Certificate,
    /// Id of the public hosted zone that holds the rack's records and in which its certificate is validated.
    pub hosted_zone: Option<String>,
    /// The domain that the zone is about, as far as it is known: names below it can be validated in it.
    pub hosted_zone_name: Option<String>,
    /// Certificates that exist and that apps may be served with.
    pub certificates: Vec<SharedCertificate>,
    /// What AWS allows each of its routers.
    pub quotas: Quotas,
    /// Where the rack stands.
    pub network: Network,
    /// What runs its containers.
    pub compute: Compute,
    /// Its API, if it has one behind its balancer.
    pub api: Option<Api>,
    /// Convox's rack parameters.
    pub params: RackParams,
}

impl Rack {
    /// The port of its instance that the rack API has.
    pub fn api_port(&self) -> u16 {
        if self.params.private_api { 3100 } else { 3000 }
    }

    /// Whether there is a public router; `InternalOnly` removes it.
    pub fn has_router(&self) -> bool {
        !self.params.internal_only
    }

    /// Whether there is an internal router; only `Internal` brings it.
    pub fn has_router_internal(&self) -> bool {
        self.params.internal
    }

    /// How many subnets of a kind the rack has.
    pub fn subnet_count(&self, private: bool) -> usize {
        match &self.network {
            Network::Create => self.params.zones,
            Network::Brought { private_subnets, .. } if private => private_subnets.len(),
            Network::Brought { subnets, .. } => subnets.len(),
        }
    }

    /// Whether both routers export one security group, which they were given.
    pub fn shares_router_group(&self) -> bool {
        let public = self.params.router_security_groups.first();
        public.is_some() && public == self.params.router_internal_security_groups.first()
    }

    /// Whether instances stand in the rack; `is_needed` says whether an app on it needs them.
    pub fn has_instances(&self, is_needed: bool) -> bool {
        match self.compute {
            Compute::AsNeeded => is_needed || self.api.is_some(),
            Compute::Instances => true,
            Compute::None | Compute::Fargate => false,
        }
    }
}

impl Rack {
    /// The names on the default certificate that the rack's stack asks ACM for: one label below its hosts. None when
    /// the certificate comes from elsewhere.
    pub fn certified_names(&self) -> Vec<String> {
        if self.certificate != Certificate::Create {
            return Vec::new();
        }
        let public = self.host.as_ref().filter(|_| self.has_router());
        let internal = self.internal_host.as_ref().filter(|_| self.has_router_internal());
        let mut names: Vec<String> = public.into_iter().chain(internal).map(|host| format!("*.{host}")).collect();
        names.dedup();
        names
    }
}

/// Where a rack's default certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Certificate {
    /// It exists; the ARN.
    Given(String),
    /// The rack stack asks ACM for one; needs a `host`.
    Create,
    /// Whoever deploys the rack names it.
    AtDeploy,
}

/// A certificate that exists, and the names on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SharedCertificate {
    /// Its ARN.
    pub arn: String,
    /// The names on it; `*.` covers one label.
    pub names: Vec<String>,
    /// Where rackform.yml lists it.
    pub place: Place,
}

/// The network of a rack.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Network {
    /// The rack stack makes one.
    Create,
    /// It exists; ids of a VPC and of two or three subnets, each in a zone of its own.
    Brought {
        /// `vpc-…`
        vpc: String,
        /// Public subnets.
        subnets: Vec<String>,
        /// Private subnets; none when nothing of the rack is private.
        private_subnets: Vec<String>,
    },
}
