//! Mends that are certain: what a stage knows of them, and the edits that they come to.

use crate::source::Place;

/// What would mend a diagnostic where only one thing can be meant. The stage that reports it knows
/// what to write; the stage `fix` finds out how that is written in this file, or that it can't be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// What is done, a phrase such as "write `port`".
    pub message: String,
    /// Where: a scalar, or the key of an entry.
    pub place: Place,
    /// What is done there.
    pub change: Change,
    /// A place that it rests on: what stands there may not come from a variable.
    pub because: Option<Place>,
    /// Whether every use of the place in its document is mended so; an anchor can be used in two
    /// meanings. Where this is not known the place must have one use only.
    pub everywhere: bool,
}

/// A change of one place of a YAML text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The scalar says this, in the quotes that it has.
    Text(String),
    /// The scalar says this and loses its quotes.
    Plain(String),
    /// The scalar gets quotes.
    Quoted,
    /// The scalar becomes the only item of a list.
    Listed,
    /// The plain text `key:value` on a line of its own becomes the entry `key: value`.
    Spaced,
    /// The only entry of a mapping, `NAME: value`, becomes the text `NAME=value`.
    Joined,
    /// The item of a list becomes as many items as it has parts between commas.
    Split,
    /// One text, or a part between commas of a text that stands in no list, becomes another.
    Part {
        /// The text.
        from: String,
        /// The other one.
        to: String,
    },
    /// The item leaves its list.
    Remove,
    /// The item leaves its list. Of a text that stands in no list, the parts between commas leave
    /// that are this one, whatever their case; the first one stays if the flag says so.
    RemovePart {
        /// The part.
        part: String,
        /// Whether the first one stays.
        keep_first: bool,
    },
    /// The entry with this key leaves its mapping.
    RemoveEntry,
    /// The bytes of the place become these; for texts that are no YAML.
    Bytes(String),
}

impl Mend {
    /// A mend of a place.
    pub fn new(place: Place, change: Change, message: impl Into<String>) -> Self {
        Self { message: message.into(), place, change, because: None, everywhere: false }
    }

    /// A scalar that says another thing, in the quotes that it has.
    pub fn text(place: Place, text: &str) -> Self {
        Self::new(place, Change::Text(text.to_owned()), format!("write `{text}`"))
    }

    /// A scalar that says this without quotes.
    pub fn plain(place: Place, text: &str) -> Self {
        Self::new(place, Change::Plain(text.to_owned()), format!("write `{text}`"))
    }

    /// Name another place that it rests on.
    #[must_use]
    pub fn because(mut self, place: Place) -> Self {
        self.because = Some(place);
        self
    }
}

/// A mend as edits of a file; all of them or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is done, a phrase such as "write `port`".
    pub message: String,
    /// In order of place; they do not overlap.
    pub edits: Vec<Edit>,
}

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; none where something is only put in.
    pub place: Place,
    /// What comes in their place.
    pub replacement: String,
}
