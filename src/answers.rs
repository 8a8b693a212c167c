//! Who answers on the listeners of routers, as an ALB decides it: rules in ascending order of their
//! numbers, and the first one with a host that matches wins. Where none matches, the default action
//! of the listener does.

use std::collections::BTreeMap;

use crate::host::Host;
use crate::routes::Router;

/// A listener of a router.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listener {
    /// Name of the rack.
    pub rack: String,
    /// The router.
    pub router: Router,
    /// The port, 80 or 443.
    pub port: u16,
}

/// The rules of listeners; `T` is what a rule leads to. A look-up costs as much as there are patterns
/// on the listener, however many exact hosts there are.
#[derive(Debug, Clone)]
pub struct Answers<T> {
    listeners: BTreeMap<Listener, Rules<T>>,
}

/// A rule that matches.
#[derive(Debug, PartialEq, Eq)]
pub struct Match<'a, T> {
    /// Its number on the listener, 1 to 50000.
    pub priority: u32,
    /// The host of the rule that matches; of several, the first that the rule lists.
    pub host: &'a Host,
    /// What the rule leads to.
    pub target: &'a T,
}

/// The rules of one listener.
#[derive(Debug, Clone)]
struct Rules<T> {
    by_priority: Vec<Rule<T>>,
    /// Rules and hosts of them, by their places, for each host that is no pattern.
    exact: BTreeMap<Host, Vec<(usize, usize)>>,
    /// Patterns in order: the places of their rules, and theirs in the rule.
    patterns: Vec<(usize, usize)>,
}

#[derive(Debug, Clone)]
struct Rule<T> {
    priority: u32,
    hosts: Vec<Host>,
    target: T,
}

impl<T> Answers<T> {
    /// Rules with their numbers, 1 to 50000, each once on a listener, their hosts and what they lead to.
    /// A rule without a host never matches.
    pub fn new(rules: impl IntoIterator<Item = (Listener, u32, Vec<Host>, T)>) -> Self {
        let mut listeners: BTreeMap<Listener, Vec<Rule<T>>> = BTreeMap::new();
        for (listener, priority, hosts, target) in rules {
            listeners.entry(listener).or_default().push(Rule { priority, hosts, target });
        }
        Self { listeners: listeners.into_iter().map(|(listener, rules)| (listener, Rules::new(rules))).collect() }
    }

    /// The listeners that have rules, in their order.
    pub fn listeners(&self) -> impl Iterator<Item = &Listener> {
        self.listeners.keys()
    }

    /// Every rule of the listener that matches, in order of priority; the first one answers. Case of
    /// the host does not count. None where the default action of the listener answers.
    pub fn at<'a>(&'a self, listener: &Listener, host: &str) -> Vec<Match<'a, T>> {
        self.listeners.get(listener).map_or(Vec::new(), |rules| rules.at(host))
    }
}

impl<T> Rules<T> {
    fn new(mut rules: Vec<Rule<T>>) -> Self {
        rules.sort_by_key(|rule| rule.priority);
        let mut exact: BTreeMap<Host, Vec<(usize, usize)>> = BTreeMap::new();
        let mut patterns = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            for (number, host) in rule.hosts.iter().enumerate() {
                if host.is_wildcard() {
                    patterns.push((at, number));
                } else {
                    exact.entry(host.clone()).or_default().push((at, number));
                }
            }
        }
        Self { by_priority: rules, exact, patterns }
    }

    fn at(&self, host: &str) -> Vec<Match<'_, T>> {
        let name = Host::trusted(host.to_ascii_lowercase());
        let exact = self.exact.get(&name).into_iter().flatten();
        let patterns = self.patterns.iter().filter(|(at, number)| self.by_priority[*at].hosts[*number].matches(name.as_str()));
        let mut found: Vec<(usize, usize)> = exact.chain(patterns).copied().collect();
        found.sort_unstable();
        found.dedup_by_key(|(at, _)| *at);
        let hit = |(at, number): (usize, usize)| {
            let rule = &self.by_priority[at];
            Match { priority: rule.priority, host: &rule.hosts[number], target: &rule.target }
        };
        found.into_iter().map(hit).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listener(port: u16) -> Listener {
        Listener { rack: "main".into(), router: Router::Public, port }
    }

    fn hosts(names: &[&str]) -> Vec<Host> {
        names.iter().map(|name| Host::trusted((*name).to_owned())).collect()
    }

    fn found<'a>(answers: &'a Answers<&'static str>, port: u16, host: &str) -> Vec<(u32, &'a str, &'static str)> {
        answers.at(&listener(port), host).iter().map(|hit| (hit.priority, hit.host.as_str(), *hit.target)).collect()
    }

    #[test]
    fn the_lowest_number_answers_and_the_others_follow() {
        let answers = Answers::new([
            (listener(443), 30, hosts(&["*.org"]), "last"),
            (listener(443), 20, hosts(&["b.org", "*.a.org", "www.*"]), "pattern"),
            (listener(443), 10, hosts(&["www.a.org", "a.org"]), "exact"),
            (listener(443), 40, hosts(&["www.a.org"]), "never"),
            (listener(443), 5, hosts(&[]), "of other conditions"),
            (listener(80), 1, hosts(&["a.org"]), "plain"),
        ]);
        let all = [(10, "www.a.org", "exact"), (20, "*.a.org", "pattern"), (30, "*.org", "last"), (40, "www.a.org", "never")];
        assert_eq!(found(&answers, 443, "WWW.a.org"), all);
        assert_eq!(found(&answers, 80, "a.ORG"), [(1, "a.org", "plain")]);
        assert_eq!(found(&answers, 80, "www.a.org"), []);
        assert_eq!(found(&answers, 8080, "a.org"), []);
        assert_eq!(answers.listeners().map(|listener| listener.port).collect::<Vec<_>>(), [80, 443]);
    }

    #[test]
    fn a_pattern_is_no_name_and_a_letter_that_only_looks_alike_is_another() {
        let answers = Answers::new([(listener(443), 1, hosts(&["k.org"]), "exact"), (listener(443), 2, hosts(&["?.org"]), "pattern")]);
        assert_eq!(found(&answers, 443, "K.org"), [(1, "k.org", "exact"), (2, "?.org", "pattern")]);
        assert_eq!(found(&answers, 443, "\u{212a}.org"), []);
    }

    proptest! {
        #[test]
        fn the_index_finds_what_a_walk_finds(
            rules in proptest::collection::vec((1_u32..50, proptest::collection::vec("[ab.?*]{1,4}", 1..4)), 0..12),
            name in "[ab.]{0,5}",
        ) {
            let mut rules: Vec<(u32, Vec<Host>)> = rules
                .into_iter()
                .map(|(number, names)| (number, names.into_iter().map(Host::trusted).collect()))
                .collect();
            rules.sort_by_key(|(number, _)| *number);
            rules.dedup_by_key(|(number, _)| *number);
            let answers = Answers::new(rules.iter().rev().map(|(number, hosts)| (listener(80), *number, hosts.clone(), ())));
            let walked: Vec<(u32, &Host)> = rules
                .iter()
                .filter_map(|(number, hosts)| Some((*number, hosts.iter().find(|host| host.matches(&name))?)))
                .collect();
            let at = answers.at(&listener(80), &name);
            prop_assert_eq!(at.iter().map(|hit| (hit.priority, hit.host)).collect::<Vec<_>>(), walked);
        }
    }
}
