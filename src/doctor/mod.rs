//! What is wrong with a fleet on real Convox racks today, in Convox's own numbers: what it would
//! deploy, which rules collide, who answers where two rules match, what it ignores, and what packing
//! saves. A pure function of manifests and parameters.
//!
//! Facts are those of Convox's release 20260421192651. What only the account knows is left out: its
//! certificates, the environment of apps, and parameters that were set by hand.

mod capacity;
mod collisions;
mod ends;
mod hosts;
mod merges;
mod numbers;
pub mod print;
mod racks;
mod rank;
mod reading;
mod refusals;
mod rules;
mod savings;
mod traps;

pub use capacity::{End, Fill};
pub use collisions::Chances;
pub use rank::{Rank, rank};
pub use rules::Need;
pub use savings::{Savings, Total};

use std::collections::BTreeMap;

use crate::diagnostics::codes::{APP_NAME, UNSET_HOST_VARIABLE};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{self, App, AppSource, Rack, RackSpec, SharedCertificate};
use crate::lock::Lock;
use crate::manifest::Manifest;
use crate::progress::Progress;
use crate::routes;
use crate::source::{Files, Place, Span};
use crate::threads::Threads;

use racks::{Homes, SharedRack};
use reading::Reading;
use rules::ConvoxRule;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The files that places point into.
    pub files: &'a Files,
    /// Racks that rackform.yml describes.
    pub racks: &'a [RackSpec],
    /// Manifests.
    pub apps: &'a [AppSource],
    /// The lock, where there is a rackform.yml.
    pub lock: Option<&'a Lock>,
    /// The one rack that all apps shall share.
    pub rack: Option<&'a str>,
}

/// What was found, beside the diagnostics.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Apps that were looked at.
    pub apps: usize,
    /// Names of apps whose manifest could not be read, sorted; nothing of them is counted.
    pub unread: Vec<String>,
    /// Racks that apps share.
    pub racks: Vec<RackReport>,
    /// What packing saves.
    pub savings: Savings,
}

/// A rack of Convox.
#[derive(Debug, Clone, PartialEq)]
pub struct RackReport {
    /// Its name.
    pub name: String,
    /// Apps on it, those without a port too.
    pub apps: usize,
    /// Its routers that have something to do, and how likely the next collision is on each.
    pub routers: Vec<(Fill, Chances)>,
}

/// Look at a fleet. What can't be read is reported, and the rest goes on.
pub fn examine(question: &Question<'_>, threads: Threads, out: &mut Diagnostics) -> Report {
    let files = question.files;
    let mut sources: Vec<&AppSource> = question.apps.iter().collect();
    sources.sort_by(|a, b| (&a.name, &a.source).cmp(&(&b.name, &b.source)));
    same_app(&mut sources, out);
    let start: &Diagnostics = out;
    let readings = threads.map(&sources, |source| reading::read(files, source, start.part()));

    let mut unread = Vec::new();
    let mut read: Vec<(&AppSource, App)> = Vec::new();
    for (source, reading) in sources.iter().zip(readings) {
        let Reading { manifest, params, said } = reading;
        out.take_in(said);
        match manifest {
            Some(manifest) => read.push((source, app(source, manifest, params))),
            None => unread.push(source.name.clone()),
        }
    }

    let plain = plain_rack(files);
    // What is wrong with racks as rackform deploys them is not the question.
    let described = match question.racks {
        [] => Vec::new(),
        specs => fleet::assemble(files, specs, &[], threads, &Progress::default(), &mut Diagnostics::default()).racks,
    };
    let homes = Homes { described: &described, plain: &plain, lock: question.lock, asked: question.rack };
    let shared = homes.share(&read.iter().map(|(source, _)| *source).collect::<Vec<_>>());
    let apps: Vec<&App> = read.iter().map(|(_, app)| app).collect();
    let mut needs: Vec<[Need; 2]> = vec![Default::default(); apps.len()];
    let racks = shared.iter().map(|shared| rack(shared, &read, &apps, &mut needs, out)).collect();
    refusals::first_deploy(&apps, out);

    let certificates = certificates(&described);
    let savings = savings::compare(read.into_iter().map(|(_, app)| app).collect(), &needs, &plain, &certificates);
    Report { apps: sources.len(), unread, racks, savings }
}

/// Of several apps with one name the first is looked at: the others have other names on Convox.
fn same_app(sources: &mut Vec<&AppSource>, out: &mut Diagnostics) {
    let mut first: BTreeMap<&str, Place> = BTreeMap::new();
    sources.retain(|source| {
        let place = place_of(source);
        let known = *first.entry(&source.name).or_insert(place);
        if known != place {
            out.report(
                Diagnostic::new(&APP_NAME, place, format!("two apps have the name `{}`, and only the first is looked at", source.name))
                    .also(known, "the other one")
                    .help("name the apps in rackform.yml, or rename a folder"),
            );
        }
        known == place
    });
}

/// Where an app is named, or its manifest starts.
fn place_of(source: &AppSource) -> Place {
    source.place.unwrap_or(Place { file: source.file, span: Span::default() })
}

fn app(source: &AppSource, manifest: Manifest, params: fleet::AppParams) -> App {
    App {
        name: source.name.clone(),
        place: place_of(source),
        rack_place: source.rack.as_ref().map_or(place_of(source), |rack| rack.place),
        allowed: 0..0,
        is_pinned: source.rack.is_some(),
        manifest,
        params,
        environment: source.environment.clone(),
        images: Vec::new(),
        source: source.source.clone(),
    }
}

/// A rack of which nothing is known, so it has whatever its apps need.
fn plain_rack(files: &Files) -> Rack {
    let mut draft = fleet::assemble(files, &[], &[], Threads::of(1), &Progress::default(), &mut Diagnostics::default());
    let mut rack = draft.racks.swap_remove(0);
    rack.params.internal = true;
    rack
}

/// Every certificate that rackform.yml lists, once.
fn certificates(racks: &[Rack]) -> Vec<SharedCertificate> {
    let mut all: Vec<SharedCertificate> = Vec::new();
    for certificate in racks.iter().flat_map(|rack| &rack.certificates) {
        if !all.contains(certificate) {
            all.push(certificate.clone());
        }
    }
    all
}

/// Look at one rack.
fn rack(shared: &SharedRack, read: &[(&AppSource, App)], apps: &[&App], needs: &mut [[Need; 2]], out: &mut Diagnostics) -> RackReport {
    let mut rules: Vec<ConvoxRule> = Vec::new();
    for at in &shared.apps {
        let (source, app) = &read[*at];
        name(app, &shared.rack, out);
        surroundings(*at, app, &shared.rack, out);
        refusals::check(app, &shared.rack, &source.params, out);
        let own = rules::rules(*at, app, &shared.rack);
        needs[*at] = rules::needs(app, &shared.rack, &own);
        rules.extend(own);
    }
    let by_name: Vec<(&App, &[Need; 2])> = shared.apps.iter().map(|at| (apps[*at], &needs[*at])).collect();
    let fills = capacity::fill(&shared.rack, &by_name, out);
    let mut routers = Vec::new();
    for fill in fills {
        let on_it: Vec<&ConvoxRule> = rules.iter().filter(|rule| rule.router == fill.router).collect();
        collisions::check(&shared.rack.name, fill.router, apps, &on_it, out);
        hosts::check(apps, &on_it, out);
        let chances = collisions::chances(&on_it, fill.most[0].saturating_sub(fill.sum.rules()));
        collisions::report(&shared.rack.name, fill.router, &chances, out);
        routers.push((fill, chances));
    }
    RackReport { name: shared.rack.name.clone(), apps: shared.apps.len(), routers }
}

/// What Convox takes for the name of an app. `provider/aws/apps.go`.
fn name(app: &App, rack: &Rack, out: &mut Diagnostics) {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let why = if app.name == rack.name {
        "an app may not have the name of its rack"
    } else if app.name.is_empty() || !app.name.chars().all(is_word) {
        "Convox takes a to z, 0 to 9, `-` and `_`"
    } else {
        return;
    };
    out.report(
        Diagnostic::new(&APP_NAME, app.place, format!("`{}` is no name for an app", app.name))
            .note(why)
            .help("name the app in rackform.yml, or rename its folder"),
    );
}

/// What the hosts and the routers of an app's services lack, as far as it is about Convox too.
fn surroundings(at: usize, app: &App, rack: &Rack, out: &mut Diagnostics) {
    let mut all = Diagnostics::default();
    routes::of_app(at, app, rack, &mut all);
    routes::surroundings(app, rack, &mut all);
    for diagnostic in all.sorted().into_iter().filter(|diagnostic| *diagnostic.code != UNSET_HOST_VARIABLE) {
        out.report(diagnostic.clone());
    }
}
