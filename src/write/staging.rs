//! Files beside their places: whole there first, in their places at once.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::fault::{At as _, Fault};
use crate::index::TEMPORARY;
use crate::output::OutputFile;

/// A file and the place where it goes.
pub(super) struct Pending<'a> {
    pub(super) target: PathBuf,
    text: &'a str,
    executable: bool,
    /// Who may do what with the file that it replaces.
    permissions: Option<Permissions>,
    /// Whether it is to outlast a loss of power, because nothing can make it again.
    precious: bool,
}

impl<'a> Pending<'a> {
    /// A file of an output on its way into a folder. A compile makes it again, so nobody waits for the disk.
    pub(super) fn of(file: &'a OutputFile, folder: &Path) -> Self {
        Self { executable: file.executable, ..Self::text(folder.join(&file.path), &file.text) }
    }

    /// A text, and where it goes.
    pub(super) fn text(target: PathBuf, text: &'a str) -> Self {
        Self { target, text, executable: false, permissions: None, precious: false }
    }

    /// A file that only its writer has.
    pub(super) fn precious(target: PathBuf, text: &'a str, permissions: Option<Permissions>) -> Self {
        Self { permissions, precious: true, ..Self::text(target, text) }
    }

    /// Let a file that is staged take its place.
    pub(super) fn place(&self) -> Result<(), Fault> {
        self.staged().place()
    }

    /// What remains to be done once it is written: its text is not needed for that.
    pub(super) fn staged(&self) -> Staged {
        Staged { target: self.target.clone(), precious: self.precious }
    }

    /// Let it take its place if nothing stands there.
    pub(super) fn place_new(&self) -> io::Result<()> {
        let path = temporary(&self.target);
        match fs::hard_link(&path, &self.target) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                // Not every file system has links. Here is a gap, in which somebody else could write it.
                if fs::symlink_metadata(&self.target).is_ok() {
                    Err(ErrorKind::AlreadyExists.into())
                } else {
                    fs::rename(&path, &self.target)
                }
            }
            Ok(()) => {
                // It stands under both names; what is left of the other goes with the next run.
                let _ = fs::remove_file(&path);
                Ok(())
            }
            refused => refused,
        }
    }
}

/// A file that waits beside its place.
pub(super) struct Staged {
    target: PathBuf,
    precious: bool,
}

impl Staged {
    /// The order of their places, byte by byte.
    pub(super) fn in_order(a: &Self, b: &Self) -> Ordering {
        a.target.as_os_str().cmp(b.target.as_os_str())
    }

    /// Let it take its place.
    pub(super) fn place(&self) -> Result<(), Fault> {
        fs::rename(temporary(&self.target), &self.target).at(&self.target)?;
        if self.precious { sync_folder(folder_of(&self.target)).at(&self.target).map_err(Fault::begun) } else { Ok(()) }
    }
}

/// What was made beside the places of files, to be taken away if it comes to nothing.
#[derive(Default)]
pub(super) struct Staging {
    /// Folders that are there, as text: paths are compared part by part.
    known: BTreeSet<OsString>,
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Staging {
    /// Make a folder and those above it.
    pub(super) fn folder(&mut self, folder: &Path) -> Result<(), Fault> {
        if self.known.contains(folder.as_os_str()) {
            return Ok(());
        }
        let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()).collect();
        for folder in missing.into_iter().rev() {
            match fs::create_dir(folder) {
                Ok(()) => self.folders.push(folder.to_path_buf()),
                Err(_) if folder.is_dir() => {} // somebody else was faster
                Err(_) if folder.is_symlink() => {
                    return Err(Fault::refused(
                        folder,
                        "is a link that leads nowhere",
                        "remove the link, or make the folder that it leads to",
                    ));
                }
                Err(_) if folder.exists() => {
                    return Err(Fault::refused(folder, "is no folder", "name another folder, or remove what stands there"));
                }
                Err(error) => return Err(Fault::system(folder, &error)),
            }
        }
        self.known.insert(folder.as_os_str().to_owned());
        Ok(())
    }

    /// Write a file whole, beside its place, in a folder that is there.
    pub(super) fn stage(&mut self, file: &Pending<'_>) -> Result<(), Fault> {
        self.files.push(temporary(&file.target));
        write_beside(file)
    }

    /// Whatever becomes of the others, this file stays.
    pub(super) fn keep(&mut self, path: &Path) {
        self.files.retain(|file| file != path);
    }

    /// A file that is to go with the others.
    pub(super) fn add(&mut self, path: PathBuf) {
        self.files.push(path);
    }

    /// Take away what is not in its place, and the folders that were made for it.
    pub(super) fn undo(self) {
        // What fails here is what failed before; the next run takes it away.
        for file in self.files {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.into_iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Write a file whole, beside its place, in a folder that is there.
pub(super) fn write_beside(file: &Pending<'_>) -> Result<(), Fault> {
    let path = temporary(&file.target);
    let created = match File::create_new(&path) {
        // What a run that was cut short has left goes; a link there is not followed.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => remove(&path).and_then(|()| File::create_new(&path)),
        created => created,
    };
    fill(&mut created.at(&file.target)?, file).at(&file.target)
}

fn fill(out: &mut File, file: &Pending<'_>) -> io::Result<()> {
    out.write_all(file.text.as_bytes())?;
    #[cfg(unix)]
    if file.executable {
        use std::os::unix::fs::PermissionsExt as _;
        out.set_permissions(Permissions::from_mode(0o755))?;
    }
    if let Some(permissions) = &file.permissions {
        out.set_permissions(permissions.clone())?;
    }
    if file.precious { out.sync_all() } else { Ok(()) }
}

/// Write the names in a folder to the disk.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Not every file system knows this for folders, and who may write into one may not always read it.
        Err(error) if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Remove a file, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Where a file is while it is being written: beside its place, on the same file system.
pub(super) fn temporary(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(TEMPORARY);
    target.with_file_name(name)
}

/// The folder of a file, as something that can be opened.
pub(super) fn folder_of(path: &Path) -> &Path {
    openable(path.parent().unwrap_or(Path::new("")))
}

/// A folder under a name that can be opened: the empty path is this one.
pub(super) fn openable(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}
