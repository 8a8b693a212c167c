//! From mends to edits: what a stage was certain of, written in a file as its author writes.
//!
//! A mend that can't be written without touching something else is dropped: a text that an anchor
//! takes to another use, one that holds a variable, a comment that would go along. Nothing here
//! changes a file; [`rounds`] says what would come of it, and `write` does it.

mod edits;
pub mod rounds;
mod syntax;
#[cfg(test)]
mod testing;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::diagnostics::{Change, Diagnostics, Edit, Fix, Mend};
use crate::source::{FileId, Files, Place};
use syntax::Syntax;

/// Find the edits of every mend that was reported of a file that may be mended.
pub fn find(files: &Files, mendable: &[(FileId, PathBuf)], out: &mut Diagnostics) {
    let mendable: BTreeSet<FileId> = mendable.iter().map(|(file, _)| *file).collect();
    let mut read: BTreeMap<FileId, Option<Syntax<'_>>> = BTreeMap::new();
    out.each(|diagnostic| {
        let Some(mend) = diagnostic.mend.as_ref().filter(|mend| mendable.contains(&mend.place.file)) else { return };
        let edits = if let Change::Bytes(bytes) = &mend.change {
            Some(vec![Edit { place: mend.place, replacement: bytes.clone() }])
        } else {
            let file = mend.place.file;
            let syntax = read.entry(file).or_insert_with(|| Syntax::read(file, files.text(file)));
            syntax.as_ref().and_then(|syntax| of(syntax, mend))
        };
        diagnostic.fix = edits.map(|edits| Box::new(Fix { message: mend.message.clone(), edits }));
    });
}

/// The edits of a mend, if it can be written.
fn of(syntax: &Syntax<'_>, mend: &Mend) -> Option<Vec<Edit>> {
    let file = mend.place.file;
    let is_variable = |place: Place| syntax.raw(place.span).contains("${");
    if is_variable(mend.place) || mend.because.is_some_and(is_variable) {
        return None;
    }
    if !mend.everywhere && syntax.uses(mend.place.span) != 1 {
        return None;
    }
    let edits = edits::edits(syntax, mend.place.span, &mend.change)?;
    let place = |span| Place { file, span };
    Some(edits.into_iter().map(|(span, replacement)| Edit { place: place(span), replacement }).collect())
}
