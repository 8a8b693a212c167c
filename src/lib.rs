//! rackform: a compiler from `convox.yml` files to load-balanced CloudFormation stacks.

pub mod allocate;
pub mod diagnostics;
pub mod fleet;
pub mod host;
pub mod lower;
pub mod manifest;
pub mod render;
pub mod routes;
pub mod schema;
pub mod source;
