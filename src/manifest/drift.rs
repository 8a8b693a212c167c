//! Schema and decoder say the same: of a table of cases written by hand, of generated documents,
//! and of real ones. So do the schema of a tree and that of its JSON, of every manifest of the tests
//! and of what slips of the hand make of it.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::agreement::{disagreement, verdicts};
use crate::schema::CONVOX_SCHEMA;
use crate::source::{Files, Tree, Variables, parse};

#[derive(Deserialize)]
struct Case {
    yaml: String,
    verdict: String,
    at: Option<String>,
}

#[test]
fn schema_and_decoder_agree_with_the_table_of_cases() {
    let cases: Vec<Case> = serde_yaml::from_str(include_str!("../../tests/schema/cases.yaml")).unwrap();
    assert!(cases.len() > 300);
    let mut wrong = Vec::new();
    for case in &cases {
        let tree = read(&case.yaml).unwrap();
        for (who, (refused, ignored)) in ["schema", "decoder"].iter().zip(verdicts(&tree).unwrap()) {
            let said = if refused.is_empty() { &ignored } else { &refused };
            let verdict = match (refused.is_empty(), ignored.is_empty()) {
                (false, _) => "refused",
                (true, false) => "ignored",
                (true, true) => "accepted",
            };
            if verdict != case.verdict || case.at.as_ref().is_some_and(|at| !said.contains(at)) {
                wrong.push(format!("{who}: {} -> {verdict} at {said:?}, not {} at {:?}", case.yaml, case.verdict, case.at));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

fn read(text: &str) -> Option<Tree> {
    let mut files = Files::default();
    let file = files.add("t.yml", text);
    parse(file, text, Some(&Variables::new())).ok().map(|parsed| parsed.tree)
}

/// Scalars as people write them, right and wrong.
const SCALARS: &[&str] = &[
    "3000",
    "0",
    "-1",
    "010",
    "1.5",
    "2.0",
    "yes",
    "off",
    "~",
    "",
    "\"\"",
    "\"10\"",
    "\"3000\"",
    "1-5",
    "\"1-5\"",
    "5-1",
    "1+",
    "https:3000",
    ":3000",
    "\"80:3000\"",
    "3000/tcp",
    "8125/udp",
    "/health",
    "web",
    "A=b",
    "A",
    "\"*\"",
    "a.com",
    "\"a.com, b.com\"",
    "arn:aws:iam::123456789012:policy/x",
    "avg",
    "tcp",
    "99999",
];

/// The keys of every object in the schema: what a generated mapping is made of.
fn vocabulary() -> Vec<String> {
    fn collect(schema: &Value, keys: &mut Vec<String>) {
        if let Some(map) = schema.as_object() {
            keys.extend(map.get("properties").and_then(Value::as_object).into_iter().flat_map(|p| p.keys().cloned()));
        }
        match schema {
            Value::Object(map) => map.values().for_each(|child| collect(child, keys)),
            Value::Array(items) => items.iter().for_each(|child| collect(child, keys)),
            _ => {}
        }
    }
    let mut keys = Vec::new();
    collect(&serde_json::from_str(crate::schema::CONVOX).unwrap(), &mut keys);
    keys.extend(["unknown".to_owned(), "AWS/SQS/Depth".to_owned(), "db".to_owned()]);
    keys.sort();
    keys.dedup();
    keys
}

/// A value in flow style, up to three levels deep.
fn value() -> impl Strategy<Value = String> {
    let scalar = proptest::sample::select(SCALARS).prop_map(str::to_owned);
    let key = proptest::sample::select(vocabulary());
    scalar.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[{}]", items.into_iter().filter(|i| !i.is_empty()).collect::<Vec<_>>().join(", "))),
            proptest::collection::btree_map(key.clone(), inner, 0..4)
                .prop_map(|map| format!("{{{}}}", map.into_iter().map(|(k, v)| format!("\"{k}\": {v}")).collect::<Vec<_>>().join(", "))),
        ]
    })
}

/// A block that the schema names, with the values of its keys drawn at random.
fn block(pointer: &'static str) -> impl Strategy<Value = String> {
    let schema: Value = serde_json::from_str(crate::schema::CONVOX).unwrap();
    let mut keys: Vec<String> = schema.pointer(pointer).unwrap()["properties"].as_object().unwrap().keys().cloned().collect();
    keys.push("unknown".into());
    proptest::collection::btree_map(proptest::sample::select(keys), value(), 0..6)
        .prop_map(|map| format!("{{{}}}", map.into_iter().map(|(k, v)| format!("\"{k}\": {v}")).collect::<Vec<_>>().join(", ")))
}

/// A manifest in flow style, right or wrong.
pub(crate) fn document() -> impl Strategy<Value = String> {
    let service = prop_oneof![4 => block("/$defs/service"), 1 => value()];
    let name = proptest::sample::select(vec!["web", "web-2", "Web", "web_x", "on", "a"]);
    let services = proptest::collection::btree_map(name, service, 0..3);
    let resource = prop_oneof![block("/$defs/resource"), value()];
    let timer = prop_oneof![block("/$defs/timer"), value()];
    (services, resource, timer, value(), value()).prop_map(|(services, resource, timer, environment, params)| {
        let services: Vec<String> = services.into_iter().map(|(name, body)| format!("  {name}: {body}")).collect();
        format!(
            "services:\n{}\nresources: {{db: {resource}}}\ntimers: {{t: {timer}}}\nenvironment: {environment}\nparams: {params}\n",
            services.join("\n")
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]
    #[test]
    fn schema_and_decoder_agree_on_generated_documents(text in document()) {
        if let Some(difference) = read(&text).and_then(|tree| disagreement(&tree)) {
            prop_assert!(false, "{text}\n{difference}");
        }
    }
}

#[test]
fn schema_and_decoder_agree_on_real_manifests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    for part in ["real", "engine"] {
        for entry in fs::read_dir(folder.join(part)).into_iter().flatten() {
            let path = entry.unwrap().path();
            let Ok(text) = fs::read_to_string(&path) else { continue };
            if let Some(tree) = read(text.trim_start_matches('\u{feff}')) {
                assert_eq!(disagreement(&tree), None, "{}", path.display());
            }
        }
    }
}

/// What accepts a tree and what explains its JSON say the same.
fn assert_one_verdict(text: &str) -> bool {
    let Some(tree) = read(text) else { return false };
    let json = tree.to_json();
    assert_eq!(json.is_some(), tree.has_json(), "{text}");
    let Some(json) = json else { return false };
    let accepted = CONVOX_SCHEMA.accepts(&tree);
    assert_eq!(accepted, CONVOX_SCHEMA.violations(&json).is_empty(), "{text}");
    accepted
}

#[test]
fn a_tree_is_accepted_where_its_json_is() {
    for (text, accepted) in [
        ("services: {web: {port: 1, port: 2}}", true),
        ("services: {web: {port: x/y/z, port: 2}}", true),
        ("services: {web: {port: 2, port: [1]}}", false),
        ("x-a: &a {prot: 1, port: 2}\nservices: {web: {<<: *a}}", false),
        ("x-a: &a {health: [1], port: 2}\nservices: {web: {<<: *a, health: /}}", true),
        ("x-a: &a {health: /, port: 2}\nservices: {web: {health: [1], <<: *a}}", true),
        ("x-a: &a [1, 2]\nservices: {web: {links: *a, resources: *a}}", true),
        ("services: {web: {nlb: [{port: 1, containerPort: 2}, {containerPort: 2, port: 1}]}}", false),
        ("services: {web: {scale: {cpu: 1e400, memory: .inf}}}", false),
        ("services: {web: {scale: {cpu: 256.0, memory: 0x200}}}", true),
        ("services: {web: {agent: {enabled: true}}}", true),
        ("services: {web: {agent: {enabled: false}}}", false),
        ("services: {web: {port: {port: 0}}}", false),
        ("services: {Web_1: {}}", false),
        ("", true),
        ("[]", false),
    ] {
        assert_eq!(assert_one_verdict(text), accepted, "{text}");
    }
}

/// Manifests below a folder.
fn manifests(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            manifests(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            found.extend(fs::read_to_string(&path).ok());
        }
    }
}

#[test]
fn a_tree_is_accepted_where_its_json_is_whatever_a_hand_slips_to() {
    let mut texts = Vec::new();
    for folder in ["tests", "examples"] {
        manifests(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut texts);
    }
    let (mut accepted, mut refused) = (0, 0);
    for text in texts.iter().filter(|text| text.len() < 10_000) {
        let mut judge = |text: &str| if assert_one_verdict(text) { accepted += 1 } else { refused += 1 };
        judge(text);
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            // Another value, another key, a value in a list, a line that is missing, one that comes twice.
            let scalar = SCALARS[at * 7 % SCALARS.len()];
            let slip = match (at % 5, line.split_once(": ")) {
                (0, Some((key, _))) => format!("{key}: {scalar}"),
                (1, Some((_, value))) => format!("{}{scalar}: {value}", &line[..line.len() - line.trim_start().len()]),
                (2, Some((key, value))) => format!("{key}: [{value}]"),
                (3, _) => format!("{line}\n{line}"),
                _ => String::new(),
            };
            let slipped: Vec<&str> = lines[..at].iter().copied().chain([slip.as_str()]).chain(lines[at + 1..].iter().copied()).collect();
            judge(&slipped.join("\n"));
        }
    }
    assert!(accepted > 1000 && refused > 1000, "{accepted} {refused}");
}
