//! `rackform check --fix`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rackform::diagnostics::Diagnostics;
use rackform::fix;
use rackform::fix::rounds::{self, Checked, Outcome, Texts};
use rackform::source::Files;
use rackform::{load, write};

use super::terminal::Terminal;
use super::unwritten::unwritten;
use super::{Job, compile};

/// What was seen on the way.
#[derive(Default)]
struct Seen {
    /// The paths that messages show, by the real ones.
    shown: BTreeMap<PathBuf, String>,
    /// The folder of the fleet.
    folder: PathBuf,
    /// Files outside of the project that have something to mend.
    outside: BTreeSet<String>,
}

/// Mend, and check what is left.
pub(super) fn run(job: &Job<'_>, terminal: &Terminal) -> ExitCode {
    let mut seen = Seen::default();
    let outcome = terminal.watched(&job.progress, job.common.message_format, || rounds::mend(|texts| check(job, texts, &mut seen)));
    if let Err(fault) = write::write_mended(&seen.folder, seen.shown.keys(), &outcome.changed) {
        let mut out = Diagnostics::new(job.common.strict);
        out.report(unwritten("what is mended", "check --fix", &fault));
        terminal.diagnostics(&out, &Files::default(), job.common.message_format);
        return ExitCode::FAILURE;
    }
    for file in &seen.outside {
        terminal.status(&format!("{file}: lies outside of the project, and stays as it is"));
    }
    for (path, shown) in &seen.shown {
        if outcome.changed.contains_key(path) {
            terminal.status(&summary(path, shown, &outcome, terminal.verbose));
        }
    }
    compile::run_after(job, None, &outcome.unmended, terminal)
}

/// What a check says with texts in place of files. Whether warnings count as errors does not matter
/// to a mend: what compiles without `--strict` is to compile after it.
fn check(job: &Job<'_>, texts: &Texts, seen: &mut Seen) -> Checked {
    let mut files = Files::with_stand_ins(texts.clone());
    let mut out = Diagnostics::new(false);
    let (loaded, old) = compile::read(job, &mut files, &mut out);
    let _ = rackform::compile(&compile::input(job, &files, &loaded, &old), &mut out); // what is wrong is in `out`
    let mendable = load::mendable(&loaded, &files);
    fix::find(&files, &mendable, &mut out);
    seen.folder = loaded.lock_path.parent().unwrap_or(Path::new("")).to_path_buf();
    seen.shown.extend(mendable.iter().map(|(file, path)| (path.clone(), files.path(*file).to_owned())));
    let inside: BTreeSet<_> = mendable.iter().map(|(file, _)| *file).collect();
    let ours: BTreeSet<_> = loaded.apps.iter().map(|app| app.file).collect();
    let mends = out.sorted().into_iter().filter_map(|diagnostic| Some(diagnostic.mend.as_ref()?.place.file));
    seen.outside.extend(mends.filter(|file| ours.contains(file) && !inside.contains(file)).map(|file| files.path(file).to_owned()));
    Checked::new(&files, &mendable, &out)
}

/// `convox.yml: 3 mended`, and with `verbose` a line for each.
fn summary(path: &Path, shown: &str, outcome: &Outcome, verbose: bool) -> String {
    let mended: Vec<_> = outcome.mended.iter().filter(|offer| offer.path == *path).collect();
    let mut lines = vec![format!("{shown}: {} mended", mended.len())];
    if verbose {
        lines.extend(mended.iter().map(|offer| format!("  {} {}:{}: {}", offer.code.id, offer.at.0, offer.at.1, offer.message)));
    }
    lines.join("\n")
}
