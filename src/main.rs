//! The program: see [`rackform`] for what it does and `cli` for how it is told.

mod cli;

use std::process::ExitCode;

/// A fleet is many small texts: most of a compile would be spent in the allocator of the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
