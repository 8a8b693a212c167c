//! What a value of a template refers to.

use super::read::Node;

/// Tell every name of a resource or parameter that a value refers to, as often as it does.
pub fn references<'a>(value: &'a Node<'_>, tell: &mut impl FnMut(&'a str)) {
    match value {
        Node::List(items) => items.iter().for_each(|item| references(item, tell)),
        Node::Map(map) => {
            for (key, inner) in map.iter() {
                match Refers::of(key) {
                    Refers::Names => names(inner, usize::MAX, tell),
                    Refers::First => names(inner, 1, tell),
                    Refers::Inside => substituted(inner.as_str().unwrap_or_default(), tell),
                    Refers::No => {}
                }
                references(inner, tell);
            }
        }
        Node::Text(_) | Node::Flag(_) | Node::Number(_) | Node::Other => {}
    }
}

/// What a key says of its value.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refers {
    /// Nothing.
    #[default]
    No,
    /// It is a name, or a list of names.
    Names,
    /// It is a name, or a list that begins with one.
    First,
    /// It is a text with names in it.
    Inside,
}

impl Refers {
    /// What a key says.
    pub(super) fn of(key: &str) -> Self {
        match key {
            "Ref" | "DependsOn" => Self::Names,
            "Fn::GetAtt" => Self::First,
            "Fn::Sub" => Self::Inside,
            _ => Self::No,
        }
    }
}

/// The names in `${Name}` and `${Name.Attribute}`; `${!Text}` is no name.
pub(super) fn substituted<'a>(text: &'a str, tell: &mut impl FnMut(&'a str)) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'$', rest.as_bytes()) {
        rest = &rest[at + 1..];
        let Some(inside) = rest.strip_prefix('{') else { continue };
        let Some(end) = memchr::memchr(b'}', inside.as_bytes()) else { return };
        let name = &inside[..end];
        // Where another one begins within, it is that one which ends.
        let begins_within = name.as_bytes().windows(2).any(|pair| pair == b"${");
        if !begins_within && !name.starts_with('!') {
            tell(name.split_once('.').map_or(name, |(first, _)| first));
        }
    }
}

/// A name, or the first ones of a list of them.
fn names<'a>(value: &'a Node<'_>, most: usize, tell: &mut impl FnMut(&'a str)) {
    value.as_str().into_iter().chain(value.items().iter().take(most).filter_map(Node::as_str)).for_each(tell);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_texts() {
        for (text, expected) in [
            ("", &[][..]),
            ("$ $$ {a} ${", &[]),
            ("${a", &[]),
            ("${a}${b.c.d}-${!e}", &["a", "b"]),
            ("$${a} ${} ${.}", &["a", "", ""]),
            ("${a${b}", &["b"]),
            ("${a$b} ${!a${c}}", &["a$b", "c"]),
            ("\u{e9}${\u{e9}}", &["\u{e9}"]),
        ] {
            let mut found = Vec::new();
            substituted(text, &mut |name| found.push(name));
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
