//! Text as written: files, places in them, and YAML as a tree that knows where everything stands.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::OnceLock;

mod mask;
mod own;
mod scalar;
mod tree;
mod yaml;

pub use mask::Variables;
pub use scalar::{Resolved, number_text, resolve};
pub use tree::{Counting, Entry, Kind, Mapping, NodeId, Scalar, Tree, escape_pointer, readable};
pub use yaml::{MAX_BYTES, MAX_DEPTH, MAX_NODES, Parsed, Refusal, Refused, Unset, parse, parse_own};

/// A file that was read, by its number in [`Files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(u32);

/// A range of bytes in one file; `end` is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
}

/// A range of bytes and the file it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// Where in it.
    pub span: Span,
}

/// What is made of a value does not depend on where it stands, so a digest of it doesn't either.
impl Hash for Place {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// The same of a file as a whole.
impl Hash for FileId {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// A value and the place it was written at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> Spanned<T> {
    /// Join a value with its place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}

#[derive(Debug)]
struct File {
    path: String,
    text: String,
    /// Bytes of the byte-order mark that was in front of the text.
    skipped: usize,
    /// Byte offset of the start of each line, so that a place costs a binary search. Most files are
    /// asked for places by several threads or not at all.
    lines: OnceLock<Vec<usize>>,
}

impl File {
    fn lines(&self) -> &[usize] {
        let starts = || std::iter::once(0).chain(memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at + 1)).collect();
        self.lines.get_or_init(starts)
    }
}

/// Every file that was read, under the path that messages show.
#[derive(Debug, Default)]
pub struct Files {
    list: Vec<File>,
    stand_ins: BTreeMap<PathBuf, String>,
}

impl Files {
    /// No files yet, and texts that are read in place of what stands on the disk, by their real paths.
    pub fn with_stand_ins(stand_ins: BTreeMap<PathBuf, String>) -> Self {
        Self { list: Vec::new(), stand_ins }
    }

    /// The texts that are read in place of what stands on the disk.
    pub fn stand_ins(&self) -> &BTreeMap<PathBuf, String> {
        &self.stand_ins
    }

    /// Every file.
    pub fn all(&self) -> impl Iterator<Item = FileId> {
        (0..).map(FileId).take(self.list.len())
    }

    /// The file that messages show under a path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        (0..).map(FileId).zip(&self.list).find(|(_, file)| file.path == path).map(|(id, _)| id)
    }

    /// Keep a file; `path` is shown in messages and comments, never opened. A byte-order mark is
    /// taken off.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let whole = text.into();
        let text = whole.strip_prefix('\u{feff}').map(str::to_owned);
        let skipped = text.as_ref().map_or(0, |text| whole.len() - text.len());
        let text = text.unwrap_or(whole);
        self.list.push(File { path: path.into(), text, skipped, lines: OnceLock::new() });
        FileId(u32::try_from(self.list.len() - 1).expect("fewer than four thousand million files"))
    }

    /// The path that messages show.
    pub fn path(&self, file: FileId) -> &str {
        &self.list[file.0 as usize].path
    }

    /// The text of a file, without its byte-order mark.
    pub fn text(&self, file: FileId) -> &str {
        &self.list[file.0 as usize].text
    }

    /// The text of a file as it was read, byte-order mark and all.
    pub fn whole(&self, file: FileId) -> String {
        let mark = if self.list[file.0 as usize].skipped > 0 { "\u{feff}" } else { "" };
        format!("{mark}{}", self.text(file))
    }

    /// Where a byte of the text stands in the file itself, byte-order mark and all.
    pub fn byte_in_file(&self, file: FileId, byte: usize) -> usize {
        byte + self.list[file.0 as usize].skipped
    }

    /// Line and column of a byte, both counted from one; columns count characters.
    pub fn line_column(&self, file: FileId, byte: usize) -> (usize, usize) {
        let file = &self.list[file.0 as usize];
        let byte = floor_boundary(&file.text, byte);
        let lines = file.lines();
        let line = lines.partition_point(|start| *start <= byte);
        (line, file.text[lines[line - 1]..byte].chars().count() + 1)
    }

    /// The lines that a span touches: number of the first one, its first byte, and the text of all.
    pub fn lines(&self, place: Place) -> (usize, usize, &str) {
        let file = &self.list[place.file.0 as usize];
        let lines = file.lines();
        let first = lines.partition_point(|start| *start <= place.span.start.min(file.text.len()));
        let last = lines.partition_point(|start| *start < place.span.end.max(place.span.start + 1));
        let start = lines[first - 1];
        let end = lines.get(last.max(first)).map_or(file.text.len(), |next| next - 1);
        (first, start, &file.text[start..end.max(start)])
    }
}

/// The nearest character boundary at or before `byte`.
pub(crate) fn floor_boundary(text: &str, byte: usize) -> usize {
    let byte = byte.min(text.len());
    (0..=byte).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let mut files = Files::default();
        let id = files.add("a.yml", "one\nzwö: x\r\n");
        assert_eq!(files.line_column(id, 0), (1, 1));
        assert_eq!(files.line_column(id, 4), (2, 1));
        assert_eq!(files.line_column(id, 8), (2, 4), "ö is two bytes and one column");
        assert_eq!(files.line_column(id, 99), (3, 1));
        let place = Place { file: id, span: Span { start: 4, end: 6 } };
        assert_eq!(files.lines(place), (2, 4, "zwö: x\r"));
    }
}
