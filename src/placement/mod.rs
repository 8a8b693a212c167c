//! Which rack each app goes to, so that racks open only when they are needed.

mod bound;
mod exhaustive;
mod fill;
pub mod packing;
mod points;
mod push;
mod search;
