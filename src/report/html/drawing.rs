//! The routing as a picture: routers on the left, the services that they lead to on the right, and what becomes of
//! their hosts. This file says where everything stands; the template draws it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::report::picture::{DrawnRouter, DrawnService, Mark, Picture};
use crate::report::visible::visible;
use crate::report::words::counted;

/// Services that are drawn at the most; those that change come first.
const SERVICES: usize = 30;
/// Services that are drawn where there are too many for all and few change.
const BESIDE: usize = 8;
/// Hosts of a service that are drawn at the most: of many services, and of few.
const HOSTS: (usize, usize) = (3, 8);
/// So many services are few.
const FEW: usize = 8;
/// A router whose services take more than this stands beside the first of them, else in their middle.
const TALL: usize = 600;

/// Everything is in pixels of CSS.
const ROUTER_WIDTH: usize = 170;
const GAP: usize = 90;
const SERVICE_WIDTH: usize = 640;
const LINE: usize = 20;
const PADDING: usize = 9;
const SPACE: usize = 14;
const ROUTER_HEIGHT: usize = 52;

/// The picture.
#[derive(Debug, Serialize)]
pub(super) struct Drawing {
    width: usize,
    height: usize,
    routers: Vec<RouterBox>,
    services: Vec<ServiceBox>,
    edges: Vec<Edge>,
    /// What is not drawn, in words.
    hidden: Option<String>,
}

#[derive(Debug, Serialize)]
struct RouterBox {
    y: usize,
    width: usize,
    height: usize,
    rack: String,
    router: String,
    is_new: bool,
}

#[derive(Debug, Serialize)]
struct ServiceBox {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    name: String,
    class: &'static str,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    y: usize,
    text: String,
    /// All of a host, of which the text may be a part.
    whole: Option<String>,
    words: String,
    class: &'static str,
}

#[derive(Debug, Serialize)]
struct Edge {
    path: String,
    class: &'static str,
}

/// A service on every router that leads to it.
struct Joined<'a> {
    name: &'a str,
    on: Vec<(usize, &'a DrawnService)>,
}

impl Joined<'_> {
    fn mark(&self) -> Mark {
        self.on.iter().map(|(_, service)| service.mark).min().unwrap_or(Mark::Stays)
    }
}

/// Lay out a picture; nothing where there is nothing to draw.
pub(super) fn drawing(picture: &Picture) -> Option<Drawing> {
    let mut joined: BTreeMap<(usize, &str), Joined<'_>> = BTreeMap::new();
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, router) in picture.routers.iter().enumerate() {
        for service in &router.services {
            let place = *first.entry(&service.name).or_insert(at);
            joined.entry((place, &service.name)).or_insert_with(|| Joined { name: &service.name, on: Vec::new() }).on.push((at, service));
        }
    }
    let total = joined.len();
    let mut services: Vec<((usize, Mark), Joined<'_>)> =
        joined.into_iter().map(|((router, _), service)| ((router, service.mark()), service)).collect();
    if total > SERVICES {
        services.sort_by_key(|((router, mark), _)| (*mark, *router));
        let changed = services.iter().filter(|((_, mark), _)| *mark != Mark::Stays).count();
        services.truncate(changed.clamp(BESIDE, SERVICES));
    }
    services.sort_by_key(|(place, _)| *place);
    let services: Vec<Joined<'_>> = services.into_iter().map(|(_, service)| service).collect();
    if services.is_empty() {
        return None;
    }
    let hidden = total - services.len();
    Some(laid_out(picture, &services, (hidden > 0).then(|| format!("{} more not drawn", counted(hidden, "service")))))
}

fn laid_out(picture: &Picture, services: &[Joined<'_>], hidden: Option<String>) -> Drawing {
    let x = ROUTER_WIDTH + GAP;
    let mut boxes: Vec<ServiceBox> = Vec::new();
    let mut y = 1;
    for service in services {
        let lines = lines(service, &picture.routers, if services.len() > FEW { HOSTS.0 } else { HOSTS.1 });
        let height = PADDING * 2 + LINE * (lines.len() + 1);
        boxes.push(ServiceBox { x, y, width: SERVICE_WIDTH, height, name: shortened(service.name, 60), class: class(service), lines });
        y += height + SPACE;
    }
    let mut height = y - SPACE + 1;
    let drawn: BTreeSet<usize> = services.iter().flat_map(|service| service.on.iter().map(|(at, _)| *at)).collect();
    let mut routers: BTreeMap<usize, RouterBox> = BTreeMap::new();
    let mut free = 1;
    for at in drawn {
        let ends: Vec<usize> = services
            .iter()
            .zip(&boxes)
            .filter(|(service, _)| service.on.iter().any(|(on, _)| *on == at))
            .map(|(_, one)| middle(one))
            .collect();
        let (low, high) = (ends.iter().min().copied().unwrap_or_default(), ends.iter().max().copied().unwrap_or_default());
        let beside = if high - low > TALL { low } else { usize::midpoint(low, high) };
        let y = beside.saturating_sub(ROUTER_HEIGHT / 2).max(free);
        free = y + ROUTER_HEIGHT + SPACE;
        height = height.max(free - SPACE + 1);
        let router = &picture.routers[at];
        let name = shortened(&router.rack, 18);
        let of = format!("{} router", router.router);
        routers.insert(at, RouterBox { y, width: ROUTER_WIDTH, height: ROUTER_HEIGHT, rack: name, router: of, is_new: router.is_new });
    }
    let mut edges: Vec<Edge> = Vec::new();
    for (service, one) in services.iter().zip(&boxes) {
        for (at, on) in &service.on {
            let (from, to) = (routers[at].y + ROUTER_HEIGHT / 2, one.y + PADDING + LINE / 2);
            let bend = ROUTER_WIDTH + GAP / 2;
            edges.push(Edge { path: format!("M{ROUTER_WIDTH} {from}C{bend} {from} {bend} {to} {x} {to}"), class: class_of(on) });
        }
    }
    // What changes is drawn over what stays.
    edges.sort_by_key(|edge| edge.class != "stays");
    Drawing { width: x + SERVICE_WIDTH + 1, height, routers: routers.into_values().collect(), services: boxes, edges, hidden }
}

fn middle(one: &ServiceBox) -> usize {
    one.y + one.height / 2
}

/// The lines of a service: hosts that change on their own, and how many there are besides.
fn lines(service: &Joined<'_>, routers: &[DrawnRouter], most: usize) -> Vec<Line> {
    let is_many = service.on.len() > 1;
    let mut hosts: Vec<(Mark, &str, String)> = Vec::new();
    for (at, on) in &service.on {
        for (mark, host, words) in &on.hosts {
            let rack = if is_many { format!("{}: ", routers[*at].rack) } else { String::new() };
            hosts.push((*mark, host, words.as_ref().map(|words| format!("{rack}{words}")).unwrap_or_default()));
        }
    }
    hosts.sort();
    // A service that stays as it is takes one line: its hosts are in the search.
    let shown = if service.mark() == Mark::Stays { 0 } else { most };
    let mut lines: Vec<Line> = Vec::new();
    for (mark, host, words) in hosts.iter().filter(|(mark, _, _)| *mark != Mark::Stays).take(shown) {
        let text = shortened(host, 48);
        let y = PADDING + LINE * (lines.len() + 2) - 5;
        lines.push(Line { y, text, whole: Some((*host).to_owned()), words: shortened(words, 36), class: class_of_host(*mark) });
    }
    let told = lines.len();
    let names: BTreeSet<&str> = hosts.iter().skip(told).map(|(_, host, _)| *host).collect();
    if !names.is_empty() {
        let text = if told == 0 { counted(names.len(), "host") } else { format!("and {} more", counted(names.len(), "host")) };
        let y = PADDING + LINE * (lines.len() + 2) - 5;
        lines.push(Line { y, text, whole: None, words: String::new(), class: "rest" });
    }
    lines
}

/// The start of a text.
fn shortened(text: &str, most: usize) -> String {
    let text = visible(text);
    if text.chars().count() <= most { text.into_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

fn class(service: &Joined<'_>) -> &'static str {
    if service.on.iter().all(|(_, on)| on.is_gone) { "gone" } else { class_of_host(service.mark()) }
}

fn class_of(service: &DrawnService) -> &'static str {
    match service.mark {
        _ if service.is_gone => "gone",
        Mark::Loses | Mark::Ceases | Mark::Goes => "stays",
        mark => class_of_host(mark),
    }
}

fn class_of_host(mark: Mark) -> &'static str {
    match mark {
        Mark::Takes => "takes",
        Mark::Loses | Mark::Ceases | Mark::Goes => "loses",
        Mark::Comes | Mark::Changes => "moves",
        Mark::Begins => "begins",
        Mark::Stays => "stays",
    }
}
