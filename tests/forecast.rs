//! What is said of how full racks are comes true.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use common::{Outcome, run};
use rackform::forecast::{Forecast, RouterForecast};
use rackform::lock::Lock;
use rackform::routes::Router;

/// Racks of one key, of which so many may be open.
fn fleet(count: &str, quotas: &str, headroom: u32) -> String {
    format!(
        "racks: {{main: {{count: {count}, host: \"{{rack}}.example.org\", hosted_zone: Z1, certificate: create, \
         quotas: {{{quotas}}}, headroom: {headroom}, params: {{Internal: Yes}}}}}}"
    )
}

/// So many apps that ask for the same; each has its own domains.
fn apps(count: usize, manifest: &str) -> Vec<(String, String)> {
    (0..count).map(|at| (format!("app{at}"), manifest.replace("HOST", &format!("app{at}.example.com")))).collect()
}

fn compile(fleet: &str, apps: &[(String, String)]) -> Outcome {
    run(fleet, &apps.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>(), &Lock::default())
}

fn on(forecast: &Forecast, router: Router) -> &RouterForecast {
    forecast.routers.iter().find(|one| one.router == router).unwrap()
}

/// As many apps more find room as is said, and not one more; this is what binds.
#[track_caller]
fn comes_true(quotas: &str, headroom: u32, manifest: &str, router: Router, binds: usize) {
    // New apps leave the headroom of several racks free.
    let two = fleet("2", quotas, headroom);
    let first = compile(&two, &apps(3, manifest)).ok().forecast;
    let here = || first.routers.iter().filter(|one| one.router == router);
    assert!(here().all(|one| one.binds == Some(binds)), "{first:#?}");
    let more: usize = here().map(|one| one.fit.unwrap()).sum();
    assert!(more > 0, "{first:#?}");
    let full = compile(&two, &apps(3 + more, manifest));
    assert!(full.says("RF0523"), "{:#?}", full.messages);
    assert!(full.ok().forecast.kinds[0].is_full);
    assert!(compile(&two, &apps(4 + more, manifest)).says("RF0513"));
    // Where there is one rack they fill it.
    let one = fleet("1", quotas, headroom);
    let more = on(&compile(&one, &apps(3, manifest)).ok().forecast, router).fit_in_headroom.unwrap();
    assert!(compile(&one, &apps(3 + more, manifest)).ok().forecast.kinds[0].is_full);
    assert!(compile(&one, &apps(4 + more, manifest)).says("RF0507"));
}

#[test]
fn as_many_apps_fit_as_is_said() {
    const RULES: usize = 0;
    const TARGET_GROUPS: usize = 1;
    const CERTIFICATES: usize = 2;
    comes_true("rules: 50", 10, "services: {web: {port: 1}, api: {port: 2}}", Router::Public, RULES);
    comes_true("rules: 60", 0, "services: {web: {port: 1, domain: [HOST, \"*.HOST\"]}}", Router::Public, CERTIFICATES);
    comes_true("rules: 50, certificates: 60", 20, "services: {web: {port: 1, domain: [HOST, \"*.HOST\"]}}", Router::Public, RULES);
    comes_true("rules: 500", 10, "services: {web: {port: 1}, api: {port: 2}, x: {port: 3}}", Router::Public, TARGET_GROUPS);
    comes_true(
        "rules: 50",
        10,
        "services: {web: {port: 1}, a: {port: 2, internal: true}, b: {port: 3, internal: true}}",
        Router::Internal,
        RULES,
    );
}

#[test]
fn what_is_typical_is_the_mean_of_apps_with_a_port() {
    let mut all = apps(3, "services: {web: {port: 1}}");
    all.extend([(
        "large".to_owned(),
        "services: {web: {port: 1, domain: large.example.com}, api: {port: 2}, in: {port: 3, internal: true}}".to_owned(),
    )]);
    all.extend([("worker".to_owned(), "services: {work: {command: x}}".to_owned())]);
    let typical = compile(&fleet("1", "rules: 100", 10), &all).ok().forecast.typical;
    let expected =
        "1.3 rules, 1.3 target groups, 0.3 certificates on the public router, and 0.3 rules, 0.3 target groups on the internal router";
    assert_eq!(typical.to_string(), expected);
    assert_eq!(compile(&fleet("1", "rules: 100", 10), &[]).ok().forecast.typical.to_string(), "nothing");
}

#[test]
fn nothing_is_said_of_racks_that_are_filled_as_they_should_be() {
    let rules = "rules: 20";
    let said = |count: &str, headroom: u32, apps: &[(String, String)]| compile(&fleet(count, rules, headroom), apps).says("RF0523");
    let of_one_rule = "services: {web: {port: 1}}";
    // The first of two racks is filled up to its headroom, and the second one may be opened.
    assert!(!said("1-2", 10, &apps(18, of_one_rule)));
    assert!(said("1-2", 10, &apps(36, of_one_rule)));
    assert!(said("1", 10, &apps(19, of_one_rule)));
    assert!(!said("1", 10, &apps(18, of_one_rule)));
    // One app on a rack of its own, however large, is no fleet that grows.
    let large = (0..14).fold("services:\n".to_owned(), |text, at| format!("{text}  s{at}: {{port: 1}}\n"));
    assert!(!said("1", 10, &apps(1, &large)));
    // Without a headroom a router may be full, and another rack may be opened.
    assert!(!said("1-2", 0, &apps(20, of_one_rule)));
    // Without rackform.yml there are as many racks as it takes.
    assert!(!compile("racks: {}", &apps(95, of_one_rule)).says("RF0523"));
}
