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

    #[test]
    fn hashes_are_those_of_the_standard() {
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(hash("abc"), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }

    #[test]
    fn a_sentence_has_code_and_no_markup_of_others() {
        assert_eq!(prose("`a<b` & \"c\" `"), "<code>a&lt;b</code> &amp; &quot;c&quot; `");
        assert_eq!(inside_of_script("[\"</script><!-- &\"]"), "[\"\\u003c/script\\u003e\\u003c!-- \\u0026\"]");
    }

    #[test]
    fn a_page_prints_what_it_is_given_and_nothing_else() {
        for page in ["{{ missing }}", "{{ none }}", "{{ [1] }}", "{{ 1.5 }}", "{{ '<' | safe }}"] {
            let env = environment(page).unwrap();
            assert!(env.get_template("plan.html").unwrap().render(()).is_err(), "{page}");
        }
        let env = environment("{% macro m(x) %}<i>{{ x }}</i>{% endmacro %}{{ m('<\u{202e}') }}{{ 7 }}").unwrap();
        assert_eq!(env.get_template("plan.html").unwrap().render(()).unwrap(), "<i>&lt;\\u{202e}</i>7");
    }
}
