//! Standard output for data, standard error for people. A reader who went away is no error.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use rackform::diagnostics::{Diagnostic, Diagnostics, Severity, github, render, sarif, short, to_json};
use rackform::progress::Progress;
use rackform::source::Files;

use super::{MessageFormat, counted, watch};

/// Messages of one severity that are drawn in full; the rest is counted.
const MOST: usize = 200;

/// Print data that somebody asked for. A reader who went away has had enough; anything else that
/// keeps it from being written whole is a failure.
pub(super) fn data(text: &str) -> ExitCode {
    pieces([text])
}

/// The same in pieces, of which there may be many.
fn pieces(pieces: impl IntoIterator<Item = impl AsRef<str>>) -> ExitCode {
    let mut out = BufWriter::new(anstream::stdout().lock());
    let written = pieces.into_iter().try_for_each(|piece| out.write_all(piece.as_ref().as_bytes()));
    printed(written.and_then(|()| out.flush()))
}

/// The exit code for what came of printing to standard output.
pub(super) fn printed(written: std::io::Result<()>) -> ExitCode {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            message(&format!("standard output can't be written to: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

/// How many columns the terminal has that data goes to, if it goes to one.
pub(super) fn width() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// Print a sentence for people.
pub(super) fn message(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Messages for machines, a line each, and all of them.
fn joined(diagnostics: &[&Diagnostic], line: impl Fn(&Diagnostic) -> String) -> String {
    diagnostics.iter().map(|diagnostic| line(diagnostic) + "\n").collect()
}

/// What the program says while it works.
pub(super) struct Terminal {
    /// Nothing but errors.
    pub(super) quiet: bool,
    /// Details too.
    pub(super) verbose: bool,
}

impl Terminal {
    /// Work that may take long: a person who waits before a terminal is told how far it is.
    pub(super) fn watched<T>(&self, progress: &Progress, format: MessageFormat, work: impl FnOnce() -> T) -> T {
        let is_for_people = matches!(format, MessageFormat::Human | MessageFormat::Short);
        if !self.quiet && is_for_people && watch::is_possible() { watch::watched(progress, work) } else { work() }
    }

    /// A sentence on what was done.
    pub(super) fn status(&self, text: &str) {
        if !self.quiet {
            message(text);
        }
    }

    /// A sentence on what was done, unless what was to be said with it could not be; the exit code of that.
    pub(super) fn done(&self, text: &str, said: ExitCode) -> ExitCode {
        if said == ExitCode::SUCCESS {
            self.status(text);
        }
        said
    }

    /// Every message beside data on standard output: what is for machines then goes to standard error.
    pub(super) fn diagnostics_beside_data(&self, diagnostics: &Diagnostics, files: &Files, format: MessageFormat) -> ExitCode {
        let sorted = self.told(diagnostics);
        let text = match format {
            MessageFormat::Json => joined(&sorted, |diagnostic| to_json(diagnostic, files).to_string()),
            MessageFormat::Github => joined(&sorted, |diagnostic| github(diagnostic, files)),
            MessageFormat::Sarif => format!("{:#}\n", sarif(&sorted, files)),
            MessageFormat::Human | MessageFormat::Short => return self.diagnostics(diagnostics, files, format),
        };
        let _ = anstream::stderr().write_all(text.as_bytes());
        ExitCode::SUCCESS
    }

    /// The messages that are told, in their order.
    fn told<'a>(&self, diagnostics: &'a Diagnostics) -> Vec<&'a Diagnostic> {
        diagnostics.sorted().into_iter().filter(|d| !self.quiet || d.severity == Severity::Error).collect()
    }

    /// Every message, and how many there are.
    pub(super) fn diagnostics(&self, diagnostics: &Diagnostics, files: &Files, format: MessageFormat) -> ExitCode {
        let sorted = self.told(diagnostics);
        match format {
            MessageFormat::Json => return pieces(sorted.iter().map(|diagnostic| to_json(diagnostic, files).to_string() + "\n")),
            MessageFormat::Github => return pieces(sorted.iter().map(|diagnostic| github(diagnostic, files) + "\n")),
            MessageFormat::Sarif => return data(&format!("{:#}\n", sarif(&sorted, files))),
            MessageFormat::Human | MessageFormat::Short => {}
        }
        let styled = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
        let mut out = anstream::stderr().lock();
        for diagnostic in sorted.iter().take(MOST) {
            let _ = match format {
                MessageFormat::Short => writeln!(out, "{}", short(diagnostic, files)),
                _ => writeln!(out, "{}\n", render(diagnostic, files, styled)),
            };
        }
        if sorted.len() > MOST {
            let _ = writeln!(out, "… and {} more; --message-format json prints all", sorted.len() - MOST);
        }
        let count = |severity| sorted.iter().filter(|d| d.severity == severity).count();
        let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
            .into_iter()
            .map(|severity| (count(severity), severity.word()))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| counted(count, word))
            .collect();
        if !counts.is_empty() {
            let _ = writeln!(out, "{}", counts.join(", "));
        }
        let mendable = sorted.iter().filter(|diagnostic| diagnostic.fix.is_some()).count();
        if mendable > 0 && format == MessageFormat::Human && !self.quiet {
            let _ = writeln!(out, "{mendable} of these can be mended by `rackform check --fix`");
        }
        ExitCode::SUCCESS
    }
}
