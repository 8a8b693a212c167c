//! Arguments to a command line, or what is wrong with them.

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Error, Parser, ValueEnum};
use colorchoice_clap::{Color, ColorChoice};

use super::Cli;
use super::terminal::printed;

/// Read the arguments. The exit code where there is nothing more to do: they are wrong, or ask for
/// help.
pub(super) fn parse() -> Result<Cli, ExitCode> {
    Cli::try_parse().and_then(checked).map_err(|error| {
        // Nothing was read, and what is said has colours too.
        if let Some(color) = asked(env::args_os().map(|argument| argument.to_string_lossy().into_owned())) {
            Color { color }.write_global();
        }
        let said = error.print();
        if error.use_stderr() {
            return ExitCode::from(u8::try_from(error.exit_code()).expect("2"));
        }
        printed(said.and_then(|()| io::stdout().flush()))
    })
}

/// What `clap` leaves open: it holds options against each other that stand on the same side of the
/// command.
fn checked(cli: Cli) -> Result<Cli, Error> {
    if cli.quiet && cli.verbose {
        return Err(Cli::command().error(ErrorKind::ArgumentConflict, "the argument '--quiet' cannot be used with '--verbose'"));
    }
    Ok(cli)
}

/// What arguments ask of colours, the last of them.
fn asked(arguments: impl Iterator<Item = String>) -> Option<ColorChoice> {
    let mut asked = None;
    let mut arguments = arguments.take_while(|argument| argument != "--");
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix("--color") {
            Some("") => arguments.next(),
            Some(value) => value.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        asked = value.and_then(|value| ColorChoice::from_str(&value, false).ok()).or(asked);
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_found_in_arguments_that_can_not_be_read() {
        let said =
            |line: &str| asked(line.split(' ').map(str::to_owned)).map(|choice| choice.to_possible_value().unwrap().get_name().to_owned());
        for (line, expected) in [
            ("rackform check --bogus", None),
            ("rackform --color never check --bogus", Some("never")),
            ("rackform check --bogus --color=always", Some("always")),
            ("rackform --color=never --color auto", Some("auto")),
            ("rackform --color", None),
            ("rackform --color=never --color sometimes", Some("never")),
            ("rackform --colors=never", None),
            ("rackform -- --color=never", None),
        ] {
            assert_eq!(said(line).as_deref(), expected, "{line}");
        }
    }
}
