//! `rackform compile` and `rackform check`.

use std::path::Path;
use std::process::ExitCode;

use rackform::diagnostics::codes::{LOCK_CHANGES, LOCK_MISSING, NOT_WRITTEN};
use rackform::diagnostics::{Diagnostic, Diagnostics};
use rackform::load::{Request, load};
use rackform::lock::{self, Lock, Mode};
use rackform::output;
use rackform::source::Files;
use rackform::{Compiled, Input};

use super::Job;
use super::terminal::Terminal;

/// The exit code for `--locked` when the lock would change.
const LOCK_WOULD_CHANGE: u8 = 3;
/// Lines of the lock's difference that are shown.
const SHOWN: usize = 20;

/// Compile; without a folder for the output, write nothing.
pub(super) fn run(job: &Job<'_>, folder: Option<&Path>, terminal: &Terminal) -> ExitCode {
    let mut files = Files::default();
    let mut out = Diagnostics::new(job.common.strict);
    let code = attempt(job, folder, &mut files, &mut out);
    let said = terminal.diagnostics(&out, &files, job.common.message_format);
    match code {
        Ok(done) => {
            terminal.status(&done);
            said
        }
        Err(code) => code,
    }
}

/// What was done, or the exit code for what was reported.
fn attempt(job: &Job<'_>, folder: Option<&Path>, files: &mut Files, out: &mut Diagnostics) -> Result<String, ExitCode> {
    let request = Request { path: job.path.to_path_buf(), env_files: job.common.env_file.clone(), env: job.common.env.clone() };
    let mode = if job.common.mend { Mode::Mend } else { Mode::Trust };
    let failed = |_| ExitCode::FAILURE;
    let loaded = load(&request, files, out);
    let old = loaded.lock.map_or_else(|| Some(Lock::default()), |lock| lock::read(files, lock, mode, out)).unwrap_or_default();
    let input = Input {
        files,
        racks: &loaded.racks,
        apps: &loaded.apps,
        promises: &loaded.promises,
        lock: &old,
        fleet_source: &loaded.fleet_source,
        change: &job.change,
        is_whole: loaded.is_whole,
    };
    let compiled = rackform::compile(&input, out).map_err(failed)?;

    let text = compiled.lock.to_text();
    // Version control may have changed line ends, which say nothing.
    let before = loaded.lock.map_or("", |lock| files.text(lock)).replace("\r\n", "\n");
    if job.locked && text != before {
        out.report(locked(&before, &text));
        return Err(ExitCode::from(LOCK_WOULD_CHANGE));
    }
    let Some(folder) = folder else { return Ok(summary(&compiled)) };
    if loaded.lock.is_none() && folder.join(output::INDEX).is_file() {
        out.report(
            Diagnostic::nowhere(&LOCK_MISSING, format!("{} was compiled before, and there is no rackform.lock", folder.display()))
                .help("restore rackform.lock from version control before anything is deployed; without it rules get new numbers"),
        );
        out.settle(()).map_err(failed)?;
    }
    rackform::write::write(&loaded.lock_path, &text, folder, &compiled.files).map_err(|error| {
        out.report(
            Diagnostic::nowhere(&NOT_WRITTEN, format!("the output can't be written: {error}"))
                .note(format!("the output goes to {}", folder.display()))
                .help("check the folder, its permissions and the space that is left"),
        );
        ExitCode::FAILURE
    })?;
    let phases = if compiled.phases > 1 { format!(" in {} phases", compiled.phases) } else { String::new() };
    Ok(format!("{}; {} deploys them{phases}", summary(&compiled), folder.join("deploy.sh").display()))
}

fn summary(compiled: &Compiled) -> String {
    let (racks, apps, rules) = compiled.counts;
    let count = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    format!("{} and {} with {}", count(racks, "rack"), count(apps, "app"), count(rules, "rule"))
}

/// What `--locked` found.
fn locked(before: &str, after: &str) -> Diagnostic {
    let lines = |text: &'_ str, other: &str, sign: &str| -> Vec<String> {
        text.lines()
            .filter(|line| !line.starts_with('#') && !other.lines().any(|o| o == *line))
            .map(|line| format!("{sign}{line}"))
            .collect()
    };
    let mut changes = lines(before, after, "-");
    changes.extend(lines(after, before, "+"));
    let more = changes.len().saturating_sub(SHOWN);
    changes.truncate(SHOWN);
    if more > 0 {
        changes.push(format!("… and {more} lines more"));
    }
    Diagnostic::nowhere(&LOCK_CHANGES, "rackform.lock is not what a compile would write")
        .note(changes.join("\n"))
        .help("run `rackform compile` and commit rackform.lock")
}
