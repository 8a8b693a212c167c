//! What is wrong with the input, as values: code, place, what is wrong, what to do.

pub mod codes;
pub mod examples;
mod fix;
pub mod fixed;
mod github;
mod human;
mod json;
mod nearest;
mod sarif;
mod words;

pub use codes::Code;
pub use fix::{Change, Edit, Fix, Mend};
pub use github::github;
pub use human::{render, short};
pub use json::to_json;
pub use nearest::{certain, near_codes, nearest, same_but_for_case};
pub use sarif::sarif;

use std::collections::BTreeSet;

use crate::source::{FileId, Place};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is written.
    Error,
    /// Probably not what was meant; an error under `--strict`.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// Its word in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One message.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The kind of message.
    pub code: &'static Code,
    /// The severity of the code, or harder under `--strict`.
    pub severity: Severity,
    /// Where; none when the message is about no file.
    pub place: Option<Place>,
    /// What is wrong, a phrase in lower case.
    pub message: String,
    /// What stands at the place, in few words.
    pub label: String,
    /// Other places that take part.
    pub also: Vec<(Place, String)>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// What mends it for certain, as the stage knows it; few messages have something, so it stands apart.
    pub mend: Option<Box<Mend>>,
    /// The same as edits, once the stage `fix` has found them.
    pub fix: Option<Box<Fix>>,
}

impl Diagnostic {
    /// A message at a place, if there is one.
    pub fn new(code: &'static Code, place: impl Into<Option<Place>>, message: impl Into<String>) -> Self {
        Self { place: place.into(), ..Self::nowhere(code, message) }
    }

    /// A message about no file.
    pub fn nowhere(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            place: None,
            message: message.into(),
            label: String::new(),
            also: Vec::new(),
            notes: Vec::new(),
            help: None,
            mend: None,
            fix: None,
        }
    }

    /// Say what stands at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Point at another place that takes part.
    #[must_use]
    pub fn also(mut self, place: Place, label: impl Into<String>) -> Self {
        self.also.push((place, label.into()));
        self
    }

    /// Add what is worth knowing.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Say what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Say what mends it for certain, if something does.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<Option<Mend>>) -> Self {
        self.mend = mend.into().map(Box::new);
        self
    }
}

/// Proof that an error was reported; only [`Diagnostics`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported(());

/// The sink that every stage reports to.
#[derive(Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    known: BTreeSet<(Option<Place>, &'static str, String)>,
    strict: bool,
}

impl Diagnostics {
    /// A sink; with `strict` every warning counts as an error.
    pub fn new(strict: bool) -> Self {
        Self { strict, ..Self::default() }
    }

    /// Keep a message. A mistake under an anchor is found once per use and kept once: two messages
    /// at one place are the same when code, label and help are, whatever service they name.
    pub fn report(&mut self, mut diagnostic: Diagnostic) -> Reported {
        if self.strict && diagnostic.severity == Severity::Warning {
            diagnostic.severity = Severity::Error;
        }
        let words = match diagnostic.place {
            Some(_) => format!("{}\n{}", diagnostic.label, diagnostic.help.as_deref().unwrap_or_default()),
            None => diagnostic.message.clone(),
        };
        if self.known.insert((diagnostic.place, diagnostic.code.id, words)) {
            self.list.push(diagnostic);
        }
        Reported(())
    }

    /// A sink for a part of the work, which is [taken in](Self::take_in) when the part is done.
    #[must_use]
    pub fn part(&self) -> Self {
        Self::new(self.strict)
    }

    /// Keep what was reported of a part of the work, as if it had been reported here.
    pub fn take_in(&mut self, mut part: Self) {
        if self.known.is_disjoint(&part.known) {
            self.list.append(&mut part.list);
            if self.known.len() < part.known.len() {
                std::mem::swap(&mut self.known, &mut part.known); // few go to many
            }
            self.known.extend(part.known);
            return;
        }
        for diagnostic in part.list {
            self.report(diagnostic);
        }
    }

    /// Fail the stage if anything so far was an error.
    pub fn settle<T>(&self, value: T) -> Result<T, Reported> {
        if self.has_errors() { Err(Reported(())) } else { Ok(value) }
    }

    /// Files in which something is known to be mended.
    pub fn mends_in(&self) -> BTreeSet<FileId> {
        self.list.iter().filter_map(|diagnostic| Some(diagnostic.mend.as_ref()?.place.file)).collect()
    }

    /// Look at every message again.
    pub fn each(&mut self, look: impl FnMut(&mut Diagnostic)) {
        self.list.iter_mut().for_each(look);
    }

    /// Whether anything so far was an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// The messages by file, place and code, whichever order they were found in; those about no
    /// file come last.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut list: Vec<&Diagnostic> = self.list.iter().collect();
        list.sort_by(|a, b| (a.place.is_none(), a.place, a.code.id, &a.message).cmp(&(b.place.is_none(), b.place, b.code.id, &b.message)));
        list
    }
}
