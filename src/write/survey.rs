//! What stands in the folder of an output before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use super::fault::{At as _, Fault};
use super::output::take_away;
use super::staging::{remove, temporary};
use crate::index::{INDEX, Index, IndexedStack, UNFINISHED};
use crate::output::OutputFile;

/// What stands in the head of every file that may have comments.
const SIGNATURE: &str = "Written by `rackform compile`";

/// What to do about what is in the way.
const IN_THE_WAY: &str = "move it elsewhere, or give the output a folder of its own with --out";

/// What the folder of an output held before.
pub(super) struct Survey {
    folder: PathBuf,
    /// Where the folder really is.
    pub(super) root: PathBuf,
    /// Files of the last compile.
    old: BTreeSet<String>,
    /// Its stacks, by their templates.
    stacks: BTreeMap<String, IndexedStack>,
    /// Files of a compile that was cut short.
    begun: BTreeSet<String>,
    /// Whether there was one.
    pub(super) was_begun: bool,
    /// Folders that are known to lie inside, and whether they were there before: in one that was not, nothing stands.
    inside: Mutex<BTreeMap<String, bool>>,
}

impl Survey {
    /// Look at a folder.
    pub(super) fn of(folder: &Path) -> Result<Self, Fault> {
        let root = fs::canonicalize(folder).at(folder)?;
        let was_begun = fs::symlink_metadata(folder.join(UNFINISHED)).is_ok();
        let begun = if was_begun { listed(&folder.join(UNFINISHED)).files } else { Vec::new() };
        let Index { stacks, files: old, .. } = listed(&folder.join(INDEX));
        let stacks = stacks.into_iter().map(|stack| (stack.template.clone(), stack)).collect();
        let [old, begun] = [old, begun].map(|files| files.into_iter().collect());
        Ok(Self { folder: folder.to_path_buf(), root, old, stacks, begun, was_begun, inside: Mutex::default() })
    }

    /// Remove what a compile that was cut short has left, but for what may be written anew.
    pub(super) fn clean(&self, candidates: &[String]) -> Result<(), Fault> {
        let unfinished = self.folder.join(UNFINISHED);
        remove(&temporary(&unfinished)).at(&unfinished)?;
        if !self.was_begun {
            return Ok(());
        }
        let is_written = |path: &&String| is_inside(path) && stays_inside(&self.folder, &self.root, Path::new(path)).is_ok();
        for path in self.old.union(&self.begun).filter(is_written) {
            let temporary = temporary(&self.folder.join(path));
            remove(&temporary).at(&temporary)?;
        }
        let candidates: BTreeSet<&str> = candidates.iter().map(String::as_str).collect();
        for path in self.removable(self.begun.difference(&self.old).filter(|path| !candidates.contains(path.as_str()))) {
            take_away(&self.folder, &path)?;
        }
        Ok(())
    }

    /// Files of ours that are not among those that came.
    pub(super) fn gone(&self, came: &BTreeSet<String>) -> Vec<PathBuf> {
        self.removable(self.old.union(&self.begun).filter(|path| !came.contains(*path)))
    }

    fn removable<'a>(&self, paths: impl Iterator<Item = &'a String>) -> Vec<PathBuf> {
        paths.filter(|path| may_be_removed(&self.folder, &self.root, path)).map(|path| self.folder.join(path)).collect()
    }

    /// Whether a file stands in its place as it should be. What is in the way and not ours is an error.
    pub(super) fn is_same(&self, file: &OutputFile) -> Result<bool, Fault> {
        if !self.was_folder_there(&file.path)? {
            return Ok(false);
        }
        let is_ours = file.path == INDEX || self.old.contains(&file.path) || self.begun.contains(&file.path);
        is_same(&self.folder.join(&file.path), file, is_ours)
    }

    /// The stack that the last compile has listed with a template.
    pub(super) fn listed_stack(&self, template: &str) -> Option<&IndexedStack> {
        self.stacks.get(template)
    }

    /// The file that stands in a place, where nothing is wrong with that.
    pub(super) fn standing(&self, path: &str) -> Option<Vec<u8>> {
        if !self.was_folder_there(path).unwrap_or(false) {
            return None;
        }
        let path = self.folder.join(path);
        fs::symlink_metadata(&path).ok().filter(Metadata::is_file).and_then(|_| fs::read(&path).ok())
    }

    /// Whether the folder of a file was there before. One that lies elsewhere is an error.
    fn was_folder_there(&self, path: &str) -> Result<bool, Fault> {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent); // as text, for paths are compared part by part
        let known = self.inside.lock().expect("nobody panics meanwhile").get(parent).copied();
        if let Some(was_there) = known {
            return Ok(was_there);
        }
        stays_inside(&self.folder, &self.root, Path::new(parent))?;
        let was_there = fs::symlink_metadata(self.folder.join(parent)).is_ok();
        // Another thread may have made it meanwhile; who was first saw it as it was.
        Ok(*self.inside.lock().expect("nobody panics meanwhile").entry(parent.to_owned()).or_insert(was_there))
    }
}

/// A list of stacks; an empty one where there is none that can be read.
fn listed(path: &Path) -> Index {
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    let text = if is_file { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    serde_json::from_str(&text).unwrap_or_else(|_| Index { version: 1, stacks: Vec::new(), files: Vec::new() })
}

/// Whether a file is as it should be. What stands there instead and can't be ours is an error: a
/// link, a folder, a file that no compile lists and that does not look like one of ours.
fn is_same(path: &Path, file: &OutputFile, is_listed: bool) -> Result<bool, Fault> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        // Something above it is no folder: that is found when the folders are made, and told better.
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Ok(false),
        Err(error) => return Err(Fault::system(path, &error)),
    };
    if metadata.is_symlink() {
        return Err(Fault::refused(
            path,
            "is a link, which rackform did not write",
            "remove the link; output may lie behind a link as a whole, with --out",
        ));
    }
    if !metadata.is_file() {
        return Err(Fault::refused(path, "is no file, and one of the output goes there", IN_THE_WAY));
    }
    let bytes = fs::read(path).at(path)?;
    if bytes == file.text.as_bytes() {
        return Ok(!file.executable || is_executable(&metadata));
    }
    if is_listed || looks_ours(&file.path, &bytes) {
        return Ok(false);
    }
    Err(Fault::refused(path, "is not one of rackform's files and would be overwritten", IN_THE_WAY))
}

/// Whether nothing of somebody else is lost with a file.
fn looks_ours(path: &str, bytes: &[u8]) -> bool {
    // What a loss of power has left is empty.
    if bytes.iter().all(|byte| *byte == 0) {
        return true;
    }
    let text = String::from_utf8_lossy(bytes);
    let is_signed = text.lines().take(3).any(|line| line.contains(SIGNATURE));
    // Parameters have no comments: they are a list of texts, and nothing else is.
    is_signed || path.ends_with(".params.json") && serde_json::from_str::<Vec<String>>(&text).is_ok()
}

/// Whether a file that a list names may be removed. The list is a file like any other, and whoever wrote into it
/// must not make us delete what lies elsewhere, or what is not ours.
fn may_be_removed(folder: &Path, root: &Path, path: &str) -> bool {
    if !is_inside(path) || stays_inside(folder, root, Path::new(path).parent().unwrap_or(Path::new(""))).is_err() {
        return false;
    }
    let file = folder.join(path);
    let is_file = fs::symlink_metadata(&file).is_ok_and(|metadata| metadata.is_file());
    is_file && fs::read(&file).is_ok_and(|bytes| looks_ours(path, &bytes))
}

/// Whether a path says that it leads nowhere else.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Refuse a path below a folder that a link leads out of it. What is not there yet will be made there.
fn stays_inside(folder: &Path, root: &Path, path: &Path) -> Result<(), Fault> {
    let standing = path.ancestors().map(|part| folder.join(part)).find(|part| fs::symlink_metadata(part).is_ok());
    let Some(standing) = standing else { return Ok(()) };
    match fs::canonicalize(&standing) {
        Ok(real) if real.starts_with(root) => Ok(()),
        Ok(_) => Err(Fault::refused(&standing, "is a link that leads out of the folder of the output", "remove the link")),
        Err(_) if standing.is_symlink() => Err(Fault::refused(&standing, "is a link that leads nowhere", "remove the link")),
        Err(error) => Err(Fault::system(&standing, &error)),
    }
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    true
}
