//! What `rackform plan` says of each change in `tests/plan`, in each of its forms.
//!
//! `INSTA_UPDATE=always cargo test --test plan` writes the snapshots anew; read the difference.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{Folder, copy};
use insta::assert_snapshot;
use serde_json::Value;

/// Changes that are kept as JSON too; text is kept of all.
const AS_DATA: [&str; 12] = [
    "domain-changes-hands",
    "hosts-in-a-circle",
    "internal",
    "move-begins",
    "new-app",
    "nothing",
    "pattern-covers-a-host",
    "port-without-compute",
    "rack-params",
    "removed-app",
    "scheme",
    "second-rack",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan")
}

fn cases() -> Vec<String> {
    let folders = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut names: Vec<String> = folders.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn run(folder: &Folder, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rackform")).args(arguments).current_dir(&folder.0).env("NO_COLOR", "1").output().unwrap()
}

fn ok(folder: &Folder, arguments: &[&str]) -> String {
    let run = run(folder, arguments);
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// A project in which a change was made: what is deployed lies in `deployed`.
fn changed(case: &str) -> Folder {
    let folder = Folder::new(&format!("plan-{case}"));
    let from = root().join(case);
    copy(&from.join("before"), &folder.0);
    let commands = fs::read_to_string(from.join("command")).unwrap_or_default();
    let mut commands: Vec<Vec<&str>> = commands.lines().map(|line| line.split(' ').collect()).collect();
    let last = commands.pop();
    ok(&folder, &["compile", "-q"]);
    for command in commands {
        ok(&folder, &command);
    }
    copy(&folder.0.join("build"), &folder.0.join("deployed"));
    if from.join("after").is_dir() {
        copy(&from.join("after"), &folder.0);
    }
    if let Some(last) = last {
        ok(&folder, &last);
    }
    folder
}

fn json(folder: &Folder, more: &[&str]) -> Value {
    let arguments = [&["plan", "--format", "json", "-q"], more].concat();
    serde_json::from_str(&ok(folder, &arguments)).unwrap()
}

fn keep(form: &str, case: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/plan"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| assert_snapshot!(format!("{case}.{form}"), text));
}

/// A page without its styles and programs, which are the same for all and have tests of their own.
fn without_looks(page: &str) -> String {
    let mut rest = page;
    let mut kept = String::new();
    while let Some((at, end)) =
        [("<style", "</style>"), ("<script>", "</script>")].iter().filter_map(|(begin, end)| Some((rest.find(begin)?, *end))).min()
    {
        kept += &rest[..at];
        rest = rest[at..].split_once(end).expect("what begins ends").1;
    }
    let kept = kept + rest;
    assert!(kept.contains("<h1") && kept.len() < page.len(), "{page}");
    let is_told = |line: &&str| !line.is_empty() && !line.contains("Content-Security-Policy"); // which names their hashes
    kept.lines().map(str::trim_end).filter(is_told).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_change_is_told() {
    let cases = cases();
    assert!(cases.len() >= 30, "{cases:?}");
    // Each case runs the program several times, and none knows of another one.
    std::thread::scope(|scope| {
        for part in cases.chunks(cases.len().div_ceil(2)) {
            scope.spawn(|| part.iter().for_each(|case| is_told(case)));
        }
    });
}

fn is_told(case: &str) {
    let schema = jsonschema::validator_for(&serde_json::from_str(rackform::schema::PLAN).unwrap()).unwrap();
    let folder = changed(case);
    let against = ["--against", "deployed"];
    keep("text", case, &ok(&folder, &["plan", "-q", "--against", "deployed"]));
    let plan = json(&folder, &against);
    let errors: Vec<String> = schema.iter_errors(&plan).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{case}: {errors:?}");
    if AS_DATA.contains(&case) {
        keep("json", case, &serde_json::to_string_pretty(&plan).unwrap());
        let form = |form: &str| ok(&folder, &["plan", "-q", "--against", "deployed", "--format", form]);
        keep("markdown", case, &form("markdown"));
        keep("html", case, &without_looks(&form("html")));
    }
    // The exit code tells whether anything changes, if somebody asks for that.
    let is_change = plan["is_change"].as_bool().unwrap();
    assert_eq!(is_change, !["image-not-given", "nothing"].contains(&case), "{case}");
    let code = run(&folder, &["plan", "-q", "--against", "deployed", "--detailed-exitcode"]).status.code();
    assert_eq!(code, Some(if is_change { 2 } else { 0 }), "{case}");
    assert_eq!(is_change, !plan["stacks"].as_array().unwrap().is_empty(), "{case}");

    // Once it is compiled there is nothing to do, and a plan writes nothing.
    ok(&folder, &["compile", "-q"]);
    let lock = folder.read("rackform.lock");
    let again = ok(&folder, &["plan", "-q", "--locked", "--detailed-exitcode"]);
    assert!(again.starts_with("nothing changes against build"), "{case}: {again}");
    assert_eq!(folder.read("rackform.lock"), lock, "{case}");
    // The plan is the same, made before or after the compile.
    assert_eq!(json(&folder, &against), plan, "{case}");
}

#[test]
fn a_plan_is_held_against_folders_and_revisions() {
    let folder = Folder::new("plan-revision");
    copy(&root().join("domain-changes-hands/before"), &folder.0);
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]).args(arguments);
        let done = command.current_dir(&folder.0).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "-q", "-b", "main"]);
    ok(&folder, &["compile", "-q"]);
    fs::write(folder.0.join(".gitignore"), "build\n").unwrap();
    git(&["add", "."]);
    git(&["commit", "-qm", "before"]);
    copy(&folder.0.join("build"), &folder.0.join("deployed"));
    copy(&root().join("domain-changes-hands/after"), &folder.0);
    let mut expected = json(&folder, &["--against", "deployed"]);
    let same = |expected: &mut Value, mut plan: Value| {
        assert!(plan["against"].as_str().unwrap().starts_with("main ("), "{}", plan["against"]);
        plan["against"] = expected["against"].clone();
        assert_eq!(plan, *expected);
    };
    // What was not committed is compiled from what was.
    same(&mut expected, json(&folder, &["--against", "main"]));
    // Where it was committed it is taken as it is.
    fs::write(folder.0.join(".gitignore"), "").unwrap();
    git(&["add", "build"]);
    git(&["commit", "-qm", "output"]);
    fs::remove_dir_all(folder.0.join("build")).unwrap();
    same(&mut expected, json(&folder, &["--against", "main"]));
    // From below, and of a folder that is no more.
    let below = Folder(folder.0.join("shop"));
    same(&mut expected, json(&below, &["--against", "main", "--out", "../build"]));
    std::mem::forget(below);
    // The folder of another project.
    let other = Folder::new("plan-revision-other");
    copy(&root().join("domain-changes-hands/before"), &other.0);
    ok(&other, &["compile", "-q"]);
    let mut plan = json(&folder, &["--against", other.0.to_str().unwrap()]);
    plan["against"] = expected["against"].clone();
    assert_eq!(plan, expected);

    // What is new in a fleet is compared with the fleet; where there was none, everything is new.
    copy(&folder.0.join("shop"), &folder.0.join("new"));
    folder.write("new/convox.yml", "services: {web: {port: 3000, domain: new.example.org}}\n");
    folder.write("rackform.yml", &(folder.read("rackform.yml") + "  new: {manifest: new/convox.yml}\n"));
    let stacks = |plan: &Value| plan["summary"]["stacks"].clone();
    let whole = json(&folder, &["--against", "main"]);
    assert_eq!(stacks(&whole)["create"], 1, "{whole:#}");
    let mut new = json(&folder, &["new", "--against", "main"]);
    same(&mut new, whole.clone());
    git(&["checkout", "-q", "--orphan", "empty"]);
    git(&["rm", "-rqf", "--cached", "."]);
    fs::write(folder.0.join("notes.txt"), "").unwrap();
    git(&["add", "notes.txt"]);
    git(&["commit", "-qm", "no fleet yet"]);
    let first = json(&folder, &["--against", "empty"]);
    assert_eq!(
        stacks(&first)["create"].as_u64().unwrap(),
        ["create", "update", "keep"].iter().map(|of| stacks(&whole)[of].as_u64().unwrap()).sum::<u64>()
    );
    assert_eq!(stacks(&first)["leave"], 0, "{first:#}");

    for (against, needle) in [
        ("nowhere", "it is neither a folder nor a revision"),
        ("--output=x", "it is neither a folder nor a revision"),
        ("HEAD~7", "it is neither a folder nor a revision"),
    ] {
        let refused = run(&folder, &["plan", &format!("--against={against}"), "--message-format", "short"]);
        assert_eq!(refused.status.code(), Some(1), "{against}");
        assert!(refused.stdout.is_empty());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("RF0605") && said.contains(needle), "{said}");
    }
}

#[test]
fn what_was_written_must_be_readable() {
    let folder = changed("scale");
    let index = folder.0.join("deployed/stacks.json");
    let text = fs::read_to_string(&index).unwrap();
    let template = folder.0.join("deployed/main/apps/shop.yaml");
    let whole = fs::read_to_string(&template).unwrap();
    let refuses = |needle: &str| {
        let refused = run(&folder, &["plan", "--against", "deployed", "--message-format", "short"]);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains(needle) && refused.stdout.is_empty(), "{said}");
    };
    fs::write(&index, "{}").unwrap();
    refuses("RF0604");
    fs::write(&index, text.replace("main/apps/shop.yaml", "../../../etc/passwd")).unwrap();
    refuses("RF0604");
    fs::write(&index, &text).unwrap();
    fs::write(&template, "a: [").unwrap();
    refuses("deployed/main/apps/shop.yaml is not what a compile writes");
    fs::remove_file(&template).unwrap();
    refuses("RF0001");
    // What a person changed by hand is part of the plan.
    fs::write(&template, whole.replace("HealthCheckIntervalSeconds: 5", "HealthCheckIntervalSeconds: 7")).unwrap();
    let plan = json(&folder, &["--against", "deployed"]);
    assert!(plan.to_string().contains("HealthCheckIntervalSeconds"), "{plan:#}");
}

#[test]
fn a_lock_without_templates_is_noticed() {
    let folder = changed("scale");
    fs::remove_dir_all(folder.0.join("build")).unwrap();
    let said = String::from_utf8(run(&folder, &["plan", "--message-format", "short"]).stderr).unwrap();
    assert!(said.contains("RF0606"), "{said}");
    assert_eq!(run(&folder, &["plan", "--strict"]).status.code(), Some(1));
    fs::remove_file(folder.0.join("rackform.lock")).unwrap();
    let said = String::from_utf8(run(&folder, &["plan", "--message-format", "short"]).stderr).unwrap();
    assert!(!said.contains("RF0606"), "{said}");
}
