//! What was rendered as a reader of YAML has it. Every template is read back, so nothing is copied
//! that can stay where it stands.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::events::{Listener, Scalar};

/// A value of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'t> {
    /// Text.
    Text(Cow<'t, str>),
    /// A flag.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A list.
    List(Vec<Node<'t>>),
    /// A mapping.
    Map(Map<'t>),
    /// Nothing, or a number that no template of ours has.
    Other,
}

/// A mapping of texts, in the order of its keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Map<'t>(Vec<(Cow<'t, str>, Node<'t>)>);

impl<'t> Map<'t> {
    /// A mapping of these entries; an error names a key that comes twice.
    pub(super) fn new(mut entries: Vec<(Cow<'t, str>, Node<'t>)>) -> Result<Self, String> {
        if entries.len() > 1 {
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        match entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(format!("the key {:?} comes twice", pair[0].0)),
            None => Ok(Self(entries)),
        }
    }

    /// How many entries it has.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Its entries, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node<'t>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node<'t>> {
        let at = self.0.binary_search_by(|(known, _)| known.as_ref().cmp(key)).ok()?;
        Some(&self.0[at].1)
    }
}

impl<'t> Node<'t> {
    /// The value of a key; none in what is no mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The text; none in what is none.
    pub fn as_str(&self) -> Option<&str> {
        if let Node::Text(text) = self { Some(text) } else { None }
    }

    /// The mapping; none in what is none.
    pub fn as_map(&self) -> Option<&Map<'t>> {
        if let Node::Map(map) = self { Some(map) } else { None }
    }

    /// The items; none of what is no list.
    pub fn items(&self) -> &[Self] {
        if let Node::List(items) = self { items } else { &[] }
    }
}

impl Node<'_> {
    /// Tell what stands here, as a reader that keeps nothing does.
    pub(super) fn tell<'a>(&'a self, to: &mut impl Listener<'a>) -> Option<()> {
        match self {
            Node::Text(text) => to.scalar(Scalar::Text(text)),
            Node::Flag(flag) => to.scalar(Scalar::Flag(*flag)),
            Node::Number(number) => to.scalar(Scalar::Number(*number)),
            Node::Other => to.scalar(Scalar::Other),
            Node::List(items) => {
                to.begin_list();
                items.iter().try_for_each(|item| item.tell(to))?;
                to.end_list();
            }
            Node::Map(map) => {
                to.begin_map();
                map.iter().try_for_each(|(key, value)| {
                    to.key(key);
                    value.tell(to)
                })?;
                to.end_map()?;
            }
        }
        Some(())
    }
}

/// Makes a tree of what it is told.
#[derive(Default)]
pub(super) struct Builder<'t> {
    /// Mappings and lists that have begun, the innermost last.
    open: Vec<Open<'t>>,
    done: Option<Node<'t>>,
}

/// A mapping or a list of which there may be more.
enum Open<'t> {
    Map(Vec<(Cow<'t, str>, Node<'t>)>),
    List(Vec<Node<'t>>),
}

impl<'t> Builder<'t> {
    /// The document, when it was told to its end.
    pub(super) fn document(self) -> Option<Node<'t>> {
        self.done
    }

    fn put(&mut self, node: Node<'t>) {
        match self.open.last_mut() {
            None => self.done = Some(node),
            Some(Open::List(items)) => items.push(node),
            Some(Open::Map(entries)) => {
                if let Some((_, value)) = entries.last_mut() {
                    *value = node;
                }
            }
        }
    }
}

impl<'t> Listener<'t> for Builder<'t> {
    fn begin_map(&mut self) {
        self.open.push(Open::Map(Vec::new()));
    }

    fn key(&mut self, name: &'t str) {
        if let Some(Open::Map(entries)) = self.open.last_mut() {
            entries.push((Cow::Borrowed(name), Node::Other)); // until its value comes
        }
    }

    fn end_map(&mut self) -> Option<()> {
        if let Some(Open::Map(entries)) = self.open.pop() {
            self.put(Node::Map(Map::new(entries).ok()?));
        }
        Some(())
    }

    fn begin_list(&mut self) {
        self.open.push(Open::List(Vec::new()));
    }

    fn end_list(&mut self) {
        if let Some(Open::List(items)) = self.open.pop() {
            self.put(Node::List(items));
        }
    }

    fn scalar(&mut self, scalar: Scalar<'t>) {
        self.put(match scalar {
            Scalar::Text(text) => Node::Text(Cow::Borrowed(text)),
            Scalar::Flag(flag) => Node::Flag(flag),
            Scalar::Number(number) => Node::Number(number),
            Scalar::Other => Node::Other,
        });
    }
}

/// As CloudFormation has it in JSON, on one line.
impl fmt::Display for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Node::Text(inner) => f.write_str(&text(inner)),
            Node::Flag(flag) => write!(f, "{flag}"),
            Node::Number(number) => write!(f, "{number}"),
            Node::Other => f.write_str("null"),
            Node::List(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Node::Map(map) => {
                let entries: Vec<String> = map.iter().map(|(key, value)| format!("{}: {value}", text(key))).collect();
                write!(f, "{{{}}}", entries.join(", "))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// Takes whatever the parser finds, but for tags, which no template has.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without a tag")
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Node<'de>, E> {
        Ok(Node::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node<'de>, E> {
        Ok(i64::try_from(number).map_or(Node::Other, Node::Number))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Node<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Node<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = from.next_entry()? {
            let Node::Text(key) = key else { return Err(A::Error::custom("a key that is no text")) };
            entries.push((key, value));
        }
        Map::new(entries).map(Node::Map).map_err(A::Error::custom)
    }
}
