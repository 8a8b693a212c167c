//! Stacks to files: templates, their parameters, the list of stacks, and the script that deploys
//! them. Nothing touches the disk here.

mod deploy;

use std::collections::BTreeMap;

use crate::diagnostics::codes::{BUG, TEMPLATE_LIMIT};
use crate::diagnostics::{Diagnostic, Diagnostics, Reported};
use crate::index::{INDEX, Index, IndexedStack};
use crate::lower::{Stack, StackKind};
use crate::progress::{Progress, Stage};
use crate::render::{Fault, render, verify};
use crate::threads::Threads;

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

/// A stack as text.
struct Rendered {
    entry: IndexedStack,
    template: String,
    parameters: String,
}

/// Render the stacks of every phase, which `lower` makes of its steps, and what deploys them. A stack
/// lies where it always lies, as it is in the end; what a phase needs beside that lies in a folder of
/// the phase.
pub fn output<S: Sync>(
    phases: &[Vec<S>],
    lower: impl Fn(&S) -> Option<Stack> + Sync,
    threads: Threads,
    progress: &Progress,
    out: &mut Diagnostics,
) -> Result<Vec<OutputFile>, Reported> {
    let mut rendered: Vec<Vec<Rendered>> = Vec::new();
    progress.begin(Stage::Rendering, phases.iter().map(Vec::len).sum());
    for steps in phases {
        let stacks = threads.map(steps, |step| {
            let rendered = lower(step).map(|stack| rendered_of(&stack));
            progress.step();
            rendered
        });
        let stacks: Result<_, _> = stacks.into_iter().flatten().collect();
        rendered.push(stacks.map_err(|(stack, fault)| report(&stack, fault, out))?);
    }
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    for (phase, stacks) in rendered.iter().enumerate() {
        last.extend(stacks.iter().map(|stack| (stack.entry.stack.clone(), phase)));
    }
    let mut files: Vec<OutputFile> = Vec::new();
    let mut index = Index { version: 1, stacks: Vec::new(), files: Vec::new() };
    for (phase, stacks) in rendered.into_iter().enumerate() {
        for Rendered { mut entry, template, parameters } in stacks {
            let mut put = |entry: &IndexedStack, template, parameters| {
                files.push(OutputFile { path: entry.template.clone(), text: template, executable: false });
                files.push(OutputFile { path: entry.parameters.clone(), text: parameters, executable: false });
            };
            let is_last = last[&entry.stack] == phase;
            if phases.len() > 1 {
                entry.phase = Some(phase + 1);
            }
            if phase > 0 || !is_last {
                if is_last {
                    put(&entry, template.clone(), parameters.clone());
                }
                entry.template = format!("phase-{}/{}", phase + 1, entry.template);
                entry.parameters = format!("phase-{}/{}", phase + 1, entry.parameters);
            }
            put(&entry, template, parameters);
            index.stacks.push(entry);
        }
    }
    files.push(OutputFile { path: "deploy.sh".into(), text: deploy::script(&index.stacks), executable: true });
    index.files = files.iter().map(|file| file.path.clone()).collect();
    let mut text = serde_json::to_string_pretty(&index).expect("the index is plain data");
    text.push('\n');
    files.push(OutputFile { path: INDEX.into(), text, executable: false });
    Ok(files)
}

/// A stack as text, or its name and what is wrong with it.
fn rendered_of(stack: &Stack) -> Result<Rendered, (String, Fault)> {
    let template = template(stack).map_err(|fault| (stack.name.clone(), fault))?;
    Ok(Rendered { entry: indexed(stack), template, parameters: parameters(stack) })
}

fn indexed(stack: &Stack) -> IndexedStack {
    let (kind, base) = match (stack.kind, &stack.app) {
        (StackKind::App, Some(app)) => ("app", format!("{}/apps/{app}", stack.rack)),
        _ => ("rack", format!("{}/rack", stack.rack)),
    };
    IndexedStack {
        stack: stack.name.clone(),
        kind: kind.to_owned(),
        phase: None,
        rack: stack.rack.clone(),
        app: stack.app.clone(),
        template: format!("{base}.yaml"),
        parameters: format!("{base}.params.json"),
        required: stack.parameters.iter().filter(|p| p.value.is_none()).map(|p| p.name.clone()).collect(),
    }
}

/// Render a template and read it back.
fn template(stack: &Stack) -> Result<String, Fault> {
    let text = render(stack.template, &stack.context).map_err(Fault::Bug)?;
    verify(&text, &stack.resources).map(|()| text)
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
