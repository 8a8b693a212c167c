//! Which rule carries each route, under which number, and which certificate serves it. A pure
//! function of the fleet and the old lock.

mod memory;
mod priority;
mod quotas;

pub use priority::{EXACT, WILDCARD};

use std::collections::BTreeMap;

use crate::demand::{self, Certificates, Ledger, Rule};
use crate::diagnostics::codes::APP_GONE;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::Fleet;
use crate::lock::{Lock, LockedApp};
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
    }
    let lock = memory::remember(fleet, &rules, &certificates, apps, old);
    Allocation { rules, certificates, ledger, lock }
}

/// Apps of the lock that nobody wants any more, or that have left a rack.
fn gone(apps: &BTreeMap<String, LockedApp>, old: &Lock, out: &mut Diagnostics) {
    for (app, was) in &old.apps {
        let stays = |rack: &String| apps.get(app).is_some_and(|is| is.rack == *rack || is.moving_to.as_ref() == Some(rack));
        // An app that nothing is routed to has no stack.
        let has_stack = |rack: &String| old.rules_of(rack, app).next().is_some();
        for rack in std::iter::once(&was.rack).chain(&was.moving_to).filter(|rack| !stays(rack) && has_stack(rack)) {
            let what =
                if apps.contains_key(app) { format!("the app `{app}` has left `{rack}`") } else { format!("the app `{app}` is gone") };
            out.report(
                Diagnostic::new(&APP_GONE, old.line(app), format!("{what}, and its stack `{rack}-{app}` stays until it is deleted"))
                    .help(format!("once nobody needs it: aws cloudformation delete-stack --stack-name {rack}-{app}")),
            );
        }
    }
}
