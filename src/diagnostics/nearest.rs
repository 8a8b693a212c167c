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

#[cfg(test)]
mod tests {
    use super::{CODES, near_codes, nearest};

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
}
