//! Tests of routes, kept beside what they test: who answers at an address.

use crate::allocate::{Action, Allocation, HTTP, HTTPS, Holder, Listeners, Reply};
use crate::diagnostics::codes::EXPECTATION;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{Expectation, Fleet};
use crate::routes::Router;

/// Hold every expectation against the rules.
pub fn check(fleet: &Fleet, allocation: &Allocation, expectations: &[Expectation], out: &mut Diagnostics) {
    if expectations.is_empty() {
        return;
    }
    let listeners = Listeners::new(fleet, allocation);
    for expectation in expectations {
        let address = expectation.address.value.to_lowercase();
        let (scheme, rest) = address.split_once("://").unwrap_or(("https", &address));
        let host = rest.split('/').next().unwrap_or(rest);
        let (answer, why) = answer(&listeners, host, if scheme == "http" { HTTP } else { HTTPS });
        if answer != expectation.answer.value {
            let said = match answer.as_str() {
                "none" => "nobody answers".to_owned(),
                "others" => "a rule of others answers".to_owned(),
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

/// Who answers at a host, and why: on the public routers, or else on the internal ones. Racks are asked
/// in their order.
fn answer(listeners: &Listeners<'_>, host: &str, port: u16) -> (String, String) {
    let routers = [Router::Public, Router::Internal];
    if let Some(reply) = routers.into_iter().find_map(|router| listeners.at(router, port, host).into_iter().next()) {
        return of_router(&reply);
    }
    let asked = if listeners.has(Router::Public) { Router::Public } else { Router::Internal };
    if listeners.otherwise(asked, port) == Action::Redirect {
        ("redirect".to_owned(), "port 80 redirects whatever has no rule".to_owned())
    } else {
        ("none".to_owned(), "no rule matches the host".to_owned())
    }
}

/// What a router that knows the host does.
fn of_router(reply: &Reply<'_>) -> (String, String) {
    let listener = &reply.listener;
    match (reply.action, reply.rule.target) {
        (Action::Rule, Holder::Ours(rule)) => {
            let answer = format!("{}/{}", rule.key.app, rule.key.service);
            (answer, format!("rule {} with the number {}", rule.key, reply.rule.priority))
        }
        (Action::Rule, Holder::Others) => {
            let place = format!("port {} of the {} router of {}", listener.port, listener.router.word(), listener.rack);
            ("others".to_owned(), format!("their rule with the number {} on {place}", reply.rule.priority))
        }
        (Action::Redirect, _) => ("redirect".to_owned(), "port 80 redirects".to_owned()),
        _ => ("none".to_owned(), format!("the {} router of {} does not listen on port 80", listener.router.word(), listener.rack)),
    }
}
