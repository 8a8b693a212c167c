//! Every host with who answers it, as data for the search of the page.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::plan::{Answerer, Plan};
use crate::report::picture::named;
use crate::report::visible::visible;
use crate::report::words;

/// The data. Names are told once, and hosts that nobody else answers by who answers them.
#[derive(Serialize)]
struct Hosts<'a> {
    /// Such as `shop/web on main`.
    answerers: Vec<String>,
    /// Answerers of a router of a scheme, by their places, and the hosts that they answer as before.
    same: Vec<(&'static str, usize, Vec<String>)>,
    /// Hosts that are answered in another way.
    changed: Vec<Changed<'a>>,
}

/// Host, router, what becomes of it, who answered, who answers.
type Changed<'a> = (Cow<'a, str>, &'static str, &'static str, Vec<usize>, Vec<usize>);

/// The data as JSON, and how many hosts there are.
pub(super) fn finder(plan: &Plan) -> (String, usize) {
    let mut names = Names::default();
    let changed: Vec<Changed<'_>> = plan
        .hosts
        .iter()
        .map(|host| (visible(&host.host), host.router, words::fate(host.change), names.places(&host.before), names.places(&host.after)))
        .collect();
    let is_changed: BTreeSet<(&str, &str)> = plan.hosts.iter().map(|host| (host.router, host.host.as_str())).collect();
    let mut all: BTreeSet<(&str, String)> = is_changed.iter().map(|(router, host)| (*router, (*host).to_owned())).collect();
    let mut same: BTreeMap<(&'static str, usize), Vec<String>> = BTreeMap::new();
    for routed in &plan.routing {
        for (host, ports) in &routed.hosts {
            let host = named(host, &routed.rack, routed.router);
            if is_changed.contains(&(routed.router, host.as_str())) {
                continue;
            }
            let http = ports.contains(&80);
            let place = names.place(Answerer { rack: routed.rack.clone(), app: routed.app.clone(), service: routed.service.clone(), http });
            all.insert((routed.router, host.clone()));
            same.entry((routed.router, place)).or_default().push(visible(&host).into_owned());
        }
    }
    let same = same.into_iter().map(|((router, place), hosts)| (router, place, hosts)).collect();
    let hosts = Hosts { answerers: names.list, same, changed };
    (serde_json::to_string(&hosts).expect("hosts are plain data"), all.len())
}

/// Who answers, each told once.
#[derive(Default)]
struct Names {
    places: BTreeMap<Answerer, usize>,
    list: Vec<String>,
}

impl Names {
    fn place(&mut self, one: Answerer) -> usize {
        *self.places.entry(one).or_insert_with_key(|one| {
            self.list.push(visible(&words::answerers(std::slice::from_ref(one), true)).into_owned());
            self.list.len() - 1
        })
    }

    fn places(&mut self, list: &[Answerer]) -> Vec<usize> {
        list.iter().map(|one| self.place(one.clone())).collect()
    }
}
