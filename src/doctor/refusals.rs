//! What Convox deploys badly or not at all, beyond what its manifest reader refuses.

use super::rules::certificate;
use crate::diagnostics::codes::{
    CONVOX_FIRST_DEPLOY, CONVOX_INTERNAL_ONLY, CONVOX_NEVER_HEALTHY, CONVOX_NO_TARGET, CONVOX_RANDOM_METRICS, CONVOX_UNCERTIFIABLE,
};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{App, Rack};
use crate::manifest::{Service, logical_id};
use crate::source::{Place, Spanned};

/// Services that a message names.
const NAMED: usize = 5;

/// Look at every service of an app; `written` are the parameters that rackform.yml sets.
pub(super) fn check(app: &App, rack: &Rack, written: &[(Spanned<String>, Spanned<String>)], out: &mut Diagnostics) {
    for service in &app.manifest.services {
        targets(service, out);
        internal_only(service, rack, out);
        never_healthy(app, service, rack, written, out);
        uncertifiable(service, rack, out);
    }
}

/// Policies without what they scale.
fn targets(service: &Service, out: &mut Diagnostics) {
    let (name, targets) = (&service.name.value, &service.scale.targets);
    let without = "remove the target";
    if let (Some(agent), Some(place)) = (&service.agent, targets.first()) {
        out.report(
            Diagnostic::new(&CONVOX_NO_TARGET, place, format!("the agent `{name}` has an autoscaling target"))
                .label("its policy refers to a scalable target that is not there")
                .also(agent.place, "an agent runs once on each instance")
                .help(without),
        );
    }
    if let Some(requests) = targets.requests.as_ref().filter(|requests| requests.value > 0 && service.port.is_none()) {
        out.report(
            Diagnostic::new(&CONVOX_NO_TARGET, requests.place, format!("`{name}` has a target for requests and no port"))
                .label("its policy refers to a target group that is not there")
                .help(without),
        );
    }
    if let [_, second, ..] = targets.custom.as_slice() {
        out.report(
            Diagnostic::new(&CONVOX_RANDOM_METRICS, second.place, format!("`{name}` has {} custom metrics", targets.custom.len()))
                .label("numbered in another order by each deployment")
                .help("keep one custom metric in a service"),
        );
    }
}

/// A worker; a service with a port gets the message that rackform has for it.
fn internal_only(service: &Service, rack: &Rack, out: &mut Diagnostics) {
    if rack.params.internal_only && service.port.is_none() && !service.internal.value {
        let name = &service.name.value;
        out.report(
            Diagnostic::new(
                &CONVOX_INTERNAL_ONLY,
                service.name.place,
                format!("`{name}` is not internal, and the rack `{}` has `InternalOnly: Yes`", rack.name),
            )
            .label("refused, though it has no port")
            .help("write `internal: true` for the service"),
        );
    }
}

/// A service on both routers, whose tasks let in one of them.
fn never_healthy(app: &App, service: &Service, rack: &Rack, written: &[(Spanned<String>, Spanned<String>)], out: &mut Diagnostics) {
    // Fargate is on in rackform unless somebody says otherwise, and off in Convox.
    let mut says = app.manifest.params.iter().chain(written).filter(|(name, _)| name.value == "FargateServices");
    let has_fargate = says.next().is_some_and(|(_, value)| ["yes", "true", "spot"].contains(&value.value.to_lowercase().as_str()));
    let is_private = app.params.private.as_ref().map_or(rack.params.private, |private| private.value);
    if service.port.is_some() && service.internal_and_external.value && (has_fargate || (app.params.isolate && is_private)) {
        let name = &service.name.value;
        out.report(
            Diagnostic::new(
                &CONVOX_NEVER_HEALTHY,
                service.internal_and_external.place,
                format!("`{name}` can't get healthy on the public router"),
            )
            .label("its security group lets in the internal router alone")
            .help("make two services of it, or run the app on instances without `Isolate`"),
        );
    }
}

/// Patterns that ACM takes into no new certificate: there `*` is the whole first label.
fn uncertifiable(service: &Service, rack: &Rack, out: &mut Diagnostics) {
    if service.port.is_none() || certificate(service, rack).is_some() {
        return;
    }
    for domain in service.domains.iter().filter(|domain| domain.unset.is_empty()) {
        let name = &domain.name.value;
        if name.strip_prefix("*.").unwrap_or(name).contains(['*', '?']) {
            out.report(
                Diagnostic::new(
                    &CONVOX_UNCERTIFIABLE,
                    domain.name.place,
                    format!("no new certificate can name `{name}` of `{}`", service.name.value),
                )
                .label("ACM takes `*` as the whole first label alone")
                .help("have a certificate in the account whose names cover every domain of the service, or use another pattern"),
            );
        }
    }
}

/// Say once of all apps which services have a scale that counts on the first deploy only.
pub(super) fn first_deploy(apps: &[&App], out: &mut Diagnostics) {
    let mut found: Vec<(Place, String)> = Vec::new();
    for app in apps {
        for service in &app.manifest.services {
            let (name, scale) = (&service.name.value, &service.scale);
            let is_mended = app.params.formations.contains_key(name);
            if scale.place != service.name.place && service.agent.is_none() && !is_mended {
                found.push((scale.place, format!("{}/{name}", app.name)));
            }
        }
    }
    let Some((place, first)) = found.first() else { return };
    let mut names: Vec<String> = found.iter().take(NAMED).map(|(_, name)| name.clone()).collect();
    if found.len() > NAMED {
        names.push(format!("{} more", found.len() - NAMED));
    }
    let what = match found.len() {
        1 => format!("the scale of `{first}` counts on its first deploy only"),
        count => format!("the scale of {count} services counts on their first deploy only"),
    };
    let service = first.split_once('/').map_or("", |(_, service)| service);
    out.report(
        Diagnostic::new(&CONVOX_FIRST_DEPLOY, *place, what)
            .label("afterwards the app keeps what it has")
            .note(format!("this is about {}", names.join(", ")))
            .help(format!("set it with `convox scale`, or with the parameter `{}Formation` under `params`", logical_id(service))),
    );
}
