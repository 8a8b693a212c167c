//! Messages for machines: one JSON object each.

use serde_json::{Value, json};

use super::{Diagnostic, Edit};
use crate::source::{Files, Place};

/// A message as one JSON object, as `schemas/diagnostic.schema.json` describes it; lines and columns count from one, bytes from zero.
pub fn to_json(diagnostic: &Diagnostic, files: &Files) -> Value {
    let place = |at: Place, label: &str| {
        let mut place = place(at, files);
        place["label"] = label.into();
        place
    };
    json!({
        "code": diagnostic.code.id,
        "severity": diagnostic.severity.word(),
        "message": diagnostic.message,
        "place": diagnostic.place.map(|at| place(at, &diagnostic.label)),
        "also": diagnostic.also.iter().map(|(at, label)| place(*at, label)).collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "help": diagnostic.help,
        "fixes": diagnostic.fix.iter().map(|fix| json!({
            "message": fix.message,
            "edits": fix.edits.iter().map(|edit| edited(edit, files)).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn edited(edit: &Edit, files: &Files) -> Value {
    let mut place = place(edit.place, files);
    place["replacement"] = edit.replacement.as_str().into();
    place
}

fn place(place: Place, files: &Files) -> Value {
    let (line, column) = files.line_column(place.file, place.span.start);
    let (end_line, end_column) = files.line_column(place.file, place.span.end);
    json!({
        "file": files.path(place.file),
        "line": line, "column": column, "end_line": end_line, "end_column": end_column,
        "start_byte": files.byte_in_file(place.file, place.span.start), "end_byte": files.byte_in_file(place.file, place.span.end),
    })
}
