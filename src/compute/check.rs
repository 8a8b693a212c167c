//! What ECS would refuse, and what it would take and never finish.

use super::{FARGATE_STOP, Launch, has_own_address, needs_instance};
use crate::diagnostics::codes::{
    BAD_IMAGE, CANNOT_ROLL, CUTS_REQUESTS, DEPLOYMENT_RANGE, METRIC_TARGET, NEEDS_INSTANCES, NO_WAY_OUT, POLICY_ARN, REQUESTS_WITHOUT_PORT,
    SIZE_RANGE, TAG, TIME_RANGE,
};
use crate::diagnostics::{Diagnostic, Diagnostics, Mend, nearest, same_but_for_case};
use crate::fleet::{App, Compute, Network, Rack, is_policy_arn};
use crate::manifest::Service;

/// Seconds that a target may drain; more was refused before.
const MAX_DRAIN: i64 = 3600;
/// Managed policies of a role. Quota of IAM, which AWS can raise to 20.
const MAX_POLICIES: usize = 10;
/// Tags of a resource. API `TagResource` of ECS.
const MAX_TAGS: usize = 50;
/// Tags that every service has from us; its own may take their place.
const OWN_TAGS: [&str; 3] = ["App", "Rack", "Service"];

/// Images must be for services of the app.
pub(super) fn images(app: &App, out: &mut Diagnostics) {
    for given in &app.images {
        let services = || app.manifest.services.iter().map(|service| service.name.value.as_str());
        if services().any(|name| name == given.service) {
            continue;
        }
        let what = format!("`{}` has no service `{}` to give an image to", app.name, given.service);
        let help = nearest(&given.service, services()).map_or_else(
            || format!("its services are {}", services().collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let is_apart = |meant: &&str| !app.images.iter().any(|other| other.service == *meant);
        let meant = same_but_for_case(&given.service, services()).filter(is_apart);
        let mend = given.place.zip(meant).map(|(place, meant)| Mend::text(place, meant));
        out.report(Diagnostic::new(&BAD_IMAGE, given.place, what).help(help).mend(mend));
    }
}

/// Whether tasks that `Private` sends to private subnets find any, and a way out of them: without one no image comes in.
pub(super) fn private(app: &App, rack: &Rack, out: &mut Diagnostics) {
    let Some(asked) = app.params.private.as_ref().filter(|asked| asked.value && !rack.params.private && !rack.external) else { return };
    if !app.manifest.services.iter().any(|service| has_own_address(app, service, rack)) {
        return;
    }
    let (what, help) = match &rack.network {
        Network::Create => ("have no way out", format!("write `params: {{Private: Yes}}` for the rack `{}` in rackform.yml", rack.name)),
        Network::Brought { private_subnets, .. } if private_subnets.is_empty() => {
            ("are not there", format!("list `private_subnets` under the `network` of the rack `{}`", rack.name))
        }
        Network::Brought { .. } => return,
    };
    out.report(
        Diagnostic::new(&NO_WAY_OUT, asked.place, format!("the private subnets of `{}` {what}", rack.name))
            .label(format!("the tasks of `{}` would stand in them", app.name))
            .help(help),
    );
}

/// Whether the rack has what a service runs on.
pub(super) fn launch(app: &App, service: &Service, launch: Launch, rack: &Rack, out: &mut Diagnostics) {
    if launch != Launch::Instances || rack.compute != Compute::Fargate {
        return;
    }
    let name = &service.name.value;
    let why = needs_instance(&app.manifest, service).map_or("of `FargateServices: No`".to_owned(), |key| format!("of its `{key}`"));
    out.report(
        Diagnostic::new(&NEEDS_INSTANCES, service.name.place, format!("`{name}` needs instances, and the rack `{}` has none", rack.name))
            .label(format!("because {why}"))
            .help("write `compute: instances` for the rack in rackform.yml, or remove what needs them"),
    );
}

/// Times, targets, policies and tags of one service.
pub(super) fn service(service: &Service, launch: Launch, policies: &[String], out: &mut Diagnostics) {
    stop(service, launch, out);
    start(service, out);
    scaling(service, out);
    self::policies(service, policies, out);
    tags(service, !policies.is_empty(), out);
}

/// Whether a load balancer leads to a service.
fn has_targets(service: &Service) -> bool {
    service.port.is_some() || !service.nlb.is_empty()
}

/// The time that containers have to stop.
fn stop(service: &Service, launch: Launch, out: &mut Diagnostics) {
    let name = &service.name.value;
    let (grace, drain) = (service.termination_grace.value, service.deregistration_delay());
    let most = if launch == Launch::Instances { i64::from(i32::MAX) } else { FARGATE_STOP };
    if !(0..=most).contains(&grace) {
        let takes = if launch == Launch::Instances { "0 or more".to_owned() } else { format!("0 to {FARGATE_STOP} on Fargate") };
        out.report(
            Diagnostic::new(&TIME_RANGE, service.termination_grace.place, format!("`{name}` has {grace} seconds to stop"))
                .label(format!("ECS takes {takes}"))
                .help(format!("write {takes}")),
        );
    } else if has_targets(service) && drain > grace && drain <= MAX_DRAIN {
        let written = if service.drain.place == service.name.place { service.termination_grace.place } else { service.drain.place };
        let help = if drain > most {
            format!("write `drain: {most}` or less, and `termination: {{grace: {most}}}`; Fargate gives a container no more")
        } else {
            format!("write `termination: {{grace: {drain}}}`, or a `drain` of {grace} or less")
        };
        out.report(
            Diagnostic::new(&CUTS_REQUESTS, written, format!("`{name}` drains for {drain} seconds and is killed after {grace}"))
                .label("requests that take longer are cut off")
                .help(help),
        );
    }
}

/// The time that containers have to start.
fn start(service: &Service, out: &mut Diagnostics) {
    let grace = &service.health.grace;
    if has_targets(service) && !(0..=i64::from(i32::MAX)).contains(&grace.value) {
        out.report(
            Diagnostic::new(&TIME_RANGE, grace.place, format!("`{}` has {} seconds to start", service.name.value, grace.value))
                .label("ECS takes 0 or more")
                .help("write 0 or more"),
        );
    }
}

/// What a service scales by.
fn scaling(service: &Service, out: &mut Diagnostics) {
    let (name, scale) = (&service.name.value, &service.scale);
    if let Some(requests) = scale.targets.requests.as_ref().filter(|target| target.value > 0 && service.port.is_none()) {
        out.report(
            Diagnostic::new(&REQUESTS_WITHOUT_PORT, requests.place, format!("`{name}` scales by requests and has no port"))
                .label("no router sends it any")
                .help("remove the target, or give the service its `port`"),
        );
    }
    if !service.is_autoscaled() {
        return;
    }
    for target in &scale.targets.custom {
        let (label, help) = match () {
            () if target.namespace.is_empty() || target.metric.is_empty() => {
                ("no namespace and name", "write both with a slash between them, such as AWS/SQS/ApproximateNumberOfMessagesVisible")
            }
            () if target.value <= 0.0 => ("nothing above 0 to keep", "write the `value` to keep, such as 200"),
            () => continue,
        };
        out.report(Diagnostic::new(&METRIC_TARGET, target.place, format!("`{name}` can't scale by this metric")).label(label).help(help));
    }
    for (seconds, after) in [(scale.cooldown_up, "more"), (scale.cooldown_down, "fewer")] {
        if !(0..=i64::from(i32::MAX)).contains(&seconds) {
            out.report(
                Diagnostic::new(&TIME_RANGE, scale.place, format!("`{name}` waits for {seconds} seconds after {after} processes"))
                    .label("Application Auto Scaling takes 0 or more")
                    .help("write a `cooldown` of 0 or more"),
            );
        }
    }
}

/// What a service's containers may do in AWS.
fn policies(service: &Service, all: &[String], out: &mut Diagnostics) {
    for policy in service.policies.iter().filter(|policy| !is_policy_arn(&policy.value)) {
        out.report(
            Diagnostic::new(&POLICY_ARN, policy.place, format!("`{}` is not the ARN of a policy", policy.value))
                .help("write the full ARN, such as arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"),
        );
    }
    if let Some(policy) = service.policies.last().filter(|_| all.len() > MAX_POLICIES) {
        out.report(
            Diagnostic::new(
                &POLICY_ARN,
                policy.place,
                format!("`{}` has {} policies, `IamPolicy` included", service.name.value, all.len()),
            )
            .label(format!("a role has at most {MAX_POLICIES}"))
            .help("put several policies into one"),
        );
    }
}

/// Tags as AWS takes them. IAM, which the role of tasks is in, tells no keys apart by case.
fn tags(service: &Service, has_role: bool, out: &mut Diagnostics) {
    let name = &service.name.value;
    let mut report = |key: &str, what: String, help: String| {
        out.report(Diagnostic::new(&TAG, service.name.place, what).label(format!("the tag `{key}`")).help(help));
    };
    for (at, (key, value)) in service.tags.iter().enumerate() {
        let is_alike = |other: &&str| has_role && *other != key && other.to_lowercase() == key.to_lowercase();
        let mut others = service.tags[..at].iter().map(|(key, _)| key.as_str()).chain(OWN_TAGS);
        if key.to_lowercase().starts_with("aws:") {
            report(key, format!("`{name}` has a tag that begins with `aws:`, as only AWS's own do"), "rename the tag".into());
        } else if key.is_empty() || !is_tag_text(key, 128) || !is_tag_text(value, 256) {
            let help = "write letters, digits, blanks and _.:/=+-@, at most 128 of them in the key and 256 in the value";
            report(key, format!("AWS refuses a tag of `{name}`"), help.into());
        } else if let Some(other) = others.find(is_alike) {
            report(key, format!("IAM takes the tags `{other}` and `{key}` of `{name}` for one"), "rename one of them".into());
        }
    }
    let most = MAX_TAGS - OWN_TAGS.len();
    if let Some((key, _)) = service.tags.get(most) {
        let what = format!("`{name}` has {} tags", service.tags.len());
        report(key, what, format!("write at most {most}; with ours a resource has {MAX_TAGS}"));
    }
}

/// Whether a text has at most so many characters, and only those of tags.
fn is_tag_text(text: &str, most: usize) -> bool {
    text.chars().count() <= most && text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c))
}

/// Whether a deployment can start a task or stop one. Where a service runs on each instance, the rack has so many at the
/// least.
pub(super) fn rolls(service: &Service, count: Option<(i64, i64)>, instances: i64, out: &mut Diagnostics) {
    let name = &service.name.value;
    let (minimum, maximum) = (&service.deployment.minimum, &service.deployment.maximum);
    let (least, most) = count.unwrap_or((instances, instances));
    if least < 0 || most < least {
        if least < 0 {
            out.report(
                Diagnostic::new(&SIZE_RANGE, service.scale.place, format!("`{name}` runs {least} processes"))
                    .label("fewer than none")
                    .help("write a count of 0 or more"),
            );
        }
        return;
    }
    // A bound that is not written stands at the service's name.
    let place =
        [maximum, minimum].into_iter().map(|bound| bound.place).find(|place| *place != service.name.place).unwrap_or(service.name.place);
    let bounds = || format!("{} and {} per cent", minimum.value, maximum.value);
    if let Some(help) = refused_bounds(minimum.value, maximum.value, count.is_none()) {
        out.report(
            Diagnostic::new(&DEPLOYMENT_RANGE, place, format!("`{name}` is deployed between {}", bounds()))
                .label("ECS refuses these bounds")
                .help(help),
        );
        return;
    }
    let stuck = |count: i64| {
        let share = |bound: i64| i128::from(count) * i128::from(bound);
        let (down_to, up_to) = ((share(minimum.value) + 99) / 100, share(maximum.value) / 100);
        // ECS refuses 100 for both without looking at the count.
        (count > 0 || minimum.value == 100) && down_to >= count.into() && up_to <= count.into()
    };
    // Large counts leave more room than small ones, but not at the bounds of 100.
    if let Some(count) = (least..=most.min(least.saturating_add(200))).find(|count| stuck(*count)) {
        out.report(
            Diagnostic::new(&CANNOT_ROLL, place, format!("`{name}` with {count} of its processes can't be deployed between {}", bounds()))
                .label("nothing may be stopped, and nothing may be started")
                .help(if maximum.value == 100 && service.agent.is_some() {
                    "lower `minimum` so that one process may stop"
                } else {
                    "raise `maximum` to 200, or lower `minimum` so that one process may stop"
                }),
        );
    }
}

/// What to write instead of bounds that ECS refuses, or that no number of tasks could ever keep; nothing where they are fine.
fn refused_bounds(minimum: i64, maximum: i64, is_agent: bool) -> Option<&'static str> {
    match () {
        () if is_agent && maximum != 100 => Some("an instance holds one process of an agent: write a `maximum` of 100, or remove it"),
        () if !(0..=100).contains(&minimum) || maximum < 1 || minimum > maximum => {
            Some("write a `minimum` from 0 to 100 and a `maximum` above it, such as 50 and 200")
        }
        () => None,
    }
}
