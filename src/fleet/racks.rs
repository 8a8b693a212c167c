//! Racks from what was written, and the names that must differ among them.

use std::collections::BTreeMap;

use super::assemble::PlacedApp;
use super::file::HEADROOM;
use super::{Certificate, Compute, Network, Quotas, QuotasSpec, Rack, RackParams, RackSpec};
use crate::diagnostics::codes::{APP_NAME, DEFAULT_CERTIFICATE, FLEET_SHAPE, HOST_SYNTAX, NO_RECORDS, OUTSIDE_ZONE, RACK_NAME};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::host::{Host, is_within};
use crate::source::Spanned;

/// Characters of a rack's name.
const MAX_RACK_NAME: usize = 28;

/// Characters of the first name on a certificate, which X.509 calls the common name.
const MAX_CERTIFIED: usize = 64;

/// The racks of one key; what is wrong with one of them is wrong with all and said once.
pub(super) fn racks_of(spec: &RackSpec, kind: usize, out: &mut Diagnostics) -> Vec<Rack> {
    let params = RackParams::read(spec, out);
    let longest = spec.name_of(spec.count.1 - 1);
    if longest.len() > MAX_RACK_NAME && spec.name.value.len() <= MAX_RACK_NAME {
        out.report(
            Diagnostic::new(&RACK_NAME, spec.count_place, format!("the last of these racks would be named `{longest}`"))
                .label(format!("{} characters", longest.len()))
                .help(format!("a rack's name has at most {MAX_RACK_NAME}: shorten it, or the count")),
        );
    }
    (0..spec.count.1).map(|number| rack(spec, kind, number, &params, out)).collect()
}

/// Two keys must not lead to one name.
pub(super) fn rack_names(racks: &[Rack], specs: &[RackSpec], out: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for rack in racks {
        let Some(other) = seen.insert(&rack.name, rack.kind) else { continue };
        out.report(
            Diagnostic::new(&RACK_NAME, specs[rack.kind].name.place, format!("two racks have the name `{}`", rack.name))
                .also(specs[other].name.place, "the other one")
                .help("rename one of them, or lower the `count` of the other"),
        );
    }
}

/// Names that are taken in the account or in DNS: stacks, classic balancers and the racks' hosts.
pub(super) fn taken_names(racks: &[Rack], specs: &[RackSpec], apps: &[PlacedApp], out: &mut Diagnostics) {
    let mut stacks: BTreeMap<String, String> = racks.iter().map(|rack| (rack.name.clone(), format!("the rack `{}`", rack.name))).collect();
    for app in apps {
        let name = format!("{}-{}", racks[app.rack].name, app.name);
        if let Some(other) = stacks.insert(name.clone(), format!("the app `{}` on `{}`", app.name, racks[app.rack].name)) {
            out.report(
                Diagnostic::new(&APP_NAME, app.place, format!("the stack of `{}` would be named `{name}`, as that of {other}", app.name))
                    .help("rename the app or a rack"),
            );
        }
    }
    let mut seen: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for rack in racks {
        let Some(spec) = specs.get(rack.kind) else { continue };
        let balancer = if rack.params.private_api { format!("{}-i", rack.name) } else { rack.name.clone() };
        let hosts = [&rack.host, &rack.internal_host].into_iter().flatten().map(|host| ("host", host.clone()));
        for (kind, name) in hosts.chain([("balancer", balancer)]) {
            let Some(other) = seen.insert((kind, name.clone()), &rack.name).filter(|other| *other != rack.name) else { continue };
            let help = if kind == "host" { "write `{rack}` in the host, or give each rack its own" } else { "rename one of the racks" };
            let place = spec.host.as_ref().filter(|_| kind == "host").map_or(spec.name.place, |host| host.place);
            out.report(
                Diagnostic::new(&RACK_NAME, place, format!("the racks `{other}` and `{}` have the same {kind}, `{name}`", rack.name))
                    .help(help),
            );
        }
    }
}

/// A rack of a fleet that describes none, by its number from zero.
pub(super) fn main_rack(number: usize) -> Rack {
    Rack {
        name: if number == 0 { "main".into() } else { format!("main-{}", number + 1) },
        kind: 0,
        external: false,
        headroom: HEADROOM,
        host: None,
        internal_host: None,
        certificate: Certificate::AtDeploy,
        hosted_zone: None,
        hosted_zone_name: None,
        certificates: Vec::new(),
        quotas: Quotas::default(),
        network: Network::Create,
        compute: Compute::AsNeeded,
        api: None,
        params: RackParams::default(),
    }
}

/// Name the racks whose certificate is asked for when they are first deployed.
pub(super) fn certificate_notes(racks: &[Rack], specs: &[RackSpec], out: &mut Diagnostics) {
    for rack in racks.iter().filter(|rack| rack.certificate == Certificate::AtDeploy && !rack.external) {
        let name = &rack.name;
        let what = format!("the stack `{name}` needs the ARN of a certificate when it is first deployed");
        out.report(Diagnostic::new(&DEFAULT_CERTIFICATE, specs.get(rack.kind).map(|spec| spec.name.place), what).help(format!(
            "write `certificate` for the rack in rackform.yml, or deploy with `deploy.sh --parameter {name}:Certificate=ARN`"
        )));
    }
}

/// One of the racks of a key.
fn rack(spec: &RackSpec, kind: usize, number: usize, params: &RackParams, out: &mut Diagnostics) -> Rack {
    let name = &spec.name_of(number);
    let host = spec.host.as_ref().and_then(|host| rack_host(host, name, out));
    let internal_host = match &spec.internal_host {
        Some(host) => rack_host(host, name, out),
        None => host.as_ref().map(|host| format!("internal.{host}")),
    };
    let certificate = match spec.certificate.as_ref() {
        Some(written) if written.value == "create" => {
            if host.is_none() {
                out.report(
                    Diagnostic::new(&FLEET_SHAPE, written.place, "`certificate: create` needs `host`")
                        .label("a certificate for which names?")
                        .help("write the rack's `host`, or the ARN of a certificate"),
                );
            }
            let first = if params.internal_only { &internal_host } else { &host };
            if let Some(host) = first.as_ref().filter(|host| host.len() + 2 > MAX_CERTIFIED) {
                out.report(
                    Diagnostic::new(&FLEET_SHAPE, written.place, format!("`*.{host}` is too long for a certificate"))
                        .label(format!("ACM takes {MAX_CERTIFIED} characters"))
                        .help("shorten the rack's `host`, or bring a certificate"),
                );
            }
            Certificate::Create
        }
        Some(arn) => Certificate::Given(arn.value.clone()),
        None => Certificate::AtDeploy,
    };
    // A zone may be about the host's parent too, but only its owner knows.
    let hosted_zone_name = match &spec.hosted_zone_name {
        Some(zone) => rack_host(zone, name, out),
        None => host.clone(),
    };
    if !spec.external {
        records(spec, host.as_ref(), hosted_zone_name.as_ref(), &certificate, out);
    }
    Rack {
        name: name.clone(),
        kind,
        external: spec.external,
        headroom: spec.headroom,
        hosted_zone_name,
        host,
        internal_host,
        certificate,
        hosted_zone: spec.hosted_zone.as_ref().map(|zone| zone.value.clone()),
        certificates: spec.certificates.clone(),
        quotas: match spec.quotas {
            Some(QuotasSpec::Written(quotas)) => quotas,
            // A file was put in the place of its path when it was read; otherwise that was reported.
            Some(QuotasSpec::File(_)) | None => Quotas::default(),
        },
        network: spec.network.clone(),
        compute: spec.compute,
        api: spec.api.clone(),
        params: params.clone(),
    }
}

/// Say which records of the rack nobody can write, or nobody does.
fn records(spec: &RackSpec, host: Option<&String>, zone: Option<&String>, certificate: &Certificate, out: &mut Diagnostics) {
    let (Some(host), Some(written)) = (host, &spec.host) else { return };
    match (&spec.hosted_zone, zone) {
        (Some(_), Some(zone)) if !is_within(host, zone) => {
            out.report(
                Diagnostic::new(&OUTSIDE_ZONE, written.place, format!("`{host}` lies outside of the hosted zone {zone}"))
                    .label("its records can't be written there")
                    .help("give the rack the zone that holds its host, or a host of this zone"),
            );
        }
        (None, _) => {
            let wait =
                if *certificate == Certificate::Create { "; the first deployment waits until the certificate is validated" } else { "" };
            out.report(
                Diagnostic::new(&NO_RECORDS, written.place, format!("nobody writes the DNS records for *.{host}{wait}"))
                    .help("give the rack its `hosted_zone`, or point *.host at the router yourself"),
            );
        }
        _ => {}
    }
}

/// A rack's host with `{rack}` replaced.
fn rack_host(written: &Spanned<String>, rack: &str, out: &mut Diagnostics) -> Option<String> {
    let text = written.value.replace("{rack}", rack);
    match Host::parse(&text) {
        Ok(host) if !host.is_wildcard() => Some(host.as_str().to_owned()),
        _ => {
            out.report(
                Diagnostic::new(&HOST_SYNTAX, written.place, format!("`{text}` is no host name"))
                    .label("services get names below this one")
                    .help("write a name such as {rack}.example.org"),
            );
            None
        }
    }
}
