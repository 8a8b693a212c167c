//! A plan that somebody reviewed, read from its published form.

use serde::Deserialize;

use crate::plan::{Recreates, VERSION};

/// What a plan says of stacks.
#[derive(Debug, Deserialize)]
pub struct Reviewed {
    version: u32,
    /// The stacks that change, each once a phase.
    pub(super) stacks: Vec<Stack>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Stack {
    #[serde(rename = "stack")]
    pub(super) name: String,
    pub(super) phase: Option<usize>,
    pub(super) change: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) resources: Vec<Resource>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) after: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resource {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) change: String,
    pub(super) replacement: Recreates,
    pub(super) properties: Vec<Property>,
    pub(super) is_unsure: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Property {
    pub(super) name: String,
}

impl Reviewed {
    /// Read what `rackform plan --format json` printed; an error says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let reviewed: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if reviewed.version != VERSION {
            return Err(format!("it has version {}, and this rackform reads {VERSION}", reviewed.version));
        }
        Ok(reviewed)
    }
}
