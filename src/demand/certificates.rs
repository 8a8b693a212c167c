//! Which certificate serves each custom domain: one that exists and covers it, or one of the
//! app's own.

use std::collections::{BTreeMap, BTreeSet};

use super::ROUTERS;
use crate::diagnostics::codes::{UNCERTIFIABLE_HOST, VALIDATION_WAITS};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{App, Certificate, Fleet, Rack};
use crate::host::{Host, MAX_LABEL, is_within};
use crate::lock::{CertificateKey, Lock};
use crate::routes::{Route, Router};
use crate::source::Place;

/// Names that one certificate may have. ACM's default quota, domain names per certificate.
pub(super) const MAX_NAMES: usize = 10;
/// Characters of a certificate's first name: it becomes the common name of X.509.
const MAX_FIRST_NAME: usize = 64;

/// A certificate of an app.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AppCertificate {
    /// What identifies it in the lock.
    pub key: CertificateKey,
    /// Its names, sorted, but for the first one, which has at most 64 characters.
    pub names: Vec<String>,
    /// Those that the rack's hosted zone can validate.
    pub validated: Vec<String>,
    /// The routers that serve it.
    pub routers: BTreeSet<Router>,
}

/// Certificates beside the default ones.
#[derive(Debug, Default)]
pub struct Certificates {
    /// Certificates of each app, by its place in the fleet.
    pub apps: BTreeMap<usize, Vec<AppCertificate>>,
    /// ARNs of listed certificates that serve a host, by rack and router.
    pub shared: BTreeMap<(usize, Router), BTreeSet<String>>,
}

/// What an app needs a certificate of its own for: names, the routers that serve them, and where
/// they are written.
type Wanted = BTreeMap<String, (BTreeSet<Router>, Place)>;

/// Whether a certificate with this name serves a host; `*` covers exactly one label.
pub fn covers(name: &str, host: &Host) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host.as_str().split_once('.').is_some_and(|(_, rest)| rest == parent),
        None => name == host.as_str(),
    }
}

/// Ends of names that no public authority certifies: the rack's private zone and names that are
/// kept for local use (RFC 6762, and ICANN for `.internal`).
const PRIVATE: [&str; 3] = ["convox", "internal", "local"];

/// The name that a certificate needs for a host, or why ACM takes no such name.
fn certifiable(host: &Host) -> Result<String, &'static str> {
    let (first, rest) = host.as_str().split_once('.').unwrap_or((host.as_str(), ""));
    let is_pattern = |text: &str| memchr::memchr2(b'*', b'?', text.as_bytes()).is_some();
    let name = if is_pattern(first) { format!("*.{rest}") } else { host.as_str().to_owned() };
    let plain = name.strip_prefix("*.").unwrap_or(&name);
    let labels = || plain.as_bytes().split(|b| *b == b'.');
    let is_word = |label: &[u8]| label.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
    if is_pattern(plain) {
        Err("only the part before the first dot may be a pattern")
    } else if !plain.contains('.') {
        Err("a pattern over a whole top-level domain")
    } else if PRIVATE.iter().any(|end| plain.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'))) {
        Err("a private ending, which no authority certifies")
    } else if labels().any(<[u8]>::is_empty) {
        Err("two dots in a row, or one in front")
    } else if labels().any(|label| label.len() > MAX_LABEL) {
        Err("more than 63 characters between two dots")
    } else if labels().any(|label| !is_word(label) || label.starts_with(b"-") || label.ends_with(b"-")) {
        Err("letters, digits and dashes only, and no dash beside a dot")
    } else {
        Ok(name)
    }
}

/// What an app needs on its rack.
pub(super) struct OfApp {
    pub(super) own: Vec<AppCertificate>,
    pub(super) shared: BTreeSet<(Router, String)>,
}

/// Find a certificate for every domain, of routes that come app by app. A name stays in the
/// certificate that the lock has it in.
pub fn certificates(fleet: &Fleet, routes: &[Route], old: &Lock, out: &mut Diagnostics) -> Certificates {
    let mut found = Certificates::default();
    for routes in routes.chunk_by(|a, b| a.app == b.app) {
        let at = routes[0].app;
        let app = &fleet.apps[at];
        let needed = of_app(app, &fleet.racks[app.rack], routes, old, out);
        for (router, arn) in needed.shared {
            found.shared.entry((app.rack, router)).or_default().insert(arn);
        }
        if !needed.own.is_empty() {
            found.apps.insert(at, needed.own);
        }
    }
    found
}

/// Find a certificate for every domain of one app.
pub(super) fn of_app(app: &App, rack: &Rack, routes: &[Route], old: &Lock, out: &mut Diagnostics) -> OfApp {
    let mut shared = BTreeSet::new();
    let mut wanted = Wanted::new();
    let certified = rack.certified_names();
    for route in routes.iter().filter(|route| route.is_domain) {
        if certified.iter().any(|name| covers(name, &route.host)) {
            continue;
        }
        if let Some(listed) = rack.certificates.iter().find(|c| c.names.iter().any(|name| covers(name, &route.host))) {
            // The default certificate is on the listener already, and on a rack that is somebody
            // else's all that are listed are.
            if rack.certificate != Certificate::Given(listed.arn.clone()) && !rack.external {
                shared.insert((route.router, listed.arn.clone()));
            }
            continue;
        }
        match certifiable(&route.host) {
            Ok(name) => {
                wanted.entry(name).or_insert_with(|| (BTreeSet::new(), route.place)).0.insert(route.router);
            }
            Err(why) => {
                out.report(
                    Diagnostic::new(&UNCERTIFIABLE_HOST, route.place, format!("no certificate of ACM can name `{}`", route.host.as_str()))
                        .label(why)
                        .help("use such a name, or list a certificate that covers this one under `certificates` of the rack"),
                );
            }
        }
    }
    waits(&app.name, rack, &wanted, out);
    let packed = pack(&rack.name, &app.name, &wanted, old);
    let own = packed.into_iter().map(|(key, names)| certificate(rack, key, names, &wanted, out)).collect();
    OfApp { own, shared }
}

/// Put the names of hosts that an app still answers for a while on its certificates, so that nobody
/// loses one before another app has it.
pub fn keep_names(app: &App, rack: &Rack, hosts: &[&Host], certificates: &mut Vec<AppCertificate>) {
    let is_default = |host: &Host| {
        let ours = [&rack.host, &rack.internal_host].into_iter().flatten().any(|ours| is_within(host.as_str(), ours));
        ours || host.at_deploy().is_some() || host.as_str().ends_with(".convox")
    };
    for host in hosts.iter().filter(|host| !is_default(host)) {
        let is_covered =
            rack.certified_names().iter().chain(rack.certificates.iter().flat_map(|c| &c.names)).any(|name| covers(name, host));
        let Ok(name) = certifiable(host) else { continue };
        if is_covered || certificates.iter().any(|own| own.names.contains(&name)) {
            continue;
        }
        let routers = ROUTERS.into_iter().filter(|router| router.is_on(rack));
        let validated = if in_zone(rack, &name) { vec![name.clone()] } else { Vec::new() };
        if let Some(own) = certificates.iter_mut().find(|own| own.names.len() < MAX_NAMES) {
            own.names.push(name);
            own.validated.extend(validated);
        } else {
            let ordinal = u32::try_from(certificates.len()).unwrap_or(u32::MAX - 1) + 1;
            let key = CertificateKey { rack: rack.name.clone(), app: app.name.clone(), ordinal };
            certificates.push(AppCertificate { key, names: vec![name], validated, routers: routers.collect() });
        }
    }
}

/// Names to certificates: where the lock has them, then wherever there is room.
fn pack(rack: &str, app: &str, wanted: &Wanted, old: &Lock) -> BTreeMap<CertificateKey, BTreeSet<String>> {
    let mut unplaced: BTreeSet<&String> = wanted.keys().collect();
    let mut packed: BTreeMap<CertificateKey, BTreeSet<String>> = BTreeMap::new();
    for (key, locked) in old.certificates_of(rack, app).filter(|(_, locked)| locked.left.is_none()) {
        packed.insert(key.clone(), locked.names.iter().filter(|name| unplaced.remove(name)).cloned().collect());
    }
    let mut room: Vec<CertificateKey> = packed.keys().filter(|key| packed[key].len() < MAX_NAMES).rev().cloned().collect();
    let mut ordinal = packed.keys().map(|key| key.ordinal).max().unwrap_or(0);
    for name in unplaced {
        let key = room.last().cloned().unwrap_or_else(|| {
            ordinal += 1;
            let key = CertificateKey { rack: rack.to_owned(), app: app.to_owned(), ordinal };
            room.push(key.clone());
            key
        });
        let names = packed.entry(key).or_default();
        names.insert(name.clone());
        if names.len() == MAX_NAMES {
            room.pop();
        }
    }
    packed.retain(|_, names| !names.is_empty());
    packed
}

/// Whether the rack's hosted zone can hold the record that validates a name.
fn in_zone(rack: &Rack, name: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    rack.hosted_zone.is_some() && rack.hosted_zone_name.as_ref().is_some_and(|zone| is_within(name, zone))
}

/// Say which names somebody must validate.
fn waits(app: &str, rack: &Rack, wanted: &Wanted, out: &mut Diagnostics) {
    let waiting: Vec<(&String, Place)> =
        wanted.iter().filter(|(name, _)| !in_zone(rack, name)).map(|(name, (_, place))| (name, *place)).collect();
    let Some((_, place)) = waiting.iter().min_by_key(|(_, place)| *place) else { return };
    let mut names: Vec<String> = waiting.iter().take(MAX_NAMES).map(|(name, _)| (*name).clone()).collect();
    if waiting.len() > MAX_NAMES {
        names.push(format!("{} more", waiting.len() - MAX_NAMES));
    }
    let help = match (&rack.hosted_zone, &rack.hosted_zone_name) {
        (Some(zone), Some(name)) => format!("write `hosted_zone: {{id: {zone}, name: …}}` if the zone is about more than {name}, or list a certificate under `certificates` of the rack"),
        (Some(zone), None) => format!("say which domain the zone is about: `hosted_zone: {{id: {zone}, name: …}}`"),
        (None, _) => "list a certificate that covers these names under `certificates` of the rack, or give the rack the `hosted_zone` that holds them".to_owned(),
    };
    out.report(
        Diagnostic::new(&VALIDATION_WAITS, *place, format!("the deployment of `{app}` waits until its certificate is validated"))
            .note(format!("nobody writes the DNS records for {}", names.join(", ")))
            .help(help),
    );
}

fn certificate(rack: &Rack, key: CertificateKey, names: BTreeSet<String>, wanted: &Wanted, out: &mut Diagnostics) -> AppCertificate {
    let routers = names.iter().flat_map(|name| wanted[name].0.iter().copied()).collect();
    let mut names: Vec<String> = names.into_iter().collect();
    match names.iter().position(|name| name.len() <= MAX_FIRST_NAME) {
        Some(first) => names[..=first].rotate_right(1),
        None => {
            out.report(
                Diagnostic::new(
                    &UNCERTIFIABLE_HOST,
                    wanted[&names[0]].1,
                    format!("a certificate for `{}` has no name of at most {MAX_FIRST_NAME} characters", names[0]),
                )
                .help("add a shorter domain to the app, or list a certificate that covers the name"),
            );
        }
    }
    let validated = names.iter().filter(|name| in_zone(rack, name)).cloned().collect();
    AppCertificate { key, names, validated, routers }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    #[test]
    fn a_star_covers_one_label() {
        assert!(covers("*.example.org", &host("www.example.org")));
        assert!(covers("*.example.org", &host("*.example.org")));
        assert!(covers("*.example.org", &host("shop-*.example.org")));
        assert!(!covers("*.example.org", &host("a.b.example.org")));
        assert!(!covers("*.example.org", &host("example.org")));
        assert!(covers("example.org", &host("example.org")));
    }

    #[test]
    fn patterns_need_a_certificate_with_a_star() {
        assert_eq!(certifiable(&host("www.example.org")).as_deref(), Ok("www.example.org"));
        assert_eq!(certifiable(&host("shop-?.example.org")).as_deref(), Ok("*.example.org"));

        for name in [
            "a.*.example.org",
            "*.org",
            "a..example.org",
            "-a.example.org",
            "a-.example.org",
            "a_b.example.org",
            "x.local",
            "web.shop.main.convox",
        ] {
            assert!(certifiable(&host(name)).is_err(), "{name}");
        }
    }
}
