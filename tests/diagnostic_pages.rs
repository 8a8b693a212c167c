//! `docs/diagnostics/` says what `rackform explain` says, and both show examples that are run here.
//! `UPDATE_DOCS=1` writes the pages, and what is said of each example.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;
mod examples;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use rackform::diagnostics::codes::{CODES, Code, FAMILIES};
use rackform::diagnostics::examples::{EXAMPLES, Example, Part};
use rackform::diagnostics::fixed::{self, FIXED};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics");
const ORIGIN: &str = "<!-- Written from src/diagnostics/codes.rs and src/diagnostics/examples by\n     \
                      `UPDATE_DOCS=1 cargo test --test diagnostic_pages`. -->\n";

fn codes_of(family: &str) -> impl Iterator<Item = &'static &'static Code> {
    CODES.iter().filter(move |code| code.id.starts_with(family))
}

/// A text of a code in Markdown, where `<name>` outside of backticks would vanish as a tag.
fn markdown(text: &str) -> String {
    let escaped = |(index, part): (usize, &str)| if index % 2 == 0 { part.replace('<', "&lt;") } else { part.to_owned() };
    text.split('`').enumerate().map(escaped).collect::<Vec<_>>().join("`")
}

/// Every code with a link to its story.
fn index() -> String {
    let mut page = format!(
        "# Diagnostics\n\n{ORIGIN}\nWhat `rackform explain CODE` prints, a page for each family. A code is never used for another thing.\n\
         A warning is an error under `--strict`; a note never is.\n\n\
         An example stands in a folder called `shop`, and shows the message that it is about, without notes that it gives\n\
         rise to beside it. Lines with `-` and `+` say how it is mended.\n"
    );
    for (family, about) in FAMILIES {
        write!(page, "\n## [{family}]({family}.md): {about}\n\n| code | severity | about |\n| --- | --- | --- |\n").unwrap();
        for code in codes_of(family) {
            let anchor = code.id.to_lowercase(); // as Markdown's renderers name a heading
            writeln!(page, "| [{}]({family}.md#{anchor}) | {} | {} |", code.id, code.severity.word(), markdown(code.title)).unwrap();
        }
    }
    page += "\n## What `rackform check --fix` mends\n\n\
             Only where one thing can be meant, and nothing else is touched: no comment, no text that a variable or an anchor takes \
             to another meaning, no file outside of the project, never the lock. A mend that would bring an error is taken back.\n\n\
             | code | what is mended |\n| --- | --- |\n";
    for (code, what) in FIXED {
        writeln!(page, "| [{code}]({}.md#{}) | {} |", &code[..4], code.to_lowercase(), markdown(what)).unwrap();
    }
    page
}

/// The stories of a family, each under a heading that is its code and nothing else, so that links
/// outlive a change of words.
fn page(family: &str, about: &str) -> String {
    let mut page = format!("# {family}: {about}\n\n{ORIGIN}");
    for code in codes_of(family) {
        write!(page, "\n## {}\n\n**{}: {}**\n\n{}\n", code.id, code.severity.word(), markdown(code.title), markdown(code.docs)).unwrap();
        if let Some(ran) = examples::ALL.get(code.id) {
            let example = Example::parse(&ran.text).unwrap_or_else(|why| panic!("{}: {why}", code.id));
            let is_run = |part: &Part| matches!(part, Part::Commands(_));
            let parts = |parts: &[Part]| parts.iter().filter(|part| !is_run(part)).map(part).collect::<String>();
            page += &parts(&example.broken);
            write!(page, "\n```console\n{}{}```\n\n**Mended**\n", example.commands(), example.said).unwrap();
            page += &parts(&example.mend);
            if example.mend.iter().any(is_run) {
                write!(page, "\n```console\n{}```\n", example.mended_commands()).unwrap();
            }
        }
        if let Some(sentence) = fixed::sentence(code) {
            write!(page, "\n{}\n", markdown(&sentence)).unwrap();
        }
    }
    page
}

/// A part of an example, but for what is run.
fn part(part: &Part) -> String {
    match part {
        Part::Prose(text) => format!("\n{}", markdown(text)),
        Part::File { path, language, text, is_latin_1 } => {
            let how = if *is_latin_1 { ", saved as Latin-1" } else { "" };
            format!("\n`{path}`{how}\n\n```{language}\n{text}```\n")
        }
        Part::Change { path, lines } => format!("\n`{path}`\n\n```diff\n{lines}```\n"),
        Part::Commands(_) => unreachable!("stands with what is said"),
    }
}

/// Every page by its name.
fn pages() -> BTreeMap<String, String> {
    let families = FAMILIES.iter().map(|(family, about)| (format!("{family}.md"), page(family, about)));
    families.chain([("README.md".to_owned(), index())]).collect()
}

#[test]
fn every_code_has_an_example_or_a_reason_why_it_has_none() {
    let missing = examples::missing();
    assert!(missing.is_empty(), "see src/diagnostics/examples.rs:\n{}", missing.join("\n"));
    let listed: Vec<&str> = EXAMPLES.iter().map(|(id, _)| *id).collect();
    let written: Vec<&String> = examples::ALL.keys().collect();
    assert_eq!(listed, written, "src/diagnostics/examples.rs lists the files of its folder");
}

#[test]
fn examples_provoke_what_they_show_and_their_mends_do_not() {
    let wrong: Vec<String> = examples::ALL.iter().flat_map(|(id, ran)| ran.wrong.iter().map(move |why| format!("{id}: {why}"))).collect();
    assert!(wrong.is_empty(), "{} are wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn pages_say_what_explain_says() {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(FOLDER).unwrap();
        for (name, text) in pages() {
            fs::write(Path::new(FOLDER).join(name), text).unwrap();
        }
    }
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let text = |name: String| (name.clone(), fs::read_to_string(Path::new(FOLDER).join(name)).unwrap());
    let written: BTreeMap<String, String> = fs::read_dir(FOLDER).unwrap().map(name).map(text).collect();
    let meant = pages();
    assert!(written.keys().eq(meant.keys()), "{:?} are not the pages {:?}", written.keys(), meant.keys());
    for (name, text) in &meant {
        assert!(&written[name] == text, "docs/diagnostics/{name} is old: run `UPDATE_DOCS=1 cargo test --test diagnostic_pages`");
    }
}

#[test]
fn a_story_says_what_is_mended() {
    let story = |code: &str| common::program(Path::new("."), &["explain", code]).1;
    assert!(story("RF0402").contains("`rackform check --fix` mends what is certain: the second one goes;"), "{}", story("RF0402"));
    assert!(!story("RF0406").contains("--fix"), "{}", story("RF0406"));
}
