//! The routing as a flowchart that GitHub draws of Mermaid's language.

use std::fmt::Write as _;

use crate::report::picture::{DrawnRouter, DrawnService, Mark, Picture};
use crate::report::visible::visible;
use crate::report::words::counted;

/// Characters of a flowchart. GitHub refuses more than 50,000, and nobody looks at half of that.
const MOST: usize = 20_000;
/// How many services, and hosts of each, are drawn at the most: the first of these that there is room for.
const SIZES: [(usize, usize); 7] = [(48, 6), (40, 4), (32, 3), (24, 3), (16, 2), (8, 2), (4, 1)];
/// Routers that are drawn at the most. With the services, and one node more a router, this stays below 100 nodes.
const ROUTERS: usize = 12;

/// The flowchart of what changes and of what is beside it, as large as there is room for; none where there is none.
pub(super) fn mermaid(picture: &Picture, room: usize) -> Option<String> {
    SIZES.iter().map(|(services, hosts)| draw(picture, *services, *hosts)).find(|text| text.len() <= room.min(MOST))
}

fn draw(picture: &Picture, most_services: usize, most_hosts: usize) -> String {
    // Without a limit on the width of a label a long host would be broken anywhere.
    let mut text = String::from("%%{init: {\"flowchart\": {\"wrappingWidth\": 700}}}%%\nflowchart LR\n");
    let mut routers: Vec<&DrawnRouter> = picture.routers.iter().collect();
    routers.sort_by_key(|router| loudest(router)); // stable
    let hidden_routers = routers.len().saturating_sub(ROUTERS);
    routers.truncate(ROUTERS);
    let shown = shown(&routers, most_services);
    let mut node = 0;
    for (at, (router, services)) in routers.iter().zip(shown).enumerate() {
        let new = if router.is_new { " (new)" } else { "" };
        let _ = writeln!(text, "  r{at}([\"{}<br/>{} router{new}\"])", label(&router.rack), router.router);
        for service in &router.services[..services] {
            let _ = writeln!(text, "  r{at} {} s{node}[\"{}\"]{}", arrow(service), lines(service, most_hosts), class(service));
            node += 1;
        }
        let more = router.services.len() - services;
        if more > 0 {
            let unchanged = if router.services[services..].iter().all(|service| service.mark == Mark::Stays) { ", unchanged" } else { "" };
            let _ = writeln!(text, "  r{at} --- m{at}[\"{} more{unchanged}\"]:::more", counted(more, "service"));
        }
    }
    if hidden_routers > 0 {
        let _ = writeln!(text, "  more[\"{} more\"]:::more", counted(hidden_routers, "router"));
    }
    text.push_str(concat!(
        "  classDef takes stroke:#cf222e,stroke-width:3px\n",
        "  classDef gone stroke:#cf222e,stroke-width:2px,stroke-dasharray:6 4\n",
        "  classDef moved stroke:#bf8700,stroke-width:2px\n",
        "  classDef begins stroke:#1a7f37,stroke-width:2px\n",
        "  classDef more stroke-dasharray:2 3\n",
    ));
    text
}

fn loudest(router: &DrawnRouter) -> Mark {
    router.services.first().map_or(Mark::Stays, |service| service.mark)
}

/// How many services of each router are drawn: all if they are few, else those that change, the loudest first, and of
/// the others as many as there is room for beside these.
fn shown(routers: &[&DrawnRouter], most: usize) -> Vec<usize> {
    let mut all: Vec<(Mark, usize)> =
        routers.iter().enumerate().flat_map(|(at, router)| router.services.iter().map(move |service| (service.mark, at))).collect();
    all.sort_unstable();
    if all.len() > most {
        let changed = all.iter().filter(|(mark, _)| *mark != Mark::Stays).count();
        all.truncate(changed.max(most.min(BESIDE)).min(most));
    }
    let mut shown = vec![0; routers.len()];
    for (_, at) in all {
        shown[at] += 1;
    }
    shown
}

/// Services that are drawn, changed or not, where there are too many for all of them.
const BESIDE: usize = 8;

fn arrow(service: &DrawnService) -> &'static str {
    match service.mark {
        _ if service.is_gone => "-.->",
        Mark::Stays | Mark::Goes | Mark::Loses | Mark::Ceases => "-->",
        Mark::Takes | Mark::Comes | Mark::Changes | Mark::Begins => "==>",
    }
}

fn class(service: &DrawnService) -> &'static str {
    match service.mark {
        _ if service.is_gone => ":::gone",
        Mark::Takes => ":::takes",
        Mark::Loses | Mark::Ceases | Mark::Comes | Mark::Goes | Mark::Changes => ":::moved",
        Mark::Begins => ":::begins",
        Mark::Stays => "",
    }
}

fn lines(service: &DrawnService, most: usize) -> String {
    let mut text = label(&service.name);
    for (_, host, words) in service.hosts.iter().take(most) {
        let words = words.as_ref().map(|words| format!(" – {}", label(words)));
        let _ = write!(text, "<br/>{}{}", label(host), words.unwrap_or_default());
    }
    let more = service.hosts.len().saturating_sub(most);
    if more > 0 {
        let _ = write!(text, "<br/>… {} more", counted(more, "host"));
    }
    text
}

/// A value in a quoted label: every character that could mean something by its number, which Mermaid writes without
/// an ampersand. `-` and `.` mean nothing between letters, and are written out elsewhere: `1. a` would be a list.
fn label(value: &str) -> String {
    // Mermaid makes an end of a line of a backslash and an `n`, however it is written.
    let text = visible(value).replace('\\', "⧵");
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 8);
    let is_letter = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_alphanumeric);
    for (at, c) in chars.iter().enumerate() {
        let is_between = || is_letter(at.checked_sub(1)) && is_letter(Some(at + 1));
        let is_safe = c.is_ascii_alphanumeric() || *c == ' ' || (matches!(c, '-' | '.') && is_between());
        if is_safe {
            out.push(*c);
        } else {
            let _ = write!(out, "#{};", u32::from(*c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_means_anything_in_a_label() {
        assert_eq!(label("www.shop-2.example.org"), "www.shop-2.example.org");
        assert_eq!(label("*.x"), "#42;#46;x");
        assert_eq!(label("a\"]-->b<br/>`|#1;ö"), "a#34;#93;#45;#45;#62;b#60;br#47;#62;#96;#124;#35;1#59;#246;");
        assert_eq!(label("1. a\n- b"), "1#46; a#10741;n#45; b");
    }
}
