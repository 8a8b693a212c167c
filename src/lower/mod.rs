//! What CloudFormation has to hear: the stacks of a fleet.

mod app;
mod ids;
mod stack;

pub use stack::{Parameter, Stack, StackKind};

use crate::allocate::Allocation;
use crate::fleet::Fleet;
use crate::source::Files;

/// The stacks in the order in which they are deployed: racks, then apps.
pub fn lower(fleet: &Fleet, allocation: &Allocation, files: &Files) -> Vec<Stack> {
    let apps = (0..fleet.apps.len()).filter_map(|at| app::lower(fleet, at, allocation, files));
    apps.collect()
}

/// The lines above a template.
fn header(source: &str) -> Vec<String> {
    vec![
        format!("Written by `rackform compile` from {source}."),
        "Change the source and compile again; changes made here are lost.".to_owned(),
    ]
}
