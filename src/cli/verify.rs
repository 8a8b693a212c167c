//! `rackform verify`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use rackform::diagnostics::codes::CHANGE_SET;
use rackform::diagnostics::{Diagnostic, Diagnostics};
use rackform::load;
use rackform::report;
use rackform::source::{FileId, Files};
use rackform::verify::{Reviewed, Verified, verify};

use super::plan::PlanInput;
use super::terminal::Terminal;
use super::{Job, counted, plan};

#[derive(Args)]
pub(super) struct VerifyArgs {
    /// What `aws cloudformation describe-change-set` printed, a file for each stack
    #[arg(value_name = "CHANGESET.json", required = true)]
    change_sets: Vec<PathBuf>,
    /// The plan that was reviewed, as `plan --format json` printed it; without it a plan is made
    #[arg(long, value_name = "FILE", conflicts_with_all = ["against", "out"])]
    plan: Option<PathBuf>,
    /// A folder with a rackform.yml or convox.yml files
    #[arg(long, value_name = "PATH", default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    input: PlanInput,
}

/// Hold change sets against a plan.
pub(super) fn run(args: &VerifyArgs, terminal: &Terminal) -> ExitCode {
    let mut files = Files::default();
    let mut out = Diagnostics::new(args.input.common.strict);
    let job = args.input.job(&args.path);
    let done = terminal.watched(&job.progress, job.common.message_format, || attempt(args, &job, &mut files, &mut out));
    let said = terminal.diagnostics(&out, &files, args.input.common.message_format);
    match done {
        Ok(_) if out.has_errors() => ExitCode::FAILURE,
        Ok(verified) => {
            let (stacks, changes) = (counted(verified.stacks, "stack"), counted(verified.changes, "resource"));
            terminal.done(&format!("{stacks} would change as the plan says, {changes} in all, and nothing more"), said)
        }
        Err(code) => code,
    }
}

fn attempt(args: &VerifyArgs, job: &Job<'_>, files: &mut Files, out: &mut Diagnostics) -> Result<Verified, ExitCode> {
    let sets: Vec<Option<FileId>> = args.change_sets.iter().map(|path| load::read(path, files, out)).collect();
    let reviewed = if let Some(path) = &args.plan {
        let id = load::read_large(path, files, out).ok_or(ExitCode::FAILURE)?;
        Reviewed::read(files.text(id)).map_err(|why| {
            out.report(
                Diagnostic::nowhere(&CHANGE_SET, format!("{} is no plan: {why}", path.display()))
                    .help("save what `rackform plan --format json` prints"),
            );
            ExitCode::FAILURE
        })?
    } else {
        let plan = plan::make(&args.input, job, files, out)?;
        Reviewed::read(&report::json(&plan)).expect("what was written is read")
    };
    let sets: Option<Vec<FileId>> = sets.into_iter().collect();
    Ok(verify(files, &sets.ok_or(ExitCode::FAILURE)?, &reviewed, out))
}
