//! Messages for people: drawn like rustc's, or one line each.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet, normalize_untrusted_str};

use super::{Diagnostic, Fix, Severity};
use crate::source::{Files, Place};

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// What stands for a control character that the renderer would let through.
const HIDDEN: &str = "\u{fffd}";

/// Controls of the second block (ISO 6429, C1), which a terminal may obey as it obeys an escape; the renderer takes
/// care of the others.
fn is_second_block(c: char) -> bool {
    ('\u{80}'..='\u{9f}').contains(&c)
}

/// A text in which control characters have lost their power and can still be seen.
pub(super) fn clean(text: &str) -> String {
    normalize_untrusted_str(text).replace(is_second_block, HIDDEN)
}

/// The same on one line: no value can begin a line that looks like a message of its own.
fn clean_line(text: &str) -> String {
    clean(text).replace('\n', "␊")
}

/// Draw one message with its source lines; with `styled` in the colours of a terminal.
pub fn render(diagnostic: &Diagnostic, files: &Files, styled: bool) -> String {
    // Labels are written as they are by the renderer, so a control character in a quoted value
    // must lose its power before.
    let message = clean_line(&diagnostic.message);
    let label = clean_line(&diagnostic.label);
    let also: Vec<(Place, String)> = diagnostic.also.iter().map(|(place, label)| (*place, clean_line(label))).collect();
    let notes: Vec<String> = diagnostic.notes.iter().map(|note| clean(note)).collect();
    let help = diagnostic.help.as_deref().map(clean);

    let title = level(diagnostic.severity).primary_title(&message).id(diagnostic.code.id);
    let mut group = Group::with_title(title);
    if let Some(place) = diagnostic.place {
        // Each place gets the lines it touches and not the file: the renderer reads all it is given.
        group = group.element(snippet(files, place, AnnotationKind::Primary, &label));
        for (place, label) in &also {
            group = group.element(snippet(files, *place, AnnotationKind::Context, label));
        }
    }
    for note in &notes {
        group = group.element(Level::NOTE.message(note));
    }
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    // What can be mended is shown as it would be, in the place of words.
    let change = diagnostic.fix.as_ref().and_then(|fix| Some((fix, Change::of(files, fix)?)));
    if let Some((fix, change)) = &change {
        let title = clean(&fix.message);
        let patches = change.patches.iter().map(|(range, new)| Patch::new(range.clone(), *new));
        let snippet = Snippet::source(change.lines).line_start(change.first).path(clean_line(change.path)).patches(patches);
        return renderer.render(&[group, Level::HELP.secondary_title(&title).element(snippet)]);
    }
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}

/// The lines that a fix changes.
struct Change<'a> {
    path: &'a str,
    first: usize,
    lines: &'a str,
    patches: Vec<(Range<usize>, &'a str)>,
}

impl<'a> Change<'a> {
    fn of(files: &'a Files, fix: &'a Fix) -> Option<Self> {
        let (from, to) = (fix.edits.first()?.place, fix.edits.last()?.place);
        let text = files.text(from.file);
        let (first, start, _) = files.lines(from);
        // Where a whole line goes, its end goes too, and the next line is where it was.
        let end = to.span.end + text.get(to.span.end..)?.find('\n').unwrap_or(text.len() - to.span.end);
        let patches = fix.edits.iter().map(|edit| (edit.place.span.start - start..edit.place.span.end - start, edit.replacement.as_str()));
        let change = Self { path: files.path(from.file), first, lines: text.get(start..end)?, patches: patches.collect() };
        Some(change).filter(|change| !change.lines.contains(is_second_block))
    }
}

fn snippet<'a>(files: &'a Files, place: Place, kind: AnnotationKind, label: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let (line, start, text) = files.lines(place);
    // A block that goes on for lines is marked on its first one.
    let first = text.split('\n').next().unwrap_or("").trim_end_matches('\r');
    let from = crate::source::floor_boundary(first, place.span.start.saturating_sub(start));
    let to = crate::source::floor_boundary(first, place.span.end.saturating_sub(start)).max(from);
    let seen = |text: &str| text.replace(is_second_block, HIDDEN);
    let mut annotation = kind.span(seen(&first[..from]).len()..seen(&first[..to]).len());
    if !label.is_empty() {
        annotation = annotation.label(label);
    }
    Snippet::source(seen(first)).line_start(line).path(clean_line(files.path(place.file))).annotation(annotation)
}

/// One line: `file:line:column: error[RF0101]: message`.
pub fn short(diagnostic: &Diagnostic, files: &Files) -> String {
    let severity = diagnostic.severity.word();
    let place = diagnostic.place.map_or(String::new(), |place| {
        let (line, column) = files.line_column(place.file, place.span.start);
        format!("{}:{line}:{column}: ", files.path(place.file))
    });
    clean_line(&format!("{place}{severity}[{}]: {}", diagnostic.code.id, diagnostic.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::codes::{UNKNOWN_KEY, WRONG_SHAPE};
    use crate::source::Span;

    #[test]
    fn no_character_of_a_file_or_of_its_name_moves_a_cursor() {
        let mut files = Files::default();
        let file = files.add("a\u{1b}[2J\n/convox.yml", "a\u{9b}31m\u{85}: \u{1b}[31m1\u{7f}\n");
        let place = Place { file, span: Span { start: 9, end: 10 } };
        let said = Diagnostic::new(&UNKNOWN_KEY, place, "\u{9b}31m").label("\u{85}\n").also(place, "\n").note("\u{90}").help("\u{9c}");
        let human = render(&said, &files, false);
        assert_eq!(human.find(|c: char| c.is_control() && c != '\n'), None, "{human:?}");
        assert_eq!(short(&said, &files).find(char::is_control), None);
    }

    #[test]
    fn a_mark_stands_below_its_text_behind_a_control() {
        let mut files = Files::default();
        let file = files.add("convox.yml", "a\u{85}b: x\n");
        let human = render(&Diagnostic::new(&UNKNOWN_KEY, Place { file, span: Span { start: 3, end: 4 } }, "b"), &files, false);
        assert!(human.contains("1 | a\u{fffd}b: x\n  |   ^"), "{human}");
    }

    #[test]
    fn a_value_of_several_lines_begins_none() {
        let mut files = Files::default();
        let file = files.add("convox.yml", "a: x\n");
        let said = Diagnostic::new(
            &WRONG_SHAPE,
            Place { file, span: Span { start: 3, end: 4 } },
            "not \"10\nconvox.yml:1:1: error[RF0101]: mine\"",
        );
        assert_eq!(short(&said, &files).lines().count(), 1);
        assert!(render(&said, &files, false).starts_with("error[RF0101]: not \"10␊convox.yml:1:1: "), "{}", render(&said, &files, false));
    }
}
