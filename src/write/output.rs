//! An output on its way to the disk, file by file.

use std::collections::BTreeSet;
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use super::cache::Cache;
use super::fault::{At as _, Fault};
use super::hold::{Held, hold};
use super::staging::{Pending, Staged, Staging, folder_of, remove, temporary, write_beside};
use super::survey::Survey;
use super::{LockChange, place_lock, real, stage_lock};
use crate::index::{INDEX, Index, IndexedStack, UNFINISHED};
use crate::output::{Made, OutputFile, Taker};
use crate::progress::{Progress, Stage};
use crate::threads::Threads;

/// An output that is being written. It takes files from several threads; what goes wrong with one is told at the end,
/// and then nothing has changed.
pub struct Writing<'a> {
    lock: LockChange<'a>,
    /// Where the lock really is.
    real: PathBuf,
    folder: PathBuf,
    survey: Survey,
    progress: &'a Progress,
    cache: Option<Cache>,
    state: Mutex<State>,
    _held: Held,
}

/// What has been done.
#[derive(Default)]
struct State {
    staging: Staging,
    /// Every path that may come.
    candidates: Vec<String>,
    /// Paths that came.
    came: BTreeSet<String>,
    /// Files that wait beside their places.
    staged: Vec<Staged>,
    /// Whether the folder says that this output is on its way into it.
    is_marked: bool,
    /// The list of stacks, and whether it stands there already.
    index: Option<(OutputFile, bool)>,
    /// What went wrong with the first path of those with which something did: the same on every run.
    fault: Option<(String, Fault)>,
}

impl Taker for Writing<'_> {
    fn begin(&self, paths: Vec<String>) {
        let begun = self.survey.clean(&paths);
        let mut state = self.state();
        state.candidates = paths;
        if let Err(fault) = begun {
            state.fault = Some((String::new(), fault));
        }
    }

    fn take(&self, file: OutputFile) {
        let path = file.path.clone();
        if let Err(fault) = self.stage(file) {
            let mut state = self.state();
            if state.fault.as_ref().is_none_or(|(first, _)| path < *first) {
                state.fault = Some((path, fault));
            }
        }
    }

    fn has(&self, file: &OutputFile) -> bool {
        // What is wrong with it is told when it is taken.
        let has = self.survey.is_same(file).unwrap_or(false);
        if has {
            self.state().came.insert(file.path.clone());
        }
        has
    }

    fn remembers(&self) -> bool {
        self.cache.is_some()
    }

    fn known(&self, template: &str, parameters: &str, made_from: &[u8]) -> Option<IndexedStack> {
        let cache = self.cache.as_ref()?;
        let entry = self.survey.listed_stack(template)?;
        let (text, values) = (self.survey.standing(template)?, self.survey.standing(parameters)?);
        cache.knows(made_from, entry, [&text, &values]).then(|| {
            self.state().came.extend([template.to_owned(), parameters.to_owned()]);
            entry.clone()
        })
    }

    fn remember(&self, made_from: &[u8], made: &Made<'_>) {
        if let Some(cache) = &self.cache {
            cache.remember(made_from, made.entry, [made.template.as_bytes(), made.parameters.as_bytes()]);
        }
    }
}

impl<'a> Writing<'a> {
    /// Begin to write into a folder, which is made if it is not there. A lock that has changed since it was read is an
    /// error.
    pub fn begin(lock: LockChange<'a>, folder: &Path, progress: &'a Progress) -> Result<Self, Fault> {
        let real = real(lock.path);
        let mut staging = Staging::default();
        let begun = staging.folder(folder).and_then(|()| {
            let held = hold(&[folder_of(&real), folder], progress);
            super::hold_against_disk(&lock, &real)?;
            Ok((held, Survey::of(folder)?))
        });
        match begun {
            Ok((held, survey)) => {
                let state = Mutex::new(State { staging, ..State::default() });
                Ok(Self { lock, real, folder: folder.to_path_buf(), survey, progress, cache: None, state, _held: held })
            }
            Err(fault) => {
                staging.undo();
                Err(fault)
            }
        }
    }

    /// Remember what is made by this program in the folder `home`, and believe what it remembered there.
    #[must_use]
    pub fn remembering(self, home: &Path, program: &Path) -> Self {
        Self { cache: Cache::of(home, program, &self.survey.root), ..self }
    }

    /// Let the lock and all files take their places, and remove what is gone. An error leaves everything as it was,
    /// unless it says otherwise.
    pub fn finish(self, threads: Threads) -> Result<(), Fault> {
        let mut state = mem::take(&mut *self.state());
        let done = match state.fault.take() {
            Some((_, fault)) => Err(fault),
            None => self.place(&mut state, threads),
        };
        match (&done, self.cache) {
            (Err(_), _) => state.staging.undo(),
            (Ok(()), Some(cache)) => cache.keep(),
            (Ok(()), None) => {}
        }
        done
    }

    /// Take away what was written, because it comes to nothing.
    pub fn abandon(self) {
        mem::take(&mut *self.state()).staging.undo();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while writing")
    }

    /// Write a file beside its place, unless it stands there already.
    fn stage(&self, file: OutputFile) -> Result<(), Fault> {
        let is_same = self.survey.is_same(&file)?;
        let mut state = self.state();
        if state.fault.is_some() {
            return Ok(());
        }
        state.came.insert(file.path.clone());
        if file.path == INDEX {
            state.index = Some((file, is_same));
            return Ok(());
        }
        if is_same {
            return Ok(());
        }
        let pending = Pending::of(&file, &self.folder);
        self.mark(&mut state)?;
        state.staging.folder(folder_of(&pending.target))?;
        state.staging.add(temporary(&pending.target));
        drop(state); // the others need not wait for the disk
        write_beside(&pending)?;
        self.state().staged.push(pending.staged());
        Ok(())
    }

    /// Say in the folder that it is between two outputs, and of which files, before the first of them is there.
    fn mark(&self, state: &mut State) -> Result<(), Fault> {
        if mem::replace(&mut state.is_marked, true) {
            return Ok(());
        }
        let list = Index { version: 1, stacks: Vec::new(), files: mem::take(&mut state.candidates) };
        self.write_list(state, &serde_json::to_string(&list).expect("the index is plain data"))
    }

    /// Write the list of stacks under the name that it has until all is done.
    fn write_list(&self, state: &mut State, text: &str) -> Result<(), Fault> {
        let unfinished = self.folder.join(UNFINISHED);
        let list = Pending::text(unfinished.clone(), text);
        state.staging.stage(&list)?;
        list.place()?;
        if !self.survey.was_begun {
            state.staging.add(unfinished);
        }
        Ok(())
    }

    fn place(&self, state: &mut State, threads: Threads) -> Result<(), Fault> {
        let gone = self.survey.gone(&state.came);
        let (index, is_listed) = state.index.take().expect("an output ends with its list of stacks");
        let is_change = self.survey.was_begun || !is_listed || !state.staged.is_empty() || !gone.is_empty();
        if is_change {
            self.write_list(state, &index.text)?;
        }
        let pending_lock = stage_lock(&self.lock, &self.real, &mut state.staging)?;
        let unfinished = self.folder.join(UNFINISHED);
        let placed = place_lock(&self.lock, &self.real, pending_lock.as_ref());
        if placed.as_ref().map_or_else(|fault| fault.is_begun, |()| true) {
            state.staging.keep(&unfinished);
        }
        placed?;
        // In an order that does not depend on how many threads there were. Those of one folder stand together: in the
        // same one, two threads wait for each other.
        state.staged.sort_unstable_by(Staged::in_order);
        self.progress.begin(Stage::Writing, state.staged.len());
        let place_all = |files| self.progress.over(files).try_for_each(Staged::place);
        let finish = || {
            let (some, others) = state.staged.split_at(state.staged.len() / 2);
            let (some, others) = threads.both(others.len(), || place_all(some), || place_all(others));
            some.and(others)?;
            gone.iter().try_for_each(|path| take_away(&self.folder, path))?;
            if is_change { fs::rename(&unfinished, self.folder.join(INDEX)).at(&self.folder.join(INDEX)) } else { Ok(()) }
        };
        finish().map_err(Fault::begun)
    }
}

/// Remove a file of an output, and the folders that it leaves empty.
pub(super) fn take_away(folder: &Path, path: &Path) -> Result<(), Fault> {
    remove(path).at(path)?;
    let mut parent = path.parent();
    while let Some(inner) = parent.filter(|inner| *inner != folder) {
        if fs::remove_dir(inner).is_err() {
            break; // not empty
        }
        parent = inner.parent();
    }
    Ok(())
}
