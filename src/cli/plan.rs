//! `rackform plan`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use rackform::diagnostics::codes::{NOTHING_BEFORE, REVISION};
use rackform::diagnostics::{Diagnostic, Diagnostics, Severity};
use rackform::fix;
use rackform::load::{self, OutputTexts};
use rackform::placement::Change;
use rackform::plan::{self, Output, Plan};
use rackform::progress::{Progress, Stage};
use rackform::report::{self, Detail};
use rackform::source::Files;
use rackform::threads::Threads;

use super::terminal::{Terminal, data};
use super::{CommonArgs, Job, compile};

/// The exit code of `--detailed-exitcode` where something changes.
const CHANGES: u8 = 2;

/// What a plan is made of.
#[derive(Args)]
pub(super) struct PlanInput {
    /// Where the output of the last compile is
    #[arg(long, value_name = "DIR", default_value = "build")]
    out: PathBuf,
    /// What to compare with instead: a folder that a compile wrote, a folder of a project, or a
    /// revision of git
    #[arg(long, value_name = "DIR|REVISION")]
    against: Option<String>,
    /// Fail if the lock would change; for pipelines
    #[arg(long, conflicts_with_all = ["rebalance", "mend"])]
    locked: bool,
    /// Begin the moves that empty racks, so that fewer are needed
    #[arg(long)]
    rebalance: bool,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

impl PlanInput {
    /// What is to be compiled, in this folder.
    pub(super) fn job<'a>(&'a self, path: &'a Path) -> Job<'a> {
        let change = if self.rebalance { Change::Rebalance } else { Change::None };
        Job { path, locked: self.locked, change, common: &self.common, progress: Progress::default() }
    }
}

#[derive(Args)]
pub(super) struct PlanArgs {
    /// A folder with a rackform.yml or convox.yml files, or one convox.yml
    #[arg(default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    input: PlanInput,
    /// How the plan is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Exit with 2 if anything changes
    #[arg(long)]
    detailed_exitcode: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For the comment of a pull request, of at most 65,536 characters
    Markdown,
    /// One page for a browser
    Html,
    /// One JSON document; `rackform schema plan` prints its schema
    Json,
}

/// Say what a compile would change.
pub(super) fn run(args: &PlanArgs, terminal: &Terminal) -> ExitCode {
    let mut files = Files::default();
    let mut out = Diagnostics::new(args.input.common.strict);
    let job = args.input.job(&args.path);
    let made = terminal.watched(&job.progress, job.common.message_format, || make(&args.input, &job, &mut files, &mut out));
    let said = terminal.diagnostics_beside_data(&out, &files, args.input.common.message_format);
    let plan = match made {
        Ok(plan) => plan,
        Err(code) => return code,
    };
    if said != ExitCode::SUCCESS {
        return said;
    }
    let detail = if terminal.verbose { Detail::All } else { Detail::Usual };
    let printed = data(&match args.format {
        Format::Text => report::text(&plan, detail),
        Format::Markdown => report::markdown(&plan),
        Format::Html => report::html(&plan),
        Format::Json => report::json(&plan),
    });
    if printed == ExitCode::SUCCESS && args.detailed_exitcode && plan.is_change { ExitCode::from(CHANGES) } else { printed }
}

/// The plan, or the exit code for what was reported.
pub(super) fn make(input: &PlanInput, job: &Job<'_>, files: &mut Files, out: &mut Diagnostics) -> Result<Plan, ExitCode> {
    let failed = |_| ExitCode::FAILURE;
    let (loaded, compiled) = compile::make(job, files, out);
    fix::find(files, &load::mendable_of(&loaded, files, &out.mends_in()), out);
    let compiled = compiled?;
    let (shown, folder, before) = before(input, job, out).ok_or(ExitCode::FAILURE)?;
    job.progress.begin(Stage::Comparing, 0);
    let mut read = |texts| {
        Output::new(texts).map_err(|why: plan::Unreadable| out.report(load::unreadable(&folder, &why.path, &why.why))).map_err(failed)
    };
    let old = read(before.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>())?;
    let new =
        Output::new(compiled.files.iter().map(|file| (file.path.as_str(), file.text.as_str()))).expect("a compile writes what it reads");
    plan::plan(&shown, &old, &new, &compiled.forecast, Threads::available())
        .map_err(|why| out.report(load::unreadable(&folder, &why.path, &why.why)))
        .map_err(failed)
}

/// The output to compare with: what it is called, its folder, and its files.
fn before(args: &PlanInput, job: &Job<'_>, out: &mut Diagnostics) -> Option<(String, PathBuf, OutputTexts)> {
    let Some(against) = &args.against else {
        let texts = load::output(&args.out, out)?;
        if texts.is_empty() && load::has_lock(job.path) {
            out.report(
                Diagnostic::nowhere(
                    &NOTHING_BEFORE,
                    format!("nothing was compiled into {}, and there is a rackform.lock", args.out.display()),
                )
                .help("compare with what is deployed: --against main, or --against and a folder that a compile wrote"),
            );
            if out.has_errors() {
                return None;
            }
        }
        return Some((args.out.display().to_string(), args.out.clone(), texts));
    };
    let folder = Path::new(against);
    if folder.is_dir() {
        let texts = output_or_compile(against, folder, &folder.join(&args.out), folder, job, out)?;
        return Some((against.clone(), folder.to_owned(), texts));
    }
    let revision = load::revision(against, job.path, out)?;
    let within = |path: &Path| revision.path(path);
    let (Some(project), output) = (within(job.path), within(&args.out)) else {
        out.report(
            Diagnostic::nowhere(&REVISION, format!("{} is not in the repository of `{against}`", job.path.display()))
                .help("name a folder instead"),
        );
        return None;
    };
    let output = output.unwrap_or_else(|| project.join(".nowhere"));
    let texts = match revision.project(&project) {
        Some(project) => output_or_compile(against, &output, &output, &project, job, out)?,
        None => load::output(&output, out)?,
    };
    Some((format!("{against} ({})", revision.commit), PathBuf::from(against), texts))
}

/// What was compiled into one of two folders, or else what a project compiles to.
fn output_or_compile(name: &str, first: &Path, second: &Path, project: &Path, job: &Job<'_>, out: &mut Diagnostics) -> Option<OutputTexts> {
    if let Some(folder) = [first, second].into_iter().find(|folder| load::has_output(folder)) {
        return load::output(folder, out);
    }
    let mut files = Files::default();
    let mut found = Diagnostics::default();
    let old = Job { path: project, locked: false, change: Change::None, common: job.common, progress: job.progress.clone() };
    if let (_, Ok(compiled)) = compile::make(&old, &mut files, &mut found) {
        return Some(compiled.files.into_iter().map(|file| (file.path, file.text)).collect());
    }
    let errors: Vec<&Diagnostic> = found.sorted().into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect();
    let first = errors.first().map_or_else(String::new, |error| format!(": {} ({})", error.message, error.code.id));
    out.report(
        Diagnostic::nowhere(
            &REVISION,
            format!("can't compare with `{name}`: nothing was compiled there, and what is there does not compile{first}"),
        )
        .help("name a folder that a compile wrote, or a revision that compiles"),
    );
    None
}
