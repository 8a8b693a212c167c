//! The program: see [`rackform`] for what it does and `cli` for how it is told.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
