//! Messages for machines, as the program prints them.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use common::{Folder, program};
use jsonschema::Validator;
use serde_json::Value;

/// A file with an error, warnings and a note, in a folder whose name needs care.
fn flawed(name: &str) -> Folder {
    let folder = Folder::new(name);
    let text = "resources: {db: {type: postgres}}\nservices:\n  web:\n    port: 99999\n    domian: ${NOBODY},100%\n";
    folder.write("shop, new/convox.yml", text);
    folder
}

#[test]
fn github_gets_a_command_for_each_message() {
    let folder = flawed("github");
    let (code, out, said) = folder.run(&["check", "./shop, new", "--message-format", "github"]);
    assert_eq!((code, said.as_str()), (1, ""));
    insta::assert_snapshot!(out, @r"
    ::error file=shop%2C new/convox.yml,line=1,col=1,endLine=1,endColumn=1,title=RF0309::`shop, new` is no name for an app%0Anote: a letter from a to z first, then a to z, 0 to 9 and `-`, at most 40 characters%0Ahelp: name the app in rackform.yml, or rename its folder
    ::notice file=shop%2C new/convox.yml,line=1,col=13,endLine=1,endColumn=15,title=RF0220::resources and timers are checked, and not provisioned%0Anote: this is about db
    ::error file=shop%2C new/convox.yml,line=4,col=11,endLine=4,endColumn=16,title=RF0201::port 99999 of `web` does not exist%0Aports go from 1 to 65535%0Ahelp: write the port that the service listens on
    ::warning file=shop%2C new/convox.yml,line=5,col=5,endLine=5,endColumn=11,title=RF0102::unknown key `domian` in `services.web`%0Aignored by Convox%0Ahelp: did you mean `domain`?
    ::warning file=shop%2C new/convox.yml,line=5,col=13,endLine=5,endColumn=22,title=RF0012::the variable `NOBODY` has no value%0Ataken as empty, as in Convox%0Anote: a default in `environment` of the manifest is for its containers and does not count here, as in Convox%0Ahelp: set it in `environment` of the app in rackform.yml, with --env-file, or with --env NOBODY=VALUE
    ::notice title=RF0318::the stack `main` needs the ARN of a certificate when it is first deployed%0Ahelp: write `certificate` for the rack in rackform.yml, or deploy with `deploy.sh --parameter main:Certificate=ARN`
    ");
    let (code, out, _) = folder.run(&["check", "./shop, new", "--message-format", "github", "--quiet"]);
    assert!(code == 1 && out.lines().all(|line| line.starts_with("::error ")), "{out}");
    let (code, out, _) = folder.run(&["check", "nowhere", "--message-format", "github"]);
    assert!(code == 1 && out.starts_with("::error title=RF0"), "{out}");
}

#[test]
fn every_command_that_reports_speaks_to_github() {
    let folder = flawed("github-commands");
    folder.write("rules.json", "{}");
    for command in
        [&["compile", "shop, new"][..], &["move", "shop", "other", "--path", "shop, new"], &["adopt", "rules.json", "--path", "shop, new"]]
    {
        let (code, out, _) = folder.run(&[command, &["--message-format", "github"]].concat());
        assert!(code == 1 && out.contains("::error file=shop%2C new/convox.yml,line=4,"), "{command:?}: {out}");
    }
}

/// A log of the program, which is valid whatever it says.
fn sarif(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let (code, out, _) = program(folder, &[arguments, &["--message-format", "sarif"]].concat());
    let log: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"));
    assert_valid(&log);
    (code, log)
}

/// `tests/schema/sarif.json`, and the official schema where `SARIF_SCHEMA` names a copy of it.
static SCHEMAS: LazyLock<Vec<Validator>> = LazyLock::new(|| {
    let ours = OsString::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schema/sarif.json"));
    let schema = |path: OsString| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let paths = [Some(ours), std::env::var_os("SARIF_SCHEMA")];
    paths.into_iter().flatten().map(|path| jsonschema::validator_for(&schema(path)).unwrap()).collect()
});

/// Hold a log against the schemas, and against what no schema can say.
fn assert_valid(log: &Value) {
    for schema in SCHEMAS.iter() {
        let errors: Vec<String> = schema.iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        // §3.27.6: an index and an id name one rule.
        assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], result["ruleId"]);
        for location in ["locations", "relatedLocations"].iter().filter_map(|key| result[key].as_array()).flatten() {
            let region = &location["physicalLocation"]["region"];
            let at = |line: &str, column: &str| (region[line].as_u64().unwrap(), region[column].as_u64().unwrap());
            assert!(at("startLine", "startColumn") <= at("endLine", "endColumn"), "{region}");
        }
        for change in result["fixes"].as_array().into_iter().flatten().flat_map(|fix| fix["artifactChanges"].as_array().unwrap()) {
            let mut end = (0, 0);
            for replacement in change["replacements"].as_array().unwrap() {
                let region = &replacement["deletedRegion"];
                let at = |line: &str, column: &str| (region[line].as_u64().unwrap(), region[column].as_u64().unwrap());
                // In order, and apart from each other; what deletes nothing inserts something.
                assert!(at("startLine", "startColumn") >= end && at("endLine", "endColumn") >= at("startLine", "startColumn"), "{region}");
                assert!(at("startLine", "startColumn") < at("endLine", "endColumn") || replacement.get("insertedContent").is_some());
                end = at("endLine", "endColumn");
            }
        }
    }
}

#[test]
fn sarif_is_one_log_of_the_run() {
    let folder = flawed("sarif");
    let (code, log) = sarif(&folder.0, &["check", "./shop, new"]);
    assert_eq!(code, 1);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let port = results.iter().find(|result| result["ruleId"] == "RF0201").unwrap();
    let meant = serde_json::json!({
        "ruleId": "RF0201",
        "ruleIndex": 2,
        "level": "error",
        "message": { "text": "port 99999 of `web` does not exist\nports go from 1 to 65535\nhelp: write the port that the service listens on" },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": "shop%2C%20new/convox.yml" },
                "region": { "startLine": 4, "startColumn": 11, "endLine": 4, "endColumn": 16 },
            },
        }],
    });
    assert_eq!(port, &meant);
    let levels: Vec<&str> = results.iter().map(|result| result["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["error", "note", "error", "warning", "warning", "note"]);
    let nowhere: Vec<&Value> = results.iter().filter(|result| result.get("locations").is_none()).collect();
    assert!(nowhere.len() == 1 && nowhere[0]["ruleId"] == "RF0318", "{nowhere:?}");
    let (_, quiet) = sarif(&folder.0, &["check", "./shop, new", "--quiet"]);
    assert_eq!(quiet["runs"][0]["results"].as_array().unwrap().len(), 2);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(
        rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["RF0012", "RF0102", "RF0201", "RF0220", "RF0309", "RF0318"]
    );
}

#[test]
fn a_run_without_findings_is_a_log_too() {
    let folder = Folder::new("sarif-clean");
    folder.write("app/convox.yml", "services: {web: {port: 3000}}\n");
    let (code, log) = sarif(&folder.0, &["check", "app", "--quiet"]);
    assert!(code == 0 && log["runs"][0]["results"] == serde_json::json!([]), "{log}");
}

#[test]
fn every_broken_input_gives_a_valid_log() {
    let broken = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let (mut logs, mut related, mut fixes) = (0, 0, 0);
    for entry in fs::read_dir(&broken).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let (_, log) = sarif(&path, &["check", "."]);
        let results = log["runs"][0]["results"].as_array().unwrap();
        related += results.iter().filter(|result| result["relatedLocations"].is_array()).count();
        fixes += results.iter().filter(|result| result["fixes"].is_array()).count();
        logs += usize::from(!results.is_empty());
    }
    assert!(logs > 50 && related > 10 && fixes > 30, "{logs} logs, {related} with other places, {fixes} with fixes");
}

#[test]
fn a_fix_is_part_of_the_log() {
    let folder = Folder::new("sarif-fix");
    folder.write("app/convox.yml", "services:\n  web:\n    port: 3000\n    domain:\n      - ä.org\n    domains: [a.org]\n  api:\n    port: 1\n    drain: \"10\"\n    domain: \"b.org, B.org\"\n");
    let (_, log) = sarif(&folder.0, &["check", "app"]);
    let fixes: Vec<&Value> =
        log["runs"][0]["results"].as_array().unwrap().iter().filter_map(|result| result["fixes"].as_array()).flatten().collect();
    let change = |line: u64, from: u64, to: u64, text: Option<&str>| {
        let mut replacement = serde_json::json!({
            "deletedRegion": { "startLine": line, "startColumn": from, "endLine": line, "endColumn": to },
        });
        if let Some(text) = text {
            replacement["insertedContent"] = serde_json::json!({ "text": text });
        }
        serde_json::json!([{ "artifactLocation": { "uri": "app/convox.yml" }, "replacements": [replacement] }])
    };
    let meant = [
        serde_json::json!({ "description": { "text": "remove the quotes" }, "artifactChanges": change(9, 12, 16, Some("10")) }),
        serde_json::json!({ "description": { "text": "remove the second `b.org`" }, "artifactChanges": change(10, 19, 26, None) }),
    ];
    assert_eq!(fixes, meant.iter().collect::<Vec<_>>());
}

#[test]
fn every_line_of_json_is_as_the_published_schema_says() {
    let (code, schema, _) = program(Path::new("."), &["schema", "diagnostic"]);
    assert_eq!((code, schema.as_str()), (0, include_str!("../schemas/diagnostic.schema.json")));
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let broken = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let (mut lines, mut fixes, mut nowhere) = (0, 0, 0);
    for entry in fs::read_dir(&broken).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let more = fs::read_to_string(path.join("args")).unwrap_or_default();
        let arguments: Vec<&str> = ["check", ".", "--message-format", "json"].into_iter().chain(more.lines()).collect();
        for line in program(&path, &arguments).1.lines() {
            let message: Value = serde_json::from_str(line).unwrap();
            let errors: Vec<String> = schema.iter_errors(&message).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
            lines += 1;
            fixes += message["fixes"].as_array().unwrap().len();
            nowhere += usize::from(message["place"].is_null());
        }
    }
    assert!(lines > 300 && fixes > 30 && nowhere > 50, "{lines} lines, {fixes} with a fix, {nowhere} without a place");
    // And the schema is not one that takes anything.
    let right = serde_json::json!({
        "code": "RF0101", "severity": "error", "message": "m", "place": null, "also": [], "notes": [], "help": null, "fixes": [],
    });
    assert!(schema.is_valid(&right));
    for (key, wrong) in [("code", "X"), ("severity", "bad"), ("place", "here"), ("fixes", "none"), ("more", "1")] {
        let mut message = right.clone();
        message[key] = wrong.into();
        assert!(!schema.is_valid(&message), "{key}");
    }
}
