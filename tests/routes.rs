//! The hosts of each service are exactly those that Convox would route.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use common::{TemplateRule, rules, run, template};
use rackform::lock::Lock;

fn fleet(internal_domains: bool, redirect: bool) -> String {
    let word = |flag| if flag { "Yes" } else { "No" };
    format!(
        "racks: {{main: {{host: r.example.org, hosted_zone: Z1, certificate: create, params: {{Internal: Yes}}}}}}\n\
         apps: {{a: {{params: {{InternalDomains: {}, RedirectHttps: {}}}}}}}\n",
        word(internal_domains),
        word(redirect)
    )
}

/// Convox's own count: L·(D + 2I) rules and so on, one host each. We pack hosts, so hosts are
/// counted, on each listener.
#[test]
fn hosts_are_as_many_as_convox_makes_rules() {
    for internal_domains in [false, true] {
        for redirect in [false, true] {
            for domains in [0usize, 1, 2, 3, 7] {
                for kind in ["", ", internal: true", ", internalAndExternal: true"] {
                    let names: Vec<String> = (0..domains).map(|n| format!("d{n}.example.org")).collect();
                    let manifest = format!("services: {{web: {{port: 3000, domain: [{}]{kind}}}}}", names.join(", "));
                    let compiled = run(&fleet(internal_domains, redirect), &[("a", &manifest)], &Lock::default()).ok();
                    let found = rules(&template(&compiled, "main/apps/a.yaml"));

                    let i = usize::from(internal_domains);
                    let own = if domains == 0 { 1 + i } else { domains + 2 * i };
                    let external = if domains == 0 { 1 } else { domains + i };
                    let (public, internal) = match kind {
                        "" => (own, 0),
                        ", internal: true" => (0, own),
                        _ => (external, own),
                    };
                    let hosts = |listener: &str| found.iter().filter(|r| r.listener == listener).map(|r| r.hosts.len()).sum::<usize>();
                    let port80 = usize::from(!redirect);
                    let what = format!("{internal_domains} {redirect} {domains} {kind}");
                    assert_eq!(hosts("RouterListener443"), public, "{what}");
                    assert_eq!(hosts("RouterListener80"), public * port80, "{what}");
                    assert_eq!(hosts("RouterInternalListener443"), internal, "{what}");
                    assert_eq!(hosts("RouterInternalListener80"), internal * port80, "{what}");
                    let most = |listener: &str| found.iter().filter(|r| r.listener == listener).count();
                    assert_eq!(most("RouterListener443"), public.div_ceil(5), "as few rules as five hosts each allow: {what}");
                }
            }
        }
    }
}

#[test]
fn names_are_convoxs_names() {
    let manifest = "services:\n  web: {port: 3000, domain: \"WWW.example.org,*.x.example.org\"}\n  api: {port: 4000, internal: true}\n  worker: {command: x}\n";
    let compiled = run(&fleet(true, true), &[("a", manifest)], &Lock::default()).ok();
    let found = rules(&template(&compiled, "main/apps/a.yaml"));
    let of = |id: &str| found.iter().find(|rule| rule.id == id).map(|rule| rule.hosts.clone()).unwrap_or_default();
    assert_eq!(of("WebRule1"), ["a-web.r.example.org", "web.a.main.convox", "www.example.org"]);
    assert_eq!(of("WebRuleWildcard1"), ["*.x.example.org"]);
    assert_eq!(of("ApiRuleInternal1"), ["a-api.internal.r.example.org", "api.a.main.convox"]);
    assert_eq!(found.len(), 3, "a worker has no rules");
}

#[test]
fn without_a_host_the_routers_own_name_is_joined_at_deploy_time() {
    let compiled = run("{}", &[("a", "services: {web: {port: 1}}")], &Lock::default()).ok();
    let document = template(&compiled, "main/apps/a.yaml");
    let value = &document["Resources"]["WebRule1"]["Properties"]["Conditions"][0]["HostHeaderConfig"]["Values"][0];
    let json = serde_json::to_value(value).unwrap();
    assert_eq!(json, serde_json::json!({"Fn::Join": ["", ["a-web.", {"Fn::ImportValue": "main:Domain"}]]}));
}

#[test]
fn more_specific_patterns_have_lower_numbers_and_exact_hosts_the_lowest() {
    let manifest = "services:\n  \
        wide: {port: 1, domain: \"*.example.org\"}\n  \
        narrow: {port: 1, domain: \"*.eu.example.org\"}\n  \
        narrowest: {port: 1, domain: [\"*.de.eu.example.org\", \"?.de.eu.example.org\"]}\n  \
        exact: {port: 1, domain: x.de.eu.example.org}\n";
    let compiled = run(&fleet(true, true), &[("a", manifest)], &Lock::default()).ok();
    let found = rules(&template(&compiled, "main/apps/a.yaml"));
    let at = |host: &str| {
        let has = |rule: &&TemplateRule| rule.hosts.iter().any(|h| h == host);
        found.iter().find(has).map(|rule| rule.priority).unwrap()
    };
    assert!(at("x.de.eu.example.org") < at("?.de.eu.example.org"));
    assert!(at("?.de.eu.example.org") < at("*.de.eu.example.org"));
    assert!(at("*.de.eu.example.org") < at("*.eu.example.org"));
    assert!(at("*.eu.example.org") < at("*.example.org"));
}

/// Racks without a router that a service stands on are no choice, however much room they have.
#[test]
fn an_app_stands_where_its_routers_are() {
    let rack = |params: &str| format!("{{host: \"{{rack}}.example.org\", certificate: create, hosted_zone: Z1, params: {{{params}}}}}");
    let web = "services: {web: {port: 3000}}";
    for (bare, app, manifest, stands_on) in [
        ("", "", web, "bare"), // the first one, where nothing is missing
        ("", "", "services: {web: {port: 3000}, back: {port: 4000, internal: true}}", "whole"),
        ("", "", "services: {back: {port: 4000, internal: true}}", "whole"),
        ("", "", "services: {back: {port: 4000, internalAndExternal: true}}", "whole"),
        ("DisableALBPort80: Yes", "", web, "bare"),
        ("DisableALBPort80: Yes", "RedirectHttps: No", web, "whole"),
        ("DisableALBPort80: Yes", "RedirectHttps: No", "services: {worker: {command: x}}", "bare"),
    ] {
        let racks = format!("racks:\n  bare: {}\n  whole: {}\n", rack(bare), rack("Internal: Yes"));
        let fleet = format!("{racks}apps: {{a: {{params: {{{app}}}}}}}\n");
        let compiled = run(&fleet, &[("a", manifest)], &Lock::default()).ok();
        assert_eq!(compiled.lock.apps["a"].rack, stands_on, "{bare} {app} {manifest}");
    }
}
