//! What stacks were made from, remembered on this machine from compile to compile, so that they need not be made again
//! to see that they stand already.
//!
//! A line of it is a digest of this program, of all that a stack was made from, and of what was made of that: its entry in
//! the list of stacks and the texts of its files. It says that the one makes the other, which stays true whatever happens:
//! without a line a stack is made again, and nobody finds a line for other texts. So nothing here can fail, and what is lost costs time. It lies with the user and never in
//! a project, where a line could come with the change of a template that it speaks for
//! (`docs/decisions/0033-what-stacks-were-made-from-is-remembered.md`).

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::staging::temporary;
use crate::index::IndexedStack;

/// Bytes of a cache that are read at the most: lines of half a million stacks.
const MAX_BYTES: u64 = 16 << 20;

/// A line of a cache. `BLAKE3`, for whoever could find two texts with one digest could let one stand for the other, and
/// because it is the fastest that nobody can do so with: as many bytes are digested as are written.
type Line = [u8; blake3::OUT_LEN];

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
        let name = blake3::hash(folder.as_os_str().as_encoded_bytes()).as_bytes()[0];
        let path = home.join(format!("{name:02x}"));
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
        let lines = bytes.chunks_exact(size_of::<Line>()).filter_map(|line| Line::try_from(line).ok());
        let before = if read.is_ok() { lines.collect() } else { BTreeSet::new() };
        Some(Self { path, program: identity(program)?, before, now: Mutex::default() })
    }

    /// Whether an entry and the texts of its files are known to be made from this, which is then remembered.
    pub(super) fn knows(&self, made_from: &[u8], entry: &IndexedStack, texts: [&[u8]; 2]) -> bool {
        let line = self.line(made_from, entry, texts);
        let knows = self.before.contains(&line);
        if knows {
            self.add(line);
        }
        knows
    }

    /// Remember that they were made from this.
    pub(super) fn remember(&self, made_from: &[u8], entry: &IndexedStack, texts: [&[u8]; 2]) {
        self.add(self.line(made_from, entry, texts));
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

    fn line(&self, made_from: &[u8], entry: &IndexedStack, [template, parameters]: [&[u8]; 2]) -> Line {
        let entry = serde_json::to_vec(entry).expect("the entry is plain data");
        // A digest of digests, so that no part ends where another one begins; and each part is digested from its start,
        // which is when many of its blocks are at once.
        let mut digest = blake3::Hasher::new();
        for part in [self.program.as_bytes(), made_from, &entry, template, parameters] {
            digest.update(blake3::hash(part).as_bytes());
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

    fn entry(name: &str) -> IndexedStack {
        IndexedStack {
            stack: name.into(),
            kind: "app".into(),
            phase: None,
            rack: "rack".into(),
            app: None,
            template: String::new(),
            parameters: String::new(),
            required: Vec::new(),
        }
    }

    #[test]
    fn a_line_speaks_for_one_program_one_origin_and_what_was_made_of_it() {
        let home = std::env::temp_dir().join(format!("rackform-cache-{}", std::process::id()));
        let program = home.join("program");
        fs::create_dir_all(&home).unwrap();
        fs::write(&program, "as it was").unwrap();
        let cache = || Cache::of(&home, &program, Path::new("/out")).unwrap();
        let knows = |cache: &Cache, made_from: &str, name, text: &str, values: &str| {
            cache.knows(made_from.as_bytes(), &entry(name), [text.as_bytes(), values.as_bytes()])
        };
        let knows_it = |cache: &Cache| knows(cache, "origin", "stack", "text", "values");
        let remember = |cache: &Cache| cache.remember(b"origin", &entry("stack"), [b"text", b"values"]);
        assert!(!knows_it(&cache()));
        remember(&cache());
        assert!(!knows_it(&cache()), "nobody kept it");
        let first = cache();
        remember(&first);
        first.keep();
        let second = cache();
        assert!(knows_it(&second));
        for (made_from, name, text, values) in [
            ("origin", "stack", "texts", "values"),
            ("origin", "stack", "text", "value"),
            ("origin", "stack", "textv", "alues"),
            ("origin", "stack", "textvalues", ""),
            ("origin", "stacks", "text", "values"),
            ("origi", "stack", "ntext", "values"),
            ("", "stack", "text", "values"),
            ("text", "stack", "origin", "values"),
            ("origin", "stack", "values", "text"),
        ] {
            assert!(!knows(&second, made_from, name, text, values), "{made_from} {name} {text} {values}");
        }
        second.keep();
        assert!(knows_it(&cache()), "what is known is kept");
        cache().keep();
        assert!(!knows_it(&cache()), "what was not asked for is not");
        let again = cache();
        remember(&again);
        again.keep();
        fs::write(&program, "as it is now").unwrap();
        assert!(!knows_it(&cache()), "another program believes nothing");
        fs::remove_file(&program).unwrap();
        assert!(Cache::of(&home, &program, Path::new("/out")).is_none());
        fs::remove_dir_all(&home).unwrap();
    }
}
