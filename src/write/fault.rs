//! Why files were not written, and what to do about it.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Why files were not written.
#[derive(Debug)]
pub struct Fault {
    /// The file or folder, and what is wrong with it.
    what: String,
    /// What to do.
    pub help: &'static str,
    /// Whether a file that the run began from has changed since it was read.
    pub is_overtaken: bool,
    /// Whether files have taken their places already; where not, everything is as it was.
    pub is_begun: bool,
}

impl Fault {
    /// What rackform itself refuses to do with a file or a folder.
    pub(super) fn refused(path: &Path, why: &str, help: &'static str) -> Self {
        Self { what: format!("{} {why}", path.display()), help, is_overtaken: false, is_begun: false }
    }

    /// A file has changed since it was read.
    pub(super) fn overtaken(path: &Path) -> Self {
        let help = "run it again: it begins from the file as it is now";
        Self { is_overtaken: true, ..Self::refused(path, "has changed since it was read", help) }
    }

    /// What the system says of a file or a folder.
    pub(super) fn system(path: &Path, error: &io::Error) -> Self {
        let help = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the file system, and run it again",
            ErrorKind::FileTooLarge => "raise the limit on the size of files (`ulimit -f`), and run it again",
            ErrorKind::ReadOnlyFilesystem => "name a folder on a file system that can be written to",
            ErrorKind::PermissionDenied => "check whom the file and its folder belong to, and who may write there",
            ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::AlreadyExists => {
                "check what stands there, and remove what is in the way"
            }
            ErrorKind::InvalidFilename => "choose a shorter path",
            _ => "check the folder, its permissions and the space that is left",
        };
        Self { what: format!("{}: {error}", path.display()), help, is_overtaken: false, is_begun: false }
    }

    /// The same, after files have taken their places.
    pub(super) fn begun(self) -> Self {
        Self { is_begun: true, ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// What the system says becomes a fault of a path.
pub(super) trait At<T> {
    fn at(self, path: &Path) -> Result<T, Fault>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, Fault> {
        self.map_err(|error| Fault::system(path, &error))
    }
}
