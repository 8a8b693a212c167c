//! A plan for a terminal, in colours that whoever prints it may take out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::bars;
use super::words::{self, counted};
use crate::plan::{
    HostChange, HostFate, KindUse, Level, Plan, PropertyChange, Recreates, ResourceChange, ResourceFate, RouterUse, StackChange, StackFate,
};

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a reviewer needs.
    Usual,
    /// Everything.
    All,
}

/// Lines of a list that are told unless everything is.
const MOST_RISKS: usize = 40;
const MOST_HOSTS: usize = 30;
const MOST_STACKS: usize = 40;
const MOST_ROUTERS: usize = 24;
/// Characters of a bar.
const BAR: usize = 20;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();

fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The plan: risks first, noise last. Nothing to do is one line.
pub fn text(plan: &Plan, detail: Detail) -> String {
    if !plan.is_change {
        return format!("nothing changes against {}: {} as before\n", plan.against, counted(plan.summary.stacks.keep, "stack"));
    }
    let mut page = format!("{}\n", styled(BOLD, format!("what changes against {}", plan.against)));
    for line in words::summary(plan) {
        let _ = writeln!(page, "  {line}");
    }
    risks(plan, detail, &mut page);
    hosts(plan, detail, &mut page);
    routers(plan, detail, &mut page);
    stacks(plan, detail, &mut page);
    page
}

fn title(name: &str, page: &mut String) {
    let _ = writeln!(page, "\n{}", styled(BOLD, name));
}

/// What is not told of a list.
fn more(left: usize, word: &str, page: &mut String) {
    if left > 0 {
        let _ = writeln!(page, "  {}", styled(DIM, format!("… and {} more; -v tells all", counted(left, word))));
    }
}

fn risks(plan: &Plan, detail: Detail, page: &mut String) {
    if plan.risks.is_empty() {
        return;
    }
    title("Risks", page);
    let most = if detail == Detail::All { usize::MAX } else { MOST_RISKS };
    for risk in plan.risks.iter().take(most) {
        let (style, word) = match risk.level {
            Level::High => (RED, "HIGH"),
            Level::Medium => (YELLOW, "medium"),
            Level::Low => (DIM, "low"),
        };
        let _ = writeln!(page, "  {} {}", styled(style, format!("{word:<6}")), risk.what);
        if let Some(help) = &risk.help {
            let _ = writeln!(page, "         {}", styled(DIM, help));
        }
    }
    more(plan.risks.len().saturating_sub(most), "risk", page);
}

fn hosts(plan: &Plan, detail: Detail, page: &mut String) {
    if plan.hosts.is_empty() {
        return;
    }
    title("Hosts", page);
    let most = if detail == Detail::All { usize::MAX } else { MOST_HOSTS };
    let shown: Vec<&HostChange> = plan.hosts.iter().take(most).collect();
    let width = shown.iter().map(|host| host.host.chars().count()).max().unwrap_or(0).min(60);
    for host in &shown {
        let (style, sign) = match host.change {
            HostFate::ChangesHands => (RED, "!"),
            HostFate::Ceases => (RED, "-"),
            HostFate::Begins => (GREEN, "+"),
            _ => (YELLOW, "~"),
        };
        let racks = words::is_about_racks(host.change);
        let who = match host.change {
            HostFate::Begins => words::answerers(&host.after, true),
            HostFate::Ceases => format!("{} → nobody", words::answerers(&host.before, true)),
            _ => format!("{} → {}", words::answerers(&host.before, racks), words::answerers(&host.after, racks)),
        };
        let internal = if host.router == "internal" { ", internal" } else { "" };
        let loud =
            if host.change == HostFate::ChangesHands { styled(RED, words::fate(host.change)) } else { words::fate(host.change).to_owned() };
        let _ = writeln!(page, "  {} {:<width$}  {who}  {}", styled(style, sign), host.host, styled(DIM, format!("({loud}{internal})")));
    }
    more(plan.hosts.len() - shown.len(), "host", page);
}

/// A bar of what stands, what stands besides at the peak, and what is free.
fn bar(kind: &KindUse) -> String {
    let part = |count: usize| (count * BAR).div_ceil(kind.quota.max(1)).min(BAR);
    let (held, peak) = (part(kind.after), part(kind.peak.max(kind.after)));
    let style = match kind.after * 100 / kind.quota.max(1) {
        90.. => RED,
        75.. => YELLOW,
        _ => GREEN,
    };
    format!("{}{}{}", styled(style, "█".repeat(held)), styled(DIM, "▒".repeat(peak - held)), styled(DIM, "·".repeat(BAR - peak)))
}

fn routers(plan: &Plan, detail: Detail, page: &mut String) {
    if plan.routers.is_empty() {
        return;
    }
    title("Routers", page);
    let is_told =
        |router: &&RouterUse| detail == Detail::All || plan.routers.len() <= MOST_ROUTERS || router.is_full || bars::is_changed(router);
    let most = if detail == Detail::All { usize::MAX } else { MOST_ROUTERS };
    let told: Vec<&RouterUse> = plan.routers.iter().filter(is_told).take(most).collect();
    for router in &told {
        let new = if router.is_new { styled(GREEN, " (new)") } else { String::new() };
        let room = match router.fit {
            Some(0) => ", no room for one more typical app".to_owned(),
            Some(fit) => format!(", room for {} more", counted(fit, "typical app")),
            None => String::new(),
        };
        let _ = writeln!(page, "  {}{new}{}", styled(BOLD, format!("{}/{}", router.rack, router.router)), styled(DIM, room));
        for kind in &router.kinds {
            let mut said: Vec<String> = Vec::new();
            if kind.before != kind.after && !router.is_new {
                said.push(format!("{} before", kind.before));
            }
            if kind.peak > kind.after.max(kind.before) {
                said.push(format!("{} during the update", kind.peak));
            }
            if kind.binds {
                said.push("runs out first".to_owned());
            }
            let said = if said.is_empty() { String::new() } else { format!("  {}", said.join(", ")) };
            let _ = writeln!(page, "    {:<13} {} {:>3} of {}{said}", kind.kind, bar(kind), kind.after, kind.quota);
        }
    }
    more(plan.routers.len() - told.len(), "router", page);
    let _ = writeln!(page, "  {}", styled(DIM, format!("a typical app asks for {}", plan.typical)));
}

fn stacks(plan: &Plan, detail: Detail, page: &mut String) {
    let most = if detail == Detail::All { usize::MAX } else { MOST_STACKS };
    let mut told = 0;
    for phase in &plan.phases {
        let is_one = plan.phases.len() == 1;
        title(
            &if is_one {
                "Stacks, in the order of their deployment".to_owned()
            } else {
                format!("Phase {}, {}", phase.phase, words::time(phase.seconds))
            },
            page,
        );
        for stack in plan.stacks.iter().filter(|stack| stack.phase == Some(phase.phase)) {
            told += 1;
            if told <= most {
                one_stack(stack, detail, page);
            }
        }
    }
    let left: Vec<&StackChange> = plan.stacks.iter().filter(|stack| stack.change == StackFate::Leave).collect();
    if !left.is_empty() {
        title("Stacks that are written no longer", page);
        for stack in left.iter().take(most) {
            let _ = writeln!(
                page,
                "  {} {}  {}",
                styled(RED, "-"),
                stack.stack,
                styled(DIM, format!("aws cloudformation delete-stack --stack-name {}", stack.stack))
            );
        }
    }
    more(told.saturating_sub(most) + left.len().saturating_sub(most), "stack", page);
}

fn one_stack(stack: &StackChange, detail: Detail, page: &mut String) {
    let style = if stack.change == StackFate::Create { GREEN } else { CYAN };
    let _ = writeln!(
        page,
        "  {} {}  {}",
        styled(BOLD, &stack.stack),
        styled(style, words::stack(stack.change)),
        styled(DIM, words::time(stack.seconds))
    );
    for parameter in &stack.parameters {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "as deployed".to_owned());
        let _ = writeln!(
            page,
            "    {} parameter {}: {} → {}",
            styled(YELLOW, "~"),
            parameter.name,
            value(&parameter.before),
            value(&parameter.after)
        );
    }
    let is_alike =
        |resource: &&ResourceChange| detail != Detail::All && resource.change == ResourceFate::Add && stack.change == StackFate::Create;
    for resource in stack.resources.iter().filter(|resource| !is_alike(resource)) {
        one_resource(resource, detail, page);
    }
    let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
    for resource in stack.resources.iter().filter(is_alike) {
        *alike.entry(resource.kind.rsplit("::").next().unwrap_or(&resource.kind)).or_default() += 1;
    }
    if !alike.is_empty() {
        let parts: Vec<String> = alike.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let _ = writeln!(page, "    {} {}: {}", styled(GREEN, "+"), counted(alike.values().sum(), "resource"), parts.join(", "));
    }
    for export in stack.exports.iter().filter(|_| stack.change != StackFate::Create) {
        let (style, sign) = match export.change {
            "add" => (GREEN, "+"),
            "remove" => (RED, "-"),
            _ => (YELLOW, "~"),
        };
        let importers = match export.imported_by.as_slice() {
            [] => String::new(),
            [one] => format!(", which {one} imports"),
            [one, others @ ..] => format!(", which {one} and {} more import", others.len()),
        };
        let _ = writeln!(page, "    {} export {}{importers}", styled(style, sign), export.name);
    }
}

fn one_resource(resource: &ResourceChange, detail: Detail, page: &mut String) {
    let style = match resource.change {
        ResourceFate::Replace | ResourceFate::Remove => RED,
        ResourceFate::Modify => YELLOW,
        ResourceFate::Add => GREEN,
    };
    let what = match (resource.change, resource.replacement) {
        (ResourceFate::Replace, Recreates::Always) => format!("replaced for its {}", forcing(resource)),
        (ResourceFate::Replace, _) => format!("perhaps replaced for its {}", forcing(resource)),
        _ => String::new(),
    };
    let what = if what.is_empty() { what } else { format!("  {}", styled(style, what)) };
    let sign = styled(style, words::sign(resource.change));
    let _ = writeln!(page, "    {sign} {}  {}{what}", resource.id, styled(DIM, words::short(&resource.kind)));
    if let Some(effect) = resource.effect {
        let _ = writeln!(page, "        {}", styled(style, effect));
    }
    if !resource.because.is_empty() {
        let _ = writeln!(page, "        {}", styled(DIM, format!("because of {}", resource.because.join(", "))));
    }
    let is_noise = |property: &&PropertyChange| detail == Detail::All || property.name != "Metadata";
    for property in resource.properties.iter().filter(is_noise) {
        for one in &property.details {
            let joint = if one.path.is_empty() || one.path.starts_with('[') { "" } else { "." };
            let name = format!("{}{joint}{}", property.name, one.path);
            let _ = match (&one.before, &one.after) {
                (Some(before), Some(after)) => writeln!(page, "        {name}: {before} → {after}"),
                (Some(before), None) => writeln!(page, "        {name}: {} {before}", styled(RED, "-")),
                (None, Some(after)) => writeln!(page, "        {name}: {} {after}", styled(GREEN, "+")),
                (None, None) => writeln!(page, "        {name}"),
            };
        }
    }
}

/// The properties that make a resource anew; its type where that does.
fn forcing(resource: &ResourceChange) -> String {
    let names: Vec<&str> = resource
        .properties
        .iter()
        .filter(|property| property.recreates == resource.replacement)
        .map(|property| property.name.as_str())
        .collect();
    if names.is_empty() { "type".to_owned() } else { names.join(", ") }
}
