//! `rackform adopt`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use rackform::adopt::{self, Adopted};
use rackform::diagnostics::Diagnostics;
use rackform::fix;
use rackform::host::Host;
use rackform::load::{self, Loaded};
use rackform::lock::Lock;
use rackform::placement::Change;
use rackform::progress::Progress;
use rackform::routes::Router;
use rackform::source::{FileId, Files};
use rackform::write::{LockChange, write_lock};

use super::terminal::Terminal;
use super::unwritten::unwritten;
use super::{CommonArgs, Job, compile, counted};

#[derive(Args)]
pub(super) struct AdoptArgs {
    /// What `aws elbv2 describe-rules --listener-arn ARN` printed
    #[arg(value_name = "RULES.json")]
    rules: PathBuf,
    /// The rack that the listener stands on; needed where several are open
    #[arg(long, value_name = "NAME")]
    rack: Option<String>,
    /// It is the internal router's listener
    #[arg(long)]
    internal: bool,
    /// Its port
    #[arg(long, value_name = "PORT", default_value = "443", value_parser = clap::builder::PossibleValuesParser::new(["80", "443"]))]
    port: String,
    /// What `aws elbv2 describe-listener-certificates --listener-arn ARN` printed; what
    /// `aws acm list-certificates` printed tells those of apps from those of others
    #[arg(long, value_name = "FILE")]
    certificates: Vec<PathBuf>,
    /// A folder with a rackform.yml or convox.yml files
    #[arg(long, value_name = "PATH", default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

/// Take a listener into the lock.
pub(super) fn run(args: &AdoptArgs, terminal: &Terminal) -> ExitCode {
    let mut files = Files::default();
    let mut out = Diagnostics::new(args.common.strict);
    let job = Job { path: &args.path, locked: false, change: Change::None, common: &args.common, progress: Progress::default() };
    let (loaded, done) = terminal.watched(&job.progress, job.common.message_format, || attempt(args, &job, terminal, &mut files, &mut out));
    fix::find(&files, &load::mendable_of(&loaded, &files, &out.mends_in()), &mut out);
    let said = terminal.diagnostics(&out, &files, args.common.message_format);
    match done {
        Some(done) => terminal.done(&done, said),
        None => ExitCode::FAILURE,
    }
}

/// What was read, and what was done; that is none when something was reported.
fn attempt(args: &AdoptArgs, job: &Job<'_>, terminal: &Terminal, files: &mut Files, out: &mut Diagnostics) -> (Loaded, Option<String>) {
    let (loaded, old) = compile::read(job, files, out);
    let done = adopt(args, job, (&loaded, &old), terminal, files, out);
    (loaded, done)
}

fn adopt(
    args: &AdoptArgs,
    job: &Job<'_>,
    (loaded, old): (&Loaded, &Lock),
    terminal: &Terminal,
    files: &mut Files,
    out: &mut Diagnostics,
) -> Option<String> {
    let rules = load::read(&args.rules, files, out);
    let certificates: Vec<Option<FileId>> = args.certificates.iter().map(|path| load::read(path, files, out)).collect();
    let request = adopt::Request {
        rack: args.rack.clone(),
        router: if args.internal { Router::Internal } else { Router::Public },
        port: if args.port == "80" { 80 } else { 443 },
        rules: rules?,
        certificates: certificates.into_iter().collect::<Option<_>>()?,
    };
    let adopted = rackform::adopt(&compile::input(job, files, loaded, old), &request, out).ok()?;
    let before = loaded.lock.map(|lock| files.whole(lock));
    let lock = LockChange { path: &loaded.lock_path, before: before.as_deref(), after: &adopted.lock.to_text() };
    if let Err(fault) = write_lock(&lock) {
        out.report(unwritten("the lock", "adopt", &fault));
        return None;
    }
    let details = if terminal.verbose { details(&request, &adopted) } else { String::new() };
    Some(details + &summary(&request, &adopted))
}

/// A line for each rule of the listener as the lock has it now, by number.
fn details(request: &adopt::Request, adopted: &Adopted) -> String {
    let joined = |hosts: &[Host]| hosts.iter().map(Host::shown).collect::<Vec<_>>().join(", ");
    let ours = adopted.lock.rules_on(&adopted.rack, request.router);
    let ours = ours.map(|(key, rule)| (rule.priority, format!("{}/{}: {}", key.app, key.service, joined(&rule.hosts))));
    let others = adopted.lock.strangers_on(&adopted.rack, request.router).filter(|(_, _, port, _)| *port == request.port);
    let others = others.map(|key| {
        let hosts = &adopted.lock.strangers[key];
        (key.3, format!("others: {}", if hosts.is_empty() { "more than hosts".to_owned() } else { joined(hosts) }))
    });
    let rules: BTreeMap<u32, String> = ours.chain(others).collect();
    let lines: Vec<String> = rules.iter().map(|(number, rule)| format!("{number:>5} {rule}\n")).collect();
    lines.concat()
}

fn summary(request: &adopt::Request, adopted: &Adopted) -> String {
    let certificates = adopted.certificates.map_or(String::new(), |count| format!(" and {}", counted(count, "certificate")));
    format!(
        "port {} of the {} router of `{}`: {} of ours, {} of them new to the lock, and {}{certificates} of others",
        request.port,
        request.router.word(),
        adopted.rack,
        counted(adopted.new + adopted.known, "rule"),
        adopted.new,
        counted(adopted.strangers, "rule"),
    )
}
