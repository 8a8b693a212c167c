//! Bands of numbers: exact hosts first, then patterns, the more specific ones first.

use std::ops::RangeInclusive;

use crate::host::{Host, MAX_LENGTH};
use crate::lock::Class;

/// Numbers of rules with exact hosts.
pub const EXACT: RangeInclusive<u32> = 1..=19_999;
/// Numbers of rules with patterns. AWS takes 1 to 50000.
pub const WILDCARD: RangeInclusive<u32> = 20_000..=49_999;

/// Numbers that patterns of one specificity have. There are as many bands as a host may have
/// characters, and what is inside of a pattern has at least as many characters that are no `*`.
#[allow(clippy::cast_possible_truncation)] // MAX_LENGTH is 128
const BAND: u32 = (*WILDCARD.end() - *WILDCARD.start() + 1) / (MAX_LENGTH as u32 + 1);

/// The numbers that a rule with these hosts may have.
pub fn band(class: Class, hosts: &[Host]) -> RangeInclusive<u32> {
    match class {
        Class::Exact => EXACT,
        Class::Wildcard => {
            let specificity = hosts.first().map_or(0, Host::specificity).min(MAX_LENGTH);
            let from_the_end = u32::try_from(MAX_LENGTH - specificity).unwrap_or(0);
            let start = WILDCARD.start() + from_the_end * BAND;
            start..=start + BAND - 1
        }
    }
}
