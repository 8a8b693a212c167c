//! A whole message as plain text, for formats that have one field for it.

use super::{Diagnostic, human::clean};

/// Message, label, notes and help, a line each, without control characters; `also` goes behind the
/// label, for formats that have nowhere else to put other places.
pub(super) fn whole(diagnostic: &Diagnostic, also: impl IntoIterator<Item = String>) -> String {
    let mut lines = vec![diagnostic.message.clone()];
    lines.extend(Some(&diagnostic.label).filter(|label| !label.is_empty()).cloned());
    lines.extend(also);
    lines.extend(diagnostic.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    clean(&lines.join("\n"))
}

/// A path as services that know the repository's paths write it: without `./` in front.
pub(super) fn relative(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}
