//! Where files are: the fleet that a folder belongs to, the manifests in a folder or below it, and how paths are written.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// The name of the fleet's file.
pub(super) const FLEET: &str = "rackform.yml";

/// The name of the lock.
pub(super) const LOCK: &str = "rackform.lock";

/// The folder of the fleet that a folder belongs to: the one with rackform.yml, or else with the
/// lock of an earlier compile; its own, or one further up in the same repository.
pub(super) fn fleet_folder(start: &Path) -> Option<PathBuf> {
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

/// The manifest of a folder, or where those of the folders below may be.
pub(super) fn sought(folder: &Path) -> Vec<PathBuf> {
    let own = folder.join("convox.yml");
    if own.is_file() { vec![own] } else { below(folder) }
}

/// The manifest of a folder, or those of the folders below.
pub(super) fn manifests(folder: &Path) -> Vec<PathBuf> {
    let mut found = sought(folder);
    found.retain(|path| path.is_file());
    found
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = matching(folder, "*/convox.yml");
    found.extend(matching(folder, "*/*/convox.yml"));
    found.sort();
    found
}

/// Where files may be that a pattern of paths matches, sorted. Whether there are some, those find out who read them.
pub(super) fn matching(folder: &Path, pattern: &str) -> Vec<PathBuf> {
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

/// The folder that a path is about: itself, or the one that the file is in.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    let folder = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
    if folder == Path::new(".") { PathBuf::new() } else { folder.to_path_buf() }
}

/// The name of the folder that a file is in, as it is written, so that an app behind a link keeps
/// it; `.` and `..` have none of their own.
pub(super) fn folder_name(path: &Path) -> String {
    let parent = non_empty(path.parent().unwrap_or(Path::new("")));
    let name = match parent.components().next_back() {
        Some(Component::Normal(name)) => Some(name.to_os_string()),
        _ => fs::canonicalize(parent).ok().and_then(|full| Some(full.file_name()?.to_os_string())),
    };
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether a path is another one or lies below it.
pub(super) fn lies_in(path: &Path, other: &Path) -> bool {
    match (fs::canonicalize(path), fs::canonicalize(non_empty(other))) {
        (Ok(path), Ok(other)) => path.starts_with(other),
        _ => false,
    }
}

pub(super) fn non_empty(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

pub(super) fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { "this folder".into() } else { slashes(path) }
}

/// A path with `/` between its parts, on every system.
pub(super) fn slashes(path: &Path) -> String {
    let mut text = String::with_capacity(path.as_os_str().len());
    for part in path.components() {
        if !text.is_empty() && !text.ends_with('/') {
            text.push('/');
        }
        text += &part.as_os_str().to_string_lossy();
    }
    text
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use super::super::testing::folder;
    #[cfg(unix)]
    use super::*;

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
}
