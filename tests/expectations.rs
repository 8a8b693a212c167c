//! What `expect` of rackform.yml is held against.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use common::{adopt, run};
use rackform::lock::Lock;
use serde_json::json;

/// What is said of expectations, of apps whose services are all called web.
fn said(rack: &str, params: &str, expect: &str, domains: &[(&str, &str)], lock: &Lock) -> Vec<String> {
    let fleet = format!("racks: {{main: {{host: r.example.net, params: {{{rack}}}}}}}\napps: {{{params}}}\nexpect: {{{expect}}}\n");
    let manifests: Vec<(&str, String)> =
        domains.iter().map(|(app, domains)| (*app, format!("services: {{web: {{port: 3000, domain: [{domains}]}}}}"))).collect();
    let apps: Vec<(&str, &str)> = manifests.iter().map(|(app, text)| (*app, text.as_str())).collect();
    let messages = run(&fleet, &apps, lock).messages;
    messages.into_iter().filter(|message| message.contains("RF0417")).collect()
}

#[test]
fn on_port_80_only_rules_of_port_80_count() {
    let domains = [("shop", "www.example.org"), ("tenants", "\"*.example.org\"")];
    let expect = "http://www.example.org: tenants/web, https://www.example.org: shop/web";
    let none = said("", "tenants: {params: {RedirectHttps: No}}", expect, &domains, &Lock::default());
    assert!(none.is_empty(), "the exact host redirects, and the pattern is asked before the redirect: {none:?}");
}

#[test]
fn a_port_that_is_closed_redirects_nobody() {
    let closed = said("DisableALBPort80: Yes", "", "http://www.example.org: redirect", &[("shop", "www.example.org")], &Lock::default());
    assert!(closed.len() == 1 && closed[0].contains("nobody answers at http://www.example.org, not `redirect`"), "{closed:?}");
}

#[test]
fn rules_of_others_count() {
    let rules = json!({"Rules": [{
        "RuleArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/main/50dc6c495c0c9188/0123456789abcdef/0000000000000001",
        "Priority": "7",
        "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.org", "old.example.net"]}}],
        "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    }]});
    let lock = adopt("racks: {main: {host: r.example.net}}\n", &[], &rules.to_string(), &Lock::default()).unwrap().lock;
    let domains = [("shop", "www.example.org, example.com")];
    let expect = "https://www.example.org: shop/web, https://example.com: shop/web, https://old.example.net: others";
    let before = said("", "", expect, &domains, &lock);
    let [message] = before.as_slice() else { panic!("{before:?}") };
    assert!(message.contains("a rule of others answers at https://www.example.org, not `shop/web`"), "{message}");
    assert_eq!(said("", "", expect, &domains, &Lock::default()).len(), 1, "nobody answers at old.example.net then");
}
