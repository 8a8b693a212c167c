//! Host names and patterns of them, as listener rules take them: `*` is any text, `?` one
//! character, and case does not count.

use std::collections::VecDeque;

/// Characters that a host condition may have. API `ELBv2` 2015-12-01, `RuleCondition`.
pub const MAX_LENGTH: usize = 128;
/// `*` and `?` that one rule may have, over all of its values. Quota
/// `condition-wildcards-per-alb-rule`.
pub const MAX_WILDCARDS: usize = 5;

/// What stands for the name of the public router while only the deployment knows it.
pub const ROUTER_NAME: &str = "{Domain}";
/// The same for the internal router.
pub const ROUTER_INTERNAL_NAME: &str = "{DomainInternal}";
/// Characters that a router's name may have: `internal-`, 32 of its own, a number, the region and
/// `elb.amazonaws.com`.
const LONGEST_ROUTER_NAME: usize = 85;
/// Characters between two dots of a name. RFC 1035, 2.3.4.
pub const MAX_LABEL: usize = 63;

/// A host name or pattern in lower case; it may end in [`ROUTER_NAME`] or
/// [`ROUTER_INTERNAL_NAME`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

/// Why a text is no host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadHost {
    /// More than [`MAX_LENGTH`] characters.
    Long,
    /// No dot.
    NoDot,
    /// Something other than letters behind the last dot.
    LastLabel,
    /// A character that is not allowed.
    Character(char),
    /// More than [`MAX_WILDCARDS`].
    Wildcards(usize),
}

/// Whether a name is a domain or lies below it.
pub fn is_within(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl Host {
    /// Check a name as written. `_` is let through: AWS's documents do not agree on it.
    pub fn parse(text: &str) -> Result<Self, BadHost> {
        let text = text.to_ascii_lowercase();
        let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '*' | '?' | '_');
        if let Some(c) = text.chars().find(|c| !allowed(c)) {
            return Err(BadHost::Character(c));
        }
        if text.len() > MAX_LENGTH {
            return Err(BadHost::Long);
        }
        let (_, last) = text.rsplit_once('.').ok_or(BadHost::NoDot)?;
        if last.is_empty() || !last.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(BadHost::LastLabel);
        }
        let host = Self(text);
        match host.wildcards() {
            many if many > MAX_WILDCARDS => Err(BadHost::Wildcards(many)),
            _ => Ok(host),
        }
    }

    /// A host that is made of checked parts.
    pub fn trusted(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many `*` and `?` it has.
    pub fn wildcards(&self) -> usize {
        self.0.bytes().filter(|b| is_wild(*b)).count()
    }

    /// Whether it is a pattern.
    pub fn is_wildcard(&self) -> bool {
        self.wildcards() > 0
    }

    /// What is in front of the router's name, and the export that holds it, when only the
    /// deployment knows it. The name of a router never changes while it lives, so that no import
    /// of it stands in the way when the rack is given a `host`.
    pub fn at_deploy(&self) -> Option<(&str, &'static str)> {
        [(ROUTER_NAME, "Domain"), (ROUTER_INTERNAL_NAME, "DomainInternal")]
            .into_iter()
            .find_map(|(mark, export)| Some((self.0.strip_suffix(mark)?, export)))
    }

    /// Characters that it has at the most once it is deployed.
    pub fn longest(&self) -> usize {
        self.at_deploy().map_or(self.0.len(), |(prefix, _)| prefix.len() + LONGEST_ROUTER_NAME)
    }

    /// The host in words for people.
    pub fn shown(&self) -> String {
        self.at_deploy().map_or_else(|| self.0.clone(), |(prefix, _)| format!("{prefix}<name of the router>"))
    }

    /// How specific a pattern is: characters that are not `*`. Whatever is inside of a pattern has
    /// at least as many.
    pub fn specificity(&self) -> usize {
        self.0.bytes().filter(|b| *b != b'*').count()
    }

    /// Whether every host that `other` matches is matched by this one.
    pub fn contains(&self, other: &Host) -> bool {
        if !self.may_meet(other) {
            return false;
        }
        // A `*` of the other one may stand for nothing, for one strange character, or for more of
        // them than this pattern has `?`: what holds for these holds for every text.
        let lengths = [0, 1, self.0.len() + 1];
        let stars = other.0.matches('*').count();
        let choices = lengths.len().pow(u32::try_from(stars.min(MAX_WILDCARDS)).unwrap_or(0));
        (0..choices).all(|mut choice| {
            let mut text = Vec::new();
            for byte in other.0.bytes() {
                match byte {
                    b'*' => {
                        text.extend(std::iter::repeat_n(STRANGE, lengths[choice % lengths.len()]));
                        choice /= lengths.len();
                    }
                    b'?' => text.push(STRANGE),
                    byte => text.push(byte),
                }
            }
            matches(self.0.as_bytes(), &text)
        })
    }

    /// Whether the pattern matches a host name. Names are ASCII on the wire, and only that has a case.
    pub fn matches(&self, name: &str) -> bool {
        matches(self.0.as_bytes(), name.as_bytes())
    }

    /// Whether what both write out before their first and behind their last wildcard fits together;
    /// where not, no host matches both. Cheap, and enough to tell most pairs apart.
    pub fn may_meet(&self, other: &Host) -> bool {
        let (a, b) = (self.0.bytes(), other.0.bytes());
        fit(a.clone().zip(b.clone())) && fit(a.rev().zip(b.rev()))
    }

    /// The shortest host that both match, if there is one.
    pub fn overlap(&self, other: &Host) -> Option<String> {
        let (left, right) = (self.0.as_bytes(), other.0.as_bytes());
        let width = right.len() + 1;
        let mut from: Vec<Option<(usize, u8)>> = vec![None; (left.len() + 1) * width];
        let mut queue = VecDeque::from([0]);
        let mut seen = vec![false; from.len()];
        seen[0] = true;
        while let Some(state) = queue.pop_front() {
            let (i, j) = (state / width, state % width);
            if i == left.len() && j == right.len() {
                let mut text = Vec::new();
                let mut at = state;
                while let Some((before, byte)) = from[at] {
                    if byte != 0 {
                        text.push(byte);
                    }
                    at = before;
                }
                text.reverse();
                return Some(String::from_utf8_lossy(&text).into_owned());
            }
            let mut step = |to: usize, byte: u8, front: bool| {
                if !seen[to] {
                    seen[to] = true;
                    from[to] = Some((state, byte));
                    if front { queue.push_front(to) } else { queue.push_back(to) }
                }
            };
            // A star may end here …
            if left.get(i) == Some(&b'*') {
                step((i + 1) * width + j, 0, true);
            }
            if right.get(j) == Some(&b'*') {
                step(i * width + j + 1, 0, true);
            }
            // … or both take one character.
            if let (Some(x), Some(y)) = (left.get(i), right.get(j)) {
                let byte = match (x, y) {
                    (b'*' | b'?', b'*' | b'?') => Some(b'x'),
                    (b'*' | b'?', literal) | (literal, b'*' | b'?') => Some(*literal),
                    (x, y) => (x == y).then_some(*x),
                };
                if let Some(byte) = byte {
                    let next_i = if *x == b'*' { i } else { i + 1 };
                    let next_j = if *y == b'*' { j } else { j + 1 };
                    step(next_i * width + next_j, byte, false);
                }
            }
        }
        None
    }
}

/// Whether a character of a pattern stands for others.
fn is_wild(byte: u8) -> bool {
    matches!(byte, b'*' | b'?')
}

/// Whether characters that face each other are the same up to a wildcard or the end.
fn fit(mut pairs: impl Iterator<Item = (u8, u8)>) -> bool {
    pairs.find(|(a, b)| a != b || is_wild(*a)).is_none_or(|(a, b)| is_wild(a) || is_wild(b))
}

/// A character that no pattern writes out.
const STRANGE: u8 = 0;

/// Whether a pattern in lower case matches a text in any; linear but for the last star.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| *c == b'?' || *c == text[t].to_ascii_lowercase()) {
            p += 1;
            t += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(text: &str) -> Host {
        Host::trusted(text.into())
    }

    #[test]
    fn names_are_checked_as_aws_does() {
        assert_eq!(Host::parse("WWW.Example.org").unwrap().as_str(), "www.example.org");
        assert_eq!(Host::parse("localhost"), Err(BadHost::NoDot));
        assert_eq!(Host::parse("10.0.0.1"), Err(BadHost::LastLabel));
        assert_eq!(Host::parse("example.org."), Err(BadHost::LastLabel));
        assert_eq!(Host::parse("x.xn--p1ai"), Err(BadHost::LastLabel));
        assert_eq!(Host::parse("a.com,b.com"), Err(BadHost::Character(',')));
        assert_eq!(Host::parse("a.com:8080"), Err(BadHost::Character(':')));
        assert_eq!(Host::parse(&format!("{}.com", "a".repeat(125))), Err(BadHost::Long));
        assert_eq!(Host::parse("*.*.*.*.*.*.com"), Err(BadHost::Wildcards(6)));
    }

    #[test]
    fn patterns_contain_and_overlap() {
        assert!(host("*.example.org").contains(&host("a.example.org")));
        assert!(host("*.example.org").contains(&host("a.b.example.org")));
        assert!(!host("*.example.org").contains(&host("example.org")));
        assert!(host("*.example.org").contains(&host("*.eu.example.org")));
        assert!(!host("*.eu.example.org").contains(&host("*.example.org")));
        assert!(host("*").contains(&host("?*")) && !host("?*").contains(&host("*")));
        assert_eq!(host("*.a.org").overlap(&host("www.*")), Some("www.a.org".into()));
        assert_eq!(host("*.a.org").overlap(&host("*.b.org")), None);
    }

    fn pattern() -> impl Strategy<Value = String> {
        "[ab.?*]{0,5}"
    }

    /// Every text of up to four letters over the alphabet, and one that no pattern writes out.
    fn texts() -> Vec<String> {
        let mut all = vec![String::new()];
        for from in 0.. {
            if from >= all.len() || all[from].len() == 5 {
                break;
            }
            for c in ['a', 'b', '.', 'z'] {
                all.push(format!("{}{c}", all[from]));
            }
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
        #[test]
        fn containment_and_overlap_are_those_of_the_sets(a in pattern(), b in pattern()) {
            let (a, b) = (host(&a), host(&b));
            let texts = texts();
            let both = texts.iter().any(|t| a.matches(t) && b.matches(t));
            if let Some(text) = a.overlap(&b) {
                prop_assert!(a.matches(&text) && b.matches(&text), "{text}");
                prop_assert!(a.may_meet(&b));
            } else {
                prop_assert!(!both);
            }
            if a.contains(&b) {
                prop_assert!(texts.iter().all(|t| !b.matches(t) || a.matches(t)));
                prop_assert!(b.specificity() >= a.specificity());
            } else {
                // Patterns of five characters differ on a text of seven at the most; those of
                // five are looked at, so a difference may be out of sight.
                let longest = b.as_str().len() + a.as_str().len();
                prop_assert!(longest > 5 || texts.iter().any(|t| b.matches(t) && !a.matches(t)));
            }
        }
    }
}
