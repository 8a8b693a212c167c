//! For a terminal.

use super::{METHOD, NEEDS, SAVINGS, cells, chances, ends, most, of_rank, savings, verdict};
use crate::diagnostics::{Diagnostic, short};
use crate::doctor::{RackReport, Rank, Report};
use crate::source::Files;

/// A report as plain text.
pub fn text(report: &Report, findings: &[&Diagnostic], files: &Files) -> String {
    let mut out = verdict(report, findings) + "\n";
    for rack in &report.racks {
        out += &of_rack(rack);
    }
    for rank in Rank::ALL {
        let lines: Vec<String> = of_rank(findings, rank).map(|diagnostic| format!("  {}\n", short(diagnostic, files))).collect();
        if !lines.is_empty() {
            out += &format!("\n{}\n{}", rank.title(), lines.concat());
        }
    }
    let rows = savings(&report.savings).map(|(name, cells)| (name.to_owned(), cells));
    out += "\n";
    out += &table("What packing saves", SAVINGS, &rows);
    METHOD.iter().for_each(|line| out += &format!("  {line}\n"));
    out
}

fn of_rack(rack: &RackReport) -> String {
    let mut out = String::new();
    for (fill, odds) in &rack.routers {
        let mut rows: Vec<(String, [String; 4])> = fill.apps.iter().map(|(app, need)| (app.clone(), cells(need))).collect();
        rows.push(("sum".into(), cells(&fill.sum)));
        rows.push(("most".into(), most(fill)));
        out += "\n";
        out += &table(&format!("Rack {}, {} router", rack.name, fill.router.word()), NEEDS, &rows);
        for line in ends(fill).into_iter().chain(chances(odds)) {
            out += &format!("  {line}\n");
        }
    }
    if rack.routers.is_empty() {
        out += &format!("\nRack {}: nothing is behind a router\n", rack.name);
    }
    out
}

/// Columns to the right of a name; numbers stand below each other.
fn table(title: &str, heads: [&str; 4], rows: &[(String, [String; 4])]) -> String {
    let width = |text: &str| text.chars().count();
    let first = rows.iter().map(|(name, _)| width(name) + 2).chain([width(title)]).max().unwrap_or(0);
    let columns: Vec<usize> =
        (0..heads.len()).map(|at| rows.iter().map(|(_, cells)| width(&cells[at])).chain([width(heads[at])]).max().unwrap_or(0)).collect();
    let line = |name: &str, cells: [&str; 4]| {
        let cells: Vec<String> = cells.iter().zip(&columns).map(|(cell, width)| format!("  {cell:>width$}")).collect();
        format!("{name:<first$}{}", cells.concat()).trim_end().to_owned() + "\n"
    };
    let mut out = line(title, heads);
    for (name, cells) in rows {
        out += &line(&format!("  {name}"), [0, 1, 2, 3].map(|at| cells[at].as_str()));
    }
    out
}
