//! The first stage: find and read files. Nothing else reads the disk before the output does.

mod output;
mod revision;

pub use output::{OutputTexts, has_output, output, unreadable};
pub use revision::{Revision, revision};

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use crate::diagnostics::codes::{BAD_ENV, BAD_IMAGE, BAD_LIMITS, NO_MANIFEST, NOT_UTF8, TOO_LARGE, UNREADABLE};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{self, AppImage, AppSource, AppSpec, Apps, Promises, Quotas, QuotasSpec, RackSpec};
use crate::progress::{Progress, Stage};
use crate::source::{FileId, Files, MAX_BYTES, Place, Span, Variables};
use crate::threads::Threads;

/// The name of the fleet's file.
const FLEET: &str = "rackform.yml";
/// The name of the lock.
const LOCK: &str = "rackform.lock";

/// Bytes of a lock, which has some hundred for each rule of the fleet.
const MAX_LOCK_BYTES: usize = 256 << 20;

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
    let lock = if is_there { read_bounded(&lock_path, MAX_LOCK_BYTES, files, out) } else { None };
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

/// The folder of the fleet that a folder belongs to: the one with rackform.yml, or else with the
/// lock of an earlier compile; its own, or one further up in the same repository.
fn fleet_folder(start: &Path) -> Option<PathBuf> {
    let mut folder = start.to_path_buf();
    loop {
        if folder.join(FLEET).is_file() || folder.join(LOCK).is_file() {
            return Some(folder);
        }
        let is_top = folder.join(".git").exists() || fs::canonicalize(non_empty(&folder)).ok()?.parent().is_none();
        if is_top {
            return None;
        }
        folder.push("..");
    }
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

/// Whether a path is another one or lies below it.
fn lies_in(path: &Path, other: &Path) -> bool {
    match (fs::canonicalize(path), fs::canonicalize(non_empty(other))) {
        (Ok(path), Ok(other)) => path.starts_with(other),
        _ => false,
    }
}

fn non_empty(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// The folder that a path is about: itself, or the one that the file is in.
fn folder_of(path: &Path) -> PathBuf {
    let folder = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
    if folder == Path::new(".") { PathBuf::new() } else { folder.to_path_buf() }
}

fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { "this folder".into() } else { slashes(path) }
}

/// A path with `/` between its parts, on every system.
fn slashes(path: &Path) -> String {
    let mut text = String::with_capacity(path.as_os_str().len());
    for part in path.components() {
        if !text.is_empty() && !text.ends_with('/') {
            text.push('/');
        }
        text += &part.as_os_str().to_string_lossy();
    }
    text
}

/// The manifest of a folder, or those of the folders below.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    let mut found = sought(folder);
    found.retain(|path| path.is_file());
    found
}

/// The manifest of a folder, or where those of the folders below may be.
fn sought(folder: &Path) -> Vec<PathBuf> {
    let own = folder.join("convox.yml");
    if own.is_file() { vec![own] } else { below(folder) }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = matching(folder, "*/convox.yml");
    found.extend(matching(folder, "*/*/convox.yml"));
    found.sort();
    found
}

/// Where files may be that a pattern of paths matches, sorted. Whether there are some, those find out who read them.
fn matching(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let base = folder.to_string_lossy();
    let full = if base.is_empty() { pattern.to_owned() } else { format!("{}/{pattern}", glob::Pattern::escape(&base)) };
    // A name behind folders is put to each of them: glob would ask twice whether it is there. What `**` finds may
    // stand in itself, and is left to glob.
    let is_name = |name: &str| !matches!(name, "" | "." | "..") && !name.contains(['*', '?', '[']);
    let parts = full.rsplit_once('/').filter(|(folders, name)| is_name(name) && !folders.contains("**"));
    let mut found: Vec<PathBuf> = match parts {
        Some((folders, name)) => paths(&format!("{folders}/")).map(|folder| folder.join(name)).collect(),
        None => paths(&full).collect(),
    };
    found.sort();
    found
}

fn paths(pattern: &str) -> impl Iterator<Item = PathBuf> {
    glob::glob(pattern).into_iter().flatten().flatten()
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

/// The name of the folder that a file is in, as it is written, so that an app behind a link keeps
/// it; `.` and `..` have none of their own.
fn folder_name(path: &Path) -> String {
    let parent = non_empty(path.parent().unwrap_or(Path::new("")));
    let name = match parent.components().next_back() {
        Some(Component::Normal(name)) => Some(name.to_os_string()),
        _ => fs::canonicalize(parent).ok().and_then(|full| Some(full.file_name()?.to_os_string())),
    };
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
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

/// Read a text file: bounded and UTF-8.
pub fn read(path: &Path, files: &mut Files, out: &mut Diagnostics) -> Option<FileId> {
    read_bounded(path, MAX_BYTES, files, out)
}

/// Read a text file that rackform wrote, which may be as large as a fleet is.
pub fn read_large(path: &Path, files: &mut Files, out: &mut Diagnostics) -> Option<FileId> {
    read_bounded(path, MAX_LOCK_BYTES, files, out)
}

/// The text that is read in place of a file.
fn stand_in(path: &Path, files: &Files) -> Option<String> {
    if files.stand_ins().is_empty() {
        return None;
    }
    files.stand_ins().get(&fs::canonicalize(path).ok()?).cloned()
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

fn read_bounded(path: &Path, most: usize, files: &mut Files, out: &mut Diagnostics) -> Option<FileId> {
    let fetched = fetch(path, None, most, files);
    keep(path, fetched, most, files, out)
}

/// Bytes that are enough for most files, so that one is read at once.
const USUAL_BYTES: usize = 8 << 10;

/// What a file holds; none where that is more than it may.
type Fetched = io::Result<Option<Vec<u8>>>;

/// Fetch manifests, on every thread; none of what is no file. A pipe is no manifest, and whoever opened one would wait.
fn fetch_all(paths: &[PathBuf], progress: &Progress, files: &Files) -> Vec<Option<Fetched>> {
    progress.begin(Stage::Reading, paths.len());
    Threads::available().map(paths, |path| {
        let there = fs::metadata(path).ok().filter(fs::Metadata::is_file);
        let fetched = there.map(|there| fetch(path, Some(there.len()), MAX_BYTES, files));
        progress.step();
        fetched
    })
}

/// Fetch a file, whose length may be known.
fn fetch(path: &Path, known: Option<u64>, most: usize, files: &Files) -> Fetched {
    if let Some(text) = stand_in(path, files) {
        return Ok(Some(text.into_bytes()));
    }
    let known = known.and_then(|length| usize::try_from(length).ok());
    let mut file = File::open(path)?.take(u64::try_from(most).unwrap_or(u64::MAX) + 1);
    // There is room for one byte more, so that a file of which just as many come as are known has come to its end.
    let mut bytes = vec![0; known.unwrap_or(USUAL_BYTES).min(most) + 1];
    let length = match file.read(&mut bytes) {
        Err(error) if error.kind() == ErrorKind::Interrupted => 0,
        length => length?,
    };
    bytes.truncate(length);
    if length == 0 || known != Some(length) {
        file.read_to_end(&mut bytes)?;
        bytes.shrink_to_fit();
    }
    Ok((bytes.len() <= most).then_some(bytes))
}

/// Keep what was fetched, if it is text and not too long.
fn keep(path: &Path, fetched: Fetched, most: usize, files: &mut Files, out: &mut Diagnostics) -> Option<FileId> {
    let shown = slashes(path);
    let bytes = fetched.map_err(|error| {
        out.report(Diagnostic::nowhere(&UNREADABLE, format!("{shown} can't be read: {error}")).help("check the path and the permissions"));
    });
    let Some(bytes) = bytes.ok()? else {
        out.report(
            Diagnostic::nowhere(&TOO_LARGE, format!("{shown} has more than {} MiB", most >> 20))
                .help("check what the file is; a manifest has a few kilobytes"),
        );
        return None;
    };
    match String::from_utf8(bytes) {
        Ok(text) => Some(files.add(shown, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let valid = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
            let id = files.add(shown, valid);
            let end = files.text(id).len();
            let place = Place { file: id, span: Span { start: end, end } };
            out.report(Diagnostic::new(&NOT_UTF8, place, format!("byte {at} is not UTF-8")).help("save the file as UTF-8"));
            None
        }
    }
}

/// `--env-file`s, then `--env`s.
fn variables(request: &Request, files: &mut Files, out: &mut Diagnostics) -> Variables {
    let mut variables = Variables::new();
    for path in &request.env_files {
        let Some(id) = read(path, files, out) else { continue };
        let mut start = 0;
        for line in files.text(id).split_inclusive('\n') {
            let entry = line.trim_end_matches(['\r', '\n']);
            if !entry.trim().is_empty() && !entry.trim_start().starts_with('#') {
                match variable(entry.trim_start()) {
                    Ok((name, value)) => {
                        variables.insert(name.to_owned(), value.to_owned());
                    }
                    Err(help) => {
                        let place = Place { file: id, span: Span { start, end: start + entry.len() } };
                        out.report(Diagnostic::new(&BAD_ENV, place, "this line is not NAME=VALUE").help(help));
                    }
                }
            }
            start += line.len();
        }
    }
    for entry in &request.env {
        match variable(entry) {
            Ok((name, value)) => {
                variables.insert(name.to_owned(), value.to_owned());
            }
            Err(help) => {
                out.report(Diagnostic::nowhere(&BAD_ENV, format!("--env takes NAME=VALUE, not `{entry}`")).help(help));
            }
        }
    }
    variables
}

/// Give apps the images that the command line names.
fn images(given: &[String], apps: &mut [AppSource], out: &mut Diagnostics) {
    for entry in given {
        let Some((name, image)) = entry.split_once('=').filter(|(name, image)| !name.is_empty() && !image.is_empty()) else {
            out.report(
                Diagnostic::nowhere(&BAD_IMAGE, format!("--image takes SERVICE=IMAGE, not `{entry}`"))
                    .help("write --image web=REPOSITORY:TAG, or --image APP/web=REPOSITORY:TAG"),
            );
            continue;
        };
        let (app, service) = name.split_once('/').map_or((None, name), |(app, service)| (Some(app), service));
        let found = match (app, &mut *apps) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(app), apps) => apps.iter_mut().find(|known| known.name == app),
        };
        if let Some(found) = found {
            found.images.push(AppImage { service: service.to_owned(), image: image.to_owned(), place: None });
            continue;
        }
        let (what, help) = match app {
            Some(app) => (format!("there is no app `{app}` for --image {entry}"), "name an app of the fleet before the `/`".to_owned()),
            None => (format!("--image {entry} does not say of which app"), format!("write --image APP/{service}={image}")),
        };
        out.report(Diagnostic::nowhere(&BAD_IMAGE, what).help(help));
    }
}

/// Name and value, or what to do about an entry that has none.
fn variable(entry: &str) -> Result<(&str, &str), &'static str> {
    match entry.split_once('=') {
        None => Err("write NAME=VALUE, or NAME= for an empty value"),
        Some(("", _)) => Err("write the name of the variable before the `=`"),
        Some((name, _)) if name.starts_with("export ") => Err("remove `export`: the file is read by rackform, not by a shell"),
        Some((name, _)) if name.contains(char::is_whitespace) => {
            Err("write NAME=VALUE; a name has no blanks, and none stands before the `=`")
        }
        Some(entry) => Ok(entry),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with everything that may lie in one.
    #[cfg(unix)]
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for below in
            ["apps/web", "apps/.hidden", "apps/Upper", "apps/a [x]*", "apps/deep/one/two", "apps/folder/convox.yml", "apps/none", "far"]
        {
            fs::create_dir_all(at(below)).unwrap();
        }
        for file in ["apps/web/convox.yml", "apps/.hidden/convox.yml", "apps/Upper/convox.yml", "apps/a [x]*/convox.yml"] {
            fs::write(at(file), file).unwrap();
        }
        for file in [
            "apps/deep/convox.yml",
            "apps/deep/one/convox.yml",
            "apps/deep/one/two/convox.yml",
            "apps/web/other.yml",
            "apps/file",
            "convox.yml",
        ] {
            fs::write(at(file), file).unwrap();
        }
        fs::create_dir(at("apps/pipe")).unwrap();
        #[cfg(not(target_vendor = "apple"))]
        rustix::fs::mknodat(rustix::fs::CWD, at("apps/pipe/convox.yml"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        fs::create_dir_all(at("apps/links")).unwrap();
        symlink("../web/convox.yml", at("apps/links/convox.yml")).unwrap();
        symlink("web", at("apps/link-to-folder")).unwrap();
        fs::create_dir_all(at("apps/broken")).unwrap();
        symlink("nowhere", at("apps/broken/convox.yml")).unwrap();
        symlink("nowhere", at("apps/broken-folder")).unwrap();
        folder
    }

    /// Patterns with and without a name behind folders, some of them broken.
    #[cfg(unix)]
    const PATTERNS: &str = "apps/*/convox.yml */convox.yml */*/convox.yml */*/*/convox.yml **/convox.yml apps/**/convox.yml apps/** \
        **/one/convox.yml apps/web/convox.yml apps/[wU]*/convox.yml apps/[!w]*/convox.yml apps/w?b/*.yml \
        apps/.*/convox.yml apps/./*/convox.yml apps/../*/*/convox.yml apps/*/../web/convox.yml apps/*/ apps/*/. \
        apps/*/.. apps//*/convox.yml apps/*//convox.yml apps/*/convox.yml/ apps/*/CONVOX.yml convox.yml *.yml / * \
        apps/[ apps/*/[ apps/*/] apps/[a/b]/convox.yml apps/a**/convox.yml apps/a?[[]x[]]*/convox.yml \
        apps/file/convox.yml apps/*/convox.yml/convox.yml ../*/convox.yml {apps}/*/convox.yml";

    #[cfg(unix)]
    #[test]
    fn what_matches_is_what_glob_finds() {
        let folder = folder();
        let mut seen = 0;
        for base in [folder.path().to_owned(), folder.path().join("apps"), folder.path().join("apps/a [x]*"), folder.path().join("none")] {
            for pattern in PATTERNS.split(' ').chain([""]) {
                let base_text = base.to_string_lossy();
                let whole = format!("{}/{pattern}", glob::Pattern::escape(&base_text));
                let mut expected: Vec<PathBuf> = glob::glob(&whole).into_iter().flatten().flatten().filter(|path| path.is_file()).collect();
                expected.sort();
                let mut found = matching(&base, pattern);
                found.retain(|path| path.is_file());
                let text = |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
                assert_eq!(text(&found), text(&expected), "{pattern} in {base_text}");
                seen += found.len();
            }
        }
        assert!(seen > 50, "{seen}");
    }

    #[cfg(unix)]
    #[test]
    fn only_files_are_fetched_and_those_whole() {
        let folder = folder();
        let paths = matching(folder.path(), "apps/*/convox.yml");
        let fetched = fetch_all(&paths, &Progress::default(), &Files::default());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let read = |fetched: Option<Fetched>| fetched.map(|fetched| text(fetched.unwrap().unwrap()));
        let found: Vec<(String, String)> =
            paths.iter().map(|path| folder_name(path)).zip(fetched).filter_map(|(name, fetched)| Some((name, read(fetched)?))).collect();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [".hidden", "Upper", "a [x]*", "deep", "link-to-folder", "links", "web"]);
        assert!(found.iter().all(|(_, text)| text.ends_with("/convox.yml")));
    }

    #[test]
    fn a_file_is_fetched_whole_whatever_is_known_of_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for length in [0, 1, 2, 100, USUAL_BYTES - 1, USUAL_BYTES, USUAL_BYTES + 1, 5 * USUAL_BYTES] {
            let text = vec![b'x'; length];
            fs::write(&path, &text).unwrap();
            let wrong = [0, 1, length.saturating_sub(1), length + 1, 2 * length, usize::MAX / 2].map(|known| Some(known as u64));
            for known in wrong.into_iter().chain([None, Some(length as u64)]) {
                for most in [0, 1, 99, 100, 101, length, 1 << 20] {
                    let fetched = fetch(&path, known, most, &Files::default()).unwrap();
                    assert_eq!(fetched, (length <= most).then(|| text.clone()), "{length} {known:?} {most}");
                }
            }
        }
        assert!(fetch(folder.path(), None, 1, &Files::default()).is_err());
        assert_eq!(fetch(&folder.path().join("none"), None, 1, &Files::default()).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
