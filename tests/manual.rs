//! Completions and manual pages name whatever `--help` names.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::{Folder, program};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

fn said(arguments: &[&str]) -> String {
    let (code, out, said) = program(Path::new("."), arguments);
    assert_eq!((code, said.as_str()), (0, ""), "{arguments:?}");
    out
}

/// The long options of each command, which is the empty text for the program itself, as `--help`
/// has them.
fn options() -> BTreeMap<String, BTreeSet<String>> {
    let main = said(&["--help"]);
    let list = main.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands = list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).filter(|name| !["", "help"].contains(name));
    let mut options = BTreeMap::from([(String::new(), long(&main))]);
    options.extend(commands.map(|command| (command.to_owned(), long(&said(&[command, "--help"])))));
    options
}

/// The long options that lines of a help begin with.
fn long(help: &str) -> BTreeSet<String> {
    let first = |line: &str| {
        let line = line.trim_start();
        let long = line.strip_prefix("--").or_else(|| line.strip_prefix('-')?.split_once(", --").map(|(_, long)| long))?;
        Some(long.split([' ', '=']).next()?.to_owned())
    };
    help.lines().filter_map(first).collect()
}

#[test]
fn help_names_what_is_looked_for() {
    let options = options();
    let commands: Vec<&str> = options.keys().map(String::as_str).collect();
    assert_eq!(
        commands,
        ["", "adopt", "check", "compile", "completions", "doctor", "explain", "init", "man", "move", "plan", "resolve", "schema", "verify"]
    );
    for (command, option) in
        [("", "quiet"), ("", "color"), ("compile", "out"), ("check", "message-format"), ("move", "abort"), ("explain", "list")]
    {
        assert!(options[command].contains(option), "{command}: {:?}", options[command]);
    }
}

#[test]
fn completions_of_every_shell_name_every_command_and_option() {
    let options = options();
    for shell in SHELLS {
        let script = said(&["completions", shell]);
        for (command, options) in &options {
            assert!(script.contains(command.as_str()), "{shell}: {command}");
            for option in options {
                let forms = [format!("--{option}"), format!("-l {option}")]; // the second is fish's
                assert!(forms.iter().any(|form| script.contains(form)), "{shell}: {command} --{option}");
            }
        }
        let has_values = !["elvish", "powershell"].contains(&shell); // clap_complete has none for these
        assert_eq!(script.contains("sarif"), has_values, "{shell}: the values of an option");
    }
    assert_eq!(program(Path::new("."), &["completions", "tcsh"]).0, 2);
}

#[test]
fn the_readme_names_every_command() {
    let readme = include_str!("../README.md");
    for command in options().keys().filter(|command| !command.is_empty()) {
        assert!(readme.contains(&format!("| `rackform {command} ")), "{command}");
    }
    for shell in SHELLS {
        assert!(readme.contains(shell), "{shell}");
    }
}

#[test]
fn every_command_has_a_page_with_its_options() {
    let folder = Folder::new("man");
    let options = options();
    let done = format!("{} pages in share/man1\n", options.len());
    for _ in 0..2 {
        assert_eq!(folder.run(&["man", "share/man1"]), (0, String::new(), done.clone()), "over older pages too");
    }
    assert_eq!(folder.texts("share/man1").len(), options.len(), "and nothing else");
    let main = folder.read("share/man1/rackform.1");
    assert_eq!(said(&["man"]), main);
    let roff = |text: &str| text.replace('-', "\\-");
    for (command, options) in &options {
        let name = if command.is_empty() { "rackform".to_owned() } else { format!("rackform-{command}") };
        assert!(main.contains(&roff(&name)), "{name}");
        let page = folder.read(&format!("share/man1/{name}.1"));
        assert!(page.contains(&format!(".TH {name} 1 ")), "{page}");
        for option in options {
            assert!(page.contains(&roff(&format!("--{option}"))), "{name}: {option}");
        }
    }
}

#[test]
fn pages_that_can_not_be_written_are_a_failure() {
    let folder = Folder::new("man-file");
    folder.write("share", "a file");
    let (code, out, said) = folder.run(&["man", "share"]);
    assert!(code == 1 && out.is_empty() && said.starts_with("the pages can't be written into share: "), "{said}");
}
