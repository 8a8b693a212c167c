//! A tree as an instance of a schema, so that a document that is right needs no copy as JSON. It
//! must look as [`Tree::to_json`] has it, or the two validators say different things.

use std::borrow::Cow;
use std::ptr;
use std::slice;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object};
use serde_json::{Number, Value};

use crate::source::{Counting, Kind, Mapping, NodeId, Resolved, Tree, resolve};

/// Trees, as the validator knows representations.
pub(super) struct Trees;

/// A node behind its aliases, its scalar resolved.
#[derive(Clone)]
pub(super) enum Instance<'a> {
    Null,
    Flag(bool),
    Number(Number),
    Text(&'a str),
    List(List<'a>),
    Block(Block<'a>),
}

/// A list of a tree.
#[derive(Clone, Copy)]
pub(super) struct List<'a> {
    tree: &'a Tree,
    id: NodeId,
    items: &'a Vec<NodeId>,
}

/// A mapping of a tree.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    tree: &'a Tree,
    id: NodeId,
    mapping: &'a Mapping,
}

impl<'a> Instance<'a> {
    pub(super) fn new(tree: &'a Tree, id: NodeId) -> Self {
        match tree.kind(id) {
            Kind::Map(mapping) => Self::Block(Block { tree, id, mapping }),
            Kind::List(items) => Self::List(List { tree, id, items }),
            Kind::Scalar(scalar) => match resolve(&scalar.text, scalar.plain) {
                Resolved::Null => Self::Null,
                Resolved::Bool(flag) => Self::Flag(flag),
                Resolved::Int(int) => Self::Number(int.into()),
                Resolved::Float(float) => Number::from_f64(float).map_or(Self::Null, Self::Number),
                Resolved::Text(text) => Self::Text(text),
            },
            Kind::Alias(_) => unreachable!("`kind` looks behind aliases"),
        }
    }
}

impl Json for Trees {
    type Node<'a> = Instance<'a>;
    type PreparedKey = String;
    type StringBuffer = ();

    // An alias leads to what was whole before it.
    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Instance<'_>) -> T) -> T {
        f(Instance::Text(string))
    }
}

impl<'a> Node<'a, Trees> for Instance<'a> {
    type Object = Block<'a>;
    type Array = List<'a>;
    type Number = Number;

    fn as_object(&self) -> Option<Block<'a>> {
        match self {
            Self::Block(block) => Some(*block),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<List<'a>> {
        match self {
            Self::List(list) => Some(*list),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    fn as_number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(number.clone()),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    fn json_type(&self) -> JsonType {
        match self {
            Self::Null => JsonType::Null,
            Self::Flag(_) => JsonType::Boolean,
            Self::Number(_) => JsonType::Number,
            Self::Text(_) => JsonType::String,
            Self::List(_) => JsonType::Array,
            Self::Block(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (self, expected) {
            // Without a copy of the text, which is what `enum` and `const` look at.
            (Self::Text(text), Value::String(expected)) => text == expected,
            _ => jsonschema::json::cmp::equal(&self.to_value(), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(match self {
            Self::Null => Value::Null,
            Self::Flag(flag) => Value::Bool(*flag),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::from(*text),
            Self::List(List { tree, id, .. }) | Self::Block(Block { tree, id, .. }) => {
                tree.json_of(*id).expect("the whole tree was found to fit, so each part does")
            }
        })
    }

    /// What can hold itself has one: lists and mappings. An alias leads to the very same.
    fn identity(&self) -> Option<NodeIdentity> {
        match self {
            Self::List(list) => Some(NodeIdentity::new(ptr::from_ref(list.items).addr())),
            Self::Block(block) => Some(NodeIdentity::new(ptr::from_ref(block.mapping).addr())),
            _ => None,
        }
    }
}

impl<'a> Object<'a, Trees> for Block<'a> {
    type Node = Instance<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        self.mapping.counting().len()
    }

    fn get(&self, key: &String) -> Option<Instance<'a>> {
        self.tree.get(self.id, key).map(|entry| Instance::new(self.tree, entry.value))
    }

    fn members(&self) -> Members<'a> {
        Members { tree: self.tree, entries: self.mapping.counting() }
    }
}

impl<'a> Array<'a, Trees> for List<'a> {
    type Node = Instance<'a>;
    type ElementsIter = Elements<'a>;

    fn len(&self) -> usize {
        self.items.len()
    }

    fn elements(&self) -> Elements<'a> {
        Elements { tree: self.tree, items: self.items.iter() }
    }
}

/// Entries of a mapping, with their keys.
pub(super) struct Members<'a> {
    tree: &'a Tree,
    entries: Counting<'a>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Instance<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.entries.next().map(|entry| (self.tree.text(entry.key), Instance::new(self.tree, entry.value)))
    }
}

/// Items of a list.
pub(super) struct Elements<'a> {
    tree: &'a Tree,
    items: slice::Iter<'a, NodeId>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Instance<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.items.next().map(|item| Instance::new(self.tree, *item))
    }
}
