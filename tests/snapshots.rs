//! What the examples and the cases compile to, as files that cfn-lint can read.
//!
//! `INSTA_UPDATE=always cargo test --test snapshots` writes them anew; read the difference.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test fails by panicking, and says why

mod common;

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use common::{copy, files_below};
use insta::{assert_binary_snapshot, assert_snapshot};

/// Of what a fleet with many apps compiles to, the files that are kept; the others are like them.
const KEPT: [(&str, &[&str]); 1] =
    [("fleet", &["stacks.json", "production-2-rack.yaml", "production-2-apps-status.yaml", "production-2-apps-tenants.yaml"])];

/// Whether a file of a case is kept.
fn is_kept(case: &str, name: &str) -> bool {
    KEPT.iter().find(|(known, _)| *known == case).is_none_or(|(_, kept)| kept.contains(&name))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compile a copy of a folder, and keep what it says and what it writes.
fn snapshot(folder: &Path) {
    let case = folder.file_name().unwrap().to_str().unwrap().to_owned();
    let scratch = env::temp_dir().join(format!("rackform-snapshots-{}", std::process::id())).join(&case);
    let _ = fs::remove_dir_all(&scratch);
    copy(folder, &scratch);
    let _ = fs::remove_file(scratch.join("rackform.lock"));
    let run =
        Command::new(env!("CARGO_BIN_EXE_rackform")).args(["compile", "."]).current_dir(&scratch).env("NO_COLOR", "1").output().unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{case}: {said}");

    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("snapshots").join(&case));
    settings.set_prepend_module_to_snapshot(false);
    settings.remove_snapshot_suffix();
    settings.set_omit_expression(true);
    settings.bind(|| {
        assert_snapshot!("messages", said);
        assert_snapshot!("lock", fs::read_to_string(scratch.join("rackform.lock")).unwrap());
        for path in files_below(&scratch.join("build")) {
            let name = path.strip_prefix(scratch.join("build")).unwrap().to_str().unwrap().replace('/', "-");
            if !is_kept(&case, &name) {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            if let Some(stem) = name.strip_suffix(".yaml") {
                let stored = root().join("snapshots").join(&case).join(format!("{stem}.snap.yaml"));
                if let Ok(old) = fs::read_to_string(stored)
                    && old != text
                {
                    eprintln!("{}", similar::TextDiff::from_lines(&old, &text).unified_diff().header("stored", "compiled"));
                }
                assert_binary_snapshot!(&name, text.into_bytes());
            } else if name != "deploy.sh" {
                assert_snapshot!(name, text);
            } else if case == "hello" {
                assert_snapshot!("deploy", text);
            }
        }
    });

    // The same bytes on every run, and a lock that is written already does not change.
    let first: Vec<Vec<u8>> = files_below(&scratch).iter().map(|path| fs::read(path).unwrap()).collect();
    let again = Command::new(env!("CARGO_BIN_EXE_rackform")).args(["compile", ".", "--locked"]).current_dir(&scratch).output().unwrap();
    assert!(again.status.success(), "{case}: a second compile changes the lock");
    let second: Vec<Vec<u8>> = files_below(&scratch).iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(first == second, "{case}: a second compile writes other bytes");
    fs::remove_dir_all(&scratch).unwrap();
}

#[test]
fn examples() {
    insta::glob!("../examples", "*/rackform.lock", |path| snapshot(path.parent().unwrap()));
}

#[test]
fn cases() {
    insta::glob!("cases/*/rackform.yml", |path| snapshot(path.parent().unwrap()));
}

#[test]
fn the_locks_of_the_examples_are_what_a_compile_writes() {
    insta::glob!("../examples", "*/rackform.lock", |path| {
        let folder = path.parent().unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_rackform")).args(["check", "--locked"]).arg(folder).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    });
}
