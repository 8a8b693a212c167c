//! Read what a compile wrote: the output of before.

use std::path::Path;

use super::fetch::read_bounded;
use super::paths::slashes;
use crate::diagnostics::codes::OUTPUT_UNREADABLE;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::index::{INDEX, Index, UNFINISHED};
use crate::render::MAX_BYTES;
use crate::source::Files;
use crate::threads::Threads;

/// Bytes of the list of stacks, which has some hundred for each.
const MAX_INDEX_BYTES: usize = 256 << 20;

/// The files of an output, by their paths in its folder.
pub type OutputTexts = Vec<(String, String)>;

/// Whether a compile wrote into a folder.
pub fn has_output(folder: &Path) -> bool {
    folder.join(INDEX).is_file()
}

/// Read an output: its list of stacks, and what that names. Where there is none, nothing; what can't be read
/// is reported, and then none.
pub fn output(folder: &Path, out: &mut Diagnostics) -> Option<OutputTexts> {
    if folder.join(UNFINISHED).exists() {
        out.report(unreadable(folder, UNFINISHED, "a compile into the folder was cut short, or is still running"));
        return None;
    }
    if !has_output(folder) {
        return Some(Vec::new());
    }
    let index = text(folder, INDEX, MAX_INDEX_BYTES, out)?;
    let listed: Index = match serde_json::from_str(&index) {
        Ok(listed) => listed,
        Err(error) => {
            out.report(unreadable(folder, INDEX, &error.to_string()));
            return None;
        }
    };
    // What deploys them is no part of what is deployed, and a path that leads out of the folder was not written by us.
    let is_data = |path: &&String| [".yaml", ".json"].iter().any(|end| path.ends_with(end)) && !path.split('/').any(|part| part == "..");
    let paths: Vec<&String> = listed.files.iter().filter(is_data).collect();
    let texts = Threads::available().map(&paths, |path| {
        let mut part = Diagnostics::default();
        let text = text(folder, path, 4 * MAX_BYTES, &mut part);
        (text.map(|text| ((*path).clone(), text)), part)
    });
    let mut files = vec![(INDEX.to_owned(), index)];
    for (file, part) in texts {
        out.take_in(part);
        files.push(file?);
    }
    Some(files)
}

fn text(folder: &Path, path: &str, most: usize, out: &mut Diagnostics) -> Option<String> {
    let mut files = Files::default();
    let id = read_bounded(&folder.join(path), most, &mut files, out)?;
    Some(files.text(id).to_owned())
}

/// Say that a file of an output is not what a compile writes.
pub fn unreadable(folder: &Path, path: &str, why: &str) -> Diagnostic {
    Diagnostic::nowhere(&OUTPUT_UNREADABLE, format!("{} is not what a compile writes: {why}", slashes(&folder.join(path))))
        .help("restore the folder from version control, or compile what is deployed once more")
}
