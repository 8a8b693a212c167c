//! What becomes of each stack: a line of it at the least, and what becomes of its resources where there is room for that.

use std::fmt::Write as _;

use super::inline::{code, fence};
use super::more;
use crate::plan::{Plan, PropertyChange, Recreates, ResourceChange, ResourceFate, StackChange, StackFate};
use crate::report::visible::visible;
use crate::report::words::{self, counted};

/// Bytes of the lines about one stack, so that no stack takes the room of all others.
const MOST: usize = 12_000;
/// Bytes of the lines about the properties of one resource.
const MOST_OF_ONE: usize = 3_000;

/// Bytes that more than a line of a stack takes beside the line.
const LEAST: usize = 60;

/// How much is said of a stack, from little to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Size {
    Line,
    Resources,
    Properties,
}

pub(super) fn stacks(plan: &Plan, room: usize) -> String {
    let head = "\n### Stacks, in the order of their deployment\n\n";
    let mut whole = String::new();
    for change in &plan.stacks {
        whole.push_str(&stack(change, Size::Properties));
        if head.len() + whole.len() > room {
            break; // the rest would not help
        }
    }
    if whole.is_empty() || head.len() + whole.len() <= room {
        return if whole.is_empty() { whole } else { format!("{head}{whole}") };
    }
    let note = |hidden| if hidden > 0 { format!("\n{}", more(hidden, "stack")) } else { String::new() };
    let list = shortened(&plan.stacks, room.saturating_sub(head.len() + note(plan.stacks.len()).len()));
    let hidden = list.iter().filter(|text| text.is_none()).count();
    if hidden == list.len() {
        return String::new();
    }
    let list: String = list.into_iter().flatten().collect();
    format!("{head}{list}{}", note(hidden))
}

/// As much of each stack as there is room for; none of it where not even a line of it has room.
fn shortened(stacks: &[StackChange], mut room: usize) -> Vec<Option<String>> {
    let mut order: Vec<usize> = (0..stacks.len()).collect();
    order.sort_by_key(|at| danger(&stacks[*at])); // stable
    let (dangerous, others) = order.split_at(order.partition_point(|at| danger(&stacks[*at]) <= DANGER));
    // What is dangerous is told whole before the rest gets a line, but never takes all the room.
    let reserve = room / 4;
    let mut texts: Vec<Option<String>> = vec![None; stacks.len()];
    for (group, size, reserve) in [
        (dangerous, Size::Line, 0),
        (dangerous, Size::Resources, reserve),
        (dangerous, Size::Properties, reserve),
        (others, Size::Line, 0),
        (&order, Size::Resources, 0),
        (&order, Size::Properties, 0),
    ] {
        for at in group {
            if size > Size::Line && room < reserve + LEAST {
                break;
            }
            let now = texts[*at].as_ref().map_or(0, String::len);
            if size > Size::Line && now == 0 {
                continue; // not even a line found room
            }
            let text = stack(&stacks[*at], size);
            if text.len() + reserve <= room + now {
                room = room + now - text.len();
                texts[*at] = Some(text);
            }
        }
    }
    texts
}

/// Up to here something is interrupted or made anew.
const DANGER: usize = 3;

/// How soon a reviewer must see it: the less the sooner.
fn danger(stack: &StackChange) -> usize {
    let of = |resource: &ResourceChange| match (resource.change, resource.effect) {
        (ResourceFate::Replace, Some(_)) => 0,
        (ResourceFate::Remove, Some(_)) => 1,
        (ResourceFate::Modify, Some(_)) => 2,
        (ResourceFate::Replace | ResourceFate::Remove, None) => 3,
        (ResourceFate::Modify, None) => 4,
        (ResourceFate::Add, _) => 5,
    };
    let least = stack.resources.iter().map(of).min().unwrap_or(5);
    if stack.change == StackFate::Leave { least.min(1) } else { least }
}

fn stack(stack: &StackChange, size: Size) -> String {
    let lines = if size == Size::Line { String::new() } else { lines(stack, size == Size::Properties) };
    if lines.is_empty() {
        return format!("- {}: {}\n", code(&stack.stack), summary(stack));
    }
    let fence = fence(&lines);
    // The empty lines end the HTML, and with it what would be in the way of Markdown.
    let name = html(&stack.stack);
    format!("<details><summary><code>{name}</code>: {}</summary>\n\n{fence}diff\n{lines}{fence}\n\n</details>\n\n", summary(stack))
}

/// A value inside of HTML.
fn html(text: &str) -> String {
    visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `updated in phase 2: 1 replaced, 2 added; about 2 to 15 minutes`.
fn summary(stack: &StackChange) -> String {
    let phase = stack.phase.filter(|phase| *phase > 1).map(|phase| format!(" in phase {phase}")).unwrap_or_default();
    let mut text = format!("{}{phase}", words::stack(stack.change));
    if stack.change == StackFate::Leave {
        text.push_str(" until somebody deletes it");
        return text;
    }
    let count = |fate: ResourceFate| stack.resources.iter().filter(|resource| resource.change == fate).count();
    let parts = [
        (ResourceFate::Replace, "replaced"),
        (ResourceFate::Remove, "removed"),
        (ResourceFate::Modify, "changed in place"),
        (ResourceFate::Add, "added"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .map(|(fate, word)| (count(fate), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if !parts.is_empty() {
        let _ = write!(text, ", {}", parts.join(", "));
    }
    let _ = write!(text, "; {}", words::time(stack.seconds));
    text
}

/// The lines of a diff, as many as are told.
fn lines(stack: &StackChange, with_properties: bool) -> String {
    let mut all: Vec<String> = Vec::new();
    if !stack.required.is_empty() {
        all.push(format!("# whoever deploys gives {}\n", visible(&stack.required.join(", "))));
    }
    for parameter in &stack.parameters {
        let value = |value: &Option<String>| value.as_deref().map_or("as deployed".to_owned(), |value| visible(value).into_owned());
        all.push(format!("~ parameter {}: {} → {}\n", visible(&parameter.name), value(&parameter.before), value(&parameter.after)));
    }
    for resource in &stack.resources {
        let mut text = self::resource(resource);
        if with_properties {
            let properties = resource.properties.iter().filter(|property| property.name != "Metadata");
            text.push_str(&super::fit(properties.flat_map(property).collect::<Vec<_>>(), MOST_OF_ONE, |hidden| {
                format!("#     … {} more\n", counted(hidden, "line"))
            }));
        }
        all.push(text);
    }
    for export in stack.exports.iter().filter(|_| stack.change != StackFate::Create) {
        let (sign, how) = match export.change {
            "add" => ('+', ""),
            "remove" => ('-', ""),
            "maybe_modify" => ('~', "  perhaps changed"),
            _ => ('~', ""),
        };
        all.push(format!("{sign} export {}{how}\n", visible(&export.name)));
    }
    super::fit(all, MOST, |hidden| format!("# … {} more\n", counted(hidden, "change")))
}

fn resource(resource: &ResourceChange) -> String {
    // GitHub paints lines with `!` as it paints nothing else.
    let sign = if resource.change == ResourceFate::Replace { "!" } else { words::sign(resource.change) };
    let mut line = format!("{sign} {}  {}", visible(&resource.id), visible(words::short(&resource.kind)));
    if !words::how(resource).is_empty() {
        let _ = write!(line, "  {}", words::how(resource));
    }
    if !resource.because.is_empty() {
        let _ = write!(line, "  because of {}", visible(&resource.because.join(", ")));
    }
    if let Some(effect) = resource.effect {
        let _ = write!(line, "\n#     {effect}");
    }
    line + "\n"
}

fn property(property: &PropertyChange) -> Vec<String> {
    let anew = match property.recreates {
        Recreates::Always => "  (replaces)",
        Recreates::Maybe => "  (may replace)",
        Recreates::Never => "",
    };
    let one = |detail: &crate::plan::Detail| {
        let joint = if detail.path.is_empty() || detail.path.starts_with('[') { "" } else { "." };
        let name = format!("{}{joint}{}", visible(&property.name), visible(&detail.path));
        match (&detail.before, &detail.after) {
            (Some(before), Some(after)) => format!("      {name}: {} → {}{anew}\n", visible(before), visible(after)),
            (Some(before), None) => format!("-     {name}: {}{anew}\n", visible(before)),
            (None, Some(after)) => format!("+     {name}: {}{anew}\n", visible(after)),
            (None, None) => format!("      {name}{anew}\n"),
        }
    };
    property.details.iter().map(one).collect()
}
