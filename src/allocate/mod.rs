//! Which rule carries each route, under which number, and which certificate serves it. A pure
//! function of the fleet and the old lock.

mod imports;
mod listeners;
mod memory;
mod ports;
mod priority;
mod quotas;
mod strangers;

pub use crate::demand::{EXACT, WILDCARD};
pub use listeners::{Action, HTTP, HTTPS, Holder, Listeners, Reply, ports};
pub use priority::first_choice;
pub use strangers::{Ours, shadows};

use std::collections::{BTreeMap, BTreeSet};

use crate::demand::{self, Certificates, Ledger, Rule};
use crate::diagnostics::codes::{APP_GONE, RACK_REPLACED};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{Compute, Fleet, Rack};
use crate::host::Host;
use crate::lock::{Lock, LockedApp, LockedRack, RuleKey};
use crate::routes::{Route, Router};
use crate::threads::Threads;

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
pub fn allocate(
    fleet: &Fleet,
    routes: &[Route],
    apps: &BTreeMap<String, LockedApp>,
    old: &Lock,
    threads: Threads,
    out: &mut Diagnostics,
) -> Allocation {
    replaced(fleet, old, out);
    gone(fleet, apps, old, out);
    let (certificates, mut rules) =
        threads.both(fleet.apps.len(), || demand::certificates(fleet, routes, old, out), || demand::pack(fleet, routes, old));
    let ledger = Ledger::of(fleet, &rules, &certificates, old);
    // What no router holds needs no numbers.
    if quotas::check(fleet, &rules, &ledger, old, out) {
        priority::number(&mut rules, old, routes, out);
        shadowed(fleet, &rules, routes, old, out);
    }
    let lock = memory::remember(fleet, &rules, &certificates, apps, old);
    Allocation { rules, certificates, ledger, lock }
}

/// Racks whose VPC or internal router would be another one while apps import it: CloudFormation
/// does not change an export in use.
fn replaced(fleet: &Fleet, old: &Lock, out: &mut Diagnostics) {
    for rack in fleet.racks.iter().filter(|rack| !rack.external) {
        let Some(before) = old.racks.get(&rack.name) else { continue };
        let now = memory::imported(rack);
        let is_home =
            |router: Option<Router>| old.rules.keys().any(|key| key.rack == rack.name && router.is_none_or(|router| key.router == router));
        let changed = if before.network != now.network && (is_home(None) || !before.imports.is_empty()) {
            Some(("VPC", before.network.clone(), now.network, "`network` and `VPCCIDR`"))
        } else if before.internal_router != now.internal_router && rack.has_router_internal() && is_home(Some(Router::Internal)) {
            let shown = |name: Option<String>| name.unwrap_or_else(|| "a name of CloudFormation's".to_owned());
            Some(("internal router", shown(before.internal_router.clone()), shown(now.internal_router), "`InternalRouterSuffix`"))
        } else {
            None
        };
        let Some((what, from, to, keys)) = changed else {
            exports_changed(rack, before, old, out);
            continue;
        };
        out.report(
            Diagnostic::new(
                &RACK_REPLACED,
                old.line(&rack.name),
                format!("the {what} of `{}` would be replaced while apps stand on it", rack.name),
            )
            .note(format!("it is {from} and would be {to}"))
            .help(format!("leave {keys} as they were, or declare another rack and move the apps there with `rackform move`")),
        );
    }
}

/// The exports of a rack that tasks import and that would be changed or be gone.
fn exports_changed(rack: &Rack, before: &LockedRack, old: &Lock, out: &mut Diagnostics) {
    let change = |(name, was): (&String, &String)| {
        let is = imports::made_of(rack, name);
        (is.as_ref() != Some(was)).then(|| (name.clone(), was.clone(), is))
    };
    let changed: Vec<(String, String, Option<String>)> = before.imports.iter().filter_map(change).collect();
    if changed.is_empty() {
        return;
    }
    let exports: Vec<String> = changed.iter().map(|(name, ..)| format!("`{name}`")).collect();
    let mut diagnostic = Diagnostic::new(
        &RACK_REPLACED,
        old.line(&rack.name),
        format!("apps on `{}` import {} of it, which CloudFormation would not change", rack.name, exports.join(", ")),
    );
    let shown = |made_of: &str| if made_of == imports::OWN { "the rack's own".to_owned() } else { made_of.to_owned() };
    for (name, was, is) in &changed {
        let is = is.as_ref().map_or_else(|| "gone".to_owned(), |is| shown(is));
        diagnostic = diagnostic.note(format!("`{name}` is {} and would be {is}", shown(was)));
    }
    let keys: BTreeSet<String> = changed.iter().flat_map(|(name, ..)| imports::keys(rack, name)).collect();
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    out.report(diagnostic.help(format!(
        "leave {} as before, or declare another rack and move the apps there with `rackform move`; a rack whose apps import none of it may change",
        keys.join(", ")
    )));
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
fn gone(fleet: &Fleet, apps: &BTreeMap<String, LockedApp>, old: &Lock, out: &mut Diagnostics) {
    let stacks = fleet.apps.iter().enumerate().filter(|(at, _)| fleet.has_stack(*at));
    let living: BTreeSet<(&str, &str)> = stacks.map(|(_, app)| (fleet.racks[app.rack].name.as_str(), app.name.as_str())).collect();
    let idle = fleet.racks.iter().filter(|rack| rack.compute == Compute::None);
    let idle: BTreeSet<&String> = idle.map(|rack| &rack.name).collect();
    for (app, was) in &old.apps {
        let stays = |rack: &String| living.contains(&(rack.as_str(), app.as_str()));
        // A rack that is not there was reported.
        let is_lost =
            |rack: &String| apps.get(app).is_some_and(|is| is.rack == *rack) && !fleet.racks.iter().any(|known| known.name == *rack);
        // An app that nothing is routed to has no stack where nothing of it runs.
        let has_stack = |rack: &String| !idle.contains(rack) || old.rules_of(rack, app).next().is_some();
        for rack in std::iter::once(&was.rack).chain(&was.moving_to).filter(|rack| !stays(rack) && has_stack(rack) && !is_lost(rack)) {
            let what = match apps.get(app) {
                Some(is) if is.rack == *rack => format!("nothing leads to the app `{app}` any more"),
                Some(_) => format!("the app `{app}` has left `{rack}`"),
                None => format!("the app `{app}` is gone"),
            };
            out.report(
                Diagnostic::new(&APP_GONE, old.line(app), format!("{what}, and its stack `{rack}-{app}` stays until it is deleted"))
                    .help(format!("once nobody needs it: aws cloudformation delete-stack --stack-name {rack}-{app}")),
            );
        }
    }
}
