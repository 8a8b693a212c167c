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
pub mod words;
pub mod write;

use std::sync::LazyLock;

use adopt::Adopted;
use allocate::Allocation;
use diagnostics::{Diagnostics, Reported};
use fleet::{AppSource, Draft, Fleet, Promises, RackSpec};
use forecast::Forecast;
use index::Index;
use lock::Lock;
use output::{Collected, OutputFile, Taker};
use placement::Change;
use placement::packing::Bound;
use progress::{Progress, Stage};
use resolve::Resolver;
use source::Files;
use threads::Threads;
use transition::Way;

/// What a compile makes.
#[derive(Debug)]
pub struct Compiled {
    /// Templates, parameters, the list of stacks and the script that deploys them.
    pub files: Vec<OutputFile>,
    /// The lock.
    pub lock: Lock,
    /// Its text.
    pub lock_text: String,
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

/// Begin to make what every run needs and what depends on no input, while files are read.
pub fn warm_up() {
    Threads::beside(|| {
        LazyLock::force(&schema::CONVOX_SCHEMA);
        render::warm_up();
    });
}

/// Read the manifests and put the fleet together, as far as that can be done.
fn draft(threads: Threads, input: &Input<'_>, out: &mut Diagnostics) -> Result<Draft, Reported> {
    if !input.is_whole {
        for app in input.apps {
            manifest::read(input.files, app.file, &app.variables, out);
        }
        out.settle(())?;
    }
    Ok(fleet::assemble(input.files, input.racks, input.apps, threads, input.progress, out))
}

/// The same while somebody reads the lock, which no manifest needs; the input may still lack it.
pub fn draft_beside(
    threads: Threads,
    input: &Input<'_>,
    lock: impl FnOnce(&mut Diagnostics) -> Lock + Send,
    out: &mut Diagnostics,
) -> (Result<Draft, Reported>, Lock) {
    let mut beside = out.part();
    let (draft, lock) = threads.both(input.apps.len(), || draft(threads, input, out), || lock(&mut beside));
    // Whoever can't trust the lock is not told what else there is to say of racks.
    let draft = draft.map(|draft| Draft { is_found: draft.is_found && !beside.has_errors(), ..draft });
    out.take_in(beside);
    (draft, lock)
}

/// Take what stands on a listener into the lock: a pure function of its input.
pub fn adopt(input: &Input<'_>, request: &adopt::Request, out: &mut Diagnostics) -> Result<Adopted, Reported> {
    let draft = draft(Threads::available(), input, out)?;
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
    let ready = prepare(threads, input, out)?;
    let collected = Collected::default();
    let index = ready.emit(threads, &collected, out)?;
    let files = collected.in_order(&index);
    let Ready { counts, phases, bound, forecast, lock_text, decided, .. } = ready;
    Ok(Compiled { files, lock: decided.allocation.lock, lock_text, counts, bound, forecast, phases })
}

/// A fleet of which everything is known but the text of its stacks.
#[derive(Debug)]
pub struct Ready<'a> {
    /// How many racks, apps and rules there are.
    pub counts: (usize, usize, usize),
    /// How many racks the apps need at the least, where they were placed from scratch.
    pub bound: Option<Bound>,
    /// How full the routers are.
    pub forecast: Forecast,
    /// In how many phases they are deployed.
    pub phases: usize,
    /// The text of the lock.
    pub lock_text: String,
    decided: Decided,
    way: Way,
    input: &'a Input<'a>,
}

/// Everything of a compile that comes before its text.
pub fn prepare<'a>(threads: Threads, input: &'a Input<'a>, out: &mut Diagnostics) -> Result<Ready<'a>, Reported> {
    let draft = draft(threads, input, out)?;
    prepare_draft(threads, draft, input, out)
}

/// The same from manifests that are put together.
pub fn prepare_draft<'a>(threads: Threads, draft: Draft, input: &'a Input<'a>, out: &mut Diagnostics) -> Result<Ready<'a>, Reported> {
    let mut decided = decide_draft(threads, draft, input, out)?;
    input.progress.begin(Stage::Ordering, 0);
    let Decided { fleet, allocation, .. } = &decided;
    let (way, lock_text) =
        threads.both(fleet.apps.len(), || transition::way(fleet, allocation, threads, out), || allocation.lock.to_text());
    out.settle(())?;
    let forecast = forecast::forecast(&decided.fleet, &decided.allocation.ledger);
    forecast.report(out);
    let counts = (decided.fleet.racks.len(), decided.allocation.lock.apps.len(), decided.allocation.rules.len());
    Ok(Ready { counts, bound: decided.bound.take(), forecast, phases: way.phases.len(), lock_text, decided, way, input })
}

impl Ready<'_> {
    /// Make templates, parameters, the list of stacks and the script that deploys them, each of which is taken as
    /// soon as it is made.
    pub fn emit(&self, threads: Threads, taker: &dyn Taker, out: &mut Diagnostics) -> Result<Index, Reported> {
        let Decided { fleet, allocation, .. } = &self.decided;
        let source = lower::Source::new(fleet, allocation, self.input.fleet_source, self.input.files);
        let steps = lower::steps(&self.way);
        output::output(&steps, |step| source.place(step), |step| source.given(step), threads, self.input.progress, taker, out)
    }
}

/// What a fleet is to be, before anybody asks how to get there.
#[derive(Debug)]
pub struct Decided {
    /// Racks, and apps on them.
    pub fleet: Fleet,
    /// Rules with their numbers, certificates, and the lock.
    pub allocation: Allocation,
    /// How many racks the apps need at the least, where they were placed from scratch.
    bound: Option<Bound>,
}

/// Check everything that `compile` checks of a fleet itself, and decide what it is to be.
pub fn decide(threads: Threads, input: &Input<'_>, out: &mut Diagnostics) -> Result<Decided, Reported> {
    let draft = draft(threads, input, out)?;
    decide_draft(threads, draft, input, out)
}

fn decide_draft(threads: Threads, draft: Draft, input: &Input<'_>, out: &mut Diagnostics) -> Result<Decided, Reported> {
    // Stages go on after errors, so that one run reports everything; nothing is lowered then.
    input.progress.begin(Stage::Placing, 0);
    let placement = placement::place(&draft, input.lock, input.change, threads, out);
    let fleet = draft.settle(&placement.open, &placement.homes, input.racks, out);
    let routes = routes::routes(&fleet, out);
    let mut beside = out.part();
    let (allocation, ()) = threads.both(
        fleet.apps.len(),
        || {
            let allocation = allocate::allocate(&fleet, &routes, &placement.apps, input.lock, threads, out);
            expect::check(&fleet, &allocation, &input.promises.expect, out);
            allocation
        },
        || {
            routes::check(&fleet, &routes, input.promises, &mut beside);
            compute::check(&fleet, &mut beside);
            ports::check(&fleet, &mut beside);
        },
    );
    out.take_in(beside);
    out.settle(())?;
    Ok(Decided { fleet, allocation, bound: placement.bound })
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
