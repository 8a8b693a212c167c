//! For programs: `schemas/doctor.schema.json` says what stands where.

use serde_json::{Value, json};

use super::{Chances, Fill, Need, Report, Total, rank};
use crate::demand::WORDS;
use crate::diagnostics::{Diagnostic, to_json};
use crate::doctor::Rank;
use crate::source::Files;

/// The version of the format.
const VERSION: u32 = 1;

/// A report as one JSON object.
pub fn json(report: &Report, findings: &[&Diagnostic], files: &Files) -> Value {
    let mut found: Vec<(Rank, &Diagnostic)> = findings.iter().map(|diagnostic| (rank(diagnostic.code), *diagnostic)).collect();
    found.sort_by_key(|(rank, _)| *rank); // stable: by place within a rank
    let racks = report.racks.iter().map(|rack| {
        let routers: Vec<Value> = rack.routers.iter().map(|(fill, chances)| router(fill, chances)).collect();
        json!({ "name": rack.name, "apps": rack.apps, "routers": routers })
    });
    json!({
        "version": VERSION,
        "apps": report.apps,
        "unread": report.unread,
        "racks": racks.collect::<Vec<_>>(),
        "findings": found.into_iter().map(|(rank, diagnostic)| finding(rank, diagnostic, files)).collect::<Vec<_>>(),
        "savings": { "convox": total(&report.savings.convox), "rackform": total(&report.savings.rackform) },
    })
}

fn router(fill: &Fill, chances: &Chances) -> Value {
    let [rules, target_groups, certificates] = fill.most;
    let apps = fill.apps.iter().map(|(app, of)| {
        let mut row = json!({ "app": app });
        if let (Some(row), Value::Object(of)) = (row.as_object_mut(), need(of)) {
            row.extend(of);
        }
        row
    });
    let ends = fill
        .ends
        .iter()
        .map(|end| json!({ "what": WORDS[end.kind], "app": end.app, "before": end.before, "held": end.held, "answer": end.answer() }));
    json!({
        "router": fill.router.word(),
        "apps": apps.collect::<Vec<_>>(),
        "sum": need(&fill.sum),
        "most": { "rules": rules, "target_groups": target_groups, "certificates": certificates },
        "ends": ends.collect::<Vec<_>>(),
        "collisions": {
            "taken": chances.exact,
            "taken_by_wildcards": chances.wildcard,
            "rule": rounded(chances.rule),
            "wildcard_rule": rounded(chances.wildcard_rule),
            "typical_app": chances.typical,
            "app": rounded(chances.app),
            "room": chances.room,
            "until_full": rounded(chances.until_full),
        },
    })
}

/// A probability to a millionth.
fn rounded(probability: f64) -> f64 {
    (probability * 1e6).round() / 1e6
}

fn need(need: &Need) -> Value {
    json!({
        "rules_443": need.https,
        "rules_80": need.http,
        "target_groups": need.target_groups,
        "certificates": need.certificates(),
    })
}

fn finding(rank: Rank, diagnostic: &Diagnostic, files: &Files) -> Value {
    let mut finding = json!({ "rank": rank.word() });
    if let (Some(finding), Value::Object(said)) = (finding.as_object_mut(), to_json(diagnostic, files)) {
        finding.extend(said);
    }
    finding
}

fn total(total: &Total) -> Value {
    let [rules, target_groups, certificates] = total.kinds;
    json!({
        "rules": rules,
        "target_groups": target_groups,
        "certificates": certificates,
        "racks": total.racks,
        "too_large": total.too_large,
    })
}
