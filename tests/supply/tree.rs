//! The tree of crates, before the list of those that were reviewed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::cargo;

/// What rackform is built for. Others may work, and are not promised.
const SYSTEMS: &[&str] = &[
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
];
/// What was reviewed: a heading for each part of the tree, and below it a crate a line, with what it does.
const REVIEWED: &str = include_str!("reviewed.txt");

/// Features that would bring a network, and what has them.
const FEATURES: &[(&str, &str)] = &[
    ("fluent-uri", "net"),
    ("jsonschema", "resolve-async"),
    ("jsonschema", "resolve-http"),
    ("rustix", "net"),
    ("windows-sys", "Win32_Networking"),
    ("windows-sys", "Win32_Networking_WinSock"),
];

/// A crate of Cargo.lock.
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// The oldest compiler that it says it takes.
    pub(crate) rust_version: Option<String>,
    /// The folder of its sources.
    pub(crate) folder: PathBuf,
}

/// Every crate of Cargo.lock, those of tests too.
pub(crate) fn packages() -> Vec<Package> {
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--format-version", "1"])).unwrap();
    let package = |value: &Value| Package {
        name: value["name"].as_str().unwrap().to_owned(),
        version: value["version"].as_str().unwrap().to_owned(),
        rust_version: value["rust_version"].as_str().map(str::to_owned),
        folder: PathBuf::from(value["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned(),
    };
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

/// What `cargo tree` lists: crates, and the features that they are built with.
fn listed(edges: &str, systems: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut arguments = vec!["tree", "--prefix", "none", "--format", "{p}|{f}", "--edges", edges];
    arguments.extend(systems.iter().flat_map(|system| ["--target", system]));
    let mut crates: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in cargo(&arguments).lines().filter(|line| !line.is_empty()) {
        let (package, features) = line.trim_end_matches(" (*)").split_once('|').unwrap();
        let name = package.split(' ').next().unwrap();
        let features = features.split(',').filter(|feature| !feature.is_empty()).map(str::to_owned);
        crates.entry(name.to_owned()).or_default().extend(features);
    }
    crates.remove(env!("CARGO_PKG_NAME"));
    crates
}

/// The names of crates of each part of the tree.
pub(crate) fn parts() -> BTreeMap<&'static str, BTreeSet<String>> {
    let names = |edges: &str, systems: &[&str]| listed(edges, systems).into_keys().collect::<BTreeSet<_>>();
    let program = names("normal,no-proc-macro", SYSTEMS);
    let built = names("normal,build", SYSTEMS);
    let all = names("normal,build", &["all"]);
    BTreeMap::from([
        ("compiler", built.difference(&program).cloned().collect()),
        ("elsewhere", all.difference(&built).cloned().collect()),
        ("program", program),
    ])
}

/// The names that were reviewed for each part.
fn reviewed() -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut parts: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut part = "";
    for line in REVIEWED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(heading) = line.strip_prefix('[') {
            part = heading.split(':').next().unwrap();
            continue;
        }
        let (name, why) = line.split_once(' ').unwrap_or((line, ""));
        assert!(!why.trim().is_empty(), "reviewed.txt does not say what {name} is there for");
        assert!(parts.entry(part).or_default().insert(name.to_owned()), "reviewed.txt names {name} twice");
    }
    parts
}

#[test]
fn every_crate_was_reviewed() {
    let mut wrong = Vec::new();
    let (there, reviewed) = (parts(), reviewed());
    assert_eq!(there.keys().collect::<Vec<_>>(), reviewed.keys().collect::<Vec<_>>());
    for (part, names) in &there {
        wrong.extend(names.difference(&reviewed[part]).map(|name| format!("{name} ({part}) was not reviewed")));
        wrong.extend(reviewed[part].difference(names).map(|name| format!("{name} ({part}) is not there")));
    }
    assert!(wrong.is_empty(), "tests/supply/reviewed.txt: {}", wrong.join("; "));
}

#[test]
fn no_feature_brings_a_network() {
    let packages = packages();
    // Each system for itself: what one asks of a crate, another may not.
    for system in SYSTEMS {
        let built = listed("normal,build", &[system]);
        for (name, feature) in FEATURES {
            let there = built.get(*name).is_some_and(|features| features.contains(*feature));
            assert!(!there, "{name} is built with `{feature}` on {system}");
        }
    }
    for (name, feature) in FEATURES {
        let package = packages.iter().find(|package| package.name == *name).unwrap_or_else(|| panic!("{name} is gone"));
        let manifest = std::fs::read_to_string(package.folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("\n{feature} = [")), "{name} has no feature `{feature}`: what is it called now?");
    }
}
