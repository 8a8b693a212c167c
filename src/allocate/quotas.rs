//! What a router may hold, over all of its listeners.

use crate::demand::{Ledger, ROUTERS, Rule, WORDS, quota};
use crate::diagnostics::codes::QUOTA;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::Fleet;
use crate::lock::Lock;
use crate::remedies;

/// Check what every router is asked for; whether all of it fits.
pub(super) fn check(fleet: &Fleet, rules: &[Rule], ledger: &Ledger, lock: &Lock, out: &mut Diagnostics) -> bool {
    let mut fits = true;
    for (at, rack) in fleet.racks.iter().enumerate() {
        for router in ROUTERS {
            let (load, most) = (ledger.load(&rack.name, router).kinds(), quota(rack).kinds());
            for kind in (0..WORDS.len()).filter(|kind| load[*kind] > most[*kind]) {
                fits = false;
                let others = ledger.strangers(&rack.name, router).kinds()[kind];
                let message = format!(
                    "the {} router of `{}` would hold {} {}, and AWS allows {}",
                    router.word(),
                    rack.name,
                    load[kind],
                    WORDS[kind],
                    most[kind]
                );
                let mut diagnostic = Diagnostic::nowhere(&QUOTA, message);
                if others > 0 {
                    diagnostic = diagnostic.note(format!("{others} of them are not rackform's"));
                }
                let ways = remedies::overflow(fleet, rules, ledger, lock, at, router, kind);
                out.report(diagnostic.help(remedies::ranked(&ways)));
            }
        }
    }
    fits
}
