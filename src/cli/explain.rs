//! `rackform explain`.

use std::process::ExitCode;

use clap::Args;
use rackform::diagnostics::codes::{self, CODES};
use rackform::diagnostics::fixed;

use super::terminal::{data, message};

/// The exit code for wrong usage.
const WRONG_USAGE: u8 = 2;

#[derive(Args)]
pub(super) struct ExplainArgs {
    /// Its code, such as RF0101
    #[arg(required_unless_present = "list", conflicts_with = "list")]
    code: Option<String>,
    /// List every code with its severity and what it is about
    #[arg(long)]
    list: bool,
}

/// Print the story of one code, or a line for each.
pub(super) fn run(args: &ExplainArgs) -> ExitCode {
    let Some(asked) = &args.code else { return data(&list()) };
    if let Some(code) = codes::find(asked) {
        let fixed = fixed::sentence(code).map_or_else(String::new, |sentence| format!("\n{sentence}\n"));
        data(&format!("{}: {}\n\n{}\n{fixed}", code.id, code.title, code.docs))
    } else {
        let (first, last) = (CODES[0].id, CODES[CODES.len() - 1].id);
        message(&format!("there is no diagnostic `{asked}`; they go from {first} to {last}, and --list names all"));
        ExitCode::from(WRONG_USAGE)
    }
}

/// `RF0101 error   a value has the wrong shape`, with the titles below each other.
fn list() -> String {
    let lines: Vec<String> = CODES.iter().map(|code| format!("{} {:<7} {}\n", code.id, code.severity.word(), code.title)).collect();
    lines.concat()
}
