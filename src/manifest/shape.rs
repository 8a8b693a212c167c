//! What the schema and the decoder found, in words and at its place.

use std::collections::BTreeSet;

use super::decode::{Fault, Problem};
use crate::diagnostics::codes::{
    AGENT_IS_ON, BAD_NAME, EMPTY_VARIABLE, IGNORED_VALUE, MISSING_KEY, RESOURCE_TYPE, UNKNOWN_KEY, V3_KEY, WRONG_SHAPE,
};
use crate::diagnostics::{Change, Diagnostic, Diagnostics, Mend};
use crate::mends::{self, Subject};
use crate::schema::{CONVOX_SCHEMA, Violation, What};
use crate::source::{Kind, NodeId, Resolved, Tree, escape_pointer, readable, resolve};

/// What to do when nothing better is known.
const SCHEMA_HELP: &str = "`rackform schema convox` prints what each key takes";

/// Keys of the root that mean something; below others people keep anchors.
const ROOT: [&str; 5] = ["environment", "params", "resources", "services", "timers"];

/// Report every violation, and every problem that the schema did not see.
pub(super) fn report(subject: Subject<'_>, problems: &[Problem], out: &mut Diagnostics) {
    let tree = subject.tree;
    let mut told: Vec<(String, Diagnostic)> = Vec::new();
    // What is refused must not be passed over because something else was said of the same place.
    let mut spoken: BTreeSet<NodeId> = BTreeSet::new();
    let mut noticed: BTreeSet<NodeId> = BTreeSet::new();
    for (number, violation) in subject.violations.iter().enumerate() {
        let Some((key, value)) = tree.find(&violation.pointer) else { continue };
        match violation.what {
            What::Unknown { .. } => {} // said of the key, and the mapping around it may have faults of its own
            What::Ignored { .. } => noticed.extend(key.into_iter().chain([value])),
            What::Wrong { .. } | What::Missing { .. } | What::Name { .. } => spoken.extend(key.into_iter().chain([value])),
        }
        if let Some(diagnostic) = words(tree, violation, key, value, &mut spoken) {
            let (pointer, mend) = match &violation.what {
                _ if number >= mends::MOST => (String::new(), None),
                What::Unknown { key, .. } => (format!("{}/{}", violation.pointer, escape_pointer(key)), subject.rename(violation)),
                What::Ignored { .. } | What::Wrong { .. } => (violation.pointer.clone(), subject.value(violation, value)),
                What::Missing { .. } | What::Name { .. } => (violation.pointer.clone(), None),
            };
            match mend {
                Some(mend) => told.push((pointer, diagnostic.mend(mend))),
                None => drop(out.report(diagnostic)),
            }
        }
    }
    let is_told = |problem: &&Problem| spoken.contains(&problem.node) || problem.fault != Fault::Refused && noticed.contains(&problem.node);
    for problem in problems.iter().filter(|problem| !is_told(problem)) {
        let place = tree.place(problem.node);
        let text = tree.text(problem.node);
        told.push((
            format!("/services/{}", escape_pointer(text)),
            match problem.fault {
                Fault::Refused if is_service_key(tree, problem.node) => {
                    let is_flag = matches!(tree.scalar(problem.node), Some(Resolved::Bool(_)));
                    let is_name = text.bytes().all(|b| b.is_ascii_lowercase()); // `on`, and neither `On` nor `12`
                    let quoted = Mend::new(place, Change::Quoted, "put the name in quotes");
                    Diagnostic::new(&BAD_NAME, place, format!("`{text}` is not a service name"))
                        .label("a flag or a number, not text")
                        .help("put the name in quotes, or choose another one")
                        .mend(Some(quoted).filter(|_| is_flag && is_name))
                }
                Fault::Refused if !problem.why.is_empty() => {
                    Diagnostic::new(&WRONG_SHAPE, place, problem.why).help("change or remove it; Convox refuses the manifest")
                }
                Fault::Refused => {
                    Diagnostic::new(&WRONG_SHAPE, place, format!("{} does not fit here", found(tree, problem.node))).help(SCHEMA_HELP)
                }
                Fault::Ignored => Diagnostic::new(&IGNORED_VALUE, place, format!("{} is ignored by Convox", found(tree, problem.node))),
                Fault::Unknown => Diagnostic::new(&UNKNOWN_KEY, place, format!("unknown key `{text}`")),
            },
        ));
    }
    mends::report(tree, told, |key| ROOT.contains(&key), out);
}

fn is_service_key(tree: &Tree, node: NodeId) -> bool {
    tree.find("/services").is_some_and(|(_, services)| tree.entries(services).iter().any(|entry| entry.key == node))
}

fn words(tree: &Tree, violation: &Violation, key: Option<NodeId>, value: NodeId, spoken: &mut BTreeSet<NodeId>) -> Option<Diagnostic> {
    // A block is best shown by its key.
    let block = key.unwrap_or(value);
    let path = readable(&violation.pointer);
    Some(match &violation.what {
        What::Unknown { key, v3, hint, near, .. } => {
            let (at, below) = tree.find(&format!("{}/{}", violation.pointer, escape_pointer(key)))?;
            spoken.insert(below);
            spoken.extend(at);
            let place = tree.place(at.unwrap_or(below));
            let inside = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
            match (v3, hint, near) {
                (Some(advice), ..) => Diagnostic::new(&V3_KEY, place, format!("`{key}`{inside} is a Convox v3 key"))
                    .label("ignored by version 2")
                    .help(lower_first(advice)),
                (_, Some(advice), _) => Diagnostic::new(&UNKNOWN_KEY, place, format!("unknown key `{key}`{inside}"))
                    .label("ignored by Convox")
                    .help(lower_first(advice)),
                (.., Some(near)) => Diagnostic::new(&UNKNOWN_KEY, place, format!("unknown key `{key}`{inside}"))
                    .label("ignored by Convox")
                    .help(format!("did you mean `{near}`?")),
                _ => Diagnostic::new(&UNKNOWN_KEY, place, format!("unknown key `{key}`{inside}"))
                    .label("ignored by Convox")
                    .help("remove it, or keep it under a top-level key that starts with `x-`"),
            }
        }
        What::Missing { key: missing } => Diagnostic::new(&MISSING_KEY, tree.place(block), format!("`{path}` lacks the key `{missing}`"))
            .label(format!("no `{missing}` in here"))
            .help(format!("add `{missing}`")),
        What::Name { key, expected } => {
            let (at, below) = tree.find(&format!("{}/{}", violation.pointer, escape_pointer(key)))?;
            spoken.extend(at);
            Diagnostic::new(&BAD_NAME, tree.place(at.unwrap_or(below)), format!("`{key}` is not {expected}"))
                .label("not allowed as a name")
                .help("begin with a letter from a to z, then use a to z, 0 to 9 and `-`")
        }
        What::Ignored { .. } if violation.pointer.ends_with("/agent/enabled") => {
            Diagnostic::new(&AGENT_IS_ON, tree.place(value), format!("`{path}` does not turn the agent off"))
                .label("Convox does not look at this")
                .help("write `agent: false`, or remove `agent`")
        }
        What::Ignored { expected, reason } => {
            let quoted = matches!(tree.kind(value), Kind::Scalar(s) if !s.plain && s.text.parse::<i64>().is_ok());
            let place = if matches!(tree.kind(value), Kind::Map(_)) { tree.entries(value).first().map_or(value, |e| e.key) } else { value };
            Diagnostic::new(&IGNORED_VALUE, tree.place(place), format!("`{path}` takes {expected}, and {} is ignored", found(tree, value)))
                .label(format!("expected {expected}"))
                .note(reason.clone())
                .help(if quoted { "remove the quotes".to_owned() } else { format!("write {expected}, or remove it") })
        }
        // An unset variable leaves nothing; that is said of the variable itself.
        What::Wrong { .. } if tree.is_null(value) && !tree.unset(value).is_empty() => return None,
        // Two equal items: the decoder says it of the second one.
        What::Wrong { .. } if violation.pointer.ends_with("/nlb") && matches!(tree.kind(value), Kind::List(items) if items.len() > 1) => {
            return None;
        }
        What::Wrong { expected } => {
            let place = match tree.kind(value) {
                Kind::Scalar(_) if !tree.is_null(value) => tree.place(value),
                _ => tree.place(block),
            };
            let message = match expected.strip_prefix("no ") {
                Some(what) => format!("`{path}` may hold no {what}"),
                None if path.is_empty() => format!("the file takes {expected}, not {}", found(tree, value)),
                None => format!("`{path}` takes {expected}, not {}", found(tree, value)),
            };
            let code = match (path.as_str(), tree.text(value)) {
                (path, "") if path.contains("environment[") => &EMPTY_VARIABLE,
                _ if violation.pointer.starts_with("/resources/") && violation.pointer.ends_with("/type") => &RESOURCE_TYPE,
                _ => &WRONG_SHAPE,
            };
            Diagnostic::new(code, place, message).label(format!("expected {expected}")).help(way_out(
                tree,
                value,
                &violation.pointer,
                expected,
            ))
        }
    })
}

/// What to write instead of a value of the wrong shape.
fn way_out(tree: &Tree, value: NodeId, pointer: &str, expected: &str) -> String {
    let key = pointer.rsplit('/').next().unwrap_or_default();
    if pointer == format!("/services/{key}") && CONVOX_SCHEMA.knows("service", key) {
        return format!("`{key}` belongs to a service: indent it under one");
    }
    if let Some(name) = tree.unset(value).first() {
        return format!("the variable `{name}` has no value: set it with --env {name}=VALUE or in rackform.yml");
    }
    let Kind::Scalar(scalar) = tree.kind(value) else {
        return match (tree.kind(value), key) {
            (Kind::Map(_), "environment") => "write a list of texts, such as `- NAME=value`".to_owned(),
            _ => SCHEMA_HELP.to_owned(),
        };
    };
    let text = &scalar.text;
    if !scalar.plain && !matches!(resolve(text, true), Resolved::Text(_) | Resolved::Null) {
        return "remove the quotes".to_owned();
    }
    if expected.starts_with("a list") && !text.is_empty() {
        return if key == "environment" { format!("write a list: `- {text}`") } else { format!("write a list: `[{text}]`") };
    }
    let (before, behind) = text.split_once([':', '/']).unwrap_or((text, ""));
    if key == "port" && before.parse::<u16>().is_ok() {
        return format!("write the number alone: `{before}`");
    }
    if scalar.plain && !behind.is_empty() && text.contains(':') && !text.contains("://") && !expected.contains("text") {
        return format!("put a blank behind the colon: `{before}: {behind}`");
    }
    SCHEMA_HELP.to_owned()
}

/// What was found, in words.
fn found(tree: &Tree, node: NodeId) -> String {
    match (tree.kind(node), tree.scalar(node)) {
        (Kind::List(_), _) => "a list".into(),
        (Kind::Map(_), _) => "a mapping".into(),
        (_, Some(Resolved::Null)) => "nothing".into(),
        (_, Some(Resolved::Bool(_))) => format!("the flag `{}`", tree.text(node)),
        (_, Some(Resolved::Int(_) | Resolved::Float(_))) => format!("the number `{}`", tree.text(node)),
        _ => {
            let text = tree.text(node);
            let short: String = text.chars().take(40).collect();
            if short.len() < text.len() { format!("the text \"{short}…\"") } else { format!("the text \"{text}\"") }
        }
    }
}

fn lower_first(sentence: &str) -> String {
    let mut chars = sentence.trim_end_matches('.').chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}
