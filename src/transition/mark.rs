//! How a template tells which step of a change in phases it is. The way follows from the lock alone,
//! so whoever compiles again after the change was deployed gets its phases again, in which nothing
//! but the rest of the templates is new. A script that finds the mark in the stack that stands knows
//! what that has behind it.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::Kept;
use super::unit::Unit;

/// The step that a stack is in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mark {
    /// The change, by its generation and what it does to this stack. Two branches count alike, so the
    /// number alone would not tell their changes apart.
    pub change: String,
    /// The phase, from one.
    pub phase: usize,
}

/// The change that takes an app from one state to another.
pub(super) fn of_app(generation: u32, before: &Unit, wanted: &Unit) -> String {
    named(generation, &(before.text() + "--\n" + &wanted.text()))
}

/// The change at whose end a rack lets go of something.
pub(super) fn of_rack(generation: u32, kept: &Kept) -> String {
    let routers = kept.routers.iter().map(|router| format!("{}\n", router.word()));
    let port80 = kept.port80.then(|| "80\n".to_owned());
    let certificates = kept.certificates.iter().map(|(router, arn)| format!("{} {arn}\n", router.word()));
    let balancers = kept.balancers.iter().map(|router| format!("network {}\n", router.word()));
    named(generation, &routers.chain(port80).chain(certificates).chain(balancers).collect::<String>())
}

fn named(generation: u32, text: &str) -> String {
    Sha256::digest(text).iter().take(4).fold(format!("{generation}-"), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}
