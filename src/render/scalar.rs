//! The one place that escapes: text as a quoted scalar, and text inside a comment.

use std::fmt::Write;

/// Bytes of a key that stands before its `:`: a longer one is no key to YAML, which looks 1024 characters ahead for that.
pub(super) const MAX_KEY: usize = 1000;

/// Write `text` as a double-quoted scalar that YAML 1.1, YAML 1.2 and JSON readers take for the same text.
///
/// Where the three disagree the character is escaped, in the only form that all of them know: `\uXXXX`. It has
/// room for four digits, so characters beyond U+FFFF stand as they are, which every reader accepts.
pub fn quote(text: &str, out: &mut String) {
    out.push('"');
    if has_only(text, |byte| is_printable(byte) && !matches!(byte, b'"' | b'\\')) {
        out.push_str(text); // as nearly all texts are
    } else {
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                _ => push_visible(c, out),
            }
        }
    }
    out.push('"');
}

/// Write `text` so that it stays inside of the comment that it is printed in: one line, nothing invisible.
pub(super) fn comment(text: &str, out: &mut String) {
    if has_only(text, is_printable) {
        out.push_str(text);
    } else {
        text.chars().for_each(|c| push_visible(c, out));
    }
}

/// Whether every byte of a text is one of these. All are looked at, several at a time, which is faster than to look for
/// the first other one.
pub(super) fn has_only(text: &str, is_one: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(0, |others, byte| others | u8::from(!is_one(byte))) == 0
}

/// Whether a byte is a character of ASCII and no control: nobody misreads it, and it can be seen.
pub(super) const fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

fn push_visible(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_misread(c) || is_invisible(c) => write!(out, "\\u{:04x}", u32::from(c)).expect("a String takes every write"),
        c => out.push(c),
    }
}

/// What some reader refuses, drops or takes for the end of a line: controls, U+0085 and the separators U+2028 and
/// U+2029 (line ends in YAML 1.1 only), the byte-order mark, and the non-characters of the first plane.
fn is_misread(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}')
}

/// What a reviewer would not see, or would see in another order than it stands in: the no-break space, the soft
/// hyphen, zero-width characters and the marks that turn the direction of text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::testing::{granit_scalars, hostile_text};

    fn quoted(text: &str) -> String {
        let mut out = String::new();
        quote(text, &mut out);
        out
    }

    #[test]
    fn what_means_something_to_yaml_is_text_again() {
        for text in ["Yes", "010", "1e3", "~", "", "!Ref X", "%YAML 1.2", "--- a", "${AWS::Region}", "{{ x }}", "a: b #c", "\u{feff}x"] {
            let read: serde_yaml::Value = serde_yaml::from_str(&quoted(text)).unwrap();
            assert_eq!(read.as_str(), Some(text), "{text:?}");
        }
        assert_eq!(quoted("a\u{85}\u{2028}\u{7f}\u{202e}é😀"), r#""a\u0085\u2028\u007f\u202eé😀""#);
    }

    proptest! {
        #[test]
        fn three_readers_agree_on_every_text(text in hostile_text()) {
            let scalar = quoted(&text);
            prop_assert_eq!(&serde_json::from_str::<String>(&scalar).unwrap(), &text);
            prop_assert_eq!(&serde_yaml::from_str::<String>(&scalar).unwrap(), &text);
            prop_assert_eq!(granit_scalars(&format!("a: {scalar}\nb: 1\n")), vec!["a".to_owned(), text, "b".into(), "1".into()]);
        }

        #[test]
        fn a_comment_never_ends_early(text in hostile_text()) {
            let mut line = String::from("a: 1 # ");
            comment(&text, &mut line);
            line.push_str("\nb: 2\n");
            prop_assert_eq!(granit_scalars(&line), vec!["a", "1", "b", "2"]);
            let read: std::collections::BTreeMap<String, u8> = serde_yaml::from_str(&line).unwrap();
            prop_assert_eq!(read.len(), 2);
        }
    }
}
