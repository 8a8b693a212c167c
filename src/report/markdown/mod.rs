//! A plan as the comment of a pull request: what matters most first, and shortened by what matters least.

mod inline;
mod mermaid;
mod share;
mod stacks;

use std::fmt::Write as _;

use inline::{cell, code, prose};
use share::{fit, share};

use crate::plan::{Answerer, HostChange, HostFate, KindUse, Level, Phase, Plan, Risk, RouterUse};
use crate::report::bars;
use crate::report::picture::picture;
use crate::report::words::{self, counted};

/// Bytes of a comment. GitHub takes 65,536 characters; the rest is for whoever posts it, to mark it as theirs.
const MOST: usize = 65_000;
/// Cells of a bar.
const BAR: usize = 10;

/// A section: what it prints of a plan into so many bytes.
type Section = fn(&Plan, usize) -> String;

/// The sections in the order of their importance, which is that of the page, and the bytes that each gets at the least if it
/// wants them.
const SECTIONS: [(Section, usize); 6] =
    [(risks, 13_000), (hosts, 12_000), (routing, 8_000), (routers, 8_000), (phases, 3_000), (stacks::stacks, 18_000)];

/// The plan as GitHub's Markdown of at most 65,000 bytes. Nothing to do is one line.
pub fn markdown(plan: &Plan) -> String {
    if !plan.is_change {
        return format!("## Nothing changes against {}: {} as before\n", code(&plan.against), counted(plan.summary.stacks.keep, "stack"));
    }
    let mut page = head(plan);
    let wants = SECTIONS.map(|(section, _)| section(plan, MOST).len()); // more than all is as much as all
    let fair = SECTIONS.map(|(_, fair)| fair);
    let rooms = share(MOST.saturating_sub(page.len()), &wants, &fair);
    for ((section, _), room) in SECTIONS.iter().zip(rooms) {
        page.push_str(&section(plan, room));
    }
    page
}

/// The verdict and how much changes.
fn head(plan: &Plan) -> String {
    let of = |level: Level| plan.risks.iter().filter(|risk| risk.level == level).count();
    let (high, medium) = (of(Level::High), of(Level::Medium));
    let stacks = plan.summary.stacks;
    let changed = stacks.create + stacks.update + stacks.leave;
    let verdict = match (high, medium) {
        (0, 0) => "nothing at risk".to_owned(),
        (0, medium) => counted(medium, "risk"),
        (high, _) => counted(high, "high risk"),
    };
    let verb = if changed == 1 { "changes" } else { "change" };
    let mut head = format!("## {} {verb}: {verdict}\n\nAgainst {}:\n\n", counted(changed, "stack"), code(&plan.against));
    // The heading says how many stacks change.
    for line in words::summary(plan) {
        let line = line.split_once(&format!(" {verb}: ")).map_or(line.clone(), |(_, parts)| format!("stacks: {parts}"));
        let _ = writeln!(head, "- {}", prose(&line));
    }
    head
}

/// What is not told of a list.
fn more(hidden: usize, word: &str) -> String {
    format!("… {} more; the whole plan: `rackform plan --format text --verbose`\n", counted(hidden, word))
}

fn risks(plan: &Plan, room: usize) -> String {
    let mut level = None;
    let one = |one: &Risk| {
        let head = if level.replace(one.level) == Some(one.level) { String::new() } else { alert(plan, one.level) };
        head + &risk(one)
    };
    fit(plan.risks.iter().map(one), room, |hidden| format!("\n{}", more(hidden, "risk")))
}

/// The head of the risks of a level.
fn alert(plan: &Plan, level: Level) -> String {
    let count = plan.risks.iter().filter(|risk| risk.level == level).count();
    let (alert, words) = match level {
        Level::High => ("CAUTION", counted(count, "high risk")),
        Level::Medium => ("WARNING", counted(count, "risk")),
        Level::Low => ("NOTE", "Also worth knowing".to_owned()),
    };
    format!("\n> [!{alert}]\n> **{words}**\n>\n")
}

fn risk(risk: &Risk) -> String {
    let at = risk.at.as_ref().filter(|at| !risk.what.contains(&format!("`{at}`")));
    let at = at.map(|at| format!("{}: ", code(at))).unwrap_or_default();
    let what = prose(risk.what.trim()); // before a space, asterisks mean nothing
    let what = if risk.level == Level::High { format!("**{what}**") } else { what };
    let help = risk.help.as_ref().map(|help| format!("<br/>{}", prose(help))).unwrap_or_default();
    format!("> - {at}{what}{help}\n")
}

fn hosts(plan: &Plan, room: usize) -> String {
    if plan.hosts.is_empty() {
        return String::new();
    }
    let head = "\n### Hosts\n\n| host | before | after | |\n| --- | --- | --- | --- |\n".to_owned();
    fit_below(head, plan.hosts.iter().map(host), room, "host")
}

/// A section with a heading and a list; nothing if there is not even room for the heading.
fn fit_below<E>(head: String, entries: E, room: usize, word: &str) -> String
where
    E: IntoIterator<Item = String, IntoIter: ExactSizeIterator>,
{
    // In a table a line of text would be a row.
    let list = fit(entries, room.saturating_sub(head.len()), |hidden| format!("\n{}", more(hidden, word)));
    if list.is_empty() { String::new() } else { head + &list }
}

fn host(change: &HostChange) -> String {
    let racks = words::is_about_racks(change.change);
    let who = |list: &[Answerer]| {
        let names: Vec<String> = list.iter().map(|one| answerer(one, racks || list.len() > 1)).collect();
        if names.is_empty() { "nobody".to_owned() } else { names.join("<br/>") }
    };
    let internal = if change.router == "internal" { " (internal)" } else { "" };
    let (host, after, fate) = (cell(&change.host), who(&change.after), words::fate(change.change));
    let before = if change.change == HostFate::Begins { "–".to_owned() } else { who(&change.before) };
    match change.change {
        HostFate::ChangesHands | HostFate::Ceases => format!("| **{host}**{internal} | {before} | **{after}** | **{fate}** |\n"),
        _ => format!("| {host}{internal} | {before} | {after} | {fate} |\n"),
    }
}

fn answerer(one: &Answerer, with_rack: bool) -> String {
    let rack = if with_rack { format!(" on {}", cell(&one.rack)) } else { String::new() };
    format!("{}{rack}{}", cell(&format!("{}/{}", one.app, one.service)), if one.http { " (HTTP too)" } else { "" })
}

fn routing(plan: &Plan, room: usize) -> String {
    let picture = picture(plan);
    if picture.routers.is_empty() {
        return String::new();
    }
    // Where nobody else answers, the picture is there for whoever asks for it.
    let (open, close) = if plan.hosts.is_empty() {
        ("\n<details><summary>Routing, which does not change</summary>\n\n", "\n</details>\n")
    } else {
        ("\n### Routing\n\n", "")
    };
    let (open, close) = (format!("{open}```mermaid\n"), format!("```\n{close}"));
    let chart = mermaid::mermaid(&picture, room.saturating_sub(open.len() + close.len()));
    chart.map_or_else(String::new, |chart| open + &chart + &close)
}

fn routers(plan: &Plan, room: usize) -> String {
    if plan.routers.is_empty() {
        return String::new();
    }
    let typical = format!("\nA typical app asks for {}.\n", prose(&plan.typical));
    let head =
        "\n### Routers\n\n| router | rules | target groups | certificates | room for |\n| --- | --- | --- | --- | --- |\n".to_owned();
    // Those that are full or change come first where there is no room for all.
    let mut all: Vec<&RouterUse> = plan.routers.iter().collect();
    if all.iter().map(|one| router(one).len()).sum::<usize>() + head.len() + typical.len() > room {
        all.sort_by_key(|one| (!one.is_full, !bars::is_changed(one)));
    }
    let table = fit_below(head, all.into_iter().map(router), room.saturating_sub(typical.len()), "router");
    if table.is_empty() { table } else { table + &typical }
}

fn router(router: &RouterUse) -> String {
    let new = if router.is_new { " (new)" } else { "" };
    let room = match router.fit {
        Some(0) => "**no typical app**".to_owned(),
        Some(fit) => counted(fit, "typical app"),
        None => "–".to_owned(),
    };
    let [rules, target_groups, certificates] = router.kinds.each_ref().map(|kind| use_of(kind, router.is_new));
    let name = cell(&format!("{}/{}", router.rack, router.router));
    format!("| {name}{new} | {rules} | {target_groups} | {certificates} | {room} |\n")
}

/// `██████▒░░░ 17 of 20, 16 before, 18 during the update`.
fn use_of(kind: &KindUse, is_new: bool) -> String {
    let cells = |count: usize| bars::cells(count, kind, BAR);
    let (held, peak) = (cells(kind.after), cells(kind.peak.max(kind.after)));
    let bar = format!("{}{}{}", "█".repeat(held), "▒".repeat(peak - held), "░".repeat(BAR - peak));
    let words = bars::in_words(kind, is_new);
    let over = if kind.peak > kind.quota { ", **over the quota**" } else { "" };
    if kind.binds { format!("{bar} **{words}**{over}") } else { format!("{bar} {words}{over}") }
}

fn phases(plan: &Plan, room: usize) -> String {
    let all = &plan.phases;
    if all.len() < 2 {
        return String::new(); // the stacks are told in their order
    }
    let head = "\n### Phases\n\n".to_owned();
    let line = |phase: &Phase, room: usize| {
        let start = format!("**Phase {}**, {}: ", phase.phase, words::time(phase.seconds));
        let names = phase.stacks.iter().enumerate().map(|(at, stack)| format!("{}{}", if at > 0 { " → " } else { "" }, code(stack)));
        let list = fit(names, room.saturating_sub(start.len() + 2), |hidden| format!(" … {} more", counted(hidden, "stack")));
        format!("{start}{list}\n\n")
    };
    let whole: String = all.iter().map(|phase| line(phase, usize::MAX)).collect();
    let room = room.saturating_sub(head.len());
    if whole.len() <= room {
        return head + &whole;
    }
    fit_below(head, all.iter().map(|phase| line(phase, room / all.len())), room, "phase")
}
