//! What Cargo.toml and the documents promise: the oldest compiler, no `unsafe`, exact versions.

use std::fs;
use std::path::Path;

use crate::PROJECT;
use crate::tree::packages;

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(PROJECT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A version of Rust, to compare.
fn parts(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap()).collect()
}

/// The oldest compiler, as Cargo.toml has it.
fn oldest() -> String {
    packages().into_iter().find(|package| package.name == "rackform").unwrap().rust_version.expect("Cargo.toml has a rust-version")
}

#[test]
fn every_crate_takes_the_oldest_compiler() {
    let oldest = oldest();
    let newer: Vec<String> = packages()
        .into_iter()
        .filter(|package| package.rust_version.as_ref().is_some_and(|version| parts(version)[..2] > parts(&oldest)[..2]))
        .map(|package| format!("{} {} wants Rust {}", package.name, package.version, package.rust_version.unwrap()))
        .collect();
    assert_eq!(newer, Vec::<String>::new(), "Cargo.toml promises Rust {oldest}");
}

#[test]
fn documents_name_the_oldest_compiler() {
    let oldest = oldest();
    for (page, sentence) in
        [("README.md", "Rust ({} or newer)"), ("CONTRIBUTING.md", "Rust {} or newer"), ("docs/supply-chain.md", "Rust {} or newer")]
    {
        let sentence = sentence.replace("{}", &oldest);
        assert!(text(page).contains(&sentence), "{page} does not say `{sentence}`");
    }
    // With a `msrv` of its own, clippy would judge by that.
    assert!(!text("clippy.toml").contains("msrv"));
}

#[test]
fn unsafe_is_forbidden() {
    let manifest = text("Cargo.toml");
    let lints = manifest.split("[lints.rust]\n").nth(1).expect("Cargo.toml has lints").split("\n[").next().unwrap();
    assert!(lints.lines().any(|line| line == "unsafe_code = \"forbid\""), "`forbid` can't be lifted in a source; others can\n{lints}");
    // Lints hold for every target of this package, and for no other package.
    assert!(!manifest.contains("[workspace"), "is `unsafe` forbidden in every package of the workspace?");
}

#[test]
fn every_crate_has_an_exact_version_and_a_checksum() {
    let lock = text("Cargo.lock");
    for package in lock.split("[[package]]").skip(1).filter(|package| !package.contains("name = \"rackform\"")) {
        let checksum = package.lines().find_map(|line| line.strip_prefix("checksum = \""));
        assert!(checksum.is_some_and(|checksum| checksum.len() == 65), "Cargo.lock does not say what is in{package}");
    }
    let ignored = text(".gitignore");
    assert!(!ignored.lines().any(|line| line.contains("Cargo.lock") || line == "*.lock"), "Cargo.lock is committed");
}
