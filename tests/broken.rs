//! Broken input: every folder of `tests/broken` holds files with mistakes and, in `expected`, the
//! messages that must come, written down by hand. How they read is in `snapshots/broken`.
//!
//! A line of `expected` is `LINE:COLUMN SEVERITY CODE`, behind `FILE:` when the file is not
//! convox.yml, or `- SEVERITY CODE` for a message about no place. `args` holds further arguments,
//! one a line.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use insta::{Settings, assert_snapshot};
use rackform::diagnostics::codes::CODES;
use serde_json::Value;

/// Codes that no `check` of a file can bring about: the 4 MiB are in a test below, `tests/adopt.rs`
/// is about listeners, and the rest is about what is written, or about faults of the program itself.
const NOT_FROM_A_CASE: [&str; 11] =
    ["RF0002", "RF0016", "RF0511", "RF0516", "RF0518", "RF0519", "RF0520", "RF0601", "RF0602", "RF0603", "RF0607"];

struct Case {
    slug: String,
    folder: PathBuf,
    args: Vec<String>,
    expected: Vec<String>,
}

fn cases() -> Vec<Case> {
    let lines = |path: PathBuf| -> Vec<String> {
        fs::read_to_string(path).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
    };
    let mut folders: Vec<PathBuf> = entries(Path::new("tests/broken")).into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
        .into_iter()
        .map(|folder| Case { slug: name(&folder), args: lines(folder.join("args")), expected: lines(folder.join("expected")), folder })
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// An empty folder called `app`: the name of a folder becomes the name of an app.
fn app_folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("broken").join(test);
    let _ = fs::remove_dir_all(&folder);
    let app = folder.join("app");
    fs::create_dir_all(&app).expect("a folder for the test");
    app
}

fn copy(from: &Path, to: &Path) {
    for path in entries(from) {
        let target = to.join(name(&path));
        if path.is_dir() {
            fs::create_dir_all(&target).expect("a folder");
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// Run `rackform check .` in a folder: exit code, standard output, standard error.
fn check(folder: &Path, args: &[String]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rackform"))
        .args(["check", "."])
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A line of `--message-format json` as a line of `expected`.
fn line(json: &str) -> String {
    let message: Value = serde_json::from_str(json).expect("one JSON object a line");
    let place = &message["place"];
    let place = match place["file"].as_str() {
        None => "-".to_owned(),
        Some("convox.yml") => format!("{}:{}", place["line"], place["column"]),
        Some(file) => format!("{file}:{}:{}", place["line"], place["column"]),
    };
    format!("{place} {} {}", message["severity"].as_str().expect("a severity"), message["code"].as_str().expect("a code"))
}

/// What the severities say of the exit code.
fn exit_code(lines: &[String]) -> i32 {
    match () {
        () if lines.iter().any(|line| line.contains(" error ") && !line.ends_with("RF0505")) => 1,
        () if lines.iter().any(|line| line.ends_with(" error RF0505")) => 3,
        () => 0,
    }
}

/// What is wrong with a case; its snapshot is looked at only when nothing is.
fn run(case: &Case) -> Option<String> {
    let app = app_folder(&case.slug);
    copy(&case.folder, &app);
    for ours in ["expected", "args"] {
        let _ = fs::remove_file(app.join(ours));
    }
    let json: Vec<String> = case.args.iter().cloned().chain(["--message-format".into(), "json".into()]).collect();
    let (code, stdout, _) = check(&app, &json);
    let found: Vec<String> = stdout.lines().map(line).collect();
    let without = |lines: &[String], others: &[String]| -> Vec<String> {
        let mut others = others.to_vec();
        lines.iter().filter(|line| others.iter().position(|other| other == *line).map(|at| others.remove(at)).is_none()).cloned().collect()
    };
    let (missing, extra) = (without(&case.expected, &found), without(&found, &case.expected));
    if !missing.is_empty() || !extra.is_empty() {
        return Some(format!("{}: missing {missing:?}, and not expected {extra:?}", case.slug));
    }
    if code != Some(exit_code(&found)) {
        return Some(format!("{}: exit code {code:?}, not {}", case.slug, exit_code(&found)));
    }
    let (_, stdout, human) = check(&app, &case.args);
    if !stdout.is_empty() {
        return Some(format!("{}: messages for people belong to standard error", case.slug));
    }
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../snapshots/broken");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(["rackform check ."].into_iter().chain(case.args.iter().map(String::as_str)).collect::<Vec<_>>().join(" "));
    let snapshot = catch_unwind(AssertUnwindSafe(|| settings.bind(|| assert_snapshot!(case.slug.as_str(), human))));
    snapshot.err().map(|_| format!("{}: the snapshot differs, see above", case.slug))
}

#[test]
fn each_mistake_gets_its_message_at_its_place() {
    let cases = cases();
    assert!(cases.len() >= 180, "only {} cases", cases.len());
    let wrong: Vec<String> = cases.iter().filter_map(run).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_code_has_a_case_and_every_snapshot_too() {
    let cases = cases();
    let told: BTreeSet<&str> = cases.iter().flat_map(|case| &case.expected).filter_map(|line| line.rsplit(' ').next()).collect();
    // What is no mistake in an input of a compile: tests/doctor.rs, tests/plan.rs, tests/verify.rs.
    let has_tests_of_its_own =
        |id: &str| ["RF08", "RF09"].iter().any(|family| id.starts_with(family)) || ["RF0604", "RF0605", "RF0606"].contains(&id);
    let missing: Vec<&str> = CODES
        .iter()
        .map(|code| code.id)
        .filter(|id| !told.contains(id) && !NOT_FROM_A_CASE.contains(id) && !has_tests_of_its_own(id))
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "codes without a case");
    let known: BTreeSet<String> = cases.into_iter().map(|case| format!("{}.snap", case.slug)).collect();
    let stale: Vec<String> =
        entries(Path::new("snapshots/broken")).iter().map(|path| name(path)).filter(|snap| !known.contains(snap)).collect();
    assert_eq!(stale, Vec::<String>::new(), "snapshots without a case");
}

/// Input that is made to hurt: its name, its text, and the code that it must be refused with.
fn hostile() -> Vec<(&'static str, String, &'static str)> {
    let deep = 100_000;
    // Each name holds nine copies of the one before: 9^60 texts in three kilobytes.
    let aliases = (1..60)
        .fold("x-0: &a0 [lol]\n".to_owned(), |text, i| text + &format!("x-{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", ")));
    let merges = (1..60).fold("x-0: &a0 {k: 1}\n".to_owned(), |text, i| {
        text + &format!("x-{i}: &a{i}\n  <<: *a{p}\n  \"<<\": *a{p}\n  k{i}: 1\n", p = i - 1)
    });
    let nested_merges = (1..200)
        .fold("x-0: &a0 {k: 1}\n".to_owned(), |text, i| text + &format!("x-{i}: &a{i}\n  <<: *a{p}\n  b{i}:\n    <<: *a{p}\n", p = i - 1));
    vec![
        ("flow-lists", format!("x: {}{}\n", "[".repeat(deep), "]".repeat(deep)), "RF0005"),
        ("flow-lists-left-open", "[".repeat(deep), "RF0005"),
        ("flow-mappings", format!("x: {}{}\n", "{a: ".repeat(deep), "}".repeat(deep)), "RF0005"),
        ("block-lists", format!("x:\n{}a\n", "- ".repeat(deep)), "RF0005"),
        ("block-mappings", format!("{}a\n", "? ".repeat(deep)), "RF0005"),
        ("block-steps", (0..2_800).fold(String::new(), |text, i| text + &" ".repeat(i) + "a:\n"), "RF0005"),
        ("scalar", format!("services: {{web: {{image: {}}}}}\n", "a".repeat(100_000_000)), "RF0002"),
        ("alias-bomb", aliases, "RF0005"),
        ("one-long-list-often", format!("x-a: &a [{}]\nx-b: [{}]\n", ["v"; 1_000].join(", "), ["*a"; 200_000].join(", ")), "RF0005"),
        ("merge-bomb", merges, "RF0005"),
        ("merge-bomb-in-blocks", nested_merges + "services:\n  web: *a199\n", "RF0005"),
        ("nuls", "\0".repeat(1_000_000), "RF0004"),
        ("nul-in-quotes", format!("services: {{web: {{image: \"{}\"}}}}\n", "\0".repeat(9)), "RF0004"),
        ("tags", "!".repeat(4_000_000), "RF0004"),
    ]
}

/// Input that is only large: every line is legal, or wrong in the same way as the one before.
fn large() -> Vec<(&'static str, String, &'static str)> {
    let lines = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    vec![
        ("unknown-keys", format!("services:\n  web:\n{}", lines(100_000, &|i| format!("    key{i}: 1\n"))), "RF0102"),
        ("one-key-often", format!("services:\n  web:\n{}", "    port: 1\n".repeat(100_000)), "RF0010"),
        ("services", format!("x-w: &w {{port: 3000}}\nservices:\n{}", lines(100_000, &|i| format!("  s{i}: *w\n"))), "RF0016"),
        (
            "domains",
            format!("services:\n  web:\n    port: 1\n    domain:\n{}", lines(20_000, &|i| format!("    - h{i}.example.org\n"))),
            "RF0507",
        ),
        (
            "patterns",
            format!("services:\n  web:\n    port: 1\n    domain:\n{}", lines(3_000, &|i| format!("    - '*.h{i}.example.org'\n"))),
            "RF0507",
        ),
        ("variables-left-open", format!("services:\n  web:\n    port: 0x20000\n    test: \"{}\"\n", "${A ".repeat(500_000)), "RF0201"),
        ("variables", format!("services:\n  web:\n    test: \"{}\"\n", "${A}".repeat(800_000)), "RF0012"),
    ]
}

/// What a caller waits for is wall time, so the clock is asked.
#[expect(clippy::disallowed_methods, reason = "measures, and nothing of it reaches an output")]
fn now() -> Instant {
    Instant::now()
}

/// The most memory that a process had so far, in kilobytes, where the system tells.
fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok())
}

/// Run with bounded memory; the code must come within the time, and the program must end by itself.
fn survives(name: &str, text: &str, code: &str, within: Duration) -> Result<(), String> {
    /// What it may take. The allocator sets more addresses aside than it uses, so that is not what the shell limits.
    const KILOBYTES: u64 = 200_000;
    let app = app_folder(name);
    fs::write(app.join("convox.yml"), text).expect("the input");
    let (out, err) = (app.join("../out"), app.join("../err"));
    let started = now();
    let mut child = Command::new("sh")
        .args([
            "-c",
            "ulimit -v 2000000 2>/dev/null; exec \"$0\" check . --message-format json", // for the machine's sake
            env!("CARGO_BIN_EXE_rackform"),
        ])
        .current_dir(&app)
        .stdin(Stdio::null())
        .stdout(File::create(&out).expect("a file"))
        .stderr(File::create(&err).expect("a file"))
        .spawn()
        .expect("the shell runs");
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait().expect("the program was started") {
            break status;
        }
        peak = peak.max(peak_memory(child.id()).unwrap_or(0));
        if started.elapsed() > within {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{name}: not done within {within:?}"));
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let found: Vec<String> = fs::read_to_string(out).expect("UTF-8").lines().map(line).collect();
    let err = fs::read_to_string(err).expect("UTF-8");
    let _ = fs::remove_dir_all(app.join(".."));
    if status.code() != Some(exit_code(&found)) || err.contains("panicked") {
        return Err(format!("{name}: {status}: {}", err.lines().next().unwrap_or_default()));
    }
    if peak > KILOBYTES {
        return Err(format!("{name}: {peak} kB of memory"));
    }
    if !found.iter().any(|line| line.ends_with(code)) {
        return Err(format!("{name}: no {code} in {:?}", &found[..found.len().min(5)]));
    }
    Ok(())
}

#[test]
fn hostile_input_is_refused_quickly_and_in_little_memory() {
    // A program without optimisation may take its time, and so may a machine that is busy.
    let slow = if cfg!(debug_assertions) { 30 } else { 1 };
    let hostile = hostile().into_iter().map(|case| (case, 1));
    let large = large().into_iter().map(|case| (case, 2));
    let wrong: Vec<String> = hostile
        .chain(large)
        .filter_map(|((test, text, code), seconds)| survives(test, &text, code, Duration::from_secs(seconds * slow)).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
