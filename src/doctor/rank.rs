//! How much a finding matters, the gravest first.

use super::reading::{fails_on_convox, passes_on_convox};
use crate::diagnostics::codes::{
    APP_NAME, BAD_ENV, CONVOX_CERTIFICATES, CONVOX_COVERED, CONVOX_HOST_TAKEN, CONVOX_NEVER_HEALTHY, CONVOX_NEXT_COLLISION,
    CONVOX_RANDOM_METRICS, CONVOX_SWALLOWED, CONVOX_UNCERTIFIABLE, CONVOX_UNCLEAR_ORDER, CONVOX_UNKNOWN, DEAD_LINK, DROPPED_PARAMETER,
    GRPC_HEALTH, ID_COLLISION, NOT_UTF8, PARAMETER_VALUE, TOO_DEEP, TOO_LARGE, UNDERSCORE, UNREADABLE, UNSUPPORTED_YAML,
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

    /// What it means, in words that go on with a sentence.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Fails => "a deployment fails",
            Self::Misroutes => "requests go astray",
            Self::Likely => "it may go wrong",
            Self::Ignored => "Convox ignores it, or reads it otherwise",
            Self::Unknown => "it can't be told from here",
        }
    }

    /// Its heading, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Fails => "A deployment fails",
            Self::Misroutes => "Requests go astray",
            Self::Likely => "It may go wrong",
            Self::Ignored => "Convox ignores this, or reads it otherwise",
            Self::Unknown => "Can't be told from here",
        }
    }
}

const MISROUTES: [&Code; 3] = [&CONVOX_HOST_TAKEN, &CONVOX_SWALLOWED, &ID_COLLISION];
const LIKELY: [&Code; 10] = [
    &CONVOX_CERTIFICATES,
    &CONVOX_COVERED,
    &CONVOX_NEVER_HEALTHY,
    &CONVOX_NEXT_COLLISION,
    &CONVOX_UNCLEAR_ORDER,
    &CONVOX_RANDOM_METRICS,
    &CONVOX_UNCERTIFIABLE,
    &DEAD_LINK,
    &GRPC_HEALTH,
    &UNDERSCORE,
];

const UNKNOWN: [&Code; 7] = [&BAD_ENV, &CONVOX_UNKNOWN, &NOT_UTF8, &TOO_DEEP, &TOO_LARGE, &UNREADABLE, &UNSUPPORTED_YAML];

/// Whether it is about rackform.yml or rackform.lock, which Convox does not read.
fn is_about_our_files(code: &Code) -> bool {
    let is_manifests = [&APP_NAME, &PARAMETER_VALUE, &DROPPED_PARAMETER].contains(&code);
    (code.id.starts_with("RF03") && !is_manifests) || code.id.starts_with("RF05")
}

/// How much a kind of finding matters, whatever `--strict` makes of its severity.
pub fn rank(code: &Code) -> Rank {
    if MISROUTES.contains(&code) {
        Rank::Misroutes
    } else if LIKELY.contains(&code) {
        Rank::Likely
    } else if UNKNOWN.contains(&code) || is_about_our_files(code) {
        Rank::Unknown
    } else if fails_on_convox(code) || (code.severity == Severity::Error && !passes_on_convox(code)) {
        Rank::Fails
    } else {
        Rank::Ignored
    }
}
