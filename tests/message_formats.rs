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
    let (mut logs, mut related) = (0, 0);
    for entry in fs::read_dir(&broken).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let (_, log) = sarif(&path, &["check", "."]);
        let results = log["runs"][0]["results"].as_array().unwrap();
        related += results.iter().filter(|result| result["relatedLocations"].is_array()).count();
        logs += usize::from(!results.is_empty());
    }
    assert!(logs > 50 && related > 10, "{logs} logs, {related} with other places");
}
