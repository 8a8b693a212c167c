//! `rackform check --fix`: every folder of `tests/fix` holds files `before` and `after`, to the byte.
//! A folder whose name begins with `not-` holds what nobody but its author can mend.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use common::{Folder, files_below, program};
use rackform::diagnostics::fixed::FIXED;
use serde_json::Value;

/// Files by their path below a folder.
type Bytes = BTreeMap<PathBuf, Vec<u8>>;

fn bytes(folder: &Path) -> Bytes {
    let below = |path: PathBuf| (path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
    files_below(folder).into_iter().map(below).collect()
}

fn write(files: &Bytes, folder: &Path) {
    for (path, bytes) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn folders(of: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(of)).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = all.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The arguments of a case, one a line.
fn arguments(case: &Path) -> Vec<String> {
    fs::read_to_string(case.join("args")).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
}

/// An app with these files; the folder gives it its name.
fn app(test: &str, files: &Bytes) -> (Folder, PathBuf) {
    let folder = Folder::new(test);
    let app = folder.0.join("app");
    write(files, &app);
    (folder, app)
}

fn run(app: &Path, flags: &[&str], more: &[String]) -> (i32, String, String) {
    let arguments: Vec<&str> = ["check", "."].iter().chain(flags).copied().chain(more.iter().map(String::as_str)).collect();
    program(app, &arguments)
}

/// Codes of what `--fix -v` says that it mended.
fn mended(said: &str) -> Vec<String> {
    let lines = said.lines().filter_map(|line| line.strip_prefix("  RF"));
    lines.filter(|line| line.contains(": ")).map(|line| format!("RF{}", &line[..4])).collect()
}

/// The lines of a run with `--message-format json`.
fn messages(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Messages that offer a fix.
fn offers(app: &Path, more: &[String]) -> Vec<Value> {
    let (_, out, _) = run(app, &["--message-format", "json"], more);
    messages(&out).into_iter().filter(offers_fix).collect()
}

fn offers_fix(message: &Value) -> bool {
    !message["fixes"].as_array().unwrap().is_empty()
}

/// Comments as they are written: the manifests of the tests have no `#` elsewhere.
fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| Some(line[line.find('#')?..].trim_end())).collect()
}

#[test]
fn every_case_becomes_what_it_should_and_stays_so() {
    let (mut cases, mut codes) = (0, BTreeSet::new());
    for case in folders("tests/fix") {
        let name = case.file_name().unwrap().to_str().unwrap();
        let (before, after) = (bytes(&case.join("before")), bytes(&case.join("after")));
        let (_folder, app) = app(name, &before);
        let more = arguments(&case);
        let offered = offers(&app, &more).len();
        let (_, _, said) = run(&app, &["--fix", "-v"], &more);
        let found = bytes(&app);
        for (path, text) in &after {
            assert_eq!(String::from_utf8_lossy(&found[path]), String::from_utf8_lossy(text), "{name}: {}\n{said}", path.display());
        }
        assert!(found == after, "{name}: other files");
        let mended = mended(&said);
        assert_eq!(mended.is_empty(), name.starts_with("not-"), "{name}: {said}");
        assert_eq!(before == after, name.starts_with("not-"), "{name}");
        assert!(name != "not-what-would-be-wrong" && name.starts_with("not-") || offered > 0, "{name}: nothing is offered");
        assert!(!name.starts_with("not-") || name == "not-what-would-be-wrong" || offered == 0, "{name}: {offered} offered");
        for (path, text) in &before {
            let (old, new) = (String::from_utf8_lossy(text), String::from_utf8_lossy(&found[path]));
            assert_eq!(comments(&old), comments(&new), "{name}: comments stay");
        }
        codes.extend(mended);
        let (_, _, again) = run(&app, &["--fix"], &more);
        assert!(bytes(&app) == after && !again.contains(" mended\n"), "{name}: {again}");
        cases += 1;
    }
    assert!(cases >= 40, "{cases}");
    let told: BTreeSet<String> = FIXED.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(codes, told, "what is mended is what src/diagnostics/fixed.rs tells");
}

#[test]
fn whatever_is_broken_gets_better_and_never_worse() {
    let (mut cases, mut mended_codes) = (0, BTreeSet::new());
    for case in folders("tests/broken") {
        let name = case.file_name().unwrap().to_str().unwrap();
        let mut before = bytes(&case);
        before.retain(|path, _| !["args", "expected"].contains(&path.to_str().unwrap()));
        let (_folder, app) = app(&format!("broken-{name}"), &before);
        let more = arguments(&case);
        let errors = |said: &[Value]| said.iter().filter(|message| message["severity"] == "error").count();
        let old = messages(&run(&app, &["--message-format", "json"], &more).1);
        let offered = old.iter().filter(|message| offers_fix(message)).count();
        if offered == 0 {
            continue;
        }
        let (_, new, said) = run(&app, &["--fix", "-v", "--message-format", "json"], &more);
        let (new, after) = (messages(&new), bytes(&app));
        let left = new.iter().filter(|message| offers_fix(message)).count();
        mended_codes.extend(mended(&said));
        assert!(left < offered && before != after, "{name}: {left} of {offered} are left\n{said}");
        assert!(after.keys().eq(before.keys()), "{name}: no file comes or goes");
        assert!(errors(&new) <= errors(&old), "{name}: {old:?}\n{new:?}");
        for (path, text) in &before {
            let (Ok(old), Ok(new)) = (std::str::from_utf8(text), std::str::from_utf8(&after[path])) else { continue };
            assert!(!path.ends_with("rackform.lock") || old == new, "{name}: the lock is never touched");
            assert_eq!(comments(old), comments(new), "{name}: {}", path.display());
            let reads = |text: &str| serde_yaml::from_str::<serde_yaml::Value>(text.trim_start_matches('\u{feff}')).is_ok();
            assert!(!reads(old) || reads(new), "{name}: {} can't be read any more", path.display());
        }
        run(&app, &["--fix"], &more);
        assert!(bytes(&app) == after, "{name}: a second run changes something");
        cases += 1;
    }
    let told: BTreeSet<String> = FIXED.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert!(cases > 25 && mended_codes.len() > 10 && mended_codes.is_subset(&told), "{mended_codes:?}");
}

#[test]
fn edits_of_json_are_what_fix_writes() {
    for name in ["domains-in-brackets", "byte-order-mark", "carriage-returns", "wide-characters", "domains-in-lines"] {
        let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fix").join(name);
        let (_folder, app) = app(&format!("edits-{name}"), &bytes(&case.join("before")));
        let text = fs::read(app.join("convox.yml")).unwrap();
        let offers = offers(&app, &[]);
        let number = |edit: &Value, key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
        let mut edits: Vec<(usize, usize, &str)> = Vec::new();
        for edit in offers.iter().flat_map(|message| message["fixes"][0]["edits"].as_array().unwrap()) {
            assert_eq!(edit["file"], "convox.yml");
            edits.push((number(edit, "start_byte"), number(edit, "end_byte"), edit["replacement"].as_str().unwrap()));
            // Lines and columns name the same place: columns count characters, and no byte-order mark.
            let text = std::str::from_utf8(&text).unwrap().trim_start_matches('\u{feff}');
            let line = text.split('\n').nth(number(edit, "line") - 1).unwrap();
            let rest: String = line.chars().skip(number(edit, "column") - 1).collect();
            let bytes = &fs::read(app.join("convox.yml")).unwrap()[number(edit, "start_byte")..];
            assert!(bytes.starts_with(rest.trim_end_matches('\r').as_bytes()), "{name}: {edit}");
        }
        edits.sort_unstable();
        let (mut out, mut done) = (Vec::new(), 0);
        for (start, end, new) in edits {
            // The last line of a file without an end goes with the end of the line before.
            if start < done {
                continue;
            }
            out.extend_from_slice(&text[done..start]);
            out.extend_from_slice(new.as_bytes());
            done = end;
        }
        out.extend_from_slice(&text[done..]);
        let after = fs::read(case.join("after/convox.yml")).unwrap();
        assert_eq!(String::from_utf8_lossy(&out).trim_end(), String::from_utf8_lossy(&after).trim_end(), "{name}");
    }
}

const FLAWED: &str = "services:\n  web:\n    port: 3000\n    inti: true\n    drain: \"10\"\n    links: [nobody]\n";

/// One app with two mistakes that can be mended and one that can't.
fn flawed(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.write("app/convox.yml", FLAWED);
    folder
}

#[test]
fn what_is_mended_is_told_and_what_is_left_too() {
    let folder = flawed("told");
    let (code, out, said) = folder.run(&["check", "app"]);
    assert!(code == 1 && out.is_empty() && said.ends_with("2 of these can be mended by `rackform check --fix`\n"), "{said}");
    assert!(said.contains("help: write `init`\n  |\n4 -     inti: true\n4 +     init: true\n"), "{said}");
    for quiet in [&["check", "app", "-q"][..], &["check", "app", "--message-format", "short"], &["compile", "app", "-q"]] {
        let (code, _, said) = folder.run(quiet);
        assert!(code == 1 && !said.contains("--fix"), "{said}");
    }
    assert_eq!(folder.read("app/convox.yml"), FLAWED, "nobody asked");
    let (code, out, said) = folder.run(&["check", "app", "--fix", "--message-format", "short", "-v"]);
    assert!(code == 1 && out.is_empty(), "{said}");
    let told =
        "app/convox.yml: 2 mended\n  RF0101 5:12: remove the quotes\n  RF0102 4:5: write `init`\napp/convox.yml:6:13: error[RF0209]: ";
    assert!(said.starts_with(told), "{said}");
    assert_eq!(folder.read("app/convox.yml"), "services:\n  web:\n    port: 3000\n    init: true\n    drain: 10\n    links: [nobody]\n");
    assert!(!folder.has("app/rackform.lock"), "a check writes no lock");
    folder.write("app/convox.yml", "services: {web: {prot: 3000}}\n");
    let (code, out, said) = folder.run(&["check", "app", "--fix"]);
    assert!(code == 0 && out.is_empty() && said.starts_with("app/convox.yml: 1 mended\n") && said.contains("with 1 rule"), "{said}");
}

#[test]
fn quiet_mends_without_a_word() {
    let folder = flawed("quiet");
    let (code, out, said) = folder.run(&["check", "app", "--fix", "-q", "--message-format", "short"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(said.starts_with("app/convox.yml:6:13: error[RF0209]") && said.ends_with("1 error\n"), "{said}");
    folder.write("app/convox.yml", "services: {web: {prot: 3000}}\n");
    assert_eq!(folder.run(&["check", "app", "--fix", "-q"]), (0, String::new(), String::new()));
    assert_eq!(folder.read("app/convox.yml"), "services: {web: {port: 3000}}\n");
}

#[test]
fn machines_get_what_is_left_on_standard_output() {
    for format in ["json", "github", "sarif"] {
        let folder = flawed(&format!("machine-{format}"));
        let (code, out, said) = folder.run(&["check", "app", "--fix", "--message-format", format]);
        assert_eq!((code, said.as_str()), (1, "app/convox.yml: 2 mended\n"));
        assert!(out.contains("RF0209") && !out.contains("RF0101"), "{out}");
        assert_eq!(folder.run(&["check", "app", "--fix", "-q", "--message-format", format]).2, "");
    }
}

#[test]
fn every_command_that_diagnoses_says_what_can_be_mended() {
    let folder = flawed("commands");
    folder.write("rules.json", "{}");
    folder.write("set.json", "{}");
    let commands: [&[&str]; 8] = [
        &["check", "app"],
        &["compile", "app"],
        &["plan", "app"],
        &["doctor", "app"],
        &["move", "app", "main", "--path", "app"],
        &["adopt", "rules.json", "--path", "app"],
        &["verify", "set.json", "--path", "app"],
        &["resolve", "https://a.example.org/", "app"],
    ];
    for command in commands {
        let (_, out, said) = folder.run(&[command, &["--message-format", "json"]].concat());
        let lines = |quiet: &str| quiet.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect::<Vec<Value>>();
        let all = lines(&format!("{out}\n{said}"));
        assert!(all.iter().any(|message| message["code"] == "RF0101" && offers_fix(message)), "{command:?}: {out}{said}");
        let (_, out, said) = folder.run(&[command, &["--message-format", "json", "-q"]].concat());
        let errors = lines(&format!("{out}\n{said}"));
        assert!(!errors.is_empty() && errors.iter().all(|message| message["severity"] == "error"), "{command:?}: {out}{said}");
    }
}

#[test]
fn a_mend_that_would_bring_an_error_is_taken_back_and_told() {
    let folder = Folder::new("back");
    folder.write(
        "app/convox.yml",
        "services:\n  web: {port: 3000, domain: a.example.org}\n  api: {port: 4000, domains: [a.example.org], drain: \"10\"}\n",
    );
    let (code, _, said) = folder.run(&["check", "app", "--fix"]);
    assert!(code == 0 && said.starts_with("app/convox.yml: 1 mended\n"), "{said}");
    let why = "= note: not mended by --fix: there would be RF0406: `app/web` and `app/api` both claim `a.example.org`\n";
    assert!(said.contains(why) && !said.contains("can be mended"), "{said}");
    let text = folder.read("app/convox.yml");
    assert!(text.contains("domains: [a.example.org], drain: 10}"), "{text}");
    // What is a warning before and after, and an error for --strict, is no reason.
    folder.write("app/convox.yml", "services:\n  web: {port: 3000, domains: [my_shop.example.org]}\n");
    folder.write("app/rackform.yml", "racks: {main: {certificates: [{arn: \"arn:aws:acm:us-east-1:123456789012:certificate/a\", names: [\"*.example.org\"]}]}}\napps: {app: {manifest: convox.yml}}\n");
    let (code, _, said) = folder.run(&["check", "app", "--fix", "--strict"]);
    assert!(code == 1 && said.contains("app/convox.yml: 1 mended") && said.contains("error[RF0411]"), "{said}");
}

#[test]
fn errors_that_were_hidden_do_not_hold_a_mend_back() {
    let folder = Folder::new("hidden");
    folder.write("app/convox.yml", "services: {web: {port: 3000, links: [nobody]}}\n");
    folder.write("app/rackform.yml", "rack: {main: {params: {Internal: maybe}}}\napps: {shop: {manifst: convox.yml}}\n");
    let (code, _, said) = folder.run(&["check", "app", "--fix", "--message-format", "short"]);
    assert!(code == 1 && said.starts_with("app/rackform.yml: 2 mended\n"), "{said}");
    assert!(said.contains("error[RF0305]") && said.contains("error[RF0209]"), "{said}");
}

#[test]
fn locked_and_the_lock_are_as_for_any_check() {
    let folder = Folder::new("fix-locked");
    folder.write("app/convox.yml", "services: {web: {port: 3000}}\n");
    assert_eq!(folder.run(&["compile", "app", "--out", "build"]).0, 0);
    let lock = folder.read("app/rackform.lock");
    folder.write("app/convox.yml", "services: {web: {port: 3000, drain: \"10\"}}\n");
    let (code, _, said) = folder.run(&["check", "app", "--fix", "--locked"]);
    assert!(code == 0 && said.contains("1 mended"), "{said}");
    folder.write("app/convox.yml", "services: {web: {port: 3000, domains: a.example.org}}\n");
    let (code, _, said) = folder.run(&["check", "app", "--fix", "--locked"]);
    assert!(code == 3 && said.contains("1 mended") && said.contains("RF0505"), "{said}");
    assert_eq!(folder.read("app/convox.yml"), "services: {web: {port: 3000, domain: a.example.org}}\n");
    assert_eq!(folder.read("app/rackform.lock"), lock);
    // A manifest and a lock with mistakes of one kind: only the manifest is mended.
    folder.write("app/rackform.lock", &lock.replace("hosts: [", "hosts: [*.example.org, "));
    let broken = folder.read("app/rackform.lock");
    folder.write("app/convox.yml", "services: {web: {prot: 3000}}\n");
    folder.run(&["check", "app", "--fix"]);
    assert_eq!(folder.read("app/rackform.lock"), broken);
}

#[test]
fn the_same_manifest_for_two_apps_is_mended_where_both_agree() {
    let folder = Folder::new("two-readings");
    let fleet = "racks: {one: {}, two: {}}\napps:\n  a: {manifest: convox.yml, rack: one, environment: {HOST: x.example.org}}\n  b: {manifest: convox.yml, rack: two, environment: {HOST: y.example.org}}\n";
    folder.write("rackform.yml", fleet);
    folder.write("convox.yml", "services: {web: {prot: 3000, domain: [\"${HOST}\", \"a-${HOST}\"]}}\n");
    let (_, _, said) = folder.run(&["check", "--fix"]);
    assert!(said.contains("convox.yml: 1 mended\n"), "{said}");
    assert_eq!(folder.read("convox.yml"), "services: {web: {port: 3000, domain: [\"${HOST}\", \"a-${HOST}\"]}}\n");
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_of_the_project_only() {
    let folder = Folder::new("links");
    let wrong = "services: {web: {prot: 3000}}\n";
    folder.write("elsewhere/convox.yml", wrong);
    folder.write("fleet/real/convox.yml", wrong);
    fs::create_dir_all(folder.0.join("fleet/out")).unwrap();
    fs::create_dir_all(folder.0.join("fleet/in")).unwrap();
    std::os::unix::fs::symlink("../../elsewhere/convox.yml", folder.0.join("fleet/out/convox.yml")).unwrap();
    std::os::unix::fs::symlink("../real/convox.yml", folder.0.join("fleet/in/convox.yml")).unwrap();
    folder.write("fleet/rackform.yml", "apps:\n  in: {}\n  out: {}\n  other: {manifest: ../elsewhere/convox.yml}\n");
    let (_, _, said) = folder.run(&["check", "fleet", "--fix"]);
    assert!(said.starts_with("fleet/../elsewhere/convox.yml: lies outside of the project, and stays as it is\n"), "{said}");
    assert!(said.contains("fleet/out/convox.yml: lies outside of the project, and stays as it is\n"), "{said}");
    assert!(said.contains("fleet/in/convox.yml: 1 mended\n") && !said.contains("can be mended"), "{said}");
    assert_eq!(folder.read("elsewhere/convox.yml"), wrong);
    assert_eq!(folder.read("fleet/real/convox.yml"), "services: {web: {port: 3000}}\n");
    assert!(fs::symlink_metadata(folder.0.join("fleet/in/convox.yml")).unwrap().is_symlink());
    // A repository is one project.
    fs::create_dir(folder.0.join(".git")).unwrap();
    let (_, _, said) = folder.run(&["check", "fleet", "--fix"]);
    assert!(!said.contains("outside"), "{said}");
    assert_eq!(folder.read("elsewhere/convox.yml"), "services: {web: {port: 3000}}\n");
}

#[cfg(unix)]
#[test]
fn permissions_stay_and_are_obeyed() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("permissions");
    let (wrong, right) = ("services: {web: {prot: 3000}}\n", "services: {web: {port: 3000}}\n");
    folder.write("a/convox.yml", wrong);
    folder.write("b/convox.yml", wrong);
    let set = |path: &str, mode| fs::set_permissions(folder.0.join(path), fs::Permissions::from_mode(mode)).unwrap();
    set("a/convox.yml", 0o640);
    set("b/convox.yml", 0o444);
    let (code, _, said) = folder.run(&["check", "--fix"]);
    assert!(code == 1 && said.contains("RF0603") && said.contains("b/convox.yml may not be written to"), "{said}");
    assert!(!said.contains("mended\n"), "{said}");
    assert_eq!(folder.read("a/convox.yml"), wrong, "all of them or none");
    set("b/convox.yml", 0o600);
    assert_eq!(folder.run(&["check", "--fix"]).0, 0);
    assert_eq!((folder.read("a/convox.yml").as_str(), folder.read("b/convox.yml").as_str()), (right, right));
    let mode = |path: &str| fs::metadata(folder.0.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("a/convox.yml"), mode("b/convox.yml")), (0o640, 0o600));
    assert_eq!(fs::read_dir(folder.0.join("a")).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn many_mends_are_made_at_once() {
    let folder = Folder::new("many");
    let services: Vec<String> = (0..100).map(|number| format!("  s{number}: {{inti: true, image: a, sticky: \"no\"}}\n")).collect();
    folder.write("app/convox.yml", &format!("services:\n{}", services.concat()));
    let (_, _, said) = folder.run(&["check", "app", "--fix", "-q"]);
    let text = folder.read("app/convox.yml");
    assert!(!text.contains("inti") && !text.contains('"'), "{said}");
    assert_eq!((text.matches("init: true").count(), text.matches("sticky: no").count()), (100, 100));
}
