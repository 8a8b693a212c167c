//! Values that may hold any character, as text in which each of them can be seen.

use std::borrow::Cow;
use std::fmt::Write;

/// A text on one line, with every character written out that is not seen, or makes the text look like another one.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut seen = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => seen.push_str("\\n"),
            '\t' => seen.push_str("\\t"),
            c if is_hidden(c) => _ = write!(seen, "\\u{{{:x}}}", u32::from(c)),
            c => seen.push(c),
        }
    }
    Cow::Owned(seen)
}

/// Controls; what joins, separates or turns text around without being seen (Unicode 16, `Bidi_Control` and
/// `Default_Ignorable_Code_Point` as far as it is no mark on a letter); ends of lines.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_written_out() {
        assert!(matches!(visible("plain – ö 漢 *"), Cow::Borrowed(_)));
        assert_eq!(visible("a\nb\r\tc"), "a\\nb\\u{d}\\tc");
        assert_eq!(visible("admin\u{202e}gro.elpmaxe"), "admin\\u{202e}gro.elpmaxe");
        assert_eq!(visible("pay\u{200b}pal\u{feff}\u{1b}[0m"), "pay\\u{200b}pal\\u{feff}\\u{1b}[0m");
    }
}
