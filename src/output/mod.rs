//! Stacks to files: templates, their parameters, the list of stacks, and the script that deploys
//! them. Nothing touches the disk here.

mod deploy;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher};
use std::iter;
use std::sync::Mutex;

use crate::diagnostics::codes::{BUG, TEMPLATE_LIMIT};
use crate::diagnostics::{Diagnostic, Diagnostics, Reported};
use crate::index::{INDEX, Index, IndexedStack};
use crate::lower::{Given, Stack, StackKind};
use crate::progress::{Progress, Stage};
use crate::render::{Fault, render, verify};
use crate::threads::Threads;

/// The script that deploys.
const SCRIPT: &str = "deploy.sh";

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Its path in the output folder, with `/` between the parts.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Whether it is a program.
    pub executable: bool,
}

/// Who takes files as they are made, from several threads and in no order. A fleet's output takes more room than all
/// that is known of the fleet, so nobody keeps it who does not have to.
pub trait Taker: Sync {
    /// Before the first one: every path that may come.
    fn begin(&self, paths: Vec<String>);
    /// A file. The list of stacks comes last.
    fn take(&self, file: OutputFile);
    /// Whether a file is where it goes already, byte by byte. It was read back when it was written, and need not be
    /// taken.
    fn has(&self, file: &OutputFile) -> bool;

    /// Whether it remembers from what stacks were made.
    fn remembers(&self) -> bool {
        false
    }

    /// The entry in the list of stacks of one whose template and parameters stand in these places, and are known to be
    /// what is made from this: it need be neither made nor taken.
    fn known(&self, _template: &str, _parameters: &str, _made_from: &[u8]) -> Option<IndexedStack> {
        None
    }

    /// What the files of a stack were made from, if the output comes to its end.
    fn remember(&self, _made_from: &[u8], _made: &Made<'_>) {}
}

/// What is made of a stack.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// Its entry in the list of stacks.
    pub entry: &'a IndexedStack,
    /// The text of its template.
    pub template: &'a str,
    /// The text of its parameters.
    pub parameters: &'a str,
}

/// Nobody takes them: they were made to see whether they can be.
impl Taker for () {
    fn begin(&self, _: Vec<String>) {}

    fn take(&self, _: OutputFile) {}

    fn has(&self, _: &OutputFile) -> bool {
        false
    }
}

/// All of them, in memory.
#[derive(Debug, Default)]
pub struct Collected(Mutex<BTreeMap<String, OutputFile>>);

impl Taker for Collected {
    fn begin(&self, _: Vec<String>) {}

    fn take(&self, file: OutputFile) {
        self.0.lock().expect("nobody panics meanwhile").insert(file.path.clone(), file);
    }

    fn has(&self, _: &OutputFile) -> bool {
        false
    }
}

impl Collected {
    /// The files, in the order in which the list of stacks has them.
    pub fn in_order(self, index: &Index) -> Vec<OutputFile> {
        let mut files = self.0.into_inner().expect("nobody panicked meanwhile");
        index.files.iter().map(String::as_str).chain([INDEX]).filter_map(|path| files.remove(path)).collect()
    }
}

/// Render the stacks of every phase, each of what `given` says of its step; `place` says which rack, and which app on it,
/// a step is about. A stack lies where it always lies, as it is in the end; what a phase needs beside that lies in a folder
/// of the phase.
pub fn output<'a, S: Sync>(
    phases: &[Vec<S>],
    place: impl Fn(&S) -> (String, Option<String>) + Sync,
    given: impl Fn(&S) -> Given<'a> + Sync,
    threads: Threads,
    progress: &Progress,
    taker: &dyn Taker,
    out: &mut Diagnostics,
) -> Result<Index, Reported> {
    progress.begin(Stage::Rendering, phases.iter().map(Vec::len).sum());
    taker.begin(candidates(phases, &place));
    // Where phases are many, what stands in a place is made in several ways, and all is made anew.
    let remembers = taker.remembers() && phases.len() == 1;
    // Backwards, for whether a stack is as it will be in the end depends on what follows.
    let mut changed_later: BTreeSet<String> = BTreeSet::new();
    let mut phases_of_stacks: Vec<Vec<Written>> = Vec::new();
    for (phase, steps) in phases.iter().enumerate().rev() {
        let written = threads.map(steps, |step| {
            let given = given(step);
            let made_from = remembers.then(|| made_from(&given));
            let known = made_from.as_ref().and_then(|made_from| known(place(step), made_from, taker));
            let written = known.map(Ok).or_else(|| {
                let stack = given.stack()?;
                Some(write_stack(&stack, made_from.as_deref(), phase, phases.len(), &changed_later, taker))
            });
            progress.step();
            written
        });
        let written: Result<Vec<Written>, _> = written.into_iter().flatten().collect();
        let written = written.map_err(|(stack, fault)| report(&stack, fault, out))?;
        changed_later.extend(written.iter().map(|written| written.entry.stack.clone()));
        phases_of_stacks.push(written);
    }
    let mut index = Index { version: 1, stacks: Vec::new(), files: Vec::new() };
    for Written { entry, files } in phases_of_stacks.into_iter().rev().flatten() {
        index.stacks.push(entry);
        index.files.extend(files);
    }
    index.files.push(SCRIPT.to_owned());
    taker.take(OutputFile { path: SCRIPT.to_owned(), text: deploy::script(&index.stacks), executable: true });
    let mut text = serde_json::to_string_pretty(&index).expect("the index is plain data");
    text.push('\n');
    taker.take(OutputFile { path: INDEX.to_owned(), text, executable: false });
    Ok(index)
}

/// A stack whose files somebody has taken, or has already.
struct Written {
    entry: IndexedStack,
    files: Vec<String>,
}

/// A stack that is made from this and stands where it belongs.
fn known((rack, app): (String, Option<String>), made_from: &[u8], taker: &dyn Taker) -> Option<Written> {
    let [template, parameters] = paths_of(&rack, app.as_deref());
    let entry = taker.known(&template, &parameters, made_from)?;
    Some(Written { entry, files: vec![template, parameters] })
}

/// Render a stack of a phase and hand its files on; or its name and what is wrong with it. `made_from` is what to remember
/// of it.
fn write_stack(
    stack: &Stack,
    made_from: Option<&[u8]>,
    phase: usize,
    phases: usize,
    changed_later: &BTreeSet<String>,
    taker: &dyn Taker,
) -> Result<Written, (String, Fault)> {
    let mut entry = indexed(stack);
    let is_last = !changed_later.contains(&entry.stack);
    if phases > 1 {
        entry.phase = Some(phase + 1);
    }
    // Where it is as it will be in the end, and where only this phase has it.
    let mut places = Vec::new();
    if is_last {
        places.push([entry.template.clone(), entry.parameters.clone()]);
    }
    if phase > 0 || !is_last {
        entry.template = in_phase(phase, &entry.template);
        entry.parameters = in_phase(phase, &entry.parameters);
        places.push([entry.template.clone(), entry.parameters.clone()]);
    }
    let files = places.concat();
    let [templates, values] = [0, 1].map(|kind| places.iter().map(move |place| place[kind].clone()));
    let fault = |fault| (stack.name.clone(), fault);
    let template = render(stack.template, &stack.context).map_err(|why| fault(Fault::Bug(why)))?;
    let parameters = parameters(stack);
    if let Some(made_from) = made_from {
        // In vain if something is wrong with it: then there is no output.
        taker.remember(made_from, &Made { entry: &entry, template: &template, parameters: &parameters });
    }
    write_template(stack, template, templates.collect(), taker).map_err(fault)?;
    for (path, text) in values.zip(iter::repeat_n(parameters, places.len())) {
        taker.take(OutputFile { path, text, executable: false });
    }
    Ok(Written { entry, files })
}

/// Hand the template of a stack on, for every place where it is to stand, read back unless it stands there.
fn write_template(stack: &Stack, text: String, places: Vec<String>, taker: &dyn Taker) -> Result<(), Fault> {
    let copies = iter::repeat_n(text, places.len());
    let files = places.into_iter().zip(copies).map(|(path, text)| OutputFile { path, text, executable: false });
    let missing: Vec<OutputFile> = files.filter(|file| !taker.has(file)).collect();
    if let Some(file) = missing.first() {
        verify(&file.text, &stack.resources)?;
    }
    for file in missing {
        taker.take(file);
    }
    Ok(())
}

/// All that a stack is made from, as bytes: what differs, differs there.
fn made_from(given: &Given<'_>) -> Vec<u8> {
    let mut bytes = Bytes(Vec::new());
    given.hash(&mut bytes);
    bytes.0
}

/// Keeps what it is told to digest.
struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0 // nobody asks
    }
}

/// Every path that may be written.
fn candidates<S>(phases: &[Vec<S>], place: impl Fn(&S) -> (String, Option<String>)) -> Vec<String> {
    let mut paths = BTreeSet::from([SCRIPT.to_owned(), INDEX.to_owned()]);
    for (phase, steps) in phases.iter().enumerate() {
        for step in steps {
            let (rack, app) = place(step);
            for path in paths_of(&rack, app.as_deref()) {
                if phases.len() > 1 {
                    paths.insert(in_phase(phase, &path));
                }
                paths.insert(path);
            }
        }
    }
    paths.into_iter().collect()
}

/// Where a stack's template and parameters lie.
fn paths_of(rack: &str, app: Option<&str>) -> [String; 2] {
    let base = app.map_or_else(|| format!("{rack}/rack"), |app| format!("{rack}/apps/{app}"));
    [format!("{base}.yaml"), format!("{base}.params.json")]
}

/// Where a file lies that only a phase needs.
fn in_phase(phase: usize, path: &str) -> String {
    format!("phase-{}/{path}", phase + 1)
}

fn indexed(stack: &Stack) -> IndexedStack {
    let kind = match stack.kind {
        StackKind::App => "app",
        StackKind::Rack => "rack",
    };
    let [template, parameters] = paths_of(&stack.rack, stack.app.as_deref());
    IndexedStack {
        stack: stack.name.clone(),
        kind: kind.to_owned(),
        phase: None,
        rack: stack.rack.clone(),
        app: stack.app.clone(),
        template,
        parameters,
        required: stack.parameters.iter().filter(|p| p.value.is_none()).map(|p| p.name.clone()).collect(),
    }
}

fn report(stack: &str, fault: Fault, out: &mut Diagnostics) -> Reported {
    out.report(match fault {
        Fault::Bug(why) => Diagnostic::nowhere(&BUG, format!("the stack `{stack}` can't be rendered: {why}"))
            .note(format!("rackform {}", env!("CARGO_PKG_VERSION")))
            .help("this is a fault of rackform; please report it with the manifest"),
        Fault::Limit(why) => {
            Diagnostic::nowhere(&TEMPLATE_LIMIT, format!("the stack `{stack}` has {why}")).help("split the app into several")
        }
    })
}

/// Known parameters as `["Name=Value", …]`, one a line: the one form that every version of the
/// AWS CLI takes from a file.
fn parameters(stack: &Stack) -> String {
    let known: Vec<String> = stack.parameters.iter().filter_map(|p| Some(format!("{}={}", p.name, p.value.as_ref()?))).collect();
    let mut text = serde_json::to_string_pretty(&known).expect("texts are plain data");
    text.push('\n');
    text
}
