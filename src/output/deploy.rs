//! `deploy.sh`: the calls of `aws cloudformation deploy`, in order.

use std::fmt::Write as _;

use super::IndexedStack;

/// Everything but the list of stacks. Plain bash 3.2 and the AWS CLI, version 1 or 2.
const HEAD: &str = include_str!("deploy.sh");

/// The script for these stacks.
pub(super) fn script(stacks: &[IndexedStack]) -> String {
    let names: Vec<&str> = stacks.iter().map(|stack| stack.stack.as_str()).collect();
    let mut text = HEAD.replace("@STACKS@", &names.join(" "));
    // Names of stacks and parameters and the paths made of them need no quotes: letters, digits,
    // `-`, `.` and `/` are all they have.
    for stack in stacks {
        let _ = write!(text, "deploy {} {} {} {}", stack.stack, stack.rack, stack.template, stack.parameters);
        for name in &stack.required {
            let _ = write!(text, " {name}");
        }
        text.push('\n');
    }
    text
}
