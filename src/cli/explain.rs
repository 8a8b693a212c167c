//! `rackform explain`.

use std::process::ExitCode;

use clap::Args;
use clap::builder::styling::{AnsiColor, Effects, Style};
use rackform::diagnostics::codes::{self, CODES};
use rackform::diagnostics::examples::{CHECK, Example, Part, example};
use rackform::diagnostics::fixed;
use rackform::diagnostics::{Code, Severity, near_codes};

use super::terminal::{data, message, width};

/// The exit code for wrong usage.
const WRONG_USAGE: u8 = 2;
/// Columns at the most: longer lines are hard to read.
const WIDEST: usize = 100;
/// What stands before the lines of an example.
const INDENT: &str = "  ";

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().effects(Effects::DIMMED);
const NAME: Style = AnsiColor::Cyan.on_default();
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
    let fixed = fixed::sentence(code).map_or_else(String::new, |sentence| format!("\n{}", filled(&sentence, "", "", width)));
    let story = format!("{BOLD}{}: {}{BOLD:#}\n\n{}{fixed}", code.id, code.title, filled(code.docs, "", "", width));
    let Some(Example { mut broken, said, mend }) = example(code) else { return story };
    if !broken.iter().any(|part| matches!(part, Part::Commands(_))) {
        broken.push(Part::Commands(CHECK.to_owned()));
    }
    let parts = |parts: &[Part]| parts.iter().map(|part| shown(part, width)).collect::<String>();
    let example = format!("\n{BOLD}Example{BOLD:#}\n{}{}", parts(&broken), drawn(&said, code.severity, width));
    format!("{story}{example}\n{BOLD}Mended{BOLD:#}\n{}", parts(&mend))
}

/// A part of an example.
fn shown(part: &Part, width: usize) -> String {
    let under = |name: &str, text: &str| format!("\n{NAME}{name}{NAME:#}\n{}", indented(text, |_| Style::new()));
    match part {
        Part::Prose(text) => format!("\n{}", filled(text, "", "", width)),
        Part::Commands(commands) => format!("\n{}", indented(commands, |_| Style::new())),
        Part::File { path, text, is_latin_1: false, .. } => under(path, text),
        Part::File { path, text, is_latin_1: true, .. } => under(&format!("{path}, saved as Latin-1"), text),
        Part::Change { path, lines } => {
            let style = |line: &str| match line.as_bytes().first() {
                Some(b'-') => REMOVED,
                Some(b'+') => ADDED,
                _ => Style::new(),
            };
            format!("\n{NAME}{path}{NAME:#}\n{}", indented(lines, style))
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

/// A message as the program draws it, in lines that fit: what goes on stands below where its text
/// began. Lines of the drawing stay as they are, and so does text that is drawn with blanks.
fn drawn(said: &str, severity: Severity, width: usize) -> String {
    let color = match severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Note => AnsiColor::Green,
    };
    let title = color.on_default().bold();
    let mut text = String::new();
    for line in said.lines() {
        let style = if line.starts_with(severity.word()) { title } else { Style::new() };
        let lines = text_begins(line).filter(|at| !line[*at..].contains("  ")).map_or(line.to_owned(), |at| {
            let (begin, rest) = line.split_at(at);
            filled(rest, begin, &" ".repeat(at), width.saturating_sub(INDENT.len()))
        });
        text += &indented(&lines, |_| style);
    }
    text
}

/// Where the text of a line of a message begins: its title, or what is said below the drawing. None
/// for the drawing itself.
fn text_begins(line: &str) -> Option<usize> {
    let signs = ["error[", "warning[", "note["];
    if signs.iter().any(|sign| line.starts_with(sign)) {
        return Some(0);
    }
    if let Some(at) = ["= help: ", "= note: "].iter().find_map(|sign| Some(line.find(sign)? + sign.len())) {
        return Some(at);
    }
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let number = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.get(number..)? {
        rest if number > 0 && rest.starts_with(". ") => Some(indent + number + 2),
        rest if number > 0 || rest.starts_with(['|', '-', '+', ':', '.']) => None,
        _ => Some(indent),
    }
}

/// Words in lines of so many columns, with something before the first line and before the others.
fn filled(text: &str, first: &str, others: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => *line += &[" ", word].concat(),
            Some(_) => lines.push([others, word].concat()),
            None => lines.push([first, word].concat()),
        }
    }
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}
