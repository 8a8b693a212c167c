//! What lines of templates are made of: blanks, comments, keys and scalars. Whoever reads one is given the place where
//! it begins, and gives the place behind it. All that has a meaning is ASCII, and so is whatever a text is cut at.
#![expect(clippy::inline_always, reason = "a key or a scalar is read in as much time as it takes to call who reads it")]

use super::events::Scalar;
use super::scalar::{MAX_KEY, has_only, is_printable};

/// Digits of a whole number; more may mean something else to somebody.
const MAX_DIGITS: usize = 9;
/// Words that mean something to one reader or another when they stand without quotes.
const MEANINGS: [&str; 12] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"];
/// Bytes of the longest of them.
const LONGEST_MEANING: usize = 8;
/// For each byte, whether a key without quotes goes on with it.
const IN_KEY: [bool; 256] = letters_and(b"");
/// For each byte, whether a scalar without quotes goes on with it in flow style.
const IN_FLOW: [bool; 256] = letters_and(b"-./_");
/// For each byte, whether a scalar without quotes goes on with it to the end of its line.
const IN_LINE: [bool; 256] = letters_and(b"-./_:");
/// For each byte, whether it means in quotes what stands there: with escapes, texts are something else.
const IN_QUOTES: [bool; 256] = printable();

/// A table of letters, digits and some more.
const fn letters_and(more: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < u8::MAX {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < more.len() {
        table[more[at] as usize] = true;
        at += 1;
    }
    table
}

/// A table of what can be seen, but for quotes and escapes.
const fn printable() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < u8::MAX {
        table[byte as usize] = is_printable(byte) && !matches!(byte, b'"' | b'\\');
        byte += 1;
    }
    table
}

/// What stands at a place. Behind the last line that is the end of a line.
pub(super) fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(b'\n')
}

/// Where the blanks end that begin at a place. Eight at a time, as most lines begin with as many.
pub(super) fn blanks(text: &str, mut at: usize) -> usize {
    for eight in text.as_bytes()[at..].as_chunks().0 {
        let others = u64::from_le_bytes(*eight) ^ u64::from_le_bytes([b' '; 8]);
        if others != 0 {
            return at + others.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while byte(text, at) == b' ' {
        at += 1;
    }
    at
}

/// Where the bytes of a table end that begin at a place. Eight at a time, so that nothing is asked but the table.
fn run(text: &str, mut at: usize, table: &[bool; 256]) -> usize {
    for eight in text.as_bytes()[at..].as_chunks::<8>().0 {
        if let Some(length) = eight.iter().position(|byte| !table[usize::from(*byte)]) {
            return at + length;
        }
        at += 8;
    }
    while table[usize::from(byte(text, at))] {
        at += 1;
    }
    at
}

/// A comment, and the end of its line. What stands there need not be ASCII.
#[cold]
pub(super) fn comment(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
    let comment = &rest[..end];
    (has_only(comment, is_printable) || comment.chars().all(is_readable)).then_some(at + end + 1)
}

/// Whether every reader takes a character, and none for the end of a line.
fn is_readable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..) && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// The end of a line, with perhaps blanks in front of it, and a comment behind them.
pub(super) fn end_of_line(text: &str, at: usize) -> Option<usize> {
    let end = if byte(text, at) == b' ' { blanks(text, at) } else { at };
    match byte(text, end) {
        b'\n' => Some(end + 1),
        b'#' if end > at => comment(text, end),
        _ => None,
    }
}

/// A key, with its colon and the blank behind that. In a block that or the end of the line follows on it.
#[inline(always)]
pub(super) fn key(text: &str, at: usize, in_block: bool) -> Option<(&str, usize)> {
    let (name, is_quoted, end) = token(text, at, &IN_KEY)?;
    let is_key = byte(text, end) == b':' && name.len() <= MAX_KEY && (is_quoted || is_word(name));
    is_key.then_some(())?;
    match byte(text, end + 1) {
        b' ' => Some((name, end + 2)),
        b'\n' if in_block => Some((name, end + 1)),
        _ => (is_quoted && !in_block).then_some((name, end + 1)),
    }
}

/// A scalar.
#[inline(always)]
pub(super) fn scalar(text: &str, at: usize, in_flow: bool) -> Option<(Scalar<'_>, usize)> {
    let (text, is_quoted, end) = token(text, at, if in_flow { &IN_FLOW } else { &IN_LINE })?;
    let scalar = if is_quoted { Scalar::Text(text) } else { unquoted(text)? };
    Some((scalar, end))
}

/// A text in quotes, or else what there is of a table; whether it is in quotes.
#[inline(always)]
fn token<'t>(text: &'t str, at: usize, table: &[bool; 256]) -> Option<(&'t str, bool, usize)> {
    let is_quoted = byte(text, at) == b'"';
    let (start, table) = if is_quoted { (at + 1, &IN_QUOTES) } else { (at, table) };
    let end = run(text, start, table);
    let inner = &text[start..end];
    if !is_quoted {
        Some((inner, false, end))
    } else if byte(text, end) == b'"' {
        Some((inner, true, end + 1))
    } else {
        None
    }
}

/// A scalar without quotes: a word, a flag or a whole number.
fn unquoted(word: &str) -> Option<Scalar<'_>> {
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        let is_number = word.len() <= MAX_DIGITS && word.bytes().all(|b| b.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
        return if is_number { word.parse().ok().map(Scalar::Number) } else { None };
    }
    match word {
        "true" => Some(Scalar::Flag(true)),
        "false" => Some(Scalar::Flag(false)),
        _ => ((is_word(word) || word.starts_with('/')) && !word.ends_with(':')).then_some(Scalar::Text(word)),
    }
}

/// Whether every reader takes a text without quotes for a text.
#[inline]
fn is_word(text: &str) -> bool {
    let Some(first) = text.bytes().next() else { return false };
    let may_mean = text.len() <= LONGEST_MEANING && matches!(first | 0x20, b'y' | b'n' | b'o' | b't' | b'f' | b'i');
    first.is_ascii_alphabetic() && !(may_mean && has_meaning(text))
}

/// Whether a text is one of the words that mean something.
fn has_meaning(text: &str) -> bool {
    MEANINGS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_what_they_say() {
        for byte in 0..=u8::MAX {
            let is_letter = byte.is_ascii_alphanumeric();
            let at = usize::from(byte);
            assert_eq!(IN_KEY[at], is_letter);
            assert_eq!(IN_FLOW[at], is_letter || b"-./_".contains(&byte));
            assert_eq!(IN_LINE[at], IN_FLOW[at] || byte == b':');
            assert_eq!(IN_QUOTES[at], matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\');
        }
    }

    #[test]
    fn runs_end_at_every_place() {
        for length in 0..20 {
            for behind in ["", ":", "\n", "#\u{e9}", "::::::::::::"] {
                let text = format!("-{}{behind}", "a".repeat(length));
                assert_eq!(run(&text, 1, &IN_KEY), 1 + length, "{text:?}");
                let text = format!("-{}{behind}", " ".repeat(length));
                assert_eq!(blanks(&text, 1), 1 + length, "{text:?}");
            }
        }
    }

    #[test]
    fn words_that_mean_something_are_none() {
        for word in MEANINGS {
            assert!(word.len() <= LONGEST_MEANING && !is_word(word) && !is_word(&word.to_uppercase()), "{word}");
            assert!(is_word(&format!("{word}a")), "{word}");
        }
        assert!(is_word("Type") && is_word("ok") && !is_word("") && !is_word("7a"));
    }
}
