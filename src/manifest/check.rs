//! What no schema can say of a manifest. What needs the app's parameters or the rack is checked
//! where routes are made.

use std::collections::BTreeMap;

use super::names::logical_id;
use super::types::{Manifest, Service};
use crate::diagnostics::codes::{
    BAD_SCHEDULE, DEAD_LINK, DOMAIN_WITHOUT_PORT, DRAIN_RANGE, DRAIN_ZERO, HEALTH_INTERVAL, HEALTH_PATH, HEALTH_TIMEOUT, ID_COLLISION,
    METRIC_AGGREGATE, NLB_CONFLICT, NO_SERVICES, NOT_PROVISIONED, PORT_RANGE, PORT_SCHEME, SCALE_BACKWARDS, SCALE_RANGE, SCALE_ZERO,
    TARGETS_WITHOUT_RANGE, UNKNOWN_LINK, UNKNOWN_RESOURCE, UNKNOWN_RESOURCE_TYPE, UNKNOWN_TIMER_SERVICE,
};
use crate::diagnostics::{Diagnostic, Diagnostics, Mend, certain, nearest, same_but_for_case};
use crate::source::Spanned;

/// Schemes that a target group can speak.
const SCHEMES: [&str; 4] = ["http", "https", "grpc", "secure-grpc"];
/// Resource types that Convox has templates for.
const RESOURCE_TYPES: [&str; 7] = ["postgres", "mysql", "mariadb", "redis", "valkey", "memcached", "efs"];

pub(super) fn check(manifest: &Manifest, out: &mut Diagnostics) {
    if manifest.services.is_empty() && manifest.is_whole {
        out.report(Diagnostic::new(&NO_SERVICES, manifest.place, "the manifest has no services").help("write them under `services:`"));
    }
    for service in &manifest.services {
        routed(service, out);
        if service.port.is_some() || !service.nlb.is_empty() {
            drain(service, out);
        }
        scale(service, out);
        references(manifest, service, out);
    }
    ids(manifest, out);
    nlb(manifest, out);
    elsewhere(manifest, out);
}

fn seconds(number: i64) -> String {
    format!("{number} second{}", if number == 1 { "" } else { "s" })
}

/// What becomes a target group.
fn routed(service: &Service, out: &mut Diagnostics) {
    let name = &service.name.value;
    let Some(port) = &service.port else {
        if let Some(domain) = service.domains.first() {
            out.report(
                Diagnostic::new(&DOMAIN_WITHOUT_PORT, domain.name.place, format!("`{name}` has a domain and no port"))
                    .label("nobody answers here")
                    .help("give the service the port that it listens on, or remove the domain"),
            );
        }
        return;
    };
    if !(1..=65535).contains(&port.number.value) {
        out.report(
            Diagnostic::new(&PORT_RANGE, port.number.place, format!("port {} of `{name}` does not exist", port.number.value))
                .label("ports go from 1 to 65535")
                .help("write the port that the service listens on"),
        );
    }
    scheme(service, &port.scheme.value, port.scheme.place, out);

    let health = &service.health;
    if !(5..=300).contains(&health.interval.value) {
        out.report(
            Diagnostic::new(
                &HEALTH_INTERVAL,
                health.interval.place,
                format!("`{name}` is checked every {}", seconds(health.interval.value)),
            )
            .label("AWS takes 5 to 300")
            .help("write an interval from 5 to 300"),
        );
    } else if !(2..=120).contains(&health.timeout.value) || health.timeout.value >= health.interval.value {
        let mut diagnostic = Diagnostic::new(
            &HEALTH_TIMEOUT,
            health.timeout.place,
            format!("a health check of `{name}` times out after {}", seconds(health.timeout.value)),
        )
        .label(format!("AWS takes 2 to 120, less than the interval of {}", health.interval.value));
        if health.timeout.place == health.interval.place {
            diagnostic = diagnostic.note("the timeout is not written and therefore the interval less one");
        }
        out.report(diagnostic.help(format!("write a timeout from 2 to {}", (health.interval.value - 1).min(120))));
    }
    let path = &health.path.value;
    let wrong = if !path.starts_with('/') {
        Some("does not begin with `/`")
    } else if path.chars().count() > 1024 {
        Some("has more than 1,024 characters")
    } else if path.contains(|c: char| c.is_whitespace() || c.is_control()) {
        Some("holds a blank, a line break or a control character")
    } else {
        None
    };
    if let Some(what) = wrong {
        out.report(
            Diagnostic::new(&HEALTH_PATH, health.path.place, format!("the health check path of `{name}` {what}"))
                .label("AWS refuses this path")
                .help("write a path such as /health"),
        );
    }
}

/// The time that a target is given to finish its requests.
fn drain(service: &Service, out: &mut Diagnostics) {
    let name = &service.name.value;
    if service.drain.value == 0 && service.drain.place != service.name.place {
        out.report(
            Diagnostic::new(&DRAIN_ZERO, service.drain.place, format!("`drain: 0` of `{name}` means 30 seconds"))
                .label("Convox takes 0 for \"not written\"")
                .help("write 1 for almost no delay, or remove the key"),
        );
    } else if !(0..=3600).contains(&service.drain.value) {
        out.report(
            Diagnostic::new(&DRAIN_RANGE, service.drain.place, format!("`{name}` drains for {}", seconds(service.drain.value)))
                .label("AWS takes 0 to 3600")
                .help("write a number from 1 to 3600"),
        );
    }
}

fn scheme(service: &Service, scheme: &str, place: crate::source::Place, out: &mut Diagnostics) {
    // HTTP and HTTPS are upper-cased on the way; the gRPC schemes are compared as they are.
    let known = SCHEMES[..2].contains(&scheme.to_lowercase().as_str()) || SCHEMES[2..].contains(&scheme);
    if known {
        return;
    }
    let number = service.port.as_ref().map(|port| (port.number.value, port.number.place));
    let is_prefix = number.is_some_and(|(_, at)| at == place);
    let number = number.map_or(0, |(number, _)| number);
    let mend = if scheme.bytes().all(|b| b.is_ascii_digit()) {
        is_prefix.then(|| Mend::plain(place, &number.to_string()))
    } else {
        certain(scheme, SCHEMES).map(|meant| Mend::text(place, &if is_prefix { format!("{meant}:{number}") } else { meant.to_owned() }))
    };
    let help = if scheme.bytes().all(|b| b.is_ascii_digit()) {
        format!("the router listens on 443 in any case; write `port: {number}`")
    } else if let Some(near) = nearest(scheme, SCHEMES) {
        format!("did you mean `{near}`?")
    } else {
        "write http, https, grpc or secure-grpc".to_owned()
    };
    out.report(
        Diagnostic::new(&PORT_SCHEME, place, format!("`{}` can't speak `{scheme}`", service.name.value))
            .label("what stands before the colon is a scheme")
            .help(help)
            .mend(mend),
    );
}

fn scale(service: &Service, out: &mut Diagnostics) {
    let (name, scale) = (&service.name.value, &service.scale);
    if service.agent.is_some() {
        return; // one process on each instance, whatever the scale says
    }
    if scale.emptied {
        out.report(
            Diagnostic::new(&SCALE_ZERO, scale.place, format!("`{name}` runs no process"))
                .label("Convox reads this as a count of 0")
                .help("write the count, such as `scale: 1`"),
        );
    } else if scale.minimum > scale.maximum {
        let code = if service.is_autoscaled() { &SCALE_RANGE } else { &SCALE_BACKWARDS };
        out.report(
            Diagnostic::new(code, scale.place, format!("`{name}` scales from {} to {}", scale.minimum, scale.maximum))
                .label("the minimum is above the maximum")
                .help("write both ends, such as `count: 1-5`"),
        );
    }
    if let Some(target) = scale.targets.first().filter(|_| scale.minimum == scale.maximum) {
        out.report(
            Diagnostic::new(
                &TARGETS_WITHOUT_RANGE,
                target,
                format!("`{name}` has autoscaling targets and no range: always {}", scale.minimum),
            )
            .label("nothing to scale")
            .help("write a range, such as `count: 1-5`, or remove the targets"),
        );
    }
    for target in &scale.targets.custom {
        // The long words are those of CloudWatch's statistics.
        let mend = target.written_aggregate.and_then(|place| {
            let long = [("average", "avg"), ("maximum", "max"), ("minimum", "min")];
            let lower = target.aggregate.to_lowercase();
            long.iter().find(|(word, _)| *word == lower).map(|(_, meant)| Mend::text(place, meant))
        });
        if !["avg", "max", "min", "sum"].contains(&target.aggregate.to_lowercase().as_str()) {
            out.report(
                Diagnostic::new(&METRIC_AGGREGATE, target.place, format!("`{}` has no valid `aggregate`", target.metric))
                    .label(format!("found \"{}\"", target.aggregate))
                    .help("write avg, max, min or sum")
                    .mend(mend),
            );
        }
    }
}

fn references(manifest: &Manifest, service: &Service, out: &mut Diagnostics) {
    let services = || manifest.services.iter().map(|s| s.name.value.as_str());
    for link in &service.links {
        match manifest.services.iter().find(|s| s.name.value == link.value) {
            None => {
                out.report(unknown(&UNKNOWN_LINK, link, "service", services()));
            }
            Some(target) if target.port.is_none() => {
                out.report(
                    Diagnostic::new(&DEAD_LINK, link.place, format!("`{}` has no port, so the link leads nowhere", link.value))
                        .also(target.name.place, "no `port` here")
                        .help("remove the link, or give the service a port"),
                );
            }
            Some(_) => {}
        }
    }
    for resource in &service.resources {
        if !manifest.resources.iter().any(|r| r.name.value == resource.value) {
            out.report(unknown(&UNKNOWN_RESOURCE, resource, "resource", manifest.resources.iter().map(|r| r.name.value.as_str())));
        }
    }
}

fn unknown<'a>(
    code: &'static crate::diagnostics::Code,
    name: &Spanned<String>,
    kind: &str,
    known: impl Iterator<Item = &'a str>,
) -> Diagnostic {
    let known: Vec<&str> = known.collect();
    let mend = same_but_for_case(&name.value, known.iter().copied()).map(|meant| Mend::text(name.place, meant));
    let diagnostic = Diagnostic::new(code, name.place, format!("there is no {kind} `{}`", name.value)).mend(mend);
    match nearest(&name.value, known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("declare it under `{kind}s:`, or remove the name here")),
    }
}

/// Names that differ and become one logical ID.
fn ids(manifest: &Manifest, out: &mut Diagnostics) {
    let mut seen: BTreeMap<String, &Spanned<String>> = BTreeMap::new();
    for service in &manifest.services {
        let id = logical_id(&service.name.value);
        match seen.get(&id) {
            Some(first) => {
                out.report(
                    Diagnostic::new(
                        &ID_COLLISION,
                        service.name.place,
                        format!("`{}` and `{}` become one logical ID, `{id}`", first.value, service.name.value),
                    )
                    .also(first.place, "the other one")
                    .help("rename one of them; dashes do not count"),
                );
            }
            None => {
                seen.insert(id, &service.name);
            }
        }
    }
}

/// A port of a network balancer is one service's, Convox says of the public and the internal one together.
fn nlb(manifest: &Manifest, out: &mut Diagnostics) {
    let mut seen: BTreeMap<i64, (&str, crate::source::Place)> = BTreeMap::new();
    for service in &manifest.services {
        for port in &service.nlb {
            match seen.insert(port.port, (&service.name.value, port.place)) {
                Some((other, place)) if other != service.name.value => {
                    out.report(
                        Diagnostic::new(&NLB_CONFLICT, port.place, format!("the network port {} belongs to `{other}` already", port.port))
                            .also(place, "first claimed here")
                            .help("choose another port"),
                    );
                }
                _ => {}
            }
        }
    }
}

/// Resources and timers, which are checked and managed elsewhere.
fn elsewhere(manifest: &Manifest, out: &mut Diagnostics) {
    for resource in &manifest.resources {
        let kind = &resource.kind;
        if !kind.value.trim().is_empty() && !RESOURCE_TYPES.contains(&kind.value.as_str()) {
            let help = nearest(&kind.value, RESOURCE_TYPES)
                .map_or_else(|| format!("Convox has {}", RESOURCE_TYPES.join(", ")), |near| format!("did you mean `{near}`?"));
            out.report(
                Diagnostic::new(&UNKNOWN_RESOURCE_TYPE, kind.place, format!("Convox has no resource of type `{}`", kind.value))
                    .help(help)
                    .mend(certain(&kind.value, RESOURCE_TYPES).map(|meant| Mend::text(kind.place, meant))),
            );
        }
    }
    for timer in &manifest.timers {
        let service = &timer.service;
        if service.value.is_empty() {
            out.report(
                Diagnostic::new(&UNKNOWN_TIMER_SERVICE, service.place, format!("the timer `{}` names no service", timer.name.value))
                    .help("add `service`, the service whose image runs the command"),
            );
        } else if !manifest.services.iter().any(|s| s.name.value == service.value) {
            out.report(unknown(&UNKNOWN_TIMER_SERVICE, service, "service", manifest.services.iter().map(|s| s.name.value.as_str())));
        }
        schedule(&timer.name.value, &timer.schedule, out);
    }
    let names: Vec<&str> =
        manifest.resources.iter().map(|r| r.name.value.as_str()).chain(manifest.timers.iter().map(|t| t.name.value.as_str())).collect();
    if let Some(first) = manifest.resources.first().map(|r| r.name.place).or(manifest.timers.first().map(|t| t.name.place)) {
        out.report(
            Diagnostic::new(&NOT_PROVISIONED, first, "resources and timers are checked, and not provisioned")
                .note(format!("this is about {}", names.join(", "))),
        );
    }
}

fn schedule(timer: &str, schedule: &Spanned<String>, out: &mut Diagnostics) {
    let fields: Vec<&str> = schedule.value.split(' ').collect();
    let report =
        |what: &str, help: &str| Diagnostic::new(&BAD_SCHEDULE, schedule.place, format!("the schedule of `{timer}` {what}")).help(help);
    if schedule.value.is_empty() {
        out.report(report("is missing", "add `schedule`, such as `0 3 * * ?`"));
    } else if fields.contains(&"") {
        let help = "put single blanks between the fields: each blank counts as the start of one";
        out.report(report("has two blanks in a row", help).mend(single_blanks(schedule)));
    } else if !(5..=6).contains(&fields.len()) {
        out.report(report(
            &format!("has {} fields", fields.len()),
            "write five fields with single blanks between them, such as `0 3 * * ?`",
        ));
    } else if (fields[2] == "?") == (fields[4] == "?") {
        out.report(
            report(
                "needs `?` for exactly one of day of month and day of week",
                "put `?` for the one that does not matter, such as `0 3 * * ?`",
            )
            .mend(question_mark(schedule, &fields)),
        );
    }
}

/// The same fields with single blanks, if they are as many as there should be.
fn single_blanks(schedule: &Spanned<String>) -> Option<Mend> {
    let fields: Vec<&str> = schedule.value.split_whitespace().collect();
    let text = fields.join(" ");
    let differs_in_blanks = schedule.value.split(' ').filter(|field| !field.is_empty()).eq(fields.iter().copied());
    ((5..=6).contains(&fields.len()) && differs_in_blanks).then(|| Mend::text(schedule.place, &text))
}

/// The schedule with `?` for the day field that is `*`. Days of the week by number are not touched:
/// AWS begins to count with 1 on Sunday, and crontab with 0.
fn question_mark(schedule: &Spanned<String>, fields: &[&str]) -> Option<Mend> {
    let of_names = |field: &str| field.bytes().all(|b| b.is_ascii_alphabetic() || b == b',' || b == b'-');
    let at = match (fields[2], fields[4]) {
        ("?", _) | (_, "?") => return None,
        (_, "*") => 4,
        ("*", day) if of_names(day) => 2,
        _ => return None,
    };
    let text: Vec<&str> = fields.iter().enumerate().map(|(field, text)| if field == at { "?" } else { text }).collect();
    Some(Mend::text(schedule.place, &text.join(" ")))
}
