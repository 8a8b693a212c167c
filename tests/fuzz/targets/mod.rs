//! What is fuzzed: functions of bytes that panic when rackform does, and when what it says or makes of them can't be
//! right. libFuzzer calls them (`fuzz_targets/`), and so does `tests/fuzz_smoke.rs`.
//!
//! Nothing here touches the disk: a target makes a project of its bytes, and the library does what a command does.
#![allow(dead_code, unused_imports, clippy::unwrap_used)] // each program uses its part; a target fails by panicking

mod address;
mod adopt;
mod change_set;
mod drawn;
mod lock;
mod manifest;
mod messages;
mod output;
mod project;
mod whole;

pub(crate) use change_set::{PLAN, REVIEWED};
pub(crate) use drawn::history;
pub(crate) use manifest::manifest_of;
pub(crate) use output::COMPILED;
pub(crate) use project::Project;

/// One target.
pub(crate) struct Target {
    /// Its name, which is also that of its program and of its folders.
    pub(crate) name: &'static str,
    /// What it does with bytes.
    pub(crate) run: fn(&[u8]),
    /// What its text is written in; none where bytes are choices and no text.
    pub(crate) language: Option<Language>,
    /// Bytes that an input has at the most. The largest seed fits in, and a run stays short: what hurts by its size
    /// alone has tests of its own (`hostile` in `tests/broken.rs`).
    pub(crate) most: usize,
}

/// What decides which words are worth putting in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Yaml,
    Json,
    Address,
}

/// Every target.
pub(crate) const TARGETS: [Target; 9] = [
    Target { name: "manifest", run: manifest::manifest, language: Some(Language::Yaml), most: 8 << 10 },
    Target { name: "fleet", run: manifest::fleet, language: Some(Language::Yaml), most: 8 << 10 },
    Target { name: "lock", run: lock::lock, language: Some(Language::Yaml), most: 8 << 10 },
    Target { name: "project", run: project::project, language: Some(Language::Yaml), most: 16 << 10 },
    Target { name: "drawn", run: drawn::drawn, language: None, most: 512 },
    Target { name: "adopt", run: adopt::adopt, language: Some(Language::Json), most: 8 << 10 },
    Target { name: "change_set", run: change_set::change_set, language: Some(Language::Json), most: 16 << 10 },
    Target { name: "output", run: output::output, language: Some(Language::Json), most: 16 << 10 },
    Target { name: "address", run: address::address, language: Some(Language::Address), most: 512 },
];

/// The target of a name.
pub(crate) fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("there is no target {name}"))
}

/// Bytes as the text of a file. What is not UTF-8 is refused before anything looks at it.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
