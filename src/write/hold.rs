//! One at a time: whoever writes holds the folders that it writes into, and the next one waits.

use std::fs::File;
use std::path::Path;

use crate::progress::Progress;
#[cfg(unix)]
use crate::progress::Stage;

/// Folders that are held until this is dropped, or the process ends, however it ends.
pub(super) struct Held {
    _folders: Vec<File>,
}

/// Hold folders: `flock`, which leaves nothing behind. It is advice that every rackform takes. Where the
/// system has no such thing for folders, as on Windows and NFS, nobody is held up.
#[cfg(unix)]
pub(super) fn hold(folders: &[&Path], progress: &Progress) -> Held {
    use std::os::unix::fs::MetadataExt as _;

    let open = |folder: &&Path| {
        let file = File::open(folder).ok()?;
        let metadata = file.metadata().ok()?;
        Some(((metadata.dev(), metadata.ino()), file))
    };
    let mut folders: Vec<_> = folders.iter().filter_map(open).collect();
    // Everybody begins with the same one, so that no two wait for each other; and nobody waits for itself.
    folders.sort_by_key(|(id, _)| *id);
    folders.dedup_by_key(|(id, _)| *id);
    let folders: Vec<File> = folders.into_iter().map(|(_, file)| file).collect();
    for folder in &folders {
        take(folder, progress);
    }
    Held { _folders: folders }
}

#[cfg(unix)]
fn take(folder: &File, progress: &Progress) {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;

    if flock(folder, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
        progress.begin(Stage::Waiting, 0);
        while flock(folder, FlockOperation::LockExclusive) == Err(Errno::INTR) {}
    }
}

#[cfg(not(unix))]
pub(super) fn hold(_: &[&Path], _: &Progress) -> Held {
    Held { _folders: Vec::new() }
}
