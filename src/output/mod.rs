//! Stacks to files: templates, their parameters, the list of stacks, and the script that deploys
//! them. Nothing touches the disk here.

mod deploy;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::diagnostics::codes::{BUG, TEMPLATE_LIMIT};
use crate::diagnostics::{Diagnostic, Diagnostics, Reported};
use crate::lower::{Stack, StackKind};
use crate::render::{Fault, render, verify};

/// The name of the list of stacks.
pub const INDEX: &str = "stacks.json";

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

/// `stacks.json`: the stacks in the order of their deployment, and every file that was written.
#[derive(Debug, Serialize, Deserialize)]
pub struct Index {
    /// Version of this format.
    pub version: u32,
    /// The stacks.
    pub stacks: Vec<IndexedStack>,
    /// Every file beside this one.
    pub files: Vec<String>,
}

/// One stack in `stacks.json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct IndexedStack {
    /// Its name.
    pub stack: String,
    /// `rack` or `app`.
    pub kind: String,
    /// The phase, counted from one; none where one pass does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<usize>,
    /// The rack.
    pub rack: String,
    /// The app, for a stack of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Path of the template.
    pub template: String,
    /// Path of the parameters.
    pub parameters: String,
    /// Parameters that have no value yet and must be given on the first deployment.
    pub required: Vec<String>,
}

/// Render the stacks of every phase and what deploys them. A stack lies where it always lies, as it
/// is in the end; what a phase needs beside that lies in a folder of the phase.
pub fn output(phases: &[Vec<Stack>], out: &mut Diagnostics) -> Result<Vec<OutputFile>, Reported> {
    let mut files: Vec<OutputFile> = Vec::new();
    let mut index = Index { version: 1, stacks: Vec::new(), files: Vec::new() };
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (phase, stacks) in phases.iter().enumerate() {
        last.extend(stacks.iter().map(|stack| (stack.name.as_str(), phase)));
    }
    for (phase, stacks) in phases.iter().enumerate() {
        for stack in stacks {
            let mut entry = indexed(stack);
            let text = template(stack, out)?;
            if last[stack.name.as_str()] == phase {
                files.push(OutputFile { path: entry.template.clone(), text: text.clone(), executable: false });
                files.push(OutputFile { path: entry.parameters.clone(), text: parameters(stack), executable: false });
            }
            if phases.len() > 1 {
                entry.phase = Some(phase + 1);
                if phase > 0 || last[stack.name.as_str()] != phase {
                    entry.template = format!("phase-{}/{}", phase + 1, entry.template);
                    entry.parameters = format!("phase-{}/{}", phase + 1, entry.parameters);
                    files.push(OutputFile { path: entry.template.clone(), text, executable: false });
                    files.push(OutputFile { path: entry.parameters.clone(), text: parameters(stack), executable: false });
                }
            }
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
fn template(stack: &Stack, out: &mut Diagnostics) -> Result<String, Reported> {
    let text = render(stack.template, &stack.context).map_err(Fault::Bug);
    let fault = match text.and_then(|text| verify(&text, &stack.resources).map(|()| text)) {
        Ok(text) => return Ok(text),
        Err(fault) => fault,
    };
    Err(out.report(match fault {
        Fault::Bug(why) => Diagnostic::nowhere(&BUG, format!("the stack `{}` can't be rendered: {why}", stack.name))
            .note(format!("rackform {}", env!("CARGO_PKG_VERSION")))
            .help("this is a fault of rackform; please report it with the manifest"),
        Fault::Limit(why) => {
            Diagnostic::nowhere(&TEMPLATE_LIMIT, format!("the stack `{}` has {why}", stack.name)).help("split the app into several")
        }
    }))
}

/// Known parameters as `["Name=Value", …]`, one a line: the one form that every version of the
/// AWS CLI takes from a file.
fn parameters(stack: &Stack) -> String {
    let known: Vec<String> = stack.parameters.iter().filter_map(|p| Some(format!("{}={}", p.name, p.value.as_ref()?))).collect();
    let mut text = serde_json::to_string_pretty(&known).expect("texts are plain data");
    text.push('\n');
    text
}
