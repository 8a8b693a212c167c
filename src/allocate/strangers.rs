//! Rules of others on our listeners: the lowest number wins, whoever gave it out.

use std::collections::BTreeMap;

use super::HTTP;
use crate::diagnostics::codes::SHADOWED_BY_STRANGER;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::host::Host;
use crate::lock::{Lock, RuleKey, StrangerKey};
use crate::routes::Router;
use crate::source::Place;

/// A rule of ours: key, number, hosts, and whether it stands on port 80 too.
pub type Ours<'a> = (&'a RuleKey, u32, &'a [Host], bool);

/// Say which hosts of ours never get to us, because a rule of others matches them under a lower
/// number. `place_of` and `line_of` say where a host and a rule of others are written.
pub fn shadows<'a>(
    ours: impl Iterator<Item = Ours<'a>>,
    lock: &Lock,
    place_of: impl Fn(&RuleKey, &Host) -> Option<Place>,
    line_of: impl Fn(&StrangerKey) -> Option<Place>,
    out: &mut Diagnostics,
) {
    let mut strangers: BTreeMap<(&str, Router), Vec<(&StrangerKey, &Host)>> = BTreeMap::new();
    for (key, hosts) in &lock.strangers {
        strangers.entry((&key.0, key.1)).or_default().extend(hosts.iter().map(|host| (key, host)));
    }
    if strangers.is_empty() {
        return;
    }
    for (key, number, hosts, on_80) in ours {
        let others = strangers.get(&(key.rack.as_str(), key.router)).into_iter().flatten();
        let before: Vec<_> = others.filter(|(other, _)| other.3 < number && (other.2 != HTTP || on_80)).collect();
        for host in hosts {
            // A rule of several patterns that contain one host takes it once.
            let mut last = None;
            for (stranger, pattern) in before.iter().filter(|(_, pattern)| pattern.contains(host)) {
                if last.replace(*stranger) == Some(*stranger) {
                    continue;
                }
                // Whatever our host matches is matched by the other one.
                let witness = host.shown().replace(['*', '?'], "x");
                let (app, service) = (&key.app, &key.service);
                let message =
                    format!("`{}` of `{app}/{service}` is answered by a rule of others, for `{}`", host.shown(), pattern.as_str());
                let mut diagnostic = Diagnostic::new(&SHADOWED_BY_STRANGER, place_of(key, host), message)
                    .label(format!("rule {} on port {} comes before {number}", stranger.3, stranger.2))
                    .note(format!("a request for {witness} never gets to `{app}/{service}`"));
                if let Some(line) = line_of(stranger).or_else(|| lock.stranger_line(stranger)) {
                    diagnostic = diagnostic.also(line, "the rule of others");
                }
                out.report(
                    diagnostic.help("remove that rule or give it a higher number; then save the rules and run `rackform adopt` again"),
                );
            }
        }
    }
}
