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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refers {
    /// Nothing.
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
    let inside = text.split("${").skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name);
    inside.filter(|name| !name.starts_with('!')).for_each(|name| tell(name.split('.').next().unwrap_or(name)));
}

/// A name, or the first ones of a list of them.
fn names<'a>(value: &'a Node<'_>, most: usize, tell: &mut impl FnMut(&'a str)) {
    value.as_str().into_iter().chain(value.items().iter().take(most).filter_map(Node::as_str)).for_each(tell);
}
