//! A folder in which a page is done step by step, as a reader would do it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::{Folder, changed, copy};
use crate::page::{self, Page, What};

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");
/// Stands in for the AWS CLI before an account that is a folder.
const AWS: &str = include_str!("../acceptance/stub_aws.sh");
/// What a page begins with: an empty folder called shop.
const NOTHING: &str = "nothing";
/// The whole project, which stands for its examples.
const EVERYTHING: &str = "everything";
/// What stands for any lines, or for any text in a line.
const ANYTHING: &str = "…";

/// What came of a page.
#[derive(Default)]
pub(crate) struct Done {
    /// What is not as the page says.
    pub(crate) wrong: Vec<String>,
    /// Lines of the page, from 0, and what the program prints in their place today.
    mends: BTreeMap<usize, (page::Command, Vec<String>)>,
}

impl Done {
    /// The page with what the program prints today.
    pub(crate) fn mended(&self, text: &str) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (command, output) in self.mends.values().rev() {
            let indented = |line: &String| format!("{}{line}", " ".repeat(command.indent)).trim_end().to_owned();
            lines.splice(command.lines.clone(), output.iter().map(indented));
        }
        lines.join("\n") + "\n"
    }
}

/// Do everything that a page says.
pub(crate) fn act(name: &str, page: &Page) -> Done {
    let mut done = Done::default();
    let mut number = 0;
    let stage = |begin: &str, number: usize| Stage::new(&format!("document-{}-{number}", name.replace('/', "-")), begin);
    let mut current = stage(NOTHING, 0);
    for step in &page.steps {
        let result = match &step.what {
            What::Begin(path) if ![NOTHING, EVERYTHING].contains(&path.as_str()) && !Path::new(PROJECT).join(path).is_dir() => {
                Err(format!("there is no folder {path}"))
            }
            What::Begin(path) => {
                number += 1;
                current = stage(path, number);
                Ok(())
            }
            What::Write(path, text) => current.write(path, text),
            What::Change(path, lines) => current.change(path, lines),
            What::Excerpt(path, lines) => current.excerpt(path, lines),
            What::Run(command) => current.run(command).and_then(|output| compare(command, output, &mut done)),
            What::NotRun => Ok(()),
        };
        if let Err(why) = result {
            done.wrong.push(format!("{name}:{}: {why}", step.line));
        }
    }
    done
}

/// Hold an output against what is shown of it.
fn compare(command: &page::Command, output: Vec<String>, done: &mut Done) -> Result<(), String> {
    if command.output.is_empty() || fits(&command.output, &output) {
        return Ok(());
    }
    let why = format!("`{}` prints\n{}\n", command.text, output.join("\n"));
    if !command.output.iter().any(|line| line.contains(ANYTHING)) {
        done.mends.insert(command.lines.start, (command.clone(), output));
    }
    Err(why)
}

/// Whether lines are what is shown of them.
fn fits(shown: &[String], lines: &[String]) -> bool {
    let Some((first, rest)) = shown.split_first() else { return lines.is_empty() };
    if first.trim() == ANYTHING {
        return (0..=lines.len()).any(|skipped| fits(rest, &lines[skipped..]));
    }
    lines.split_first().is_some_and(|(line, others)| line_fits(first, line) && fits(rest, others))
}

fn line_fits(shown: &str, line: &str) -> bool {
    let mut parts = shown.trim_end().split(ANYTHING);
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or("")) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

struct Stage {
    /// Everything of it, which goes when the page ends.
    all: Folder,
    /// Where commands are run.
    here: PathBuf,
}

impl Stage {
    /// A folder like one of the project, an empty one, or one like all of it.
    fn new(name: &str, begin: &str) -> Self {
        let all = Folder::new(name);
        let folder = if [NOTHING, EVERYTHING].contains(&begin) { "shop" } else { begin.rsplit('/').next().unwrap_or(begin) };
        let here = all.0.join(folder);
        fs::create_dir_all(&here).unwrap();
        match begin {
            NOTHING => {}
            EVERYTHING => copy(&Path::new(PROJECT).join("examples"), &here.join("examples")),
            path => copy(&Path::new(PROJECT).join(path), &here),
        }
        for path in ["account/calls", "account/secrets", "programs/aws", "temporary/.keep"] {
            all.write(path, if path == "programs/aws" { AWS } else { "" });
        }
        make_executable(&all.0.join("programs/aws"));
        Self { all, here }
    }

    fn write(&self, path: &str, text: &str) -> Result<(), String> {
        let path = self.here.join(path);
        let parent = path.parent().ok_or("no folder for it")?;
        fs::create_dir_all(parent).and_then(|()| fs::write(&path, text)).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.here.join(path)).map_err(|error| format!("{path}: {error}"))
    }

    fn change(&self, path: &str, lines: &str) -> Result<(), String> {
        let text = changed(Some(&self.read(path)?), lines).map_err(|why| format!("{path}: {why}"))?;
        self.write(path, &text.unwrap_or_default())
    }

    fn excerpt(&self, path: &str, shown: &[String]) -> Result<(), String> {
        let text = self.read(path)?;
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let anything = [ANYTHING.to_owned()];
        let found = fits(&[&anything, shown, &anything].concat(), &lines);
        if found { Ok(()) } else { Err(format!("this is not what stands in {path}:\n{text}")) }
    }

    /// What a command prints, both of its outputs as they come.
    fn run(&self, command: &page::Command) -> Result<Vec<String>, String> {
        // The README says it as it is run in a copy of the project, where there is nothing installed.
        let text = command.text.replace("cargo run --release -- ", "rackform ");
        let (mut reader, writer) = std::io::pipe().map_err(|error| error.to_string())?;
        let mut child = self.shell(&text).stdout(writer.try_clone().unwrap()).stderr(writer).spawn().map_err(|error| error.to_string())?;
        let mut output = String::new();
        reader.read_to_string(&mut output).map_err(|error| error.to_string())?;
        let code = child.wait().map_err(|error| error.to_string())?.code();
        if code != Some(command.exit) {
            return Err(format!("`{}` ends with {code:?}, and prints\n{output}", command.text));
        }
        Ok(output.trim_end().lines().map(|line| line.trim_end().to_owned()).collect())
    }

    /// A shell that knows rackform and nothing of whoever runs the test.
    fn shell(&self, command: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_rackform")).parent().unwrap();
        let mut path = vec![self.all.0.join("programs"), program.to_owned()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(&self.here).stdin(Stdio::null()).env_clear();
        shell.env("PATH", std::env::join_paths(path).unwrap());
        shell.env("HOME", &self.all.0).env("TMPDIR", self.all.0.join("temporary")).env("LC_ALL", "C");
        shell.env("STUB_ACCOUNT", self.all.0.join("account"));
        for who in ["AUTHOR", "COMMITTER"] {
            shell.env(format!("GIT_{who}_NAME"), "A Reader").env(format!("GIT_{who}_EMAIL"), "reader@example.org");
            shell.env(format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z");
        }
        shell.env("GIT_CONFIG_NOSYSTEM", "1");
        shell.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "init.defaultBranch").env("GIT_CONFIG_VALUE_0", "main");
        shell
    }
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_of_an_output_stands_for_anything() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        for (shown, output, is_right) in [
            ("a\nb", "a\nb", true),
            ("a\nb", "a", false),
            ("a", "a\nb", false),
            ("…\nb", "a\na\nb", true),
            ("…\nb", "b", true),
            ("a\n…\nb", "a\nc", false),
            ("at … lines", "at 7 lines", true),
            ("at … lines", "at 7 line", false),
            ("a…b…c", "abbc", true),
            ("a…c…c", "abc", false),
            ("a…", "ab", true),
            ("a …", "ab", false),
        ] {
            assert_eq!(fits(&lines(shown), &lines(output)), is_right, "{shown} / {output}");
        }
    }
}
