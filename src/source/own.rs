//! The part of YAML that rackform writes its lock in, read at the speed of a list: sections of one line an entry, with
//! values in flow style. A lock is as large as its fleet, and read by every run. What is outside is left to the parser,
//! so this file has to know no more than when it does not know.

use super::Span;
use super::tree::NodeId;
use super::yaml::Builder;

/// Levels that values may be nested.
const MAX_NESTED: usize = 8;

/// Read a text into a builder and tell the root; none where it is, or may be, outside of the dialect, and then the
/// builder is of no use.
pub(super) fn read(text: &str, builder: &mut Builder<'_>) -> Option<NodeId> {
    // All bytes are looked at, several at a time.
    if text.bytes().filter(|b| !matches!(b, b' '..=b'~' | b'\n') || *b == b'\\').count() > 0 {
        return None;
    }
    let mut lines = Lines { text, at: 0 };
    let mut line = lines.next()?;
    builder.begin(Span { start: line.at, end: line.at }, true)?;
    loop {
        let mut cursor = Cursor { text: line.text, at: line.at, end: line.end };
        (line.indent == 0).then_some(())?;
        cursor.key(builder, true)?;
        let mut next = lines.next();
        if cursor.at < cursor.end {
            cursor.value_of_line(builder)?;
        } else {
            let first = next.as_ref().filter(|next| next.indent == 2)?;
            builder.begin(Span { start: first.at, end: first.at }, true)?;
            while let Some(entry) = next.as_ref().filter(|next| next.indent == 2) {
                let mut cursor = Cursor { text, at: entry.at, end: entry.end };
                cursor.key(builder, true)?;
                cursor.value_of_line(builder)?;
                next = lines.next();
            }
            builder.close(Span { start: cursor.end, end: cursor.end })?;
        }
        match next {
            Some(next) => line = next,
            None => break,
        }
    }
    (lines.at >= text.len()).then_some(())?;
    builder.finish(Span { start: text.len(), end: text.len() })
}

/// The lines that say something.
struct Lines<'t> {
    text: &'t str,
    at: usize,
}

/// One of them, without its indentation.
struct Line<'t> {
    text: &'t str,
    indent: usize,
    at: usize,
    end: usize,
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        while self.at < self.text.len() {
            let start = self.at;
            let end = memchr::memchr(b'\n', &self.text.as_bytes()[start..]).map_or(self.text.len(), |length| start + length);
            self.at = end + 1;
            let indent = self.text[start..end].bytes().take_while(|b| *b == b' ').count();
            if start + indent < end && self.text.as_bytes()[start + indent] != b'#' {
                return Some(Line { text: self.text, indent, at: start + indent, end });
            }
        }
        None
    }
}

/// A place in a line.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
    end: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &[u8] {
        &self.text.as_bytes()[self.at..self.end]
    }

    /// A key, its colon, and the blank behind that if something follows.
    fn key(&mut self, builder: &mut Builder<'_>, in_block: bool) -> Option<()> {
        if self.rest().first() == Some(&b'"') {
            self.quoted(builder)?;
        } else {
            let may = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'+' | b'=' | b'@' | b'*');
            let rest = self.rest();
            let mut length = 0;
            // A colon inside of a word is a part of it.
            while length < rest.len() && (may(rest[length]) || in_block && rest[length] == b':' && !ends(rest, length)) {
                length += 1;
            }
            self.plain(length, builder)?;
        }
        match self.rest() {
            [b':'] if in_block => self.at += 1,
            [b':', b' ', behind, ..] if *behind != b' ' => self.at += 2,
            _ => return None,
        }
        Some(())
    }

    /// A value that is the rest of its line.
    fn value_of_line(&mut self, builder: &mut Builder<'_>) -> Option<()> {
        self.value(builder, 0)?;
        (self.at == self.end).then_some(())
    }

    fn value(&mut self, builder: &mut Builder<'_>, depth: usize) -> Option<()> {
        match self.rest().first()? {
            b'"' => self.quoted(builder),
            b'{' if depth < MAX_NESTED => self.flow(builder, depth, true),
            b'[' if depth < MAX_NESTED => self.flow(builder, depth, false),
            _ => {
                let may = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
                let length = self.rest().iter().take_while(|b| may(b)).count();
                self.plain(length, builder)
            }
        }
    }

    fn flow(&mut self, builder: &mut Builder<'_>, depth: usize, is_map: bool) -> Option<()> {
        let close = if is_map { b'}' } else { b']' };
        builder.begin(Span { start: self.at, end: self.at + 1 }, is_map)?;
        self.at += 1;
        if self.rest().first() != Some(&close) {
            loop {
                if is_map {
                    self.key(builder, false)?;
                }
                self.value(builder, depth + 1)?;
                match self.rest() {
                    [b',', b' ', behind, ..] if *behind != b' ' => self.at += 2,
                    [found, ..] if *found == close => break,
                    _ => return None,
                }
            }
        }
        self.at += 1;
        builder.close(Span { start: self.at - 1, end: self.at })
    }

    fn quoted(&mut self, builder: &mut Builder<'_>) -> Option<()> {
        let length = self.rest()[1..].iter().position(|b| *b == b'"')?;
        let span = Span { start: self.at, end: self.at + length + 2 };
        builder.scalar(&self.text[span.start + 1..span.end - 1], false, span)?;
        self.at = span.end;
        Some(())
    }

    /// Text without quotes, which begins with a letter or a digit.
    fn plain(&mut self, length: usize, builder: &mut Builder<'_>) -> Option<()> {
        let span = Span { start: self.at, end: self.at + length };
        self.rest().first().filter(|b| b.is_ascii_alphanumeric())?;
        builder.scalar(&self.text[span.start..span.end], true, span)?;
        self.at = span.end;
        Some(())
    }
}

/// Whether a colon is the end of a key.
fn ends(line: &[u8], at: usize) -> bool {
    line.get(at + 1).is_none_or(|behind| *behind == b' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::yaml::{parse_own, parse_own_slowly};
    use super::super::{FileId, Files};
    use super::*;

    const LOCK: &str = "# Comment: with a colon\nversion: 1\n\nracks:\n  main: {network: \"10.0.0.0/16\", internal_router: main-rti}\n\napps:\n  \
                        shop: {rack: main, http: 1}\n\nrules:\n  main/public/shop/web/exact1: {priority: 8149, hosts: [\"a.example.org\", \
                        \"{Public}-x\"], since: 2, left: {\"*.b.c\": 2}}\n  # between\n\ntarget_groups:\n  shop/web: 3000\n  shop/api: \
                        \"https:8443\"\n\ncertificates:\n  main/shop/1: [\"a.example.org\"]\n\nshared_certificates:\n  \
                        main/public/arn:aws:acm:us-east-1:123456789012:certificate/1-2: {since: 2}\n\nretired: {}\n";

    fn file() -> FileId {
        Files::default().add("rackform.lock", "")
    }

    fn is_fast(text: &str) -> bool {
        read(text, &mut Builder::new(None, 1000)).is_some()
    }

    /// The same tree with the same places, the same repetitions.
    fn same(text: &str) -> Result<(), TestCaseError> {
        let of = |parsed: Result<super::super::Parsed, _>| parsed.map(|p| format!("{:?} {:?}", p.tree, p.duplicates)).map_err(|_| ());
        prop_assert_eq!(of(parse_own(file(), text)), of(parse_own_slowly(file(), text)));
        Ok(())
    }

    #[test]
    fn a_lock_is_read_as_by_the_parser() {
        assert!(is_fast(LOCK));
        same(LOCK).unwrap();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
        let mut seen = 0;
        for path in glob::glob(&format!("{}/**/*lock.snap", root.display())).unwrap().map(Result::unwrap) {
            let text = std::fs::read_to_string(path).unwrap();
            let Some(start) = text.find("# Where") else { continue }; // a diagnostic about a lock
            let lock = &text[start..];
            assert!(is_fast(lock), "{lock}");
            same(lock).unwrap();
            seen += 1;
        }
        assert!(seen > 5, "{seen}");
    }

    #[test]
    fn what_is_outside_is_left_to_the_parser() {
        for text in [
            "",
            "a",
            "- a",
            "a:",
            "a:\n b: c",
            "a:\n   b: c",
            "a: b c",
            "a: 'b'",
            "a: |\n  b",
            "a: *b",
            "a: [b",
            "a: {b}",
            "a: \"\\n\"",
            "é: a",
        ] {
            assert!(!is_fast(text), "{text:?}");
            same(text).unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn nothing_is_read_in_another_way(edits in proptest::collection::vec((0..LOCK.len(), 0..4_usize, proptest::sample::select(vec![
            "", "", " ", "  ", "\n", ":", ": ", "#", " #", "- ", "\"", "'", "{", "}", "[", "]", ",", ", ", "|", "&a", "*a", "!", "?", "a", "a: ",
            "%", "@", "---\n", "...\n", "<<: ", "a: b\n", "\t", "\r\n", "\u{e9}", "version: 1\n", "  shop/web: 3000\n",
        ])), 0..4)) {
            let mut text = LOCK.to_owned();
            for (at, gone, what) in edits {
                let at = at.min(text.len());
                let end = (at + gone).min(text.len());
                if text.is_char_boundary(at) && text.is_char_boundary(end) {
                    text.replace_range(at..end, what);
                }
            }
            same(&text)?;
        }
    }
}
