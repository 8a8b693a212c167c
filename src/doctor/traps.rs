//! Values that a manifest writes and Convox deploys otherwise, or not at all, without a word. What
//! rackform's own reader says of such values is not said again here.

use serde_json::Value;

use crate::diagnostics::codes::{CONVOX_CHANGED_VALUE, CONVOX_EMPTY_COUNTS, CONVOX_VALUE_IS_YAML};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::AppSource;
use crate::manifest::Manifest;
use crate::source::{Files, Kind, NodeId, Place, Resolved, Tree, Variables, escape_pointer, number_text, parse, readable};

/// What Go's HTML templates write for characters of a text. The ampersand comes first, so that none
/// of those that are written here is escaped again.
const ESCAPES: [(char, &str); 6] = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&#34;"), ('\'', "&#39;"), ('+', "&#43;")];

/// Whole numbers of a service, by the keys that lead to them.
const WHOLE: [&[&str]; 7] = [
    &["drain"],
    &["deployment", "minimum"],
    &["deployment", "maximum"],
    &["termination", "grace"],
    &["scale", "targets", "cpu"],
    &["scale", "targets", "memory"],
    &["scale", "targets", "requests"],
];

/// Keys of a service that count without a value, and what they mean then.
const EMPTY: [(&[&str], &str); 5] = [
    (&["sticky"], "switches stickiness off"),
    (&["deployment", "minimum"], "means 0 per cent"),
    (&["deployment", "maximum"], "means 0 per cent"),
    (&["termination", "grace"], "means 0 seconds"),
    (&["scale", "cooldown"], "means 0 seconds, up and down"),
];

/// Look at every service and resource of a manifest.
pub(super) fn check(tree: &Tree, manifest: &Manifest, out: &mut Diagnostics) {
    for service in manifest.services.iter().filter(|service| service.port.is_some()) {
        let path = &service.health.path;
        let asked = ESCAPES.iter().fold(path.value.clone(), |text, (from, to)| text.replace(*from, to));
        if asked != path.value {
            changed(
                path.place,
                format!("Convox checks `{}` at `{asked}`", service.name.value),
                "its templates escape this as HTML",
                "use a path without `&`, `+`, `<`, `>` and quotes",
                out,
            );
        }
    }
    for (name, body) in bodies(tree, "services") {
        fractions(tree, name, body, out);
        empty(tree, name, body, out);
        port(tree, name, body, out);
    }
    for (name, body) in bodies(tree, "resources") {
        options(tree, name, body, out);
    }
}

/// Names and bodies of what stands under a key at the top.
fn bodies<'a>(tree: &'a Tree, key: &str) -> impl Iterator<Item = (&'a str, NodeId)> {
    let all = tree.get(tree.root(), key).map_or(&[][..], |entry| tree.entries(entry.value));
    all.iter().map(|entry| (tree.text(entry.key), entry.value))
}

/// What a path of keys leads to: the last key and its value.
fn at(tree: &Tree, body: NodeId, path: &[&str]) -> Option<(NodeId, NodeId)> {
    let (last, before) = path.split_last()?;
    let block = before.iter().try_fold(body, |block, key| tree.get(block, key).map(|entry| entry.value))?;
    tree.get(block, last).map(|entry| (entry.key, entry.value))
}

fn changed(place: Place, message: String, label: &str, help: &str, out: &mut Diagnostics) {
    out.report(Diagnostic::new(&CONVOX_CHANGED_VALUE, place, message).label(label).help(help));
}

/// Whole numbers with something behind the point.
fn fractions(tree: &Tree, service: &str, body: NodeId, out: &mut Diagnostics) {
    for path in WHOLE {
        let Some((_, value)) = at(tree, body, path) else { continue };
        if let Some(Resolved::Float(float)) = tree.scalar(value).filter(|value| matches!(value, Resolved::Float(f) if f.fract() != 0.0)) {
            let whole = number_text(float.trunc());
            changed(
                tree.place(value),
                format!("`{}` of `{service}` is {whole} on Convox", path.join(".")),
                "cut off at the point",
                &format!("write {whole}, or the number that is meant"),
                out,
            );
        }
    }
}

/// Keys without a value that count, and a `cooldown` with one side.
fn empty(tree: &Tree, service: &str, body: NodeId, out: &mut Diagnostics) {
    for (path, meaning) in EMPTY {
        let Some((key, value)) = at(tree, body, path) else { continue };
        if tree.is_null(value) && tree.unset(value).is_empty() {
            out.report(
                Diagnostic::new(&CONVOX_EMPTY_COUNTS, tree.place(key), format!("`{}` of `{service}` {meaning}", path.join(".")))
                    .label("no value, and written all the same")
                    .help("write the value, or remove the key"),
            );
        }
    }
    let Some((key, value)) = at(tree, body, &["scale", "cooldown"]) else { return };
    let missing = |side: &str| matches!(tree.kind(value), Kind::Map(_)) && tree.get(value, side).is_none();
    for (side, other) in [("up", "down"), ("down", "up")] {
        if missing(side) && !missing(other) {
            out.report(
                Diagnostic::new(&CONVOX_EMPTY_COUNTS, tree.place(key), format!("`scale.cooldown.{side}` of `{service}` is 0 seconds"))
                    .label(format!("only `{other}` is written"))
                    .help(format!("write `{side}` too; 60 seconds are what counts without `cooldown`")),
            );
        }
    }
}

/// What stands behind a second colon of a port, and a scheme that is written twice.
fn port(tree: &Tree, service: &str, body: NodeId, out: &mut Diagnostics) {
    let Some(entry) = tree.get(body, "port") else { return };
    let inner = tree.get(entry.value, "port").map(|inner| inner.value);
    let number = inner.unwrap_or(entry.value);
    let Some(Resolved::Text(text)) = tree.scalar(number) else { return };
    let mut parts = text.splitn(3, ':');
    let (first, _, lost) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if let Some(lost) = lost {
        let help = format!("remove `:{lost}`");
        changed(
            tree.place(number),
            format!("`:{lost}` of the port of `{service}` is dropped by Convox"),
            "behind a second colon",
            &help,
            out,
        );
    }
    let scheme = tree.get(entry.value, "scheme").map(|scheme| scheme.value);
    if let Some(scheme) = scheme.filter(|scheme| text.contains(':') && !tree.is_null(*scheme) && tree.text(*scheme) != first) {
        out.report(
            Diagnostic::new(
                &CONVOX_CHANGED_VALUE,
                tree.place(number),
                format!("`{first}:` of the port of `{service}` is dropped by Convox"),
            )
            .also(tree.place(scheme), "this scheme counts")
            .help("write the scheme once"),
        );
    }
}

/// Options of a resource whose numbers are spelt anew. That of `version` is mended by Convox.
fn options(tree: &Tree, resource: &str, body: NodeId, out: &mut Diagnostics) {
    let Some(options) = tree.get(body, "options") else { return };
    for entry in tree.entries(options.value) {
        let (name, text) = (tree.text(entry.key), tree.text(entry.value));
        let spelt = match tree.scalar(entry.value) {
            Some(Resolved::Int(int)) => int.to_string(),
            Some(Resolved::Float(float)) if name != "version" => number_text(float),
            _ => continue,
        };
        if spelt != text {
            let message = format!("the option `{name}` of `{resource}` is `{spelt}` on Convox");
            changed(tree.place(entry.value), message, "a number, which is spelt anew", "put it in quotes", out);
        }
    }
}

/// Hold a manifest against what Convox reads when the values of variables stand in its text.
pub(super) fn values_as_yaml(files: &Files, tree: &Tree, source: &AppSource, out: &mut Diagnostics) {
    let text = files.text(source.file);
    let Some(replaced) = replaced(text, &source.variables) else { return };
    let Some(ours) = tree.to_json() else { return };
    let theirs = parse(source.file, &replaced, None).ok().and_then(|parsed| parsed.tree.to_json());
    let (pointer, what) = match &theirs {
        None => (String::new(), "is no YAML to Convox".to_owned()),
        Some(theirs) => match difference(&ours, theirs, String::new()) {
            None => return,
            Some(pointer) => {
                let what = match theirs.pointer(&pointer) {
                    Some(Value::Array(_) | Value::Object(_)) | None => "says something else to Convox".to_owned(),
                    Some(scalar) => format!("is {scalar} to Convox"),
                };
                (pointer, what)
            }
        },
    };
    // Where the first difference is a key that only one of the two has, the block around it is shown.
    let node = tree.find(&pointer).map_or(tree.root(), |(key, value)| key.unwrap_or(value));
    let name = if pointer.is_empty() { "the manifest".to_owned() } else { format!("`{}`", readable(&pointer)) };
    out.report(
        Diagnostic::new(&CONVOX_VALUE_IS_YAML, tree.place(node), format!("{name} {what}"))
            .label("the value of a variable becomes part of the YAML")
            .help("put the scalar that names the variable in quotes, or change the value"),
    );
}

/// The text as Convox reads it; none when no variable that has a value stands in it.
fn replaced(text: &str, variables: &Variables) -> Option<String> {
    let mut replaced = String::new();
    let mut rest = text;
    let mut is_set = false;
    while let Some(start) = rest.find("${") {
        let Some(end) = rest[start..].find('}') else { break };
        replaced += &rest[..start];
        if let Some(value) = variables.get(&rest[start + 2..start + end]) {
            replaced += value;
            is_set = true;
        }
        rest = &rest[start + end + 1..];
    }
    is_set.then(|| replaced + rest)
}

/// The pointer to the first place where two documents differ.
fn difference(a: &Value, b: &Value, pointer: String) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() && a.keys().all(|key| b.contains_key(key)) => {
            a.iter().find_map(|(key, value)| difference(value, &b[key], format!("{pointer}/{}", escape_pointer(key))))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(at, (a, b))| difference(a, b, format!("{pointer}/{at}")))
        }
        _ => (a != b).then_some(pointer),
    }
}
