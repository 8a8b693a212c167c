//! `rackform explain` as people run it: which codes it understands, and how it prints them.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::path::Path;
use std::process::Command;

use common::program;
use rackform::diagnostics::codes::CODES;
use rackform::diagnostics::examples::{EXAMPLES, Example};

/// Exit code, standard output and standard error.
fn explain(arguments: &[&str]) -> (i32, String, String) {
    program(Path::new("."), &[&["explain"], arguments].concat())
}

/// A text without what lines, indentation and signs of a drawing make of it.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_code_may_be_written_short_and_several_are_told_one_after_another() {
    let (code, story, said) = explain(&["RF0204"]);
    assert!(code == 0 && said.is_empty() && story.starts_with("RF0204: a health check timeout that AWS refuses\n\n"), "{story}");
    for short in ["rf204", "204", "rf0204", "0204"] {
        assert_eq!(explain(&[short]), (0, story.clone(), String::new()), "{short}");
    }
    let (code, both, _) = explain(&["207", "rf204"]);
    assert!(code == 0 && both.starts_with("RF0207: ") && both.ends_with(&format!("\n\n{story}")), "{both}");
}

#[test]
fn an_unknown_code_brings_those_that_are_near() {
    let (code, out, said) = explain(&["RF0225"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        said.starts_with("there is no diagnostic `RF0225`, and --list names all that there are; did you mean one of these?\n"),
        "{said}"
    );
    assert!(said.contains("\nRF0224 warning a resource type that Convox does not have\nRF0226 warning a gRPC "), "{said}");
    let (code, out, said) = explain(&["health timeout", "204", "unicorn"]);
    assert!(code == 2 && out.starts_with("RF0204: "), "{out}");
    assert!(said.contains("of these?\nRF0204 error   a health"), "{said}");
    assert!(said.ends_with("there is no diagnostic `unicorn`, and --list names all that there are\n"), "{said}");
}

#[test]
fn it_is_asked_for_codes_or_for_the_list() {
    assert_eq!(explain(&[]).0, 2);
    assert_eq!(explain(&["RF0101", "--list"]).0, 2);
    let (code, list, said) = explain(&["--list"]);
    assert_eq!((code, said.as_str(), list.lines().count()), (0, "", CODES.len()));
    assert!(list.starts_with("RF0001 error   a file can't be read\n"), "{list}");
    assert!(list.contains("\nRF0010 warning a key is written twice\n") && list.contains("\nRF0220 note    "), "{list}");
}

#[test]
fn a_story_has_all_that_is_known_and_keeps_to_a_hundred_columns() {
    let all: Vec<&str> = CODES.iter().map(|code| code.id).collect();
    let (exit, out, said) = explain(&all);
    assert!(exit == 0 && said.is_empty(), "{said}");
    let stories: Vec<&str> = out.split(&format!("\n{}\n\n", "─".repeat(100))).collect();
    assert_eq!(stories.len(), CODES.len());
    for (code, story) in CODES.iter().zip(stories) {
        assert!(words(story).starts_with(&words(&format!("{}: {} {}", code.id, code.title, code.docs))), "{story}");
        let example = EXAMPLES.iter().find(|(id, _)| *id == code.id).map(|(_, text)| Example::parse(text).unwrap());
        let Some(example) = example else {
            assert!(!story.contains("\nExample\n"), "{story}");
            continue;
        };
        let (shown, mended) = story.split_once("\nExample\n\n").unwrap().1.split_once("\nMended\n\n").unwrap();
        assert!(words(shown).ends_with(&words(&(example.commands().to_owned() + &example.said))), "{story}");
        assert!(!mended.trim().is_empty(), "{story}");
        // What an example consists of, and the drawing of its lines, may be as wide as they are.
        let written = |line: &str| EXAMPLES.iter().any(|(_, text)| text.contains(line.trim()));
        let wide: Vec<&str> = story.lines().filter(|line| line.chars().count() > 100 && !written(line)).collect();
        assert!(wide.is_empty(), "{wide:?}");
    }
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let run = |arguments: &[&str], no_color: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rackform"));
        command.args(arguments).args(["explain", "RF0204"]).env_remove("NO_COLOR");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let plain = run(&[], false);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    assert_eq!(run(&["--color", "never"], false), plain);
    assert_eq!(run(&[], true), plain);
    let styled = run(&["--color", "always"], true);
    for part in ["\u{1b}[1mRF0204: ", "\u{1b}[31m-      timeout: 30\u{1b}[0m", "\u{1b}[32m+      timeout: 5\u{1b}[0m"] {
        assert!(styled.contains(part), "{styled:?}");
    }
}
