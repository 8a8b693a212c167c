//! Which rule carries each route, under which number, and which certificate serves it. A pure
//! function of the fleet and the old lock.

mod certificates;
mod lock;
mod lock_reader;
mod order;
mod priority;
mod quotas;
mod rules;

pub use certificates::{AppCertificate, Certificates};
pub use lock::{CertificateKey, Lock, LockedRule, RuleKey};
pub use lock_reader::read as read_lock;
pub use priority::{EXACT, WILDCARD};
pub use rules::{Class, Rule};

use std::collections::BTreeSet;

use crate::diagnostics::codes::{APP_GONE, LOCK_RACK, NOT_YET, ROUTER_IN_USE};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::Fleet;
use crate::routes::{Route, Router};

/// Everything that is given out, and the lock that remembers it.
#[derive(Debug)]
pub struct Allocation {
    /// Rules by rack, router, app, service, class and ordinal.
    pub rules: Vec<Rule>,
    /// Certificates of apps and racks.
    pub certificates: Certificates,
    /// Apps in the order of their deployment, by their places in the fleet.
    pub order: Vec<usize>,
    /// What the next compile must know.
    pub lock: Lock,
}

/// Give out rules, numbers and certificates.
pub fn allocate(fleet: &Fleet, routes: &[Route], old: &Lock, out: &mut Diagnostics) -> Allocation {
    for app in &fleet.apps {
        let rack = &fleet.racks[app.rack].name;
        let Some(before) = old.apps.get(&app.name).filter(|before| *before != rack) else { continue };
        let diagnostic = if fleet.racks.iter().any(|r| r.name == *before) {
            Diagnostic::new(&NOT_YET, app.rack_place, format!("the app `{}` lives on `{before}` and is pinned to `{rack}`", app.name))
                .note("this version does not move apps between racks")
                .help(format!("pin it to `{before}`"))
        } else {
            let place = old.line(&app.name).unwrap_or(app.rack_place);
            Diagnostic::new(&LOCK_RACK, place, format!("the lock places `{}` on the rack `{before}`, which does not exist", app.name))
                .help(format!("give the rack its name `{before}` back, or remove rackform.lock if nothing of it is deployed"))
        };
        out.report(diagnostic);
    }
    removed_routers(fleet, old, out);
    for (app, rack) in old.apps.iter().filter(|(name, _)| !fleet.apps.iter().any(|app| app.name == **name)) {
        let message = format!("the app `{app}` is gone, and its stack `{rack}-{app}` stays until it is deleted");
        out.report(
            Diagnostic::new(&APP_GONE, old.line(app), message)
                .help(format!("once nobody needs it: aws cloudformation delete-stack --stack-name {rack}-{app}")),
        );
    }
    let mut rules = rules::pack(fleet, routes, old);
    let certificates = certificates::certificates(fleet, routes, old, out);
    let fits = quotas::check(fleet, &rules, &certificates, out);
    // What no router holds needs no numbers.
    let retired = if fits { priority::number(&mut rules, old, routes, out) } else { old.retired.clone() };
    let lock = Lock {
        apps: fleet.apps.iter().map(|app| (app.name.clone(), fleet.racks[app.rack].name.clone())).collect(),
        rules: rules.iter().map(|rule| (rule.key.clone(), LockedRule { priority: rule.priority, hosts: rule.hosts.clone() })).collect(),
        retired,
        certificates: certificates.apps.values().flatten().map(|own| (own.key.clone(), sorted(&own.names))).collect(),
        lines: lock::Lines::default(),
    };
    let order = order::order(fleet, &rules, old);
    Allocation { rules, certificates, order, lock }
}

/// Routers that the racks no longer have and that deployed rules stand on.
fn removed_routers(fleet: &Fleet, old: &Lock, out: &mut Diagnostics) {
    let mut seen = BTreeSet::new();
    for key in old.rules.keys() {
        let Some(rack) = fleet.racks.iter().find(|rack| rack.name == key.rack) else { continue };
        let (is_there, parameter) = match key.router {
            Router::Public => (rack.has_router(), "InternalOnly"),
            Router::Internal => (rack.has_router_internal(), "Internal"),
        };
        if is_there || !seen.insert((&key.rack, key.router)) {
            continue;
        }
        let message = format!("the {} router of `{}` is removed while rules stand on it", key.router.word(), key.rack);
        out.report(
            Diagnostic::new(&ROUTER_IN_USE, old.line(&key.to_string()), message)
                .label("deployed, as far as the lock knows")
                .help(format!("deploy once without services on this router, then change `{parameter}`")),
        );
    }
}

fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names
}
