//! `${NAME}` in YAML: hidden from the parser, then replaced in scalars.
//!
//! Convox replaces variables in the text before it reads the YAML, so `{domain: ${HOST}}` is
//! fine there, although the braces end a plain scalar in a flow mapping. Here the structure is
//! read first, so that no value can change it. To accept the same files, each `${NAME}` is
//! written as `^NAME^` (or with another mark that the file does not use) while the parser
//! looks: two bytes stay two bytes, and every span still fits the text as written.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The values for `${NAME}`, by name.
pub type Variables = BTreeMap<String, String>;

/// Marks that may start and end a plain scalar anywhere in YAML.
const MARKS: [char; 8] = ['^', '~', ';', '+', '=', '/', '(', ')'];

/// Text whose variables are hidden, and how to find them again.
pub(super) struct Masked<'a> {
    pub(super) text: Cow<'a, str>,
    /// Stands for `{` behind `$`, and for `}`; none when nothing needed hiding.
    mark: Option<char>,
}

/// The names in `text`, as `(start of "${", name)`.
fn references(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find("${")?;
        let end = start + 2 + text[start + 2..].find('}')?;
        at = end + 1;
        Some((start, &text[start + 2..end]))
    })
}

/// Hide every `${NAME}` of `text`.
pub(super) fn mask(text: &str) -> Masked<'_> {
    // A name with a blank or a line break is left as it is: it is no name of a variable, and
    // hiding it could join what the parser must see apart.
    let hidden: Vec<_> =
        references(text).filter(|(_, name)| !name.contains(|c: char| c.is_whitespace() || c == '"' || c == '\'')).collect();
    let mark = MARKS.into_iter().find(|mark| !text.contains(&format!("${mark}")) && hidden.iter().all(|(_, name)| !name.contains(*mark)));
    match mark {
        Some(mark) if !hidden.is_empty() => {
            let mut out = String::with_capacity(text.len());
            let mut done = 0;
            for (start, name) in hidden {
                out.push_str(&text[done..=start]);
                out.push(mark);
                out.push_str(name);
                out.push(mark);
                done = start + name.len() + 3;
            }
            out.push_str(&text[done..]);
            Masked { text: Cow::Owned(out), mark: Some(mark) }
        }
        _ => Masked { text: Cow::Borrowed(text), mark: None },
    }
}

/// Text in which nothing is hidden.
pub(super) fn unmasked(text: &str) -> Masked<'_> {
    Masked { text: Cow::Borrowed(text), mark: None }
}

impl Masked<'_> {
    /// Replace the variables of one scalar; calls `unset` for each name without a value, which
    /// then counts as empty, as in Convox.
    pub(super) fn fill<'t>(&self, text: &'t str, variables: &Variables, mut unset: impl FnMut(&str)) -> Cow<'t, str> {
        if !text.contains('$') {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut braces = true;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let behind = &rest[at + 1..];
            let name = match (behind.strip_prefix('{'), self.mark.and_then(|mark| Some((behind.strip_prefix(mark)?, mark)))) {
                (Some(inside), _) if braces => inside.split_once('}').or_else(|| {
                    braces = false; // and none further on: do not look again for each `${`
                    None
                }),
                (_, Some((inside, mark))) => inside.split_once(mark),
                _ => None,
            };
            if let Some((name, after)) = name {
                match variables.get(name) {
                    Some(value) => out.push_str(value),
                    None => unset(name),
                }
                rest = after;
            } else {
                out.push('$');
                rest = behind;
            }
        }
        out.push_str(rest);
        Cow::Owned(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masking_keeps_the_length_and_fills_again() {
        let text = "{domain: ${HOST}, test: \"${A}-$B $(C) ${}\"}";
        let masked = mask(text);
        assert_eq!(masked.text.len(), text.len());
        assert!(!masked.text.contains("${H"), "{}", masked.text);
        let variables = Variables::from([("HOST".into(), "a.com".into())]);
        let mut unset = Vec::new();
        let filled = masked.fill(&masked.text, &variables, |name| unset.push(name.to_owned()));
        assert_eq!(filled, "{domain: a.com, test: \"-$B $(C) \"}");
        assert_eq!(unset, ["A", ""]);
    }

    #[test]
    fn a_file_that_uses_a_mark_gets_another() {
        let masked = mask("a: $^ ${B}");
        assert_eq!(masked.text, "a: $^ $~B~");
    }
}
