//! What `resolve` says, held against load balancers that are made from the emitted templates alone: over drawn fleets, at
//! addresses near their hosts.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;
mod drawn;
mod simulator;

use std::collections::{BTreeMap, BTreeSet};

use common::{Random, decide, reread, run_change};
use drawn::{Drawn, Fleet, NAMES, PATTERNS, STRANGE, address};
use rackform::Decided;
use rackform::lock::Lock;
use rackform::placement::Change;
use rackform::resolve::{Address, AtRouter, Resolution, RuleAnswer};
use rackform::routes::Router;
use serde_json::{Value, json};
use simulator::Account;
use simulator::requests::{Balancer, Does, Listener, Made, Request, Rule};

/// Fleets that each test asks, and addresses that each is asked at: together a hundred thousand.
const FLEETS: usize = 25;
const ADDRESSES: usize = 2000;

/// A fleet that was compiled: what can be asked, and what was deployed.
struct Compiled {
    decided: Decided,
    account: Account,
    balancers: Vec<Balancer>,
    /// What became of it before it is asked.
    history: &'static str,
}

/// Compile a fleet, and for some of them another time with an app on its way to another rack or with other ports.
fn compiled(fleet: &mut Fleet, random: &mut Random) -> Option<Compiled> {
    let mut account = Account::default();
    let mut lock = fleet.adopted();
    let mut deploy = |fleet: &Fleet, lock: &mut Lock, change: &Change| {
        let before = lock.clone();
        let compiled = run_change(&fleet.text, &fleet.apps(), lock, change).compiled?;
        account.settle(&compiled.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect());
        *lock = reread(&compiled.lock.to_text());
        decide(&fleet.text, &fleet.apps(), &before, change)
    };
    let (mut decided, mut history) = (deploy(fleet, &mut lock, &Change::None)?, "it is new");
    match random.below(4) {
        0 | 1 => {
            let app = random.of(&fleet.apps).0.to_owned();
            let home = &decided.allocation.lock.apps[&app].rack;
            let others: Vec<&str> = fleet.racks.iter().map(|rack| rack.name).filter(|rack| rack != home).collect();
            if !others.is_empty() {
                let to = (*random.of(&others)).to_owned();
                let pinned = fleet.text.clone();
                fleet.unpin(&app);
                match deploy(fleet, &mut lock, &Change::Begin { app, to }) {
                    Some(moving) => (decided, history) = (moving, "an app moves"),
                    None => fleet.text = pinned,
                }
            }
        }
        2 => {
            for (_, manifest) in &mut fleet.apps {
                for (before, after) in [("\"3000\"", "\"3001\""), ("\"https:8443\"", "\"9000\""), ("health: /health", "health: /up")] {
                    *manifest = manifest.replace(before, after);
                }
            }
            (decided, history) = (deploy(fleet, &mut lock, &Change::None)?, "ports have changed");
        }
        _ => {}
    }
    let mut balancers = account.balancers();
    for stranger in &fleet.strangers {
        let on =
            |balancer: &&mut Balancer| balancer.stack == stranger.rack && balancer.is_internal == (stranger.router == Router::Internal);
        let listener = balancers.iter_mut().find(on).unwrap().listeners.get_mut(&stranger.port).unwrap();
        listener.rules.retain(|rule| rule.priority != u64::from(stranger.number));
        listener.put(stranger.rule());
    }
    Some(Compiled { decided, account, balancers, history })
}

/// What happens to a request, as far as it differs from one to the next.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    answered: bool,
    routers: Vec<AtBalancer>,
    otherwise: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct AtBalancer {
    rack: String,
    router: String,
    action: String,
    /// Port and name of the listener that was asked.
    listener: Option<(u16, String)>,
    is_redirected: bool,
    /// The rule that answers, and those that would match later.
    rules: Vec<Heeded>,
    unknown: Vec<u64>,
}

/// A rule that matches.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Heeded {
    listener: String,
    priority: u64,
    host: String,
    class: String,
    /// App and service; none for a rule of others.
    service: Option<(String, String)>,
}

/// What must be heard, read from the load balancers.
fn expected(balancers: &[Balancer], drawn: &Drawn) -> Heard {
    let Request { protocol, host, port } = &drawn.request;
    let asked: Vec<&Balancer> = balancers.iter().filter(|balancer| balancer.is_internal == drawn.internal).collect();
    let speaks = |listener: &Listener| protocol.is_none_or(|protocol| protocol == listener.protocol);
    let listening: Vec<&Listener> = asked.iter().filter_map(|balancer| balancer.listeners.get(port)).collect();
    let otherwise = match listening.first() {
        _ if asked.is_empty() => "no-router",
        None => "no-listener",
        Some(listener) if !speaks(listener) => "other-protocol",
        Some(listener) if listener.default["Type"] == "redirect" => "redirect",
        Some(_) => "not-found",
    };
    // Nobody who is told that port 80 is closed spoke TLS to it.
    let is_understood = protocol.is_none_or(|protocol| (protocol == "HTTP") == (*port == 80));
    let mut routers: Vec<AtBalancer> =
        asked.iter().filter(|_| is_understood).filter_map(|balancer| at_balancer(balancer, host, *port)).collect();
    routers.sort();
    let answers = |action: &str| ["forward", "others", "redirect"].contains(&action);
    let answered = if routers.is_empty() { answers(otherwise) } else { routers.iter().any(|router| answers(&router.action)) };
    Heard { answered, routers, otherwise: otherwise.to_owned() }
}

/// What a load balancer does that has a rule for the host; for port 80 also with one on port 443, where a client comes out
/// that is redirected.
fn at_balancer(balancer: &Balancer, host: &str, port: u16) -> Option<AtBalancer> {
    let here = balancer.listeners.get(&port);
    let (action, listener, rules) = match (here, here.map(|listener| listener.asked(host))) {
        (Some(listener), Some(Does::Rules(rules))) => (if rules[0].0.made.is_some() { "forward" } else { "others" }, listener, rules),
        (_, default) if port == 80 => {
            let secure = &balancer.listeners[&443];
            let Does::Rules(rules) = secure.asked(host) else { return None };
            let action = match default {
                Some(Does::Default("redirect")) => "redirect",
                Some(other) => panic!("port 80 does {other:?}"),
                None => "no-listener",
            };
            (action, secure, rules)
        }
        _ => return None,
    };
    let below = if ["forward", "others"].contains(&action) { rules[0].0.priority } else { u64::MAX };
    Some(AtBalancer {
        rack: balancer.stack.clone(),
        router: if balancer.is_internal { "internal" } else { "public" }.to_owned(),
        action: action.to_owned(),
        listener: here.map(|here| (port, here.name.clone())),
        is_redirected: action == "redirect",
        rules: rules.iter().map(|(rule, value)| heeded(listener, rule, value)).collect(),
        unknown: here.map_or(Vec::new(), |here| here.asking_for_more(below)),
    })
}

fn heeded(listener: &Listener, rule: &Rule, value: &str) -> Heeded {
    let tag = |made: &Made, key: &str| made.group.tags[key].clone();
    Heeded {
        listener: listener.name.clone(),
        priority: rule.priority,
        host: value.to_owned(),
        class: if value.contains(['*', '?']) { "wildcard" } else { "exact" }.to_owned(),
        service: rule.made.as_ref().map(|made| (tag(made, "App"), tag(made, "Service"))),
    }
}

/// What was said, with listeners by their names in the account.
fn said(answer: &Resolution, exports: &BTreeMap<String, String>) -> Heard {
    let word = |does| serde_json::to_value(does).unwrap().as_str().unwrap().to_owned();
    let rule = |rule: &RuleAnswer| Heeded {
        listener: exports[&rule.listener].clone(),
        priority: rule.priority.into(),
        host: rule.host.clone(),
        class: rule.class.to_owned(),
        service: rule.service.as_ref().map(|service| (service.app.clone(), service.service.clone())),
    };
    let router = |at: &AtRouter| AtBalancer {
        rack: at.rack.clone(),
        router: at.router.to_owned(),
        action: word(at.does),
        listener: at.listener.as_ref().map(|listener| (listener.port, exports[&listener.export].clone())),
        is_redirected: at.location.is_some(),
        rules: std::iter::once(&at.rule).chain(&at.later).map(rule).collect(),
        unknown: at.unknown.iter().map(|number| (*number).into()).collect(),
    };
    let mut routers: Vec<AtBalancer> = answer.routers.iter().map(router).collect();
    routers.sort();
    Heard { answered: answer.is_answered, routers, otherwise: word(answer.otherwise) }
}

/// What is the same whoever asks: the stack of a rule, its target group, and stickiness; from its template, in the shape
/// of the answer.
fn details(made: &Made) -> Value {
    let group = &made.group;
    let properties = &group.properties;
    assert_eq!(group.stack, made.stack, "a rule and its target group are in one stack");
    let seconds: u32 = group.attribute("stickiness.lb_cookie.duration_seconds").parse().unwrap();
    let scheme = match (properties["Protocol"].as_str().unwrap(), properties["ProtocolVersion"].as_str().unwrap()) {
        ("HTTP", "GRPC") => "grpc",
        ("HTTPS", "GRPC") => "secure-grpc",
        ("HTTP", _) => "http",
        _ => "https",
    };
    json!({
        "app": group.tags["App"],
        "service": group.tags["Service"],
        "stack": made.stack,
        "id": made.id,
        "target_group": {
            "id": group.id,
            "scheme": scheme,
            "protocol": properties["Protocol"],
            "protocol_version": properties["ProtocolVersion"],
            "port": properties["Port"],
            "target_type": properties["TargetType"],
            "health_check_path": properties["HealthCheckPath"],
        },
        // AWS names the cookie of `lb_cookie`.
        "stickiness": (group.attribute("stickiness.enabled") == "true").then(|| json!({"cookie": "AWSALB", "seconds": seconds})),
    })
}

/// Hold the details of a rule against its template.
fn check_details(compiled: &Compiled, rule: &RuleAnswer, listener: &str) {
    let listeners = compiled.balancers.iter().flat_map(|balancer| balancer.listeners.values());
    let standing = listeners.filter(|known| known.name == listener).flat_map(|known| &known.rules);
    let standing = standing.filter(|known| known.priority == u64::from(rule.priority)).collect::<Vec<_>>();
    let [standing] = standing.as_slice() else { panic!("{} rules have one number", standing.len()) };
    let mut said = serde_json::to_value(&rule.service).unwrap();
    if let Some(said) = said.as_object_mut() {
        // The lock's name for it, which no template has.
        let key = said.remove("rule").unwrap();
        let at = compiled.decided.allocation.lock.rules.iter().find(|(known, _)| key == known.to_string().as_str());
        assert_eq!(at.map(|(_, known)| known.priority), Some(rule.priority), "{key}");
    }
    assert_eq!(said, standing.made.as_ref().map_or(Value::Null, details));
}

/// What an answer is an example of.
fn kinds(heard: &Heard) -> Vec<String> {
    let mut kinds = vec![if heard.routers.is_empty() { heard.otherwise.clone() } else { format!("{} routers", heard.routers.len()) }];
    for router in &heard.routers {
        kinds.push(format!("rule: {} on {}", router.action, router.router));
        kinds.push(router.rules[0].class.clone());
        kinds.push(format!("{} later", (router.rules.len() - 1).min(3)));
        kinds.extend((!router.unknown.is_empty()).then(|| "unknown before".to_owned()));
    }
    kinds
}

/// Ask drawn fleets; how many were refused, and how often each kind of answer was heard.
fn ask(seed: u64) -> (usize, BTreeMap<String, usize>) {
    let schema = jsonschema::validator_for(&serde_json::from_str(rackform::schema::RESOLVE).unwrap()).unwrap();
    let mut random = Random(seed);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (mut fleets, mut refused) = (0, 0);
    while fleets < FLEETS {
        let mut fleet = Fleet::draw(&mut random);
        let Some(compiled) = compiled(&mut fleet, &mut random) else {
            refused += 1;
            continue;
        };
        fleets += 1;
        *seen.entry(compiled.history.to_owned()).or_default() += ADDRESSES;
        let exports = compiled.account.exports();
        // Names of routers are made up by the account.
        let mut hosts: Vec<String> = compiled.account.rule_hosts().into_iter().filter(|host| !host.contains('[')).collect();
        hosts.extend(NAMES.iter().chain(&PATTERNS).chain(&STRANGE).map(|name| (*name).to_owned()));
        let resolver = compiled.decided.resolver();
        let mut checked: BTreeSet<(String, u32)> = BTreeSet::new();
        for number in 0..ADDRESSES {
            let drawn = address(&hosts, &mut random);
            let asked = Address::parse(&drawn.text, drawn.port).unwrap_or_else(|why| panic!("{}: {why}", drawn.text));
            let answer = resolver.ask(&asked, if drawn.internal { Router::Internal } else { Router::Public });
            assert_eq!((&answer.host, answer.port), (&drawn.request.host, drawn.request.port), "{}", drawn.text);
            let (expected, said) = (expected(&compiled.balancers, &drawn), said(&answer, &exports));
            assert!(expected == said, "{} on\n{}\n{:#?}\nexpected {expected:#?}\nsaid {said:#?}", drawn.text, fleet.text, fleet.apps);
            for rule in answer.routers.iter().flat_map(|at| std::iter::once(&at.rule).chain(&at.later)) {
                if checked.insert((rule.listener.clone(), rule.priority)) {
                    check_details(&compiled, rule, &exports[&rule.listener]);
                }
            }
            if number % 50 == 0 {
                let answer = serde_json::to_value(&answer).unwrap();
                schema.validate(&answer).unwrap_or_else(|error| panic!("{error}: {answer:#}"));
            }
            for kind in kinds(&said) {
                *seen.entry(kind).or_default() += 1;
            }
        }
        let list = serde_json::to_value(compiled.decided.hosts()).unwrap();
        schema.validate(&list).unwrap_or_else(|error| panic!("{error}: {list:#}"));
    }
    (refused, seen)
}

/// What is asked often, and what is heard often.
const KINDS: [&str; 22] = [
    "it is new",
    "an app moves",
    "ports have changed",
    "no-listener",
    "no-router",
    "not-found",
    "other-protocol",
    "redirect",
    "1 routers",
    "2 routers",
    "rule: forward on internal",
    "rule: forward on public",
    "rule: no-listener on public",
    "rule: others on internal",
    "rule: others on public",
    "rule: redirect on internal",
    "rule: redirect on public",
    "exact",
    "wildcard",
    "2 later",
    "3 later",
    "unknown before",
];

fn check(seed: u64) {
    let (refused, seen) = ask(seed);
    assert!(refused < 2 * FLEETS, "{refused} fleets were refused");
    for kind in KINDS {
        assert!(seen.get(kind).is_some_and(|times| *times >= 100), "{kind}: {seen:#?}");
    }
}

// Two halves, for two cores.

#[test]
fn answers_are_those_of_load_balancers_made_from_the_templates() {
    check(20_260_501);
}

#[test]
fn so_are_those_of_other_fleets() {
    check(20_260_502);
}
