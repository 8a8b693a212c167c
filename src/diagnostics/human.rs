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

/// A text in which control characters have lost their power and can still be seen.
pub(super) fn clean(text: &str) -> String {
    normalize_untrusted_str(text)
}

/// Draw one message with its source lines; with `styled` in the colours of a terminal.
pub fn render(diagnostic: &Diagnostic, files: &Files, styled: bool) -> String {
    // Labels are written as they are by the renderer, so a control character in a quoted value
    // must lose its power before.
    let message = clean(&diagnostic.message);
    let label = clean(&diagnostic.label);
    let also: Vec<(Place, String)> = diagnostic.also.iter().map(|(place, label)| (*place, clean(label))).collect();
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
        let snippet = Snippet::source(change.lines).line_start(change.first).path(change.path).patches(patches);
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
        Some(Self { path: files.path(from.file), first, lines: text.get(start..end)?, patches: patches.collect() })
    }
}

fn snippet<'a>(files: &'a Files, place: Place, kind: AnnotationKind, label: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let (line, start, text) = files.lines(place);
    // A block that goes on for lines is marked on its first one.
    let first = text.split('\n').next().unwrap_or("").trim_end_matches('\r');
    let from = crate::source::floor_boundary(first, place.span.start.saturating_sub(start));
    let to = crate::source::floor_boundary(first, place.span.end.saturating_sub(start)).max(from);
    let mut annotation = kind.span(from..to);
    if !label.is_empty() {
        annotation = annotation.label(label);
    }
    Snippet::source(first).line_start(line).path(files.path(place.file)).annotation(annotation)
}

/// One line: `file:line:column: error[RF0101]: message`.
pub fn short(diagnostic: &Diagnostic, files: &Files) -> String {
    let severity = diagnostic.severity.word();
    let place = diagnostic.place.map_or(String::new(), |place| {
        let (line, column) = files.line_column(place.file, place.span.start);
        format!("{}:{line}:{column}: ", files.path(place.file))
    });
    clean(&format!("{place}{severity}[{}]: {}", diagnostic.code.id, diagnostic.message))
}
