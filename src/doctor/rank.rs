//! How much a finding matters, the gravest first.

use super::reading::{fails_on_convox, passes_on_convox};
use crate::diagnostics::codes::{
    CONVOX_CERTIFICATES, CONVOX_COVERED, CONVOX_HOST_TAKEN, CONVOX_NEVER_HEALTHY, CONVOX_NEXT_COLLISION, CONVOX_RANDOM_METRICS,
    CONVOX_SWALLOWED, CONVOX_UNCLEAR_ORDER, CONVOX_UNKNOWN, DEAD_LINK, GRPC_HEALTH, ID_COLLISION, UNDERSCORE,
};
use crate::diagnostics::{Code, Severity};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A deployment fails.
    Fails,
    /// Requests get to another service, or a service vanishes.
    Misroutes,
    /// It may go wrong, or does when something changes.
    Likely,
    /// Convox ignores what is written, or makes something else of it.
    Ignored,
    /// It can't be told from here.
    Unknown,
}

impl Rank {
    /// Every rank, the gravest first.
    pub const ALL: [Self; 5] = [Self::Fails, Self::Misroutes, Self::Likely, Self::Ignored, Self::Unknown];

    /// Its word, for machines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::Misroutes => "misroutes",
            Self::Likely => "likely",
            Self::Ignored => "ignored",
            Self::Unknown => "unknown",
        }
    }

    /// Its heading, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Fails => "A deployment fails",
            Self::Misroutes => "Requests go astray",
            Self::Likely => "It may go wrong",
            Self::Ignored => "Convox ignores this, or reads it otherwise",
            Self::Unknown => "Not known here",
        }
    }
}

const MISROUTES: [&Code; 3] = [&CONVOX_HOST_TAKEN, &CONVOX_SWALLOWED, &ID_COLLISION];
const LIKELY: [&Code; 9] = [
    &CONVOX_CERTIFICATES,
    &CONVOX_COVERED,
    &CONVOX_NEVER_HEALTHY,
    &CONVOX_NEXT_COLLISION,
    &CONVOX_UNCLEAR_ORDER,
    &CONVOX_RANDOM_METRICS,
    &DEAD_LINK,
    &GRPC_HEALTH,
    &UNDERSCORE,
];

/// How much a kind of finding matters, whatever `--strict` makes of its severity.
pub fn rank(code: &Code) -> Rank {
    if MISROUTES.contains(&code) {
        Rank::Misroutes
    } else if LIKELY.contains(&code) {
        Rank::Likely
    } else if *code == CONVOX_UNKNOWN {
        Rank::Unknown
    } else if fails_on_convox(code) || (code.severity == Severity::Error && !passes_on_convox(code)) {
        Rank::Fails
    } else {
        Rank::Ignored
    }
}
