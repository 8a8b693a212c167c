//! What a rack keeps until nobody uses it, and what can't be taken from it at all.

use std::collections::BTreeSet;

use super::before::Before;
use crate::demand::ROUTERS;
use crate::diagnostics::codes::ROUTER_IN_USE;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{Fleet, Rack};
use crate::lock::{Lock, RuleKey};
use crate::routes::Router;

/// What a rack keeps until nobody uses it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Routers.
    pub routers: BTreeSet<Router>,
    /// The public router's listener on port 80.
    pub port80: bool,
    /// Network balancers, each by the router on its side.
    pub balancers: BTreeSet<Router>,
    /// ARNs of listed certificates.
    pub certificates: BTreeSet<(Router, String)>,
}

/// What a rack must keep for rules that still stand on it.
pub(super) fn kept(fleet: &Fleet, at: usize, apps: &[usize], lock: &Lock, last: u32, before: &Before, out: &mut Diagnostics) -> Kept {
    let rack = &fleet.racks[at];
    let mut kept = Kept::default();
    if rack.external {
        return kept;
    }
    let standing = || apps.iter().flat_map(|at| &before.units[*at].rules);
    for router in ROUTERS.into_iter().filter(|router| !router.is_on(rack)) {
        if standing().any(|(key, _)| key.router == router) {
            kept.routers.insert(router);
        }
        let parameter = if router == Router::Public { "InternalOnly" } else { "Internal" };
        in_use(rack, before, |key, _| key.router == router, &format!("the {} router", router.word()), parameter, out);
    }
    if rack.has_router() && !rack.params.port80 {
        let on_80 = |key: &RuleKey, http: bool| key.router == Router::Public && http;
        kept.port80 = standing().any(|(key, stand)| on_80(key, stand.http));
        in_use(rack, before, on_80, "port 80", "DisableALBPort80", out);
    }
    for (router, settings) in [(Router::Public, &rack.params.nlb), (Router::Internal, &rack.params.nlb_internal)] {
        if settings.is_on {
            continue;
        }
        if apps.iter().any(|at| before.units[*at].on_balancer(router).next().is_some()) {
            kept.balancers.insert(router);
        }
        let user = before.gone_ports_on(&rack.name).iter().find(|key| key.router == router);
        if let Some(key) = user {
            let parameter = if router == Router::Public { "NLB" } else { "NLBInternal" };
            still_used(rack, &key.app, "ports", &format!("the {} network balancer", router.word()), parameter, out);
        }
    }
    // A certificate of an app takes the place of a listed one: the listed one goes when it stands.
    let own_is_new = lock.certificates_on(&rack.name).any(|(_, own)| own.since == last || own.changed == Some(last));
    if own_is_new {
        kept.certificates = taken(rack, lock, last);
    }
    kept
}

/// Listed certificates that stacks of apps that are gone may still need: nobody says when those are
/// deleted, so the certificates stay until the next change.
pub(super) fn lasting(rack: &Rack, lock: &Lock, last: u32, before: &Before) -> BTreeSet<(Router, String)> {
    if rack.external || before.gone_on(&rack.name).is_empty() {
        return BTreeSet::new();
    }
    taken(rack, lock, last)
}

/// Listed certificates that the last generation took from the routers of a rack.
fn taken(rack: &Rack, lock: &Lock, last: u32) -> BTreeSet<(Router, String)> {
    let left = lock.shared_on(&rack.name).filter(|(_, known)| known.left == Some(last));
    left.map(|((_, router, arn), _)| (*router, arn.clone())).filter(|(router, _)| router.is_on(rack)).collect()
}

/// Refuse to remove what the stack of an app that is gone still imports: no phase deletes a stack.
fn in_use(rack: &Rack, before: &Before, uses: impl Fn(&RuleKey, bool) -> bool, what: &str, parameter: &str, out: &mut Diagnostics) {
    let user = before.gone_on(&rack.name).iter().find(|(key, stand)| uses(key, stand.http));
    if let Some((key, _)) = user {
        still_used(rack, &key.app, "rules", what, parameter, out);
    }
}

fn still_used(rack: &Rack, app: &str, by: &str, what: &str, parameter: &str, out: &mut Diagnostics) {
    out.report(
        Diagnostic::nowhere(&ROUTER_IN_USE, format!("{what} of `{}` is removed while {by} of `{app}` stand on it", rack.name))
            .note("the app is gone from the fleet; as far as the lock knows its stack still stands")
            .help(format!(
                "leave `{parameter}` as it was, deploy, and delete the stack (`aws cloudformation delete-stack --stack-name {}-{app}`); then change `{parameter}`",
                rack.name
            )),
    );
}
