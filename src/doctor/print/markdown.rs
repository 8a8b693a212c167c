//! For a comment on a pull request.

use super::{METHOD, NEEDS, SAVINGS, cells, chances, ends, most, of_rank, savings, verdict};
use crate::diagnostics::{Diagnostic, short};
use crate::doctor::{RackReport, Rank, Report};
use crate::source::Files;

/// Apps, and findings of one rank, that are listed; the rest is counted. A comment has at most 65,536 characters.
const LISTED: usize = 50;

/// A report as Markdown.
pub fn markdown(report: &Report, findings: &[&Diagnostic], files: &Files) -> String {
    let mut out = format!("# What Convox does with this fleet\n\n{}\n", verdict(report, findings).replace('\n', "\n\n"));
    for rank in Rank::ALL {
        let all: Vec<&Diagnostic> = of_rank(findings, rank).collect();
        if all.is_empty() {
            continue;
        }
        out += &format!("\n## {}\n\n", rank.title());
        for diagnostic in all.iter().take(LISTED) {
            out += &format!("- {}\n", prose(&short(diagnostic, files)));
            for more in diagnostic.notes.iter().chain(&diagnostic.help) {
                out += &format!("  - {}\n", prose(more));
            }
        }
        if all.len() > LISTED {
            out += &format!("- … and {} more\n", all.len() - LISTED);
        }
    }
    for rack in &report.racks {
        out += &of_rack(rack);
    }
    let rows = savings(&report.savings).map(|(name, cells)| (name.to_owned(), cells));
    out += &format!("\n## What packing saves\n\n{}\n{}\n", table("", SAVINGS, &rows), METHOD.join("\n"));
    out
}

fn of_rack(rack: &RackReport) -> String {
    let mut out = String::new();
    for (fill, odds) in &rack.routers {
        let mut rows: Vec<(String, [String; 4])> = fill.apps.iter().take(LISTED).map(|(app, need)| (app.clone(), cells(need))).collect();
        if fill.apps.len() > LISTED {
            rows.push((format!("… and {} more", fill.apps.len() - LISTED), Default::default()));
        }
        rows.push(("**sum**".into(), cells(&fill.sum)));
        rows.push(("**most**".into(), most(fill)));
        let lines: Vec<String> = ends(fill).into_iter().chain(chances(odds)).collect();
        let title = format!("Rack {}, {} router", rack.name, fill.router.word());
        out += &format!("\n## {title}\n\n{}\n{}\n", table("app", NEEDS, &rows), lines.join("\n"));
    }
    out
}

fn table(first: &str, heads: [&str; 4], rows: &[(String, [String; 4])]) -> String {
    let mut out = format!("| {first} | {} |\n| --- | ---: | ---: | ---: | ---: |\n", heads.join(" | "));
    for (name, cells) in rows {
        out += &format!("| {} | {} |\n", prose(name), cells.join(" | "));
    }
    out
}

/// A text in which nothing outside of backticks is a tag, an emphasis or the end of a cell.
fn prose(text: &str) -> String {
    let line = text.replace('\n', " ");
    let escaped = |(at, part): (usize, &str)| {
        let plain = part.replace('|', "\\|");
        if at % 2 == 0 { plain.replace('<', "&lt;").replace('[', "\\[") } else { plain }
    };
    line.split('`').enumerate().map(escaped).collect::<Vec<_>>().join("`")
}
