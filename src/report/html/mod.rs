//! A plan as one page for a browser, which asks nobody for anything: style and script are in it.

mod drawing;
mod finder;
mod stacks;
mod view;

use std::fmt::Write as _;
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use sha2::{Digest, Sha256};

use super::visible::visible;
use crate::plan::Plan;

const PAGE: &str = include_str!("../../../templates/plan.html");
const STYLE: &str = include_str!("../../../templates/plan.css");
const SCRIPT: &str = include_str!("../../../templates/plan.js");

/// The environment, made once.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| environment(PAGE).expect("the template parses"));

/// The plan as a page of HTML.
pub fn html(plan: &Plan) -> String {
    let page = ENVIRONMENT.get_template("plan.html").and_then(|template| template.render(Value::from(Serde(view::page(plan)))));
    page.expect("the template prints what the view has")
}

fn environment(page: &'static str) -> Result<Environment<'static>, Error> {
    let mut env = Environment::empty(); // without the filter `safe`, which gets past a formatter
    env.set_debug(false);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html); // what a macro prints is marked as printed
    env.set_formatter(print);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    env.set_syntax(syntax.build()?);
    env.add_test("none", minijinja::tests::is_none);
    env.add_filter("length", minijinja::filters::length);
    env.add_filter("prose", |text: &str| Value::from_safe_string(prose(text)));
    env.add_filter("script", |json: &str| Value::from_safe_string(inside_of_script(json)));
    env.add_function("style", || Value::from_safe_string(STYLE.to_owned()));
    env.add_function("script", || Value::from_safe_string(SCRIPT.to_owned()));
    env.add_function("policy", policy);
    env.add_template("plan.html", page)?;
    Ok(env)
}

/// What the page may do: apply its style, run its script, and nothing else, whatever it holds.
fn policy() -> String {
    format!("default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'", hash(STYLE), hash(SCRIPT))
}

/// A hash as Content Security Policy, level 3, writes it.
fn hash(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut base64 = String::from("sha256-");
    for bytes in Sha256::digest(text).chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | usize::from(bytes.get(at).copied().unwrap_or_default()));
        for at in 0..4 {
            base64.push(if at <= bytes.len() { char::from(LETTERS[bits >> (18 - 6 * at) & 63]) } else { '=' });
        }
    }
    base64
}

/// Print a value: as it stands if a filter of ours or a macro made it, with every character that means something
/// written out otherwise.
fn print(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    let text = value.as_str().unwrap_or_default();
    match value.kind() {
        ValueKind::String if value.is_safe() => out.write_str(text)?,
        ValueKind::String => out.write_str(&escaped(text))?,
        ValueKind::Number if value.is_integer() => write!(out, "{value}")?,
        kind => return Err(Error::new(ErrorKind::InvalidOperation, format!("a page can't print a value of kind {kind}"))),
    }
    Ok(())
}

/// A value as text and in quotes.
fn escaped(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// `{{ text | prose }}`: a sentence of ours whose values stand in backticks.
fn prose(text: &str) -> String {
    let last = text.matches('`').count();
    let mut out = String::with_capacity(text.len() + 16);
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 1 && at < last {
            let _ = write!(out, "<code>{}</code>", escaped(part));
        } else {
            out.push_str(if at > 0 && at == last && last % 2 == 1 { "`" } else { "" }); // one without a partner
            out.push_str(&escaped(part));
        }
    }
    out
}

/// `{{ json | script }}`: JSON as the text of a script element, in which nothing may look like its end.
/// HTML, 4.12.1.3, "Restrictions for contents of script elements".
fn inside_of_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{everything, hostile, huge, nothing};

    /// The names of all elements, in their order.
    fn elements(page: &str) -> Vec<&str> {
        let names = |part: &'_ str| part.len() - part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '/' || c == '!').len();
        page.split('<').skip(1).map(|part| &part[..names(part)]).collect()
    }

    #[test]
    fn the_policy_allows_what_is_in_the_page_alone() {
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(hash("abc"), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        let page = html(&everything());
        let between = |open: &str, close: &str| page.split_once(open).unwrap().1.split_once(close).unwrap().0;
        for text in [between("<style>", "</style>"), between("<script>", "</script>")] {
            assert!(page.contains(&escaped(&format!("'{}'", hash(text)))));
        }
        for outside in ["src=", "url(", "@import", " style=", " onclick", "http://", "https://"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn nothing_to_do_is_said_and_the_search_stays() {
        let page = html(&nothing());
        assert!(page.contains("<h1>Nothing changes, 3 stacks as before</h1>"));
        assert!(page.contains("id=\"query\"") && !page.contains("id=\"stacks\"") && !page.contains("id=\"risks\""));
    }

    #[test]
    fn everything_is_told() {
        let page = html(&everything());
        for part in [
            "<h1>3 stacks change, with 1 high risk</h1>",
            "<li class=\"risk high\"><span class=\"level\">High risk</span>\n<div><p class=\"what\"><code>www.example.org</code> changes hands from",
            "<th scope=\"row\">old.www.example.org</th>",
            "aria-valuemin=\"0\" aria-valuemax=\"20\" aria-valuenow=\"18\" aria-valuetext=\"18 of 20, 16 before, 19 during the update\">\
             <rect class=\"track\" width=\"1000\" height=\"12\"/><rect class=\"peak\" width=\"950\" height=\"12\"/>\
             <rect class=\"held\" width=\"900\" height=\"12\"/><path class=\"mark\" d=\"M800 0V12\"/></svg>",
            "<path class=\"edge takes\"",
            "<text x=\"14\" y=\"44\" class=\"host takes\">www.example.org</text>",
            ">from blog/front</text>",
            "<b>Phase 2</b>",
            "<del>3000</del><span class=\"to\"> → </span><ins>30001</ins>",
            "<span class=\"how\">replaces</span>",
            "<b>Written no longer</b>",
        ] {
            assert!(page.contains(part), "{part} is missing");
        }
    }

    #[test]
    fn no_value_adds_an_element() {
        let plain = html(&hostile("x"));
        for value in [
            "<script>alert(1)</script>",
            "</script><b>",
            "\"><img onerror=x>",
            "' autofocus x='",
            "{{ 7 * 7 }}",
            "&lt;b&gt;",
            "<!--",
            "]]>",
        ] {
            let page = html(&hostile(value));
            assert_eq!(elements(&page), elements(&plain), "{value}");
            let (text, _) = page.split_once("id=\"data\"").unwrap();
            assert!(text.contains(&escaped(value)) && (escaped(value) == value || !text.contains(value)), "{value}");
        }
    }

    #[test]
    fn a_large_plan_is_whole_and_its_hosts_are_data() {
        let plan = huge(300, 5000);
        let page = html(&plan);
        assert_eq!(page.matches("<details class=\"stack\"").count(), 303);
        assert_eq!(page.matches("<th scope=\"row\">").count(), 300);
        assert!(page.contains("4704 more are found by the search") && page.contains("Find one of 5006 hosts"));
        let data = page.split_once("id=\"data\">").unwrap().1.split_once('<').unwrap().0;
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["changed"].as_array().unwrap().len(), 5004);
        assert!(page.contains("263 services more not drawn"));
    }
}
