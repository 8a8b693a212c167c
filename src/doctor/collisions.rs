//! Rules of one listener with one number, and how likely the next one is.

use std::collections::{BTreeMap, BTreeSet};

use super::numbers::{Tier, chance, hashed, per_cent, taken};
use super::rules::{ConvoxRule, service_label};
use crate::diagnostics::codes::{CONVOX_NEXT_COLLISION, CONVOX_PRIORITY_IN_USE, CONVOX_SAME_NAMES};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::App;
use crate::routes::Router;

/// From which probability on a new app's collision is worth a message: one in a hundred.
const LIKELY: f64 = 0.01;
/// Numbers that a message lists.
const LISTED: usize = 10;

/// An app and a service of it, by their places.
type Service = (usize, usize);

/// How likely a new app collides on a router of Convox. Probabilities are from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Chances {
    /// Numbers from 1 to 25000 that are taken.
    pub exact: usize,
    /// Numbers from 25000 to 49999 that are taken.
    pub wildcard: usize,
    /// A rule of a new app, or a new domain, meets one of the first.
    pub rule: f64,
    /// A new domain that begins with `*.` meets one of the second.
    pub wildcard_rule: f64,
    /// Rules of a typical app: the mean, rounded, at least one.
    pub typical: usize,
    /// A new app with so many rules can't be deployed.
    pub app: f64,
    /// Rules that the router still takes.
    pub room: usize,
    /// So many rules more, and at least one could not be deployed on the way.
    pub until_full: f64,
}

/// Report the collisions of a router; `rules` are all of it, by app.
pub(super) fn check(rack: &str, router: Router, apps: &[&App], rules: &[&ConvoxRule], out: &mut Diagnostics) {
    let mut by_number: BTreeMap<u32, Vec<&ConvoxRule>> = BTreeMap::new();
    for rule in rules {
        if let Some(number) = rule.number {
            by_number.entry(number).or_default().push(rule);
        }
    }
    let name = |rule: &ConvoxRule| {
        let app = apps[rule.app];
        service_label(app, &app.manifest.services[rule.service])
    };
    let mut alike: BTreeMap<(Service, Service), Vec<(u32, &ConvoxRule)>> = BTreeMap::new();
    for (number, rules) in &by_number {
        let Some((first, others)) = rules.split_first() else { continue };
        for other in others {
            if (first.app, first.service) != (other.app, other.service) && name(first) == name(other) {
                alike.entry(((first.app, first.service), (other.app, other.service))).or_default().push((*number, other));
            } else {
                collision(rack, apps, *number, (first, other), out);
            }
        }
    }
    for (((app, service), _), numbers) in alike {
        let first = (apps[app], service);
        same_names(rack, router, first, apps, &numbers, out);
    }
}

/// `app/service`.
pub(super) fn owner(apps: &[&App], rule: &ConvoxRule) -> String {
    let app = apps[rule.app];
    format!("{}/{}", app.name, app.manifest.services[rule.service].name.value)
}

/// Two rules that hash to one number.
fn collision(rack: &str, apps: &[&App], number: u32, (first, other): (&ConvoxRule, &ConvoxRule), out: &mut Diagnostics) {
    let text = |rule: &ConvoxRule| {
        let app = apps[rule.app];
        hashed(&app.name, &app.manifest.services[rule.service].name.value, &rule.key)
    };
    let ports = if [first, other].iter().all(|rule| !apps[rule.app].params.redirect_https) { "ports 443 and 80" } else { "port 443" };
    let whose = if owner(apps, first) == owner(apps, other) {
        format!("two rules of `{}`", owner(apps, other))
    } else {
        format!("a rule of `{}` and one of `{}`", owner(apps, first), owner(apps, other))
    };
    let when = if first.app == other.app { "every deployment" } else { "whichever is deployed later" };
    out.report(
        Diagnostic::new(&CONVOX_PRIORITY_IN_USE, other.place, format!("{whose} get the number {number}"))
            .label(format!("{number} for `{}`", other.shown()))
            .also(first.place, format!("{number} for `{}`", first.shown()))
            .note(format!(
                "`{}` and `{}` hash to it, on {ports} of the {} router of `{rack}`",
                text(first),
                text(other),
                first.router.word()
            ))
            .help(format!("{when} fails with PriorityInUse, each time: change a name, or the place of a domain in its list")),
    );
}

/// Two services whose names spell the same: rules and hosts of both are the same.
fn same_names(
    rack: &str,
    router: Router,
    (first, service): (&App, usize),
    apps: &[&App],
    numbers: &[(u32, &ConvoxRule)],
    out: &mut Diagnostics,
) {
    let Some((_, other)) = numbers.first() else { return };
    let first_name = &first.manifest.services[service].name;
    let app = apps[other.app];
    let spelt = service_label(app, &app.manifest.services[other.service]);
    let mut listed: Vec<String> = numbers.iter().take(LISTED).map(|(number, rule)| format!("{number} ({})", rule.key)).collect();
    if numbers.len() > LISTED {
        listed.push(format!("{} more", numbers.len() - LISTED));
    }
    out.report(
        Diagnostic::new(
            &CONVOX_SAME_NAMES,
            app.manifest.services[other.service].name.place,
            format!("`{}/{}` and `{}` both are `{spelt}` to Convox", first.name, first_name.value, owner(apps, other)),
        )
        .label(format!("`{spelt}` again"))
        .also(first_name.place, format!("`{spelt}`"))
        .note(format!("both get the numbers {} on the {} router of `{rack}`", listed.join(", "), router.word()))
        .help("rename one of them: whichever is deployed later fails with PriorityInUse"),
    );
}

/// How likely the next collision is; `rules` are all of a router, and it has room for so many more.
pub(super) fn chances(rules: &[&ConvoxRule], room: usize) -> Chances {
    let numbers: BTreeSet<u32> = rules.iter().filter_map(|rule| rule.number).collect();
    let (exact, wildcard) = (taken(&numbers, Tier::Exact), taken(&numbers, Tier::Wildcard));
    let apps: BTreeSet<usize> = rules.iter().map(|rule| rule.app).collect();
    let plain = rules.iter().filter(|rule| rule.tier() == Tier::Exact).count();
    let typical = ((2 * plain + apps.len()) / (2 * apps.len().max(1))).max(1);
    Chances {
        exact,
        wildcard,
        rule: chance(exact, 1),
        wildcard_rule: chance(wildcard, 1),
        typical,
        app: chance(exact, typical),
        room,
        until_full: chance(exact, room),
    }
}

/// Say where a new app collides with some likelihood.
pub(super) fn report(rack: &str, router: Router, chances: &Chances, out: &mut Diagnostics) {
    if chances.app < LIKELY {
        return;
    }
    let app = per_cent(chances.app);
    let mut diagnostic = Diagnostic::nowhere(
        &CONVOX_NEXT_COLLISION,
        format!("a new app on the {} router of `{rack}` meets a number that is taken with {app}", router.word()),
    )
    .note(format!("{} numbers of 25000 are taken, and a typical app has {} rules", chances.exact, chances.typical));
    if chances.room > 0 {
        let until_full = per_cent(chances.until_full);
        diagnostic = diagnostic.note(format!("of the {} rules that the router still takes, one does with {until_full}", chances.room));
    }
    out.report(diagnostic);
}
