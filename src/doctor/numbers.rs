//! The number that Convox gives a listener rule: a hash of names, held against nothing.
//!
//! `provider/aws/template.go`, function `priority`, unchanged since release 20180808194846.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Numbers of a tier.
const SLOTS: u32 = 25_000;
/// The first number of rules whose host does not begin with `*.`.
const EXACT: u32 = 1;
/// The first number of rules whose host begins with `*.`. The tiers share it: a number of the
/// exact tier goes up to 25000 as well.
const WILDCARD: u32 = 25_000;

/// The two ranges that numbers are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    /// 1 to 25000: hosts, and patterns that do not begin with `*.`.
    Exact,
    /// 25000 to 49999: patterns that begin with `*.`.
    Wildcard,
}

impl Tier {
    /// The tier of what Convox hashes behind app and service.
    pub(super) fn of(key: &str) -> Self {
        if key.starts_with("*.") { Self::Wildcard } else { Self::Exact }
    }

    /// Its numbers.
    pub(super) fn numbers(self) -> RangeInclusive<u32> {
        let first = match self {
            Self::Exact => EXACT,
            Self::Wildcard => WILDCARD,
        };
        first..=first + SLOTS - 1
    }
}

/// The remainders of a byte by the polynomial of CRC-32 (IEEE 802.3), bits reflected.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u32;
    while byte < 256 {
        let (mut crc, mut bit) = (byte, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
};

/// CRC-32 (IEEE) of a text.
fn crc32(text: &str) -> u32 {
    !text.bytes().fold(!0, |crc, byte| TABLE[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8))
}

/// The text that Convox hashes. The parts are joined by a dash that they may hold themselves, so
/// different names can spell the same.
pub(super) fn hashed(app: &str, service: &str, key: &str) -> String {
    format!("{app}-{service}-{key}")
}

/// The number of a rule. `key` is `default`, `internal`, `default-external`, a domain, or a domain
/// with `-external` behind it; `position` is that of a domain in its list, from zero.
pub(super) fn number(app: &str, service: &str, key: &str, position: Option<u32>) -> u32 {
    // Convox's index is that position, or -1 without one; it adds 2.
    let added = position.map_or(1, |position| position.wrapping_add(2));
    crc32(&hashed(app, service, key)).wrapping_add(added) % SLOTS + Tier::of(key).numbers().start()
}

/// The probability that at least one of `new` rules meets one of `taken` numbers of its tier, or
/// another one of them, from 0 to 1.
///
/// Each draws one of 25,000 numbers, so none does with the probability
/// (1 − t/25000) · (1 − (t+1)/25000) · … · (1 − (t+n−1)/25000) for t numbers taken and n new rules.
pub(super) fn chance(taken: usize, new: usize) -> f64 {
    let share = |held: usize| f64::from(u32::try_from(held).unwrap_or(SLOTS).min(SLOTS)) / f64::from(SLOTS);
    1.0 - (0..new.min(SLOTS as usize + 1)).map(|more| 1.0 - share(taken + more)).product::<f64>()
}

/// A probability in per cent: as many digits as say something, and at least two behind the point.
pub(super) fn per_cent(probability: f64) -> String {
    let per_cent = probability * 100.0;
    match per_cent {
        p if p <= 0.0 => "0 %".to_owned(),
        p if p < 0.1 => format!("{p:.3} %"),
        p => format!("{p:.2} %"),
    }
}

/// How many numbers of a tier are taken.
pub(super) fn taken(numbers: &BTreeSet<u32>, tier: Tier) -> usize {
    numbers.range(tier.numbers()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_32_is_that_of_ieee() {
        assert_eq!(crc32("123456789"), 0xCBF4_3926, "the check value of the standard");
        assert_eq!(crc32(""), 0);
    }

    #[test]
    fn numbers_are_convoxs() {
        assert_eq!(number("myapp", "web", "default", None), 14628);
        assert_eq!(number("myapp", "web", "internal", None), 7392);
        assert_eq!(number("myapp", "web", "default-external", None), 13181);
        assert_eq!(number("myapp", "web", "www.example.org", Some(0)), 18615);
        assert_eq!(number("myapp", "web", "*.example.org", Some(1)), 35311);
        assert_eq!(number("foo-bar", "web", "default", None), 1485);
        assert_eq!(number("foo", "bar-web", "default", None), 1485);
    }

    #[test]
    fn the_tiers_meet_at_one_number() {
        assert_eq!((Tier::Exact.numbers(), Tier::Wildcard.numbers()), (1..=25_000, 25_000..=49_999));
        let numbers = BTreeSet::from([1, 24_999, 25_000, 25_001, 49_999]);
        assert_eq!((taken(&numbers, Tier::Exact), taken(&numbers, Tier::Wildcard)), (3, 3));
    }

    #[test]
    fn chances_are_those_of_birthdays() {
        // Per cent, worked out apart with whole numbers.
        for (new, per_cent) in [(10, "0.18"), (25, "1.19"), (33, "2.09"), (50, "4.78"), (66, "8.23"), (75, "10.52"), (100, "17.98")] {
            assert_eq!(format!("{:.2}", chance(0, new) * 100.0), per_cent, "{new}");
        }
        assert_eq!(format!("{:.2}", chance(0, 187) * 100.0), "50.21");
        assert_eq!(format!("{:.3}", chance(63, 1) * 100.0), "0.252");
        assert_eq!(format!("{:.3}", chance(63, 3) * 100.0), "0.766");
        assert_eq!([0.0, 0.000_04, 0.001_2, 0.123_456].map(per_cent), ["0 %", "0.004 %", "0.12 %", "12.35 %"]);
        assert!(chance(25_000, 1) >= 1.0 && chance(0, 25_001) >= 1.0 && chance(9, 0) <= 0.0);
    }
}
