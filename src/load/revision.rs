//! Read a project as it was at a revision of git: into a folder for the time of the run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::is_project;
use super::paths::{non_empty, slashes};
use crate::diagnostics::codes::REVISION;
use crate::diagnostics::{Diagnostic, Diagnostics};

/// What may be part of a project: manifests, fleets, locks, quotas, templates.
const PARTS: [&str; 5] = [".yml", ".yaml", ".json", ".lock", ".env"];

/// The files of a repository at a revision.
#[derive(Debug)]
pub struct Revision {
    /// The commit, in short.
    pub commit: String,
    /// Where they are for the time of the run.
    folder: TempDir,
    /// The top of the repository.
    top: PathBuf,
}

impl Revision {
    /// Where a path of today is in the revision; none for one outside of the repository. The path need not exist
    /// any more.
    pub fn path(&self, path: &Path) -> Option<PathBuf> {
        let absolute = std::path::absolute(non_empty(path)).ok()?;
        // Links on the way to the repository are followed, as git does; what is gone keeps its name.
        let standing = absolute.ancestors().find(|folder| folder.exists())?;
        let rest = absolute.strip_prefix(standing).ok()?;
        let real = standing.canonicalize().ok()?.join(rest);
        Some(self.folder.path().join(real.strip_prefix(&self.top).ok()?))
    }

    /// The project that a path of the revision was part of: what is new today was part of the folder above it. None
    /// where there was no project yet.
    pub fn project(&self, path: &Path) -> Option<PathBuf> {
        let standing = path.ancestors().find(|folder| folder.exists())?;
        is_project(standing).then(|| standing.to_owned())
    }
}

/// Read the repository around a folder at a revision. What keeps it from being read is reported.
pub fn revision(name: &str, around: &Path, out: &mut Diagnostics) -> Option<Revision> {
    let refuse =
        |(why, help): Refusal| out.report(Diagnostic::nowhere(&REVISION, format!("can't compare with `{name}`: {why}")).help(help));
    read(name, around).map_err(refuse).ok()
}

/// Why a revision can't be read, and what to do.
type Refusal = (String, &'static str);

fn read(name: &str, around: &Path) -> Result<Revision, Refusal> {
    let refuse = |why: String, help: &'static str| (why, help);
    let around = if around.is_file() { around.parent().unwrap_or(around) } else { around };
    let git = |arguments: &[&str]| git(around, arguments).map_err(|why| refuse(why, "install git, or name a folder"));
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if !top.status.success() {
        return Err(refuse(
            format!("{} is in no repository of git, and there is no such folder", slashes(non_empty(around))),
            "name a folder that a compile wrote",
        ));
    }
    let top = PathBuf::from(String::from_utf8_lossy(&top.stdout).trim_end_matches(['\n', '\r']));
    // `--end-of-options`: a name that begins with a dash is no option.
    let commit = git(&["rev-parse", "--verify", "--quiet", "--short", "--end-of-options", &format!("{name}^{{commit}}")])?;
    if !commit.status.success() {
        return Err(refuse(
            "it is neither a folder nor a revision that git knows here".into(),
            "in a shallow clone fetch it first: git fetch origin BRANCH, then --against origin/BRANCH",
        ));
    }
    let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
    let folder = tempfile::Builder::new()
        .prefix("rackform-")
        .tempdir()
        .map_err(|error| refuse(error.to_string(), "check the space and the permissions of the folder for temporary files"))?;
    check_out(&top, &commit, folder.path()).map_err(|why| refuse(why, "check the repository with git fsck"))?;
    let top = top.canonicalize().unwrap_or(top);
    Ok(Revision { commit, folder, top })
}

/// Write what may be part of a project at a commit into a folder.
fn check_out(top: &Path, commit: &str, folder: &Path) -> Result<(), String> {
    let index = folder.join(".index");
    let with_index = |arguments: &[&str], input: &[u8]| {
        let mut command = command(top, arguments);
        command.env("GIT_INDEX_FILE", &index);
        run(command, input).and_then(|done| if done.status.success() { Ok(done.stdout) } else { Err(last_line(&done.stderr)) })
    };
    with_index(&["read-tree", commit], &[])?;
    let all = with_index(&["ls-files", "-z"], &[])?;
    let is_part = |path: &&[u8]| PARTS.iter().any(|end| path.ends_with(end.as_bytes()));
    let parts: Vec<&[u8]> = all.split(|byte| *byte == 0).filter(is_part).collect();
    let prefix = format!("--prefix={}/", folder.display());
    with_index(&["checkout-index", "--quiet", "-z", "--stdin", &prefix], &parts.join(&0))?;
    std::fs::remove_file(&index).map_err(|error| error.to_string())?;
    // This is the top of a repository: whoever looks for a fleet looks no further up.
    std::fs::create_dir(folder.join(".git")).map_err(|error| error.to_string())
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(non_empty(folder)).args(arguments);
    command
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Output, String> {
    run(command(folder, arguments), &[])
}

fn run(mut command: Command, input: &[u8]) -> Result<Output, String> {
    use std::io::Write;
    let failed = |error: std::io::Error| format!("git can't be run: {error}");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let mut stdin = child.stdin.take();
    if let Some(stdin) = &mut stdin {
        // A git that ended early says why by itself.
        let _ = stdin.write_all(input);
    }
    drop(stdin);
    child.wait_with_output().map_err(failed)
}

fn last_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text).lines().last().unwrap_or("git failed").to_owned()
}
