//! `rackform compile` and `rackform check`.

use std::collections::BTreeSet;
use std::mem;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rackform::diagnostics::codes::{LOCK_CHANGES, LOCK_MISSING};
use rackform::diagnostics::{Diagnostic, Diagnostics};
use rackform::fix::{self, rounds::Unmended};
use rackform::index;
use rackform::load::{self, Loaded, Request};
use rackform::lock::{self, Lock, Mode};
use rackform::source::Files;
use rackform::threads::Threads;
use rackform::write::{LockChange, Writing};
use rackform::{Compiled, Input, Ready};

use super::terminal::Terminal;
use super::unwritten::unwritten;
use super::{Job, counted};

/// The exit code for `--locked` when the lock would change.
const LOCK_WOULD_CHANGE: u8 = 3;
/// Apps of a fleet that is rendered so fast that nothing is gained by remembering what was, and one more.
const REMEMBERED: usize = 100;
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
    let mendable = load::mendable_of(&loaded, &files, &out.mends_in());
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
    let loaded = load(job, files, out);
    let old = old(job, &loaded, files, out);
    (loaded, old)
}

/// Read the files that a job is about.
fn load(job: &Job<'_>, files: &mut Files, out: &mut Diagnostics) -> Loaded {
    let common = job.common;
    let request =
        Request { path: job.path.to_path_buf(), env_files: common.env_file.clone(), env: common.env.clone(), images: common.image.clone() };
    rackform::warm_up();
    load::load(&request, &job.progress, files, out)
}

/// The lock that was read.
fn old(job: &Job<'_>, loaded: &Loaded, files: &Files, out: &mut Diagnostics) -> Lock {
    let mode = if job.common.mend { Mode::Mend } else { Mode::Trust };
    loaded.lock.and_then(|lock| lock::read(files, lock, mode, out)).unwrap_or_default()
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
    let kept = compiled.and_then(|compiled| kept(job, &compiled.lock_text, &loaded, files, out).map(|()| compiled));
    (loaded, kept)
}

/// Refuse a lock that is not the one that was read, where a job asks for that.
fn kept(job: &Job<'_>, text: &str, loaded: &Loaded, files: &Files, out: &mut Diagnostics) -> Result<(), ExitCode> {
    if !job.locked {
        return Ok(());
    }
    // Version control may have changed line ends, which say nothing.
    let before = loaded.lock.map_or("", |lock| files.text(lock)).replace("\r\n", "\n");
    if sorted(text) == sorted(&before) {
        return Ok(());
    }
    out.report(locked(&before, text));
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
    let threads = Threads::available();
    let loaded = load(job, files, out);
    let nothing = Lock::default();
    let without_lock = input(job, files, &loaded, &nothing);
    let (draft, old) = rackform::draft_beside(threads, &without_lock, |out| old(job, &loaded, files, out), out);
    let input = input(job, files, &loaded, &old);
    let ready = draft.and_then(|draft| rackform::prepare_draft(threads, draft, &input, out)).map_err(|_| ExitCode::FAILURE);
    let done = ready.and_then(|ready| {
        let done = finish(job, folder, terminal, &loaded, &ready, files, out);
        mem::forget(ready); // the run is nearly over, and to give a large fleet back piece by piece takes as long as to place it
        done
    });
    (loaded, done)
}

/// Make the output and write it; without a folder for it, only see whether it can be made.
fn finish(
    job: &Job<'_>,
    folder: Option<&Path>,
    terminal: &Terminal,
    loaded: &Loaded,
    ready: &Ready<'_>,
    files: &Files,
    out: &mut Diagnostics,
) -> Result<String, ExitCode> {
    let failed = |_| ExitCode::FAILURE;
    kept(job, &ready.lock_text, loaded, files, out)?;
    let Some(folder) = folder else {
        ready.emit(Threads::available(), &(), out).map_err(failed)?;
        return Ok(summary(ready, terminal.verbose));
    };
    if loaded.lock.is_none() && folder.join(index::INDEX).is_file() {
        out.report(
            Diagnostic::nowhere(&LOCK_MISSING, format!("{} was compiled before, and there is no rackform.lock", folder.display()))
                .help("restore rackform.lock from version control before anything is deployed; without it rules get new numbers"),
        );
        out.settle(()).map_err(failed)?;
    }
    let before = loaded.lock.map(|lock| files.whole(lock));
    let lock = LockChange { path: &loaded.lock_path, before: before.as_deref(), after: &ready.lock_text };
    let unwritten = |fault, out: &mut Diagnostics| {
        out.report(unwritten("the output", "compile", &fault).note(format!("the output goes to {}", folder.display())));
        ExitCode::FAILURE
    };
    let mut writing = Writing::begin(lock, folder, &job.progress).map_err(|fault| unwritten(fault, out))?;
    // A pipeline that asks whether the output is what the manifests say wants no answer from memory.
    if !job.locked
        && ready.counts.1 >= REMEMBERED
        && let (Some(home), Ok(program)) = (cache_home(), std::env::current_exe())
    {
        writing = writing.remembering(&home, &program);
    }
    if ready.emit(Threads::available(), &writing, out).is_err() {
        writing.abandon();
        return Err(ExitCode::FAILURE);
    }
    writing.finish(Threads::available()).map_err(|fault| unwritten(fault, out))?;
    let phases = if ready.phases > 1 { format!(" in {} phases", ready.phases) } else { String::new() };
    Ok(format!("{}; {} deploys them{phases}", summary(ready, terminal.verbose), folder.join("deploy.sh").display()))
}

/// Where what this user's programs remember is kept; none where the environment does not say.
fn cache_home() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let below_home = |path| folder("HOME").filter(|home| home.is_dir()).map(|home| home.join(path));
    let caches = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else {
        folder("XDG_CACHE_HOME").or_else(|| below_home(if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" }))
    };
    caches.map(|caches| caches.join("rackform"))
}

fn summary(ready: &Ready<'_>, verbose: bool) -> String {
    let (racks, apps, rules) = ready.counts;
    let more = if verbose { details(ready) } else { String::new() };
    format!("{more}{} and {} with {}", counted(racks, "rack"), counted(apps, "app"), counted(rules, "rule"))
}

/// A line for each router, and what is known of the number of racks.
fn details(ready: &Ready<'_>) -> String {
    let forecast = &ready.forecast;
    let routers: Vec<String> = forecast.routers.iter().map(ToString::to_string).collect();
    let bound = ready.bound.as_ref();
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
