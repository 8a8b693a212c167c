//! What files were made from, remembered on this machine from compile to compile, so that they need not be made again
//! to see that they stand already.
//!
//! A line of it is a digest of this program, of all that a file was made from, and of its text. It says that the one
//! makes the other of that, which stays true whatever happens: without a line a file is made again, and nobody finds a
//! line for another text. So nothing here can fail, and what is lost costs time. It lies with the user and never in
//! a project, where a line could come with the change of a template that it speaks for
//! (`docs/decisions/0033-what-was-rendered-is-remembered.md`).

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sha2::{Digest as _, Sha256};

use super::staging::temporary;

/// Bytes of a cache that are read at the most: lines of half a million files.
const MAX_BYTES: u64 = 16 << 20;

/// A line of a cache.
type Line = [u8; 32];

/// What was made into one folder.
pub(super) struct Cache {
    path: PathBuf,
    /// Which program this is.
    program: String,
    before: BTreeSet<Line>,
    /// What is true of this compile.
    now: Mutex<BTreeSet<Line>>,
}

impl Cache {
    /// The cache of a folder below `home`; none where it can't be said which program this is.
    pub(super) fn of(home: &Path, program: &Path, folder: &Path) -> Option<Self> {
        // Folders that share a name take it from each other, which costs time, and there are never more than 256.
        let name = Sha256::digest(folder.as_os_str().as_encoded_bytes())[0];
        let path = home.join(format!("{name:02x}"));
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
        let lines = bytes.chunks_exact(size_of::<Line>()).filter_map(|line| Line::try_from(line).ok());
        let before = if read.is_ok() { lines.collect() } else { BTreeSet::new() };
        Some(Self { path, program: identity(program)?, before, now: Mutex::default() })
    }

    /// Whether a text is known to be made from this, which is then remembered.
    pub(super) fn knows(&self, made_from: &[u8], text: &[u8]) -> bool {
        let line = self.line(made_from, text);
        let knows = self.before.contains(&line);
        if knows {
            self.add(line);
        }
        knows
    }

    /// Remember that a text was made from this.
    pub(super) fn remember(&self, made_from: &[u8], text: &[u8]) {
        self.add(self.line(made_from, text));
    }

    /// Keep what is true of this compile, and nothing else.
    pub(super) fn keep(self) {
        let now = self.now.into_inner().unwrap_or_default();
        if now != self.before {
            let _ = put(&self.path, &now.into_iter().flatten().collect::<Vec<u8>>());
        }
    }

    fn add(&self, line: Line) {
        if let Ok(mut now) = self.now.lock() {
            now.insert(line);
        }
    }

    fn line(&self, made_from: &[u8], text: &[u8]) -> Line {
        let mut digest = Sha256::new();
        for part in [self.program.as_bytes(), made_from, text] {
            digest.update(part.len().to_be_bytes()); // so that no part ends where another one begins
            digest.update(part);
        }
        digest.finalize().into()
    }
}

/// Put a file into a folder that is the user's alone. Two that do so at once may leave lines of which none is true.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut folders = DirBuilder::new();
    folders.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    folders.create(path.parent().unwrap_or(path))?;
    let temporary = temporary(path);
    fs::write(&temporary, bytes)?;
    fs::rename(&temporary, path)
}

/// What tells this program from others, and from itself before it was built anew, without reading it: version, place,
/// size, and when it came there.
fn identity(program: &Path) -> Option<String> {
    let metadata = fs::metadata(program).ok()?;
    let changed = changed(&metadata);
    let modified = metadata.modified().ok()?;
    Some(format!("{} {} {} {modified:?} {changed:?}", env!("CARGO_PKG_VERSION"), program.display(), metadata.len()))
}

/// When a file came to where it is, which nobody can set.
#[cfg(unix)]
fn changed(metadata: &fs::Metadata) -> impl std::fmt::Debug {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_: &fs::Metadata) -> impl std::fmt::Debug {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_speaks_for_one_program_one_origin_and_one_text() {
        let home = std::env::temp_dir().join(format!("rackform-cache-{}", std::process::id()));
        let program = home.join("program");
        fs::create_dir_all(&home).unwrap();
        fs::write(&program, "as it was").unwrap();
        let cache = || Cache::of(&home, &program, Path::new("/out")).unwrap();
        assert!(!cache().knows(b"origin", b"text"));
        cache().remember(b"origin", b"text");
        assert!(!cache().knows(b"origin", b"text"), "nobody kept it");
        let first = cache();
        first.remember(b"origin", b"text");
        first.keep();
        let second = cache();
        assert!(second.knows(b"origin", b"text"));
        for (made_from, text) in [("origin", "texts"), ("origi", "ntext"), ("origintext", ""), ("", "text"), ("text", "origin")] {
            assert!(!second.knows(made_from.as_bytes(), text.as_bytes()), "{made_from} {text}");
        }
        second.keep();
        assert!(cache().knows(b"origin", b"text"), "what is known is kept");
        cache().keep();
        assert!(!cache().knows(b"origin", b"text"), "what was not asked for is not");
        let again = cache();
        again.remember(b"origin", b"text");
        again.keep();
        fs::write(&program, "as it is now").unwrap();
        assert!(!cache().knows(b"origin", b"text"), "another program believes nothing");
        fs::remove_file(&program).unwrap();
        assert!(Cache::of(&home, &program, Path::new("/out")).is_none());
        fs::remove_dir_all(&home).unwrap();
    }
}
