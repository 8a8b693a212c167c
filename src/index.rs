//! `stacks.json`, the list of what a compile wrote: a compile writes it, and whatever looks at an output reads it.

use serde::{Deserialize, Serialize};

/// The name of the list of stacks.
pub const INDEX: &str = "stacks.json";

/// What is behind the name of a file while it is being written.
pub const TEMPORARY: &str = ".rackform-tmp";

/// The list of stacks while what it lists is being written: a compile writes it first, and makes it [`INDEX`] last. A
/// folder that has it is between two outputs.
pub const UNFINISHED: &str = "stacks.json.rackform-tmp";

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
#[derive(Debug, Clone, Serialize, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_a_file_that_is_being_written() {
        assert_eq!(UNFINISHED, [INDEX, TEMPORARY].concat());
    }
}
