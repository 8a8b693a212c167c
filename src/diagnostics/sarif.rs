//! Messages for services that collect findings: one SARIF log of the whole run.
//!
//! What a log holds stands in "Static Analysis Results Interchange Format (SARIF) Version 2.1.0",
//! an OASIS Standard; paragraphs (§) below are its own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Code, Diagnostic, Fix, human::clean, words};
use crate::source::{FileId, Files, Place};

/// Where the schema of such a log is published.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log of a run. Its rules are the codes that were reported, in order.
pub fn sarif(diagnostics: &[&Diagnostic], files: &Files) -> Value {
    let codes: BTreeMap<&str, &Code> = diagnostics.iter().map(|diagnostic| (diagnostic.code.id, diagnostic.code)).collect();
    let index: BTreeMap<&str, usize> = codes.keys().enumerate().map(|(index, id)| (*id, index)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": env!("CARGO_PKG_NAME"),
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": codes.values().map(|code| rule(code)).collect::<Vec<_>>(),
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": diagnostics.iter().map(|diagnostic| result(diagnostic, index[diagnostic.code.id], files)).collect::<Vec<_>>(),
        }],
    })
}

fn rule(code: &Code) -> Value {
    json!({
        "id": code.id,
        "shortDescription": { "text": code.title },
        "fullDescription": { "text": code.docs },
        "help": { "text": code.docs }, // what GitHub shows beside a finding
        "defaultConfiguration": { "level": code.severity.word() },
    })
}

fn result(diagnostic: &Diagnostic, index: usize, files: &Files) -> Value {
    let mut result = json!({
        "ruleId": diagnostic.code.id,
        "ruleIndex": index,
        "level": diagnostic.severity.word(), // our words are those of §3.27.10
        "message": message(&words::whole(diagnostic, [])),
    });
    if let Some(place) = diagnostic.place {
        result["locations"] = json!([{ "physicalLocation": physical(place, files) }]);
    }
    // A set (§3.27.22), also where two rules of one line take part.
    let mut related: Vec<Value> = Vec::new();
    for (place, label) in &diagnostic.also {
        let mut location = json!({ "physicalLocation": physical(*place, files) });
        if !label.is_empty() {
            location["message"] = message(&clean(label));
        }
        if !related.contains(&location) {
            related.push(location);
        }
    }
    if !related.is_empty() {
        result["relatedLocations"] = Value::from(related);
    }
    if let Some(fix) = &diagnostic.fix {
        result["fixes"] = json!([self::fix(fix, files)]);
    }
    result
}

/// A proposed fix (§3.55): a change for each file, with its replacements (§3.56, §3.57).
fn fix(fix: &Fix, files: &Files) -> Value {
    let mut changes: BTreeMap<FileId, Vec<Value>> = BTreeMap::new();
    for edit in &fix.edits {
        let mut replacement = json!({ "deletedRegion": region(edit.place, files) });
        // Without content, a replacement only deletes (§3.57.4).
        if !edit.replacement.is_empty() {
            replacement["insertedContent"] = json!({ "text": edit.replacement });
        }
        changes.entry(edit.place.file).or_default().push(replacement);
    }
    let change =
        |(file, replacements): (FileId, Vec<Value>)| json!({ "artifactLocation": artifact(file, files), "replacements": replacements });
    json!({
        "description": message(&clean(&fix.message)),
        "artifactChanges": changes.into_iter().map(change).collect::<Vec<_>>(),
    })
}

/// A message, in which braces are doubled, since single ones hold the place of an argument (§3.11.5).
fn message(text: &str) -> Value {
    json!({ "text": text.replace('{', "{{").replace('}', "}}") })
}

fn physical(place: Place, files: &Files) -> Value {
    json!({ "artifactLocation": artifact(place.file, files), "region": region(place, files) })
}

fn artifact(file: FileId, files: &Files) -> Value {
    json!({ "uri": uri(files.path(file)) })
}

/// A place; its end column is the one behind the last character (§3.30.8).
fn region(place: Place, files: &Files) -> Value {
    let (line, column) = files.line_column(place.file, place.span.start);
    let (end_line, end_column) = files.line_column(place.file, place.span.end);
    json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
}

/// A path as a URI: relative to the folder of the run unless the path is absolute. What RFC 3986
/// does not leave alone in a path is percent-encoded, and `:` too, which would end a scheme.
fn uri(path: &str) -> String {
    let path = words::relative(path);
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic() && path.as_bytes().get(2) == Some(&b'/');
    let scheme = match path {
        _ if drive && cfg!(windows) => "file:///",
        _ if path.starts_with('/') => "file://",
        _ => "",
    };
    let mut uri = scheme.to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push('%');
            uri.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Severity;
    use crate::diagnostics::codes::{HOST_TAKEN, NO_MANIFEST, NOT_PROVISIONED, UNKNOWN_KEY};
    use crate::source::Span;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("./shop/convox.yml"), "shop/convox.yml");
        assert_eq!(uri("../shop/convox.yml"), "../shop/convox.yml");
        assert_eq!(uri("Hello World/100%/ö.yml"), "Hello%20World/100%25/%C3%B6.yml");
        assert_eq!(uri("a:b?c#d.yml"), "a%3Ab%3Fc%23d.yml");
        assert_eq!(uri("/srv/shop/convox.yml"), "file:///srv/shop/convox.yml");
    }

    #[test]
    fn columns_count_characters_and_other_places_are_related() {
        let mut files = Files::default();
        let file = files.add("convox.yml", "zwö: 30\n€: x\n");
        let place = |start, end| Place { file, span: Span { start, end } };
        let said = Diagnostic::new(&HOST_TAKEN, place(6, 8), "`${HOST}` is taken")
            .label("here")
            .also(place(9, 14), "there {0}")
            .also(place(9, 14), "there {0}")
            .help("rename it");
        let log = sarif(&[&said], &files);
        let result = &log["runs"][0]["results"][0];
        assert_eq!(result["message"]["text"], "`${{HOST}}` is taken\nhere\nhelp: rename it");
        let region = |location: &Value| location["physicalLocation"]["region"].clone();
        assert_eq!(region(&result["locations"][0]), json!({ "startLine": 1, "startColumn": 6, "endLine": 1, "endColumn": 8 }));
        assert_eq!(region(&result["relatedLocations"][0]), json!({ "startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 4 }));
        assert_eq!(result["relatedLocations"][0]["message"]["text"], "there {{0}}");
        assert_eq!(result["relatedLocations"].as_array().map(Vec::len), Some(1), "a set");
    }

    #[test]
    fn rules_are_listed_once_and_results_point_at_them() {
        let severe = Diagnostic { severity: Severity::Error, ..Diagnostic::nowhere(&UNKNOWN_KEY, "b") };
        let said = [
            Diagnostic::nowhere(&NO_MANIFEST, "a"),
            severe,
            Diagnostic::nowhere(&NO_MANIFEST, "c"),
            Diagnostic::nowhere(&NOT_PROVISIONED, "d"),
        ];
        let log = sarif(&said.iter().collect::<Vec<_>>(), &Files::default());
        let run = &log["runs"][0];
        let rules: Vec<&Value> = run["tool"]["driver"]["rules"].as_array().expect("a list").iter().map(|rule| &rule["id"]).collect();
        assert_eq!(rules, ["RF0102", "RF0220", "RF0308"]);
        let results: Vec<_> =
            run["results"].as_array().expect("a list").iter().map(|result| (&result["ruleIndex"], &result["level"])).collect();
        assert_eq!(
            results.iter().map(|(index, level)| format!("{index} {level}")).collect::<Vec<_>>(),
            ["2 \"error\"", "0 \"error\"", "2 \"error\"", "1 \"note\""]
        );
        assert_eq!(run["tool"]["driver"]["rules"][0]["defaultConfiguration"]["level"], "warning", "what --strict made of it is no default");
        assert!(run["results"][0].get("locations").is_none());
    }
}
