//! How much of a rack's routers its apps would take on Convox, and where they stop fitting.

use super::rules::Need;
use crate::demand::{Load, ROUTERS, WORDS, quota};
use crate::diagnostics::codes::{CONVOX_CERTIFICATES, CONVOX_ROUTER_FULL};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{App, Rack};
use crate::routes::Router;

/// What AWS answers when there is no more room, as [`WORDS`] lists kinds. API `ELBv2` 2015-12-01,
/// `CreateRule` and `AddListenerCertificates`.
const ANSWERS: [&str; 3] = ["TooManyRules", "TooManyUniqueTargetGroupsPerLoadBalancer", "TooManyCertificates"];

/// A router of Convox with the apps of its rack.
#[derive(Debug, Clone, PartialEq)]
pub struct Fill {
    /// Which router.
    pub router: Router,
    /// The apps that ask for something, by name.
    pub apps: Vec<(String, Need)>,
    /// All of them together.
    pub sum: Need,
    /// The most that it may hold, in the order of [`WORDS`].
    pub most: [usize; 3],
    /// Where the apps, in the order of names, stop fitting; none when all fit.
    pub ends: Vec<End>,
}

/// Where the apps of a router stop fitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Rules, target groups or certificates, by its place in [`WORDS`].
    pub kind: usize,
    /// The first app without room.
    pub app: String,
    /// Apps before it.
    pub before: usize,
    /// What the router would hold with it.
    pub held: usize,
}

impl End {
    /// What AWS answers.
    pub fn answer(&self) -> &'static str {
        ANSWERS[self.kind]
    }
}

/// Fill the routers that a rack has; apps come with their needs, by name.
pub(super) fn fill(rack: &Rack, apps: &[(&App, &[Need; 2])], out: &mut Diagnostics) -> Vec<Fill> {
    let routers = ROUTERS.into_iter().filter(|router| router.is_on(rack));
    routers.filter_map(|router| of_router(&rack.name, router, quota(rack), apps, out)).collect()
}

fn of_router(rack: &str, router: Router, quota: Load, apps: &[(&App, &[Need; 2])], out: &mut Diagnostics) -> Option<Fill> {
    let most = quota.kinds();
    let mut fill = Fill { router, apps: Vec::new(), sum: Need::default(), most, ends: Vec::new() };
    let mut ends: [Option<(&App, usize, usize)>; 3] = [None; 3];
    for (app, needs) in apps {
        let need = &needs[router as usize];
        if *need == Need::default() {
            continue;
        }
        fill.sum.add(need);
        for (kind, held) in fill.sum.kinds().into_iter().enumerate() {
            if held > most[kind] {
                ends[kind].get_or_insert((app, fill.apps.len(), held));
            }
        }
        fill.apps.push((app.name.clone(), need.clone()));
    }
    for (kind, end) in ends.into_iter().enumerate() {
        if let Some((app, before, held)) = end {
            fill.ends.push(End { kind, app: app.name.clone(), before, held });
            report(rack, &fill, app, out);
        }
    }
    (!fill.apps.is_empty()).then_some(fill)
}

/// Say where the last of the ends is.
fn report(rack: &str, fill: &Fill, app: &App, out: &mut Diagnostics) {
    let Some(end) = fill.ends.last() else { return };
    let (word, most) = (WORDS[end.kind], fill.most[end.kind]);
    let code = if word == "certificates" { &CONVOX_CERTIFICATES } else { &CONVOX_ROUTER_FULL };
    let own = fill.apps[end.before].1.kinds()[end.kind];
    let router = format!("the {} router of `{rack}`", fill.router.word());
    let what = if own > most {
        format!("`{}` alone asks for {own} {word} of {router}, which holds {most}", end.app)
    } else {
        format!("{router} has no room for `{}`: {} {word} of {most}", end.app, end.held)
    };
    let fit = match end.before {
        0 => "it is the first in the order of names".to_owned(),
        1 => "one app before it fits, in the order of names".to_owned(),
        before => format!("the {before} apps before it fit, in the order of names"),
    };
    out.report(
        Diagnostic::new(code, app.place, what)
            .label(format!("AWS answers {}", end.answer()))
            .note(format!("{fit}; all {} ask for {} {word}", fill.apps.len(), fill.sum.kinds()[end.kind]))
            .help(help(end.kind)),
    );
}

fn help(kind: usize) -> &'static str {
    match kind {
        0 => "have AWS raise the quota, set `InternalDomains: No` on apps that do without those names, or spread the apps over racks",
        1 => "spread the apps over racks: this quota can't be raised",
        _ => "share certificates that exist and cover every domain of a service, or have AWS raise the quota",
    }
}
