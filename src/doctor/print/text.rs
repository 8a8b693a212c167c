//! For a terminal.

use super::{METHOD, NEEDS, SAVINGS, cells, chances, ends, most, of_rank, savings, verdict};
use crate::diagnostics::{Diagnostic, short};
use crate::doctor::{RackReport, Rank, Report};
use crate::source::Files;

/// A report as plain text.
pub fn text(report: &Report, findings: &[&Diagnostic], files: &Files) -> String {
    let mut lines = vec![verdict(report, findings)];
    report.racks.iter().for_each(|rack| of_rack(rack, &mut lines));
    for rank in Rank::ALL {
        let found: Vec<String> = of_rank(findings, rank).map(|diagnostic| format!("  {}", short(diagnostic, files))).collect();
        if !found.is_empty() {
            lines.extend([String::new(), rank.title().to_owned()]);
            lines.extend(found);
        }
    }
    lines.push(String::new());
    table("What packing saves", SAVINGS, &savings(&report.savings).map(|(name, cells)| (name.to_owned(), cells)), &mut lines);
    lines.extend(METHOD.iter().map(|line| format!("  {line}")));
    lines.join("\n") + "\n"
}

fn of_rack(rack: &RackReport, lines: &mut Vec<String>) {
    for (fill, odds) in &rack.routers {
        let mut rows: Vec<(String, [String; 4])> = fill.apps.iter().map(|(app, need)| (app.clone(), cells(need))).collect();
        rows.push(("sum".into(), cells(&fill.sum)));
        rows.push(("most".into(), most(fill)));
        lines.push(String::new());
        table(&format!("Rack {}, {} router", rack.name, fill.router.word()), NEEDS, &rows, lines);
        lines.extend(ends(fill).into_iter().chain(chances(odds)).map(|line| format!("  {line}")));
    }
    if rack.routers.is_empty() {
        lines.extend([String::new(), format!("Rack {}: nothing is behind a router.", rack.name)]);
    }
}

/// Columns to the right of a name; numbers stand below each other.
fn table(title: &str, heads: [&str; 4], rows: &[(String, [String; 4])], lines: &mut Vec<String>) {
    let width = |text: &str| text.chars().count();
    let first = rows.iter().map(|(name, _)| width(name) + 2).chain([width(title)]).max().unwrap_or(0);
    let columns: Vec<usize> =
        (0..heads.len()).map(|at| rows.iter().map(|(_, cells)| width(&cells[at])).chain([width(heads[at])]).max().unwrap_or(0)).collect();
    let line = |name: &str, cells: [&str; 4]| {
        let cells: Vec<String> = cells.iter().zip(&columns).map(|(cell, width)| format!("  {cell:>width$}")).collect();
        format!("{name:<first$}{}", cells.concat()).trim_end().to_owned()
    };
    lines.push(line(title, heads));
    lines.extend(rows.iter().map(|(name, cells)| line(&format!("  {name}"), [0, 1, 2, 3].map(|at| cells[at].as_str()))));
}
