//! Who answered each host before, and who answers it now.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::Compared;
use super::{Answerer, HostChange, HostFate, Routed, RuleAt};
use crate::answers::{Answers, Listener};
use crate::host::Host;
use crate::routes::Router;

/// What stands for the wildcards of a pattern: a text that nobody else's host holds.
const WITNESS: &str = "rackform--witness";

/// All rules of one moment, and where each host may be answered.
struct Moment<'a> {
    answers: Answers<&'a RuleAt>,
    /// Listeners with a rule for exactly this host or pattern.
    itself: BTreeMap<&'a Host, BTreeSet<&'a Listener>>,
    /// Listeners with patterns, by what the patterns write out at their end from a dot on: whatever one
    /// matches ends so.
    patterns: BTreeMap<&'a str, BTreeSet<&'a Listener>>,
}

/// A host as people see it: a name that ends in that of a router is another one on each rack.
type Key<'a> = (Router, &'a Host, Option<&'a str>);

fn key<'a>(rule: &'a RuleAt, host: &'a Host) -> Key<'a> {
    (rule.listener.router, host, host.at_deploy().map(|_| rule.listener.rack.as_str()))
}

/// What a pattern writes out at its end, from a dot on.
fn ending(pattern: &Host) -> &str {
    let text = pattern.as_str();
    let literal = text.rfind(['*', '?']).map_or(text, |at| &text[at + 1..]);
    literal.find('.').map_or("", |at| &literal[at..])
}

/// The endings that patterns around a host can have.
fn endings(host: &Host) -> impl Iterator<Item = &str> {
    let text = host.as_str();
    text.match_indices('.').map(|(at, _)| &text[at..]).chain([""])
}

impl<'a> Moment<'a> {
    fn new(rules: impl Iterator<Item = &'a RuleAt> + Clone) -> Self {
        // Answers are looked up in lower case; what stands for the name of a router is not.
        let small = |host: &Host| if host.at_deploy().is_some() { Host::trusted(host.as_str().to_ascii_lowercase()) } else { host.clone() };
        let answers =
            Answers::new(rules.clone().map(|rule| (rule.listener.clone(), rule.priority, rule.hosts.iter().map(small).collect(), rule)));
        let mut moment = Self { answers, itself: BTreeMap::new(), patterns: BTreeMap::new() };
        for rule in rules {
            for host in &rule.hosts {
                moment.itself.entry(host).or_default().insert(&rule.listener);
                if host.is_wildcard() {
                    moment.patterns.entry(ending(host)).or_default().insert(&rule.listener);
                }
            }
        }
        moment
    }

    /// Who answers a host, by rack.
    fn answerers(&self, (router, host, rack): Key<'_>) -> Vec<Answerer> {
        let text = host.as_str();
        let witness = text.replace('*', WITNESS).replace('?', "-");
        let around = endings(host).filter_map(|ending| self.patterns.get(ending)).flatten();
        let listeners: BTreeSet<&&Listener> = self.itself.get(host).into_iter().flatten().chain(around).collect();
        let on_443 = listeners.into_iter().filter(|at| at.router == router && at.port == 443 && rack.is_none_or(|rack| at.rack == rack));
        let answerer = |listener: &&Listener| {
            let rule = self.first(listener, &witness)?;
            let on_80 = Listener { port: 80, ..(*listener).clone() };
            let http = self.first(&on_80, &witness).is_some();
            Some(Answerer { rack: listener.rack.clone(), app: rule.app.clone(), service: rule.service.clone(), http })
        };
        on_443.filter_map(answerer).collect()
    }

    fn first(&self, listener: &Listener, host: &str) -> Option<&'a RuleAt> {
        self.answers.at(listener, host).first().map(|found| *found.target)
    }
}

/// Rules that stood before.
fn before(compared: &[Compared]) -> impl Iterator<Item = &RuleAt> + Clone {
    compared.iter().filter_map(|stack| stack.before.as_deref()).flat_map(|holdings| &holdings.rules)
}

/// Rules that stand once all is deployed, and what is left is deleted.
fn after(compared: &[Compared]) -> impl Iterator<Item = &RuleAt> + Clone {
    compared.iter().filter_map(|stack| stack.after.last()).flat_map(|(_, holdings)| &holdings.rules)
}

/// Hosts that somebody else answers, nobody any more, or somebody for the first time: the worst first.
pub(super) fn hosts(compared: &[Compared]) -> Vec<HostChange> {
    let changed = || compared.iter().filter(|stack| !stack.is_kept());
    let of = |rules: &mut dyn Iterator<Item = &'_ RuleAt>| -> BTreeSet<(Listener, u32, Host, String, String)> {
        let of_rule = |rule: &RuleAt| {
            let rule = rule.clone();
            rule.hosts
                .clone()
                .into_iter()
                .map(move |host| (rule.listener.clone(), rule.priority, host, rule.app.clone(), rule.service.clone()))
        };
        rules.flat_map(of_rule).collect()
    };
    let old = of(&mut changed().filter_map(|stack| stack.before.as_deref()).flat_map(|holdings| &holdings.rules));
    let new = of(&mut changed().filter_map(|stack| stack.after.last()).flat_map(|(_, holdings)| &holdings.rules));
    let touched: BTreeSet<(Router, &Host)> =
        old.symmetric_difference(&new).map(|(listener, _, host, _, _)| (listener.router, host)).collect();
    if touched.is_empty() {
        return Vec::new();
    }
    let mut patterns: BTreeMap<&str, Vec<(Router, &Host)>> = BTreeMap::new();
    for (router, host) in touched.iter().filter(|(_, host)| host.is_wildcard()) {
        patterns.entry(ending(host)).or_default().push((*router, host));
    }
    // A pattern also answers for hosts inside of it whose own rules stay as they are.
    let is_touched = |router: Router, host: &Host| {
        let mut around = endings(host).filter_map(|ending| patterns.get(ending)).flatten();
        touched.contains(&(router, host)) || around.any(|(at, pattern)| *at == router && pattern.contains(host))
    };
    let all = || before(compared).chain(after(compared));
    let keys: BTreeSet<Key<'_>> = all()
        .flat_map(|rule| rule.hosts.iter().map(move |host| key(rule, host)))
        .filter(|(router, host, _)| is_touched(*router, host))
        .collect();
    let (was, is) = (Moment::new(before(compared)), Moment::new(after(compared)));
    let mut hosts: Vec<HostChange> = keys
        .into_iter()
        .filter_map(|key| {
            let (before, after) = (was.answerers(key), is.answerers(key));
            let change = fate(&before, &after)?;
            let (router, host, rack) = key;
            let host = rack.map_or_else(
                || host.shown(),
                |rack| host.shown().replace("of the router", &format!("of the {} router of {rack}", router.word())),
            );
            Some(HostChange { host, router: router.word(), change, before, after })
        })
        .collect();
    hosts.sort_by(|a, b| (a.change, &a.host, a.router).cmp(&(b.change, &b.host, b.router)));
    hosts
}

/// What becomes of a host; none when the same ones answer as before.
fn fate(before: &[Answerer], after: &[Answerer]) -> Option<HostFate> {
    let apps = |list: &[Answerer]| -> BTreeSet<String> { list.iter().map(|one| one.app.clone()).collect() };
    let racks = |list: &[Answerer]| -> BTreeSet<String> { list.iter().map(|one| one.rack.clone()).collect() };
    let services = |list: &[Answerer]| -> BTreeSet<String> { list.iter().map(|one| one.service.clone()).collect() };
    Some(match (before, after) {
        _ if before == after => return None,
        ([], _) => HostFate::Begins,
        (_, []) => HostFate::Ceases,
        _ if apps(before) != apps(after) => HostFate::ChangesHands,
        _ if racks(after).is_superset(&racks(before)) && racks(after) != racks(before) => HostFate::Spreads,
        _ if racks(before) != racks(after) => HostFate::ChangesRack,
        _ if services(before) != services(after) => HostFate::ChangesService,
        _ => HostFate::ChangesHttp,
    })
}

/// A service on a router: rack, router, app, service.
type Place<'a> = (&'a str, Router, &'a str, &'a str);

/// Who answers what in the end, for pictures.
pub(super) fn routing(compared: &[Compared]) -> Vec<Routed> {
    let mut services: BTreeMap<Place<'_>, BTreeMap<String, Vec<u16>>> = BTreeMap::new();
    for rule in after(compared) {
        let at = &rule.listener;
        let hosts = services.entry((&at.rack, at.router, &rule.app, &rule.service)).or_default();
        for host in &rule.hosts {
            hosts.entry(host.shown()).or_default().push(at.port);
        }
    }
    let row = |((rack, router, app, service), hosts): (Place<'_>, BTreeMap<String, Vec<u16>>)| Routed {
        rack: rack.to_owned(),
        router: router.word(),
        app: app.to_owned(),
        service: service.to_owned(),
        hosts: hosts
            .into_iter()
            .map(|(host, mut ports)| {
                ports.sort_unstable();
                (host, ports)
            })
            .collect(),
    };
    services.into_iter().map(row).collect()
}
