//! What a `convox.yml` says, with Convox's defaults filled in. Times are seconds.
//!
//! Keys, shapes and defaults are those of Convox's manifest reader, release 20260421192651.

use std::hash::{Hash, Hasher};

use crate::source::{FileId, Place, Spanned};

/// One `convox.yml`.
#[derive(Debug, Hash)]
pub struct Manifest {
    /// The file.
    pub file: FileId,
    /// Variables for every service.
    pub environment: Vec<Spanned<String>>,
    /// App parameters, applied on every release; name and value.
    pub params: Vec<(Spanned<String>, Spanned<String>)>,
    /// Databases and file systems.
    pub resources: Vec<Resource>,
    /// Services in file order, each name once.
    pub services: Vec<Service>,
    /// Commands on a schedule.
    pub timers: Vec<Timer>,
    /// Where the document starts, for messages about the whole.
    pub place: Place,
    /// Whether every value had a shape that Convox reads; where not, a default took its place.
    pub is_whole: bool,
}

/// A service: one image, any number of processes.
#[derive(Debug, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the manifest")]
pub struct Service {
    /// Its name, at its key.
    pub name: Spanned<String>,
    /// Whether it runs once on each instance, and the ports it has there.
    pub agent: Option<Agent>,
    /// How its image is built; none when `image` names one.
    pub build: Option<Build>,
    /// What it runs; empty for the image's own command.
    pub command: Vec<String>,
    /// Bounds of a rolling deployment, per cent of the count.
    pub deployment: Deployment,
    /// Custom host names, as written.
    pub domains: Vec<Domain>,
    /// Deregistration delay as written, 30 unless written; see [`Service::deregistration_delay`].
    pub drain: Spanned<i64>,
    /// Variables: those of the manifest first, then its own.
    pub environment: Vec<Spanned<String>>,
    /// Health check of the target group.
    pub health: Health,
    /// The image, when it is not built.
    pub image: Option<Spanned<String>>,
    /// Whether an init process reaps children.
    pub init: bool,
    /// Whether the internal router serves it; set by `internalAndExternal` too.
    pub internal: Spanned<bool>,
    /// Whether both routers serve it.
    pub internal_and_external: Spanned<bool>,
    /// Services whose URL it gets.
    pub links: Vec<Spanned<String>>,
    /// Ports on the rack's network balancer.
    pub nlb: Vec<NlbPort>,
    /// ARNs of IAM policies.
    pub policies: Vec<Spanned<String>>,
    /// Where it listens; none when it is not behind a router.
    pub port: Option<Port>,
    /// Whether its containers have the host's privileges.
    pub privileged: bool,
    /// Resources whose variables it gets.
    pub resources: Vec<Spanned<String>>,
    /// How many processes of what size.
    pub scale: Scale,
    /// Whether a deployment stops the old process first.
    pub singleton: bool,
    /// Whether a client stays with one process (cookie `AWSALB`); on unless written.
    pub sticky: bool,
    /// Tags of its resources.
    pub tags: Vec<(String, String)>,
    /// Seconds between the polite and the hard stop; 30 unless written.
    pub termination_grace: Spanned<i64>,
    /// A command for local tests.
    pub test: Option<Spanned<String>>,
    /// Mounts.
    pub volumes: Vec<Spanned<String>>,
}

impl Service {
    /// Seconds that a target is given to finish its requests. Convox takes a written 0 for
    /// "not written".
    pub fn deregistration_delay(&self) -> i64 {
        if self.drain.value == 0 { 30 } else { self.drain.value }
    }

    /// Whether the autoscaler has anything to do.
    pub fn is_autoscaled(&self) -> bool {
        self.agent.is_none() && self.scale.minimum != self.scale.maximum && self.scale.targets.first().is_some()
    }
}

/// A custom host name.
#[derive(Debug, Clone, Hash)]
pub struct Domain {
    /// The name as written, trimmed.
    pub name: Spanned<String>,
    /// Variables without a value that it depends on.
    pub unset: Vec<String>,
}

/// One process on each instance.
#[derive(Debug, Hash)]
pub struct Agent {
    /// Where `agent` is written.
    pub place: Place,
    /// Host ports as port and protocol; the protocol may be empty.
    pub ports: Vec<(i64, String)>,
}

impl Agent {
    /// Its host ports with their protocols; TCP where none is said.
    pub fn host_ports(&self) -> impl Iterator<Item = (i64, &str)> {
        self.ports.iter().map(|(port, protocol)| (*port, if protocol.is_empty() { "tcp" } else { protocol }))
    }
}

/// How an image is built.
#[derive(Debug, Hash, Default)]
pub struct Build {
    /// Folder; `.` unless written.
    pub path: String,
    /// Dockerfile; `Dockerfile` unless written.
    pub manifest: String,
    /// Build arguments, NAME=VALUE.
    pub args: Vec<String>,
}

/// Bounds of a rolling deployment, per cent of the desired count.
#[derive(Debug, Hash)]
pub struct Deployment {
    /// 50, or 0 for agents and singletons.
    pub minimum: Spanned<i64>,
    /// 200, or 100 for agents and singletons.
    pub maximum: Spanned<i64>,
}

/// The health check of a target group, in seconds.
#[derive(Debug, Hash)]
pub struct Health {
    /// `/` unless written.
    pub path: Spanned<String>,
    /// 5 unless written; a written 0 means 5.
    pub interval: Spanned<i64>,
    /// The interval less one, unless written.
    pub timeout: Spanned<i64>,
    /// The interval, unless written.
    pub grace: Spanned<i64>,
}

/// Where a service listens.
#[derive(Debug, Hash)]
pub struct Port {
    /// The number.
    pub number: Spanned<i64>,
    /// `http`, `https`, `grpc`, `secure-grpc`, or whatever was written.
    pub scheme: Spanned<String>,
}

/// A port on the rack's network balancer.
#[derive(Debug, Hash)]
pub struct NlbPort {
    /// Where its port is written.
    pub place: Place,
    /// Listener port.
    pub port: i64,
    /// Port of the container.
    pub container_port: i64,
    /// `tcp` or `tls`.
    pub protocol: String,
    /// `public` or `internal`.
    pub scheme: String,
    /// ARN of the certificate for `tls`.
    pub certificate: Option<Spanned<String>>,
    /// Cross-zone balancing, unless the balancer's setting counts.
    pub cross_zone: Option<bool>,
    /// Networks that may connect.
    pub allow_cidr: Vec<Spanned<String>>,
    /// Whether targets see the client's address, unless the rack's setting counts.
    pub preserve_client_ip: Option<bool>,
}

/// How many processes of what size.
#[derive(Debug, Hash)]
pub struct Scale {
    /// Where it is written, or the service's name.
    pub place: Place,
    /// Fewest processes.
    pub minimum: i64,
    /// Most processes.
    pub maximum: i64,
    /// Whether the zero comes from an empty scale and not from a written count.
    pub emptied: bool,
    /// CPU units, 1024 to a core; 256 unless written.
    pub cpu: i64,
    /// Memory in MiB; 512 unless written.
    pub memory: i64,
    /// Seconds after scaling out.
    pub cooldown_up: i64,
    /// Seconds after scaling in.
    pub cooldown_down: i64,
    /// What the autoscaler keeps.
    pub targets: Targets,
}

/// What the autoscaler keeps.
#[derive(Debug, Hash, Default)]
pub struct Targets {
    /// Average CPU, per cent.
    pub cpu: Option<Spanned<i64>>,
    /// Average memory, per cent.
    pub memory: Option<Spanned<i64>>,
    /// Requests per target and minute.
    pub requests: Option<Spanned<i64>>,
    /// Other metrics, in file order.
    pub custom: Vec<CustomTarget>,
}

impl Targets {
    /// The first target that is set.
    pub fn first(&self) -> Option<Place> {
        let fixed = [&self.cpu, &self.memory, &self.requests].into_iter().flatten().filter(|t| t.value > 0).map(|t| t.place);
        fixed.chain(self.custom.iter().map(|c| c.place)).min()
    }
}

/// A metric of `CloudWatch` to keep.
#[derive(Debug)]
pub struct CustomTarget {
    /// Where its key stands.
    pub place: Place,
    /// Before the last `/` of the key.
    pub namespace: String,
    /// Behind it.
    pub metric: String,
    /// `avg`, `max`, `min` or `sum`, as written.
    pub aggregate: String,
    /// Where that stands, if it does.
    pub written_aggregate: Option<Place>,
    /// The value to keep.
    pub value: f64,
    /// Dimensions of the metric.
    pub dimensions: Vec<(String, String)>,
}

impl Hash for CustomTarget {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { place: _, namespace, metric, aggregate, written_aggregate: _, value, dimensions } = self;
        (namespace, metric, aggregate, value.to_bits(), dimensions).hash(state);
    }
}

/// A database, cache or file system.
#[derive(Debug, Hash)]
pub struct Resource {
    /// Its name, at its key.
    pub name: Spanned<String>,
    /// Its type, blank when there is none.
    pub kind: Spanned<String>,
    /// Its options.
    pub options: Vec<(String, String)>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// A command on a schedule.
#[derive(Debug, Hash)]
pub struct Timer {
    /// Its name, at its key.
    pub name: Spanned<String>,
    /// What runs.
    pub command: String,
    /// When, in five or six cron fields.
    pub schedule: Spanned<String>,
    /// In which service.
    pub service: Spanned<String>,
    /// ARNs of IAM policies.
    pub policies: Vec<Spanned<String>>,
}
