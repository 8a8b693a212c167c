//! What the load balancers of an account do with a request, as the API's documentation of listener
//! rules says: by ascending priority, all conditions of a rule and one value of each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::template::text;
use super::{Account, Thing};

/// A request as a client makes it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `HTTP` or `HTTPS`; whatever the port speaks where nobody says.
    pub(crate) protocol: Option<&'static str>,
    /// The `Host` header.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
}

/// An application load balancer.
#[derive(Debug)]
pub(crate) struct Balancer {
    /// The stack that made it.
    pub(crate) stack: String,
    /// Whether only the VPC reaches it.
    pub(crate) is_internal: bool,
    /// By port.
    pub(crate) listeners: BTreeMap<u16, Listener>,
}

#[derive(Debug)]
pub(crate) struct Listener {
    /// Its name in the account.
    pub(crate) name: String,
    /// `HTTP` or `HTTPS`.
    pub(crate) protocol: String,
    /// The default action.
    pub(crate) default: Value,
    /// By priority.
    pub(crate) rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) priority: u64,
    /// Values of `host-header`.
    pub(crate) hosts: Vec<String>,
    /// Whether it asks for more than a host.
    pub(crate) asks_for_more: bool,
    /// None where a template did not make it.
    pub(crate) made: Option<Made>,
}

/// A rule of a template.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) stack: String,
    pub(crate) id: String,
    pub(crate) group: Group,
}

/// The target group that a rule forwards to.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) stack: String,
    pub(crate) id: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) properties: Value,
}

impl Group {
    /// The value of an attribute.
    pub(crate) fn attribute(&self, key: &str) -> String {
        let attributes = self.properties["TargetGroupAttributes"].as_array().unwrap();
        text(&attributes.iter().find(|attribute| attribute["Key"] == key).unwrap()["Value"])
    }
}

/// What a listener does with a request.
#[derive(Debug)]
pub(crate) enum Does<'a> {
    /// It has rules that match: each with the value that does, in the order in which they are asked.
    Rules(Vec<(&'a Rule, &'a str)>),
    /// No rule matches; the type of the default action.
    Default(&'a str),
}

impl Listener {
    /// What it does with a host.
    pub(crate) fn asked(&self, host: &str) -> Does<'_> {
        let host = host.to_ascii_lowercase();
        let value = |rule: &'_ Rule| rule.hosts.iter().position(|value| matches(value.to_ascii_lowercase().as_bytes(), host.as_bytes()));
        let rules = self.rules.iter().filter(|rule| !rule.asks_for_more);
        let found: Vec<(&Rule, &str)> = rules.filter_map(|rule| Some((rule, rule.hosts[value(rule)?].as_str()))).collect();
        if found.is_empty() { Does::Default(self.default["Type"].as_str().unwrap()) } else { Does::Rules(found) }
    }

    /// Priorities of rules that ask for more than a host, below a bound.
    pub(crate) fn asking_for_more(&self, below: u64) -> Vec<u64> {
        self.rules.iter().filter(|rule| rule.asks_for_more && rule.priority < below).map(|rule| rule.priority).collect()
    }

    /// Put a rule on it that no template has.
    pub(crate) fn put(&mut self, rule: Rule) {
        self.rules.push(rule);
        self.rules.sort_by_key(|rule| rule.priority);
    }
}

/// `*` is any number of characters, `?` is one.
fn matches(pattern: &[u8], host: &[u8]) -> bool {
    match pattern.split_first() {
        None => host.is_empty(),
        Some((b'*', rest)) => (0..=host.len()).any(|taken| matches(rest, &host[taken..])),
        Some((b'?', rest)) => !host.is_empty() && matches(rest, &host[1..]),
        Some((c, rest)) => host.first() == Some(c) && matches(rest, &host[1..]),
    }
}

impl Account {
    /// The application load balancers with everything that stands on them.
    pub(crate) fn balancers(&self) -> Vec<Balancer> {
        let of =
            |kind: &'static str| self.things.iter().filter(move |(_, thing)| thing.kind == format!("AWS::ElasticLoadBalancingV2::{kind}"));
        let balancer = |(name, thing): (&String, &Thing)| {
            let on_it = of("Listener").filter(|(_, listener)| listener.properties["LoadBalancerArn"] == name.as_str());
            Balancer {
                stack: thing.stack.clone(),
                is_internal: thing.properties["Scheme"] == "internal",
                listeners: on_it.map(|(name, listener)| self.listener(name, listener)).collect(),
            }
        };
        of("LoadBalancer").filter(|(_, thing)| thing.properties["Type"] == "application").map(balancer).collect()
    }

    fn listener(&self, name: &str, thing: &Thing) -> (u16, Listener) {
        let properties = &thing.properties;
        let mut listener = Listener {
            name: name.to_owned(),
            protocol: text(&properties["Protocol"]),
            default: properties["DefaultActions"][0].clone(),
            rules: Vec::new(),
        };
        for rule in self.things.values().filter(|thing| thing.kind.ends_with("::ListenerRule") && thing.properties["ListenerArn"] == name) {
            listener.put(self.rule(rule));
        }
        (text(&properties["Port"]).parse().unwrap(), listener)
    }

    fn rule(&self, thing: &Thing) -> Rule {
        let conditions = thing.properties["Conditions"].as_array().unwrap();
        let group = &self.things[&text(&thing.properties["Actions"][0]["TargetGroupArn"])];
        let tags = group.properties["Tags"].as_array().unwrap();
        Rule {
            priority: text(&thing.properties["Priority"]).parse().unwrap(),
            hosts: super::hosts(&thing.properties),
            asks_for_more: conditions.iter().any(|condition| condition["Field"] != "host-header"),
            made: Some(Made {
                stack: thing.stack.clone(),
                id: thing.id.clone(),
                group: Group {
                    stack: group.stack.clone(),
                    id: group.id.clone(),
                    tags: tags.iter().map(|tag| (text(&tag["Key"]), text(&tag["Value"]))).collect(),
                    properties: (*group.properties).clone(),
                },
            }),
        }
    }

    /// What all stacks export.
    pub(crate) fn exports(&self) -> BTreeMap<String, String> {
        self.stacks.values().flat_map(|stack| stack.exports.clone()).collect()
    }

    /// Every host that a rule has.
    pub(crate) fn rule_hosts(&self) -> BTreeSet<String> {
        let rules = self.things.values().filter(|thing| thing.kind.ends_with("::ListenerRule"));
        rules.flat_map(|rule| super::hosts(&rule.properties)).collect()
    }
}
