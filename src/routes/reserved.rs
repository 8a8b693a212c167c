//! Domains that belong to one app.

use crate::diagnostics::codes::{RESERVED, UNKNOWN_APP};
use crate::diagnostics::{Diagnostic, Diagnostics, nearest};
use crate::fleet::{Fleet, Reservation};
use crate::host::Host;

use super::Route;

pub(super) fn check(fleet: &Fleet, routes: &[Route], reservations: &[Reservation], out: &mut Diagnostics) {
    for reservation in reservations {
        let (app, domain) = (&reservation.app, &reservation.domain);
        if !fleet.apps.iter().any(|known| known.name == app.value) {
            let known = fleet.apps.iter().map(|app| app.name.as_str());
            let help = nearest(&app.value, known).map_or("name an app of this fleet".to_owned(), |near| format!("did you mean `{near}`?"));
            out.report(Diagnostic::new(&UNKNOWN_APP, app.place, format!("there is no app `{}`", app.value)).help(help));
            continue;
        }
        let taken = of(&domain.value);
        for route in routes.iter().filter(|route| route.is_domain && fleet.apps[route.app].name != app.value) {
            // A part of the domain that belongs to the app itself is its own.
            let is_own = reservations.iter().any(|other| {
                let is_part = taken.iter().any(|taken| taken.contains(&Host::trusted(other.domain.value.clone())));
                is_part
                    && other.app.value == fleet.apps[route.app].name
                    && of(&other.domain.value).iter().any(|own| own.contains(&route.host))
            });
            if is_own {
                continue;
            }
            let witness = taken.iter().filter(|taken| taken.may_meet(&route.host)).find_map(|taken| taken.overlap(&route.host));
            if let Some(witness) = witness {
                let message = format!(
                    "`{}` claims `{}`, and `{}` belongs to `{}`",
                    fleet.apps[route.app].name,
                    route.host.as_str(),
                    domain.value,
                    app.value
                );
                let mut diagnostic = Diagnostic::new(&RESERVED, route.place, message).also(domain.place, "reserved here");
                if route.host.is_wildcard() {
                    diagnostic = diagnostic.note(format!("it matches {witness}, for example"));
                }
                out.report(diagnostic.help(format!("move the domain to `{}`, or change `domains` in rackform.yml", app.value)));
            }
        }
    }
}

/// A domain, and all names below it.
fn of(domain: &str) -> [Host; 2] {
    [Host::trusted(domain.to_owned()), Host::trusted(format!("*.{domain}"))]
}
