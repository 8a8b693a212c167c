//! Messages for machines: one JSON object each.

use serde_json::{Value, json};

use super::Diagnostic;
use crate::source::{Files, Place};

/// A message as one JSON object; lines and columns count from one, bytes from zero.
pub fn to_json(diagnostic: &Diagnostic, files: &Files) -> Value {
    let place = |place: Place, label: &str| {
        let (line, column) = files.line_column(place.file, place.span.start);
        let (end_line, end_column) = files.line_column(place.file, place.span.end);
        json!({
            "file": files.path(place.file),
            "line": line, "column": column, "end_line": end_line, "end_column": end_column,
            "start_byte": files.byte_in_file(place.file, place.span.start), "end_byte": files.byte_in_file(place.file, place.span.end),
            "label": label,
        })
    };
    json!({
        "code": diagnostic.code.id,
        "severity": diagnostic.severity.word(),
        "message": diagnostic.message,
        "place": diagnostic.place.map(|at| place(at, &diagnostic.label)),
        "also": diagnostic.also.iter().map(|(at, label)| place(*at, label)).collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "help": diagnostic.help,
    })
}
