//! What a merge that nobody has finished leaves in a lock.

use crate::source::Span;

/// What a merge leaves in front of a line, and what follows it.
const MARKS: [&str; 4] = ["<<<<<<< ", ">>>>>>> ", "||||||| ", "======="];

fn is_mark(line: &str) -> bool {
    let bare = line.trim_end();
    MARKS.iter().any(|mark| bare == mark.trim_end() || (mark.ends_with(' ') && line.starts_with(mark)))
}

/// The first line that a merge has left as a marker.
pub(super) fn conflict(text: &str) -> Option<Span> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if is_mark(line) {
            return Some(Span { start, end: start + line.trim_end().len() });
        }
        start += line.len();
    }
    None
}

/// The text with the lines of both sides: markers, and what both sides had before, become comments
/// of the same length, so that every place still fits.
pub(super) fn both_sides(text: &str) -> String {
    let mut is_base = false;
    let mut both = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if is_mark(line) {
            is_base = line.starts_with("|||||||");
        }
        if (is_mark(line) || is_base) && line.trim_end() != "" {
            let first = line.chars().next().map_or(0, char::len_utf8);
            both.extend(std::iter::repeat_n('#', first));
            both.push_str(&line[first..]);
        } else {
            both.push_str(line);
        }
    }
    both
}
