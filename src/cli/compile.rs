//! `rackform compile` and `rackform check`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use rackform::diagnostics::codes::{LOCK_CHANGES, LOCK_MISSING};
use rackform::diagnostics::{Diagnostic, Diagnostics};
use rackform::fix::{self, rounds::Unmended};
use rackform::index;
use rackform::load::{self, Loaded, Request};
use rackform::lock::{self, Lock, Mode};
use rackform::source::Files;
use rackform::write::LockChange;
use rackform::{Compiled, Input};

use super::terminal::Terminal;
use super::unwritten::unwritten;
use super::{Job, counted};

/// The exit code for `--locked` when the lock would change.
const LOCK_WOULD_CHANGE: u8 = 3;
/// Lines of the lock's difference that are shown.
const SHOWN: usize = 20;

/// Compile; without a folder for the output, write nothing.
pub(super) fn run(job: &Job<'_>, folder: Option<&Path>, terminal: &Terminal) -> ExitCode {
    run_after(job, folder, &Unmended::default(), terminal)
}

/// The same after mends, some of which may have been taken back.
pub(super) fn run_after(job: &Job<'_>, folder: Option<&Path>, unmended: &Unmended, terminal: &Terminal) -> ExitCode {
    let mut files = Files::default();
    let mut out = Diagnostics::new(job.common.strict);
    let (loaded, code) =
        terminal.watched(&job.progress, job.common.message_format, || attempt(job, folder, terminal, &mut files, &mut out));
    let mendable = load::mendable(&loaded, &files);
    fix::find(&files, &mendable, &mut out);
    unmended.note(&files, &mendable, &mut out);
    let said = terminal.diagnostics(&out, &files, job.common.message_format);
    match code {
        Ok(done) => terminal.done(&done, said),
        Err(code) => code,
    }
}

/// Read everything that a job is about.
pub(super) fn read(job: &Job<'_>, files: &mut Files, out: &mut Diagnostics) -> (Loaded, Lock) {
    let common = job.common;
    let request =
        Request { path: job.path.to_path_buf(), env_files: common.env_file.clone(), env: common.env.clone(), images: common.image.clone() };
    let mode = if common.mend { Mode::Mend } else { Mode::Trust };
    let loaded = load::load(&request, &job.progress, files, out);
    let old = loaded.lock.map_or_else(|| Some(Lock::default()), |lock| lock::read(files, lock, mode, out)).unwrap_or_default();
    (loaded, old)
}

/// What was read, as the library takes it.
pub(super) fn input<'a>(job: &'a Job<'_>, files: &'a Files, loaded: &'a Loaded, lock: &'a Lock) -> Input<'a> {
    Input {
        files,
        racks: &loaded.racks,
        apps: &loaded.apps,
        promises: &loaded.promises,
        lock,
        fleet_source: &loaded.fleet_source,
        change: &job.change,
        is_whole: loaded.is_whole,
        progress: &job.progress,
    }
}

/// Read and compile what a job is about: what was read, and what came of it or the exit code for what was reported,
/// also of a lock that would change.
pub(super) fn make(job: &Job<'_>, files: &mut Files, out: &mut Diagnostics) -> (Loaded, Result<Compiled, ExitCode>) {
    let (loaded, old) = read(job, files, out);
    let compiled = rackform::compile(&input(job, files, &loaded, &old), out).map_err(|_| ExitCode::FAILURE);
    let kept = compiled.and_then(|compiled| if job.locked { kept(compiled, &loaded, files, out) } else { Ok(compiled) });
    (loaded, kept)
}

/// What was compiled, if its lock is the one that was read.
fn kept(compiled: Compiled, loaded: &Loaded, files: &Files, out: &mut Diagnostics) -> Result<Compiled, ExitCode> {
    let text = compiled.lock.to_text();
    // Version control may have changed line ends, which say nothing.
    let before = loaded.lock.map_or("", |lock| files.text(lock)).replace("\r\n", "\n");
    if sorted(&text) == sorted(&before) {
        return Ok(compiled);
    }
    out.report(locked(&before, &text));
    Err(ExitCode::from(LOCK_WOULD_CHANGE))
}

/// What was read, and what was done or the exit code for what was reported.
fn attempt(
    job: &Job<'_>,
    folder: Option<&Path>,
    terminal: &Terminal,
    files: &mut Files,
    out: &mut Diagnostics,
) -> (Loaded, Result<String, ExitCode>) {
    let (loaded, compiled) = make(job, files, out);
    let done = compiled.and_then(|compiled| finish(job, folder, terminal, &loaded, &compiled, files, out));
    (loaded, done)
}

/// Write what was compiled, unless there is no folder for it.
fn finish(
    job: &Job<'_>,
    folder: Option<&Path>,
    terminal: &Terminal,
    loaded: &Loaded,
    compiled: &Compiled,
    files: &Files,
    out: &mut Diagnostics,
) -> Result<String, ExitCode> {
    let failed = |_| ExitCode::FAILURE;
    let Some(folder) = folder else { return Ok(summary(compiled, terminal.verbose)) };
    if loaded.lock.is_none() && folder.join(index::INDEX).is_file() {
        out.report(
            Diagnostic::nowhere(&LOCK_MISSING, format!("{} was compiled before, and there is no rackform.lock", folder.display()))
                .help("restore rackform.lock from version control before anything is deployed; without it rules get new numbers"),
        );
        out.settle(()).map_err(failed)?;
    }
    let before = loaded.lock.map(|lock| files.whole(lock));
    let lock = LockChange { path: &loaded.lock_path, before: before.as_deref(), after: &compiled.lock.to_text() };
    rackform::write::write(&lock, folder, &compiled.files, &job.progress).map_err(|fault| {
        out.report(unwritten("the output", "compile", &fault).note(format!("the output goes to {}", folder.display())));
        ExitCode::FAILURE
    })?;
    let phases = if compiled.phases > 1 { format!(" in {} phases", compiled.phases) } else { String::new() };
    Ok(format!("{}; {} deploys them{phases}", summary(compiled, terminal.verbose), folder.join("deploy.sh").display()))
}

fn summary(compiled: &Compiled, verbose: bool) -> String {
    let (racks, apps, rules) = compiled.counts;
    let more = if verbose { details(compiled) } else { String::new() };
    format!("{more}{} and {} with {}", counted(racks, "rack"), counted(apps, "app"), counted(rules, "rule"))
}

/// A line for each router, and what is known of the number of racks.
fn details(compiled: &Compiled) -> String {
    let forecast = &compiled.forecast;
    let routers: Vec<String> = forecast.routers.iter().map(ToString::to_string).collect();
    let bound = compiled.bound.as_ref();
    let bound = bound.map_or_else(String::new, |bound| format!("no fewer than {}: {}\n", counted(bound.racks, "rack"), bound.why));
    format!("{}\na typical app asks for {}\n{bound}", routers.join("\n"), forecast.typical)
}

/// The lines of a lock. Each stands for itself, and where `merge=union` puts them in another order
/// they say the same.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines
}

/// What `--locked` found.
fn locked(before: &str, after: &str) -> Diagnostic {
    let lines = |text: &'_ str, other: &str, sign: &str| -> Vec<String> {
        let other: BTreeSet<&str> = other.lines().collect();
        text.lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#') && !other.contains(line))
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
