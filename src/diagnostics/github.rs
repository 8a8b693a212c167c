//! Messages for pipelines of GitHub: one workflow command each, which becomes a note beside the line
//! in a pull request.
//!
//! How commands are written is GitHub's "Workflow commands for GitHub Actions"; how values are
//! escaped stands in `packages/core/src/command.ts` of its toolkit.

use super::{Diagnostic, Severity, words};
use crate::source::Files;

/// A message as one command: `::error file=convox.yml,line=3,…,title=RF0201::port 99999 …`. Lines
/// and columns count from one; the end column is the one behind the last character.
pub fn github(diagnostic: &Diagnostic, files: &Files) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(place) = diagnostic.place {
        let (line, column) = files.line_column(place.file, place.span.start);
        let (end_line, end_column) = files.line_column(place.file, place.span.end);
        properties.push(("file", words::relative(files.path(place.file)).to_owned()));
        properties.push(("line", line.to_string()));
        // GitHub refuses columns where the lines differ.
        if line == end_line {
            properties.push(("col", column.to_string()));
        }
        properties.push(("endLine", end_line.to_string()));
        if line == end_line {
            properties.push(("endColumn", end_column.to_string()));
        }
    }
    properties.push(("title", diagnostic.code.id.to_owned()));
    let also = diagnostic.also.iter().map(|(place, label)| {
        let (line, column) = files.line_column(place.file, place.span.start);
        format!("{}:{line}:{column}: {label}", words::relative(files.path(place.file)))
    });
    let properties: Vec<String> = properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
    format!("::{command} {}::{}", properties.join(","), message(&words::whole(diagnostic, also)))
}

/// A message on one line, so that no text can begin a command of its own.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, which also ends at `,` and `:`.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::codes::{HEALTH_TIMEOUT, NO_MANIFEST, NOT_PROVISIONED, UNKNOWN_KEY};
    use crate::source::{FileId, Place, Span};

    fn at(file: FileId, start: usize, end: usize) -> Place {
        Place { file, span: Span { start, end } }
    }

    #[test]
    fn a_place_its_label_and_help_are_part_of_the_command() {
        let mut files = Files::default();
        let file = files.add("./shop/convox.yml", "a: 1\nzwö: 30\n");
        let said = Diagnostic::new(&HEALTH_TIMEOUT, at(file, 11, 13), "times out").label("too long").note("so it is").help("write 9");
        assert_eq!(
            github(&said.also(at(file, 3, 4), "the interval"), &files),
            "::error file=shop/convox.yml,line=2,col=6,endLine=2,endColumn=8,title=RF0204::\
             times out%0Atoo long%0Ashop/convox.yml:1:4: the interval%0Anote: so it is%0Ahelp: write 9"
        );
    }

    #[test]
    fn a_span_over_lines_has_no_columns() {
        let mut files = Files::default();
        let file = files.add("convox.yml", "a:\n  - 1\n  - 2\n");
        let said = Diagnostic::new(&UNKNOWN_KEY, at(file, 0, 13), "m");
        assert_eq!(github(&said, &files), "::warning file=convox.yml,line=1,endLine=3,title=RF0102::m");
    }

    #[test]
    fn without_a_place_there_is_no_file() {
        let said = Diagnostic::nowhere(&NO_MANIFEST, "no manifest");
        assert_eq!(github(&said, &Files::default()), "::error title=RF0308::no manifest");
        let said = Diagnostic::nowhere(&NOT_PROVISIONED, "a note");
        assert_eq!(github(&said, &Files::default()), "::notice title=RF0220::a note");
    }

    #[test]
    fn no_text_ends_a_value_or_begins_a_command() {
        let mut files = Files::default();
        let file = files.add("50%,a:b\r\n::c.yml", "x");
        let said = Diagnostic::new(&UNKNOWN_KEY, at(file, 0, 1), "100%: a, b\r\n::error::mine\u{1b}[31m");
        assert_eq!(
            github(&said, &files),
            "::warning file=50%25%2Ca%3Ab%0D%0A%3A%3Ac.yml,line=1,col=1,endLine=1,endColumn=2,title=RF0102::\
             100%25: a, b␍%0A::error::mine␛[31m"
        );
    }
}
