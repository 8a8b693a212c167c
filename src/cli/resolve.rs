//! `rackform resolve`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use rackform::Decided;
use rackform::diagnostics::Diagnostics;
use rackform::fix;
use rackform::load;
use rackform::placement::Change;
use rackform::progress::Progress;
use rackform::resolve::{Address, table};
use rackform::routes::Router;
use rackform::source::Files;
use rackform::threads::Threads;
use serde::Serialize;

use super::terminal::{Terminal, data, message};
use super::{CommonArgs, Job, compile};

/// The exit code for wrong usage.
const WRONG_USAGE: u8 = 2;

/// What stands below the options in the help.
pub(super) const AFTER_HELP: &str = "\
An address without a scheme is one of https. What stands in it beside scheme, host and port changes nothing. \
Warnings and notes about the fleet are left to `check`.

Exit codes: 0 if a service, a rule of others or a redirect answers; 1 if nobody does (the router's 404, or nobody \
listens), or if the fleet has errors; 2 if URL is no address. With --all: 0, or 1 if the fleet has errors.";

#[derive(Args)]
pub(super) struct ResolveArgs {
    /// The address or host, such as www.example.org; leave it out with --all
    #[arg(required_unless_present = "all")]
    url: Option<String>,
    /// A folder with a rackform.yml or convox.yml files, or one convox.yml; `.` unless given
    path: Option<PathBuf>,
    /// Ask the internal routers
    #[arg(long, conflicts_with = "all")]
    internal: bool,
    /// Ask this port, whatever the address says
    #[arg(long, conflicts_with = "all", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// List every host of the fleet, on all routers, with who answers there
    #[arg(long)]
    all: bool,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// As `rackform schema resolve` describes it
    Json,
}

/// Answer, or list all.
pub(super) fn run(args: &ResolveArgs, terminal: &Terminal) -> ExitCode {
    let here = Path::new(".");
    if args.all {
        // Without an address the first argument is the folder.
        let folder = args.url.as_ref().map_or(here, Path::new);
        if args.path.is_some() {
            message("--all lists every host; leave the address out");
            return ExitCode::from(WRONG_USAGE);
        }
        return match decide(folder, args, terminal) {
            Ok(decided) => {
                let hosts = decided.hosts();
                data(&match args.format {
                    Format::Text => table(&hosts),
                    Format::Json => json(&hosts),
                })
            }
            Err(code) => code,
        };
    }
    let url = args.url.as_deref().unwrap_or_default();
    let address = match Address::parse(url, args.port) {
        Ok(address) => address,
        Err(why) => {
            message(&format!("`{}` is no address: {why}", url.escape_debug()));
            return ExitCode::from(WRONG_USAGE);
        }
    };
    let decided = match decide(args.path.as_deref().unwrap_or(here), args, terminal) {
        Ok(decided) => decided,
        Err(code) => return code,
    };
    let router = if args.internal { Router::Internal } else { Router::Public };
    let resolution = decided.resolver().ask(&address, router);
    let printed = data(&match args.format {
        Format::Text => resolution.to_string(),
        Format::Json => json(&resolution),
    });
    if resolution.is_answered { printed } else { ExitCode::FAILURE }
}

fn json(answer: &impl Serialize) -> String {
    serde_json::to_string_pretty(answer).expect("an answer is text, numbers and lists") + "\n"
}

/// Read the fleet and decide what it is to be. Its errors are reported, and nothing else is: the answer stands alone on
/// standard output, where messages for machines go too.
fn decide(folder: &Path, args: &ResolveArgs, terminal: &Terminal) -> Result<Decided, ExitCode> {
    let mut files = Files::default();
    let mut out = Diagnostics::new(args.common.strict);
    let job = Job { path: folder, locked: false, change: Change::None, common: &args.common, progress: Progress::default() };
    let decided = terminal.watched(&job.progress, args.common.message_format, || {
        let (loaded, old) = compile::read(&job, &mut files, &mut out);
        let decided = rackform::decide(Threads::available(), &compile::input(&job, &files, &loaded, &old), &mut out);
        fix::find(&files, &load::mendable_of(&loaded, &files, &out.mends_in()), &mut out);
        decided
    });
    decided.map_err(|_| {
        Terminal { quiet: true, verbose: false }.diagnostics(&out, &files, args.common.message_format);
        ExitCode::FAILURE
    })
}
