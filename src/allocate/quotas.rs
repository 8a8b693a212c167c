//! What a router may hold, over all of its listeners.

use std::collections::{BTreeMap, BTreeSet};

use super::certificates::Certificates;
use super::rules::Rule;
use crate::diagnostics::codes::QUOTA;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::Fleet;
use crate::routes::Router;

/// Distinct target groups. Not adjustable.
const TARGET_GROUPS: usize = 100;

/// What a router is asked for.
#[derive(Default)]
struct Demand {
    rules: usize,
    target_groups: BTreeSet<(usize, usize)>,
    certificates: usize,
}

/// Check what every router is asked for; whether all of it fits.
pub(super) fn check(fleet: &Fleet, rules: &[Rule], certificates: &Certificates, out: &mut Diagnostics) -> bool {
    let mut fits = true;
    let mut demands: BTreeMap<(usize, Router), Demand> = BTreeMap::new();
    for rule in rules {
        let app = &fleet.apps[rule.app];
        let demand = demands.entry((app.rack, rule.key.router)).or_default();
        demand.rules += if app.params.redirect_https { 1 } else { 2 };
        demand.target_groups.insert((rule.app, rule.service));
    }
    for (at, arns) in &certificates.shared {
        demands.entry(*at).or_default().certificates += arns.len();
    }
    for (app, own) in &certificates.apps {
        for router in own.iter().flat_map(|certificate| &certificate.routers) {
            demands.entry((fleet.apps[*app].rack, *router)).or_default().certificates += 1;
        }
    }
    for ((rack, router), demand) in demands {
        let quotas = fleet.racks[rack].quotas;
        let asked = [
            (
                "rules",
                demand.rules,
                quotas.rules,
                "set `InternalDomains: No` or remove `RedirectHttps: No` on apps, let AWS raise the quota and write `quotas` for the rack, or use more racks",
            ),
            ("target groups", demand.target_groups.len(), TARGET_GROUPS, "spread the apps over more racks; this quota can't be raised"),
            (
                "certificates",
                demand.certificates,
                quotas.certificates,
                "list wildcard certificates under `certificates` of the rack, let AWS raise the quota and write `quotas` for the rack, or use more racks",
            ),
        ];
        for (what, asked, quota, help) in asked.into_iter().filter(|(_, asked, quota, _)| asked > quota) {
            fits = false;
            let name = &fleet.racks[rack].name;
            out.report(
                Diagnostic::nowhere(
                    &QUOTA,
                    format!("the {} router of `{name}` would hold {asked} {what}, and AWS allows {quota}", router.word()),
                )
                .help(help),
            );
        }
    }
    fits
}
