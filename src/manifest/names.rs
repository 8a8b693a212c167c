//! Names as CloudFormation takes them.

/// The part of a logical ID that a name becomes: `my-app` is `MyApp`. Two names may become one
/// part (`web-a` and `web--a`); a check refuses such manifests.
pub fn logical_id(name: &str) -> String {
    let mut id = String::with_capacity(name.len() + 16); // most callers append something
    for part in name.split(['-', '_']) {
        let mut letters = part.chars();
        if let Some(first) = letters.next() {
            id.extend(first.to_uppercase());
            id.push_str(letters.as_str());
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::logical_id;

    #[test]
    fn dashes_vanish_and_letters_behind_them_grow() {
        assert_eq!(logical_id("my-app"), "MyApp");
        assert_eq!(logical_id("web--a"), logical_id("web-a"));
        assert_eq!(logical_id("web-2x"), "Web2x");
    }
}
