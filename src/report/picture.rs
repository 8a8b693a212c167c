//! Who answers what, as it is drawn: routers, the services behind them, and what becomes of their hosts.

use std::collections::{BTreeMap, BTreeSet};

use super::words;
use crate::plan::{Answerer, HostChange, HostFate, Plan};

/// All routers that answer something before or after, in the order of the plan.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// The routers.
    pub(super) routers: Vec<DrawnRouter>,
}

/// A router and the services that it leads to.
#[derive(Debug)]
pub(super) struct DrawnRouter {
    /// Its rack.
    pub(super) rack: String,
    /// `public` or `internal`.
    pub(super) router: &'static str,
    /// Whether this change opens its rack.
    pub(super) is_new: bool,
    /// The services: those with the loudest change first, then by name.
    pub(super) services: Vec<DrawnService>,
}

/// A service on a router.
#[derive(Debug)]
pub(super) struct DrawnService {
    /// `app/service`.
    pub(super) name: String,
    /// The loudest of what becomes of its hosts.
    pub(super) mark: Mark,
    /// Whether none of its hosts leads here any more.
    pub(super) is_gone: bool,
    /// Hosts with what becomes of them and that in words: the loudest first.
    pub(super) hosts: Vec<(Mark, String, Option<String>)>,
}

/// What becomes of a host from the point of view of one service on one rack, the loudest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// Another app answered it before.
    Takes,
    /// Another app answers it now.
    Loses,
    /// Nobody answers it any more.
    Ceases,
    /// It comes from another service or rack of the same app.
    Comes,
    /// It goes to one.
    Goes,
    /// It is answered in another way on port 80.
    Changes,
    /// It is answered for the first time.
    Begins,
    /// Nothing.
    Stays,
}

impl Mark {
    /// Whether the host leads to the service no longer.
    fn is_away(self) -> bool {
        matches!(self, Self::Loses | Self::Ceases | Self::Goes)
    }
}

type At<'a> = (&'a str, &'a str);
type Hosts<'a> = BTreeMap<String, (Mark, Option<String>)>;

/// Draw the routing of a plan.
pub(super) fn picture(plan: &Plan) -> Picture {
    let mut routers: BTreeMap<(&str, &'static str), BTreeMap<At<'_>, Hosts<'_>>> = BTreeMap::new();
    for routed in &plan.routing {
        let hosts = routers.entry((&routed.rack, routed.router)).or_default().entry((&routed.app, &routed.service)).or_default();
        hosts.extend(routed.hosts.iter().map(|(host, _)| (named(host, &routed.rack, routed.router), (Mark::Stays, None))));
    }
    for change in &plan.hosts {
        for (answerer, mark, words) in marks(change) {
            let services = routers.entry((&answerer.rack, change.router)).or_default();
            let hosts = services.entry((&answerer.app, &answerer.service)).or_default();
            hosts.insert(change.host.clone(), (mark, Some(words)));
        }
    }
    let places: BTreeMap<(&str, &str), (usize, bool)> =
        plan.routers.iter().enumerate().map(|(at, router)| ((&*router.rack, router.router), (at, router.is_new))).collect();
    let mut drawn: Vec<((usize, bool), DrawnRouter)> = routers
        .into_iter()
        .map(|(at, services)| {
            let (place, is_new) = places.get(&at).copied().unwrap_or((usize::MAX, false));
            let mut services: Vec<DrawnService> = services.into_iter().map(service).collect();
            services.sort_by(|a, b| (a.mark, &a.name).cmp(&(b.mark, &b.name)));
            ((place, at.1 != "public"), DrawnRouter { rack: at.0.to_owned(), router: at.1, is_new, services })
        })
        .collect();
    drawn.sort_by_key(|(place, _)| *place); // stable: racks that are gone come last, by name
    Picture { routers: drawn.into_iter().map(|(_, router)| router).collect() }
}

/// A host as changes of hosts name it: one that ends in the name of a router is another one on each rack.
pub(super) fn named(host: &str, rack: &str, router: &str) -> String {
    host.replace("<name of the router>", &format!("<name of the {router} router of {rack}>"))
}

fn service(((app, service), hosts): (At<'_>, Hosts<'_>)) -> DrawnService {
    let mut hosts: Vec<(Mark, String, Option<String>)> = hosts.into_iter().map(|(host, (mark, words))| (mark, host, words)).collect();
    hosts.sort();
    DrawnService {
        name: format!("{app}/{service}"),
        mark: hosts.first().map_or(Mark::Stays, |(mark, _, _)| *mark),
        is_gone: hosts.iter().all(|(mark, _, _)| mark.is_away()),
        hosts,
    }
}

/// What a change of a host is to each service on each rack that answers it before or after.
fn marks(change: &HostChange) -> Vec<(&Answerer, Mark, String)> {
    let apps = |list: &[Answerer]| list.iter().map(|one| one.app.clone()).collect::<BTreeSet<_>>();
    let (old_apps, new_apps) = (apps(&change.before), apps(&change.after));
    let is_at = |list: &[Answerer], one: &Answerer| {
        list.iter().find(|other| (&other.rack, &other.app, &other.service) == (&one.rack, &one.app, &one.service)).map(|other| other.http)
    };
    // Where only the rack is another one, the rack says it.
    let others = |list: &[Answerer], one: &Answerer| {
        if list.iter().all(|other| (&other.app, &other.service) == (&one.app, &one.service)) {
            list.iter().map(|other| other.rack.as_str()).collect::<Vec<_>>().join(", ")
        } else {
            words::answerers(list, words::is_about_racks(change.change))
        }
    };
    let mut marks = Vec::new();
    for one in &change.after {
        match is_at(&change.before, one) {
            Some(http) if http == one.http => {}
            Some(_) => marks.push((one, Mark::Changes, words::fate(HostFate::ChangesHttp).to_owned())),
            None if change.before.is_empty() => marks.push((one, Mark::Begins, "new".to_owned())),
            None => {
                let mark = if old_apps.contains(&one.app) { Mark::Comes } else { Mark::Takes };
                let from = if change.change == HostFate::Spreads { "as on" } else { "from" };
                marks.push((one, mark, format!("{from} {}", others(&change.before, one))));
            }
        }
    }
    for one in change.before.iter().filter(|one| is_at(&change.after, one).is_none()) {
        if change.after.is_empty() {
            marks.push((one, Mark::Ceases, "answered no longer".to_owned()));
        } else {
            let mark = if new_apps.contains(&one.app) { Mark::Goes } else { Mark::Loses };
            marks.push((one, mark, format!("to {}", others(&change.after, one))));
        }
    }
    marks
}
