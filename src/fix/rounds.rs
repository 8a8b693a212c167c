//! What becomes of files when everything is mended that can be: round after round, since a mend may
//! show the next mistake, and none that does harm.
//!
//! A mend is taken back when it does not take its message away, when a file that could be read can't
//! be read any more, and when it brings an error. A message that is an error itself may have kept
//! others from being seen, so of its mend only those errors count that stand in what it wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;

use crate::diagnostics::codes::{BAD_ALIAS, BAD_MERGE, SYNTAX, TOO_DEEP, UNSUPPORTED_YAML};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::source::{FileId, Files};

/// Rounds that are made; what could still be mended then is left for another run.
const MOST: usize = 32;

/// Checks that are made to tell mends that do harm from those that do none; when they are used up,
/// what is doubtful is left alone.
const MOST_CHECKS: usize = 200;

/// What keeps a file from being read.
const UNREADABLE: [&Code; 5] = [&SYNTAX, &TOO_DEEP, &BAD_ALIAS, &BAD_MERGE, &UNSUPPORTED_YAML];

/// Whole files by their real paths, byte-order marks and all.
pub type Texts = BTreeMap<PathBuf, String>;

/// Which bytes of which file an offer changes.
type Bytes = (PathBuf, Vec<(usize, usize)>);

/// A message, wherever it stands: code, file, and words. Places move with every mend.
type Said = (&'static str, Option<PathBuf>, String);

/// Something that may be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The file that is changed, by its real path.
    pub path: PathBuf,
    /// The kind of message.
    pub code: &'static Code,
    /// Line and column of the message in the text that it was found in.
    pub at: (usize, usize),
    /// What is done.
    pub message: String,
    said: Said,
    edits: Vec<(Range<usize>, String)>,
}

/// An error: what was said, and the bytes of the file that it is about.
#[derive(Debug, Clone)]
struct Seen {
    said: Said,
    code: &'static Code,
    bytes: Range<usize>,
    words: String,
}

/// What a check said, as far as mending needs it.
#[derive(Debug)]
pub struct Checked {
    texts: Texts,
    offers: Vec<Offer>,
    errors: Vec<Seen>,
    said: BTreeMap<Said, usize>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Every file that changes, as it is and as it becomes.
    pub changed: BTreeMap<PathBuf, (String, String)>,
    /// What was mended, in order.
    pub mended: Vec<Offer>,
    /// What was not.
    pub unmended: Unmended,
}

/// Mends that were taken back, each with the reason.
#[derive(Debug, Default)]
pub struct Unmended(BTreeMap<Said, String>);

impl Checked {
    /// Take in what a check said of files that may be mended, each with its real path. A file that
    /// was read for two apps is mended only where both readings offer the same.
    pub fn new(files: &Files, mendable: &[(FileId, PathBuf)], out: &Diagnostics) -> Self {
        let paths: BTreeMap<FileId, &PathBuf> = mendable.iter().map(|(file, path)| (*file, path)).collect();
        let texts = mendable.iter().map(|(file, path)| (path.clone(), files.whole(*file))).collect();
        let mut readings: BTreeMap<&PathBuf, BTreeSet<FileId>> = BTreeMap::new();
        for (file, path) in mendable {
            readings.entry(path).or_default().insert(*file);
        }
        let mut offers: Vec<Offer> = Vec::new();
        let mut offered: BTreeMap<Bytes, BTreeSet<FileId>> = BTreeMap::new();
        let mut checked = Self { texts, offers: Vec::new(), errors: Vec::new(), said: BTreeMap::new() };
        for diagnostic in out.sorted() {
            let said = said(diagnostic, files, &paths);
            *checked.said.entry(said.clone()).or_default() += 1;
            if diagnostic.code.severity == Severity::Error {
                checked.errors.push(Seen::new(diagnostic, said.clone(), files));
            }
            let Some((offer, file)) = offer(diagnostic, said, files, &paths) else { continue };
            let before = offered.entry(offer.bytes()).or_default();
            if before.insert(file) && before.len() == 1 {
                offers.push(offer);
            }
        }
        offers.retain(|offer| offered.get(&offer.bytes()).map(BTreeSet::len) == readings.get(&offer.path).map(BTreeSet::len));
        checked.offers = offers;
        checked
    }
}

/// A message without its place.
fn said(diagnostic: &Diagnostic, files: &Files, paths: &BTreeMap<FileId, &PathBuf>) -> Said {
    let file = diagnostic.place.map(|place| paths.get(&place.file).map_or_else(|| files.path(place.file).into(), |path| (*path).clone()));
    (diagnostic.code.id, file, format!("{}\n{}", diagnostic.message, diagnostic.label))
}

/// What a message offers to mend, in bytes of the whole file.
fn offer(diagnostic: &Diagnostic, said: Said, files: &Files, paths: &BTreeMap<FileId, &PathBuf>) -> Option<(Offer, FileId)> {
    let (fix, place) = (diagnostic.fix.as_ref()?, diagnostic.place?);
    let file = fix.edits.first()?.place.file;
    let in_file = |byte| files.byte_in_file(file, byte);
    let edits = fix.edits.iter().map(|edit| {
        let span = edit.place.span;
        (edit.place.file == file).then(|| (in_file(span.start)..in_file(span.end), edit.replacement.clone()))
    });
    let offer = Offer {
        path: (*paths.get(&file)?).clone(),
        code: diagnostic.code,
        at: files.line_column(place.file, place.span.start),
        message: fix.message.clone(),
        said,
        edits: edits.collect::<Option<_>>()?,
    };
    Some((offer, file))
}

impl Seen {
    fn new(diagnostic: &Diagnostic, said: Said, files: &Files) -> Self {
        let bytes = diagnostic
            .place
            .map_or(0..0, |place| files.byte_in_file(place.file, place.span.start)..files.byte_in_file(place.file, place.span.end));
        let words = format!("{}: {}", diagnostic.code.id, diagnostic.message);
        Self { said, code: diagnostic.code, bytes, words }
    }

    fn is_unreadable(&self) -> bool {
        UNREADABLE.contains(&self.code)
    }
}

/// Mend what can be mended. `check` says what is said with these texts in place of files; what is
/// not there is as on the disk.
pub fn mend(mut check: impl FnMut(&Texts) -> Checked) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut first, mut texts) = (Texts::new(), Texts::new());
    let mut checks = 0;
    let mut now = check(&texts);
    for _ in 0..MOST {
        // A mend of rackform.yml may bring files in that were not read before.
        for (path, text) in &now.texts {
            first.entry(path.clone()).or_insert_with(|| text.clone());
            texts.insert(path.clone(), text.clone());
        }
        let offers = apart(&now.offers).into_iter().filter(|offer| !outcome.unmended.0.contains_key(&offer.said));
        // Errors first: what they hid is known when the rest is judged.
        let (errors, others): (Vec<Offer>, Vec<Offer>) = offers.partition(|offer| offer.code.severity == Severity::Error);
        if errors.is_empty() && others.is_empty() {
            break;
        }
        let mut round = Round { base: texts.clone(), texts, taken: Vec::new(), now, checks, unmended: &mut outcome.unmended };
        round.take(&errors, &mut check);
        round.take(&others, &mut check);
        (now, texts, checks) = (round.now, round.texts, round.checks);
        outcome.mended.append(&mut round.taken);
    }
    let changed = first.into_iter().filter_map(|(path, before)| {
        let after = texts.remove(&path).filter(|after| *after != before)?;
        Some((path, (before, after)))
    });
    outcome.changed = changed.collect();
    outcome
}

/// Offers in order of place, without those that overlap with one before.
fn apart(offers: &[Offer]) -> Vec<Offer> {
    let mut sorted: Vec<&Offer> = offers.iter().collect();
    sorted.sort_by_key(|offer| (&offer.path, offer.edits.first().map(|(range, _)| (range.start, range.end))));
    let mut end: BTreeMap<&PathBuf, usize> = BTreeMap::new();
    let mut taken = Vec::new();
    for offer in sorted {
        let (Some((first, _)), Some((last, _))) = (offer.edits.first(), offer.edits.last()) else { continue };
        let before = end.entry(&offer.path).or_default();
        if first.start >= *before {
            *before = last.end;
            taken.push(offer.clone());
        }
    }
    taken
}

/// One round: offers that do not overlap, and how many of them can be taken together.
struct Round<'a> {
    /// As the round found them; offers are about these.
    base: Texts,
    /// With what was taken.
    texts: Texts,
    taken: Vec<Offer>,
    now: Checked,
    checks: usize,
    unmended: &'a mut Unmended,
}

impl Round<'_> {
    /// Take offers, all of them if that does no harm, and otherwise half by half.
    fn take(&mut self, offers: &[Offer], check: &mut impl FnMut(&Texts) -> Checked) {
        if offers.is_empty() {
            return;
        }
        let together: Vec<Offer> = self.taken.iter().chain(offers).cloned().collect();
        let (texts, written) = apply(&self.base, &together);
        let after = check(&texts);
        self.checks += 1;
        match harm(&self.now, &after, offers, &written[self.taken.len()..]) {
            None => {
                self.now = after;
                self.texts = texts;
                self.taken = together;
            }
            Some(why) if offers.len() == 1 || self.checks >= MOST_CHECKS => {
                self.unmended.0.extend(offers.iter().map(|offer| (offer.said.clone(), why.clone())));
            }
            Some(_) => {
                let (left, right) = offers.split_at(offers.len() / 2);
                self.take(left, check);
                self.take(right, check);
            }
        }
    }
}

/// Texts with offers taken that do not overlap, and for each offer the bytes that it wrote.
fn apply(base: &Texts, offers: &[Offer]) -> (Texts, Vec<Range<usize>>) {
    let mut texts = base.clone();
    let mut written = vec![0..0; offers.len()];
    for (path, text) in &mut texts {
        let edits = offers.iter().enumerate().filter(|(_, offer)| offer.path == *path);
        let mut edits: Vec<(usize, &Range<usize>, &str)> =
            edits.flat_map(|(at, offer)| offer.edits.iter().map(move |(range, new)| (at, range, new.as_str()))).collect();
        edits.sort_by_key(|(_, range, _)| range.start);
        let (mut out, mut done) = (String::with_capacity(text.len()), 0);
        for (at, range, new) in edits {
            out.push_str(&text[done..range.start]);
            let start = out.len();
            out.push_str(new);
            let so_far = &written[at];
            written[at] = if *so_far == (0..0) { start..out.len() } else { so_far.start..out.len() };
            done = range.end;
        }
        out.push_str(&text[done..]);
        *text = out;
    }
    (texts, written)
}

/// Why offers can't be taken, if they can't; `written` is what each wrote.
fn harm(before: &Checked, after: &Checked, offers: &[Offer], written: &[Range<usize>]) -> Option<String> {
    let offers: Vec<(&Offer, &Range<usize>)> = offers.iter().zip(written).collect();
    let mut known = before.errors.iter().fold(BTreeMap::<&Said, usize>::new(), |mut known, error| {
        *known.entry(&error.said).or_default() += 1;
        known
    });
    for error in &after.errors {
        let is_of = |offer: &Offer| error.said.1.as_ref() == Some(&offer.path);
        let is_behind = |written: &Range<usize>| error.bytes.start >= written.end;
        let is_hidden = if error.is_unreadable() {
            // The reader stops at the first thing that is wrong, so the next one may look like it.
            let mut of_reading = offers.iter().filter(|(offer, _)| offer.is_unreadable() && is_of(offer)).peekable();
            of_reading.peek().is_some() && of_reading.all(|(_, written)| is_behind(written))
        } else {
            offers.iter().all(|(offer, written)| {
                let is_apart = !is_of(offer) || is_behind(written) || error.bytes.end <= written.start;
                offer.code.severity == Severity::Error && is_apart
            })
        };
        let is_known = known.get_mut(&error.said).filter(|left| **left > 0).map(|left| *left -= 1).is_some();
        let is_of_reading = error.is_unreadable() && offers.iter().any(|(offer, _)| offer.is_unreadable() && is_of(offer));
        if !is_hidden && (is_of_reading || !is_known) {
            return Some(format!("there would be {}", error.words));
        }
    }
    let mut mended: BTreeMap<&Said, usize> = BTreeMap::new();
    for (offer, _) in offers.iter().filter(|(offer, _)| !offer.is_unreadable()) {
        *mended.entry(&offer.said).or_default() += 1;
    }
    let count = |checked: &Checked, said: &Said| checked.said.get(said).copied().unwrap_or(0);
    let stays = mended.iter().any(|(said, times)| count(after, said) + times > count(before, said));
    stays.then(|| "it would not change what is said".to_owned())
}

impl Offer {
    fn bytes(&self) -> Bytes {
        (self.path.clone(), self.edits.iter().map(|(range, _)| (range.start, range.end)).collect())
    }

    fn is_unreadable(&self) -> bool {
        UNREADABLE.contains(&self.code)
    }
}

impl Unmended {
    /// Whether nothing was taken back.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Say of messages why their mend was taken back; it is not offered again.
    pub fn note(&self, files: &Files, mendable: &[(FileId, PathBuf)], out: &mut Diagnostics) {
        if self.0.is_empty() {
            return;
        }
        let paths: BTreeMap<FileId, &PathBuf> = mendable.iter().map(|(file, path)| (*file, path)).collect();
        out.each(|diagnostic| {
            let why = diagnostic.fix.as_ref().and_then(|_| self.0.get(&said(diagnostic, files, &paths)));
            if let Some(why) = why {
                diagnostic.notes.push(format!("not mended by --fix: {why}"));
                diagnostic.fix = None;
            }
        });
    }
}
