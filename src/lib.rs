//! rackform: a compiler from `convox.yml` files to load-balanced CloudFormation stacks.

pub mod diagnostics;
pub mod fleet;
pub mod lower;
pub mod render;
pub mod source;
