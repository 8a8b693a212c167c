//! Tests of routes, kept beside what they test: who answers at an address.

use crate::allocate::Allocation;
use crate::demand::Rule;
use crate::diagnostics::codes::EXPECTATION;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{Expectation, Fleet};
use crate::routes::Router;

/// Hold every expectation against the rules.
pub fn check(fleet: &Fleet, allocation: &Allocation, expectations: &[Expectation], out: &mut Diagnostics) {
    for expectation in expectations {
        let address = expectation.address.value.to_lowercase();
        let (scheme, rest) = address.split_once("://").unwrap_or(("https", &address));
        let host = rest.split('/').next().unwrap_or(rest);
        let (answer, why) = answer(fleet, allocation, host, scheme == "http");
        if answer != expectation.answer.value {
            let said = match answer.as_str() {
                "none" => "nobody answers".to_owned(),
                "redirect" => "a redirect to HTTPS answers".to_owned(),
                _ => format!("`{answer}` answers"),
            };
            out.report(
                Diagnostic::new(
                    &EXPECTATION,
                    expectation.answer.place,
                    format!("{said} at {}, not `{}`", expectation.address.value, expectation.answer.value),
                )
                .label(why)
                .help("change the routes, or what is expected of them"),
            );
        }
    }
}

/// Who answers at a host, and why: on the public routers, or else on the internal ones.
fn answer(fleet: &Fleet, allocation: &Allocation, host: &str, http: bool) -> (String, String) {
    for router in [Router::Public, Router::Internal] {
        // The rule with the lowest number wins on each router; racks are asked in their order.
        for rack in &fleet.racks {
            let on_it = |rule: &&Rule| rule.key.rack == rack.name && rule.key.router == router;
            let matching = allocation.rules.iter().filter(on_it).filter(|rule| rule.hosts.iter().any(|known| known.matches(host)));
            let Some(rule) = matching.min_by_key(|rule| rule.priority) else { continue };
            let why = format!("rule {} with the number {}", rule.key, rule.priority);
            if http && fleet.apps[rule.app].params.redirect_https {
                return ("redirect".to_owned(), "port 80 redirects".to_owned());
            }
            return (format!("{}/{}", rule.key.app, rule.key.service), why);
        }
    }
    let redirects = http && fleet.racks.iter().any(|rack| rack.has_router() && rack.params.port80);
    if redirects {
        ("redirect".to_owned(), "port 80 redirects whatever has no rule".to_owned())
    } else {
        ("none".to_owned(), "no rule matches the host".to_owned())
    }
}
