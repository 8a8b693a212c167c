//! The first stage: find and read files. Nothing else reads the disk before the output does.

mod fetch;
mod options;
mod output;
mod paths;
mod revision;
#[cfg(all(test, unix))]
mod testing;

pub use fetch::{read, read_large};
pub use output::{OutputTexts, has_output, output, unreadable};
pub use revision::{Revision, revision};

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::diagnostics::codes::{BAD_LIMITS, NO_MANIFEST};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{self, AppSource, AppSpec, Apps, Promises, Quotas, QuotasSpec, RackSpec};
use crate::progress::{Progress, Stage};
use crate::source::{FileId, Files, MAX_BYTES, Variables};
use fetch::{Fetched, fetch_all, keep};
use options::{images, variables};
use paths::{FLEET, LOCK, fleet_folder, folder_name, folder_of, lies_in, manifests, matching, non_empty, shown, slashes, sought};

/// What the command line says about input.
#[derive(Debug, Default)]
pub struct Request {
    /// A manifest, or a folder.
    pub path: PathBuf,
    /// Files with NAME=VALUE lines.
    pub env_files: Vec<PathBuf>,
    /// NAME=VALUE each.
    pub env: Vec<String>,
    /// SERVICE=IMAGE each, with APP/ in front where there are several apps.
    pub images: Vec<String>,
}

/// Everything that was read.
#[derive(Debug)]
pub struct Loaded {
    /// Racks that rackform.yml describes.
    pub racks: Vec<RackSpec>,
    /// Manifests that were found.
    pub apps: Vec<AppSource>,
    /// What rackform.yml promises of hosts.
    pub promises: Promises,
    /// The lock, if there is one.
    pub lock: Option<FileId>,
    /// Where the lock is, or will be.
    pub lock_path: PathBuf,
    /// Whether all of rackform.yml could be read; what could not was reported.
    pub is_whole: bool,
    /// Whether there is a rackform.yml.
    pub has_fleet: bool,
    /// What racks are written from, for comments: rackform.yml or the manifests of this folder.
    pub fleet_source: String,
}

/// Read everything that a compile needs. What can't be read is reported, and the rest goes on.
pub fn load(request: &Request, progress: &Progress, files: &mut Files, out: &mut Diagnostics) -> Loaded {
    progress.begin(Stage::Reading, 0);
    let variables = variables(request, files, out);
    let start = folder_of(&request.path);
    let fleet = fleet_folder(&start).and_then(|folder| {
        let mut found = Diagnostics::default();
        let (racks, apps, promises, is_whole) = read_fleet(&folder, progress, files, &mut found);
        // A fleet further up counts only if it is about this folder.
        let is_about = folder == start || apps.iter().any(|app| lies_in(&folder.join(&app.source), &start));
        is_about.then(|| {
            for diagnostic in found.sorted() {
                out.report(diagnostic.clone());
            }
            (folder, racks, apps, promises, is_whole)
        })
    });
    let (folder, racks, mut apps, promises, is_whole) = if let Some(found) = fleet {
        is_of_the_fleet(&request.path, &found.0, &found.2, out);
        found
    } else {
        let is_lock = request.path.file_name().is_some_and(|name| name == LOCK);
        let paths = if request.path.is_file() && !is_lock { vec![request.path.clone()] } else { sought(&start) };
        let apps = found(&paths, &start, progress, files, out);
        (start, Vec::new(), apps, Promises::default(), true)
    };
    for app in &mut apps {
        app.variables.extend(variables.clone());
    }
    images(&request.images, &mut apps, out);
    let lock_path = folder.join(LOCK);
    // What is there and can't be read, such as a link that leads nowhere, is no missing lock.
    let is_there = !fs::symlink_metadata(&lock_path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let lock = if is_there { read_large(&lock_path, files, out) } else { None };
    let has_fleet = folder.join(FLEET).is_file();
    let fleet_source = if has_fleet { FLEET.to_owned() } else { "the manifests of this folder".to_owned() };
    Loaded { racks, apps, promises, lock, lock_path, is_whole, has_fleet, fleet_source }
}

/// The manifests in a folder or below it, each with the name of its folder and its path from there.
pub fn manifests_of(folder: &Path) -> Vec<(String, String)> {
    let paths = manifests(folder);
    paths.iter().map(|path| (folder_name(path), slashes(path.strip_prefix(folder).unwrap_or(path)))).collect()
}

/// Whether a project was compiled before: whether the folder of its fleet has a lock.
pub fn has_lock(path: &Path) -> bool {
    fleet_folder(&folder_of(path)).is_some_and(|folder| folder.join(LOCK).is_file())
}

/// Whether there is something to compile: a fleet, here or further up, or a manifest.
pub fn is_project(path: &Path) -> bool {
    let folder = folder_of(path);
    fleet_folder(&folder).is_some() || !manifests(&folder).is_empty()
}

/// Where rackform.yml of a folder is, or will be.
pub fn fleet_path(folder: &Path) -> PathBuf {
    folder.join(FLEET)
}

/// Racks, apps, promises, and whether all of the file could be read.
fn read_fleet(
    folder: &Path,
    progress: &Progress,
    files: &mut Files,
    out: &mut Diagnostics,
) -> (Vec<RackSpec>, Vec<AppSource>, Promises, bool) {
    if !folder.join(FLEET).is_file() {
        return (Vec::new(), found(&sought(folder), folder, progress, files, out), Promises::default(), true);
    }
    let file = read(&folder.join(FLEET), files, out).and_then(|id| fleet::read(files, id, out));
    let Some(mut file) = file else { return (Vec::new(), Vec::new(), Promises::default(), false) };
    for rack in &mut file.racks {
        account_limits(folder, rack, files, out);
    }
    let apps = match &file.apps {
        Apps::Named(specs) => named(folder, specs, progress, files, out),
        Apps::Pattern(pattern) => {
            let paths = matching(folder, &pattern.value);
            let fetched = fetch_all(&paths, progress, files);
            if fetched.iter().all(Option::is_none) && file.is_whole {
                out.report(
                    Diagnostic::new(&NO_MANIFEST, pattern.place, format!("`{}` matches no file", pattern.value))
                        .help("correct the pattern; it is relative to rackform.yml"),
                );
            }
            apps_of(&paths, fetched, folder, files, out)
        }
        Apps::Found => found(&sought(folder), folder, progress, files, out),
    };
    (file.racks, apps, file.promises, file.is_whole)
}

/// Put the quotas that a file holds in the place of its path.
fn account_limits(folder: &Path, rack: &mut RackSpec, files: &mut Files, out: &mut Diagnostics) {
    let Some(QuotasSpec::File(path)) = &rack.quotas else { return };
    let Some(id) = read(&folder.join(&path.value), files, out) else { return };
    match Quotas::from_account_limits(files.text(id)) {
        Ok(quotas) => rack.quotas = Some(QuotasSpec::Written(quotas)),
        Err(why) => {
            out.report(
                Diagnostic::new(&BAD_LIMITS, path.place, format!("{} does not hold the limits of an account: {why}", path.value))
                    .help("save what `aws elbv2 describe-account-limits` prints"),
            );
        }
    }
}

/// A file that is named on the command line must be one that is read.
fn is_of_the_fleet(path: &Path, folder: &Path, apps: &[AppSource], out: &mut Diagnostics) {
    let is_ours = path.file_name().is_some_and(|name| name == FLEET || name == LOCK);
    if path.is_file() && !is_ours && !apps.iter().any(|app| lies_in(&folder.join(&app.source), path)) {
        out.report(
            Diagnostic::nowhere(&NO_MANIFEST, format!("{} is no manifest of an app in {}", slashes(path), slashes(&folder.join(FLEET))))
                .help("name it as `manifest` of an app in rackform.yml"),
        );
    }
}

/// The apps of manifests that were looked for.
fn found(paths: &[PathBuf], folder: &Path, progress: &Progress, files: &mut Files, out: &mut Diagnostics) -> Vec<AppSource> {
    let fetched = fetch_all(paths, progress, files);
    if fetched.iter().all(Option::is_none) {
        let what = format!("there is no convox.yml in {} or one or two folders below", shown(folder));
        let help = "name a convox.yml or a folder that holds some; `apps` in rackform.yml names those that lie elsewhere";
        out.report(Diagnostic::nowhere(&NO_MANIFEST, what).help(help));
    }
    apps_of(paths, fetched, folder, files, out)
}

/// Apps that are named after the folders of their manifests.
fn apps_of(paths: &[PathBuf], fetched: Vec<Option<Fetched>>, folder: &Path, files: &mut Files, out: &mut Diagnostics) -> Vec<AppSource> {
    let there = paths.iter().zip(fetched).filter_map(|(path, fetched)| Some((path, fetched?)));
    there.filter_map(|(path, fetched)| found_app(folder, path, fetched, files, out)).collect()
}

/// An app that is named after the folder of its manifest.
fn found_app(folder: &Path, path: &Path, fetched: Fetched, files: &mut Files, out: &mut Diagnostics) -> Option<AppSource> {
    let file = keep(path, fetched, MAX_BYTES, files, out)?;
    Some(AppSource {
        name: folder_name(path),
        place: None,
        file,
        source: slashes(path.strip_prefix(folder).unwrap_or(path)),
        variables: Variables::new(),
        environment: Variables::new(),
        images: Vec::new(),
        params: Vec::new(),
        rack: None,
    })
}

fn named(folder: &Path, specs: &[AppSpec], progress: &Progress, files: &mut Files, out: &mut Diagnostics) -> Vec<AppSource> {
    let mut apps = Vec::new();
    let source = |spec: &AppSpec| {
        spec.manifest.as_ref().map_or_else(|| format!("{}/convox.yml", spec.name.value), |manifest| manifest.value.clone())
    };
    let sources: Vec<String> = specs.iter().map(source).collect();
    let paths: Vec<PathBuf> = sources.iter().map(|source| folder.join(source)).collect();
    let fetched = fetch_all(&paths, progress, files);
    for (((spec, source), path), fetched) in specs.iter().zip(sources).zip(&paths).zip(fetched) {
        let Some(fetched) = fetched else {
            let place = spec.manifest.as_ref().map_or(spec.name.place, |manifest| manifest.place);
            out.report(
                Diagnostic::new(&NO_MANIFEST, place, format!("there is no file {}", shown(path)))
                    .help("write `manifest` for the app, relative to rackform.yml"),
            );
            continue;
        };
        let Some(file) = keep(path, fetched, MAX_BYTES, files, out) else { continue };
        apps.push(AppSource {
            name: spec.name.value.clone(),
            place: Some(spec.name.place),
            file,
            source,
            variables: spec.environment.clone(),
            environment: spec.environment.clone(),
            images: spec.images.clone(),
            params: spec.params.clone(),
            rack: spec.rack.clone(),
        });
    }
    apps
}

/// The manifests and rackform.yml that may be mended, with their real paths: those that lie in the
/// project, which is the repository, or else the folder of the fleet. What a link leads to outside
/// of it is somebody else's.
pub fn mendable(loaded: &Loaded, files: &Files) -> Vec<(FileId, PathBuf)> {
    mendable_of(loaded, files, &files.all().collect())
}

/// Those of them that somebody asks for: to find the real path of every file of a large fleet takes longer than to
/// read it.
pub fn mendable_of(loaded: &Loaded, files: &Files, asked: &BTreeSet<FileId>) -> Vec<(FileId, PathBuf)> {
    let folder = loaded.lock_path.parent().unwrap_or(Path::new(""));
    let Ok(folder) = fs::canonicalize(non_empty(folder)) else { return Vec::new() };
    let root = folder.ancestors().find(|above| above.join(".git").exists()).unwrap_or(&folder);
    let fleet = files.find(&slashes(&fleet_path(loaded.lock_path.parent().unwrap_or(Path::new("")))));
    let read = loaded.apps.iter().map(|app| app.file).chain(fleet);
    let real = |file: FileId| Some((file, fs::canonicalize(files.path(file)).ok()?));
    read.filter(|file| asked.contains(file)).filter_map(real).filter(|(_, path)| path.starts_with(root)).collect()
}
