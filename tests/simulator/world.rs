//! What load balancers hold at one moment, as counts that one change after another moves, and what
//! must hold of them at every moment.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::kinds::{certificates, forwards, hosts, identities};
use super::template::text;
use super::{Limits, Thing};

/// Something that is counted. Items that make up the count are resources, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// What only one resource can be.
    Identity(String),
    /// Rules of a load balancer.
    Rules(String),
    /// Target groups that a load balancer's rules forward to.
    Groups(String),
    /// Certificates of a load balancer beside default ones.
    Certificates(String),
    /// Load balancers that forward to a target group.
    Balancers(String),
    /// What needs a resource; the resource itself is the item `ALIVE`.
    Needs(String),
    /// Rules that have a host: load balancer, port, host.
    Host(String, String, String),
    /// Rules that reach a host, by itself or by a pattern: load balancer, port, host.
    Reached(String, String, String),
    /// Certificates that cover a host: load balancer, host.
    Covered(String, String),
}

const ALIVE: usize = 0;

/// Counts that a resource adds to: keys and items.
pub(super) type Facts = Vec<(usize, usize)>;

/// What is known about the account over the whole of a deployment.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Load balancer and port of every listener.
    listeners: BTreeMap<String, (String, String)>,
    /// Names on certificates.
    certificates: BTreeMap<String, BTreeSet<String>>,
    /// Hosts that must be answered throughout: load balancer, port, host.
    hosts: BTreeSet<(String, String, String)>,
    /// Hosts that must be reached throughout and that patterns answer at one end or at both.
    reached: BTreeSet<(String, String, String)>,
    /// Hosts that must be covered throughout: load balancer, host.
    covered: BTreeSet<(String, String)>,
}

impl Surroundings {
    /// Nothing but the names on certificates that were made elsewhere.
    pub(super) fn new(certificates: BTreeMap<String, BTreeSet<String>>) -> Self {
        Self { certificates, ..Self::default() }
    }

    /// Take note of listeners and certificates.
    pub(super) fn note(&mut self, things: &BTreeMap<String, Thing>) {
        for (name, thing) in things {
            let properties = &thing.properties;
            match thing.kind.as_str() {
                "AWS::ElasticLoadBalancingV2::Listener" => {
                    self.listeners.insert(name.clone(), (text(&properties["LoadBalancerArn"]), text(&properties["Port"])));
                }
                "AWS::CertificateManager::Certificate" => {
                    let also = properties["SubjectAlternativeNames"].as_array().into_iter().flatten();
                    self.certificates.insert(name.clone(), also.chain([&properties["DomainName"]]).map(text).collect());
                }
                _ => {}
            }
        }
    }

    /// Demand that what is answered and covered at both moments stays so in between. Covered must
    /// stay what was covered in the beginning and is answered at the end.
    pub(super) fn keep(&mut self, before: &BTreeMap<String, Thing>, after: &BTreeMap<String, Thing>) {
        let (first, last) = (self.answered(before), self.answered(after));
        self.hosts = first.intersection(&last).cloned().collect();
        let reaches = |all: &BTreeSet<(String, String, String)>, host: &(String, String, String)| {
            all.iter().any(|(balancer, port, pattern)| (balancer, port) == (&host.0, &host.1) && matches(pattern, &host.2))
        };
        let concrete = first.symmetric_difference(&last).filter(|host| !host.2.contains(['*', '?']));
        self.reached = concrete.filter(|host| reaches(&first, host) && reaches(&last, host)).cloned().collect();
        let is_covered = |(balancer, port, host): &(String, String, String)| {
            let covers = |thing: &Thing| self.covers(thing, balancer).any(|name| covers(name, host));
            port == "443" && before.values().any(covers)
        };
        let covered = self.hosts.iter().filter(|host| is_covered(host)).map(|(balancer, _, host)| (balancer.clone(), host.clone()));
        self.covered = covered.collect();
    }

    fn answered(&self, things: &BTreeMap<String, Thing>) -> BTreeSet<(String, String, String)> {
        let rules = things.values().filter(|thing| thing.kind == "AWS::ElasticLoadBalancingV2::ListenerRule");
        rules
            .flat_map(|rule| {
                let (balancer, port) = self.place(rule);
                hosts(&rule.properties).into_iter().map(move |host| (balancer.clone(), port.clone(), host))
            })
            .collect()
    }

    /// Load balancer and port that a resource on a listener belongs to.
    pub(super) fn place(&self, thing: &Thing) -> (String, String) {
        let listener = text(&thing.properties["ListenerArn"]);
        self.listeners.get(&listener).cloned().unwrap_or((listener, "unknown".into()))
    }

    /// The names on certificates that a resource brings to a load balancer.
    fn covers(&self, thing: &Thing, balancer: &str) -> impl Iterator<Item = &String> {
        let is_there = match thing.kind.as_str() {
            "AWS::ElasticLoadBalancingV2::ListenerCertificate" => self.place(thing).0 == balancer,
            "AWS::ElasticLoadBalancingV2::Listener" => thing.properties["LoadBalancerArn"] == balancer,
            _ => false,
        };
        let arns = if is_there { certificates(&thing.properties) } else { Vec::new() };
        arns.into_iter().filter_map(|arn| self.certificates.get(&arn)).flatten()
    }
}

/// Whether a certificate with this name serves a host; `*` stands for one label.
fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest == parent),
        None => name == host,
    }
}

/// Whether a pattern of a rule takes a host; `*` stands for any characters, `?` for one.
fn matches(pattern: &str, host: &str) -> bool {
    match pattern.chars().next() {
        None => host.is_empty(),
        Some('*') => (0..=host.len()).any(|at| host.is_char_boundary(at) && matches(&pattern[1..], &host[at..])),
        Some(first) => host.chars().next().is_some_and(|one| {
            (first == '?' || first.eq_ignore_ascii_case(&one)) && matches(&pattern[first.len_utf8()..], &host[one.len_utf8()..])
        }),
    }
}

/// The counts of one moment.
pub(super) struct World<'a> {
    surroundings: &'a Surroundings,
    limits: &'a Limits,
    numbers: BTreeMap<Key, usize>,
    keys: Vec<Key>,
    counts: Vec<BTreeMap<usize, usize>>,
    item_numbers: BTreeMap<String, usize>,
    items: Vec<String>,
}

impl<'a> World<'a> {
    pub(super) fn new(surroundings: &'a Surroundings, limits: &'a Limits) -> Self {
        let (numbers, keys, counts) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { surroundings, limits, numbers, keys, counts, item_numbers: BTreeMap::new(), items: vec!["itself".into()] }
    }

    fn fact(&mut self, key: Key, item: &str) -> (usize, usize) {
        let key = *self.numbers.entry(key.clone()).or_insert_with(|| {
            self.keys.push(key);
            self.counts.push(BTreeMap::new());
            self.keys.len() - 1
        });
        let item = if item == "itself" {
            ALIVE
        } else {
            *self.item_numbers.entry(item.to_owned()).or_insert_with(|| {
                self.items.push(item.to_owned());
                self.items.len() - 1
            })
        };
        (key, item)
    }

    /// What a resource adds to.
    pub(super) fn facts(&mut self, name: &str, thing: &Thing) -> Facts {
        let mut all: Vec<(Key, String)> = vec![(Key::Needs(name.to_owned()), "itself".into())];
        let of_name = |key: Key| (key, name.to_owned());
        let properties = &thing.properties;
        all.extend(identities(&thing.kind, properties).into_iter().map(Key::Identity).map(of_name));
        let mut needed: Vec<String> = Vec::new();
        let forward = |balancer: &str, actions: &Value, all: &mut Vec<(Key, String)>, needed: &mut Vec<String>| {
            for group in forwards(actions) {
                all.push((Key::Groups(balancer.to_owned()), group.clone()));
                all.push((Key::Balancers(group.clone()), balancer.to_owned()));
                needed.push(group);
            }
        };
        match thing.kind.as_str() {
            "AWS::ElasticLoadBalancingV2::ListenerRule" => {
                let (balancer, port) = self.surroundings.place(thing);
                forward(&balancer, &properties["Actions"], &mut all, &mut needed);
                needed.push(text(&properties["ListenerArn"]));
                let own = hosts(properties);
                for host in &self.surroundings.reached {
                    let is_here = (&host.0, &host.1) == (&balancer, &port);
                    if is_here && own.iter().any(|pattern| matches(pattern, &host.2)) {
                        all.push(of_name(Key::Reached(host.0.clone(), host.1.clone(), host.2.clone())));
                    }
                }
                for host in own {
                    let place = (balancer.clone(), port.clone(), host);
                    if self.surroundings.hosts.contains(&place) {
                        all.push(of_name(Key::Host(place.0, place.1, place.2)));
                    }
                }
                all.push(of_name(Key::Rules(balancer)));
            }
            "AWS::ElasticLoadBalancingV2::Listener" => {
                let balancer = text(&properties["LoadBalancerArn"]);
                forward(&balancer, &properties["DefaultActions"], &mut all, &mut needed);
                needed.extend(certificates(properties));
                needed.push(balancer);
            }
            "AWS::ElasticLoadBalancingV2::ListenerCertificate" => {
                let (balancer, _) = self.surroundings.place(thing);
                needed.push(text(&properties["ListenerArn"]));
                for arn in certificates(properties) {
                    all.push((Key::Certificates(balancer.clone()), arn.clone()));
                    needed.push(arn);
                }
            }
            _ => {}
        }
        for (balancer, host) in &self.surroundings.covered {
            if self.surroundings.covers(thing, balancer).any(|name| covers(name, host)) {
                all.push(of_name(Key::Covered(balancer.clone(), host.clone())));
            }
        }
        // What stands outside of the account's stacks is taken to be there.
        let needed = needed.into_iter().filter(|other| other.starts_with('['));
        all.extend(needed.map(|other| of_name(Key::Needs(other))));
        all.into_iter().map(|(key, item)| self.fact(key, &item)).collect()
    }

    pub(super) fn add(&mut self, facts: &Facts) {
        for (key, item) in facts {
            *self.counts[*key].entry(*item).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, facts: &Facts) {
        for (key, item) in facts {
            let count = self.counts[*key].get_mut(item).expect("what is removed was there");
            *count -= 1;
            if *count == 0 {
                self.counts[*key].remove(item);
            }
        }
    }

    /// Put facts in the place of others at once; the keys that are now wrong.
    pub(super) fn exchange(&mut self, old: &Facts, new: &Facts) -> Vec<usize> {
        let touched: Vec<(usize, usize)> = old.iter().chain(new).map(|(key, _)| (*key, self.counts[*key].len())).collect();
        self.remove(old);
        self.add(new);
        touched.into_iter().filter(|(key, before)| self.is_wrong(*key, *before)).map(|(key, _)| key).collect()
    }

    /// Whether a count is wrong, of which there were so many before. AWS refuses what adds to too
    /// many, not what leaves too many.
    fn is_wrong(&self, key: usize, before: usize) -> bool {
        let items = &self.counts[key];
        let grown_over = |limit: usize| items.len() > limit && items.len() > before;
        match &self.keys[key] {
            Key::Identity(_) | Key::Balancers(_) => grown_over(1),
            Key::Rules(_) => grown_over(self.limits.rules),
            Key::Groups(_) => grown_over(self.limits.target_groups),
            Key::Certificates(_) => grown_over(self.limits.certificates),
            Key::Needs(_) => !items.is_empty() && !items.contains_key(&ALIVE),
            Key::Host(..) | Key::Reached(..) | Key::Covered(..) => items.is_empty(),
        }
    }

    /// What is wrong, in words.
    pub(super) fn say(&self, key: usize) -> String {
        let items: Vec<&str> = self.counts[key].keys().map(|item| self.items[*item].as_str()).collect();
        let (count, list) = (items.len(), items.join(" and "));
        match &self.keys[key] {
            Key::Identity(what) => format!("{list} both have {what}"),
            Key::Balancers(group) => format!("the target group {group} is on {list}"),
            Key::Rules(balancer) => format!("{balancer} has {count} rules of at most {}", self.limits.rules),
            Key::Groups(balancer) => format!("{balancer} has {count} target groups of at most {}", self.limits.target_groups),
            Key::Certificates(balancer) => format!("{balancer} has {count} certificates of at most {}", self.limits.certificates),
            Key::Needs(name) => format!("{name} is not there, and needed by {list}"),
            Key::Host(balancer, port, host) => format!("nobody answers {host} on port {port} of {balancer}"),
            Key::Reached(balancer, port, host) => {
                format!("no rule reaches {host} on port {port} of {balancer}, neither its own nor a pattern's")
            }
            Key::Covered(balancer, host) => format!("no certificate covers {host} on {balancer}"),
        }
    }
}
