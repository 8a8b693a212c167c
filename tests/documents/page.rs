//! Reads a page of Markdown as what a reader does with it: files that are written, commands that are run, excerpts
//! that are compared; and the text around them.

use std::ops::Range;

/// A page.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// What is done, in order.
    pub(crate) steps: Vec<Step>,
    /// Lines outside of fences, with their numbers from 1.
    pub(crate) prose: Vec<(usize, String)>,
    /// Lines of fences that are not run.
    pub(crate) shown: Vec<(usize, String)>,
    /// How many lines a reader sees: those outside of comments.
    pub(crate) seen: usize,
    /// Where a fence does not say what it is, or text is code without a fence.
    pub(crate) wrong: Vec<String>,
}

/// What is done at a line of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The line of the page that says so, from 1.
    pub(crate) line: usize,
    /// What it is.
    pub(crate) what: What,
}

/// What is done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// `<!-- begin with PATH -->`: go to a new folder with what lies in a folder of the project.
    Begin(String),
    /// ` ```console `: run a command.
    Run(Command),
    /// ` ```yaml PATH `: write a file.
    Write(String, String),
    /// ` ```diff PATH `: change a file at one place.
    Change(String, String),
    /// ` ```yaml from PATH `: find these lines in a file as it stands then.
    Excerpt(String, Vec<String>),
    /// ` ```sh not run: REASON `: nothing.
    NotRun,
}

/// A command of a `console`, and what is shown of its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// What the shell is given.
    pub(crate) text: String,
    /// The exit code that `# exit code N` behind it names, or 0.
    pub(crate) exit: i32,
    /// The output as it is shown; none where nothing is shown.
    pub(crate) output: Vec<String>,
    /// Its lines on the page, from 0.
    pub(crate) lines: Range<usize>,
    /// What stands in front of each line of the fence.
    pub(crate) indent: usize,
}

/// What stands behind a command that fails.
const EXIT_CODE: &str = "# exit code ";

/// How many lines stand outside of comments.
fn seen(lines: &[&str]) -> usize {
    let mut is_comment = false;
    let is_seen = |line: &&&str| {
        let was_comment = is_comment;
        is_comment = (was_comment || line.starts_with("<!--")) && !line.ends_with("-->");
        !was_comment && !line.starts_with("<!--")
    };
    lines.iter().filter(is_seen).count()
}

impl Page {
    /// Read a page.
    pub(crate) fn read(text: &str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let mut page = Self { seen: seen(&lines), ..Self::default() };
        let mut at = 0;
        let mut is_after_blank = true;
        while let Some(line) = lines.get(at) {
            let indent = line.len() - line.trim_start().len();
            if let Some(info) = line.trim_start().strip_prefix("```") {
                let inside: Vec<&str> = lines[at + 1..].iter().take_while(|line| line.trim() != "```").copied().collect();
                let next = at + inside.len() + 2;
                if next > lines.len() {
                    page.wrong.push(format!("{}: ```{info} is left open", at + 1));
                    return page;
                }
                let inside = inside.iter().map(|line| line.get(indent..).unwrap_or("").to_owned()).collect();
                page.fence(at, indent, info, inside);
                at = next;
                is_after_blank = false;
                continue;
            }
            if let Some(path) = line.strip_prefix("<!-- begin with ") {
                let path = path.split([',', ' ']).next().unwrap_or(path);
                page.steps.push(Step { line: at + 1, what: What::Begin(path.to_owned()) });
            } else {
                if indent >= 4 && is_after_blank {
                    page.wrong.push(format!("{}: code without a fence", at + 1));
                }
                page.prose.push((at + 1, (*line).to_owned()));
            }
            is_after_blank = line.trim().is_empty();
            at += 1;
        }
        page
    }

    fn fence(&mut self, at: usize, indent: usize, info: &str, inside: Vec<String>) {
        let whole = || inside.join("\n") + "\n";
        let words: Vec<&str> = info.split(' ').collect();
        let what = match words[..] {
            [_, "not", "run:", _, ..] => {
                self.shown.extend(inside.iter().enumerate().map(|(number, line)| (at + 2 + number, line.clone())));
                What::NotRun
            }
            ["console"] => return self.console(at + 1, indent, &inside),
            ["diff", path] => What::Change(path.to_owned(), whole()),
            [_, path] => What::Write(path.to_owned(), whole()),
            [_, "from", path] => What::Excerpt(path.to_owned(), inside),
            _ => return self.wrong.push(format!("{}: ```{info} does not say what it is", at + 1)),
        };
        self.steps.push(Step { line: at + 1, what });
    }

    /// Read commands and what is shown of their output; the first line has this number, from 0.
    fn console(&mut self, first: usize, indent: usize, inside: &[String]) {
        let mut at = 0;
        while at < inside.len() {
            let Some(text) = inside[at].strip_prefix("$ ") else {
                return self.wrong.push(format!("{}: a console begins with `$ `", first + at + 1));
            };
            let line = first + at + 1;
            let mut text = text.to_owned();
            at += 1;
            while let Some(more) = inside.get(at).and_then(|line| line.strip_prefix("> ")) {
                text = format!("{text}\n{more}");
                at += 1;
            }
            let output: Vec<String> = inside[at..].iter().take_while(|line| !line.starts_with("$ ")).cloned().collect();
            let lines = first + at..first + at + output.len();
            at += output.len();
            let exit = text.split_once(EXIT_CODE).map_or(0, |(_, code)| code.parse().unwrap_or(-1));
            self.steps.push(Step { line, what: What::Run(Command { text, exit, output, lines, indent }) });
        }
    }

    /// How many fences are not run.
    pub(crate) fn not_run(&self) -> usize {
        self.steps.iter().filter(|step| step.what == What::NotRun).count()
    }

    /// What stands between backticks in the text, with the line that it begins in. A span ends with its paragraph.
    pub(crate) fn spans(&self) -> Vec<(usize, String)> {
        let mut spans = Vec::new();
        for paragraph in self.prose.split(|(_, line)| line.trim().is_empty()) {
            let mut open: Option<(usize, String)> = None;
            for (number, line) in paragraph {
                for (index, part) in line.split('`').enumerate() {
                    if index > 0 {
                        match open.take() {
                            Some(span) => spans.push(span),
                            None => open = Some((*number, String::new())),
                        }
                    }
                    if let Some((_, text)) = &mut open {
                        text.push_str(if index == 0 { line.split('`').next().unwrap_or("").trim_start() } else { part });
                    }
                }
                if let Some((_, text)) = &mut open {
                    text.push(' ');
                }
            }
        }
        spans
    }

    /// Where links lead to, as they are written.
    pub(crate) fn links(&self) -> Vec<(usize, &str)> {
        let in_line = |(number, line): &'_ (usize, String)| -> Vec<(usize, Range<usize>)> {
            let ends = line.match_indices("](").filter_map(|(at, _)| Some((*number, at + 2..at + 2 + line[at + 2..].find(')')?)));
            ends.collect()
        };
        self.prose.iter().flat_map(|line| in_line(line).into_iter().map(|(number, range)| (number, &line.1[range]))).collect()
    }

    /// What its headings are called in links.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let heading = |(_, line): &(usize, String)| line.starts_with('#').then(|| line.trim_start_matches('#').trim().to_lowercase());
        let slug = |title: String| -> String {
            title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
        };
        self.prose.iter().filter_map(heading).map(slug).collect()
    }
}
