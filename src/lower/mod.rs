//! What CloudFormation has to hear. Decisions are taken here; templates only lay them out.

mod app;
mod ids;
mod intrinsic;
mod rack;
mod stack;

pub use rack::{RackUse, lower_rack};
pub use stack::{Parameter, Stack, StackKind};

use crate::allocate::Allocation;
use crate::fleet::Fleet;
use crate::routes::Router;
use crate::source::Files;

/// The stacks in the order in which they are deployed: racks, then apps as the allocation has them. A rack's template names
/// `fleet_source` as what it was written from.
pub fn lower(fleet: &Fleet, allocation: &Allocation, fleet_source: &str, files: &Files) -> Vec<Stack> {
    let racks = fleet.racks.iter().enumerate().map(|(at, rack)| {
        let shared = |router| allocation.certificates.shared.get(&(at, router)).map_or(Vec::new(), |arns| arns.iter().cloned().collect());
        let used = RackUse { public_certificates: shared(Router::Public), internal_certificates: shared(Router::Internal) };
        let mut stack = lower_rack(rack, &used);
        stack.context["header"] = header(fleet_source).into();
        stack
    });
    let apps = allocation.order.iter().filter_map(|at| app::lower(fleet, *at, allocation, files));
    racks.chain(apps).collect()
}

/// The lines above a template.
fn header(source: &str) -> Vec<String> {
    vec![
        format!("Written by `rackform compile` from {source}."),
        "Change the source and compile again; changes made here are lost.".to_owned(),
    ]
}
