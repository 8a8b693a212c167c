//! The command line: arguments to a request, and an exit code for what came of it.
//!
//! 0 fine, 1 errors, 2 wrong usage, 3 `--locked` and the lock would change.

mod adopt;
mod compile;
mod doctor;
mod explain;
mod fix;
mod init;
mod manual;
mod plan;
mod resolve;
mod terminal;
mod unwritten;
mod usage;
mod verify;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use rackform::placement::Change;
use rackform::progress::Progress;
use rackform::schema;
use rackform::words::counted;

use terminal::Terminal;

/// Compile convox.yml files to CloudFormation for load-balanced racks.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    color: colorchoice_clap::Color,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more: how full each router is and which quota binds first, all of a plan, the rules of a
    /// listener
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Check, allocate, and write templates and the lock
    Compile(CompileArgs),
    /// Do everything that compile does but write
    Check(CheckArgs),
    /// Say what a compile would change, for a review
    Plan(plan::PlanArgs),
    /// Hold what an account is about to do against the plan: exactly that, and nothing more
    Verify(verify::VerifyArgs),
    /// Move an app to another rack: begin, and finish once DNS leads there
    Move(MoveArgs),
    /// Write a rackform.yml with the apps of a folder, and an example of every other key
    Init {
        /// The folder
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Take the rules that stand on a listener into the lock, with their numbers
    Adopt(adopt::AdoptArgs),
    /// Say who answers at an address: which router, rule, service and target group
    #[command(after_help = resolve::AFTER_HELP)]
    Resolve(resolve::ResolveArgs),
    /// Say what is wrong with a fleet on real Convox racks, and what packing saves
    Doctor(doctor::DoctorArgs),
    /// Tell the long story of a diagnostic
    Explain(explain::ExplainArgs),
    /// Print a JSON Schema, for editors and whoever reads messages
    Schema {
        /// Of what
        of: SchemaOf,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the main page of the manual, or write all pages
    Man {
        /// The folder that all pages are written into, one for each command
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

#[derive(Args)]
struct CompileArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Where the output goes
    #[arg(long, value_name = "DIR", default_value = "build")]
    out: PathBuf,
}

#[derive(Args)]
struct CheckArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Mend what is certain in manifests and rackform.yml, then check what is left
    #[arg(long)]
    fix: bool,
}

#[derive(Args)]
struct MoveArgs {
    /// The app
    app: String,
    /// The rack that it moves to
    #[arg(required_unless_present_any = ["finish", "abort"], conflicts_with_all = ["finish", "abort"])]
    rack: Option<String>,
    /// Take it from its old rack
    #[arg(long, conflicts_with = "abort")]
    finish: bool,
    /// Take it from its new rack
    #[arg(long)]
    abort: bool,
    /// A folder with a rackform.yml or convox.yml files
    #[arg(long, value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Where the output goes
    #[arg(long, value_name = "DIR", default_value = "build")]
    out: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Args)]
struct InputArgs {
    /// A folder with a rackform.yml or convox.yml files, or one convox.yml
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Fail if the lock would change; for pipelines
    #[arg(long, conflicts_with_all = ["rebalance", "mend"])]
    locked: bool,
    /// Begin the moves that empty racks, so that fewer are needed
    #[arg(long)]
    rebalance: bool,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Args)]
struct CommonArgs {
    /// Mend a lock that a merge or a hand has broken: keep the oldest entries
    #[arg(long)]
    mend: bool,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// A value for ${NAME} in manifests
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// A file of such values, one a line
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// The image that a service runs
    #[arg(long, value_name = "[APP/]SERVICE=IMAGE")]
    image: Vec<String>,
    /// How messages are written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    message_format: MessageFormat,
}

/// What a compile is asked for, whichever command asks.
struct Job<'a> {
    path: &'a Path,
    locked: bool,
    change: Change,
    common: &'a CommonArgs,
    /// How far it is.
    progress: Progress,
}

impl InputArgs {
    fn job(&self) -> Job<'_> {
        let change = if self.rebalance { Change::Rebalance } else { Change::None };
        Job { path: &self.path, locked: self.locked, change, common: &self.common, progress: Progress::default() }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MessageFormat {
    /// With source lines, for people
    Human,
    /// One line each
    Short,
    /// One JSON object each, on standard output
    Json,
    /// One workflow command each, on standard output, for notes in pull requests on GitHub
    Github,
    /// One SARIF 2.1.0 log of all, on standard output, for services that collect findings
    Sarif,
}

#[derive(Clone, Copy, ValueEnum)]
enum SchemaOf {
    /// convox.yml
    Convox,
    /// rackform.yml
    Fleet,
    /// What `plan --format json` prints
    Plan,
    /// What `resolve --format json` prints
    Resolve,
    /// What `doctor --format json` prints
    Doctor,
    /// A line of `--message-format json`
    Diagnostic,
}

/// Run the program.
pub(crate) fn run() -> ExitCode {
    let cli = match usage::parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    cli.color.write_global();
    let terminal = Terminal { quiet: cli.quiet, verbose: cli.verbose };
    match cli.command {
        Command::Compile(args) => compile::run(&args.input.job(), Some(&args.out), &terminal),
        Command::Plan(args) => plan::run(&args, &terminal),
        Command::Verify(args) => verify::run(&args, &terminal),
        Command::Check(args) if args.fix => fix::run(&args.input.job(), &terminal),
        Command::Check(args) => compile::run(&args.input.job(), None, &terminal),
        Command::Move(args) => {
            let app = args.app.clone();
            let change = match &args.rack {
                Some(rack) => Change::Begin { app, to: rack.clone() },
                None if args.finish => Change::Finish { app },
                None => Change::Abort { app },
            };
            let job = Job { path: &args.path, locked: false, change, common: &args.common, progress: Progress::default() };
            compile::run(&job, Some(&args.out), &terminal)
        }
        Command::Init { path } => init::run(&path, &terminal),
        Command::Adopt(args) => adopt::run(&args, &terminal),
        Command::Resolve(args) => resolve::run(&args, &terminal),
        Command::Doctor(args) => doctor::run(&args, &terminal),
        Command::Explain(args) => explain::run(&args),
        Command::Schema { of } => terminal::data(match of {
            SchemaOf::Convox => schema::CONVOX,
            SchemaOf::Fleet => schema::FLEET,
            SchemaOf::Plan => schema::PLAN,
            SchemaOf::Resolve => schema::RESOLVE,
            SchemaOf::Doctor => schema::DOCTOR,
            SchemaOf::Diagnostic => schema::DIAGNOSTIC,
        }),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { folder } => manual::man(folder.as_deref(), &terminal),
    }
}
