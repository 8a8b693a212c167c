//! `rackform init`.

use std::path::Path;
use std::process::ExitCode;

use rackform::{init, load, write};

use super::counted;
use super::terminal::{Terminal, message};

/// Write rackform.yml into a folder that has none.
pub(super) fn run(folder: &Path, terminal: &Terminal) -> ExitCode {
    let folder = if folder == Path::new(".") { Path::new("") } else { folder };
    let (text, names) = init::text(&load::manifests_of(folder));
    let path = load::fleet_path(folder);
    match write::write_new(&path, &text) {
        Ok(true) => {
            let apps = if names.is_empty() {
                "; there is no convox.yml yet, so name the apps under `apps`".to_owned()
            } else {
                format!(" with {}: {}", counted(names.len(), "app"), names.join(", "))
            };
            terminal.status(&format!("{} is written{apps}", path.display()));
            ExitCode::SUCCESS
        }
        Ok(false) => {
            message(&format!("{} exists already and stays as it is", path.display()));
            ExitCode::FAILURE
        }
        Err(fault) => {
            message(&format!("rackform.yml can't be written: {fault}; {}", fault.help));
            ExitCode::FAILURE
        }
    }
}
