//! An output as text: the list of its stacks, their templates and parameters.

use std::collections::BTreeMap;

use crate::index::{INDEX, Index, IndexedStack};
use crate::render::{Map, Node, read};

/// Something in an output that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its path in the output folder.
    pub path: String,
    /// What is wrong with it.
    pub why: String,
}

/// An output, of now or of before. Without files it is that of a fleet that was never compiled.
#[derive(Debug, Default)]
pub struct Output<'a> {
    texts: BTreeMap<&'a str, &'a str>,
    index: Vec<IndexedStack>,
}

impl<'a> Output<'a> {
    /// The files of an output, by their paths in its folder.
    pub fn new(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Unreadable> {
        let texts: BTreeMap<&str, &str> = files.into_iter().collect();
        let Some(text) = texts.get(INDEX) else { return Ok(Self { texts, index: Vec::new() }) };
        let index: Index = serde_json::from_str(text).map_err(|error| Unreadable { path: INDEX.into(), why: error.to_string() })?;
        Ok(Self { texts, index: index.stacks })
    }

    /// The stacks in the order of their deployment, each once a phase.
    pub(super) fn steps(&self) -> &[IndexedStack] {
        &self.index
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Result<&'a str, Unreadable> {
        self.texts
            .get(path)
            .copied()
            .ok_or_else(|| Unreadable { path: path.to_owned(), why: format!("{INDEX} names it, and it is missing") })
    }

    /// Where the template and the parameters of a stack lie as they are in the end.
    pub(super) fn lasting(step: &IndexedStack) -> (&str, &str) {
        (without_phase(&step.template), without_phase(&step.parameters))
    }
}

/// A path without the folder of a phase.
fn without_phase(path: &str) -> &str {
    match path.split_once('/') {
        Some((first, rest)) if first.strip_prefix("phase-").is_some_and(|number| number.parse::<usize>().is_ok()) => rest,
        _ => path,
    }
}

/// A stack at one moment.
#[derive(Debug)]
pub(super) struct State<'a> {
    pub(super) template: Node<'a>,
    pub(super) parameters: BTreeMap<String, String>,
}

impl<'a> State<'a> {
    /// Read a template and its parameters.
    pub(super) fn read((path, text): (&str, &'a str), (parameters_path, parameters): (&str, &str)) -> Result<Self, Unreadable> {
        let template = read(text).map_err(|why| Unreadable { path: path.to_owned(), why })?;
        let list: Vec<String> =
            serde_json::from_str(parameters).map_err(|error| Unreadable { path: parameters_path.to_owned(), why: error.to_string() })?;
        let parameters = list.iter().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Self { template, parameters: parameters.collect() })
    }

    /// The entries of a section, by their names.
    pub(super) fn section(&self, name: &str) -> impl Iterator<Item = (&str, &Node<'a>)> {
        self.template.get(name).and_then(Node::as_map).into_iter().flat_map(Map::iter)
    }

    /// Whether it is in a later phase of the change that another one is a step of.
    pub(super) fn is_past(&self, other: &Self) -> bool {
        fn step<'s>(state: &'s State<'_>) -> Option<(&'s str, i64)> {
            let step = state.template.get("Metadata")?.get("Rackform")?;
            let Node::Number(phase) = step.get("Phase")? else { return None };
            Some((step.get("Change")?.as_str()?, *phase))
        }
        step(self).zip(step(other)).is_some_and(|((change, phase), (other, before))| change == other && phase > before)
    }

    /// Whether the template has a parameter.
    pub(super) fn has_parameter(&self, name: &str) -> bool {
        self.template.get("Parameters").is_some_and(|all| all.get(name).is_some())
    }
}
