//! The last stage: files to disk. Each file is whole, old or new, at every moment; files of an earlier
//! compile that are gone are removed, and nothing else is touched.
//!
//! One writes at a time (`hold`). Every file is written beside its place as soon as it is made, on the thread that
//! made it; the list of stacks is the first of them, so that whoever comes after a run that was cut short knows what it
//! was about. When all are whole, the lock takes its place if it still is what was read: no template is ever newer than
//! the lock. Then the others do, what is gone is removed, and last the list of stacks takes its place. Until then
//! `deploy.sh` and `plan` refuse the folder, and the next compile finishes it.

mod cache;
mod fault;
mod hold;
mod output;
mod staging;
mod survey;

pub use fault::Fault;
pub use output::Writing;

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::output::OutputFile;
use crate::progress::Progress;
use fault::At as _;
use hold::hold;
use staging::{Pending, Staging, folder_of, openable, remove, temporary};

/// What becomes of the lock.
#[derive(Debug, Clone, Copy)]
pub struct LockChange<'a> {
    /// Where it is, or will be.
    pub path: &'a Path,
    /// Its text as it was read; none where there was none.
    pub before: Option<&'a str>,
    /// Its text as it is to be.
    pub after: &'a str,
}

/// Write the lock alone.
pub fn write_lock(lock: &LockChange<'_>) -> Result<(), Fault> {
    undone_on_error(|staging| {
        let real = real(lock.path);
        let _held = hold(&[folder_of(&real)], &Progress::default());
        let pending = stage_lock(lock, &real, staging)?;
        place_lock(lock, &real, pending.as_ref())
    })
}

/// Write a file that nobody has written before, and say whether it was written: one that is there already stays.
pub fn write_new(path: &Path, text: &str) -> Result<bool, Fault> {
    undone_on_error(|staging| {
        let _held = hold(&[folder_of(path)], &Progress::default());
        remove(&temporary(path)).at(path)?;
        if fs::symlink_metadata(path).is_ok() {
            return Ok(false);
        }
        let pending = Pending::precious(path.to_path_buf(), text, None);
        staging.stage(&pending)?;
        match pending.place_new() {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                remove(&temporary(path)).at(path)?;
                Ok(false)
            }
            placed => placed.at(path).map(|()| true),
        }
    })
}

/// Write files into a folder, over what stands there under their names.
pub fn write_together(folder: &Path, files: &[OutputFile]) -> Result<(), Fault> {
    undone_on_error(|staging| {
        staging.folder(folder)?;
        let _held = hold(&[folder], &Progress::default());
        let pending: Vec<Pending<'_>> = files.iter().map(|file| Pending::of(file, folder)).collect();
        pending.iter().try_for_each(|file| staging.stage(file))?;
        place_all(&pending)
    })
}

/// Write files of the user anew: each as it was read, and as it becomes. One that has changed in between, or that
/// nobody may write to, is an error, and then none of them changes. The folder is that of the fleet; what an earlier
/// run that was cut short has left beside `all` that may be mended is removed.
pub fn write_mended<'a>(
    folder: &Path,
    all: impl IntoIterator<Item = &'a PathBuf>,
    files: &BTreeMap<PathBuf, (String, String)>,
) -> Result<(), Fault> {
    undone_on_error(|staging| {
        let _held = hold(&[openable(folder)], &Progress::default());
        for path in all {
            let temporary = temporary(path);
            remove(&temporary).at(&temporary)?;
        }
        let mut pending = Vec::new();
        for (path, (_, after)) in files {
            let permissions = writable(path)?;
            pending.push(Pending::precious(path.clone(), after, Some(permissions)));
        }
        pending.iter().try_for_each(|file| staging.stage(file))?;
        // As late as can be: what somebody writes after this is lost.
        for (path, (before, _)) in files {
            if fs::read(path).at(path)? != before.as_bytes() {
                return Err(Fault::overtaken(path));
            }
        }
        place_all(&pending)
    })
}

/// Do something, and take away what was staged for it if it fails.
fn undone_on_error<T>(work: impl FnOnce(&mut Staging) -> Result<T, Fault>) -> Result<T, Fault> {
    let mut staging = Staging::default();
    let done = work(&mut staging);
    if done.is_err() {
        staging.undo();
    }
    done
}

/// Let files take their places. The first that can't leaves all as they were.
fn place_all(pending: &[Pending<'_>]) -> Result<(), Fault> {
    for (at, file) in pending.iter().enumerate() {
        file.place().map_err(|fault| if at > 0 { fault.begun() } else { fault })?;
    }
    Ok(())
}

/// Where a lock really is: a link to it is followed, and stays.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Stage the lock, unless it is written already.
fn stage_lock<'a>(lock: &LockChange<'a>, real: &Path, staging: &mut Staging) -> Result<Option<Pending<'a>>, Fault> {
    let temporary = temporary(real);
    remove(&temporary).at(&temporary)?;
    hold_against_disk(lock, real)?;
    if lock.before == Some(lock.after) {
        return Ok(None);
    }
    let permissions = if lock.before.is_some() { Some(writable(real)?) } else { None };
    let pending = Pending::precious(real.to_path_buf(), lock.after, permissions);
    staging.stage(&pending)?;
    Ok(Some(pending))
}

/// Let the lock take its place. It is looked at as late as can be: what somebody who does not hold the folder, such as
/// an editor, writes after this is lost.
fn place_lock(lock: &LockChange<'_>, real: &Path, pending: Option<&Pending<'_>>) -> Result<(), Fault> {
    hold_against_disk(lock, real)?;
    pending.map_or(Ok(()), Pending::place)
}

/// Refuse a lock that is neither what was read nor what is to be written.
fn hold_against_disk(lock: &LockChange<'_>, real: &Path) -> Result<(), Fault> {
    let now = match fs::symlink_metadata(real) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Ok(metadata) if metadata.is_file() => Some(fs::read(real).at(real)?),
        Ok(_) => return Err(Fault::overtaken(lock.path)),
        Err(error) => return Err(Fault::system(real, &error)),
    };
    let is = |text: Option<&str>| now.as_deref() == text.map(str::as_bytes);
    if is(lock.before) || is(Some(lock.after)) { Ok(()) } else { Err(Fault::overtaken(lock.path)) }
}

/// The permissions of a file that may be written to.
fn writable(path: &Path) -> Result<Permissions, Fault> {
    let permissions = fs::metadata(path).at(path)?.permissions();
    // To take the place of a file asks for rights on its folder alone; whoever protects the file means it.
    if permissions.readonly() {
        return Err(Fault::refused(path, "may not be written to", "check its permissions"));
    }
    Ok(permissions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{INDEX, Index};
    use crate::output::Taker as _;
    use crate::threads::Threads;

    const SIGNED: &str = "# Written by `rackform compile`\n";

    fn file(path: &str, text: &str) -> OutputFile {
        OutputFile { path: path.into(), text: text.into(), executable: false }
    }

    fn index(files: &[&str]) -> OutputFile {
        let files = files.iter().map(ToString::to_string).collect();
        file(INDEX, &serde_json::to_string(&Index { version: 1, stacks: Vec::new(), files }).unwrap())
    }

    /// A project that goes when the test ends: its folder, its lock, its output.
    struct Project(PathBuf);

    impl Project {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("rackform-write-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&root);
            fs::create_dir_all(&root).unwrap();
            Self(root)
        }

        fn at(&self, path: &str) -> PathBuf {
            self.0.join(path)
        }

        fn read(&self, path: &str) -> String {
            fs::read_to_string(self.at(path)).unwrap()
        }

        /// Write an output, from the lock as it stands.
        fn write(&self, after: &str, files: &[OutputFile]) -> Result<(), Fault> {
            let before = fs::read_to_string(self.at("rackform.lock")).ok();
            self.write_from(before.as_deref(), after, files)
        }

        fn write_from(&self, before: Option<&str>, after: &str, files: &[OutputFile]) -> Result<(), Fault> {
            let (path, progress) = (self.at("rackform.lock"), Progress::default());
            let writing = Writing::begin(LockChange { path: &path, before, after }, &self.at("out"), &progress)?;
            let mut files = files.to_vec();
            if files.last().is_none_or(|file| file.path != INDEX) {
                let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
                files.push(index(&paths));
            }
            writing.begin(files.iter().map(|file| file.path.clone()).collect());
            for file in files {
                writing.take(file);
            }
            writing.finish(Threads::of(2))
        }

        /// Everything below the folder, sorted.
        fn all(&self) -> Vec<String> {
            let pattern = format!("{}/**/*", self.0.display());
            let paths = glob::glob(&pattern).unwrap().map(|path| path.unwrap());
            paths.filter(|path| !path.is_dir()).map(|path| path.strip_prefix(&self.0).unwrap().to_str().unwrap().to_owned()).collect()
        }
    }

    impl Drop for Project {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_is_gone_is_removed_and_strangers_stay() {
        let project = Project::new("gone");
        let listed = ["r/apps/a.yaml", "r/apps/b.params.json", "r/rack.yaml", "../elsewhere.yaml", "mine.yaml"];
        let files = [file("r/apps/a.yaml", SIGNED), file("r/apps/b.params.json", "[]"), file("r/rack.yaml", SIGNED), index(&listed)];
        project.write("a", &files).unwrap();
        fs::write(project.at("out/mine.yaml"), "x").unwrap();
        fs::write(project.at("elsewhere.yaml"), SIGNED).unwrap();
        project.write("b", &[file("r/rack.yaml", "3"), index(&["r/rack.yaml"])]).unwrap();
        // What a list names may be removed if it is ours too: anybody can write into the list.
        assert_eq!(project.all(), ["elsewhere.yaml", "out/mine.yaml", "out/r/rack.yaml", "out/stacks.json", "rackform.lock"]);
        assert!(!project.at("out/r/apps").exists(), "nor a folder without a file");
        assert_eq!((project.read("out/r/rack.yaml").as_str(), project.read("rackform.lock").as_str()), ("3", "b"));
    }

    #[test]
    fn a_file_of_somebody_else_is_not_overwritten() {
        let project = Project::new("foreign");
        fs::create_dir(project.at("out")).unwrap();
        fs::write(project.at("out/deploy.sh"), "mine").unwrap();
        let ours = [file("deploy.sh", SIGNED), index(&["deploy.sh"])];
        assert!(project.write("a", &ours).unwrap_err().to_string().ends_with("is not one of rackform's files and would be overwritten"));
        assert_eq!((project.read("out/deploy.sh").as_str(), project.all().len()), ("mine", 1));
        for old in ["# Written by `rackform compile`, once", "", "\0\0\0"] {
            fs::write(project.at("out/deploy.sh"), old).unwrap();
            project.write("a", &ours).unwrap();
            assert_eq!(project.read("out/deploy.sh"), SIGNED, "{old:?}");
            fs::remove_file(project.at("out/stacks.json")).unwrap();
        }
    }

    #[test]
    fn when_one_file_fails_none_is_changed() {
        let project = Project::new("fail");
        project.write("a", &[file("a", "1")]).unwrap();
        let failed = project.write("b", &[file("new/c", "2"), index(&["a"]), file("a/b", "3")]).unwrap_err();
        assert!(!failed.is_begun && failed.to_string().ends_with("out/a is no folder"), "{failed}");
        assert_eq!((project.read("out/a").as_str(), project.read("rackform.lock").as_str()), ("1", "a"));
        assert_eq!(project.all(), ["out/a", "out/stacks.json", "rackform.lock"], "nothing half-written is left");
        assert!(!project.at("out/new").exists());
        // An output that was between two before still is.
        fs::write(project.at("out/stacks.json.rackform-tmp"), index(&["a"]).text).unwrap();
        project.write("b", &[file("new/c", "2"), index(&["a"]), file("a/b", "3")]).unwrap_err();
        assert_eq!(project.all(), ["out/a", "out/stacks.json", "out/stacks.json.rackform-tmp", "rackform.lock"]);
    }

    #[test]
    fn a_lock_that_is_not_what_was_read_stays() {
        let project = Project::new("overtaken");
        let files = [file("a", "1"), index(&["a"])];
        project.write_from(None, "a", &files).unwrap();
        for (before, after) in [(None, "b"), (Some("older"), "b"), (Some("older"), "older")] {
            assert!(project.write_from(before, after, &[file("a", "2"), index(&["a"])]).unwrap_err().is_overtaken);
            assert_eq!((project.read("rackform.lock").as_str(), project.read("out/a").as_str()), ("a", "1"));
        }
        // Somebody else came to the same: nothing is lost.
        project.write_from(Some("older"), "a", &[file("a", "2"), index(&["a"])]).unwrap();
        assert_eq!(project.read("out/a"), "2");
        fs::remove_file(project.at("rackform.lock")).unwrap();
        assert!(project.write_from(Some("a"), "b", &files).unwrap_err().is_overtaken, "nor does one come back that is gone");
    }

    #[test]
    fn a_run_that_was_cut_short_is_finished_and_leaves_nothing() {
        let project = Project::new("cut");
        project.write("a", &[file("old.yaml", SIGNED), index(&["old.yaml"])]).unwrap();
        // It wanted two files, has placed one, and was writing the other.
        fs::write(project.at("out/stacks.json.rackform-tmp"), index(&["placed.yaml", "half.yaml"]).text).unwrap();
        fs::write(project.at("out/placed.yaml"), SIGNED).unwrap();
        fs::write(project.at("out/half.yaml.rackform-tmp"), "# Wri").unwrap();
        fs::write(project.at("rackform.lock.rackform-tmp"), "b").unwrap();
        // The next one wants another.
        project.write("a", &[file("now.yaml", SIGNED), index(&["now.yaml"])]).unwrap();
        assert_eq!(project.all(), ["out/now.yaml", "out/stacks.json", "rackform.lock"]);
        // The list is all that is left to be placed.
        fs::rename(project.at("out/stacks.json"), project.at("out/stacks.json.rackform-tmp")).unwrap();
        project.write("a", &[file("now.yaml", SIGNED), index(&["now.yaml"])]).unwrap();
        assert_eq!(project.all(), ["out/now.yaml", "out/stacks.json", "rackform.lock"]);
    }

    #[test]
    fn a_new_file_does_not_take_the_place_of_another() {
        let project = Project::new("new");
        assert!(write_new(&project.at("rackform.yml"), "ours").unwrap());
        assert!(!write_new(&project.at("rackform.yml"), "others").unwrap());
        assert_eq!((project.read("rackform.yml").as_str(), project.all().len()), ("ours", 1));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_written_through() {
        use std::os::unix::fs::symlink;
        let project = Project::new("links");
        fs::create_dir_all(project.at("out")).unwrap();
        fs::create_dir_all(project.at("other/apps")).unwrap();
        fs::write(project.at("other/apps/a.yaml"), SIGNED).unwrap();
        let files = [file("r/apps/a.yaml", "new"), index(&["r/apps/a.yaml"])];
        let refused = |why: &str| {
            let fault = project.write("a", &files).unwrap_err();
            assert!(fault.to_string().ends_with(why), "{fault}");
            assert_eq!(project.read("other/apps/a.yaml"), SIGNED);
            assert!(!project.at("rackform.lock").exists());
        };
        symlink("../other", project.at("out/r")).unwrap();
        refused("out/r/apps is a link that leads out of the folder of the output");
        fs::remove_file(project.at("out/r")).unwrap();
        symlink("nowhere", project.at("out/r")).unwrap();
        refused("out/r is a link that leads nowhere");
        fs::remove_file(project.at("out/r")).unwrap();
        fs::create_dir_all(project.at("out/r/apps")).unwrap();
        symlink("../../../other/apps/a.yaml", project.at("out/r/apps/a.yaml")).unwrap();
        refused("out/r/apps/a.yaml is a link, which rackform did not write");
        fs::remove_file(project.at("out/r/apps/a.yaml")).unwrap();
        // Where it writes before a file takes its place, a link is no more.
        symlink("../../../other/apps/a.yaml", project.at("out/r/apps/a.yaml.rackform-tmp")).unwrap();
        symlink("../other/apps/a.yaml", project.at("out/stacks.json.rackform-tmp")).unwrap();
        project.write("a", &files).unwrap();
        assert_eq!((project.read("other/apps/a.yaml").as_str(), project.read("out/r/apps/a.yaml").as_str()), (SIGNED, "new"));
        // What is gone is not removed behind a link.
        fs::remove_dir_all(project.at("out/r")).unwrap();
        symlink("../other", project.at("out/r")).unwrap();
        project.write("b", &[index(&[])]).unwrap();
        assert_eq!(project.read("other/apps/a.yaml"), SIGNED);
    }

    #[test]
    fn one_waits_for_another() {
        let project = Project::new("wait");
        let progress = Progress::default();
        let held = hold(&[&project.0, &project.0], &progress);
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| sender.send(project.write("a", &[file("a", "1")])));
            let early = receiver.recv_timeout(std::time::Duration::from_millis(200));
            assert_eq!(early.is_err(), cfg!(unix), "{early:?}");
            drop(held);
            if early.is_err() {
                receiver.recv().unwrap().unwrap();
            }
        });
        assert_eq!(project.read("out/a"), "1");
    }
}
