//! What else there is to know about an answer.

use super::{Address, AtRouter, Resolver};
use crate::allocate::{HTTP, Holder};
use crate::answers::Listener;
use crate::host::Host;
use crate::routes::Router;

/// Ends of names that routers have: AWS's, those of its partition in China, and Convox's.
const ROUTER_NAMES: [&str; 3] = [".elb.amazonaws.com", ".elb.amazonaws.com.cn", ".convox.site"];

impl Resolver<'_> {
    /// Sentences about an answer, which says who answers by itself.
    pub(super) fn notes(&self, address: &Address, router: Router, routers: &[AtRouter]) -> Vec<String> {
        let mut notes = Vec::new();
        if routers.len() > 1 {
            notes.push("DNS decides which of these routers gets a request".to_owned());
        }
        notes.extend(self.moves(routers));
        if let Some(name) = address.without_dot() {
            let without = self.first(router, address.port(), name).map_or(String::new(), |who| format!("; without it {who} answers"));
            notes.push(format!(
                "AWS does not say what it makes of a dot at the end of a host; here it counts as a part of the name{without}"
            ));
        }
        if address.is_number() {
            notes.push("the host is the address of a machine, which only a pattern of others can match".to_owned());
        }
        if routers.is_empty() && !address.is_contradiction() {
            let (other, how) = match router {
                Router::Public => (Router::Internal, "--internal asks them"),
                Router::Internal => (Router::Public, "without --internal they are asked"),
            };
            if let Some(who) = self.first(other, address.port(), address.host()) {
                notes.push(format!("on the {} routers {who} answers; {how}", other.word()));
            }
            notes.extend(self.by_name_of_router(address, router));
            notes.extend(self.of_others(address, router));
        }
        notes
    }

    /// Apps that stand on two of the routers.
    fn moves(&self, routers: &[AtRouter]) -> Vec<String> {
        let app = |at: &AtRouter| Some(at.rule.service.as_ref()?.app.clone());
        let mut apps: Vec<String> = routers.iter().filter_map(app).collect();
        apps.dedup();
        let moving = |app: String| {
            let locked = self.allocation.lock.apps.get(&app)?;
            let to = locked.moving_to.as_ref()?;
            Some(format!("`{app}` moves from `{}` to `{to}`, and stands on both until the move is finished", locked.rack))
        };
        apps.into_iter().filter_map(moving).collect()
    }

    /// The first rule for a host on any router, in words.
    fn first(&self, router: Router, port: u16, host: &str) -> Option<String> {
        let replies = self.listeners.at(router, port, host);
        Some(match replies.first()?.rule.target {
            Holder::Ours(rule) => format!("`{}/{}`", rule.key.app, rule.key.service),
            Holder::Others => "a rule of others".to_owned(),
        })
    }

    /// Rules for names below that of a router, which the host may be.
    fn by_name_of_router(&self, address: &Address, router: Router) -> Vec<String> {
        let host = address.host();
        if !ROUTER_NAMES.iter().any(|end| host.ends_with(end)) {
            return Vec::new();
        }
        let fits = |known: &&Host| known.at_deploy().is_some_and(|(prefix, _)| host.starts_with(prefix));
        let rules = self.allocation.rules.iter().filter(|rule| rule.key.router == router);
        let rules = rules.filter_map(|rule| Some((rule, rule.hosts.iter().find(fits)?)));
        rules
            .map(|(rule, known)| {
                let (prefix, _) = known.at_deploy().unwrap_or_default();
                let name = host.strip_prefix(prefix).unwrap_or(host);
                let key = &rule.key;
                format!(
                    "`{}/{}` answers if `{name}` is the name of the {} router of `{}`, which only the deployment knows (rule {key})",
                    key.app,
                    key.service,
                    router.word(),
                    key.rack
                )
            })
            .collect()
    }

    /// Rules of others that may answer where no other rule does.
    fn of_others(&self, address: &Address, router: Router) -> Vec<String> {
        let racks = self.fleet.racks.iter().filter(|rack| router.is_on(rack) && router.ports(rack).contains(&address.port()));
        racks
            .filter_map(|rack| {
                let listener = Listener { rack: rack.name.clone(), router, port: address.port() };
                let numbers = self.listeners.unknown(&listener);
                let shown: Vec<String> = numbers.iter().map(u32::to_string).collect();
                let default = if address.port() == HTTP { "the redirect" } else { "the 404" };
                (!shown.is_empty()).then(|| {
                    format!(
                        "on port {} of the {} router of `{}`, rules of others with conditions beside the host come before {default}: {}",
                        address.port(),
                        router.word(),
                        rack.name,
                        shown.join(", ")
                    )
                })
            })
            .collect()
    }
}
