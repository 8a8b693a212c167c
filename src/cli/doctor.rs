//! `rackform doctor`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use rackform::diagnostics::Diagnostics;
use rackform::doctor::{Question, examine, print};
use rackform::fix;
use rackform::load::{Request, load, mendable_of};
use rackform::lock::{self, Mode};
use rackform::progress::{Progress, Stage};
use rackform::source::Files;
use rackform::threads::Threads;

use super::MessageFormat;
use super::terminal::{Terminal, data};

#[derive(Args)]
pub(super) struct DoctorArgs {
    /// A folder with a rackform.yml or convox.yml files, or one convox.yml
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The rack of Convox that all apps share, wherever rackform.yml and the lock have them
    #[arg(long, value_name = "NAME")]
    rack: Option<String>,
    /// How the report is written, on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// A value for ${NAME} in manifests
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// A file of such values, one a line
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// How messages are written; those for machines take the place of the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    message_format: MessageFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum ReportFormat {
    /// Plain text with tables
    Text,
    /// For a comment on a pull request
    Markdown,
    /// One object, which `rackform schema doctor` describes
    Json,
}

/// Say what is wrong with a fleet on Convox.
pub(super) fn run(args: &DoctorArgs, terminal: &Terminal) -> ExitCode {
    let mut files = Files::default();
    let mut out = Diagnostics::new(args.strict);
    let request = Request { path: args.path.clone(), env_files: args.env_file.clone(), env: args.env.clone(), images: Vec::new() };
    let progress = Progress::default();
    let report = terminal.watched(&progress, args.message_format, || {
        let loaded = load(&request, &progress, &mut files, &mut out);
        // Without rackform.yml it is nobody's say on which rack of Convox an app lives.
        let old = loaded.lock.filter(|_| loaded.has_fleet).and_then(|lock| lock::read(&files, lock, Mode::Trust, &mut out));
        let question = Question { files: &files, racks: &loaded.racks, apps: &loaded.apps, lock: old.as_ref(), rack: args.rack.as_deref() };
        progress.begin(Stage::Checking, 0);
        let report = examine(&question, Threads::available(), &mut out);
        fix::find(&files, &mendable_of(&loaded, &files, &out.mends_in()), &mut out);
        report
    });

    let said = terminal.diagnostics(&out, &files, args.message_format);
    let is_for_people = matches!(args.message_format, MessageFormat::Human | MessageFormat::Short);
    let printed = if is_for_people && report.apps > 0 {
        let findings = out.sorted();
        data(&match args.format {
            ReportFormat::Text => print::text(&report, &findings, &files),
            ReportFormat::Markdown => print::markdown(&report, &findings, &files),
            ReportFormat::Json => format!("{:#}\n", print::json(&report, &findings, &files)),
        })
    } else {
        said
    };
    if out.has_errors() { ExitCode::FAILURE } else { printed }
}
