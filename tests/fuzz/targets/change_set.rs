//! What `aws cloudformation describe-change-set` printed, held against a plan: that of a small change, or one that
//! is in the archive as `plan.json`.

use std::sync::LazyLock;

use rackform::diagnostics::Diagnostics;
use rackform::report;
use rackform::source::Files;
use rackform::verify::{Reviewed, verify};

use super::project::Project;
use super::{messages, output, text};

/// The name of a plan in an archive.
pub(crate) const PLAN: &str = "plan.json";

/// The plan of a small change, as `plan --format json` prints it.
pub(crate) static REVIEWED: LazyLock<String> =
    LazyLock::new(|| report::json(&output::plan_from(&output::COMPILED.0).expect("both were compiled")));

/// An archive of change sets, and perhaps a plan.
pub(crate) fn change_set(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let archive = Project::of(text);
    let plan = archive.0.get(PLAN).map_or(REVIEWED.as_str(), String::as_str);
    let Ok(reviewed) = Reviewed::read(plan) else { return };
    let mut files = Files::default();
    let mut out = Diagnostics::new(false);
    let sets: Vec<_> =
        archive.0.iter().filter(|(path, _)| *path != PLAN).map(|(path, text)| files.add(path.as_str(), text.as_str())).collect();
    let verified = verify(&files, &sets, &reviewed, &mut out);
    messages::hold(&out, &files);
    assert!(verified.changes == 0 || verified.stacks > 0);
}
