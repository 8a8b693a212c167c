//! What every command obeys: `-q`, `-v`, `--color`, and what an environment asks of colours.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::path::PathBuf;
use std::process::Command as Process;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::Folder;

/// Variables that colours depend on; a test sets what it is about, and nothing else is set.
const VARIABLES: [&str; 5] = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM", "CI"];
/// How a style begins.
const ESCAPE: char = '\u{1b}';

/// What there is to be silent, loud or coloured about.
#[derive(PartialEq, Eq)]
enum Has {
    /// It says what it did.
    Status,
    /// It has more to say.
    Details,
    /// What it prints has colours.
    Styles,
    /// What is wrong is drawn as a diagnostic, in colours.
    Diagnostics,
    /// What it prints is a report of what is wrong.
    Report,
}
use Has::{Details, Diagnostics, Report, Status, Styles};

/// A command line that succeeds, one that fails for what is wrong if any can, and what the command has.
struct Case(&'static str, Option<&'static str>, &'static [Has]);

/// Every command; what a command line begins with is its name.
const CASES: &[Case] = &[
    Case("compile", Some("compile broken"), &[Status, Details, Diagnostics]),
    Case("check", Some("check broken"), &[Status, Details, Diagnostics]),
    Case("plan", Some("plan broken"), &[Status, Details, Diagnostics, Styles]),
    Case("move shop main-2", Some("move shop main-2 --path broken"), &[Status, Details, Diagnostics]),
    Case("adopt rules.json", Some("adopt rackform.yml"), &[Status, Details, Diagnostics]),
    Case("init empty", Some("init ."), &[Status]),
    Case("verify set.json", Some("verify rackform.yml"), &[Status, Diagnostics]),
    Case("resolve h1.example.org", Some("resolve h1.example.org broken"), &[Diagnostics]),
    Case("doctor", Some("doctor broken"), &[Status, Diagnostics, Report]),
    Case("explain RF0201", Some("explain RF9999"), &[Styles]),
    Case("schema convox", None, &[]),
    Case("completions bash", None, &[]),
    Case("man pages", Some("man rackform.yml"), &[Status]),
];

impl Case {
    fn name(&self) -> &'static str {
        self.0.split(' ').next().unwrap()
    }
}

const RULES: &str = r#"{"Rules": [
    {"RuleArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/r/1/2/3", "Priority": "7", "IsDefault": false,
     "Conditions": [{"Field": "host-header", "Values": ["else.example.org"], "HostHeaderConfig": {"Values": ["else.example.org"]}}],
     "Actions": [{"Type": "forward", "TargetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/1"}]},
    {"RuleArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/r/1/2/4", "Priority": "default", "IsDefault": true,
     "Conditions": [], "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]}]}"#;

/// A change set of a stack that stays as it is.
const CHANGE_SET: &str = r#"{"StackName": "main", "ChangeSetName": "release", "Status": "FAILED", "ExecutionStatus": "UNAVAILABLE",
    "StatusReason": "The submitted information didn't contain changes. Submit different information to create a change set.",
    "Parameters": [], "Changes": []}"#;

/// A fleet that was compiled, with a warning in it and a note, and one that has an error too.
fn fleet() -> Folder {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    static COMPILED: LazyLock<Vec<(PathBuf, String)>> = LazyLock::new(|| {
        let folder = Folder::new("options");
        folder.write("rackform.yml", "racks: {main: {count: 1-2}}\napps: {shop: {}}\n");
        folder.write("shop/convox.yml", "services: {web: {port: 3000, domain: shop.example.org}}\nservces: {}\n");
        assert_eq!(folder.run(&["compile", "-q"]), (0, String::new(), String::new()));
        folder.texts("").into_iter().map(|(path, text)| (path.strip_prefix(&folder.0).unwrap().to_owned(), text)).collect()
    });
    let folder = Folder::new(&format!("options-{}", MADE.fetch_add(1, Ordering::Relaxed)));
    for (path, text) in &*COMPILED {
        folder.write(path.to_str().unwrap(), text);
    }
    let hosts: Vec<String> = (1..40).map(|number| format!("h{number}.example.org")).collect();
    folder.write("shop/convox.yml", &format!("services: {{web: {{port: 3000, domain: [{}]}}}}\nservces: {{}}\n", hosts.join(", ")));
    folder.write("broken/convox.yml", "services: {web: {port: 99999}}\nservces: {}\n");
    folder.write("broken/rackform.yml", "racks: {main: {count: 1-2}}\napps: {shop: {manifest: convox.yml}}\n");
    folder.write("empty/notes.txt", "");
    folder.write("rules.json", RULES);
    folder.write("set.json", CHANGE_SET);
    folder
}

/// Exit code, standard output and standard error of a command line in an environment.
fn run_in(folder: &Folder, line: &str, environment: &[(&str, &str)]) -> (i32, String, String) {
    let mut process = Process::new(env!("CARGO_BIN_EXE_rackform"));
    process.args(line.split_whitespace()).current_dir(&folder.0).envs(environment.iter().copied());
    for variable in VARIABLES.iter().filter(|variable| environment.iter().all(|(name, _)| name != *variable)) {
        process.env_remove(variable);
    }
    let done = process.output().unwrap();
    (done.status.code().unwrap(), String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
}

/// A run in a fleet of its own, so that no run finds what another has written.
fn run(line: &str) -> (i32, String, String) {
    run_in(&fleet(), line, &[])
}

#[test]
fn every_command_is_in_the_table() {
    let (_, help, _) = run("--help");
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let mut listed: Vec<&str> = list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    listed.retain(|name| !["", "help"].contains(name));
    let mut cases: Vec<&str> = CASES.iter().map(Case::name).collect();
    listed.sort_unstable();
    cases.sort_unstable();
    assert_eq!(listed, cases);
    assert!(CASES.iter().all(|case| case.1.is_none_or(|bad| bad.starts_with(case.name()))));
}

#[test]
fn quiet_leaves_data_and_errors() {
    for Case(good, bad, has) in CASES {
        let (code, data, said) = run(good);
        assert_eq!((code, !said.is_empty()), (0, has.contains(&Status)), "{good}: {said}");
        for quiet in [format!("-q {good}"), format!("{good} --quiet")] {
            assert_eq!(run(&quiet), (0, data.clone(), String::new()), "{quiet}");
        }
        let Some(bad) = bad else { continue };
        let (code, data, said) = run(bad);
        assert!(code > 0 && said.contains("error[") == has.contains(&Diagnostics), "{bad}: {said}");
        assert_eq!(data.is_empty(), !has.contains(&Report), "{bad}: {data}");
        let (quiet_code, quiet_data, said) = run(&format!("-q {bad}"));
        assert!(quiet_code == code && quiet_data == data && !said.is_empty(), "{bad}");
        assert!(!said.contains("warning") && !said.contains("note["), "{bad}: {said}");
    }
    // The runs above had something to keep to themselves.
    assert!(run("check").2.contains("warning[RF0102]") && run("check broken").2.contains("warning[RF0102]"));
}

#[test]
fn verbose_says_more_where_there_is_more() {
    for Case(good, _, has) in CASES {
        let (_, data, said) = run(good);
        let usual = data.len() + said.len();
        for loud in [format!("-v {good}"), format!("{good} --verbose")] {
            let (code, data, said) = run(&loud);
            let more = data.len() + said.len();
            assert_eq!(code, 0, "{loud}: {said}");
            assert!(if has.contains(&Details) { more > usual } else { more == usual }, "{loud}: {data}{said}");
        }
    }
    assert!(run("adopt rules.json -v").2.contains("    7 others: else.example.org\n"));
}

#[test]
fn quiet_and_verbose_exclude_each_other() {
    for Case(good, ..) in CASES {
        for both in [format!("-q -v {good}"), format!("{good} -q -v"), format!("-v {good} -q")] {
            let (code, data, said) = run(&both);
            let words = ["'--quiet' cannot be used with '--verbose'", "'--verbose' cannot be used with '--quiet'"];
            assert!(code == 2 && data.is_empty() && words.iter().any(|words| said.contains(words)), "{both}: {said}");
        }
    }
}

/// Options, variables, and whether there are colours then.
type Colors = (&'static str, &'static [(&'static str, &'static str)], bool);

/// What is asked of colours, and whether there are any where nothing is a terminal. The first two
/// are asked of every command, all of them of `check`.
const COLORS: &[Colors] = &[
    ("", &[("CLICOLOR_FORCE", "1")], true),
    ("--color never", &[("CLICOLOR_FORCE", "1")], false),
    ("", &[("TERM", "xterm-256color")], false),
    ("--color=always", &[("NO_COLOR", "1")], true),
    ("", &[], false),
    ("", &[("CLICOLOR_FORCE", "")], false),
    ("", &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")], true),
    ("", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
    ("--color auto", &[("CLICOLOR_FORCE", "1")], true),
    ("--color always", &[], true),
    ("--color=always", &[("TERM", "dumb")], true),
];

#[test]
fn colours_are_where_they_are_asked_for() {
    let shared = fleet();
    for case in CASES {
        let Case(good, bad, has) = case;
        for (options, environment, expected) in if case.name() == "check" { COLORS } else { &COLORS[..2] } {
            // Whether data and messages have colours.
            let colors = |folder: &Folder, line: &str| {
                let (_, data, said) = run_in(folder, &format!("{line} {options}"), environment);
                assert!(!data.is_empty() || !said.is_empty(), "{line}");
                (data.contains(ESCAPE), said.contains(ESCAPE))
            };
            let name = case.name();
            let about = format!("{name} {options} {environment:?}");
            assert_eq!(colors(&shared, &format!("{name} --help")), (*expected, false), "{about}");
            assert_eq!(colors(&shared, &format!("{name} --bogus")), (false, *expected), "{about}");
            assert_eq!(colors(&fleet(), good).0, *expected && has.contains(&Styles), "{about}");
            if let Some(bad) = bad {
                assert_eq!(colors(&shared, bad), (false, *expected && has.contains(&Diagnostics)), "{about}");
            }
        }
    }
}

#[test]
fn machines_get_no_colours() {
    for format in ["json", "github", "sarif"] {
        let (_, data, said) = run(&format!("check broken --message-format {format} --color always"));
        assert!(data.contains("RF0201") && !data.contains(ESCAPE) && said.is_empty(), "{format}: {data}");
    }
    let (code, data, _) = run("plan --format json --color always");
    assert!(code == 0 && data.starts_with('{') && !data.contains(ESCAPE));
}
