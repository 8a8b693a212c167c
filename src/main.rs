//! rackform: a compiler from `convox.yml` files to load-balanced CloudFormation stacks.

fn main() {}
