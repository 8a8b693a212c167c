//! The fleet: apps from what was written, each with racks that it may live on, with names and references checked.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::sync::Arc;

use super::racks::{certificate_notes, main_rack, rack_names, racks_of, taken_names};
use super::{AppParams, Compute, Rack, RackSpec};
use crate::diagnostics::codes::{APP_NAME, UNKNOWN_RACK};
use crate::diagnostics::{Diagnostic, Diagnostics, nearest};
use crate::manifest::{self, Manifest};
use crate::progress::{Progress, Stage};
use crate::source::{FileId, Files, Place, Spanned, Variables};
use crate::threads::Threads;

/// Characters of an app's name; with the rack's name and a service's it must fit a host name.
pub(super) const MAX_APP_NAME: usize = 40;

/// Racks and the apps on them.
#[derive(Debug)]
pub struct Fleet {
    /// Racks that are open, in the order of rackform.yml and of their numbers.
    pub racks: Vec<Rack>,
    /// The keys under `racks`, in file order.
    pub kinds: Vec<RackKind>,
    /// Apps by name, each on a rack. While an app moves it stands here twice.
    pub apps: Vec<PlacedApp>,
}

/// An app on a rack.
#[derive(Debug, Clone)]
pub struct PlacedApp {
    /// The app.
    pub app: Arc<App>,
    /// The rack, by its place in [`Fleet::racks`].
    pub rack: usize,
}

impl Deref for PlacedApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl Fleet {
    /// Whether an app has a stack, by its place: something of it runs, or is behind a router or a network balancer.
    pub fn has_stack(&self, at: usize) -> bool {
        let app = &self.apps[at];
        let runs = self.racks[app.rack].compute != Compute::None;
        app.manifest.services.iter().any(|service| runs || service.port.is_some() || !service.nlb.is_empty())
    }
}

/// Racks that may be opened, and apps that have no rack yet.
#[derive(Debug)]
pub struct Draft {
    /// Every rack that may be opened.
    pub racks: Vec<Rack>,
    /// The keys under `racks`, in file order.
    pub kinds: Vec<RackKind>,
    /// Apps by name.
    pub apps: Vec<Arc<App>>,
    /// Whether everything could be found and read before the manifests were looked at. Where not,
    /// what the first deployment needs is not the point.
    pub is_found: bool,
}

/// Racks of one key: they are alike but for their names.
#[derive(Debug)]
pub struct RackKind {
    /// The key.
    pub name: String,
    /// Its racks, by their places in [`Draft::racks`]; the first comes first.
    pub racks: Range<usize>,
    /// How many of them are there in any case.
    pub least: usize,
    /// Where `count`, or else the key, is written.
    pub place: Option<Place>,
}

/// One `convox.yml`.
#[derive(Debug)]
pub struct App {
    /// Its name.
    pub name: String,
    /// Where it is named, or its manifest starts.
    pub place: Place,
    /// Where its rack is said, or the app is named.
    pub rack_place: Place,
    /// The racks that it may live on, by their places in [`Draft::racks`].
    pub allowed: Range<usize>,
    /// Whether rackform.yml says where it lives.
    pub is_pinned: bool,
    /// What it says.
    pub manifest: Manifest,
    /// Its parameters.
    pub params: AppParams,
    /// Variables that rackform.yml gives a value.
    pub environment: Variables,
    /// Images of its services, the later one for a service counts.
    pub images: Vec<AppImage>,
    /// The path of its manifest relative to the fleet, for comments in templates.
    pub source: String,
}

/// What is made of an app depends on the rack that it stands on, and not on those on which it might.
impl Hash for App {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { name, place: _, rack_place: _, allowed: _, is_pinned: _, manifest, params, environment, images, source } = self;
        (name, manifest, params, environment, images, source).hash(state);
    }
}

impl Draft {
    /// The racks that are open, and each app on its rack: pairs of places of apps and racks. Every
    /// name that AWS and DNS must hold apart is checked.
    pub fn settle(self, open: &BTreeSet<usize>, homes: &[(usize, usize)], specs: &[RackSpec], out: &mut Diagnostics) -> Fleet {
        let places: BTreeMap<usize, usize> = open.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let is_open = |at: &usize| open.contains(at);
        let racks: Vec<Rack> = self.racks.into_iter().enumerate().filter(|(at, _)| is_open(at)).map(|(_, rack)| rack).collect();
        let place = |(app, rack): &(usize, usize)| Some(PlacedApp { app: Arc::clone(&self.apps[*app]), rack: *places.get(rack)? });
        let apps: Vec<PlacedApp> = homes.iter().filter_map(place).collect();
        taken_names(&racks, specs, &apps, out);
        if self.is_found {
            certificate_notes(&racks, specs, out);
        }
        Fleet { racks, kinds: self.kinds, apps }
    }
}

/// The image of a service, from rackform.yml or the command line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AppImage {
    /// The service.
    pub service: String,
    /// The image.
    pub image: String,
    /// Where it is written; none for the command line.
    pub place: Option<Place>,
}

/// A manifest that was found, before it is read.
#[derive(Debug)]
pub struct AppSource {
    /// Name of the app.
    pub name: String,
    /// Where the name is written, when it is not the name of a folder.
    pub place: Option<Place>,
    /// The manifest.
    pub file: FileId,
    /// Its path relative to the fleet.
    pub source: String,
    /// Values for `${NAME}`.
    pub variables: Variables,
    /// Those of the variables that rackform.yml gives a value. They are on record there, so containers may see them in a
    /// template; what comes from the command line stays out of it.
    pub environment: Variables,
    /// Images of services.
    pub images: Vec<AppImage>,
    /// Parameters of the app that rackform.yml sets.
    pub params: Vec<(Spanned<String>, Spanned<String>)>,
    /// The rack it is pinned to.
    pub rack: Option<Spanned<String>>,
}

/// Read every manifest and put the fleet together. Without racks in rackform.yml there are as many
/// as are needed, called main, main-2 and so on.
pub fn assemble(
    files: &Files,
    specs: &[RackSpec],
    sources: &[AppSource],
    threads: Threads,
    progress: &Progress,
    out: &mut Diagnostics,
) -> Draft {
    let mut racks = Vec::new();
    let mut kinds = Vec::new();
    for (kind, spec) in specs.iter().enumerate() {
        let first = racks.len();
        racks.extend(racks_of(spec, kind, out));
        let place = Some(spec.count_place.unwrap_or(spec.name.place));
        kinds.push(RackKind { name: spec.name.value.clone(), racks: first..racks.len(), least: spec.count.0, place });
    }
    if specs.is_empty() {
        racks.extend((0..sources.len().max(1)).map(main_rack));
        kinds.push(RackKind { name: "main".into(), racks: 0..racks.len(), least: 1, place: None });
    }
    rack_names(&racks, specs, out);
    let is_found = !out.has_errors();
    // What takes long is done first and apart; messages come in the order of the sources.
    let start: &Diagnostics = out;
    progress.begin(Stage::Checking, sources.len());
    let manifests = threads.map(sources, |source| {
        let mut out = start.part();
        let manifest = manifest::read(files, source.file, &source.variables, &mut out);
        let read = manifest.map(|manifest| (AppParams::read(&source.params, &manifest, &mut out), manifest));
        progress.step();
        (read, out)
    });
    let mut apps = Vec::new();
    let mut names: BTreeMap<&str, Place> = BTreeMap::new();
    for (source, (read, said)) in sources.iter().zip(manifests) {
        let place = source.place.unwrap_or(Place { file: source.file, span: crate::source::Span::default() });
        let first = *names.entry(&source.name).or_insert(place);
        if place != first {
            out.report(
                Diagnostic::new(&APP_NAME, place, format!("two apps have the name `{}`", source.name))
                    .also(first, "the other one")
                    .help("name the apps in rackform.yml, or rename a folder"),
            );
        }
        let allowed = allowed(source, &racks, &kinds, out);
        let may_be_on = |kind: &&RackKind| allowed.as_ref().is_some_and(|allowed| allowed.contains(&kind.racks.start));
        let is_a_rack = kinds.iter().filter(may_be_on).any(|kind| kind.name == source.name);
        let is_named = name(source, is_a_rack, place, out);
        out.take_in(said);
        let Some((params, manifest)) = read else { continue };
        // A second app of one name is checked, and goes no further: all of its hosts are taken.
        if let Some(allowed) = allowed.filter(|_| place == first && is_named) {
            apps.push(Arc::new(App {
                name: source.name.clone(),
                place,
                rack_place: source.rack.as_ref().map_or(place, |rack| rack.place),
                allowed,
                is_pinned: source.rack.is_some(),
                manifest,
                params,
                environment: source.environment.clone(),
                images: source.images.clone(),
                source: source.source.clone(),
            }));
        }
    }
    apps.sort_by(|a, b| a.name.cmp(&b.name));
    Draft { racks, kinds, apps, is_found }
}

/// The racks that an app may live on: those of a kind that it names, one rack, or any.
fn allowed(source: &AppSource, racks: &[Rack], kinds: &[RackKind], out: &mut Diagnostics) -> Option<Range<usize>> {
    let Some(pinned) = &source.rack else { return Some(0..racks.len()) };
    let kind = kinds.iter().find(|kind| kind.name == pinned.value).map(|kind| kind.racks.clone());
    let allowed = kind.or_else(|| racks.iter().position(|rack| rack.name == pinned.value).map(|at| at..at + 1));
    if allowed.is_none() {
        let known = racks.iter().map(|rack| rack.name.as_str());
        let help = nearest(&pinned.value, known).map_or("declare it under `racks`".to_owned(), |near| format!("did you mean `{near}`?"));
        out.report(Diagnostic::new(&UNKNOWN_RACK, pinned.place, format!("there is no rack `{}`", pinned.value)).help(help));
    }
    allowed
}

/// Check an app's name, which becomes part of host names and of the stack's name; whether it fits.
fn name(source: &AppSource, is_a_rack: bool, place: Place, out: &mut Diagnostics) -> bool {
    let name = &source.name;
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= MAX_APP_NAME
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !fits || is_a_rack {
        let why = if fits {
            "an app may not have the name of its rack"
        } else {
            "a letter from a to z first, then a to z, 0 to 9 and `-`, at most 40 characters"
        };
        out.report(
            Diagnostic::new(&APP_NAME, place, format!("`{name}` is no name for an app"))
                .note(why)
                .help("name the app in rackform.yml, or rename its folder"),
        );
    }
    fits
}
