//! Real manifests. They lie beside the project where it is developed and are not part of it, so
//! this test says so and passes where they are absent.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test fails by panicking, and says what it saw

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::run_with;
use rackform::lock::Lock;
use rackform::source::Variables;

const FLEET: &str = "racks: {main: {host: r.example.org, hosted_zone: Z1, certificate: create, params: {Internal: Yes}}}";

/// Codes that a manifest may be refused for although Convox reads it: the deployment would fail,
/// or a host would silently change hands.
const FAILS_AT_DEPLOY: &[&str] = &[
    "RF0201", "RF0202", "RF0203", "RF0204", "RF0205", "RF0206", "RF0208", "RF0209", "RF0217", "RF0223", "RF0401", "RF0406", "RF0413",
    "RF0414", "RF0704",
];
/// Codes for what Convox's own reader refuses.
const CONVOX_REFUSES: &[&str] = &["RF0004", "RF0006", "RF0101", "RF0105", "RF0106", "RF0219", "RF0221", "RF0222"];

/// A value of the kind that the place of a variable asks for, as an operator would have set it.
fn value(line: &str, name: &str) -> String {
    let key = line.trim_start_matches(['-', ' ']).split(':').next().unwrap_or("").to_lowercase();
    let name = name.to_lowercase().replace('_', "-");
    match key.as_str() {
        "port" => "3000".into(),
        "internal" | "encrypted" | "durable" => "false".into(),
        "storage" => "20".into(),
        "schedule" => "0 3 * * ?".into(),
        "path" | "health" => "/health".into(),
        _ => format!("{name}.example.net"),
    }
}

fn variables(text: &str) -> Variables {
    let mut variables = Variables::new();
    for line in text.lines() {
        for part in line.split("${").skip(1) {
            if let Some((name, _)) = part.split_once('}') {
                variables.entry(name.to_owned()).or_insert_with(|| value(line, name));
            }
        }
    }
    variables
}

#[test]
fn real_manifests_compile_or_are_refused_for_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/real");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("no corpus here: nothing to check");
        return;
    };
    let mut paths: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "yml")).collect();
    paths.sort();
    let (mut compiled, mut refused, mut reasons, mut wrong) = (0, 0, BTreeMap::<String, usize>::new(), Vec::new());
    for path in &paths {
        let Ok(text) = fs::read_to_string(path) else {
            refused += 1;
            *reasons.entry("not UTF-8".into()).or_default() += 1;
            continue;
        };
        let outcome = run_with(FLEET, &[("app", text.trim_start_matches('\u{feff}'))], &Lock::default(), &variables(&text));
        if outcome.compiled.is_some() {
            compiled += 1;
            continue;
        }
        refused += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for message in outcome.messages.iter().filter(|message| message.contains("error[")) {
            let code = &message[message.find("error[").unwrap() + 6..][..6];
            *reasons.entry(code.to_owned()).or_default() += 1;
            if !FAILS_AT_DEPLOY.contains(&code) && !CONVOX_REFUSES.contains(&code) {
                wrong.push(format!("{name}: {message}"));
            }
            eprintln!("{name}: {message}");
        }
    }
    eprintln!("{} manifests: {compiled} compiled, {refused} refused {reasons:?}", paths.len());
    assert!(wrong.is_empty(), "refused without a reason that counts:\n{}", wrong.join("\n"));
    assert!(compiled * 10 >= paths.len() * 8, "most real manifests compile");
}
