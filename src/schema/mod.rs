//! The JSON Schemas, embedded, and what they say of a document.
//!
//! A schema closes every object, so an unknown key is a violation like any other; the stage that
//! asks decides how bad it is. Five keywords of our own carry words for people: `x-ignored` with
//! `x-ignored-reason` (Convox drops such a value instead of refusing it), `x-v3` and `x-hint`
//! (advice for keys that people bring from elsewhere), and `x-rename` (those of them that are
//! another name for a key and take the same values).

mod instance;

use std::sync::{Arc, LazyLock, OnceLock};

use jsonschema::error::{ValidationError, ValidationErrorKind};
use jsonschema::json::Json;
use jsonschema::{PatternOptions, Retrieve, ValidationOptions, Validator};
use serde_json::Value;

use self::instance::{Instance, Trees};
use crate::diagnostics::{certain, nearest};
use crate::source::Tree;

/// Unknown keys of one block that a known key is sought for.
const MOST_GUESSES: usize = 100;

/// The text of the schema of `convox.yml`.
pub const CONVOX: &str = include_str!("../../schemas/convox.schema.json");
/// The text of the schema of `rackform.yml`.
pub const FLEET: &str = include_str!("../../schemas/rackform.schema.json");
/// The schema of what `plan --format json` prints.
pub const PLAN: &str = include_str!("../../schemas/plan.schema.json");
/// The text of the schema of what `resolve --format json` prints.
pub const RESOLVE: &str = include_str!("../../schemas/resolve.schema.json");
/// The text of the schema of what `rackform doctor --format json` prints.
pub const DOCTOR: &str = include_str!("../../schemas/doctor.schema.json");
/// The text of the schema of a line of `--message-format json`.
pub const DIAGNOSTIC: &str = include_str!("../../schemas/diagnostic.schema.json");

/// The schema of `convox.yml`, ready to use.
pub static CONVOX_SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(CONVOX));
/// The schema of `rackform.yml`, ready to use.
pub static FLEET_SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(FLEET));

/// A schema, as a document and compiled.
pub struct Schema {
    document: Value,
    /// Tells only whether a tree is right.
    accepting: Validator<Trees>,
    /// Tells of JSON what is wrong; only few runs need one.
    explaining: OnceLock<Validator>,
}

/// One thing in a document that its schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer to the value, or to the block that has or lacks a key.
    pub pointer: String,
    /// What is wrong with it.
    pub what: What,
}

/// Kinds of violations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A key that the block does not have.
    Unknown {
        /// The key.
        key: String,
        /// Advice for a key of Convox v3.
        v3: Option<String>,
        /// Advice for another foreign key.
        hint: Option<String>,
        /// A known key that is near.
        near: Option<String>,
        /// The known key that is meant for certain.
        meant: Option<String>,
    },
    /// A key that the block needs.
    Missing {
        /// The key.
        key: String,
    },
    /// A key that breaks the rule for names.
    Name {
        /// The key.
        key: String,
        /// What a name is.
        expected: String,
    },
    /// A value that Convox drops.
    Ignored {
        /// What is expected here.
        expected: String,
        /// What Convox does instead.
        reason: String,
    },
    /// A value of the wrong kind or outside of its range.
    Wrong {
        /// What is expected here.
        expected: String,
    },
}

impl Schema {
    fn new(text: &str) -> Self {
        let document: Value = serde_json::from_str(text).expect("a test reads the embedded schemas");
        let accepting = compiled(jsonschema::options_for(), &document);
        Self { document, accepting, explaining: OnceLock::new() }
    }

    /// Whether nothing is wrong with a tree, which is at most as large as a manifest may be.
    pub fn accepts(&self, tree: &Tree) -> bool {
        tree.has_json() && self.accepting.is_valid(Instance::new(tree, tree.root()))
    }

    /// Whether a definition has a property.
    pub fn knows(&self, definition: &str, property: &str) -> bool {
        self.document["$defs"][definition]["properties"].get(property).is_some()
    }

    /// Everything that is wrong with a tree. None where aliases make it larger than any manifest.
    pub fn violations_of(&self, tree: &Tree) -> Option<Vec<Violation>> {
        if self.accepts(tree) { Some(Vec::new()) } else { Some(self.violations(&tree.to_json()?)) }
    }

    /// Everything that is wrong with a document.
    pub fn violations(&self, json: &Value) -> Vec<Violation> {
        let mut found = Vec::new();
        let explaining = self.explaining.get_or_init(|| compiled(jsonschema::options(), &self.document));
        for error in explaining.iter_errors(json) {
            self.explain(&error, &mut found);
        }
        found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
        found.dedup();
        found
    }

    /// Whether a value may stand at a pointer, as far as that does not depend on what stands beside
    /// it. Of a mapping only the kind counts: its keys have messages of their own.
    pub fn takes(&self, pointer: &str, value: &Value) -> bool {
        // The value stands alone in its lists, so it is the first item of each.
        let is_item = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let parts: Vec<&str> = pointer.split('/').skip(1).map(|part| if is_item(part) { "0" } else { part }).collect();
        let holder = parts.iter().rev().fold(value.clone(), |inner, part| {
            let key = part.replace("~1", "/").replace("~0", "~");
            if is_item(part) { Value::from(vec![inner]) } else { serde_json::json!({ key: inner }) }
        });
        let pointer = parts.iter().fold(String::new(), |pointer, part| format!("{pointer}/{part}"));
        let pointer = pointer.as_str();
        let (parent, last) = pointer.rsplit_once('/').unwrap_or_default();
        let is_about = |violation: &Violation| match &violation.what {
            What::Unknown { key, .. } | What::Name { key, .. } => {
                violation.pointer == parent && escape(key) == last || !value.is_object() && violation.pointer == pointer
            }
            _ => {
                let below = violation.pointer.strip_prefix(pointer);
                below.is_some_and(|below| below.is_empty() || !value.is_object() && below.starts_with('/'))
            }
        };
        !self.violations(&holder).iter().any(is_about)
    }

    fn explain(&self, error: &ValidationError<'_>, found: &mut Vec<Violation>) {
        let pointer = error.instance_path().to_string();
        let keyword = error.schema_path().to_string();
        let holder = self.holder(&keyword);
        let mut push = |what| found.push(Violation { pointer: pointer.clone(), what });
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for (at, key) in unexpected.iter().enumerate() {
                    push(unknown(holder, key, at < MOST_GUESSES));
                }
            }
            ValidationErrorKind::Required { property } => push(What::Missing { key: property.as_str().unwrap_or_default().to_owned() }),
            ValidationErrorKind::PropertyNames { error } => push(What::Name {
                key: error.instance().as_str().unwrap_or_default().to_owned(),
                expected: self.expected(&error.schema_path().to_string()),
            }),
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                // A branch that fails on the kind of this very value was not meant. If one is
                // left, its words are better than "none of these".
                let meant: Vec<_> = context
                    .iter()
                    .filter(|errors| {
                        !errors.iter().any(|e| {
                            matches!(
                                e.kind(),
                                ValidationErrorKind::Type { .. } | ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. }
                            ) && e.instance_path().to_string() == pointer
                        })
                    })
                    .collect();
                match meant.as_slice() {
                    [errors] => errors.iter().for_each(|error| self.explain(error, found)),
                    _ => push(self.wrong(&keyword)),
                }
            }
            _ => push(self.wrong(&keyword)),
        }
    }

    fn wrong(&self, keyword: &str) -> What {
        let expected = self.expected(keyword);
        match self.ignored(keyword) {
            Some(reason) => What::Ignored { expected, reason },
            None => What::Wrong { expected },
        }
    }

    /// The schema object that a keyword stands in.
    fn holder(&self, keyword: &str) -> Option<&Value> {
        self.document.pointer(keyword.rsplit_once('/')?.0)
    }

    /// The objects around a keyword, nearest first.
    fn holders<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a Value> {
        let mut path = keyword;
        std::iter::from_fn(move || {
            path = path.rsplit_once('/')?.0;
            Some(self.document.pointer(path))
        })
        .flatten()
    }

    /// What should stand there: the nearest title.
    fn expected(&self, keyword: &str) -> String {
        self.holders(keyword).find_map(|holder| holder.get("title")?.as_str()).unwrap_or("another value").to_owned()
    }

    /// Why Convox ignores the value, if it does.
    fn ignored(&self, keyword: &str) -> Option<String> {
        let holder = self.holder(keyword)?;
        holder
            .get("x-ignored")?
            .as_bool()?
            .then(|| holder.get("x-ignored-reason").and_then(Value::as_str).unwrap_or("Convox drops it").to_owned())
    }
}

fn compiled<F: Json>(options: ValidationOptions<'_, Arc<dyn Retrieve>, F>, document: &Value) -> Validator<F> {
    options.with_pattern_options(PatternOptions::regex()).build(document).expect("a test compiles the embedded schemas")
}

/// A key that a schema object does not have, with what is known about it.
fn unknown(holder: Option<&Value>, key: &str, guess: bool) -> What {
    let advice = |list: &str| Some(holder?.get(list)?.get(key)?.as_str()?.to_owned());
    let (v3, hint) = (advice("x-v3"), advice("x-hint"));
    let known = || holder.and_then(|h| h.get("properties")?.as_object()).into_iter().flat_map(|p| p.keys().map(String::as_str));
    let is_strange = guess && v3.is_none() && hint.is_none();
    let near = if is_strange { nearest(key, known()).map(str::to_owned) } else { None };
    let meant = advice("x-rename").or_else(|| if is_strange { certain(key, known()).map(str::to_owned) } else { None });
    What::Unknown { key: key.to_owned(), v3, hint, near, meant }
}

/// A key as one part of a JSON pointer.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every title, description and local reference of a schema is in order.
    fn walk(schema: &Value, document: &Value, path: &str) {
        let Some(map) = schema.as_object() else { return };
        if let Some(target) = map.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{path}: {target}");
        }
        for (key, child) in map {
            let at = format!("{path}/{key}");
            match key.as_str() {
                "properties" | "$defs" => {
                    for (name, child) in child.as_object().unwrap() {
                        let words = |word| child.get(word).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
                        assert!(words("title") && words("description"), "{at}/{name} lacks a title or a description");
                        walk(child, document, &format!("{at}/{name}"));
                    }
                }
                "anyOf" | "oneOf" | "allOf" => child.as_array().unwrap().iter().for_each(|child| walk(child, document, &at)),
                "items" | "additionalProperties" | "propertyNames" | "if" | "then" | "else" | "not" => walk(child, document, &at),
                "patternProperties" => child.as_object().unwrap().values().for_each(|child| walk(child, document, &at)),
                _ => {}
            }
        }
    }

    #[test]
    fn the_schemas_are_valid_and_every_key_has_words() {
        for text in [CONVOX, FLEET, PLAN, RESOLVE, DOCTOR, DIAGNOSTIC] {
            let document: Value = serde_json::from_str(text).unwrap();
            assert!(jsonschema::meta::is_valid(&document));
            Schema::new(text);
            walk(&document, &document, "");
        }
    }

    /// Every definition with other names for keys: the names are unknown, have advice, and lead to a key.
    fn renames(schema: &Value, path: &str, seen: &mut usize) {
        for (name, target) in schema.get("x-rename").and_then(Value::as_object).into_iter().flatten() {
            assert!(schema["properties"].get(name).is_none(), "{path}: {name} is a key");
            assert!(schema["properties"].get(target.as_str().unwrap()).is_some(), "{path}: {target} is no key");
            let advice = ["x-hint", "x-v3"].iter().find_map(|list| schema[list][name].as_str());
            assert!(advice.is_some_and(|advice| advice.contains(&format!("`{}", target.as_str().unwrap()))), "{path}: {name}");
            *seen += 1;
        }
        match schema {
            Value::Object(map) => map.iter().for_each(|(key, child)| renames(child, &format!("{path}/{key}"), seen)),
            Value::Array(items) => items.iter().for_each(|child| renames(child, path, seen)),
            _ => {}
        }
    }

    #[test]
    fn other_names_for_keys_have_advice_that_says_the_same() {
        let mut seen = 0;
        renames(&serde_json::from_str(CONVOX).unwrap(), "", &mut seen);
        assert!(seen > 20, "{seen}");
    }

    #[test]
    fn a_value_is_taken_where_its_kind_fits() {
        for (pointer, value, taken) in [
            ("/services/web/domain", serde_json::json!(["a.example.org"]), true),
            ("/services/web/domain", serde_json::json!([1]), false),
            ("/services/web/domain", serde_json::json!({}), false),
            ("/services/web/health/interval", serde_json::json!(10), true),
            ("/services/web/health/interval", serde_json::json!("10"), false),
            ("/services/web/nlb/7/containerPort", serde_json::json!(70_000), false),
            ("/environment/3", serde_json::json!(true), false),
            ("/environment/3", serde_json::json!("A=b"), true),
            ("/services", serde_json::json!({"web": {"prot": 1}}), true),
            ("/services", serde_json::json!("web"), false),
            ("/services/web/prot", serde_json::json!(1), false),
        ] {
            assert_eq!(CONVOX_SCHEMA.takes(pointer, &value), taken, "{pointer} {value}");
        }
    }

    #[test]
    fn violations_carry_words_from_the_schema() {
        let json = serde_json::json!({"servces": {}, "services": {"web": {"drain": "x", "domains": "a.b"}}});
        let found = CONVOX_SCHEMA.violations(&json);
        assert!(
            found.iter().any(|v| matches!(&v.what, What::Unknown { key, near: Some(near), .. } if key == "servces" && near == "services"))
        );
        assert!(found.iter().any(|v| v.pointer == "/services/web/drain" && matches!(v.what, What::Wrong { .. })));
        assert!(found.iter().any(|v| matches!(&v.what, What::Unknown { key, hint: Some(_), .. } if key == "domains")), "{found:?}");
    }
}
