//! A plan as the page shows it: words, numbers and places, in the order of the page.

use std::collections::BTreeMap;

use serde::Serialize;

use super::drawing::{self, Drawing};
use super::finder::finder;
use super::stacks::{self, Count, FATES, StackView};
use crate::plan::{HostChange, HostFate, KindUse, Level, Plan, ResourceFate, Risk, RouterUse, StackFate};
use crate::report::bars;
use crate::report::picture::picture;
use crate::report::words::{self, counted};

/// Hosts that stand in the page; the search finds all of them.
const HOSTS: usize = 100;
/// Routers that are shown: those that are full or to which something happens, if there are so many. Others are folded
/// away.
const ROUTERS: usize = 12;
/// Risks that are shown; high ones all are.
const RISKS: usize = 25;
/// Parts of a bar.
const BAR: usize = 1000;

/// All that the template prints.
#[derive(Debug, Serialize)]
pub(super) struct Page<'a> {
    verdict: String,
    class: &'static str,
    against: &'a str,
    is_change: bool,
    tiles: Vec<Tile>,
    risks: Vec<RiskView<'a>>,
    more_risks: Vec<RiskView<'a>>,
    hosts: Vec<HostView<'a>>,
    more_hosts: usize,
    all_hosts: usize,
    data: String,
    routers: Vec<RouterView<'a>>,
    more_routers: Vec<RouterView<'a>>,
    typical: &'a str,
    drawing: Option<Drawing>,
    phases: Vec<PhaseView<'a>>,
    left: Vec<StackView<'a>>,
}

/// A number of the summary, and what it is made of.
#[derive(Debug, Serialize)]
struct Tile {
    name: &'static str,
    total: String,
    counts: Vec<Count>,
    note: String,
}

#[derive(Debug, Serialize)]
struct RiskView<'a> {
    class: &'static str,
    word: &'static str,
    /// The stack or router, where the sentence does not name it, and the stack to go to.
    at: Option<&'a str>,
    stack: Option<usize>,
    what: &'a str,
    help: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct HostView<'a> {
    host: &'a str,
    router: &'static str,
    class: &'static str,
    before: Vec<String>,
    after: Vec<String>,
    what: &'static str,
}

#[derive(Debug, Serialize)]
struct RouterView<'a> {
    rack: &'a str,
    router: &'static str,
    is_new: bool,
    is_full: bool,
    room: String,
    kinds: Vec<KindView>,
}

/// A bar: what stands, what stands at the peak, and what stood, in thousandths of the quota.
#[derive(Debug, Serialize)]
struct KindView {
    name: &'static str,
    class: &'static str,
    after: usize,
    quota: usize,
    words: String,
    filled: usize,
    peak: usize,
    mark: Option<usize>,
    binds: bool,
}

#[derive(Debug, Serialize)]
struct PhaseView<'a> {
    name: String,
    time: String,
    stacks: Vec<StackView<'a>>,
}

/// What the page shows of a plan.
pub(super) fn page(plan: &Plan) -> Page<'_> {
    let (data, all_hosts) = finder(plan);
    let mut routers: Vec<&RouterUse> = plan.routers.iter().collect();
    if routers.len() > ROUTERS {
        routers.sort_by_key(|one| (!one.is_full, !bars::is_changed(one))); // stable
    }
    let more_routers = routers.split_off(routers.len().min(ROUTERS));
    let mut risks = risks(plan);
    let shown = risks.iter().take_while(|risk| risk.class == "high").count().max(RISKS).min(risks.len());
    let more_risks = risks.split_off(shown);
    let (verdict, class) = verdict(plan);
    let stacks = || plan.stacks.iter().enumerate();
    Page {
        verdict,
        class,
        against: &plan.against,
        is_change: plan.is_change,
        tiles: if plan.is_change { tiles(plan) } else { Vec::new() },
        risks,
        more_risks,
        hosts: plan.hosts.iter().take(HOSTS).map(host).collect(),
        more_hosts: plan.hosts.len().saturating_sub(HOSTS),
        all_hosts,
        data,
        routers: routers.into_iter().map(router).collect(),
        more_routers: more_routers.into_iter().map(router).collect(),
        typical: &plan.typical,
        drawing: drawing::drawing(&picture(plan)),
        phases: plan
            .phases
            .iter()
            .map(|phase| PhaseView {
                name: if plan.phases.len() > 1 { format!("Phase {}", phase.phase) } else { String::new() },
                time: words::time(phase.seconds),
                stacks: stacks().filter(|(_, one)| one.phase == Some(phase.phase)).map(|(id, one)| stacks::stack(id, one)).collect(),
            })
            .collect(),
        left: stacks().filter(|(_, one)| one.change == StackFate::Leave).map(|(id, one)| stacks::stack(id, one)).collect(),
    }
}

/// The heading, and how loud it is.
fn verdict(plan: &Plan) -> (String, &'static str) {
    let of = |level: Level| plan.risks.iter().filter(|risk| risk.level == level).count();
    if !plan.is_change {
        return (format!("Nothing changes, {} as before", counted(plan.summary.stacks.keep, "stack")), "calm");
    }
    let stacks = plan.summary.stacks;
    let changed = stacks.create + stacks.update + stacks.leave;
    let verb = if changed == 1 { "changes" } else { "change" };
    let start = format!("{} {verb}", counted(changed, "stack"));
    match (of(Level::High), of(Level::Medium)) {
        (0, 0) => (format!("{start}, nothing at risk"), "calm"),
        (0, medium) => (format!("{start}, with {}", counted(medium, "risk")), "medium"),
        (high, _) => (format!("{start}, with {}", counted(high, "high risk")), "high"),
    }
}

fn tiles(plan: &Plan) -> Vec<Tile> {
    let summary = &plan.summary;
    let (stacks, resources, hosts) = (summary.stacks, summary.resources, summary.hosts);
    let some = |list: &[(usize, &'static str, &'static str)]| -> Vec<Count> {
        list.iter().filter(|(count, _, _)| *count > 0).map(|(count, word, class)| Count { number: *count, word, class }).collect()
    };
    let of = |fate: ResourceFate| match fate {
        ResourceFate::Replace => resources.replace,
        ResourceFate::Remove => resources.remove,
        ResourceFate::Modify => resources.modify,
        ResourceFate::Add => resources.add,
    };
    let hands = if hosts.change_hands == 1 { "changes hands" } else { "change hands" };
    vec![
        Tile {
            name: "Hosts answered in another way",
            total: (hosts.begin + hosts.cease + hosts.change + hosts.change_hands).to_string(),
            counts: some(&[
                (hosts.change_hands, hands, "replace"),
                (hosts.cease, "no longer", "remove"),
                (hosts.change, "by another service or rack", "modify"),
                (hosts.begin, "for the first time", "add"),
            ]),
            note: String::new(),
        },
        Tile {
            name: "Stacks",
            total: (stacks.create + stacks.update + stacks.leave).to_string(),
            counts: some(&[
                (stacks.leave, "left to be deleted", "remove"),
                (stacks.update, "updated", "modify"),
                (stacks.create, "made", "add"),
            ]),
            note: if stacks.keep > 0 { format!("{} as before", stacks.keep) } else { String::new() },
        },
        Tile {
            name: "Resources",
            total: FATES.iter().map(|(fate, _, _)| of(*fate)).sum::<usize>().to_string(),
            counts: stacks::counts(of),
            note: String::new(),
        },
        Tile {
            name: "Deployment takes",
            total: if plan.phases.is_empty() { "no time".to_owned() } else { words::time(summary.seconds) },
            counts: Vec::new(),
            note: if plan.phases.len() > 1 { format!("in {} phases", plan.phases.len()) } else { String::new() },
        },
    ]
}

fn risks(plan: &Plan) -> Vec<RiskView<'_>> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, stack) in plan.stacks.iter().enumerate() {
        places.entry(&stack.stack).or_insert(at);
    }
    let view = |risk: &'_ Risk| {
        let (class, word) = match risk.level {
            Level::High => ("high", "High risk"),
            Level::Medium => ("medium", "Risk"),
            Level::Low => ("low", "Note"),
        };
        (class, word, risk.at.as_ref().and_then(|at| places.get(at.as_str()).copied()))
    };
    plan.risks
        .iter()
        .map(|risk| {
            let (class, word, stack) = view(risk);
            let is_told = |at: &&str| stack.is_some() || !risk.what.contains(&format!("`{at}`"));
            RiskView { class, word, at: risk.at.as_deref().filter(is_told), stack, what: &risk.what, help: risk.help.as_deref() }
        })
        .collect()
}

fn host(change: &HostChange) -> HostView<'_> {
    let who = |list: &[crate::plan::Answerer]| list.iter().map(|one| words::answerers(std::slice::from_ref(one), true)).collect();
    HostView {
        host: &change.host,
        router: change.router,
        class: match change.change {
            HostFate::ChangesHands | HostFate::Ceases => "replace",
            HostFate::ChangesRack | HostFate::Spreads | HostFate::ChangesService | HostFate::ChangesHttp => "modify",
            HostFate::Begins => "add",
        },
        before: who(&change.before),
        after: who(&change.after),
        what: words::fate(change.change),
    }
}

fn router(router: &RouterUse) -> RouterView<'_> {
    RouterView {
        rack: &router.rack,
        router: router.router,
        is_new: router.is_new,
        is_full: router.is_full,
        room: match router.fit {
            Some(0) => "no room for one more typical app".to_owned(),
            Some(fit) => format!("room for {} more", counted(fit, "typical app")),
            None => String::new(),
        },
        kinds: router.kinds.iter().map(|one| kind(one, router.is_new)).collect(),
    }
}

fn kind(kind: &KindUse, is_new: bool) -> KindView {
    let cells = |count: usize| bars::cells(count, kind, BAR);
    KindView {
        name: kind.kind,
        class: match kind.peak.max(kind.after) * 100 / kind.quota.max(1) {
            90.. => "full",
            75.. => "much",
            _ => "fine",
        },
        after: kind.after,
        quota: kind.quota,
        words: bars::in_words(kind, is_new),
        filled: cells(kind.after),
        peak: cells(kind.peak.max(kind.after)),
        mark: (kind.before != kind.after && !is_new).then(|| cells(kind.before)),
        binds: kind.binds,
    }
}
