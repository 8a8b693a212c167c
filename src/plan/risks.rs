//! What may go wrong, the worst first, and what is alike told once.

use crate::answers::Listener;
use crate::host::Host;
use crate::words::counted;
use std::collections::{BTreeMap, BTreeSet};

use super::changes::Compared;
use super::{
    Answerer, ExportChange, HostChange, HostFate, Level, Phase, Recreates, ResourceChange, ResourceFate, Risk, RouterUse, RuleAt,
    StackChange, StackFate,
};

/// Things that one risk names.
const NAMED: usize = 5;
/// Risks of one kind that are told one by one; more of them are told in sum.
const ALIKE: usize = 12;

pub(super) fn risks(
    stacks: &[StackChange],
    phases: &[Phase],
    hosts: &[HostChange],
    routers: &[RouterUse],
    compared: &[Compared],
) -> Vec<Risk> {
    let mut risks = Vec::new();
    changed_hands(hosts, &mut risks);
    ceasing(hosts, &mut risks);
    contested(compared, &mut risks);
    resources(stacks, &mut risks);
    exports(stacks, compared, &mut risks);
    full(routers, &mut risks);
    moves(hosts, &mut risks);
    if phases.len() > 1 {
        risks.push(Risk {
            level: Level::Medium,
            at: None,
            what: format!("one pass can't do it: the stacks are deployed in {} phases", phases.len()),
            help: Some("deploy.sh does all of them; do not compile another change before the last one is done".into()),
        });
    }
    left(stacks, &mut risks);
    validation(compared, &mut risks);
    covering(compared, hosts, &mut risks);
    values(stacks, &mut risks);
    risks.sort_by_key(|risk| risk.level); // stable: the order above within a level
    risks
}

/// `a, b, c and 4 more`.
fn listed<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<T> = names.into_iter().collect();
    let shown: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(NAMED);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// `shop/web`, and on which rack where there are several.
fn who(answerers: &[Answerer]) -> String {
    let names: BTreeSet<String> = answerers.iter().map(|one| format!("`{}/{}`", one.app, one.service)).collect();
    listed(names)
}

fn changed_hands(hosts: &[HostChange], risks: &mut Vec<Risk>) {
    let mut pairs: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for host in hosts.iter().filter(|host| host.change == HostFate::ChangesHands) {
        pairs.entry((who(&host.before), who(&host.after))).or_default().push(format!("`{}`", host.host));
    }
    if pairs.len() > ALIKE {
        let all: Vec<String> = pairs.values().flatten().cloned().collect();
        let many = |services: BTreeSet<&String>| counted(services.len(), "service");
        let key = (many(pairs.keys().map(|(before, _)| before).collect()), many(pairs.keys().map(|(_, after)| after).collect()));
        pairs = BTreeMap::from([(key, all)]);
    }
    for ((before, after), hosts) in pairs {
        let (verb, count) = if hosts.len() == 1 { ("changes", String::new()) } else { ("change", format!("{} hosts: ", hosts.len())) };
        risks.push(Risk {
            level: Level::High,
            at: None,
            what: format!("{count}{} {verb} hands from {before} to {after}", listed(hosts)),
            help: Some("make sure that both teams know; requests go over the moment the receiver's stack is updated".into()),
        });
    }
}

fn ceasing(hosts: &[HostChange], risks: &mut Vec<Risk>) {
    let mut apps: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for host in hosts.iter().filter(|host| host.change == HostFate::Ceases) {
        apps.entry(who(&host.before)).or_default().push(format!("`{}`", host.host));
    }
    if apps.len() > ALIKE {
        let all: Vec<&String> = apps.values().flatten().collect();
        apps = BTreeMap::from([(counted(apps.len(), "service"), all.into_iter().cloned().collect())]);
    }
    for (before, hosts) in apps {
        let verb = if hosts.len() == 1 { "is" } else { "are" };
        let what = format!("{} of {before} {verb} answered no longer: {}", counted(hosts.len(), "host"), listed(hosts));
        risks.push(Risk { level: Level::High, at: None, what, help: Some("requests get the router's 404".into()) });
    }
}

/// Hosts that a stack which nobody writes any more still answers, before or behind those who took them up.
fn contested(compared: &[Compared], risks: &mut Vec<Risk>) {
    let left: Vec<&RuleAt> = compared
        .iter()
        .filter(|stack| stack.after.is_empty())
        .filter_map(|stack| stack.before.as_deref())
        .flat_map(|all| &all.rules)
        .collect();
    if left.is_empty() {
        return;
    }
    let mut now: BTreeMap<(&Listener, &Host), &RuleAt> = BTreeMap::new();
    for rule in compared.iter().filter_map(|stack| stack.after.last()).flat_map(|(_, all)| &all.rules) {
        now.extend(rule.hosts.iter().map(|host| ((&rule.listener, host), rule)));
    }
    for (old, host) in left.iter().flat_map(|rule| rule.hosts.iter().map(move |host| (rule, host))) {
        let Some(new) = now.get(&(&old.listener, host)).filter(|new| old.priority < new.priority) else { continue };
        let stack = format!("{}-{}", old.listener.rack, old.app);
        risks.push(Risk {
            level: Level::High,
            at: Some(stack.clone()),
            what: format!(
                "`{}` stays with `{}/{}` until the stack `{stack}` is deleted, for its number is the lower one",
                host.shown(),
                old.app,
                old.service
            ),
            help: Some(format!("`{}/{}` answers once it is: aws cloudformation delete-stack --stack-name {stack}", new.app, new.service)),
        });
    }
}

/// How bad it is that a resource changes, given that something is interrupted.
fn level(resource: &ResourceChange) -> Option<Level> {
    resource.effect?;
    let kind = resource.kind.as_str();
    let carries_requests = kind.starts_with("AWS::ElasticLoadBalancingV2::")
        || matches!(kind, "AWS::EC2::VPC" | "AWS::EC2::Subnet" | "AWS::ECS::Cluster" | "AWS::ECS::Service");
    match resource.change {
        ResourceFate::Replace if carries_requests && resource.replacement == Recreates::Always => Some(Level::High),
        ResourceFate::Remove if kind.ends_with("V2::LoadBalancer") || kind.ends_with("V2::Listener") => Some(Level::High),
        ResourceFate::Modify if kind == "AWS::ECS::Service" => None, // how every release goes
        ResourceFate::Replace | ResourceFate::Remove | ResourceFate::Modify => Some(Level::Medium),
        ResourceFate::Add => None,
    }
}

fn resources(stacks: &[StackChange], risks: &mut Vec<Risk>) {
    type Alike<'a> = (Level, &'a str, ResourceFate, Recreates, &'static str, String);
    let mut alike: BTreeMap<Alike<'_>, Vec<String>> = BTreeMap::new();
    for stack in stacks {
        for resource in &stack.resources {
            let (Some(level), Some(effect)) = (level(resource), resource.effect) else { continue };
            let forcing = resource
                .properties
                .iter()
                .filter(|property| property.recreates == resource.replacement && resource.replacement != Recreates::Never);
            let why: Vec<&str> = forcing.map(|property| property.name.as_str()).collect();
            let key = (level, resource.kind.as_str(), resource.change, resource.replacement, effect, why.join(", "));
            alike.entry(key).or_default().push(format!("{}: {}", stack.stack, resource.id));
        }
    }
    for ((level, kind, fate, recreates, effect, why), names) in alike {
        let short = kind.rsplit("::").next().unwrap_or(kind);
        let verb = match (fate, recreates) {
            (ResourceFate::Replace, Recreates::Always) => "replaced",
            (ResourceFate::Replace, _) => "perhaps replaced",
            (ResourceFate::Remove, _) => "removed",
            _ => "changed in place",
        };
        let (is, its) = if names.len() == 1 { ("is", "its") } else { ("are", "their") };
        let because = if why.is_empty() { String::new() } else { format!(" for {its} {why}") };
        risks.push(Risk {
            level,
            at: None,
            what: format!("{} {is} {verb}{because} ({}): {effect}", counted(names.len(), short), listed(&names)),
            help: None,
        });
    }
}

/// Exports that change or vanish: those that stacks import, and those that stacks of others may import.
fn exports(stacks: &[StackChange], compared: &[Compared], risks: &mut Vec<Risk>) {
    for stack in stacks {
        for (change, verb, level) in
            [("modify", "changes", Level::High), ("maybe_modify", "perhaps changes", Level::Medium), ("remove", "removes", Level::High)]
        {
            let changes = stack.exports.iter().filter(|export| export.change == change);
            let (imported, free): (Vec<&ExportChange>, Vec<&ExportChange>) = changes.partition(|export| !export.imported_by.is_empty());
            let at = Some(stack.stack.clone());
            let what = |exports: &[&ExportChange], by: &str| {
                let names = listed(exports.iter().map(|export| format!("`{}`", export.name)));
                format!("`{}` {verb} {}{by}: {names}", stack.stack, counted(exports.len(), "export"))
            };
            if !imported.is_empty() {
                let by: BTreeSet<&str> = imported.iter().flat_map(|export| &export.imported_by).map(String::as_str).collect();
                let verb = if by.len() == 1 { "imports" } else { "import" };
                let importers = format!(" that {} {verb}", listed(by.iter().map(|name| format!("`{name}`"))));
                let way_out = way_out(&imported, &by, compared);
                let help = format!("CloudFormation refuses to update `{}` as long as they do: {way_out}", stack.stack);
                risks.push(Risk { level, at: at.clone(), what: what(&imported, &importers), help: Some(help) });
            }
            if !free.is_empty() {
                let help = "CloudFormation refuses that as long as a stack of somebody else imports one of them".into();
                risks.push(Risk { level: Level::Low, at, what: what(&free, ""), help: Some(help) });
            }
        }
    }
}

/// What to do about exports that are imported.
fn way_out(exports: &[&ExportChange], importers: &BTreeSet<&str>, compared: &[Compared]) -> &'static str {
    let mut importers = compared.iter().filter(|one| importers.contains(one.name.as_str())).filter_map(Compared::last);
    if importers.any(|holdings| exports.iter().any(|export| holdings.imports.contains(&export.name))) {
        "take the change back, or declare another rack and move the apps there with `rackform move`"
    } else {
        "deploy the apps first, with `build/deploy.sh --app NAME`, then the rest"
    }
}

fn full(routers: &[RouterUse], risks: &mut Vec<Risk>) {
    for router in routers {
        let at = format!("{}/{}", router.rack, router.router);
        for kind in router.kinds.iter().filter(|kind| kind.peak > kind.quota) {
            risks.push(Risk {
                level: Level::High,
                at: Some(at.clone()),
                what: format!("`{at}` would hold {} {} while the stacks are updated, and AWS allows {}", kind.peak, kind.kind, kind.quota),
                help: Some("let AWS raise the quota, or move an app to another rack, before this is deployed".into()),
            });
        }
        let binding = router.kinds.iter().find(|kind| kind.binds);
        if let Some(kind) = binding.filter(|kind| router.is_full && kind.after > kind.before) {
            risks.push(Risk {
                level: Level::Medium,
                at: Some(at.clone()),
                what: format!("`{at}` is nearly full: {} of {} {}, and no typical app fits any more", kind.after, kind.quota, kind.kind),
                help: None,
            });
        }
    }
}

/// Hosts whose DNS must follow an app to another rack.
fn moves(hosts: &[HostChange], risks: &mut Vec<Risk>) {
    let mut apps: BTreeMap<(HostFate, String, String, String), Vec<String>> = BTreeMap::new();
    let racks = |list: &[Answerer]| {
        let names: BTreeSet<&str> = list.iter().map(|one| one.rack.as_str()).collect();
        listed(names.iter().map(|name| format!("`{name}`")))
    };
    for host in hosts.iter().filter(|host| matches!(host.change, HostFate::ChangesRack | HostFate::Spreads)) {
        let key = (host.change, who(&host.after), racks(&host.before), racks(&host.after));
        apps.entry(key).or_default().push(format!("`{}`", host.host));
    }
    for ((fate, app, before, after), hosts) in apps {
        let (what, help) = if fate == HostFate::Spreads {
            (
                format!("{app} moves: {} of it answered on {before} and now on {after}: {}", counted(hosts.len(), "host"), listed(&hosts)),
                "once this is deployed let DNS lead to the new rack, wait until the old answers have expired everywhere, then finish the move",
            )
        } else {
            (
                format!("{} of {app} answered on {before} and now on {after}: {}", counted(hosts.len(), "host"), listed(&hosts)),
                "DNS must lead there before the old stack goes",
            )
        };
        risks.push(Risk { level: Level::Medium, at: None, what, help: Some(help.into()) });
    }
}

fn left(stacks: &[StackChange], risks: &mut Vec<Risk>) {
    let names: Vec<&str> = stacks.iter().filter(|stack| stack.change == StackFate::Leave).map(|stack| stack.stack.as_str()).collect();
    if names.len() > ALIKE {
        let quoted = names.iter().map(|name| format!("`{name}`"));
        let what = format!(
            "{} are written no longer and stay, with all that they hold, until they are deleted: {}",
            counted(names.len(), "stack"),
            listed(quoted)
        );
        let help = Some(format!("once nobody needs them: aws cloudformation delete-stack --stack-name {}, and so for each", names[0]));
        risks.push(Risk { level: Level::Medium, at: None, what, help });
        return;
    }
    for name in names {
        risks.push(Risk {
            level: Level::Medium,
            at: Some(name.to_owned()),
            what: format!("the stack `{name}` is written no longer and stays, with all that it holds, until it is deleted"),
            help: Some(format!("once nobody needs it: aws cloudformation delete-stack --stack-name {name}")),
        });
    }
}

/// Certificates that nobody validates but a person.
fn validation(compared: &[Compared], risks: &mut Vec<Risk>) {
    let waiting: Vec<&Compared> = compared.iter().filter(|stack| !stack.unvalidated.is_empty()).collect();
    let help = || {
        Some("the records stand in the events of the stack; with a `hosted_zone` for the rack CloudFormation writes them itself".to_owned())
    };
    if waiting.len() > ALIKE {
        let names = waiting.iter().map(|stack| format!("`{}`", stack.name));
        let what =
            format!("{} wait until somebody validates their certificates in DNS: {}", counted(waiting.len(), "stack"), listed(names));
        risks.push(Risk { level: Level::Medium, at: None, what, help: help() });
        return;
    }
    for stack in waiting {
        let what = format!("the stack `{}` waits until somebody validates {} in DNS", stack.name, listed(&stack.unvalidated));
        risks.push(Risk { level: Level::Medium, at: Some(stack.name.clone()), what, help: help() });
    }
}

/// New patterns that cover hosts of other apps, which go on to answer.
fn covering(compared: &[Compared], hosts: &[HostChange], risks: &mut Vec<Risk>) {
    let begins: BTreeSet<(&str, &str)> =
        hosts.iter().filter(|host| host.change == HostFate::Begins).map(|host| (host.router, host.host.as_str())).collect();
    let mut listeners: BTreeMap<&Listener, Vec<&RuleAt>> = BTreeMap::new();
    for rule in
        compared.iter().filter_map(|stack| stack.after.last()).flat_map(|(_, all)| &all.rules).filter(|rule| rule.listener.port == 443)
    {
        listeners.entry(&rule.listener).or_default().push(rule);
    }
    for (listener, rule) in listeners.iter().flat_map(|(listener, rules)| rules.iter().map(move |rule| (*listener, *rule))) {
        for pattern in rule.hosts.iter().filter(|host| host.is_wildcard() && begins.contains(&(listener.router.word(), host.as_str()))) {
            let others = listeners[listener].iter().filter(|other| other.app != rule.app);
            let covered: BTreeSet<String> = others
                .flat_map(|other| other.hosts.iter().map(move |host| (other, host)))
                .filter(|(_, host)| pattern.contains(host))
                .map(|(other, host)| format!("`{}` of `{}/{}`", host.as_str(), other.app, other.service))
                .collect();
            if !covered.is_empty() {
                risks.push(Risk {
                    level: Level::Low,
                    at: Some(format!("{}/{}", listener.rack, listener.router.word())),
                    what: format!("`{}` of `{}/{}` covers {}", pattern.as_str(), rule.app, rule.service, listed(covered)),
                    help: Some("these keep answering; should they go, requests fall to the pattern instead of a 404".into()),
                });
            }
        }
    }
}

/// Values that whoever deploys must give.
fn values(stacks: &[StackChange], risks: &mut Vec<Risk>) {
    let asked: Vec<String> =
        stacks.iter().flat_map(|stack| stack.required.iter().map(move |name| format!("{}:{name}", stack.stack))).collect();
    if let Some(first) = asked.first() {
        let help = Some(format!("give the first deployment --parameter {first}=…, and so for each"));
        let what = format!(
            "{} no value yet: {}",
            if asked.len() == 1 { "1 parameter has".to_owned() } else { format!("{} parameters have", asked.len()) },
            listed(&asked)
        );
        risks.push(Risk { level: Level::Low, at: None, what, help });
    }
}
