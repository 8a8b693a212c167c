//! Which rule carries each route, under which number, and which certificate serves it. A pure
//! function of the fleet and the old lock.

mod certificates;
mod lock;
mod priority;
mod quotas;
mod rules;

pub use certificates::{AppCertificate, Certificates};
pub use lock::{Lock, LockedRule, RuleKey, read as read_lock};
pub use priority::{EXACT, WILDCARD};
pub use rules::{Class, Rule};

use crate::diagnostics::codes::{LOCK_RACK, NOT_YET};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::Fleet;
use crate::routes::Route;

/// Everything that is given out, and the lock that remembers it.
#[derive(Debug)]
pub struct Allocation {
    /// Rules by rack, router, app, service, class and ordinal.
    pub rules: Vec<Rule>,
    /// Certificates of apps and racks.
    pub certificates: Certificates,
    /// What the next compile must know.
    pub lock: Lock,
}

/// Give out rules, numbers and certificates.
pub fn allocate(fleet: &Fleet, routes: &[Route], old: &Lock, out: &mut Diagnostics) -> Allocation {
    for app in &fleet.apps {
        let rack = &fleet.racks[app.rack].name;
        let Some(before) = old.apps.get(&app.name).filter(|before| *before != rack) else { continue };
        if fleet.racks.iter().any(|r| r.name == *before) {
            out.report(
                Diagnostic::nowhere(&NOT_YET, format!("the app `{}` lives on `{before}` and is pinned to `{rack}`", app.name))
                    .note("this version does not move apps between racks")
                    .help(format!("pin it to `{before}`")),
            );
        } else {
            out.report(
                Diagnostic::nowhere(&LOCK_RACK, format!("the lock places `{}` on the rack `{before}`, which does not exist", app.name))
                    .help(format!("give the rack its name `{before}` back, or remove rackform.lock if nothing of it is deployed")),
            );
        }
    }
    let mut rules = rules::pack(fleet, routes, old);
    let retired = priority::number(&mut rules, old, out);
    let certificates = certificates::certificates(fleet, routes, out);
    quotas::check(fleet, &rules, &certificates, out);
    let lock = Lock {
        apps: fleet.apps.iter().map(|app| (app.name.clone(), fleet.racks[app.rack].name.clone())).collect(),
        rules: rules.iter().map(|rule| (rule.key.clone(), LockedRule { priority: rule.priority, hosts: rule.hosts.clone() })).collect(),
        retired,
    };
    Allocation { rules, certificates, lock }
}
