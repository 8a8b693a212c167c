//! Words of messages and reports.

/// A number with its word: `1 rule`, `2 rules`.
pub fn counted(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
