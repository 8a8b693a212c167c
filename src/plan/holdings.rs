//! What a stack puts on the routers and has of other stacks, read from its template.

use std::collections::{BTreeMap, BTreeSet};

use super::emitted::State;
use crate::answers::Listener;
use crate::host::{Host, ROUTER_INTERNAL_NAME, ROUTER_NAME};
use crate::render::Node;
use crate::routes::Router;

/// A rule of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleAt {
    /// Its logical ID.
    pub id: String,
    /// The listener.
    pub listener: Listener,
    /// Its number.
    pub priority: u32,
    /// Its hosts.
    pub hosts: Vec<Host>,
    /// The logical ID of the target group that it leads to.
    pub target_group: String,
    /// The app that answers.
    pub app: String,
    /// The service that answers.
    pub service: String,
}

/// What a stack puts on the routers, and what it has of other stacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Rules.
    pub rules: Vec<RuleAt>,
    /// Logical IDs of what attaches a certificate, with the rack and router of the listener.
    pub certificates: BTreeSet<(String, Router, String)>,
    /// Names of exports that it imports.
    pub imports: BTreeSet<String>,
}

impl Holdings {
    /// Read those of a stack on a rack.
    pub(super) fn of(state: &State<'_>, rack: &str) -> Self {
        let mut holdings = Self::default();
        let groups: BTreeMap<&str, (String, String)> =
            state.section("Resources").filter_map(|(id, resource)| Some((id, owner(resource)?))).collect();
        for (id, resource) in state.section("Resources") {
            let Some(properties) = resource.get("Properties") else { continue };
            match resource.get("Type").and_then(Node::as_str) {
                Some("AWS::ElasticLoadBalancingV2::ListenerRule") => holdings.rules.extend(rule(id, properties, rack, &groups)),
                Some("AWS::ElasticLoadBalancingV2::ListenerCertificate") => {
                    let listener = properties.get("ListenerArn").and_then(|arn| listener(arn, rack));
                    holdings.certificates.extend(listener.map(|listener| (listener.rack, listener.router, id.to_owned())));
                }
                _ => {}
            }
            imports(properties, &mut holdings.imports);
        }
        holdings
    }

    /// Target groups that rules of a router lead to.
    pub(super) fn target_groups(&self, rack: &str, router: Router) -> BTreeSet<&str> {
        self.rules_on(rack, router).map(|rule| rule.target_group.as_str()).collect()
    }

    /// Rules of a router, over all of its listeners.
    pub(super) fn rules_on(&self, rack: &str, router: Router) -> impl Iterator<Item = &RuleAt> {
        self.rules.iter().filter(move |rule| rule.listener.router == router && rule.listener.rack == rack)
    }

    /// What attaches certificates to a router.
    pub(super) fn certificates_on(&self, rack: &str, router: Router) -> BTreeSet<&str> {
        self.certificates.iter().filter(|(on, at, _)| on == rack && *at == router).map(|(_, _, id)| id.as_str()).collect()
    }
}

/// Find the names of exports that a value imports.
fn imports(value: &Node<'_>, found: &mut BTreeSet<String>) {
    match value {
        Node::List(items) => items.iter().for_each(|item| imports(item, found)),
        Node::Map(map) => {
            for (key, inner) in map.iter() {
                match inner.as_str() {
                    Some(name) if key == "Fn::ImportValue" => _ = found.insert(name.to_owned()),
                    _ => imports(inner, found),
                }
            }
        }
        _ => {}
    }
}

/// The app and the service of a target group, as its tags say.
fn owner(resource: &Node<'_>) -> Option<(String, String)> {
    let tags = resource.get("Properties")?.get("Tags")?.items();
    let tag = |name: &str| {
        let found = tags.iter().find(|tag| tag.get("Key").and_then(Node::as_str) == Some(name));
        found.and_then(|tag| tag.get("Value")?.as_str()).map(str::to_owned)
    };
    Some((tag("App")?, tag("Service")?))
}

/// A listener: an import of `rack:RouterListener443`, or in the stack of the rack a resource of that name.
fn listener(arn: &Node<'_>, rack: &str) -> Option<Listener> {
    let (rack, name) = match arn.get("Fn::ImportValue").and_then(Node::as_str) {
        Some(export) => export.rsplit_once(':')?,
        None => (rack, arn.get("Ref")?.as_str()?),
    };
    let (router, port) = match name.strip_prefix("RouterInternalListener") {
        Some(port) => (Router::Internal, port),
        None => (Router::Public, name.strip_prefix("RouterListener")?),
    };
    Some(Listener { rack: rack.to_owned(), router, port: port.parse().ok()? })
}

fn rule(id: &str, properties: &Node<'_>, rack: &str, groups: &BTreeMap<&str, (String, String)>) -> Option<RuleAt> {
    let listener = listener(properties.get("ListenerArn")?, rack)?;
    let Node::Number(priority) = properties.get("Priority")? else { return None };
    let values = properties.get("Conditions")?.items().iter().filter_map(|condition| condition.get("HostHeaderConfig")?.get("Values"));
    let hosts = values.flat_map(Node::items).filter_map(|value| host(value, listener.router)).collect();
    let target_group = properties.get("Actions")?.items().first()?.get("TargetGroupArn")?.get("Ref")?.as_str()?.to_owned();
    let (app, service) = groups.get(target_group.as_str())?.clone();
    Some(RuleAt { id: id.to_owned(), listener, priority: u32::try_from(*priority).ok()?, hosts, target_group, app, service })
}

/// A host, also one whose end only the deployment knows.
fn host(value: &Node<'_>, router: Router) -> Option<Host> {
    if let Some(text) = value.as_str() {
        return Some(Host::trusted(text.to_owned()));
    }
    let prefix = value.get("Fn::Join")?.items().get(1)?.items().first()?.as_str()?;
    let name = if router == Router::Public { ROUTER_NAME } else { ROUTER_INTERNAL_NAME };
    Some(Host::trusted(format!("{prefix}{name}")))
}
