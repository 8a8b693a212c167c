//! Who answers on the listeners of routers.

use crate::host::Host;
use crate::routes::Router;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listener {
    pub rack: String,
    pub router: Router,
    pub port: u16,
}
pub struct Answers<T> {
    rules: BTreeMap<Listener, Vec<(u32, Vec<Host>, T)>>,
}
pub struct Match<'a, T> {
    pub priority: u32,
    pub host: &'a Host,
    pub target: &'a T,
}
impl<T> Answers<T> {
    pub fn new(rules: impl IntoIterator<Item = (Listener, u32, Vec<Host>, T)>) -> Self {
        let mut all: BTreeMap<Listener, Vec<(u32, Vec<Host>, T)>> = BTreeMap::new();
        for (l, p, h, t) in rules {
            all.entry(l).or_default().push((p, h, t));
        }
        for v in all.values_mut() {
            v.sort_by_key(|x| x.0);
        }
        Self { rules: all }
    }
    pub fn at<'a>(&'a self, listener: &Listener, host: &str) -> Vec<Match<'a, T>> {
        self.rules
            .get(listener)
            .into_iter()
            .flatten()
            .filter_map(|(p, h, t)| Some(Match { priority: *p, host: h.iter().find(|x| x.matches(host))?, target: t }))
            .collect()
    }
}
