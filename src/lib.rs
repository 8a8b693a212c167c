//! rackform: a compiler from `convox.yml` files to load-balanced CloudFormation stacks.
//!
//! Data flows one way: [`load`] reads files, [`fleet`] and [`manifest`] say what they mean,
//! [`routes`] which hosts lead where, [`allocate`] which rule carries each, [`expect`] holds that against what is
//! expected, [`compute`] says what runs behind them, [`lower`] what CloudFormation has to hear, [`render`] and [`output`] make text of it, and [`mod@write`] puts it on
//! the disk. Each stage reports to one sink of [`diagnostics`] and goes on for as long as it can.

pub mod adopt;
pub mod allocate;
pub mod answers;
pub mod compute;
pub mod demand;
pub mod diagnostics;
pub mod doctor;
pub mod document;
pub mod expect;
pub mod fix;
pub mod fleet;
pub mod forecast;
pub mod host;
pub mod index;
pub mod init;
pub mod load;
pub mod lock;
pub mod lower;
pub mod manifest;
pub mod mends;
pub mod output;
pub mod placement;
pub mod plan;
pub mod ports;
pub mod progress;
pub mod remedies;
pub mod render;
pub mod report;
pub mod resolve;
pub mod routes;
pub mod schema;
pub mod source;
pub mod threads;
pub mod transition;
pub mod verify;
pub mod write;

use adopt::Adopted;
use allocate::Allocation;
use compute::Task;
use diagnostics::{Diagnostics, Reported};
use fleet::{AppSource, Draft, Fleet, Promises, RackSpec};
use forecast::Forecast;
use lock::Lock;
use output::OutputFile;
use placement::Change;
use placement::packing::Bound;
use progress::{Progress, Stage};
use resolve::Resolver;
use source::Files;
use threads::Threads;

/// What a compile makes.
#[derive(Debug)]
pub struct Compiled {
    /// Templates, parameters, the list of stacks and the script that deploys them.
    pub files: Vec<OutputFile>,
    /// The lock.
    pub lock: Lock,
    /// How many racks, apps and rules there are.
    pub counts: (usize, usize, usize),
    /// How many racks the apps need at the least, where they were placed from scratch.
    pub bound: Option<Bound>,
    /// How full the routers are.
    pub forecast: Forecast,
    /// In how many phases they are deployed.
    pub phases: usize,
}

/// What a compile needs, all of it read.
#[derive(Debug)]
pub struct Input<'a> {
    /// The files that places point into.
    pub files: &'a Files,
    /// Racks that rackform.yml describes; without any there is one, called main.
    pub racks: &'a [RackSpec],
    /// Manifests.
    pub apps: &'a [AppSource],
    /// What rackform.yml promises of hosts.
    pub promises: &'a Promises,
    /// The lock of the last compile.
    pub lock: &'a Lock,
    /// What racks are written from, for comments.
    pub fleet_source: &'a str,
    /// What somebody asks of the placement.
    pub change: &'a Change,
    /// Whether all of rackform.yml could be read; where not, that was reported, and only what does
    /// not depend on it is checked.
    pub is_whole: bool,
    /// Who watches; nothing that is made depends on it.
    pub progress: &'a Progress,
}

/// Read the manifests and put the fleet together, as far as that can be done.
fn draft(input: &Input<'_>, threads: Threads, out: &mut Diagnostics) -> Result<Draft, Reported> {
    if !input.is_whole {
        for app in input.apps {
            manifest::read(input.files, app.file, &app.variables, out);
        }
        out.settle(())?;
    }
    Ok(fleet::assemble(input.files, input.racks, input.apps, threads, input.progress, out))
}

/// Take what stands on a listener into the lock: a pure function of its input.
pub fn adopt(input: &Input<'_>, request: &adopt::Request, out: &mut Diagnostics) -> Result<Adopted, Reported> {
    let draft = draft(input, Threads::available(), out)?;
    let adopted = adopt::adopt(input.files, &draft, request, input.lock, out);
    out.settle(())?;
    // Whoever refuses to answer has reported why.
    Ok(adopted.expect("nothing was wrong"))
}

/// Compile a fleet: a pure function of its input.
pub fn compile(input: &Input<'_>, out: &mut Diagnostics) -> Result<Compiled, Reported> {
    compile_on(Threads::available(), input, out)
}

/// The same on so many threads, whose number changes nothing but the time it takes.
pub fn compile_on(threads: Threads, input: &Input<'_>, out: &mut Diagnostics) -> Result<Compiled, Reported> {
    let Decided { fleet, allocation, tasks, bound } = decide(threads, input, out)?;
    input.progress.begin(Stage::Ordering, 0);
    let way = transition::way(&fleet, &allocation, out);
    out.settle(())?;
    let forecast = forecast::forecast(&fleet, &allocation.ledger);
    forecast.report(out);
    let source = lower::Source::new(&fleet, &allocation, &tasks, input.fleet_source, input.files);
    let files = output::output(&lower::steps(&way), |step| source.stack(step), threads, input.progress, out)?;
    let counts = (fleet.racks.len(), allocation.lock.apps.len(), allocation.rules.len());
    Ok(Compiled { files, lock: allocation.lock, counts, phases: way.phases.len(), bound, forecast })
}

/// What a fleet is to be, before anybody asks how to get there.
#[derive(Debug)]
pub struct Decided {
    /// Racks, and apps on them.
    pub fleet: Fleet,
    /// Rules with their numbers, certificates, and the lock.
    pub allocation: Allocation,
    /// What runs of each app.
    tasks: Vec<Vec<Task>>,
    /// How many racks the apps need at the least, where they were placed from scratch.
    bound: Option<Bound>,
}

/// Check everything that `compile` checks of a fleet itself, and decide what it is to be.
pub fn decide(threads: Threads, input: &Input<'_>, out: &mut Diagnostics) -> Result<Decided, Reported> {
    // Stages go on after errors, so that one run reports everything; nothing is lowered then.
    let draft = draft(input, threads, out)?;
    input.progress.begin(Stage::Placing, 0);
    let placement = placement::place(&draft, input.lock, input.change, out);
    let fleet = draft.settle(&placement.open, &placement.homes, input.racks, out);
    let routes = routes::routes(&fleet, input.promises, out);
    let allocation = allocate::allocate(&fleet, &routes, &placement.apps, input.lock, out);
    expect::check(&fleet, &allocation, &input.promises.expect, out);
    let tasks = compute::tasks(&fleet, out);
    ports::check(&fleet, out);
    out.settle(())?;
    Ok(Decided { fleet, allocation, tasks, bound: placement.bound })
}

impl Decided {
    /// Ask who answers at addresses.
    pub fn resolver(&self) -> Resolver<'_> {
        Resolver::new(&self.fleet, &self.allocation)
    }

    /// Every host of the fleet.
    pub fn hosts(&self) -> Vec<resolve::Entry> {
        resolve::list(&self.fleet, &self.allocation)
    }
}
