//! What a compile changes: the output of before held against the output of now. Both are read from
//! their texts, so a plan says what CloudFormation will be told and not what was meant.
//!
//! A pure function of texts and of how full the routers are; whoever prints it chooses the form.

mod changes;
mod details;
mod emitted;
mod exports;
mod holdings;
mod hosts;
mod reach;
mod replacement;
mod resources;
mod risks;
mod routers;
mod summary;
mod time;

pub use emitted::{Output, Unreadable};
pub use holdings::{Holdings, RuleAt};
pub use replacement::Recreates;

use changes::Compared;
use serde::Serialize;

use crate::forecast::Forecast;
use crate::threads::Threads;

/// Version of the JSON form.
pub const VERSION: u32 = 1;

/// Everything that a reviewer decides on, in the order in which it is told.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Version of this form.
    pub version: u32,
    /// What it was held against, in the words of whoever asked: a folder or a revision.
    pub against: String,
    /// Whether anything changes.
    pub is_change: bool,
    /// How much of what.
    pub summary: Summary,
    /// What may go wrong, the worst first.
    pub risks: Vec<Risk>,
    /// Hosts that somebody else answers now, or nobody, or for the first time.
    pub hosts: Vec<HostChange>,
    /// How full each router is.
    pub routers: Vec<RouterUse>,
    /// What a typical app asks for, in words.
    pub typical: String,
    /// The stacks that change, in the order of their deployment, each once a phase.
    pub stacks: Vec<StackChange>,
    /// The passes over the stacks.
    pub phases: Vec<Phase>,
    /// Who answers what once all is deployed; for pictures.
    #[serde(skip)]
    pub routing: Vec<Routed>,
}

/// Counts of what changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Stacks that are made, updated, and left to be deleted by somebody.
    pub stacks: Counts,
    /// Resources that are added, changed in place, replaced and removed.
    pub resources: ResourceCounts,
    /// Hosts that begin to be answered, cease, or are answered by another app, service or rack.
    pub hosts: HostCounts,
    /// Seconds that the deployment takes, from when all goes well to when all is slow.
    pub seconds: Seconds,
}

/// Counts of stacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Made.
    pub create: usize,
    /// Updated.
    pub update: usize,
    /// No longer written; they stay until somebody deletes them.
    pub leave: usize,
    /// As they were.
    pub keep: usize,
}

/// Counts of resources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ResourceCounts {
    /// Made.
    pub add: usize,
    /// Changed in place.
    pub modify: usize,
    /// Made anew, certainly or perhaps.
    pub replace: usize,
    /// Deleted.
    pub remove: usize,
}

/// Counts of hosts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HostCounts {
    /// Answered for the first time.
    pub begin: usize,
    /// Answered no longer.
    pub cease: usize,
    /// Answered by another app.
    pub change_hands: usize,
    /// Answered by another service or rack of the same app, or over HTTP in another way.
    pub change: usize,
}

/// A span of time in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Seconds {
    /// When all goes well.
    pub least: u64,
    /// When all is slow.
    pub most: u64,
}

/// How bad a risk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Requests fail, or reach somebody else.
    High,
    /// Something is interrupted, waits, or may fail.
    Medium,
    /// Worth knowing.
    Low,
}

/// Something that may go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// How bad it is.
    pub level: Level,
    /// The stack or router that it is about, if there is one.
    pub at: Option<String>,
    /// What happens.
    pub what: String,
    /// What to do, or why it is so.
    pub help: Option<String>,
}

/// What becomes of a host on the routers of one scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostChange {
    /// The host or pattern.
    pub host: String,
    /// `public` or `internal`.
    pub router: &'static str,
    /// What becomes of it.
    pub change: HostFate,
    /// Who answered on port 443 before, a line for each rack.
    pub before: Vec<Answerer>,
    /// Who answers now.
    pub after: Vec<Answerer>,
}

/// What becomes of a host, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HostFate {
    /// Another app answers.
    ChangesHands,
    /// Nobody answers any more.
    Ceases,
    /// The same app answers on another rack, so that DNS must change.
    ChangesRack,
    /// It is also answered on another rack, while an app moves.
    Spreads,
    /// Another service of the same app answers.
    ChangesService,
    /// Port 80 forwards where it redirected, or the other way round.
    ChangesHttp,
    /// It is answered for the first time.
    Begins,
}

/// Who answers a host on one rack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Answerer {
    /// The rack.
    pub rack: String,
    /// The app.
    pub app: String,
    /// The service.
    pub service: String,
    /// Whether port 80 forwards too instead of redirecting.
    pub http: bool,
}

/// How full a router is: rules, target groups and certificates, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouterUse {
    /// Its rack.
    pub rack: String,
    /// `public` or `internal`.
    pub router: &'static str,
    /// Whether the rack is opened by this change.
    pub is_new: bool,
    /// Of each kind.
    pub kinds: [KindUse; 3],
    /// Typical apps that fit with the headroom left free; none where they ask nothing of it.
    pub fit: Option<usize>,
    /// Whether one more typical app has no room.
    pub is_full: bool,
}

/// How much of one kind stands on a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KindUse {
    /// `rules`, `target groups` or `certificates`.
    pub kind: &'static str,
    /// Before.
    pub before: usize,
    /// At the most while the stacks are updated.
    pub peak: usize,
    /// Once all is deployed.
    pub after: usize,
    /// The quota.
    pub quota: usize,
    /// Whether it runs out first.
    pub binds: bool,
}

/// What becomes of a stack in a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StackChange {
    /// Its name.
    pub stack: String,
    /// `rack` or `app`.
    pub kind: String,
    /// The rack.
    pub rack: String,
    /// The app, for a stack of one.
    pub app: Option<String>,
    /// The phase, counted from one; none for a stack that is left.
    pub phase: Option<usize>,
    /// What becomes of it.
    pub change: StackFate,
    /// Path of the template in the output folder.
    pub template: String,
    /// Parameters with another value.
    pub parameters: Vec<ParameterChange>,
    /// Parameters that whoever deploys must give.
    pub required: Vec<String>,
    /// Resources, the most dangerous first.
    pub resources: Vec<ResourceChange>,
    /// Exports that appear, vanish or change.
    pub exports: Vec<ExportChange>,
    /// Seconds that it takes.
    pub seconds: Seconds,
}

/// What becomes of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StackFate {
    /// It is made.
    Create,
    /// It is updated.
    Update,
    /// It is no longer written and stays until somebody deletes it.
    Leave,
}

/// Another value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParameterChange {
    /// Its name.
    pub name: String,
    /// The value of before; none where whoever deploys gave it.
    pub before: Option<String>,
    /// The value of now.
    pub after: Option<String>,
}

/// What becomes of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportChange {
    /// Its name.
    pub name: String,
    /// `add`, `modify`, `maybe_modify` where only the account knows whether it does, or `remove`.
    pub change: &'static str,
    /// Stacks that import it at that moment; CloudFormation refuses to change or remove what is imported.
    pub imported_by: Vec<String>,
}

/// What becomes of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResourceChange {
    /// Its logical ID.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What becomes of it.
    pub change: ResourceFate,
    /// Whether it is made anew.
    pub replacement: Recreates,
    /// The properties and attributes that change.
    pub properties: Vec<PropertyChange>,
    /// Resources and parameters whose change reaches it.
    pub because: Vec<String>,
    /// Whether only the account knows if it changes at all: everything that changes of it takes the place of what
    /// whoever deployed gave.
    pub is_unsure: bool,
    /// What the change means while it happens; none where nothing is interrupted.
    pub effect: Option<&'static str>,
}

/// What becomes of a resource, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceFate {
    /// It is made anew, certainly or perhaps, and the old one is deleted.
    Replace,
    /// It is deleted.
    Remove,
    /// It changes in place.
    Modify,
    /// It is made.
    Add,
}

/// Another value of a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PropertyChange {
    /// Its name, such as `Port`, or that of an attribute of the resource, such as `Metadata`.
    pub name: String,
    /// Whether this makes the resource anew.
    pub recreates: Recreates,
    /// What differs inside of it, as far as it is shown.
    pub details: Vec<Detail>,
}

/// A difference inside of a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// Where: empty for the whole property, else such as `[0].HostHeaderConfig.Values`.
    pub path: String,
    /// The value of before as JSON; none where there was none.
    pub before: Option<String>,
    /// The value of now.
    pub after: Option<String>,
}

/// A pass over stacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Phase {
    /// Its number, from one.
    pub phase: usize,
    /// The stacks that change in it, in their order.
    pub stacks: Vec<String>,
    /// Seconds that it takes.
    pub seconds: Seconds,
}

/// The hosts of one service on one router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    /// The rack.
    pub rack: String,
    /// `public` or `internal`.
    pub router: &'static str,
    /// The app.
    pub app: String,
    /// The service.
    pub service: String,
    /// Its hosts, sorted, with their ports.
    pub hosts: Vec<(String, Vec<u16>)>,
}

/// Hold an output against one of before.
pub fn plan(against: &str, before: &Output<'_>, after: &Output<'_>, forecast: &Forecast, threads: Threads) -> Result<Plan, Unreadable> {
    let pairs = changes::pairs(before, after)?;
    let compared: Vec<Compared> = threads.map(&pairs, changes::compare).into_iter().collect::<Result<_, _>>()?;
    let hosts = hosts::hosts(&compared);
    let routers = routers::routers(&compared, forecast);
    let routing = hosts::routing(&compared);
    let (stacks, phases) = changes::in_order(&compared);
    let risks = risks::risks(&stacks, &phases, &hosts, &routers, &compared);
    let summary = summary::summary(&stacks, &phases, &hosts, &compared);
    Ok(Plan {
        version: VERSION,
        against: against.to_owned(),
        is_change: !stacks.is_empty(),
        summary,
        risks,
        hosts,
        routers,
        typical: forecast.typical.to_string(),
        stacks,
        phases,
        routing,
    })
}
