//! What the documents say is true. Each page is done from its first line to its last in a folder of its own, with a
//! stand-in for the AWS CLI; commands, options, codes and links that it names must be there.
//!
//! A fence says what it is in its first line:
//!
//! * ` ```console ` is run: a command behind each `$ `, with more of its lines behind `> `, and below it what it prints.
//!   `# exit code 1` behind a command says how it ends, if not with 0. `…` stands for any lines, or for any text in a line;
//! * ` ```yaml PATH ` is a file that is written, ` ```diff PATH ` changes one at one place;
//! * ` ```yaml from PATH ` is an excerpt of a file as it stands then;
//! * ` ```yaml not run: REASON ` is not run, and counted in `NOT_RUN`.
//!
//! `<!-- begin with examples/fleet -->` goes on in a copy of that folder; there is also `nothing`, which each page begins
//! with, and `everything`. What stands in a comment is done too, and
//! readers do not see it. `UPDATE_DOCS=1` writes what commands print today, where nothing is left out with `…`.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test fails by panicking

#[path = "../common/mod.rs"]
mod common;
mod page;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use common::program;
use page::Page;
use rackform::diagnostics::codes;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");
/// Lines of a page in docs/: one sitting.
const LONGEST: usize = 130;
/// How many fences of a page are not run. One more is a claim that nothing checks: think twice.
const NOT_RUN: &[(&str, usize)] = &[
    ("ARCHITECTURE.md", 2),
    ("docs/coming-from-convox.md", 1),
    ("docs/doctor.md", 1),
    ("docs/editors.md", 4),
    ("docs/getting-started.md", 1),
    ("docs/plan.md", 1),
    ("integrations/README.md", 1),
];
/// Pages that have a test of their own, `diagnostic_pages`.
const TESTED_ELSEWHERE: &str = "docs/diagnostics/";

/// Every page by its path in the project, with its text.
static PAGES: LazyLock<BTreeMap<String, (String, Page)>> = LazyLock::new(|| {
    let mut names = BTreeSet::new();
    for folder in ["", "docs/", "docs/decisions/", "integrations/"] {
        for entry in fs::read_dir(Path::new(PROJECT).join(folder)).into_iter().flatten() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                names.insert(format!("{folder}{name}"));
            }
        }
    }
    let read = |name: String| {
        let text = fs::read_to_string(Path::new(PROJECT).join(&name)).unwrap();
        let page = Page::read(&text);
        (name, (text, page))
    };
    names.into_iter().map(read).collect()
});

/// The options of each command, as `--help` names them.
static COMMANDS: LazyLock<BTreeMap<String, BTreeSet<String>>> = LazyLock::new(|| {
    let help = |arguments: &[&str]| program(Path::new("."), arguments).1;
    let overview = help(&["--help"]);
    let listed = overview.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = listed.lines().filter_map(|line| line.split_whitespace().next());
    let options = |text: &str| text.split([' ', '\n', ',', '<', '=']).filter(|word| word.starts_with("--")).map(str::to_owned).collect();
    names.map(|name| (name.to_owned(), options(&help(&[name, "--help"])))).collect()
});

fn fail_with(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} are wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn every_fence_says_what_it_is() {
    let wrong: Vec<String> = PAGES.iter().flat_map(|(name, (_, page))| page.wrong.iter().map(move |why| format!("{name}:{why}"))).collect();
    fail_with(&wrong);
    let not_run: Vec<(&str, usize)> =
        PAGES.iter().map(|(name, (_, page))| (name.as_str(), page.not_run())).filter(|(_, count)| *count > 0).collect();
    assert_eq!(not_run, NOT_RUN, "fences that are not run");
}

#[test]
fn what_pages_do_comes_out_as_they_say() {
    let done: Vec<(&String, stage::Done)> = std::thread::scope(|scope| {
        let pages: Vec<_> = PAGES.iter().map(|(name, (_, page))| (name, scope.spawn(|| stage::act(name, page)))).collect();
        pages.into_iter().map(|(name, page)| (name, page.join().unwrap())).collect()
    });
    if std::env::var_os("UPDATE_DOCS").is_some() {
        for (name, done) in &done {
            let mended = done.mended(&PAGES[*name].0);
            if mended != PAGES[*name].0 {
                fs::write(Path::new(PROJECT).join(name), mended).unwrap();
            }
        }
    }
    fail_with(&done.into_iter().flat_map(|(_, done)| done.wrong).collect::<Vec<_>>());
}

#[test]
fn commands_and_options_that_are_named_are_there() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (name, (_, page)) in PAGES.iter() {
        for (line, text) in page.spans().into_iter().chain(page.shown.clone()) {
            for part in text.split("rackform ").skip(1) {
                let words: Vec<&str> =
                    part.split([' ', '=', ',', ']', '[', '"']).take_while(|word| !["&&", "|", ">"].contains(word)).collect();
                let command = words.first().filter(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()));
                let Some(command) = command else { continue };
                let Some(options) = COMMANDS.get(*command) else {
                    wrong.push(format!("{name}:{line}: there is no command `rackform {command}`"));
                    continue;
                };
                seen += 1;
                let unknown = words.iter().filter(|word| word.starts_with("--") && word.len() > 2 && !options.contains(**word));
                wrong.extend(unknown.map(|word| format!("{name}:{line}: `rackform {command}` has no option `{word}`")));
            }
        }
    }
    fail_with(&wrong);
    assert!(seen > 30, "only {seen} commands are named");
}

#[test]
fn codes_that_are_named_are_there() {
    let mut wrong = Vec::new();
    for (name, (text, _)) in PAGES.iter() {
        for (at, _) in text.match_indices("RF0") {
            let id = text.get(at..at + 6).unwrap_or("");
            if id[2..].bytes().all(|byte| byte.is_ascii_digit()) && codes::find(id).is_none() {
                wrong.push(format!("{name}: there is no {id}"));
            }
        }
    }
    fail_with(&wrong);
}

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    for (name, (_, page)) in PAGES.iter() {
        let folder = Path::new(name).parent().unwrap();
        for (line, link) in page.links() {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { name.clone() } else { plain(&folder.join(path).to_string_lossy()) };
            if !Path::new(PROJECT).join(&target).exists() {
                wrong.push(format!("{name}:{line}: there is no {target}"));
            } else if !anchor.is_empty() && !target.starts_with(TESTED_ELSEWHERE) {
                let anchors = PAGES.get(&target).map(|(_, page)| page.anchors()).unwrap_or_default();
                if !anchors.iter().any(|heading| heading == anchor) {
                    wrong.push(format!("{name}:{line}: {target} has no heading {anchor}"));
                }
            }
        }
    }
    fail_with(&wrong);
}

/// A path without `..`.
fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[test]
fn what_is_named_is_there_and_named_once() {
    let mut wrong = Vec::new();
    for (name, (_, page)) in PAGES.iter() {
        let is_path = |text: &&(usize, String)| {
            ["src/", "tests/", "docs/", "examples/", "snapshots/", "schemas/"].iter().any(|begin| text.1.starts_with(begin))
        };
        for (line, path) in
            page.spans().iter().filter(is_path).filter(|(_, path)| !path.contains(['*', ' ', ':']) && !path.contains("CODE"))
        {
            if !Path::new(PROJECT).join(path).exists() {
                wrong.push(format!("{name}:{line}: there is no {path}"));
            }
        }
        // Two branches that change a row of a table may both be kept.
        let mut rows = BTreeMap::new();
        for (line, text) in &page.prose {
            let cell = text.strip_prefix("| ").and_then(|text| text.split(" | ").next());
            let Some(cell) = cell.filter(|cell| cell.starts_with('`')) else {
                rows.clear();
                continue;
            };
            if let Some(other) = rows.insert(cell, line) {
                wrong.push(format!("{name}:{line}: {cell} has a row already, in line {other}"));
            }
        }
    }
    fail_with(&wrong);
}

#[test]
fn every_module_has_its_row() {
    let page = &PAGES["ARCHITECTURE.md"].1;
    let rows: BTreeSet<&str> = page.prose.iter().filter_map(|(_, line)| line.strip_prefix("| `")?.split('`').next()).collect();
    for entry in fs::read_dir(Path::new(PROJECT).join("src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(rows.contains(module) || ["lib", "main"].contains(&module), "ARCHITECTURE.md says nothing of {module}");
    }
}

#[test]
fn pages_are_short_and_can_be_found() {
    let readme = &PAGES["README.md"].1;
    let linked: BTreeSet<&str> = readme.links().into_iter().map(|(_, link)| link).collect();
    let mut wrong = Vec::new();
    for (name, (_, page)) in PAGES.iter().filter(|(name, _)| name.starts_with("docs/") && !name.starts_with("docs/decisions/")) {
        if page.seen > LONGEST {
            wrong.push(format!("{name} has {} lines, and {LONGEST} are many", page.seen));
        }
        if !linked.contains(name.as_str()) {
            wrong.push(format!("{name} has no link in README.md"));
        }
    }
    fail_with(&wrong);
}
