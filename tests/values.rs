//! No value can change the structure of a template, whatever it holds.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use common::{run_with, template};
use proptest::prelude::*;
use rackform::lock::Lock;
use rackform::source::Variables;
use serde_yaml::Value;

const FLEET: &str = "racks: {main: {certificate: create, host: r.example.org}}";
const MANIFEST: &str = "services: {web: {port: 3000, health: \"/${PATH}\", domain: [\"${HOST}\"]}}";

/// Everything but values: which keys there are, and how long the lists are.
fn shape(value: &Value) -> String {
    match value {
        Value::Mapping(map) => {
            map.iter().map(|(key, value)| format!("{}({})", key.as_str().unwrap_or("?"), shape(value))).collect::<Vec<_>>().join(",")
        }
        Value::Sequence(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(",")),
        _ => String::new(),
    }
}

/// Text that means something to YAML, to minijinja, to CloudFormation or to a shell.
fn hostile() -> impl Strategy<Value = String> {
    let parts = proptest::sample::select(vec![
        "\"",
        "'",
        "\n",
        "\r\n",
        "\t",
        ": ",
        " #",
        "{{",
        "}}",
        "{%",
        "%}",
        "- ",
        "!Ref X",
        "&a",
        "*a",
        "|",
        ">",
        "%YAML",
        "---",
        "...",
        "${AWS::Region}",
        "$(id)",
        "`id`",
        "\\",
        "007",
        "Yes",
        "no",
        "~",
        "null",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{7f}",
        "\u{0}",
        "\u{1b}[31m",
        "é",
        "𝄞",
        "Resources:",
        "\n  Evil:\n    Type: X",
    ]);
    prop_oneof![proptest::collection::vec(parts, 0..8).prop_map(|parts| parts.concat()), any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn a_value_from_outside_stays_a_value(text in hostile()) {
        let variables = |path: &str| Variables::from([("PATH".to_owned(), path.to_owned()), ("HOST".to_owned(), "www.example.org".to_owned())]);
        let plain = template(&run_with(FLEET, &[("a", MANIFEST)], &Lock::default(), &variables("x")).ok(), "main/apps/a.yaml");
        let outcome = run_with(FLEET, &[("a", MANIFEST)], &Lock::default(), &variables(&text));
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            prop_assert!(outcome.says("RF0205"), "{text:?}");
            return Ok(());
        }
        let found = template(&outcome.ok(), "main/apps/a.yaml");
        prop_assert_eq!(shape(&plain), shape(&found));
        let path = found["Resources"]["WebTargetGroup"]["Properties"]["HealthCheckPath"].as_str();
        let expected = format!("/{text}");
        prop_assert_eq!(path, Some(expected.as_str()));
    }

    #[test]
    fn a_host_from_outside_is_a_host_or_refused(text in hostile()) {
        let variables = Variables::from([("PATH".to_owned(), "x".to_owned()), ("HOST".to_owned(), text.clone())]);
        let outcome = run_with(FLEET, &[("a", MANIFEST)], &Lock::default(), &variables);
        if let Some(compiled) = &outcome.compiled {
            prop_assert!(text.trim().is_empty() || text.trim().bytes().all(|b| b.is_ascii_alphanumeric() || b"-._*?".contains(&b)), "{text:?}");
            template(compiled, "main/apps/a.yaml");
        } else {
            prop_assert!(outcome.messages.iter().any(|message| message.contains("error[")), "{text:?}");
        }
    }
}
