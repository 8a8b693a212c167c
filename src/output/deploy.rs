//! `deploy.sh`: the calls of `aws cloudformation deploy`, in order.

use crate::index::IndexedStack;

/// The script with a gap for the stacks. Plain bash 3.2 and the AWS CLI, version 1 or 2.
const SCRIPT: &str = include_str!("deploy.sh");

/// The script for these stacks.
pub(super) fn script(stacks: &[IndexedStack]) -> String {
    let lines: Vec<String> = stacks.iter().map(row).collect();
    SCRIPT.replace("@STACKS@", &lines.join("\n"))
}

/// The line of one stack in one phase. Names of stacks and parameters and the paths made of them
/// need no quotes: letters, digits, `-`, `.` and `/` are all they have.
fn row(stack: &IndexedStack) -> String {
    let app = stack.app.as_deref().unwrap_or("-");
    let phase = stack.phase.map_or_else(|| "-".to_owned(), |phase| phase.to_string());
    let mut words = vec!["stack", &stack.stack, &stack.rack, app, &phase, &stack.template, &stack.parameters];
    words.extend(stack.required.iter().map(String::as_str));
    words.join(" ")
}
