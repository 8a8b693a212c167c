//! A plan as people and machines read it. Pure functions of a plan.

mod markdown;
mod picture;
#[cfg(test)]
mod testing;
mod visible;
mod words;

pub use markdown::markdown;
