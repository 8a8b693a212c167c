//! Data flows one way: no module knows a later stage.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::fs;
use std::path::{Path, PathBuf};

/// Which modules a module may use; itself always.
const MAY_USE: &[(&str, &[&str])] = &[
    ("adopt", &["allocate", "demand", "diagnostics", "document", "fleet", "host", "lock", "routes", "source"]),
    ("answers", &["host", "routes"]),
    ("source", &[]),
    ("threads", &[]),
    ("diagnostics", &["source"]),
    ("schema", &["diagnostics", "source"]),
    ("document", &["diagnostics", "source"]),
    (
        "doctor",
        &[
            "demand",
            "diagnostics",
            "document",
            "fleet",
            "host",
            "lock",
            "manifest",
            "placement",
            "progress",
            "routes",
            "source",
            "threads",
            "words",
        ],
    ),
    ("lock", &["diagnostics", "document", "host", "routes", "source"]),
    ("demand", &["compute", "diagnostics", "fleet", "host", "lock", "routes", "source"]),
    ("remedies", &["demand", "diagnostics", "fleet", "lock", "routes"]),
    ("forecast", &["demand", "diagnostics", "fleet", "remedies", "routes", "source"]),
    ("placement", &["demand", "diagnostics", "fleet", "lock", "remedies", "routes", "threads"]),
    ("expect", &["allocate", "diagnostics", "fleet", "routes"]),
    ("host", &[]),
    ("init", &[]),
    ("fleet", &["diagnostics", "document", "host", "manifest", "mends", "progress", "schema", "source", "threads"]),
    ("load", &["diagnostics", "fleet", "index", "progress", "render", "source", "threads"]),
    ("mends", &["diagnostics", "schema", "source"]),
    ("fix", &["diagnostics", "source"]),
    ("manifest", &["diagnostics", "document", "mends", "schema", "source"]),
    ("routes", &["diagnostics", "fleet", "host", "manifest", "source"]),
    (
        "allocate",
        &["answers", "compute", "demand", "diagnostics", "fleet", "host", "lock", "ports", "remedies", "routes", "source", "threads"],
    ),
    ("compute", &["diagnostics", "fleet", "manifest", "source"]),
    ("ports", &["diagnostics", "fleet", "manifest", "routes", "source"]),
    ("transition", &["allocate", "demand", "diagnostics", "fleet", "host", "lock", "routes", "threads"]),
    ("lower", &["allocate", "compute", "demand", "fleet", "host", "lock", "manifest", "ports", "routes", "source", "transition"]),
    ("render", &[]),
    ("plan", &["answers", "demand", "forecast", "host", "index", "render", "routes", "threads", "words"]),
    ("report", &["plan", "words"]),
    ("verify", &["diagnostics", "document", "plan", "source", "words"]),
    ("index", &[]),
    ("words", &[]),
    ("resolve", &["allocate", "answers", "demand", "fleet", "host", "lower", "routes"]),
    ("progress", &[]),
    ("output", &["diagnostics", "index", "lower", "progress", "render", "threads"]),
    ("write", &["index", "output", "progress", "threads"]),
];

/// Crates that have one home each.
const HOMES: &[(&str, &str)] = &[
    ("granit_parser", "source/yaml.rs"),
    ("jsonschema", "schema/"),
    ("minijinja", "render/ report/html/"),
    ("annotate_snippets", "diagnostics/human.rs"),
    ("clap", "cli/"),
    ("clap_complete", "cli/manual.rs cli/mod.rs"),
    ("clap_mangen", "cli/manual.rs"),
    ("anstream", "cli/"),
    ("anstyle", "report/text.rs"),
    ("tempfile", "load/revision.rs"),
    ("std::process", "cli/ load/revision.rs main.rs"),
    ("std::fs", "load.rs load/ write.rs write/"),
    ("rustix", "write/hold.rs"),
    ("blake3", "write/cache.rs"),
    ("std::thread", "cli/watch.rs threads.rs"),
    ("std::time", "cli/watch.rs"),
    ("terminal_size", "cli/terminal.rs cli/watch.rs"),
    ("sha2", "allocate/priority.rs lower/ids.rs report/html/ transition/mark.rs"),
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}

/// Path below `src` and text without tests, which may reach further.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let text = |path: &Path| fs::read_to_string(path).unwrap().split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    rust_files(&root)
        .iter()
        .map(|path| (name(path), text(path)))
        .filter(|(name, _)| !name.contains("/tests/") && !name.ends_with("testing.rs") && !name.ends_with("drift.rs"))
        .collect()
}

#[test]
fn imports_follow_the_pipeline() {
    let mut seen = 0;
    for (name, text) in sources() {
        let module = name.split(['/', '.']).next().unwrap();
        if ["lib", "main", "cli"].contains(&module) {
            continue;
        }
        let (_, allowed) = MAY_USE.iter().find(|(known, _)| *known == module).unwrap_or_else(|| panic!("{module} is not in the table"));
        for (at, _) in text.match_indices("crate::") {
            let used = text[at + 7..].split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            assert!(used == module || allowed.contains(&used), "{name} uses `{used}`");
            seen += 1;
        }
    }
    assert!(seen > 50);
}

#[test]
fn foreign_crates_have_homes() {
    for (name, text) in sources() {
        for (krate, homes) in HOMES {
            let home = homes.split(' ').any(|home| name.starts_with(home));
            let used = [format!("{krate}::"), format!("use {krate};"), format!("use {krate} ")].iter().any(|form| text.contains(form));
            assert!(home || !used, "{name} uses {krate}");
        }
    }
}
