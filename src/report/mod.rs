//! A plan as people and machines read it. Pure functions of a plan.

mod bars;
mod html;
mod markdown;
mod picture;
mod text;
mod visible;
mod words;

pub use html::html;
pub use markdown::markdown;
pub use text::{Detail, text};

use crate::plan::Plan;

/// A plan as JSON, whose schema is `schemas/plan.schema.json`.
pub fn json(plan: &Plan) -> String {
    serde_json::to_string_pretty(plan).expect("a plan is plain data") + "\n"
}
