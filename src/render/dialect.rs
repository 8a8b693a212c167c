//! The part of YAML that templates are written in, read at the speed at which it is written: mappings and lists in
//! blocks, one key or item a line, with values in flow style. What is outside of it is left to a whole reader, so this
//! one has to know no more than when it does not know.

use std::borrow::Cow;

use super::read::{Map, Node};
use super::scalar::{has_only, is_printable};

/// Bytes of a key; with more, YAML does not look for the `:`.
const MAX_KEY: usize = 1000;
/// Words that mean something to one reader or another when they stand without quotes.
const MEANINGS: [&str; 12] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"];

/// Bytes of the longest of them.
const LONGEST_MEANING: usize = 8;

/// A line that says something: how far it is indented, and what stands there.
type Line<'t> = (usize, &'t str);

/// Read a document; none where it is, or may be, outside of the dialect.
pub(super) fn read(text: &str) -> Option<Node<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::with_capacity(text.len() / 32);
    let is_plain = has_only(text, |byte| is_plain(byte) || byte == b'\n');
    for line in lines_of(text) {
        let inner = unindented(line);
        if inner.starts_with('#') {
            // What stands in comments need not be ASCII.
            (is_plain || inner.chars().all(is_readable)).then_some(())?;
        } else if !inner.is_empty() {
            (is_plain || inner.bytes().all(self::is_plain)).then_some(())?;
            lines.push((line.len() - inner.len(), inner.trim_end_matches(' ')));
        }
    }
    let (document, end) = block(&mut lines, 0)?;
    (end == lines.len()).then_some(document)
}

/// The lines of a text, as `split` has them, and faster.
fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let now = rest?;
        match memchr::memchr(b'\n', now.as_bytes()) {
            Some(at) => {
                rest = Some(&now[at + 1..]);
                Some(&now[..at])
            }
            None => rest.take(),
        }
    })
}

/// Whether a character means what stands there: with escapes, texts are something else.
fn is_plain(byte: u8) -> bool {
    is_printable(byte) && byte != b'\\'
}

/// A text without the blanks in front.
fn unindented(text: &str) -> &str {
    &text[text.bytes().take_while(|b| *b == b' ').count()..]
}

/// A text up to a quote, and what stands behind that.
fn before_quote(text: &str) -> Option<(&str, &str)> {
    let at = text.bytes().position(|b| b == b'"')?;
    Some((&text[..at], &text[at + 1..]))
}

/// Whether every reader takes a character, and none for the end of a line.
fn is_readable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..) && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A mapping or a list that begins at a line, and the line behind it.
fn block<'t>(lines: &mut [Line<'t>], at: usize) -> Option<(Node<'t>, usize)> {
    let (indent, first) = *lines.get(at)?;
    if first.starts_with("- ") { list(lines, at, indent) } else { mapping(lines, at, indent) }
}

fn mapping<'t>(lines: &mut [Line<'t>], mut at: usize, indent: usize) -> Option<(Node<'t>, usize)> {
    let mut entries = Vec::with_capacity(8);
    while let Some((_, line)) = lines.get(at).copied().filter(|(own, line)| *own == indent && !line.starts_with("- ")) {
        let (name, rest) = key(line, true)?;
        let (value, next) = value_behind(lines, at, indent, rest)?;
        entries.push((Cow::Borrowed(name), value));
        at = next;
    }
    is_left(lines, at, indent).then_some(())?;
    Some((Node::Map(Map::new(entries).ok()?), at))
}

fn list<'t>(lines: &mut [Line<'t>], mut at: usize, indent: usize) -> Option<(Node<'t>, usize)> {
    let mut items = Vec::with_capacity(4);
    while let Some((_, line)) = lines.get(at).copied().filter(|(own, _)| *own == indent) {
        let item = line.strip_prefix("- ")?;
        let inner = unindented(item);
        let (value, next) = if key(inner, true).is_some() {
            // The item is a mapping, whose first key stands behind the dash.
            lines[at] = (indent + line.len() - inner.len(), inner);
            mapping(lines, at, lines[at].0)?
        } else {
            (whole(inner)?, at + 1)
        };
        items.push(value);
        at = next;
    }
    is_left(lines, at, indent).then_some(())?;
    Some((Node::List(items), at))
}

/// Whether a block of an indentation may end before a line: only where the lines go further out.
fn is_left(lines: &[Line<'_>], at: usize, indent: usize) -> bool {
    lines.get(at).is_none_or(|(own, _)| *own < indent)
}

/// What stands behind a key: on its line, or as a block further in below.
fn value_behind<'t>(lines: &mut [Line<'t>], at: usize, indent: usize, rest: &'t str) -> Option<(Node<'t>, usize)> {
    if !is_nothing(rest) {
        return Some((whole(unindented(rest.strip_prefix(' ')?))?, at + 1));
    }
    if lines.get(at + 1)?.0 <= indent {
        return None;
    }
    block(lines, at + 1)
}

/// Whether there is nothing but perhaps a comment.
fn is_nothing(rest: &str) -> bool {
    rest.is_empty() || (rest.starts_with(' ') && unindented(rest).starts_with('#'))
}

/// A key, and what stands behind its colon. In a block a blank or the end of the line follows on it.
fn key(text: &str, in_block: bool) -> Option<(&str, &str)> {
    let is_quoted = text.starts_with('"');
    let (name, rest) = match text.strip_prefix('"') {
        Some(quoted) => before_quote(quoted)?,
        None => text.split_at(text.bytes().take_while(u8::is_ascii_alphanumeric).count()),
    };
    let rest = rest.strip_prefix(':')?;
    let is_apart = rest.starts_with(' ') || (rest.is_empty() && in_block) || (is_quoted && !in_block);
    let is_text = is_quoted || is_word(name);
    (is_apart && is_text && name.len() <= MAX_KEY).then_some((name, rest))
}

/// Whether every reader takes a text without quotes for a text.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && (text.len() > LONGEST_MEANING || !MEANINGS.iter().any(|word| text.eq_ignore_ascii_case(word)))
}

/// A value that goes to the end of its line.
fn whole(text: &str) -> Option<Node<'_>> {
    let (value, rest) = value(text, false)?;
    is_nothing(rest).then_some(value)
}

/// A value in flow style, and what stands behind it.
fn value(text: &str, in_flow: bool) -> Option<(Node<'_>, &str)> {
    match text.as_bytes().first()? {
        b'{' => flow_mapping(&text[1..]),
        b'[' => flow_list(&text[1..]),
        b'"' => before_quote(&text[1..]).map(|(inner, rest)| (Node::Text(Cow::Borrowed(inner)), rest)),
        _ => scalar(text, in_flow),
    }
}

fn flow_mapping(text: &str) -> Option<(Node<'_>, &str)> {
    let mut rest = text;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((Node::Map(Map::new(Vec::new()).ok()?), rest));
    }
    let mut entries = Vec::with_capacity(2);
    loop {
        let (name, behind) = key(rest, false)?;
        let (inner, behind) = value(unindented(behind), true)?;
        entries.push((Cow::Borrowed(name), inner));
        match behind.strip_prefix(", ") {
            Some(next) => rest = next,
            None => return Some((Node::Map(Map::new(entries).ok()?), behind.strip_prefix('}')?)),
        }
    }
}

fn flow_list(text: &str) -> Option<(Node<'_>, &str)> {
    let mut items = Vec::new();
    let mut rest = text;
    if let Some(rest) = rest.strip_prefix(']') {
        return Some((Node::List(items), rest));
    }
    loop {
        let (inner, behind) = value(rest, true)?;
        items.push(inner);
        match behind.strip_prefix(", ") {
            Some(next) => rest = next,
            None => return Some((Node::List(items), behind.strip_prefix(']')?)),
        }
    }
}

/// A scalar without quotes: a word, a flag or a whole number.
fn scalar(text: &str, in_flow: bool) -> Option<(Node<'_>, &str)> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'/' | b'_') || (*b == b':' && !in_flow);
    let (word, rest) = text.split_at(text.bytes().take_while(is_part).count());
    let is_number =
        !word.is_empty() && word.len() < 10 && word.bytes().all(|b| b.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    if is_number {
        Some((Node::Number(word.parse().ok()?), rest))
    } else if word == "true" || word == "false" {
        Some((Node::Flag(word == "true"), rest))
    } else {
        ((is_word(word) || word.starts_with('/')) && !word.ends_with(':')).then_some((Node::Text(Cow::Borrowed(word)), rest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn snapshots() -> Vec<String> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
        let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
        let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
        let templates = files.filter(|path| path.to_string_lossy().ends_with(".snap.yaml"));
        templates.map(|path| std::fs::read_to_string(path).unwrap()).collect()
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
