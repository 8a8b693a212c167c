//! What holds of every message, whatever it is about.

use std::ops::Range;

use rackform::diagnostics::codes::BUG;
use rackform::diagnostics::{Diagnostic, Diagnostics, Edit, github, render, sarif, short, to_json};
use rackform::source::{Files, Place};

/// Messages that are written in every form; places of all are looked at. More are not worth the time.
const WRITTEN: usize = 30;

/// Hold messages against what is true of all of them.
pub(crate) fn hold(out: &Diagnostics, files: &Files) {
    let sorted = out.sorted();
    for diagnostic in &sorted {
        assert!(diagnostic.code.id != BUG.id, "rackform found a fault of its own: {diagnostic:?}");
        places(diagnostic, files);
    }
    let written = &sorted[..sorted.len().min(WRITTEN)];
    for diagnostic in written {
        let human = render(diagnostic, files, false);
        assert!(!human.trim().is_empty() && !has_power(&human.replace('\n', "")), "{human:?}");
        assert!(render(diagnostic, files, true).len() >= human.len(), "colours take nothing away: {human}");
        let lines = [short(diagnostic, files), github(diagnostic, files), to_json(diagnostic, files).to_string()];
        for line in lines {
            assert!(!line.contains(['\n', '\r']), "a message of a line has several: {line:?}");
            assert!(line.contains(diagnostic.code.id), "{line:?}");
        }
        assert!(!has_power(&short(diagnostic, files)), "{:?}", short(diagnostic, files));
    }
    let log = sarif(written, files);
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(written.len()), "{log}");
}

/// Whether a text moves a cursor, changes colours or hides what follows.
fn has_power(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn places(diagnostic: &Diagnostic, files: &Files) {
    let mend = diagnostic.mend.iter().flat_map(|mend| [Some(mend.place), mend.because]).flatten();
    let places = diagnostic.place.into_iter().chain(diagnostic.also.iter().map(|(place, _)| *place)).chain(mend);
    for place in places {
        lies_within(place, files, diagnostic);
    }
    if let Some(fix) = &diagnostic.fix {
        edits(&fix.edits, files, diagnostic);
    }
}

/// A place is a piece of its text, cut between characters.
fn lies_within(place: Place, files: &Files, diagnostic: &Diagnostic) {
    let Range { start, end } = place.span.start..place.span.end;
    let piece = (start <= end).then(|| files.text(place.file).get(start..end)).flatten();
    assert!(piece.is_some(), "{start}..{end} is no place in {}: {diagnostic:?}", files.path(place.file));
    let (line, column) = files.line_column(place.file, start);
    assert!(line >= 1 && column >= 1);
}

/// Edits are in order, and none touches what another one does.
fn edits(edits: &[Edit], files: &Files, diagnostic: &Diagnostic) {
    assert!(!edits.is_empty(), "a mend that does nothing: {diagnostic:?}");
    let mut done = 0;
    for edit in edits {
        lies_within(edit.place, files, diagnostic);
        assert!(edit.place.file == edits[0].place.file && edit.place.span.start >= done, "{diagnostic:?}");
        done = edit.place.span.end;
    }
}
