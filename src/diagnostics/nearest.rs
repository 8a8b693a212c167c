//! "Did you mean": the known word nearest to what was written.

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
    use super::nearest;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["services", "resources", "timers", "environment"];
        assert_eq!(nearest("servces", known), Some("services"));
        assert_eq!(nearest("Services", known), Some("services"));
        assert_eq!(nearest("resorces", known), Some("resources"));
        assert_eq!(nearest("balancers", known), None);
        assert_eq!(nearest("x", ["a"]), None);
    }
}
