//! Which rack each app goes to, so that racks open only when they are needed.

mod bound;
pub mod packing;
mod search;
