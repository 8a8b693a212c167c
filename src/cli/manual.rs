//! `rackform completions` and `rackform man`: what the command line says of itself, for shells and
//! for `man`.

use std::path::Path;
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use rackform::output::OutputFile;
use rackform::write;

use super::terminal::{Terminal, data, message};
use super::{Cli, counted};

/// Print the completions for a shell.
pub(super) fn completions(shell: Shell) -> ExitCode {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    data(&utf8(script))
}

/// Print the main page, or write every page into a folder.
pub(super) fn man(folder: Option<&Path>, terminal: &Terminal) -> ExitCode {
    // Nobody looks for the page of `rackform help compile`.
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = folder else { return data(&page(command).text) };
    let mut pages: Vec<OutputFile> = command.get_subcommands().cloned().map(page).collect();
    pages.push(page(command));
    match write::write_together(folder, &pages) {
        Ok(()) => {
            terminal.status(&format!("{} in {}", counted(pages.len(), "page"), folder.display()));
            ExitCode::SUCCESS
        }
        Err(fault) => {
            message(&format!("the pages can't be written into {}: {fault}; {}", folder.display(), fault.help));
            ExitCode::FAILURE
        }
    }
}

/// The page of a command, under the name that `man` looks for.
fn page(command: Command) -> OutputFile {
    let page = Man::new(command).manual("rackform");
    let mut text = Vec::new();
    page.render(&mut text).expect("memory takes everything");
    OutputFile { path: page.get_filename(), text: utf8(text), executable: false }
}

fn utf8(text: Vec<u8>) -> String {
    String::from_utf8(text).expect("made of our own texts")
}
