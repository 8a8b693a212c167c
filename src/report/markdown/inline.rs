//! Values inside of Markdown as GitHub reads it, where none of them becomes markup, a link or a mention.

use crate::report::visible::visible;

/// A value as code.
pub(super) fn code(text: &str) -> String {
    let text = visible(text);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // One space at each end is taken off again, but not from a text of spaces alone.
    let is_edge = |c: char| c == '`' || c == ' ';
    let needs_space = text.starts_with(is_edge) || text.ends_with(is_edge);
    let space = if needs_space && text.chars().any(|c| c != ' ') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A value as code in a cell of a table, where a bar ends the cell even inside of code.
pub(super) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A fence for a block of code that no line of it closes.
pub(super) fn fence(text: &str) -> String {
    "`".repeat(longest_run(text).max(2) + 1)
}

/// The most backticks that follow each other.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Our own sentence with values in backticks: these become code, and so does every other word that might mean something.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let last = text.matches('`').count();
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 1 && at < last {
            push_code(&mut out, part);
        } else {
            out.push_str(if at > 0 && at == last && last % 2 == 1 { "\\`" } else { "" }); // one without a partner
            words(part, &mut out);
        }
    }
    out
}

fn push_code(out: &mut String, value: &str) {
    if out.ends_with('`') {
        out.push(' '); // two runs of backticks would be one
    }
    out.push_str(&code(value));
}

fn words(text: &str, out: &mut String) {
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            out.push(' ');
        }
        let opening = word.len() - word.trim_start_matches('(').len();
        let bare = word[opening..].trim_end_matches([',', ';', ':', '.', ')']);
        // `1.` begins a list, and dots and brackets alone mean nothing.
        let is_number = out.is_empty() && bare.len() < word.len() && bare.bytes().all(|b| b.is_ascii_digit());
        if bare.is_empty() || is_plain(bare) && !is_number {
            out.push_str(word);
        } else {
            out.push_str(&word[..opening]);
            push_code(out, bare);
            out.push_str(&word[opening + bare.len()..]);
        }
    }
}

/// Whether a word is nothing but a word: no markup, no address, no mention, no number of an issue.
fn is_plain(word: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '\'' | '’' | '…' | '–' | '=' | '→');
    let is_issue = word.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("gh-"));
    let is_decimal = word
        .split_once('.')
        .is_some_and(|(whole, rest)| [whole, rest].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())));
    let hyphens = word.split('-').all(|part| !part.is_empty() && part.chars().all(is_letter));
    is_decimal || hyphens && !is_issue && !word.starts_with('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_holds_any_value() {
        for (value, expected) in [
            ("a", "`a`"),
            ("", "(empty)"),
            (" ", "` `"),
            (" a ", "`  a  `"),
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("``x`", "``` ``x` ```"),
            ("<b>&@all #1\n# x", "`<b>&@all #1\\n# x`"),
        ] {
            assert_eq!(code(value), expected);
        }
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(fence("a"), "```");
        assert_eq!(fence("````\n`"), "`````");
    }

    #[test]
    fn a_sentence_keeps_its_words_and_nothing_else_is_plain() {
        for (text, expected) in [
            ("`a` changes hands, now (1 of 2): that's it.", "`a` changes hands, now (1 of 2): that's it."),
            ("once: aws cloudformation delete-stack --stack-name x", "once: aws cloudformation delete-stack `--stack-name` x"),
            ("ask @all, see #1 or GH-12 at www.example.org.", "ask `@all`, see `#1` or `GH-12` at `www.example.org`."),
            ("<b>*x*</b> | $y$ [z](q)", "`<b>*x*</b>` `|` `$y$` `[z](q`)"),
            ("`a``b`", "`a` `b`"),
            ("it`s @odd", "it\\`s `@odd`"),
            ("1. x", "`1`. x"),
            ("1.9 rules of 1.2.3 or +1.2", "1.9 rules of `1.2.3` or `+1.2`"),
            ("a\n# b\n\n- c", "`a\\n#` `b\\n\\n-` c"),
            ("", ""),
        ] {
            assert_eq!(prose(text), expected, "{text:?}");
        }
    }
}
