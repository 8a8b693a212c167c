//! Which codes `rackform check --fix` mends, and in which cases: the one place that
//! `docs/diagnostics/` and `rackform explain` tell it from.

use super::Code;

/// Codes with what is certain about them, in order of code; a phrase in lower case without an end.
/// `tests/fix.rs` holds it against what is mended.
pub static FIXED: &[(&str, &str)] = &[
    ("RF0004", "a host such as `{rack}.example.org` in rackform.yml gets its quotes"),
    ("RF0006", "a pattern of hosts such as `*.example.org`, or a lonely `*`, gets its quotes"),
    ("RF0010", "of two entries that say the same, the first one goes, which is lost anyway"),
    (
        "RF0101",
        "a number or a flag loses its quotes, a flag gets a spelling that YAML knows, a text becomes the list that is expected, a word of a command gets quotes, a protocol behind a port goes, a key gets the blank behind its colon",
    ),
    (
        "RF0102",
        "a key that is one slip from exactly one known key, or another name for one, is corrected; unless that key stands beside it",
    ),
    ("RF0103", "a key of Convox v3 that version 2 has under another name gets that name"),
    (
        "RF0104",
        "a number loses its quotes, a text becomes the list that is expected, `- NAME: value` in an environment becomes `- NAME=value`",
    ),
    ("RF0106", "a name of a service that YAML takes for a flag, such as `on`, gets quotes"),
    ("RF0202", "a scheme in the wrong case, or one slip from exactly one scheme, is corrected; a number in the place of a scheme goes"),
    ("RF0209", "the name of a service in the wrong case is corrected"),
    ("RF0211", "the name of a resource in the wrong case is corrected"),
    ("RF0217", "the name of a service in the wrong case is corrected"),
    ("RF0218", "blanks between fields become single ones, and of two day fields the one that is `*` becomes `?`"),
    ("RF0223", "`average`, `maximum` and `minimum` become avg, max and min"),
    ("RF0224", "a type in the wrong case, or one slip from exactly one type, is corrected"),
    ("RF0301", "a number or a flag loses its quotes, a flag gets a spelling that YAML knows"),
    ("RF0302", "a key that is one slip from exactly one known key is corrected, unless that key stands beside it"),
    ("RF0303", "a name that is one slip from exactly one parameter is corrected, unless that parameter is written too"),
    ("RF0305", "a flag becomes Yes or No, a word gets the case that the parameter takes"),
    ("RF0307", "a name that is one slip from exactly one parameter is corrected, unless that parameter is written too"),
    ("RF0401", "`https://` in front of a host and the `/` or the dot behind it go, and an item with commas becomes several items"),
    ("RF0402", "the second one goes; where it has a line of its own, with its line"),
    ("RF0710", "the name of a service in the wrong case is corrected"),
    ("RF0712", "a volume that is written twice goes the second time"),
];

/// What `--fix` mends of a code; none where no mend is certain.
pub fn of(code: &Code) -> Option<&'static str> {
    FIXED.iter().find(|(id, _)| *id == code.id).map(|(_, what)| *what)
}

/// The sentence for a page.
pub fn sentence(code: &Code) -> Option<String> {
    of(code).map(|what| format!("`rackform check --fix` mends what is certain: {what}."))
}

#[cfg(test)]
mod tests {
    use super::FIXED;
    use crate::diagnostics::codes;

    #[test]
    fn codes_exist_and_are_in_order() {
        assert!(FIXED.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (id, what) in FIXED {
            assert!(codes::find(id).is_some_and(|code| code.id == *id), "{id}");
            assert!(!what.ends_with('.'), "{id}");
        }
    }
}
