//! What CloudFormation has to hear. Decisions are taken here; templates only lay them out.

mod intrinsic;
mod rack;
mod stack;

pub use rack::{RackUse, lower_rack};
pub use stack::{Parameter, Stack, StackKind};
