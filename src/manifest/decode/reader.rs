//! Readers for the shapes that keys have, after Go's yaml.v2 in non-strict mode.

use crate::source::{Kind, NodeId, Place, Resolved, Spanned, Tree, number_text};

/// A value that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifest) struct Problem {
    /// The value, or the key for an unknown one.
    pub(in crate::manifest) node: NodeId,
    /// What Convox makes of it.
    pub(in crate::manifest) fault: Fault,
    /// The reason, where the schema has no words for it.
    pub(in crate::manifest) why: &'static str,
}

/// What Convox makes of a value that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifest) enum Fault {
    /// It refuses the file.
    Refused,
    /// It drops the value.
    Ignored,
    /// It does not know the key.
    Unknown,
}

pub(super) struct Reader<'t> {
    pub(super) tree: &'t Tree,
    pub(super) problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        Self { tree, problems: Vec::new() }
    }

    pub(super) fn refuse(&mut self, node: NodeId) {
        self.refuse_for(node, "");
    }

    /// Refuse a value for a reason that no schema can say.
    pub(super) fn refuse_for(&mut self, node: NodeId, why: &'static str) {
        self.problems.push(Problem { node, fault: Fault::Refused, why });
    }

    /// Refuse a value that another reader may have refused already.
    pub(super) fn refuse_once(&mut self, node: NodeId) {
        if self.problems.last() != Some(&Problem { node, fault: Fault::Refused, why: "" }) {
            self.refuse(node);
        }
    }

    /// Hold a service's name against the rule for names; `true:` and `12:` are no text at all.
    pub(super) fn service_name(&mut self, key: NodeId) {
        let text = self.tree.text(key);
        let fits = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !fits || !matches!(self.tree.scalar(key), Some(Resolved::Text(_))) {
            self.refuse(key);
        }
    }

    pub(super) fn ignore(&mut self, node: NodeId) {
        self.problems.push(Problem { node, fault: Fault::Ignored, why: "" });
    }

    pub(super) fn unknown(&mut self, key: NodeId) {
        self.problems.push(Problem { node: key, fault: Fault::Unknown, why: "" });
    }

    pub(super) fn key(&self, key: NodeId) -> Spanned<String> {
        Spanned::new(self.tree.text(key).to_owned(), self.tree.place(key))
    }

    fn at<T>(&self, node: NodeId, value: T) -> Spanned<T> {
        Spanned::new(value, self.place(node))
    }

    pub(super) fn place(&self, node: NodeId) -> Place {
        self.tree.place(node)
    }

    /// Whether a node is a mapping; a null is none and no problem.
    pub(super) fn mapping(&mut self, node: NodeId) -> bool {
        let is = matches!(self.tree.kind(node), Kind::Map(_));
        if !is && !self.tree.is_null(node) {
            self.refuse(node);
        }
        is
    }

    /// The text that a scalar becomes in a text field: numbers and flags are written again.
    fn normal(&self, node: NodeId) -> Option<String> {
        Some(match self.tree.scalar(node)? {
            Resolved::Null => String::new(),
            Resolved::Bool(flag) => flag.to_string(),
            Resolved::Int(int) => int.to_string(),
            Resolved::Float(float) => number_text(float),
            Resolved::Text(text) => text.to_owned(),
        })
    }

    /// A text field: any scalar; a null leaves it unset.
    pub(super) fn text(&mut self, node: NodeId) -> Option<Spanned<String>> {
        match self.normal(node) {
            Some(_) if self.tree.is_null(node) => None,
            Some(text) => Some(self.at(node, text)),
            None => {
                self.refuse(node);
                None
            }
        }
    }

    /// A parameter of the app: numbers keep their spelling, flags do not.
    pub(super) fn param(&mut self, node: NodeId) -> Option<Spanned<String>> {
        match self.tree.scalar(node) {
            Some(Resolved::Int(_) | Resolved::Float(_)) => Some(self.at(node, self.tree.text(node).to_owned())),
            Some(Resolved::Null) => Some(self.at(node, String::new())),
            _ => self.text(node),
        }
    }

    /// A flag field: a boolean of YAML 1.1 without quotes; a null means false.
    pub(super) fn flag(&mut self, node: NodeId) -> Option<Spanned<bool>> {
        match self.tree.scalar(node) {
            Some(Resolved::Bool(flag)) => Some(self.at(node, flag)),
            Some(Resolved::Null) => Some(self.at(node, false)),
            _ => {
                self.refuse(node);
                None
            }
        }
    }

    /// The whole number that a scalar is; fractions are cut off.
    #[allow(clippy::cast_possible_truncation)] // cut off as Go does
    pub(super) fn whole(&self, node: NodeId) -> Option<i64> {
        match self.tree.scalar(node)? {
            Resolved::Int(int) => Some(int),
            Resolved::Float(float) if float.abs() < 9e15 => Some(float as i64),
            _ => None,
        }
    }

    /// A number field: a number without quotes; a null means zero.
    pub(super) fn int(&mut self, node: NodeId) -> Option<Spanned<i64>> {
        if self.tree.is_null(node) {
            return Some(self.at(node, 0));
        }
        let whole = self.whole(node);
        if whole.is_none() {
            self.refuse(node);
        }
        whole.map(|int| self.at(node, int))
    }

    /// A number that the decoder picks out of a mapping itself: anything else is dropped.
    pub(super) fn picked_int(&mut self, node: NodeId) -> Option<Spanned<i64>> {
        match self.tree.scalar(node) {
            Some(Resolved::Int(int)) => Some(self.at(node, int)),
            // A float with nothing behind the point is written again as an integer.
            Some(Resolved::Float(float)) if float.fract() == 0.0 && self.whole(node).is_some() => {
                self.whole(node).map(|int| self.at(node, int))
            }
            Some(Resolved::Null) => None,
            _ => {
                self.ignore(node);
                None
            }
        }
    }

    /// A list of texts: its items are any scalars.
    pub(super) fn texts(&mut self, node: NodeId) -> Vec<Spanned<String>> {
        if let Kind::List(items) = self.tree.kind(node) {
            items
                .iter()
                .filter_map(|item| if self.tree.is_null(*item) { Some(self.at(*item, String::new())) } else { self.text(*item) })
                .collect()
        } else {
            if !self.tree.is_null(node) {
                self.refuse(node);
            }
            Vec::new()
        }
    }

    /// A mapping of texts.
    pub(super) fn text_map(&mut self, node: NodeId) -> Vec<(String, String)> {
        let mut map: Vec<(String, String)> = Vec::new();
        if !self.mapping(node) {
            return map;
        }
        for entry in self.tree.entries(node) {
            let name = self.tree.text(entry.key).to_owned();
            match self.normal(entry.value) {
                Some(value) => {
                    map.retain(|(known, _)| *known != name);
                    map.push((name, value));
                }
                None => self.refuse(entry.value),
            }
        }
        map
    }

    /// A list of variables, appended to `into`; lists in it are flattened one level, and items
    /// that are no text are dropped.
    pub(super) fn variables(&mut self, node: NodeId, into: &mut Vec<Spanned<String>>) {
        let Kind::List(items) = self.tree.kind(node) else {
            if !self.tree.is_null(node) {
                self.refuse(node);
            }
            return;
        };
        for item in items {
            match self.tree.kind(*item) {
                Kind::List(inner) => inner.iter().for_each(|item| self.variable(*item, into)),
                _ => self.variable(*item, into),
            }
        }
    }

    fn variable(&mut self, item: NodeId, into: &mut Vec<Spanned<String>>) {
        match self.tree.scalar(item) {
            Some(Resolved::Text("")) => self.refuse(item),
            Some(Resolved::Text(text)) => into.push(self.at(item, text.to_owned())),
            _ => self.ignore(item),
        }
    }
}
