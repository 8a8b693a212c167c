//! For a comment on a pull request.

use super::{METHOD, NEEDS, SAVINGS, cells, chances, ends, most, of_rank, savings, verdict};
use crate::diagnostics::Diagnostic;
use crate::doctor::{RackReport, Rank, Report};
use crate::source::Files;

/// Apps, and findings of one rank, that are listed; the rest is counted. A comment has at most 65,536 characters.
const LISTED: usize = 50;

/// A report as Markdown.
pub fn markdown(report: &Report, findings: &[&Diagnostic], files: &Files) -> String {
    let mut blocks = vec!["# What Convox does with this fleet".to_owned()];
    blocks.extend(verdict(report, findings).lines().map(str::to_owned));
    for rank in Rank::ALL {
        let all: Vec<&Diagnostic> = of_rank(findings, rank).collect();
        if all.is_empty() {
            continue;
        }
        let mut items: Vec<String> = all.iter().take(LISTED).flat_map(|diagnostic| item(diagnostic, files)).collect();
        if all.len() > LISTED {
            items.push(format!("- … and {} more", all.len() - LISTED));
        }
        blocks.extend([format!("## {}", rank.title()), items.join("\n")]);
    }
    report.racks.iter().for_each(|rack| of_rack(rack, &mut blocks));
    let rows = savings(&report.savings).map(|(name, cells)| (name.to_owned(), cells));
    blocks.extend(["## What packing saves".to_owned(), table("", SAVINGS, &rows), METHOD.join("\n")]);
    blocks.join("\n\n") + "\n"
}

/// A finding, with what else is worth knowing below it.
fn item(diagnostic: &Diagnostic, files: &Files) -> Vec<String> {
    let place = diagnostic.place.map_or(String::new(), |place| {
        let (line, column) = files.line_column(place.file, place.span.start);
        format!(" {}:{line}:{column}:", files.path(place.file))
    });
    let first = format!("- **{}**{} {}", diagnostic.code.id, prose(&place), prose(&diagnostic.message));
    let more = diagnostic.notes.iter().chain(&diagnostic.help).map(|more| format!("  - {}", prose(more)));
    std::iter::once(first).chain(more).collect()
}

fn of_rack(rack: &RackReport, blocks: &mut Vec<String>) {
    for (fill, odds) in &rack.routers {
        let mut rows: Vec<(String, [String; 4])> = fill.apps.iter().take(LISTED).map(|(app, need)| (app.clone(), cells(need))).collect();
        if fill.apps.len() > LISTED {
            rows.push((format!("… and {} more", fill.apps.len() - LISTED), Default::default()));
        }
        rows.push(("sum".into(), cells(&fill.sum)));
        rows.push(("most".into(), most(fill)));
        let lines: Vec<String> = ends(fill).into_iter().chain(chances(odds)).collect();
        let title = format!("## Rack {}, {} router", rack.name, fill.router.word());
        blocks.extend([title, table("app", NEEDS, &rows), lines.join("\n")]);
    }
}

fn table(first: &str, heads: [&str; 4], rows: &[(String, [String; 4])]) -> String {
    let mut lines = vec![format!("| {first} | {} |", heads.join(" | ")), "| --- | ---: | ---: | ---: | ---: |".to_owned()];
    lines.extend(rows.iter().map(|(name, cells)| format!("| {} | {} |", prose(name), cells.join(" | "))));
    lines.join("\n")
}

/// A text in which nothing outside of backticks is a tag, a link, an emphasis or the end of a cell.
fn prose(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // A backtick that something was named with would turn inside out what is behind it.
    let line = if line.matches('`').count().is_multiple_of(2) { line } else { line.replace('`', "'") };
    let plain = |part: &str| part.replace('<', "&lt;").replace('[', "\\[").replace('*', "\\*").replace('_', "\\_");
    let escaped = |(at, part): (usize, &str)| if at % 2 == 0 { plain(part) } else { part.to_owned() };
    line.replace('|', "\\|").split('`').enumerate().map(escaped).collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::prose;

    #[test]
    fn what_manifests_hold_is_no_markdown() {
        assert_eq!(prose("`*.a|b` of <b>x</b> [y](z) *c* d_e\n"), "`*.a\\|b` of &lt;b>x&lt;/b> \\[y](z) \\*c\\* d\\_e ");
        assert_eq!(prose("a`<b>`c`<d>"), "a'&lt;b>'c'&lt;d>");
    }
}
