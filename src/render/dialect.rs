//! The part of YAML that templates are written in, read at the speed at which it is written: mappings and lists in
//! blocks, one key or item a line, with values in flow style. What is outside of it is left to a whole reader, so this
//! one has to know no more than when it does not know. Nothing is kept of it: whoever listens knows what to keep.

use super::events::{Listener, Scalar};
use super::scalar::{has_only, is_printable};

/// Bytes of a key; with more, YAML does not look for the `:`.
const MAX_KEY: usize = 1000;
/// Words that mean something to one reader or another when they stand without quotes.
const MEANINGS: [&str; 12] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"];
/// Bytes of the longest of them.
const LONGEST_MEANING: usize = 8;
/// For each byte, whether a key without quotes goes on with it.
const IN_KEY: [bool; 256] = table(b"");
/// For each byte, whether a scalar without quotes goes on with it.
const IN_SCALAR: [bool; 256] = table(b"-./_");

/// A table of letters, digits and some more.
const fn table(more: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    loop {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    let mut at = 0;
    while at < more.len() {
        table[more[at] as usize] = true;
        at += 1;
    }
    table
}

/// A line that says something: how far it is indented, and what stands there.
type Line<'t> = (usize, &'t str);

/// Tell what stands in a document; none where it is, or may be, outside of the dialect, whatever was told until then.
pub(super) fn tell<'t>(text: &'t str, to: &mut impl Listener<'t>) -> Option<()> {
    let is_plain = has_only(text, |byte| is_plain(byte) || byte == b'\n');
    let mut reader = Reader { rest: Some(text), is_plain, line: None, to };
    reader.advance()?;
    reader.block()?;
    reader.line.is_none().then_some(())
}

/// Whether a character means what stands there: with escapes, texts are something else.
fn is_plain(byte: u8) -> bool {
    is_printable(byte) && byte != b'\\'
}

/// Whether a line is an item of a list.
fn is_item(line: &str) -> bool {
    matches!(line.as_bytes(), [b'-', b' ', ..])
}

/// A text without the blanks in front.
fn unindented(text: &str) -> &str {
    &text[text.bytes().position(|b| b != b' ').unwrap_or(text.len())..]
}

/// A text up to a quote, and what stands behind that.
fn before_quote(text: &str) -> Option<(&str, &str)> {
    let at = memchr::memchr(b'"', text.as_bytes())?;
    Some((&text[..at], &text[at + 1..]))
}

/// Whether every reader takes a character, and none for the end of a line.
fn is_readable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..) && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

struct Reader<'t, 'l, L> {
    /// What was not looked at; none behind the last line.
    rest: Option<&'t str>,
    /// Whether the whole text means what stands there.
    is_plain: bool,
    /// The line that is looked at; none behind the last one.
    line: Option<Line<'t>>,
    to: &'l mut L,
}

impl<'t, L: Listener<'t>> Reader<'t, '_, L> {
    /// Go on to the next line that says something.
    fn advance(&mut self) -> Option<()> {
        while let Some(rest) = self.rest {
            let end = memchr::memchr(b'\n', rest.as_bytes());
            let line = &rest[..end.unwrap_or(rest.len())];
            self.rest = end.map(|end| &rest[end + 1..]);
            let inner = unindented(line);
            if inner.as_bytes().first() == Some(&b'#') {
                // What stands in comments need not be ASCII.
                (self.is_plain || inner.chars().all(is_readable)).then_some(())?;
            } else if !inner.is_empty() {
                (self.is_plain || inner.bytes().all(is_plain)).then_some(())?;
                self.line = Some((line.len() - inner.len(), inner.trim_end_matches(' ')));
                return Some(());
            }
        }
        self.line = None;
        Some(())
    }

    /// A mapping or a list that begins here.
    fn block(&mut self) -> Option<()> {
        let (indent, first) = self.line?;
        if is_item(first) { self.list(indent) } else { self.mapping(indent, key(first, true)?) }
    }

    /// A mapping, whose first key was seen.
    fn mapping(&mut self, indent: usize, first: (&'t str, &'t str)) -> Option<()> {
        self.to.begin_map();
        let (mut name, mut rest) = first;
        loop {
            self.to.key(name);
            self.value_behind(indent, rest)?;
            match self.line {
                Some((own, line)) if own == indent && !is_item(line) => (name, rest) = key(line, true)?,
                _ => break,
            }
        }
        self.is_left(indent).then_some(())?;
        self.to.end_map()
    }

    fn list(&mut self, indent: usize) -> Option<()> {
        self.to.begin_list();
        while let Some((_, line)) = self.line.filter(|(own, _)| *own == indent) {
            is_item(line).then_some(())?;
            let inner = unindented(&line[2..]);
            if let Some(first) = key(inner, true) {
                // The item is a mapping, whose first key stands behind the dash.
                self.mapping(indent + line.len() - inner.len(), first)?;
            } else {
                self.whole(inner)?;
            }
        }
        self.is_left(indent).then_some(())?;
        self.to.end_list();
        Some(())
    }

    /// Whether a block of an indentation may end here: only where the lines go further out.
    fn is_left(&self, indent: usize) -> bool {
        self.line.is_none_or(|(own, _)| own < indent)
    }

    /// What stands behind a key: on its line, or as a block further in below.
    fn value_behind(&mut self, indent: usize, rest: &'t str) -> Option<()> {
        if !is_nothing(rest) {
            return self.whole(unindented(rest.strip_prefix(' ')?));
        }
        self.advance()?;
        if self.line?.0 <= indent {
            return None;
        }
        self.block()
    }

    /// A value that goes to the end of its line.
    fn whole(&mut self, text: &'t str) -> Option<()> {
        let rest = self.value(text, false)?;
        is_nothing(rest).then_some(())?;
        self.advance()
    }

    /// A value in flow style; what stands behind it.
    fn value(&mut self, text: &'t str, in_flow: bool) -> Option<&'t str> {
        match text.as_bytes().first()? {
            b'{' => self.flow_mapping(&text[1..]),
            b'[' => self.flow_list(&text[1..]),
            b'"' => {
                let (inner, rest) = before_quote(&text[1..])?;
                self.to.scalar(Scalar::Text(inner));
                Some(rest)
            }
            _ => {
                let (scalar, rest) = scalar(text, in_flow)?;
                self.to.scalar(scalar);
                Some(rest)
            }
        }
    }

    fn flow_mapping(&mut self, text: &'t str) -> Option<&'t str> {
        self.to.begin_map();
        let mut rest = text;
        if let Some(rest) = rest.strip_prefix('}') {
            return self.to.end_map().map(|()| rest);
        }
        loop {
            let (name, behind) = key(rest, false)?;
            self.to.key(name);
            let behind = self.value(unindented(behind), true)?;
            match behind.as_bytes() {
                [b',', b' ', ..] => rest = &behind[2..],
                [b'}', ..] => return self.to.end_map().map(|()| &behind[1..]),
                _ => return None,
            }
        }
    }

    fn flow_list(&mut self, text: &'t str) -> Option<&'t str> {
        self.to.begin_list();
        let mut rest = text;
        if let Some(rest) = rest.strip_prefix(']') {
            self.to.end_list();
            return Some(rest);
        }
        loop {
            let behind = self.value(rest, true)?;
            match behind.as_bytes() {
                [b',', b' ', ..] => rest = &behind[2..],
                [b']', ..] => {
                    self.to.end_list();
                    return Some(&behind[1..]);
                }
                _ => return None,
            }
        }
    }
}

/// Whether there is nothing but perhaps a comment.
fn is_nothing(rest: &str) -> bool {
    rest.is_empty() || (rest.as_bytes()[0] == b' ' && unindented(rest).as_bytes().first() == Some(&b'#'))
}

/// A key, and what stands behind its colon. In a block a blank or the end of the line follows on it.
fn key(text: &str, in_block: bool) -> Option<(&str, &str)> {
    let is_quoted = text.as_bytes().first() == Some(&b'"');
    let (name, rest) = if is_quoted {
        before_quote(&text[1..])?
    } else {
        text.split_at(text.bytes().position(|b| !IN_KEY[usize::from(b)]).unwrap_or(text.len()))
    };
    let rest = rest.strip_prefix(':')?;
    let is_apart = rest.starts_with(' ') || (rest.is_empty() && in_block) || (is_quoted && !in_block);
    let is_text = is_quoted || is_word(name);
    (is_apart && is_text && name.len() <= MAX_KEY).then_some((name, rest))
}

/// Whether every reader takes a text without quotes for a text.
fn is_word(text: &str) -> bool {
    let Some(first) = text.bytes().next().map(|b| b.to_ascii_lowercase()) else { return false };
    let may_mean = || text.len() <= LONGEST_MEANING && matches!(first, b'y' | b'n' | b'o' | b't' | b'f' | b'i');
    first.is_ascii_lowercase() && !(may_mean() && MEANINGS.iter().any(|word| text.eq_ignore_ascii_case(word)))
}

/// A scalar without quotes: a word, a flag or a whole number.
fn scalar(text: &str, in_flow: bool) -> Option<(Scalar<'_>, &str)> {
    let is_part = |b: u8| IN_SCALAR[usize::from(b)] || (b == b':' && !in_flow);
    let (word, rest) = text.split_at(text.bytes().position(|b| !is_part(b)).unwrap_or(text.len()));
    let is_number =
        !word.is_empty() && word.len() < 10 && word.bytes().all(|b| b.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    if is_number {
        Some((Scalar::Number(word.parse().ok()?), rest))
    } else if word == "true" || word == "false" {
        Some((Scalar::Flag(word == "true"), rest))
    } else {
        ((is_word(word) || word.starts_with('/')) && !word.ends_with(':')).then_some((Scalar::Text(word), rest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::read::{Builder, Node};
    use crate::render::testing::snapshots;

    fn read(text: &str) -> Option<Node<'_>> {
        let mut builder = Builder::default();
        tell(text, &mut builder)?;
        builder.document()
    }

    #[test]
    fn templates_are_read_as_by_a_whole_reader() {
        let (mut read_here, mut all) = (0, 0);
        for text in snapshots() {
            let whole: Node = serde_yaml::from_str(&text).unwrap();
            all += 1;
            if let Some(ours) = read(&text) {
                assert_eq!(ours, whole);
                read_here += 1;
            }
        }
        assert!(all > 20 && read_here * 10 >= all * 8, "{read_here} of {all}");
    }

    #[test]
    fn what_is_outside_is_left_to_others() {
        for text in [
            "",
            "a",
            "- a",
            "a:",
            "a: b: c",
            "a: 'b'",
            "a: |\n  b",
            "a: !Ref b",
            "a: &b c",
            "a: *b",
            "---\na: b",
            "a: 1.5",
            "a: 007",
            "a: yes",
            "no: b",
            "a: \"\\n\"",
            "a: b\n  c: d",
            "a:\nb: c",
            "a: \u{e9}",
            "a:\tb",
            "a: b\na: c",
            "a: {b}",
            "a: [b",
            "a: \"b\" c",
            "? a",
        ] {
            assert!(read(text).is_none() || serde_yaml::from_str::<Node>(text).is_ok_and(|whole| Some(whole) == read(text)), "{text:?}");
        }
        assert!(read("a: yes").is_none() && read("a: b\na: c").is_none() && read("a:\n- b").is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// Whatever is read here reads the same to a whole reader, also what is broken.
        #[test]
        fn nothing_is_read_in_another_way(
            document in 0..1000_usize,
            from in 0..5000_usize,
            length in 10..300_usize,
            edits in proptest::collection::vec((0..300_usize, proptest::sample::select(vec![
                "", " ", "  ", "\n", ":", ": ", "#", " #", "- ", "-", "\"", "'", "{", "}", "[", "]", ",", ", ", "|", ">", "&a", "*a", "!", "?",
                "0", "1.5", "~", "no", "true", "a", "a: ", "\"a\": ", "%", "@", "`", "---", "...", "<<: ",
            ])), 0..4),
        ) {
            static ALL: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(snapshots);
            let text = &ALL[document % ALL.len()];
            let lines: Vec<&str> = text.lines().collect();
            let start = from % lines.len();
            let mut part = lines[start..(start + length).min(lines.len())].join("\n");
            for (at, what) in edits {
                let at = at % (part.len() + 1);
                if part.is_char_boundary(at) {
                    part.insert_str(at, what);
                }
            }
            if let Some(ours) = read(&part) {
                let whole: Result<Node, _> = serde_yaml::from_str(&part);
                prop_assert!(whole.as_ref().is_ok_and(|whole| *whole == ours), "{part}\n{ours:?}\n{whole:?}");
            }
        }
    }
}
