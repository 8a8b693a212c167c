//! Moves of apps between racks. A target group belongs to one load balancer, so an app that moves
//! stands on both racks until its DNS leads to the new one. How far it is stands in the lock.

use std::collections::BTreeMap;

use super::Placement;
use crate::diagnostics::codes::{APP_GONE, BAD_MOVE, MOVING};
use crate::diagnostics::{Diagnostic, Diagnostics, nearest};
use crate::fleet::Draft;
use crate::lock::{Lock, LockedApp};

/// What somebody asks of the placement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Change {
    /// Nothing: whoever has a rack stays.
    #[default]
    None,
    /// Moves that empty racks.
    Rebalance,
    /// Put an app on another rack too.
    Begin {
        /// The app.
        app: String,
        /// The rack.
        to: String,
    },
    /// Take an app that moves from its old rack.
    Finish {
        /// The app.
        app: String,
    },
    /// Take an app that moves from its new rack.
    Abort {
        /// The app.
        app: String,
    },
}

/// Where apps live, with what is asked for done.
pub(super) fn applied(draft: &Draft, old: &Lock, change: &Change, out: &mut Diagnostics) -> BTreeMap<String, LockedApp> {
    let mut placed = old.apps.clone();
    let name = match change {
        Change::None | Change::Rebalance => return placed,
        Change::Begin { app, .. } | Change::Finish { app } | Change::Abort { app } => app,
    };
    let known = draft.apps.iter().map(|app| app.name.as_str());
    let Some(app) = draft.apps.iter().find(|app| app.name == *name) else {
        let help = nearest(name, known).map_or("name an app of this fleet".to_owned(), |near| format!("did you mean `{near}`?"));
        out.report(Diagnostic::nowhere(&BAD_MOVE, format!("there is no app `{name}`")).help(help));
        return placed;
    };
    let Some(locked) = placed.get_mut(name) else {
        out.report(
            Diagnostic::new(&BAD_MOVE, app.rack_place, format!("`{name}` has no rack yet"))
                .help("run `rackform compile`; before that, `rack` of the app in rackform.yml says where it is to live"),
        );
        return placed;
    };
    let refused = match change {
        Change::Begin { to, .. } => begin(draft, app.allowed.clone(), locked, name, to),
        Change::Finish { .. } => match locked.moving_to.take() {
            Some(to) => {
                locked.rack = to;
                None
            }
            None => Some((format!("`{name}` does not move"), format!("begin with `rackform move {name} RACK`"))),
        },
        _ => match locked.moving_to.take() {
            Some(_) => None,
            None => Some((format!("`{name}` does not move"), "there is nothing to take back".to_owned())),
        },
    };
    if let Some((message, help)) = refused {
        out.report(Diagnostic::new(&BAD_MOVE, old.line(name), message).help(help));
    }
    placed
}

/// Let an app move; or else why it can't, and what to do.
fn begin(draft: &Draft, allowed: std::ops::Range<usize>, locked: &mut LockedApp, name: &str, to: &str) -> Option<(String, String)> {
    let Some(target) = draft.racks.iter().position(|rack| rack.name == to) else {
        let help = nearest(to, draft.racks.iter().map(|rack| rack.name.as_str()))
            .map_or("declare it under `racks`, or raise the `count`".to_owned(), |near| format!("did you mean `{near}`?"));
        return Some((format!("there is no rack `{to}`"), help));
    };
    if let Some(other) = locked.moving_to.as_ref().filter(|other| *other != to) {
        let help = format!("end that move first: `rackform move {name} --finish`, or `--abort`");
        return Some((format!("`{name}` moves to `{other}` already"), help));
    }
    if locked.rack == to {
        return Some((format!("`{name}` lives on `{to}`"), "nothing is to be done".to_owned()));
    }
    if !allowed.contains(&target) {
        let pin = &draft.racks[allowed.start].name;
        return Some((format!("`{name}` is pinned to `{pin}`"), format!("write `rack: {to}` for the app in rackform.yml first")));
    }
    locked.moving_to = Some(to.to_owned());
    None
}

/// Name the racks that the last app has left: nothing is written for them any more.
pub(super) fn closed(draft: &Draft, old: &Lock, placement: &Placement, out: &mut Diagnostics) {
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    for (app, locked) in &old.apps {
        for rack in std::iter::once(&locked.rack).chain(&locked.moving_to) {
            last.entry(rack).or_insert(app);
        }
    }
    for (_, rack) in draft.racks.iter().enumerate().filter(|(at, rack)| !placement.open.contains(at) && !rack.external) {
        let name = &rack.name;
        let Some(app) = last.get(name.as_str()) else { continue };
        out.report(
            Diagnostic::new(
                &APP_GONE,
                old.line(app),
                format!("no app lives on the rack `{name}`, and its stack stays until it is deleted"),
            )
            .help(format!("once the stacks of its apps are deleted: aws cloudformation delete-stack --stack-name {name}")),
        );
    }
}

/// Name the apps that are on their way, and what each needs next.
pub(super) fn say(draft: &Draft, old: &Lock, placement: &Placement, out: &mut Diagnostics) {
    for app in &draft.apps {
        let Some((rack, to)) = placement.apps.get(&app.name).and_then(|locked| Some((&locked.rack, locked.moving_to.as_ref()?))) else {
            continue;
        };
        let name = &app.name;
        // Whether one has a stack to deploy is for others to say; nobody asks for it by a name.
        let is_routed = app.manifest.services.iter().any(|service| service.port.is_some());
        let wait = if is_routed {
            format!("let the DNS of its domains lead to `{to}`, wait until nobody asks `{rack}` any more, then")
        } else {
            "then".to_owned()
        };
        out.report(
            Diagnostic::new(
                &MOVING,
                old.line(name).unwrap_or(app.rack_place),
                format!("`{name}` moves from `{rack}` to `{to}` and stands on both"),
            )
            .note(format!("the way back: `rackform move {name} --abort`"))
            .help(format!("deploy, {wait} run `rackform move {name} --finish`")),
        );
    }
}
