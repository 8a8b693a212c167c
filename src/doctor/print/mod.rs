//! A report as text, as Markdown and as JSON.

mod json;
mod markdown;
mod text;

pub use json::json;
pub use markdown::markdown;
pub use text::text;

use super::numbers::per_cent;
use super::{Chances, Fill, Need, Rank, Report, Savings, Total, rank};
use crate::diagnostics::Diagnostic;
use crate::words::counted;

/// Findings of one rank, in the order they came.
fn of_rank<'a>(findings: &'a [&'a Diagnostic], wanted: Rank) -> impl Iterator<Item = &'a Diagnostic> {
    findings.iter().copied().filter(move |diagnostic| rank(diagnostic.code) == wanted)
}

/// What was looked at, and how much of each rank was found.
fn verdict(report: &Report, findings: &[&Diagnostic]) -> String {
    let looked_at = format!("{} on {} of Convox", counted(report.apps, "app"), counted(report.racks.len(), "rack"));
    let found: Vec<String> = Rank::ALL
        .into_iter()
        .map(|rank| (rank, of_rank(findings, rank).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(rank, count)| format!("{count} × {}", rank.phrase()))
        .collect();
    let found = if found.is_empty() { "nothing is wrong".to_owned() } else { found.join("; ") };
    let mut lines = vec![format!("{looked_at}: {found}.")];
    if !report.unread.is_empty() {
        lines.push(format!("Not counted, since their manifests can't be read: {}.", report.unread.join(", ")));
    }
    lines.join("\n")
}

/// The heads of a table of needs.
const NEEDS: [&str; 4] = ["rules 443", "rules 80", "target groups", "certificates"];

fn cells(need: &Need) -> [String; 4] {
    [need.https, need.http, need.target_groups, need.certificates()].map(|number| number.to_string())
}

/// The last row: what a router holds, rules over both listeners.
fn most(fill: &Fill) -> [String; 4] {
    let [rules, target_groups, certificates] = fill.most;
    [format!("{rules} in all"), String::new(), target_groups.to_string(), certificates.to_string()]
}

/// Whether everything fits, and where not.
fn ends(fill: &Fill) -> Vec<String> {
    let held = |kind: usize| format!("{} {} of {}", fill.sum.kinds()[kind], crate::demand::WORDS[kind], fill.most[kind]);
    if fill.ends.is_empty() {
        return vec!["All of it fits.".to_owned()];
    }
    let end = |end: &super::End| {
        format!("It does not fit: {}. In the order of names, {} is the first without room ({}).", held(end.kind), end.app, end.answer())
    };
    fill.ends.iter().map(end).collect()
}

/// What is taken of the numbers, and how likely the next collision is.
fn chances(chances: &Chances) -> Vec<String> {
    let are_taken = |count: usize| if count == 1 { "1 is taken".to_owned() } else { format!("{count} are taken") };
    let mut lines = vec![format!(
        "Of the numbers 1 to 25000, {}: a new rule meets one of them with a probability of {}.",
        are_taken(chances.exact),
        per_cent(chances.rule)
    )];
    let app = format!("A new app like a typical one of {} collides with {}", counted(chances.typical, "rule"), per_cent(chances.app));
    lines.push(match chances.room {
        0 => format!("{app}."),
        room => format!("{app}, and somewhere on the way to a full router, {room} more, one does with {}.", per_cent(chances.until_full)),
    });
    if chances.wildcard > 0 {
        lines.push(format!(
            "Of the numbers 25000 to 49999, {}: a new domain that begins with `*.` meets one of them with {}.",
            are_taken(chances.wildcard),
            per_cent(chances.wildcard_rule)
        ));
    }
    lines
}

/// The heads of the table of savings.
const SAVINGS: [&str; 4] = ["rules", "target groups", "certificates", "racks"];

/// Its rows.
fn savings(savings: &Savings) -> [(&'static str, [String; 4]); 2] {
    let cells = |total: &Total| {
        let [rules, target_groups, certificates] = total.kinds;
        let racks = match total.too_large {
            0 => total.racks.to_string(),
            apps => format!("{} and {} too large", total.racks, counted(apps, "app")),
        };
        [rules.to_string(), target_groups.to_string(), certificates.to_string(), racks]
    };
    [("Convox", cells(&savings.convox)), ("rackform", cells(&savings.rackform))]
}

/// How both are counted.
const METHOD: [&str; 3] = [
    "Both stand on racks with AWS's default quotas, filled to the brim, and every app may live on every rack.",
    "Convox: a rule for each host, a certificate for each service with domains; the largest app first, onto the first rack with room.",
    "rackform: up to five hosts in a rule, a certificate for ten names of an app; the placement that `compile` finds.",
];
