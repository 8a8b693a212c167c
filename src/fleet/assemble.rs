//! Racks and apps from what was written, with names and references checked.

use std::collections::BTreeMap;

use super::{AppParams, Certificate, Quotas, QuotasSpec, Rack, RackParams, RackSpec};
use crate::diagnostics::codes::{
    APP_NAME, DEFAULT_CERTIFICATE, FLEET_SHAPE, HOST_SYNTAX, NO_RECORDS, NOT_YET, OUTSIDE_ZONE, RACK_NAME, UNKNOWN_RACK,
};
use crate::diagnostics::{Diagnostic, Diagnostics, nearest};
use crate::host::{Host, is_within};
use crate::manifest::{self, Manifest};
use crate::source::{FileId, Files, Place, Spanned, Variables};

/// Characters of an app's name; with the rack's name and a service's it must fit a host name.
pub(super) const MAX_APP_NAME: usize = 40;

/// Characters of the first name on a certificate, which X.509 calls the common name.
const MAX_CERTIFIED: usize = 64;

/// Racks and the apps on them.
#[derive(Debug)]
pub struct Fleet {
    /// Racks in file order.
    pub racks: Vec<Rack>,
    /// Apps by name.
    pub apps: Vec<App>,
}

/// One `convox.yml` on a rack.
#[derive(Debug)]
pub struct App {
    /// Its name.
    pub name: String,
    /// The rack it lives on, by its place in [`Fleet::racks`].
    pub rack: usize,
    /// Where it is named, or its manifest starts.
    pub place: Place,
    /// Where its rack is said, or the app is named.
    pub rack_place: Place,
    /// What it says.
    pub manifest: Manifest,
    /// Its parameters.
    pub params: AppParams,
    /// The path of its manifest relative to the fleet, for comments in templates.
    pub source: String,
}

/// A manifest that was found, before it is read.
#[derive(Debug)]
pub struct AppSource {
    /// Name of the app.
    pub name: String,
    /// Where the name is written, when it is not the name of a folder.
    pub place: Option<Place>,
    /// The manifest.
    pub file: FileId,
    /// Its path relative to the fleet.
    pub source: String,
    /// Values for `${NAME}`.
    pub variables: Variables,
    /// Parameters of the app that rackform.yml sets.
    pub params: Vec<(Spanned<String>, Spanned<String>)>,
    /// The rack it is pinned to.
    pub rack: Option<Spanned<String>>,
}

/// Read every manifest and put the fleet together. Without racks there is one, called main.
pub fn assemble(files: &Files, specs: &[RackSpec], sources: &[AppSource], out: &mut Diagnostics) -> Fleet {
    let racks: Vec<Rack> = if specs.is_empty() { vec![main_rack()] } else { specs.iter().map(|spec| rack(spec, out)).collect() };
    // Where something could not be found or read, what the first deployment needs is not the point.
    if !out.has_errors() {
        certificate_notes(&racks, specs, out);
    }
    let mut apps = Vec::new();
    let mut names: BTreeMap<&str, Place> = BTreeMap::new();
    for source in sources {
        let place = source.place.unwrap_or(Place { file: source.file, span: crate::source::Span::default() });
        let first = *names.entry(&source.name).or_insert(place);
        if place != first {
            out.report(
                Diagnostic::new(&APP_NAME, place, format!("two apps have the name `{}`", source.name))
                    .also(first, "the other one")
                    .help("name the apps in rackform.yml, or rename a folder"),
            );
        }
        let rack = home(source, &racks, place, out);
        let is_named = name(source, rack.map(|at| racks[at].name.as_str()), place, out);
        let Some(manifest) = manifest::read(files, source.file, &source.variables, out) else { continue };
        let params = AppParams::read(&source.params, &manifest, out);
        // A second app of one name is checked, and goes no further: all of its hosts are taken.
        if let Some(rack) = rack.filter(|_| place == first && is_named) {
            let rack_place = source.rack.as_ref().map_or(place, |rack| rack.place);
            apps.push(App { name: source.name.clone(), rack, place, rack_place, manifest, params, source: source.source.clone() });
        }
    }
    apps.sort_by(|a, b| a.name.cmp(&b.name));
    taken_names(&racks, specs, &apps, out);
    Fleet { racks, apps }
}

/// Names that are taken in the account or in DNS: stacks, classic balancers and the racks' hosts.
fn taken_names(racks: &[Rack], specs: &[RackSpec], apps: &[App], out: &mut Diagnostics) {
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
    for (rack, spec) in racks.iter().zip(specs) {
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

fn main_rack() -> Rack {
    Rack {
        name: "main".into(),
        host: None,
        internal_host: None,
        certificate: Certificate::AtDeploy,
        hosted_zone: None,
        hosted_zone_name: None,
        certificates: Vec::new(),
        quotas: Quotas::default(),
        network: super::Network::Create,
        params: RackParams::default(),
    }
}

/// Name the racks whose certificate is asked for when they are first deployed.
fn certificate_notes(racks: &[Rack], specs: &[RackSpec], out: &mut Diagnostics) {
    for (at, rack) in racks.iter().enumerate().filter(|(_, rack)| rack.certificate == Certificate::AtDeploy) {
        let name = &rack.name;
        let what = format!("the stack `{name}` needs the ARN of a certificate when it is first deployed");
        out.report(Diagnostic::new(&DEFAULT_CERTIFICATE, specs.get(at).map(|spec| spec.name.place), what).help(format!(
            "write `certificate` for the rack in rackform.yml, or deploy with `deploy.sh --parameter {name}:Certificate=ARN`"
        )));
    }
}

fn rack(spec: &RackSpec, out: &mut Diagnostics) -> Rack {
    let name = &spec.name.value;
    let params = RackParams::read(spec, out);
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
        Some(name) => rack_host(name, &spec.name.value, out),
        None => host.clone(),
    };
    records(spec, host.as_ref(), hosted_zone_name.as_ref(), &certificate, out);
    Rack {
        name: name.clone(),
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
        params,
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

/// The rack that an app lives on.
fn home(source: &AppSource, racks: &[Rack], place: Place, out: &mut Diagnostics) -> Option<usize> {
    let Some(pinned) = &source.rack else {
        if racks.len() == 1 {
            return Some(0);
        }
        out.report(
            Diagnostic::new(&NOT_YET, place, format!("`{}` must be told its rack", source.name))
                .note("this version does not place apps by itself")
                .help("write `rack` for the app in rackform.yml"),
        );
        return None;
    };
    let at = racks.iter().position(|rack| rack.name == pinned.value);
    if at.is_none() {
        let known = racks.iter().map(|rack| rack.name.as_str());
        let help = nearest(&pinned.value, known).map_or("declare it under `racks`".to_owned(), |near| format!("did you mean `{near}`?"));
        out.report(Diagnostic::new(&UNKNOWN_RACK, pinned.place, format!("there is no rack `{}`", pinned.value)).help(help));
    }
    at
}

/// Check an app's name, which becomes part of host names and of the stack's name; whether it fits.
fn name(source: &AppSource, rack: Option<&str>, place: Place, out: &mut Diagnostics) -> bool {
    let name = &source.name;
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= MAX_APP_NAME
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !fits || rack == Some(name) {
        let why = if fits {
            "an app may not have the name of its rack"
        } else {
            "a letter from a to z first, then a to z, 0 to 9 and `-`, at most 40 characters"
        };
        out.report(
            Diagnostic::new(&APP_NAME, place, format!("`{name}` is no name for an app"))
                .note(why)
                .help("name the app in rackform.yml, or rename its folder"),
        );
    }
    fits
}
