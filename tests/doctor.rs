//! `rackform doctor`: every folder of `tests/doctor` holds a fleet and, in `expected`, what must be
//! said of it, written down by hand.
//!
//! A line of `expected` is `FILE:LINE:COLUMN SEVERITY CODE RANK`, or `- SEVERITY CODE RANK` for a
//! finding about no place; `router RACK ROUTER HTTPS HTTP TARGET-GROUPS CERTIFICATES of RULES
//! TARGET-GROUPS CERTIFICATES` for each router; `unread NAMES` and `savings CONVOX -> RACKFORM`
//! (rules, target groups, certificates, racks), where they matter. `args` holds further arguments,
//! one a line.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test fails by panicking, and says what it saw

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use common::{Folder, files_below};
use jsonschema::Validator;

use rackform::diagnostics::codes::CODES;

use serde_json::Value;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(rackform::schema::DOCTOR).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
}

/// A copy of a case with its lock, and the arguments that it is looked at with.
fn copy(case: &Path) -> (Folder, Vec<String>) {
    let folder = Folder::new(&format!("doctor-{}", case.file_name().unwrap().to_str().unwrap()));
    for path in files_below(case) {
        let inner = path.strip_prefix(case).unwrap().to_str().unwrap();
        if inner != "expected" && inner != "args" {
            folder.write(inner, &fs::read_to_string(&path).unwrap());
        }
    }
    (folder, lines(&case.join("args")))
}

/// Exit code, standard output and standard error.
fn doctor(folder: &Folder, args: &[String], more: &[&str]) -> (i32, String, String) {
    let all: Vec<&str> = ["doctor", "."].into_iter().chain(args.iter().map(String::as_str)).chain(more.iter().copied()).collect();
    folder.run(&all)
}

/// The report as JSON, which its schema allows.
fn report(folder: &Folder, args: &[String]) -> (i32, Value) {
    let (code, out, said) = doctor(folder, args, &["--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{said}"));
    let errors: Vec<String> = SCHEMA.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    (code, report)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A report as lines of `expected`.
fn told(report: &Value) -> Vec<String> {
    let finding = |finding: &Value| {
        let place = &finding["place"];
        let place = place["file"].as_str().map_or("-".to_owned(), |file| format!("{file}:{}:{}", place["line"], place["column"]));
        format!("{place} {} {} {}", text(&finding["severity"]), text(&finding["code"]), text(&finding["rank"]))
    };
    let mut told: Vec<String> = report["findings"].as_array().unwrap().iter().map(finding).collect();
    for rack in report["racks"].as_array().unwrap() {
        for router in rack["routers"].as_array().unwrap() {
            let (sum, most) = (&router["sum"], &router["most"]);
            told.push(format!(
                "router {} {} {} {} {} {} of {} {} {}",
                text(&rack["name"]),
                text(&router["router"]),
                sum["rules_443"],
                sum["rules_80"],
                sum["target_groups"],
                sum["certificates"],
                most["rules"],
                most["target_groups"],
                most["certificates"]
            ));
        }
    }
    let unread: Vec<&str> = report["unread"].as_array().unwrap().iter().map(text).collect();
    if !unread.is_empty() {
        told.push(format!("unread {}", unread.join(", ")));
    }
    let total = |of: &str| {
        let total = &report["savings"][of];
        assert_eq!(total["too_large"], 0);
        format!("{} {} {} {}", total["rules"], total["target_groups"], total["certificates"], total["racks"])
    };
    told.push(format!("savings {} -> {}", total("convox"), total("rackform")));
    told
}

#[test]
fn each_fleet_is_told_what_is_wrong_with_it() {
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 20, "only {} cases", cases.len());
    for case in &cases {
        let (folder, args) = copy(case);
        let (code, report) = report(&folder, &args);
        let mut expected = lines(&case.join("expected"));
        let mut told = told(&report);
        if !expected.iter().any(|line| line.starts_with("savings ")) {
            told.retain(|line| !line.starts_with("savings "));
        }
        let fails = expected.iter().any(|line| line.contains(" error "));
        expected.sort();
        told.sort();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        if told != expected {
            wrong.push(format!(
                "{name}:\n{}",
                similar::TextDiff::from_slices(
                    &expected.iter().map(String::as_str).collect::<Vec<_>>(),
                    &told.iter().map(String::as_str).collect::<Vec<_>>(),
                )
                .iter_all_changes()
                .map(|change| format!("{}{}\n", change.tag(), change.value()))
                .collect::<String>()
            ));
        }
        if code != i32::from(fails) {
            wrong.push(format!("{name}: exit code {code}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_about_convox_has_a_fleet() {
    let told: BTreeSet<String> =
        cases().iter().flat_map(|case| lines(&case.join("expected"))).filter_map(|line| Some(line.split(' ').nth(2)?.to_owned())).collect();
    let missing: Vec<&str> = CODES.iter().map(|code| code.id).filter(|id| id.starts_with("RF08") && !told.contains(*id)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
