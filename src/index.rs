//! `stacks.json`, the list of what a compile wrote: a compile writes it, and whatever looks at an output reads it.

use serde::{Deserialize, Serialize};

/// The name of the list of stacks.
pub const INDEX: &str = "stacks.json";

/// `stacks.json`: the stacks in the order of their deployment, and every file that was written.
#[derive(Debug, Serialize, Deserialize)]
pub struct Index {
    /// Version of this format.
    pub version: u32,
    /// The stacks.
    pub stacks: Vec<IndexedStack>,
    /// Every file beside this one.
    pub files: Vec<String>,
}

/// One stack in `stacks.json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct IndexedStack {
    /// Its name.
    pub stack: String,
    /// `rack` or `app`.
    pub kind: String,
    /// The phase, counted from one; none where one pass does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<usize>,
    /// The rack.
    pub rack: String,
    /// The app, for a stack of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Path of the template.
    pub template: String,
    /// Path of the parameters.
    pub parameters: String,
    /// Parameters that have no value yet and must be given on the first deployment.
    pub required: Vec<String>,
}
