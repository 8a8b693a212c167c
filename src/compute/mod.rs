//! What runs behind the routers: how each service is launched, how large, how many, with which image, variables and
//! volumes. Everything that only ECS would refuse is refused here.

mod agents;
mod check;
mod size;
mod variables;
mod volumes;

pub use size::Size;
pub use variables::Variable;
pub use volumes::Mount;

use std::collections::BTreeMap;

use crate::diagnostics::Diagnostics;
use crate::fleet::{App, Compute, Fargate, Fleet, Rack};
use crate::manifest::{Manifest, Service};

/// Seconds that Fargate gives a container to stop, at the most. API `RegisterTaskDefinition`, `stopTimeout`.
const FARGATE_STOP: i64 = 120;

/// Where a task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Launch {
    /// On Fargate.
    Fargate,
    /// On spare capacity of Fargate.
    FargateSpot,
    /// On instances of the rack.
    Instances,
}

/// What of a service ECS is told to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Where it runs.
    pub launch: Launch,
    /// Whether tasks have addresses of their own (network mode awsvpc), or share that of their instance.
    pub own_address: bool,
    /// What each task has.
    pub size: Size,
    /// Fewest and most tasks; none for one on each instance.
    pub count: Option<(i64, i64)>,
    /// Its image.
    pub image: Image,
    /// Variables of the container by name.
    pub variables: BTreeMap<String, Variable>,
    /// Folders that are mounted.
    pub mounts: Vec<Mount>,
    /// ARNs of the policies that the task's role has; without any it has none.
    pub policies: Vec<String>,
    /// Seconds between the polite and the hard stop.
    pub stop_timeout: i64,
}

/// The image of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// As the manifest says.
    Written(String),
    /// Built elsewhere: a parameter of the stack, with its value where it is known.
    Parameter(Option<String>),
}

/// Report what ECS would refuse, or never finish, of a fleet.
pub fn check(fleet: &Fleet, out: &mut Diagnostics) {
    agents::check(fleet, out);
    for app in &fleet.apps {
        check::images(app, out);
        let rack = &fleet.racks[app.rack];
        if rack.compute != Compute::None {
            check::private(app, rack, out);
            let _ = tasks(app, rack, out);
        }
    }
}

/// The tasks of an app, one for each service in its place; none on a rack with `compute: none`. They are worked out
/// where they are wanted, for those of a large fleet take room; [`check()`] reports what is wrong with them.
pub fn tasks_of(app: &App, rack: &Rack) -> Vec<Task> {
    if rack.compute == Compute::None { Vec::new() } else { tasks(app, rack, &mut Diagnostics::default()) }
}

fn tasks(app: &App, rack: &Rack, out: &mut Diagnostics) -> Vec<Task> {
    app.manifest.services.iter().map(|service| task(app, service, rack, out)).collect()
}

fn task(app: &App, service: &Service, rack: &Rack, out: &mut Diagnostics) -> Task {
    let launch = launch(app, service);
    check::launch(app, service, launch, rack, out);
    let policies = policies(app, service);
    check::service(service, launch, &policies, out);
    let count = service.agent.is_none().then(|| count(app, service));
    check::rolls(service, count, rack.params.instance_count().into(), out);
    Task {
        launch,
        own_address: has_own_address(app, service, rack),
        size: size::size(app, service, launch, out),
        count,
        image: image(app, service),
        variables: variables::variables(app, service, rack, out),
        mounts: volumes::mounts(app, service, launch, rack, out),
        policies,
        stop_timeout: service.termination_grace.value,
    }
}

/// Where a service runs. Fargate has neither agents nor privileges nor the folders of an instance.
pub fn launch(app: &App, service: &Service) -> Launch {
    if needs_instance(&app.manifest, service).is_some() {
        return Launch::Instances;
    }
    let own = app.params.formations.get(&service.name.value).and_then(|formation| formation.value.launch);
    match own.unwrap_or(app.params.fargate) {
        Fargate::Yes => Launch::Fargate,
        Fargate::Spot => Launch::FargateSpot,
        Fargate::No => Launch::Instances,
    }
}

/// Whether the tasks of a service have addresses of their own. On instances they share the instance's, and several of
/// them run on one under ports that Docker chooses; `Isolate` on a private rack gives each its own.
pub fn has_own_address(app: &App, service: &Service, rack: &Rack) -> bool {
    let isolated = || app.params.isolate && is_private(app, rack) && service.agent.is_none();
    launch(app, service) != Launch::Instances || isolated()
}

/// Whether tasks with addresses of their own stand in private subnets.
pub fn is_private(app: &App, rack: &Rack) -> bool {
    app.params.private.as_ref().map_or(rack.params.private, |asked| asked.value)
}

/// Whether an app has services that need instances.
pub fn needs_instances(app: &App) -> bool {
    app.manifest.services.iter().any(|service| launch(app, service) == Launch::Instances)
}

/// What of a service keeps it from Fargate, as a key of the manifest.
fn needs_instance(manifest: &Manifest, service: &Service) -> Option<&'static str> {
    let has_host_volume = || service.volumes.iter().any(|volume| volumes::is_of_instance(manifest, &volume.value));
    match () {
        () if service.agent.is_some() => Some("agent"),
        () if service.privileged => Some("privileged"),
        () if has_host_volume() => Some("volumes"),
        () => None,
    }
}

/// Fewest and most processes: the manifest's range, with the formation's count in it unless that is ignored.
fn count(app: &App, service: &Service) -> (i64, i64) {
    let (least, most) = (service.scale.minimum, service.scale.maximum);
    let range = if service.is_autoscaled() { (least, most) } else { (least, least) };
    let formation = app.params.formations.get(&service.name.value).filter(|_| !app.params.ignore_manual_scale_count);
    match formation.map(|formation| i64::from(formation.value.count)) {
        Some(count) if service.is_autoscaled() => (range.0.min(count), range.1.max(count)),
        Some(count) => (count, count),
        None => range,
    }
}

/// The service's policies and the app's, each once: IAM refuses a role that names one twice.
fn policies(app: &App, service: &Service) -> Vec<String> {
    let mut policies: Vec<String> = Vec::new();
    for policy in service.policies.iter().map(|policy| &policy.value).chain(&app.params.iam_policy) {
        if !policies.contains(policy) {
            policies.push(policy.clone());
        }
    }
    policies
}

fn image(app: &App, service: &Service) -> Image {
    let given = app.images.iter().rev().find(|given| given.service == service.name.value);
    match (given, &service.image, &service.build) {
        (Some(given), ..) => Image::Parameter(Some(given.image.clone())),
        (None, Some(image), None) => Image::Written(image.value.clone()),
        // Convox takes an image that is written beside a build for the build's base.
        (None, ..) => Image::Parameter(None),
    }
}
