//! The environment in which templates become YAML. Every value goes through one formatter, and a template has
//! nothing with which to switch it off.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::scalar::{self, MAX_KEY};

/// Every file of `templates/`, by its name there.
const TEMPLATES: &[(&str, &str)] = &[
    ("app-task.yaml", include_str!("../../templates/app-task.yaml")),
    ("app-port.yaml", include_str!("../../templates/app-port.yaml")),
    ("app.yaml", include_str!("../../templates/app.yaml")),
    ("head.yaml", include_str!("../../templates/head.yaml")),
    ("rack-api.yaml", include_str!("../../templates/rack-api.yaml")),
    ("rack-instances.yaml", include_str!("../../templates/rack-instances.yaml")),
    ("rack-network.yaml", include_str!("../../templates/rack-network.yaml")),
    ("rack-network-balancer.yaml", include_str!("../../templates/rack-network-balancer.yaml")),
    ("rack-router.yaml", include_str!("../../templates/rack-router.yaml")),
    ("rack.yaml", include_str!("../../templates/rack.yaml")),
];

/// The environment, made once; an error only when a template does not parse.
pub(super) static ENVIRONMENT: LazyLock<Result<Environment<'static>, String>> =
    LazyLock::new(|| environment(TEMPLATES).map_err(|error| error.to_string()));

/// An environment with these templates.
pub(super) fn environment(templates: &[(&'static str, &'static str)]) -> Result<Environment<'static>, Error> {
    let mut env = Environment::empty(); // without the filters `safe` and `tojson`, which get past a formatter
    env.set_debug(false);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    // What a macro prints went through the formatter once and is not to be quoted again. Only when some escaping is
    // named does minijinja mark it so.
    env.set_auto_escape_callback(|_| AutoEscape::Custom("yaml".into()));
    env.set_formatter(print);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    env.set_syntax(syntax.build()?);
    env.add_filter("ident", ident);
    env.add_filter("comment", comment);
    for (name, text) in templates {
        env.add_template(name, text)?;
    }
    Ok(env)
}

thread_local! {
    /// What is printed, before it is whole: thousands of values are, and each would ask for its own.
    static BUFFER: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Print a value: as it stands if a filter of ours or a macro made it, quoted otherwise.
fn print(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_safe() {
        return Ok(out.write_str(value.as_str().unwrap_or_default())?);
    }
    BUFFER.with_borrow_mut(|text| {
        text.clear();
        flow(value, text)?;
        Ok(out.write_str(text)?)
    })
}

fn flow(value: &Value, out: &mut String) -> Result<(), Error> {
    match value.kind() {
        ValueKind::String => scalar::quote(value.as_str().unwrap_or_default(), out),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number if value.is_integer() => write!(out, "{value}")?,
        ValueKind::Seq => {
            out.push('[');
            for (at, item) in value.try_iter()?.enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                flow(&item, out)?;
            }
            out.push(']');
        }
        ValueKind::Map => {
            out.push('{');
            let object = value.as_object().ok_or_else(|| refuse("a mapping without entries"))?;
            for (at, (key, inner)) in object.try_iter_pairs().into_iter().flatten().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                let name = key.as_str().ok_or_else(|| refuse("a key that is no text"))?;
                if name.len() > MAX_KEY {
                    return Err(refuse("a key of more than 1000 bytes"));
                }
                scalar::quote(name, out);
                out.push_str(": ");
                flow(&inner, out)?;
            }
            out.push('}');
        }
        // A number with a point reads differently from reader to reader, and nothing in a template needs one.
        kind => return Err(refuse(format!("a template can't print a value of kind {kind}"))),
    }
    Ok(())
}

/// `{{ id | ident }}`: a logical id, the one value that stands without quotes where it reads as text without them.
fn ident(text: &str) -> Result<Value, Error> {
    const MEAN_SOMETHING: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    if !super::is_logical_id(text) {
        return Err(refuse(format!("{text:?} is no logical id")));
    }
    let is_text = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_text && !MEAN_SOMETHING.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Ok(Value::from_safe_string(text.to_owned()));
    }
    let mut id = String::new();
    scalar::quote(text, &mut id); // `007` would be the key 7, and `No` the key false
    Ok(Value::from_safe_string(id))
}

/// `# {{ text | comment }}`: text in a comment.
fn comment(text: &str) -> Value {
    let mut line = String::new();
    scalar::comment(text, &mut line);
    Value::from_safe_string(line)
}

fn refuse(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::render::testing::{granit_scalars, hostile_text};

    fn render(text: &'static str, context: &Json) -> Result<String, String> {
        let env = environment(&[("t", text)]).map_err(|error| error.to_string())?;
        crate::render::render_in(&env, "t", context)
    }

    #[test]
    fn the_table_is_the_folder() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let on_disk: BTreeMap<String, String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_stem() != Some("plan".as_ref())) // the page of a plan, which `report` embeds
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
            .collect();
        let embedded: BTreeMap<String, String> = TEMPLATES.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        assert_eq!(embedded, on_disk);
        assert!(ENVIRONMENT.is_ok(), "every template parses");
    }

    #[test]
    fn values_are_printed_in_flow_style() {
        let context = json!({"host": "*.x", "on": true, "many": ["Yes", 1, -2], "vpc": {"Ref": "Vpc"}, "empty": []});
        let text = "a: {{ host }}\nb: {{ on }}\nc: {{ many }}\nd: {{ vpc }}\ne: {{ empty }}\n";
        let expected = "a: \"*.x\"\nb: true\nc: [\"Yes\", 1, -2]\nd: {\"Ref\": \"Vpc\"}\ne: []\n";
        assert_eq!(render(text, &context).unwrap(), expected);
    }

    #[test]
    fn blocks_leave_no_lines_behind_and_macros_are_quoted_once() {
        let text =
            "{% macro tag(name) %}{Key: Name, Value: {{ name }}}{% endmacro %}\n  {% if yes %}\n  a: {{ tag(name) }}\n  {% endif %}\n";
        assert_eq!(render(text, &json!({"yes": true, "name": "x"})).unwrap(), "  a: {Key: Name, Value: \"x\"}\n");
    }

    #[test]
    fn what_has_no_meaning_is_an_error_with_a_line() {
        for text in [
            "a: 1\nb: {{ missing }}\n",
            "a: 1\nb: {{ nothing }}\n",
            "a: 1\nb: {{ none }}\n",
            "a: 1\nb: {{ half }}\n",
            "a: 1\nb: {{ [nothing] }}\n",
            "a: 1\nb: {{ {'k': half} }}\n",
            "a: 1\n{% if missing %}{% endif %}\n",
            "a: 1\n{{ bad | ident }}: {}\n",
            "a: 1\n{{ '' | ident }}: {}\n",
            "a: 1\nb: {{ bad | safe }}\n",
            "a: 1\nb: {{ bad | tojson }}\n",
        ] {
            let error = render(text, &json!({"nothing": null, "half": 0.5, "bad": "R1: {}\n  Evil"})).unwrap_err();
            assert!(error.contains("t:2"), "{text:?}: {error}");
        }
        assert!(render("{{ {'k': 1} }}", &json!({})).is_ok());
        let long = json!({"map": {"k".repeat(1001): 1}});
        assert!(render("{{ map }}", &long).is_err(), "YAML would not take it for a key");
    }

    #[test]
    fn no_block_switches_the_quotes_off() {
        let text = "a: {% autoescape false %}{{ x }}{% endautoescape %}\n\nb: {% set y %}{{ x }}{% endset %}{{ y }}\n";
        let read: BTreeMap<String, String> = serde_yaml::from_str(&render(text, &json!({"x": "1\nc: 2"})).unwrap()).unwrap();
        assert_eq!(read["a"], "1\nc: 2");
        assert_eq!(read.len(), 2);
    }

    proptest! {
        #[test]
        fn an_id_is_text_to_every_reader(id in "[A-Za-z0-9]{1,20}|[0-9]{1,3}|0x[0-9a-f]{2}|[0-9]e[0-9]|[Yy]es|[Nn]o?|NULL|true|Off") {
            let text = render("{{ id | ident }}: 1\n", &json!({"id": id})).unwrap();
            let read: Json = serde_yaml::from_str(&text).unwrap();
            prop_assert_eq!(&read, &json!({ id.clone(): 1 }));
            let old_style = crate::source::resolve(text.split(':').next().unwrap(), !text.starts_with('"'));
            prop_assert!(matches!(old_style, crate::source::Resolved::Text(_)), "{}", text);
        }

        #[test]
        fn no_text_changes_the_document(value in hostile_text(), key in hostile_text()) {
            prop_assume!(key.len() < 160); // quoted at six bytes a character, still a key
            let template = "# {{ v | comment }}\na: {{ v }}  # {{ k | comment }}\nb:\n  - {{ list }}\n  - {{ map }}\nc: 1\n";
            let context = json!({"v": value, "k": key, "list": [value, key], "map": {key.clone(): value}});
            let text = render(template, &context).unwrap();
            let read: Json = serde_yaml::from_str(&text).unwrap();
            prop_assert_eq!(&read, &json!({"a": value, "b": [[value, key], {key.clone(): value}], "c": 1}));
            let expected: Vec<String> = ["a", &value, "b", &value, &key, &key, &value, "c", "1"].map(str::to_owned).to_vec();
            prop_assert_eq!(granit_scalars(&text), expected);
        }
    }
}
