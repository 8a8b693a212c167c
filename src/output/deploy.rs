//! `deploy.sh`: the calls of `aws cloudformation deploy`, in order.

use std::collections::BTreeSet;

use super::IndexedStack;

/// The script with two gaps for the stacks. Plain bash 3.2 and the AWS CLI, version 1 or 2.
const SCRIPT: &str = include_str!("deploy.sh");

/// The script for these stacks.
pub(super) fn script(stacks: &[IndexedStack]) -> String {
    // A stack that comes in several phases is named once.
    let mut seen = BTreeSet::new();
    let names: Vec<&str> = stacks.iter().map(|stack| stack.stack.as_str()).filter(|name| seen.insert(*name)).collect();
    // Names of stacks and parameters and the paths made of them need no quotes: letters, digits,
    // `-`, `.` and `/` are all they have.
    let line = |stack: &IndexedStack| {
        let fixed = [&stack.stack, &stack.rack, &stack.template, &stack.parameters];
        let words: Vec<&str> = fixed.into_iter().chain(&stack.required).map(String::as_str).collect();
        format!("  \"$1\" {}", words.join(" "))
    };
    let lines: Vec<String> = stacks.iter().map(line).collect();
    SCRIPT.replace("@STACKS@", &names.join(" ")).replace("@EACH@", &lines.join("\n"))
}
