//! Texts from the disk: bounded, UTF-8, and manifests on every thread.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::paths::slashes;
use crate::diagnostics::codes::{NOT_UTF8, TOO_LARGE, UNREADABLE};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::progress::{Progress, Stage};
use crate::source::{FileId, Files, MAX_BYTES, Place, Span};
use crate::threads::Threads;

/// Bytes of a lock, which has some hundred for each rule of the fleet.
const MAX_LOCK_BYTES: usize = 256 << 20;

/// Bytes that are enough for most files, so that one is read at once.
const USUAL_BYTES: usize = 8 << 10;

/// What a file holds; none where that is more than it may.
pub(super) type Fetched = io::Result<Option<Vec<u8>>>;

/// Read a text file: bounded and UTF-8.
pub fn read(path: &Path, files: &mut Files, out: &mut Diagnostics) -> Option<FileId> {
    read_bounded(path, MAX_BYTES, files, out)
}

/// Read a text file that rackform wrote, which may be as large as a fleet is.
pub fn read_large(path: &Path, files: &mut Files, out: &mut Diagnostics) -> Option<FileId> {
    read_bounded(path, MAX_LOCK_BYTES, files, out)
}

pub(super) fn read_bounded(path: &Path, most: usize, files: &mut Files, out: &mut Diagnostics) -> Option<FileId> {
    let fetched = fetch(path, None, most, files);
    keep(path, fetched, most, files, out)
}

/// Fetch manifests, on every thread; none of what is no file. A pipe is no manifest, and whoever opened one would wait.
pub(super) fn fetch_all(paths: &[PathBuf], progress: &Progress, files: &Files) -> Vec<Option<Fetched>> {
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

/// The text that is read in place of a file.
fn stand_in(path: &Path, files: &Files) -> Option<String> {
    if files.stand_ins().is_empty() {
        return None;
    }
    files.stand_ins().get(&fs::canonicalize(path).ok()?).cloned()
}

/// Keep what was fetched, if it is text and not too long.
pub(super) fn keep(path: &Path, fetched: Fetched, most: usize, files: &mut Files, out: &mut Diagnostics) -> Option<FileId> {
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

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use super::super::paths::{folder_name, matching};
    #[cfg(unix)]
    use super::super::testing::folder;
    use super::*;

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
