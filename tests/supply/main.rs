//! What rackform is made of: every crate of its tree was reviewed, none of them speaks to a network, and neither does
//! the program; `unsafe` is forbidden, and the oldest compiler is the one that the documents name.
//!
//! Licences, versions of crates that stand twice, and where crates come from are cargo-deny's (`deny.toml`,
//! `tests/acceptance/test_supply.py`).
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod network;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod program;
mod promises;
mod tree;

use std::process::Command;

/// The project's folder.
const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// What a command prints; fails where it fails.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What cargo prints of this project. It asks for no crate that a build did not ask for, but those of other systems.
fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    output(Command::new(cargo).args(arguments).arg("--locked").current_dir(PROJECT))
}
