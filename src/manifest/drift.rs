//! Schema and decoder say the same: of a table of cases written by hand, of generated documents,
//! and of real ones.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::agreement::{disagreement, verdicts};
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
