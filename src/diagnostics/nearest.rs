//! "Did you mean": the known word nearest to what was written, and the codes.

use super::codes::{self, CODES, Code};

/// Codes that are offered for one that does not exist.
const MOST_CODES: usize = 5;

/// The codes that somebody may have meant who asked for one that does not exist: those with two
/// digits exchanged, and those beside it in the list; for words, those whose titles have them all.
pub fn near_codes(asked: &str) -> Vec<&'static Code> {
    let Some(number) = codes::number(asked) else {
        let asked = asked.to_lowercase();
        let has_all = |code: &&Code| asked.split_whitespace().all(|word| code.title.to_lowercase().contains(word));
        let is_asked = !asked.trim().is_empty();
        return CODES.iter().copied().filter(has_all).filter(|_| is_asked).take(MOST_CODES).collect();
    };
    let after = CODES.partition_point(|code| code.id[2..] < *number);
    let mut near: Vec<&'static Code> = CODES[after.saturating_sub(1)..].iter().take(2).copied().collect();
    near.extend((1..number.len()).filter_map(|at| {
        let mut digits = number.clone().into_bytes();
        digits.swap(at - 1, at);
        codes::find(std::str::from_utf8(&digits).ok()?)
    }));
    near.sort_by_key(|code| code.id);
    near.dedup();
    near
}

/// The nearest of `known`, if one is near enough to be meant.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = written.to_lowercase();
    let allowed = (written.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&lower, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= allowed && *distance < word.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The one of `known` that was meant for certain, so that a program may write it. A hint may be
/// wrong, this may not, so it asks for more:
///
/// * The words are the same but for case, `-` and `_`, or one slip apart: a letter too many, too few
///   or wrong, or two neighbours swapped. Two slips lead from `external` to `internal`.
/// * No other known word is within two slips: `htps` may be http or https.
/// * The known word has four letters or more: `cpus` counts something else than `cpu`.
/// * No digit is in play: `Subnet3CIDR` is no slip for `Subnet2CIDR`.
pub fn certain<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bare = |word: &str| word.to_lowercase().replace(['-', '_'], "");
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).collect::<String>();
    let lower = written.to_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|word| {
            let is_same = bare(word) == bare(written);
            (if is_same { 0 } else { strsim::damerau_levenshtein(&lower, &word.to_lowercase()).max(1) }, word)
        })
        .filter(|(distance, _)| *distance <= 2)
        .collect();
    near.sort_unstable();
    match near.as_slice() {
        [(0, word), rest @ ..] if rest.first().is_none_or(|(distance, _)| *distance > 0) => Some(word),
        [(1, word)] if word.chars().count() >= 4 && digits(word) == digits(written) => Some(word),
        _ => None,
    }
}

/// The one of `known` that is the same but for case, if it is the only one: for names that somebody
/// chose, where one slip away may be another name that is still to come.
pub fn same_but_for_case<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = written.to_lowercase();
    let mut same = known.into_iter().filter(|word| word.to_lowercase() == lower);
    same.next().filter(|_| same.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::{CODES, certain, near_codes, nearest, same_but_for_case};

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["services", "resources", "timers", "environment"];
        assert_eq!(nearest("servces", known), Some("services"));
        assert_eq!(nearest("Services", known), Some("services"));
        assert_eq!(nearest("resorces", known), Some("resources"));
        assert_eq!(nearest("balancers", known), None);
        assert_eq!(nearest("x", ["a"]), None);
    }

    #[test]
    fn near_codes_are_those_beside_it_and_those_that_sound_alike() {
        let ids = |asked: &str| near_codes(asked).iter().map(|code| code.id).collect::<Vec<_>>();
        assert_eq!(ids("rf720"), ["RF0702", "RF0719", "RF0721"]);
        assert_eq!(ids("0225"), ["RF0224", "RF0226"]);
        assert_eq!(ids("0"), ["RF0001", "RF0002"]);
        assert_eq!(ids("9999"), [CODES[CODES.len() - 1].id]);
        assert_eq!(ids("Health timeout"), ["RF0204"]);
        assert_eq!(ids("a").len(), 5);
        assert_eq!(ids("unicorn"), [""; 0]);
        assert_eq!(ids(" "), [""; 0]);
    }

    #[test]
    fn what_is_written_by_a_program_is_certain() {
        let known = ["internal", "internalAndExternal", "port", "path", "cpu", "allow_cidr", "environment"];
        for (written, meant) in [
            ("prot", Some("port")),
            ("enviroment", Some("environment")),
            ("Internal", Some("internal")),
            ("internal_and_external", Some("internalAndExternal")),
            ("allowCIDR", Some("allow_cidr")),
            ("ports", Some("port")),
            ("external", None),
            ("cpus", None),
            ("CPU", Some("cpu")),
            ("eniromnent", None),
        ] {
            assert_eq!(certain(written, known), meant, "{written}");
        }
        let schemes = ["http", "https", "grpc", "secure-grpc"];
        assert_eq!(certain("gprc", schemes), Some("grpc"));
        assert_eq!(certain("htps", schemes), None);
        assert_eq!(certain("Secure-Grpc", schemes), Some("secure-grpc"));
        assert_eq!(certain("Subnet3CIDR", ["Subnet0CIDR"]), None);
        assert_eq!(certain("a-b", ["ab", "a_b"]), None, "two of them");
    }

    #[test]
    fn names_are_the_same_but_for_case_or_nothing() {
        assert_eq!(same_but_for_case("API", ["api", "web"]), Some("api"));
        assert_eq!(same_but_for_case("apis", ["api", "web"]), None);
        assert_eq!(same_but_for_case("db", ["DB", "Db"]), None);
    }
}
