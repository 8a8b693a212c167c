//! What Convox deploys for an app: a rule for each host, and what the app asks of a router.
//!
//! `provider/aws/formation/service.json.tmpl`, release 20260421192651.

use std::collections::BTreeSet;

use super::numbers::{Tier, number};
use crate::demand::covers;
use crate::fleet::{App, Rack};
use crate::host::Host;
use crate::manifest::Service;
use crate::routes::{Router, internal_domain, routers_of};
use crate::source::Place;

/// What stands for the name of a router in the hosts below `convox.site`, which only AWS knows.
const ROUTER_HOST: &str = "<router host>.convox.site";

/// One rule as Convox deploys it on port 443.
#[derive(Debug, Clone)]
pub(super) struct ConvoxRule {
    /// The app, by its place among those that are looked at.
    pub(super) app: usize,
    /// The service, by its place in the manifest.
    pub(super) service: usize,
    /// The router.
    pub(super) router: Router,
    /// What Convox hashes behind app and service.
    pub(super) key: String,
    /// Its number; none where a variable without a value decides on it.
    pub(super) number: Option<u32>,
    /// Its host; none where a variable without a value decides on it, or AWS takes no such host.
    pub(super) host: Option<Host>,
    /// Where the host, or else the service, is written.
    pub(super) place: Place,
}

impl ConvoxRule {
    /// The tier that its number is from.
    pub(super) fn tier(&self) -> Tier {
        Tier::of(&self.key)
    }

    /// The host in words for people.
    pub(super) fn shown(&self) -> String {
        match &self.host {
            Some(host) => host.as_str().replace(ROUTER_HOST, "<router host>"),
            None => self.key.strip_suffix("-external").unwrap_or(&self.key).to_owned(),
        }
    }
}

/// What an app asks of one router of Convox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Need {
    /// Rules on port 443.
    pub https: usize,
    /// Their twins on port 80, which an app with `RedirectHttps: No` has.
    pub http: usize,
    /// Target groups.
    pub target_groups: usize,
    /// Certificates that no other service shares.
    pub own_certificates: usize,
    /// ARNs of certificates that exist, listed in rackform.yml; who needs one too gets it for nothing.
    pub shared_certificates: BTreeSet<String>,
}

impl Need {
    /// Rules over both listeners.
    pub fn rules(&self) -> usize {
        self.https + self.http
    }

    /// Certificates beside the default one.
    pub fn certificates(&self) -> usize {
        self.own_certificates + self.shared_certificates.len()
    }

    /// Rules, target groups and certificates, in the order of [`crate::demand::WORDS`].
    pub fn kinds(&self) -> [usize; 3] {
        [self.rules(), self.target_groups, self.certificates()]
    }

    /// The same with what another app asks for beside it.
    pub(super) fn kinds_with(&self, other: &Need) -> [usize; 3] {
        let [rules, target_groups, certificates] = self.kinds();
        let shared = other.shared_certificates.difference(&self.shared_certificates).count();
        [rules + other.rules(), target_groups + other.target_groups, certificates + other.own_certificates + shared]
    }

    /// Put what another app asks for beside it.
    pub(super) fn add(&mut self, other: &Need) {
        self.https += other.https;
        self.http += other.http;
        self.target_groups += other.target_groups;
        self.own_certificates += other.own_certificates;
        self.shared_certificates.extend(other.shared_certificates.iter().cloned());
    }
}

/// The rules of an app on a rack, service by service; `at` is the app's place.
pub(super) fn rules(at: usize, app: &App, rack: &Rack) -> Vec<ConvoxRule> {
    let mut rules = Vec::new();
    for (service_at, service) in app.manifest.services.iter().enumerate().filter(|(_, service)| service.port.is_some()) {
        let main = if service.internal.value { Router::Internal } else { Router::Public };
        for router in routers_of(service) {
            of_service(at, app, rack, service_at, *router, *router != main, &mut rules);
        }
    }
    rules
}

/// The rules of a service on one router. Where it is on both, those on the public one are the
/// external set.
fn of_service(at: usize, app: &App, rack: &Rack, service_at: usize, router: Router, external: bool, rules: &mut Vec<ConvoxRule>) {
    let service = &app.manifest.services[service_at];
    let suffix = if external { "-external" } else { "" };
    let mut push = |key: String, position: Option<u32>, host: Option<Host>, is_known: bool, place: Place| {
        let number = is_known.then(|| number(&app.name, &service.name.value, &key, position));
        rules.push(ConvoxRule { app: at, service: service_at, router, key, number, host, place });
    };
    let place = service.name.place;
    let internal_domains = app.params.internal_domains;
    if internal_domains || service.domains.is_empty() {
        let host = format!("{}.{ROUTER_HOST}", service_label(app, service));
        push(format!("default{suffix}"), None, Some(Host::trusted(host)), true, place);
    }
    if internal_domains && !external {
        push("internal".to_owned(), None, Some(Host::trusted(internal_domain(app, service, rack))), true, place);
    }
    // A variable may hold no host or several, and then those behind it have other positions.
    let mut is_known = true;
    for (position, domain) in service.domains.iter().enumerate() {
        is_known &= domain.unset.is_empty();
        let name = &domain.name.value;
        let host = if domain.unset.is_empty() { Host::parse(name).ok() } else { None };
        push(format!("{name}{suffix}"), u32::try_from(position).ok(), host, is_known, domain.name.place);
    }
}

/// `<app>-<service>`, which the default host begins with.
pub(super) fn service_label(app: &App, service: &Service) -> String {
    format!("{}-{}", app.name, service.name.value)
}

/// What an app asks of the two routers of a rack, the public one first, if it has these rules there.
pub(super) fn needs(app: &App, rack: &Rack, rules: &[ConvoxRule]) -> [Need; 2] {
    let mut needs = [Need::default(), Need::default()];
    for rule in rules {
        let need = &mut needs[rule.router as usize];
        need.https += 1;
        need.http += usize::from(!app.params.redirect_https);
    }
    for service in app.manifest.services.iter().filter(|service| service.port.is_some()) {
        for router in routers_of(service) {
            let need = &mut needs[*router as usize];
            need.target_groups += 1;
            if service.domains.is_empty() {
                continue;
            }
            match certificate(service, rack) {
                Some(arn) => {
                    need.shared_certificates.insert(arn);
                }
                None => need.own_certificates += 1,
            }
        }
    }
    needs
}

/// The certificate that exists and that Convox takes for a service: the first one whose names cover
/// every domain of it. Without one, its stack asks for a new one.
pub(super) fn certificate(service: &Service, rack: &Rack) -> Option<String> {
    let hosts: Vec<Host> = service
        .domains
        .iter()
        .map(|domain| if domain.unset.is_empty() { Host::parse(&domain.name.value).ok() } else { None })
        .collect::<Option<_>>()?;
    let covers_all = |names: &[String]| hosts.iter().all(|host| names.iter().any(|name| covers(name, host)));
    rack.certificates.iter().find(|certificate| covers_all(&certificate.names)).map(|certificate| certificate.arn.clone())
}
