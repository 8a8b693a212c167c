//! `rackform explain`.

use std::process::ExitCode;

use clap::Args;
use clap::builder::styling::{AnsiColor, Effects, Style};
use rackform::diagnostics::codes::{self, CODES};
use rackform::diagnostics::examples::{CHECK, Example, Part, example};
use rackform::diagnostics::{Code, Severity, near_codes};

use super::terminal::{data, message, width};

/// The exit code for wrong usage.
const WRONG_USAGE: u8 = 2;
/// Columns at the most: longer lines are hard to read.
const WIDEST: usize = 100;
/// What stands before the lines of an example.
const INDENT: &str = "    ";

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().effects(Effects::DIMMED);
const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();

#[derive(Args)]
pub(super) struct ExplainArgs {
    /// Its code, such as RF0101; 101 will do
    #[arg(value_name = "CODE", required_unless_present = "list", conflicts_with = "list")]
    codes: Vec<String>,
    /// List every code with its severity and what it is about
    #[arg(long)]
    list: bool,
}

/// Print the story of each code, or a line for each that there is.
pub(super) fn run(args: &ExplainArgs) -> ExitCode {
    if args.list {
        return data(&list(CODES));
    }
    let width = width().map_or(WIDEST, |width| width.min(WIDEST));
    let (known, unknown): (Vec<_>, Vec<_>) = args.codes.iter().map(|asked| codes::find(asked).ok_or(asked)).partition(Result::is_ok);
    let stories: Vec<String> = known.into_iter().flatten().map(|code| story(code, width)).collect();
    let said = data(&stories.join(&format!("\n{DIM}{}{DIM:#}\n\n", "─".repeat(width))));
    for asked in unknown.iter().filter_map(|asked| asked.err()) {
        message(&unknown_code(asked));
    }
    if unknown.is_empty() { said } else { ExitCode::from(WRONG_USAGE) }
}

/// What is said of a code that does not exist.
fn unknown_code(asked: &str) -> String {
    let near = near_codes(asked);
    let near = if near.is_empty() { String::new() } else { format!("; did you mean one of these?\n{}", list(&near)) };
    format!("there is no diagnostic `{asked}`, and --list names all that there are{near}").trim_end().to_owned()
}

/// `RF0101 error   a value has the wrong shape`, with the titles below each other.
fn list(codes: &[&Code]) -> String {
    let lines: Vec<String> = codes.iter().map(|code| format!("{} {:<7} {}\n", code.id, code.severity.word(), code.title)).collect();
    lines.concat()
}

/// All that there is to say of a code: what it means, an example, and its mend.
fn story(code: &Code, width: usize) -> String {
    let mut story = format!("{BOLD}{}: {}{BOLD:#}\n\n{}", code.id, code.title, wrapped(code.docs, width));
    let Some(Example { broken, said, mend }) = example(code) else { return story };
    story += &format!("\n{BOLD}Example{BOLD:#}\n");
    story.extend(broken.iter().map(|part| shown(part, width)));
    if !broken.iter().any(|part| matches!(part, Part::Commands(_))) {
        story += &shown(&Part::Commands(CHECK.to_owned()), width);
    }
    story += &drawn(&said, code.severity, width);
    story += &format!("\n{BOLD}Mended{BOLD:#}\n");
    story.extend(mend.iter().map(|part| shown(part, width)));
    story
}

/// A part of an example.
fn shown(part: &Part, width: usize) -> String {
    let under = |name: &str, text: &str| format!("\n{DIM}{name}{DIM:#}\n{}", indented(text, |_| Style::new()));
    match part {
        Part::Prose(text) => format!("\n{}", wrapped(text, width)),
        Part::Commands(commands) => format!("\n{}", indented(commands, |_| Style::new())),
        Part::File { path, text, is_latin_1: false, .. } => under(path, text),
        Part::File { path, text, is_latin_1: true, .. } => under(&format!("{path}, saved as Latin-1"), text),
        Part::Change { path, lines } => {
            let style = |line: &str| match line.as_bytes().first() {
                Some(b'-') => REMOVED,
                Some(b'+') => ADDED,
                _ => Style::new(),
            };
            format!("\n{DIM}{path}{DIM:#}\n{}", indented(lines, style))
        }
    }
}

fn indented(text: &str, style: impl Fn(&str) -> Style) -> String {
    let line = |line| {
        let style = style(line);
        if line.is_empty() { "\n".to_owned() } else { format!("{INDENT}{style}{line}{style:#}\n") }
    };
    text.lines().map(line).collect()
}

/// A message as the program draws it, in lines that fit; what goes on stands below where its text
/// began.
fn drawn(said: &str, severity: Severity, width: usize) -> String {
    let title = match severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Note => AnsiColor::Green,
    };
    let title = title.on_default().bold();
    let mut text = String::new();
    for line in said.lines() {
        let hang = ["= help: ", "= note: "].iter().find_map(|begin| line.find(begin).map(|at| at + begin.len()));
        let is_drawing = hang.is_none() && line.trim_start().starts_with(|first: char| first.is_ascii_digit() || "|-:.".contains(first));
        let hang = hang.unwrap_or_else(|| line.len() - line.trim_start().len());
        let (begin, rest) = line.split_at(hang);
        let lines = if is_drawing { line.to_owned() } else { filled(rest, begin, &" ".repeat(hang.max(4)), width - INDENT.len()) };
        let style = if line.starts_with(severity.word()) { title } else { Style::new() };
        text += &indented(&lines, |_| style);
    }
    text
}

/// Paragraphs in lines of so many columns.
fn wrapped(text: &str, width: usize) -> String {
    filled(text, "", "", width)
}

/// Words in lines of so many columns, with something before the first line and before the others.
fn filled(text: &str, first: &str, others: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut line = first.to_owned();
    let mut has_words = false;
    for word in text.split_whitespace() {
        if has_words && line.chars().count() + 1 + word.chars().count() > width {
            lines += &format!("{line}\n");
            line = others.to_owned();
            has_words = false;
        }
        if has_words {
            line.push(' ');
        }
        line += word;
        has_words = true;
    }
    lines + &format!("{line}\n")
}
