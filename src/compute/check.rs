//! What ECS would refuse, and what it would take and never finish.

use std::collections::BTreeSet;

use super::{FARGATE_STOP, Launch, needs_instance};
use crate::diagnostics::codes::{
    AGENT_PORT, BAD_IMAGE, CANNOT_ROLL, CUTS_REQUESTS, DEPLOYMENT_RANGE, NEEDS_INSTANCES, POLICY_ARN, REQUESTS_WITHOUT_PORT, SIZE_RANGE,
    TIME_RANGE,
};
use crate::diagnostics::{Diagnostic, Diagnostics, nearest};
use crate::fleet::{App, Compute, Rack, is_policy_arn};
use crate::manifest::Service;

/// Seconds that a target may drain; more was refused before.
const MAX_DRAIN: i64 = 3600;
/// Managed policies of a role. Quota of IAM, which AWS can raise to 20.
const MAX_POLICIES: usize = 10;

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
        out.report(Diagnostic::new(&BAD_IMAGE, given.place, what).help(help));
    }
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

/// Times, targets, ports and policies of one service.
pub(super) fn service(service: &Service, launch: Launch, out: &mut Diagnostics) {
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
    } else if service.port.is_some() && drain > grace && drain <= MAX_DRAIN {
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
    if service.port.is_some() && !(0..=i64::from(i32::MAX)).contains(&service.health.grace.value) {
        out.report(
            Diagnostic::new(
                &TIME_RANGE,
                service.health.grace.place,
                format!("`{name}` has {} seconds to start", service.health.grace.value),
            )
            .label("ECS takes 0 or more")
            .help("write 0 or more"),
        );
    }
    if let Some(requests) = service.scale.targets.requests.as_ref().filter(|target| target.value > 0 && service.port.is_none()) {
        out.report(
            Diagnostic::new(&REQUESTS_WITHOUT_PORT, requests.place, format!("`{name}` scales by requests and has no port"))
                .label("no router sends it any")
                .help("remove the target, or give the service its `port`"),
        );
    }
    let mut seen = BTreeSet::new();
    for (port, protocol) in service.agent.iter().flat_map(|agent| &agent.ports) {
        let is_known = ["", "tcp", "udp"].contains(&protocol.as_str());
        if !is_known || !(1..=65535).contains(port) || !seen.insert((port, protocol == "udp")) {
            out.report(
                Diagnostic::new(
                    &AGENT_PORT,
                    service.agent.as_ref().map(|agent| agent.place),
                    format!("`{name}` can't have the port {port}/{protocol}"),
                )
                .label(format!("{port}/{protocol}"))
                .help("write each port once, such as 8125/udp or 8126"),
            );
        }
    }
    for policy in service.policies.iter().filter(|policy| !is_policy_arn(&policy.value)) {
        out.report(
            Diagnostic::new(&POLICY_ARN, policy.place, format!("`{}` is not the ARN of a policy", policy.value))
                .help("write the full ARN, such as arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"),
        );
    }
    if let Some(policy) = service.policies.get(MAX_POLICIES) {
        out.report(
            Diagnostic::new(&POLICY_ARN, policy.place, format!("`{name}` has {} policies", service.policies.len()))
                .label(format!("a role has at most {MAX_POLICIES}"))
                .help("put several policies into one"),
        );
    }
}

/// Whether a deployment can start a task or stop one.
pub(super) fn rolls(service: &Service, count: Option<(i64, i64)>, out: &mut Diagnostics) {
    let name = &service.name.value;
    let (minimum, maximum) = (&service.deployment.minimum, &service.deployment.maximum);
    let (least, most) = count.unwrap_or((1, 1));
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
    let bounds = format!("{} and {} per cent", minimum.value, maximum.value);
    if minimum.value < 0 || maximum.value < 1 || minimum.value > maximum.value {
        out.report(
            Diagnostic::new(&DEPLOYMENT_RANGE, place, format!("`{name}` is deployed between {bounds}"))
                .label("ECS refuses these bounds")
                .help("write a `minimum` from 0 and a `maximum` above it, such as 50 and 200"),
        );
        return;
    }
    let stuck = |count: i64| {
        let share = |bound: i64| i128::from(count) * i128::from(bound);
        let (down_to, up_to) = ((share(minimum.value) + 99) / 100, share(maximum.value) / 100);
        count > 0 && down_to >= count.into() && up_to <= count.into()
    };
    // Large counts leave more room than small ones, but not at the bounds of 100.
    if let Some(count) = (least..=most.min(least.saturating_add(200))).find(|count| stuck(*count)) {
        out.report(
            Diagnostic::new(&CANNOT_ROLL, place, format!("`{name}` with {count} of its processes can't be deployed between {bounds}"))
                .label("nothing may be stopped, and nothing may be started")
                .help("raise `maximum` to 200, or lower `minimum` so that one process may stop"),
        );
    }
}
