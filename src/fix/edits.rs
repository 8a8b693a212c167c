//! A change as edits of the text: which bytes go, and what comes in their place.

use super::syntax::{Style, Syntax};
use crate::diagnostics::Change;
use crate::source::{Kind, NodeId, Resolved, Span, resolve};

/// Bytes that go, and what comes in their place.
type Edits = Vec<(Span, String)>;

/// The edits of a change at a place, if they touch nothing else.
pub(super) fn edits(syntax: &Syntax<'_>, place: Span, change: &Change) -> Option<Edits> {
    let (id, style, inner) = syntax.scalar(place)?;
    let bare = |text: &str| is_bare(text, syntax.in_brackets(id));
    Some(match change {
        Change::Text(text) => vec![(place, in_style(text, style, bare)?)],
        Change::Plain(text) => {
            let is_apart = syntax.behind(place.end).chars().next().is_none_or(|c| " \t,]}".contains(c));
            (bare(text) && is_apart).then(|| vec![(place, text.clone())])?
        }
        Change::Quoted => (style == Style::Plain && !inner.contains(['"', '\\'])).then(|| vec![(place, format!("\"{inner}\""))])?,
        Change::Listed => {
            let fits = matches!(style, Style::Quoted(_)) || !inner.contains([',', '[', ']', '{', '}', '?']);
            fits.then(|| vec![(place, format!("[{}]", syntax.raw(place)))])?
        }
        Change::Spaced => {
            let (key, behind) = inner.split_once(':')?;
            let is_alone = syntax.before(place.start).trim().is_empty() && !syntax.in_brackets(id);
            (is_alone && style == Style::Plain).then(|| vec![(place, format!("{key}: {behind}"))])?
        }
        Change::Joined => joined(syntax, id)?,
        Change::Split => split(syntax, id, style, inner)?,
        Change::Part { from, to } => vec![(place, in_style(&part(syntax, id, inner, from, to)?, style, bare)?)],
        Change::Remove => remove(syntax, id)?,
        Change::RemovePart { .. } if syntax.list(id).is_some() => remove(syntax, id)?,
        Change::RemovePart { part, keep_first } => remove_parts(syntax, place, inner, part, *keep_first)?,
        Change::RemoveEntry => remove_entry(syntax, id)?,
        Change::Bytes(bytes) => vec![(place, bytes.clone())],
    })
}

/// A text as a scalar of a style; none where it would be read as something else.
fn in_style(text: &str, style: Style, is_bare: impl Fn(&str) -> bool) -> Option<String> {
    match style {
        Style::Plain => (is_bare(text) && matches!(resolve(text, true), Resolved::Text(_))).then(|| text.to_owned()),
        Style::Quoted(quote) => (!text.contains(['"', '\'', '\\', '\n'])).then(|| format!("{quote}{text}{quote}")),
    }
}

/// Whether a text needs no quotes, with some to spare: between brackets old readers take more for
/// a sign than new ones do.
fn is_bare(text: &str, in_brackets: bool) -> bool {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let starts = body.starts_with(|c: char| c.is_ascii_digit()) || text.starts_with(|c: char| c.is_ascii_alphabetic());
    let taken = |c: char| c.is_ascii_alphanumeric() || "_-./+@ :*=".contains(c) || c == '?' && !in_brackets || c == ',' && !in_brackets;
    starts && text.chars().all(taken) && !text.contains(": ") && !text.contains("  ") && !text.ends_with([':', ' '])
}

/// `NAME: value` to `NAME=value`; the entry must be the whole item.
fn joined(syntax: &Syntax<'_>, key: NodeId) -> Option<Edits> {
    let (map, _) = syntax.parent(key)?;
    let [entry] = syntax.own_entries(map)? else { return None };
    let (name, value) = (syntax.span(entry.key), syntax.span(entry.value));
    let (_, Style::Plain, inner) = syntax.scalar(value)? else { return None };
    let between = syntax.raw(Span { start: name.end, end: value.start });
    let is_plain = syntax.scalar(name)?.1 == Style::Plain && between.trim_start().strip_prefix(':')?.trim().is_empty();
    let is_fine = is_plain && !between.contains('\n') && !syntax.in_brackets(entry.key) && !inner.contains("${");
    is_fine.then(|| vec![(Span { start: name.end, end: value.start }, "=".to_owned())])
}

/// An item with commas to items of its own.
fn split(syntax: &Syntax<'_>, id: NodeId, style: Style, inner: &str) -> Option<Edits> {
    syntax.list(id)?;
    let span = syntax.span(id);
    let parts: Vec<String> = inner
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| match style {
            // A pattern of hosts needs its quotes, so each part has those of the whole.
            Style::Quoted(quote) => Some(format!("{quote}{part}{quote}")),
            Style::Plain => is_bare(part, true).then(|| part.to_owned()),
        })
        .collect::<Option<_>>()?;
    let between = if syntax.in_brackets(id) {
        ", ".to_owned()
    } else {
        let before = syntax.before(span.start);
        (before.trim() == "-").then(|| format!("{}{before}", syntax.newline(span.start)))?
    };
    // Behind several lines a comment would be about the last one only.
    let is_last = syntax.in_brackets(id) || syntax.behind(span.end).trim().is_empty();
    is_last.then(|| vec![(span, parts.join(&between))])
}

/// A text in which one part is another.
fn part(syntax: &Syntax<'_>, id: NodeId, inner: &str, from: &str, to: &str) -> Option<String> {
    if syntax.list(id).is_some() {
        return (inner.trim() == from).then(|| to.to_owned());
    }
    let mut found = false;
    let parts: Vec<String> = inner
        .split(',')
        .map(|part| {
            if part.trim() != from {
                return part.to_owned();
            }
            found = true;
            part.replace(from, to)
        })
        .collect();
    found.then(|| parts.join(","))
}

/// An item goes, from a line of its own with the line, and from brackets with the comma before it.
fn remove(syntax: &Syntax<'_>, id: NodeId) -> Option<Edits> {
    let (list, at) = syntax.list(id)?;
    let span = syntax.span(id);
    if !syntax.in_brackets(id) {
        let is_alone = syntax.before(span.start).trim() == "-" && syntax.behind(span.end).trim().is_empty();
        return (is_alone && syntax.tree.items(list).len() > 1).then(|| vec![(syntax.line(span.start), String::new())]);
    }
    let previous = *syntax.tree.items(list).get(at.checked_sub(1)?)?;
    matches!(syntax.tree.kind(previous), Kind::Scalar(_)).then_some(())?;
    without_separator(syntax, syntax.span(previous).end, span)
}

/// The bytes from the end of one item to the end of the next, if nothing but a comma and blanks is
/// between them and no comment is about what goes.
fn without_separator(syntax: &Syntax<'_>, from: usize, to: Span) -> Option<Edits> {
    let between = syntax.raw(Span { start: from, end: to.start });
    let is_plain = between.trim_start().strip_prefix(',').is_some_and(|rest| rest.trim().is_empty());
    let behind = syntax.behind(to.end).trim_start_matches([' ', '\t', ',']);
    (is_plain && !behind.starts_with('#')).then(|| vec![(Span { start: from, end: to.end }, String::new())])
}

/// Parts between commas go, each with the comma before it, the first one with that behind it; none
/// where nothing would be left.
fn remove_parts(syntax: &Syntax<'_>, place: Span, inner: &str, part: &str, keep_first: bool) -> Option<Edits> {
    let start = place.start + syntax.raw(place).find(inner)?;
    let mut stays = keep_first;
    let (mut gone, mut left, mut at) = (Vec::new(), 0, 0);
    for piece in inner.split(',') {
        let is_it = piece.trim().eq_ignore_ascii_case(part);
        if is_it && !stays {
            gone.push(Span { start: start + at, end: start + at + piece.len() });
        } else {
            left += usize::from(!piece.trim().is_empty());
            stays &= !is_it;
        }
        at += piece.len() + 1;
    }
    match gone.as_slice() {
        [] => return None,
        [first] if first.start == start => {
            let rest = inner[first.end - start..].strip_prefix(',')?;
            let end = start + inner.len() - rest.trim_start().len();
            gone = vec![Span { start, end }];
        }
        [first, ..] if first.start == start => return None,
        _ => gone.iter_mut().for_each(|span| span.start -= 1),
    }
    (left > 0).then(|| gone.into_iter().map(|span| (span, String::new())).collect())
}

/// An entry goes, from a line of its own with the line, and from brackets with a comma.
fn remove_entry(syntax: &Syntax<'_>, key: NodeId) -> Option<Edits> {
    let (map, at) = syntax.parent(key)?;
    let entries = syntax.own_entries(map)?;
    let (name, value) = (syntax.span(key), syntax.span(entries[at].value));
    syntax.scalar(value)?;
    let between = syntax.raw(Span { start: name.end, end: value.start });
    between.trim_start().strip_prefix(':').filter(|rest| rest.trim().is_empty() && !between.contains('\n'))?;
    if !syntax.in_brackets(key) {
        let is_alone = syntax.before(name.start).trim().is_empty() && syntax.behind(value.end).trim().is_empty();
        return is_alone.then(|| vec![(syntax.line(name.start), String::new())]);
    }
    let is_scalar = |at: usize| syntax.scalar(syntax.span(entries[at].value)).is_some();
    match at.checked_sub(1) {
        Some(before) if is_scalar(before) => {
            without_separator(syntax, syntax.span(entries[before].value).end, Span { start: name.start, end: value.end })
        }
        Some(_) => None,
        None => {
            let next = syntax.span(entries.get(1)?.key).start;
            let rest = syntax.raw(Span { start: value.end, end: next });
            let is_plain = rest.trim_start().strip_prefix(',').is_some_and(|rest| rest.trim().is_empty() && !rest.contains('\n'));
            is_plain.then(|| vec![(Span { start: name.start, end: next }, String::new())])
        }
    }
}
