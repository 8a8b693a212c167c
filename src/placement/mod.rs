//! Which rack each app goes to, so that racks open only when they are needed.

mod bound;
mod exhaustive;
pub mod packing;
mod push;
mod search;
