//! rackform: a compiler from `convox.yml` files to load-balanced CloudFormation stacks.

pub mod diagnostics;
pub mod manifest;
pub mod render;
pub mod schema;
pub mod source;
