//! `docs/diagnostics/` says what `rackform explain` says. `UPDATE_DOCS=1` writes it.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use common::program;
use rackform::diagnostics::codes::{CODES, Code, FAMILIES};
use rackform::diagnostics::fixed::{self, FIXED};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics");
const ORIGIN: &str = "<!-- Written from src/diagnostics/codes.rs by `UPDATE_DOCS=1 cargo test --test diagnostic_pages`. -->\n";

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
         A warning is an error under `--strict`; a note never is.\n"
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
        if let Some(sentence) = fixed::sentence(code) {
            write!(page, "\n{}\n", markdown(&sentence)).unwrap();
        }
    }
    page
}

/// Every page by its name.
fn pages() -> BTreeMap<String, String> {
    let families = FAMILIES.iter().map(|(family, about)| (format!("{family}.md"), page(family, about)));
    families.chain([("README.md".to_owned(), index())]).collect()
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
fn a_line_of_the_list_and_a_story_are_on_the_pages() {
    let (code, list, said) = program(Path::new("."), &["explain", "--list"]);
    assert_eq!((code, said.as_str(), list.lines().count()), (0, "", CODES.len()));
    assert!(list.starts_with("RF0001 error   a file can't be read\n"), "{list}");
    assert!(list.contains("\nRF0010 warning a key is written twice\n") && list.contains("\nRF0220 note    "), "{list}");
    let (code, story, _) = program(Path::new("."), &["explain", "RF0204"]);
    let (title, docs) = story.strip_prefix("RF0204: ").unwrap().split_once("\n\n").unwrap();
    assert!(code == 0 && page("RF02", "").contains(&format!("\n## RF0204\n\n**error: {title}**\n\n{docs}")), "{story}");
}

#[test]
fn a_story_says_what_is_mended() {
    let (_, story, _) = program(Path::new("."), &["explain", "RF0402"]);
    assert!(
        story.ends_with(
            "\n\n`rackform check --fix` mends what is certain: the second one goes; where it has a line of its own, with its line.\n"
        ),
        "{story}"
    );
    let (_, story, _) = program(Path::new("."), &["explain", "RF0406"]);
    assert!(!story.contains("--fix"), "{story}");
}

#[test]
fn explain_is_asked_for_one_code_or_for_the_list() {
    let explain = |more: &[&str]| program(Path::new("."), &[&["explain"], more].concat());
    assert_eq!(explain(&[]).0, 2);
    assert_eq!(explain(&["RF0101", "--list"]).0, 2);
    let (code, out, said) = explain(&["RF9999"]);
    assert!(code == 2 && out.is_empty() && said.contains("--list names all"), "{said}");
}
