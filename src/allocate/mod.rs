//! Which rule carries each route, under which number, and which certificate serves it. A pure
//! function of the fleet and the old lock.

mod memory;
mod priority;
mod quotas;
mod strangers;

pub use crate::demand::{EXACT, WILDCARD};
pub use priority::first_choice;
pub use strangers::{Ours, shadows};

use std::collections::BTreeMap;

use crate::demand::{self, Certificates, Ledger, Rule};
use crate::diagnostics::codes::APP_GONE;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::Fleet;
use crate::host::Host;
use crate::lock::{Lock, LockedApp, RuleKey};
use crate::routes::Route;

/// Everything that is given out, and the lock that remembers it.
#[derive(Debug)]
pub struct Allocation {
    /// Rules by rack, router, app, service, class and ordinal.
    pub rules: Vec<Rule>,
    /// Certificates of apps and racks.
    pub certificates: Certificates,
    /// How full the routers are.
    pub ledger: Ledger,
    /// What the next compile must know.
    pub lock: Lock,
}

/// Give out rules, numbers and certificates to apps that live where `apps` says.
pub fn allocate(fleet: &Fleet, routes: &[Route], apps: &BTreeMap<String, LockedApp>, old: &Lock, out: &mut Diagnostics) -> Allocation {
    gone(apps, old, out);
    let mut rules = demand::pack(fleet, routes, old);
    let certificates = demand::certificates(fleet, routes, old, out);
    let ledger = Ledger::of(fleet, &rules, &certificates, old);
    // What no router holds needs no numbers.
    if quotas::check(fleet, &rules, &ledger, old, out) {
        priority::number(&mut rules, old, routes, out);
        shadowed(fleet, &rules, routes, old, out);
    }
    let lock = memory::remember(fleet, &rules, &certificates, apps, old);
    Allocation { rules, certificates, ledger, lock }
}

/// Say which of our hosts rules of others take before us.
fn shadowed(fleet: &Fleet, rules: &[Rule], routes: &[Route], old: &Lock, out: &mut Diagnostics) {
    let ours = rules.iter().filter(|rule| rule.priority > 0);
    let ours = ours.map(|rule| (&rule.key, rule.priority, rule.hosts.as_slice(), !fleet.apps[rule.app].params.redirect_https));
    let place = |key: &RuleKey, host: &Host| {
        let is_its = |route: &&Route| route.router == key.router && route.host == *host && fleet.apps[route.app].name == key.app;
        routes.iter().find(is_its).map(|route| route.place)
    };
    shadows(ours, old, place, |_| None, out);
}

/// Apps of the lock that nobody wants any more, or that have left a rack.
fn gone(apps: &BTreeMap<String, LockedApp>, old: &Lock, out: &mut Diagnostics) {
    for (app, was) in &old.apps {
        let stays = |rack: &String| apps.get(app).is_some_and(|is| is.rack == *rack || is.moving_to.as_ref() == Some(rack));
        for rack in std::iter::once(&was.rack).chain(&was.moving_to).filter(|rack| !stays(rack)) {
            let what =
                if apps.contains_key(app) { format!("the app `{app}` has left `{rack}`") } else { format!("the app `{app}` is gone") };
            out.report(
                Diagnostic::new(&APP_GONE, old.line(app), format!("{what}, and its stack `{rack}-{app}` stays until it is deleted"))
                    .help(format!("once nobody needs it: aws cloudformation delete-stack --stack-name {rack}-{app}")),
            );
        }
    }
}
