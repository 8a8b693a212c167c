//! rackform: a compiler from `convox.yml` files to load-balanced CloudFormation stacks.

pub mod diagnostics;
pub mod render;
pub mod source;
