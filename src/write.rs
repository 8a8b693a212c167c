//! The last stage: files to disk, whole or not at all. Files of an earlier compile that are gone
//! are removed, and nothing else is touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use crate::index::{INDEX, Index};
use crate::output::OutputFile;
use crate::progress::{Progress, Stage};
use crate::threads::Threads;

/// What is behind the name of a file while it is being written.
const TEMPORARY: &str = ".rackform-tmp";

/// What stands in the head of every file that may have comments.
const SIGNATURE: &str = "Written by `rackform compile`";

/// A file and the place where it goes.
struct Pending<'a> {
    target: PathBuf,
    text: &'a str,
    executable: bool,
    /// Who may do what with the file that it replaces.
    permissions: Option<fs::Permissions>,
}

impl<'a> Pending<'a> {
    /// A file of an output on its way into a folder.
    fn of(file: &'a OutputFile, folder: &Path) -> Self {
        Self { target: folder.join(&file.path), text: &file.text, executable: file.executable, permissions: None }
    }
}

/// What stands where a file goes.
#[derive(PartialEq, Eq)]
enum Found {
    /// The file as it should be.
    Same,
    /// Nothing, or a file of ours that says something else.
    Other,
    /// A file of somebody else.
    Foreign,
}

/// Write the lock and every file of the output. Every file is written beside its place first; only
/// when all of them are whole do they take their places, the lock before the others, so that no
/// template is newer than the lock. A file of somebody else that is in the way is an error.
pub fn write(lock_path: &Path, lock: &str, folder: &Path, files: &[OutputFile], progress: &Progress) -> io::Result<()> {
    progress.begin(Stage::Writing, 0);
    let old = index(folder);
    let listed: BTreeSet<&str> = old.iter().flat_map(|old| &old.files).map(String::as_str).chain(old.iter().map(|_| INDEX)).collect();
    let found = Threads::available().map(files, |file| found(&folder.join(&file.path), file, listed.contains(file.path.as_str())));
    if let Some((file, _)) = files.iter().zip(&found).find(|(_, found)| **found == Found::Foreign) {
        let what = format!("{} is not one of rackform's files and would be overwritten", folder.join(&file.path).display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
    }
    let gone = gone(old.as_ref(), files);
    let mut pending: Vec<Pending<'_>> = lock_of(lock_path, lock).into_iter().collect();
    let changed = files.iter().zip(&found).filter(|(_, found)| **found == Found::Other).map(|(file, _)| file);
    pending.extend(changed.map(|file| Pending::of(file, folder)));
    put(pending, progress)?;
    for path in gone {
        remove(folder, &path)?;
    }
    Ok(())
}

/// Write the lock alone.
pub fn write_lock(path: &Path, lock: &str) -> io::Result<()> {
    put(lock_of(path, lock).into_iter().collect(), &Progress::default())
}

/// The lock, unless it is written already.
fn lock_of<'a>(path: &Path, text: &'a str) -> Option<Pending<'a>> {
    let is_written = fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes());
    (!is_written).then(|| Pending { target: path.to_path_buf(), text, executable: false, permissions: None })
}

/// Write a file that nobody has written before.
pub fn write_new(path: &Path, text: &str) -> io::Result<()> {
    fs::File::create_new(path)?.write_all(text.as_bytes())
}

/// Write files into a folder, all of them or none, over what stands there under their names.
pub fn write_together(folder: &Path, files: &[OutputFile]) -> io::Result<()> {
    put(files.iter().map(|file| Pending::of(file, folder)).collect(), &Progress::default())
}

/// Write files of the user anew, all of them or none: each as it was read, and as it becomes. One that
/// has changed in between, or that nobody may write to, is an error.
pub fn write_mended(files: &BTreeMap<PathBuf, (String, String)>) -> io::Result<()> {
    let pending = files.iter().map(|(path, (before, after))| {
        let refuse = |what| Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{} {what}", path.display())));
        let permissions = fs::metadata(path)?.permissions();
        if permissions.readonly() {
            return refuse("may not be written to");
        }
        if fs::read(path)? != before.as_bytes() {
            return refuse("has changed since it was read");
        }
        Ok(Pending { target: path.clone(), text: after, executable: false, permissions: Some(permissions) })
    });
    put(pending.collect::<io::Result<_>>()?, &Progress::default())
}

/// Put files in their places, all of them or none.
fn put(mut pending: Vec<Pending<'_>>, progress: &Progress) -> io::Result<()> {
    for file in &mut pending {
        // A link is followed: what it leads to is replaced, and the link stays.
        if let Ok(real) = fs::canonicalize(&file.target) {
            file.target = real;
        }
    }
    let staged = progress.over(Stage::Writing, &pending).try_for_each(stage);
    let placed = staged.and_then(|()| pending.iter().try_for_each(|file| fs::rename(temporary(&file.target), &file.target)));
    if let Err(error) = placed {
        for file in &pending {
            let _ = fs::remove_file(temporary(&file.target)); // those that took their places are gone already
        }
        return Err(error);
    }
    Ok(())
}

/// What stands where a file goes. It is somebody else's if no earlier compile lists it and it does
/// not look like one of ours.
fn found(path: &Path, file: &OutputFile, is_listed: bool) -> Found {
    let Ok(bytes) = fs::read(path) else { return Found::Other };
    if bytes == file.text.as_bytes() {
        return if !file.executable || is_executable(path) { Found::Same } else { Found::Other };
    }
    let text = String::from_utf8_lossy(&bytes);
    let is_signed = text.lines().take(3).any(|line| line.contains(SIGNATURE));
    // Parameters have no comments: they are a list of texts, and nothing else is.
    let is_list = file.path.ends_with(".params.json") && serde_json::from_str::<Vec<String>>(&text).is_ok();
    if is_listed || is_signed || is_list { Found::Other } else { Found::Foreign }
}

/// The list of stacks that a compile wrote.
fn index(folder: &Path) -> Option<Index> {
    serde_json::from_str(&fs::read_to_string(folder.join(INDEX)).ok()?).ok()
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

fn temporary(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(TEMPORARY);
    target.with_file_name(name)
}

fn stage(file: &Pending<'_>) -> io::Result<()> {
    if let Some(parent) = file.target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    let path = temporary(&file.target);
    let mut out = fs::File::create(&path)?;
    out.write_all(file.text.as_bytes())?;
    #[cfg(unix)]
    if file.executable {
        use std::os::unix::fs::PermissionsExt as _;
        out.set_permissions(fs::Permissions::from_mode(0o755))?;
    }
    if let Some(permissions) = &file.permissions {
        out.set_permissions(permissions.clone())?;
    }
    out.sync_all()
}

/// Files that an earlier compile wrote and this one does not.
fn gone(old: Option<&Index>, files: &[OutputFile]) -> Vec<String> {
    let kept: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    old.map_or(Vec::new(), |index| {
        // The index is a file like any other, and whoever wrote into it must not make us delete
        // what lies elsewhere.
        let inside = |path: &String| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        index.files.iter().filter(|path| inside(path) && !kept.contains(path.as_str())).cloned().collect()
    })
}

/// Remove a file, and the folders that it leaves empty.
fn remove(folder: &Path, path: &str) -> io::Result<()> {
    match fs::remove_file(folder.join(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut parent = Path::new(path).parent();
    while let Some(inner) = parent.filter(|inner| !inner.as_os_str().is_empty()) {
        if fs::remove_dir(folder.join(inner)).is_err() {
            break; // not empty
        }
        parent = inner.parent();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> OutputFile {
        OutputFile { path: path.into(), text: text.into(), executable: false }
    }

    fn index(files: &[&str]) -> OutputFile {
        let files = files.iter().map(ToString::to_string).collect();
        file(INDEX, &serde_json::to_string(&Index { version: 1, stacks: Vec::new(), files }).unwrap())
    }

    #[test]
    fn what_is_gone_is_removed_and_strangers_stay() {
        let root = std::env::temp_dir().join(format!("rackform-write-{}", std::process::id()));
        let (out, lock) = (root.join("out"), root.join("rackform.lock"));
        write(
            &lock,
            "a",
            &out,
            &[file("r/apps/a.yaml", "1"), file("r/rack.yaml", "2"), index(&["r/apps/a.yaml", "r/rack.yaml", "../lock"])],
            &Progress::default(),
        )
        .unwrap();
        fs::write(out.join("mine.txt"), "x").unwrap();
        fs::write(root.join("lock"), "x").unwrap();
        write(&lock, "b", &out, &[file("r/rack.yaml", "3"), index(&["r/rack.yaml"])], &Progress::default()).unwrap();
        assert!(!out.join("r/apps").exists());
        assert_eq!(fs::read_to_string(out.join("r/rack.yaml")).unwrap(), "3");
        assert_eq!(fs::read_to_string(&lock).unwrap(), "b");
        assert!(out.join("mine.txt").exists() && root.join("lock").exists());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_file_of_somebody_else_is_not_overwritten() {
        let root = std::env::temp_dir().join(format!("rackform-foreign-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("deploy.sh"), "mine").unwrap();
        let ours = [file("deploy.sh", "# Written by `rackform compile`\n"), index(&["deploy.sh"])];
        assert!(write(&root.join("rackform.lock"), "a", &root, &ours, &Progress::default()).is_err());
        assert_eq!(fs::read_to_string(root.join("deploy.sh")).unwrap(), "mine");
        assert!(!root.join("rackform.lock").exists());
        fs::write(root.join("deploy.sh"), "# Written by `rackform compile`, once").unwrap();
        write(&root.join("rackform.lock"), "a", &root, &ours, &Progress::default()).unwrap();
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn when_one_file_fails_none_is_changed() {
        let root = std::env::temp_dir().join(format!("rackform-fail-{}", std::process::id()));
        let (out, lock) = (root.join("out"), root.join("rackform.lock"));
        write(&lock, "a", &out, &[file("a", "1")], &Progress::default()).unwrap();
        let failed = write(&lock, "b", &out, &[index(&["a"]), file("a/b", "3")], &Progress::default());
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(out.join("a")).unwrap(), "1");
        assert_eq!(fs::read_to_string(&lock).unwrap(), "a");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "nothing half-written is left");
        fs::remove_dir_all(root).unwrap();
    }
}
