//! Folders for tests of how files are found and read.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::fs;
use std::os::unix::fs::symlink;

/// A folder with everything that may lie in one.
pub(super) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    for below in
        ["apps/web", "apps/.hidden", "apps/Upper", "apps/a [x]*", "apps/deep/one/two", "apps/folder/convox.yml", "apps/none", "far"]
    {
        fs::create_dir_all(at(below)).unwrap();
    }
    for file in ["apps/web/convox.yml", "apps/.hidden/convox.yml", "apps/Upper/convox.yml", "apps/a [x]*/convox.yml"] {
        fs::write(at(file), file).unwrap();
    }
    for file in [
        "apps/deep/convox.yml",
        "apps/deep/one/convox.yml",
        "apps/deep/one/two/convox.yml",
        "apps/web/other.yml",
        "apps/file",
        "convox.yml",
    ] {
        fs::write(at(file), file).unwrap();
    }
    fs::create_dir(at("apps/pipe")).unwrap();
    #[cfg(not(target_vendor = "apple"))]
    rustix::fs::mknodat(rustix::fs::CWD, at("apps/pipe/convox.yml"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    fs::create_dir_all(at("apps/links")).unwrap();
    symlink("../web/convox.yml", at("apps/links/convox.yml")).unwrap();
    symlink("web", at("apps/link-to-folder")).unwrap();
    fs::create_dir_all(at("apps/broken")).unwrap();
    symlink("nowhere", at("apps/broken/convox.yml")).unwrap();
    symlink("nowhere", at("apps/broken-folder")).unwrap();
    folder
}
