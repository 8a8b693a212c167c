//! `rackform resolve` as people run it.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::path::Path;

use common::{Folder, program};
use serde_json::{Value, json};

/// Exit code and standard output; nothing else is said.
fn resolve(arguments: &[&str]) -> (i32, String) {
    let (code, out, said) = program(Path::new(env!("CARGO_MANIFEST_DIR")), &[&["resolve"], arguments].concat());
    assert_eq!(said, "", "{arguments:?}");
    (code, out)
}

fn answer(code: i32, arguments: &[&str]) -> String {
    let (exit, out) = resolve(arguments);
    assert_eq!(exit, code, "{out}");
    out
}

/// An answer as JSON, which is as the schema says.
fn value(code: i32, arguments: &[&str]) -> Value {
    let value: Value = serde_json::from_str(&answer(code, &[arguments, &["--format", "json"]].concat())).unwrap();
    let (exit, schema, _) = program(Path::new("."), &["schema", "resolve"]);
    assert_eq!(exit, 0);
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    schema.validate(&value).unwrap_or_else(|error| panic!("{error}: {value:#}"));
    value
}

#[test]
fn an_exact_host() {
    insta::assert_snapshot!(answer(0, &["https://you:secret@SHOP.example.org/basket?id=1#top", "examples/fleet"]), @r"
    shop/web answers at https://shop.example.org/basket?id=1
      router        public of production-2
      listener      port 443, production-2:RouterListener443
      rule          production-2/public/shop/web/exact1, priority 5004
      in its stack  WebRule1 of production-2-shop
      host          shop.example.org (exact)
      target group  WebTargetGroup: HTTP to port 3000, health check at /health
      stickiness    AWSALB for 86400 seconds
    ");
}

#[test]
fn a_pattern_with_another_one_around_it() {
    insta::assert_snapshot!(answer(0, &["ben.eu.sites.example.org", "examples/fleet"]), @r"
    tenants/site answers at https://ben.eu.sites.example.org/
      router        public of production-2
      listener      port 443, production-2:RouterListener443
      rule          production-2/public/tenants/site/wildcard2, priority 44910
      in its stack  SiteRuleWildcard2 of production-2-tenants
      host          *.eu.sites.example.org (wildcard)
      target group  SiteTargetGroup: HTTP to port 3100, health check at /
      stickiness    AWSALB for 86400 seconds
      later         *.sites.example.org (wildcard), priority 45541, production-2/public/tenants/site/wildcard1
    ");
}

#[test]
fn a_redirect_leads_to_an_answer() {
    insta::assert_snapshot!(answer(0, &["http://shop.example.org/basket", "examples/fleet"]), @r"
    http://shop.example.org/basket is redirected to https://shop.example.org/basket, where shop/web answers
      router        public of production-2
      listener      port 80, production-2:RouterListener80 redirects by default
      rule          production-2/public/shop/web/exact1, priority 5004 on production-2:RouterListener443
      in its stack  WebRule1 of production-2-shop
      host          shop.example.org (exact)
      target group  WebTargetGroup: HTTP to port 3000, health check at /health
      stickiness    AWSALB for 86400 seconds
    ");
}

#[test]
fn port_80_answers_where_nobody_redirects() {
    insta::assert_snapshot!(answer(0, &["https://status.example.org/", "examples/fleet", "--port", "80"]), @r"
    status/page answers at http://status.example.org/
      router        public of production-2
      listener      port 80, production-2:RouterListener80
      rule          production-2/public/status/page/exact1, priority 9953
      in its stack  PageRule1Http of production-2-status
      host          status.example.org (exact)
      target group  PageTargetGroup: HTTP to port 8080, health check at /ok
      stickiness    AWSALB for 86400 seconds
    ");
}

#[test]
fn nobody_answers() {
    insta::assert_snapshot!(answer(1, &["https://old.example.org/", "examples/fleet"]), @r"
    nobody answers at https://old.example.org/
      why           no rule of public routers matches `old.example.org`, and port 443 answers 404 to whatever has none
    ");
    insta::assert_snapshot!(answer(0, &["http://old.example.org/", "examples/fleet"]), @r"
    http://old.example.org/ is redirected to HTTPS, where nobody answers
      why           no rule of public routers matches `old.example.org`, and port 80 redirects whatever has none
    ");
    insta::assert_snapshot!(answer(1, &["https://shop.example.org:8443/", "examples/fleet"]), @r"
    nobody answers at https://shop.example.org:8443/
      why           no public router listens on port 8443
    ");
    insta::assert_snapshot!(answer(1, &["https://shop.example.org:80/", "examples/fleet"]), @r"
    nobody answers at https://shop.example.org:80/
      why           port 80 of routers speaks HTTP
    ");
    insta::assert_snapshot!(answer(1, &["https://[2001:db8::1]/", "examples/shop"]), @r"
    nobody answers at https://[2001:db8::1]/
      why           no rule of public routers matches `[2001:db8::1]`, and port 443 answers 404 to whatever has none

    note: the host is the address of a machine, which only a pattern of others can match
    ");
    insta::assert_snapshot!(answer(1, &["https://shop.example.org/", "examples/shop", "--internal"]), @r"
    nobody answers at https://shop.example.org/
      why           no rule of internal routers matches `shop.example.org`, and port 443 answers 404 to whatever has none

    note: on the public routers `shop/web` answers; without --internal they are asked
    ");
}

#[test]
fn a_dot_at_the_end_is_not_known() {
    insta::assert_snapshot!(answer(1, &["https://shop.example.org./", "examples/shop"]), @r"
    nobody answers at https://shop.example.org./
      why           no rule of public routers matches `shop.example.org.`, and port 443 answers 404 to whatever has none

    note: AWS does not say what it makes of a dot at the end of a host; here it counts as a part of the name; without it `shop/web` answers
    ");
}

#[test]
fn internal_routers_are_asked_apart() {
    let url = "https://api.search.production-2.convox/";
    insta::assert_snapshot!(answer(0, &[url, "examples/fleet", "--internal"]), @r"
    search/api answers at https://api.search.production-2.convox/
      router        internal of production-2
      listener      port 443, production-2:RouterInternalListener443
      rule          production-2/internal/search/api/exact1, priority 6399
      in its stack  ApiRuleInternal1 of production-2-search
      host          api.search.production-2.convox (exact)
      target group  ApiTargetGroupInternal: HTTP to port 7700, health check at /health
      stickiness    AWSALB for 86400 seconds
    ");
    insta::assert_snapshot!(answer(1, &[url, "examples/fleet"]), @r"
    nobody answers at https://api.search.production-2.convox/
      why           no rule of public routers matches `api.search.production-2.convox`, and port 443 answers 404 to whatever has none

    note: on the internal routers `search/api` answers; --internal asks them
    ");
}

#[test]
fn an_answer_for_machines() {
    insta::assert_snapshot!(format!("{:#}", value(0, &["http://anna.stores.example.org/", "examples/shop"])), @r#"
    {
      "url": "http://anna.stores.example.org/",
      "host": "anna.stores.example.org",
      "port": 80,
      "router": "public",
      "answered": true,
      "routers": [
        {
          "rack": "main",
          "router": "public",
          "action": "redirect",
          "listener": {
            "port": 80,
            "export": "main:RouterListener80"
          },
          "location": "https://anna.stores.example.org/",
          "rule": {
            "listener": "main:RouterListener443",
            "priority": 45465,
            "host": "*.stores.example.org",
            "class": "wildcard",
            "target": {
              "app": "shop",
              "service": "web",
              "rule": "main/public/shop/web/wildcard1",
              "stack": "main-shop",
              "id": "WebRuleWildcard1",
              "target_group": {
                "id": "WebTargetGroup",
                "scheme": "http",
                "protocol": "HTTP",
                "protocol_version": "HTTP1",
                "port": 3000,
                "target_type": "ip",
                "health_check_path": "/health"
              },
              "stickiness": {
                "cookie": "AWSALB",
                "seconds": 86400
              }
            }
          },
          "later": [],
          "unknown": []
        }
      ],
      "otherwise": "redirect",
      "notes": []
    }
    "#);
    assert_eq!(value(1, &["old.example.org", "examples/shop"])["answered"], false);
}

#[test]
fn every_host_of_a_fleet() {
    insta::assert_snapshot!(answer(0, &["--all", "examples/shop"]), @r"
    HOST                                   RACK  ROUTER    PORTS  SERVICE      PRIORITY
    *.stores.example.org                   main  public    443    shop/web     45465
    admin.shop.example.org                 main  public    443    shop/admin   842
    admin.shop.main.convox                 main  public    443    shop/admin   842
    api.shop.main.convox                   main  internal  443    shop/api     19637
    quotes.shop.example.org                main  public    443    shop/quotes  211
    quotes.shop.main.convox                main  public    443    shop/quotes  211
    search.shop.main.convox                main  internal  443    shop/search  18647
    shop-admin.main.example.org            main  public    443    shop/admin   842
    shop-api.internal.main.example.org     main  internal  443    shop/api     19637
    shop-quotes.main.example.org           main  public    443    shop/quotes  211
    shop-search.internal.main.example.org  main  internal  443    shop/search  18647
    shop-search.main.example.org           main  public    443    shop/search  12400
    shop-web.main.example.org              main  public    443    shop/web     5004
    shop.example.net                       main  public    443    shop/web     18986
    shop.example.org                       main  public    443    shop/web     5004
    store.example.com                      main  public    443    shop/web     5004
    web.shop.main.convox                   main  public    443    shop/web     5004
    www.shop.example.org                   main  public    443    shop/web     5004
    ");
    let list = value(0, &["--all", "examples/fleet"]);
    let list = list.as_array().unwrap();
    let table = answer(0, &["--all", "examples/fleet"]);
    assert_eq!(table.lines().count(), list.len() + 1);
    for entry in list {
        let (app, service) = (entry["app"].as_str().unwrap(), entry["service"].as_str().unwrap());
        let parts =
            [entry["host"].as_str().unwrap(), entry["rack"].as_str().unwrap(), &format!("{app}/{service}"), &entry["priority"].to_string()];
        let has_all = |line: &str| parts.iter().all(|part| line.split_whitespace().any(|cell| cell == *part));
        assert_eq!(table.lines().filter(|line| has_all(line)).count(), 1, "{parts:?}");
    }
    let status = list.iter().find(|entry| entry["host"] == "status.example.org").unwrap();
    assert_eq!((&status["ports"], &status["class"], &status["router"]), (&json!([80, 443]), &json!("exact"), &json!("public")));
}

#[test]
fn what_is_no_address_is_wrong_usage() {
    let wrong = |arguments: &[&str]| {
        let (code, out, said) = program(Path::new(env!("CARGO_MANIFEST_DIR")), &[&["resolve"], arguments].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {said}");
        said
    };
    insta::assert_snapshot!(wrong(&["ftp://example.org"]), @r"`ftp://example.org` is no address: routers speak http and https, not `ftp`");
    insta::assert_snapshot!(wrong(&["*.example.org"]), @r"`*.example.org` is no address: a pattern is no host; ask for one that it matches, or for all with --all");
    insta::assert_snapshot!(wrong(&["https://a.org/\u{1b}[2J"]), @r"`https://a.org/\u{1b}[2J` is no address: an address has no blanks and no control characters");
    for arguments in
        [&[][..], &[""], &["a.org", "--port", "0"], &["--all", "a.org", "examples/shop"], &["--all", "--internal"], &["a.org:x"]]
    {
        wrong(arguments);
    }
}

#[test]
fn a_fleet_with_errors_has_no_answer() {
    let folder = Folder::new("resolve-errors");
    folder.write("shop/convox.yml", "services: {web: {port: 99999, domian: shop.example.org}}\n");
    let (code, out, said) = folder.run(&["resolve", "shop.example.org"]);
    assert!(code == 1 && out.is_empty() && said.contains("RF0201") && !said.contains("RF0102"), "{said}");
    let (code, out, _) = folder.run(&["resolve", "shop.example.org", "--message-format", "short", "--strict"]);
    assert!(code == 1 && out.is_empty());
    let (code, out, said) = folder.run(&["resolve", "--all", "--message-format", "json"]);
    assert!(code == 1 && said.is_empty() && out.contains("\"RF0201\""), "{out}");
    folder.write("shop/convox.yml", "services: {web: {port: 3000, domian: shop.example.org}}\n");
    let (code, out, said) = folder.run(&["resolve", "web.shop.main.convox"]);
    assert!(code == 0 && out.starts_with("shop/web answers") && said.is_empty(), "what check would say is left to it: {said}");
    assert_eq!(folder.run(&["resolve", "web.shop.main.convox", "--strict"]).0, 1);
    assert!(!folder.has("rackform.lock") && !folder.has("build"), "nothing is written");
}

#[test]
fn variables_and_the_lock_count() {
    let folder = Folder::new("resolve-lock");
    folder.write("shop/convox.yml", "services: {web: {port: 3000, domain: \"${NAME}\"}}\n");
    assert_eq!(folder.run(&["resolve", "a.example.org"]).0, 1);
    let (code, out, _) = folder.run(&["resolve", "a.example.org", "--env", "NAME=a.example.org"]);
    assert_eq!(code, 0, "{out}");
    let lock = "version: 1\napps:\n  shop: {rack: main}\nrules:\n  main/public/shop/web/exact1: {priority: 77, hosts: [a.example.org], since: 1}\n";
    folder.write("rackform.lock", lock);
    let (code, out, said) = folder.run(&["resolve", "a.example.org", "--env", "NAME=a.example.org"]);
    assert!(code == 0 && out.contains("main/public/shop/web/exact1, priority 77\n"), "{out}{said}");
}

#[test]
fn several_routers_and_an_app_on_its_way() {
    let folder = Folder::new("resolve-moves");
    folder.write("shop/convox.yml", "services: {web: {port: 3000, domain: shop.example.org}}\n");
    folder.write("rackform.yml", "racks: {main: {}, side: {}}\napps: {shop: {manifest: shop/convox.yml}}\n");
    assert_eq!(folder.run(&["compile"]).0, 0);
    let (code, _, said) = folder.run(&["move", "shop", "side"]);
    assert_eq!(code, 0, "{said}");
    let (code, out, _) = folder.run(&["resolve", "shop.example.org"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(out, @r"
    shop/web answers at https://shop.example.org/
      router        public of main
      listener      port 443, main:RouterListener443
      rule          main/public/shop/web/exact1, priority 5004
      in its stack  WebRule1 of main-shop
      host          shop.example.org (exact)
      target group  WebTargetGroup: HTTP to port 3000, health check at /
      stickiness    AWSALB for 86400 seconds

    shop/web answers at https://shop.example.org/
      router        public of side
      listener      port 443, side:RouterListener443
      rule          side/public/shop/web/exact1, priority 5004
      in its stack  WebRule1 of side-shop
      host          shop.example.org (exact)
      target group  WebTargetGroup: HTTP to port 3000, health check at /
      stickiness    AWSALB for 86400 seconds

    note: DNS decides which of these routers gets a request
    note: `shop` moves from `main` to `side`, and stands on both until the move is finished
    ");
}

#[test]
fn names_of_routers_are_for_the_deployment_to_know() {
    let folder = Folder::new("resolve-router-names");
    folder.write("shop/convox.yml", "services: {web: {port: 3000}}\n");
    let (code, out, _) = folder.run(&["resolve", "https://shop-web.main-router-1234.us-east-1.elb.amazonaws.com/"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(out, @r"
    nobody answers at https://shop-web.main-router-1234.us-east-1.elb.amazonaws.com/
      why           no rule of public routers matches `shop-web.main-router-1234.us-east-1.elb.amazonaws.com`, and port 443 answers 404 to whatever has none

    note: `shop/web` answers if `main-router-1234.us-east-1.elb.amazonaws.com` is the name of the public router of `main`, which only the deployment knows (rule main/public/shop/web/exact1)
    ");
    insta::assert_snapshot!(folder.run(&["resolve", "--all"]).1, @r"
    HOST                           RACK  ROUTER  PORTS  SERVICE   PRIORITY
    shop-web.<name of the router>  main  public  443    shop/web  5004
    web.shop.main.convox           main  public  443    shop/web  5004
    ");
}

#[test]
fn rules_of_others_answer_too() {
    let folder = Folder::new("resolve-others");
    folder.write("shop/convox.yml", "services: {web: {port: 3000, domain: [shop.example.org, \"*.stores.example.org\"]}}\n");
    let rule = |number: u32, conditions: Value| {
        json!({
            "RuleArn": format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/main/50dc6c495c0c9188/0123456789abcdef/{number:016x}"),
            "Priority": number.to_string(),
            "Conditions": conditions,
            "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
        })
    };
    let hosts = |hosts: &[&str]| json!({"Field": "host-header", "HostHeaderConfig": {"Values": hosts}});
    let path = json!({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/legacy/*"]}});
    let rules = [rule(3, json!([hosts(&["shop.example.org"]), path])), rule(49000, json!([hosts(&["*.example.org", "old.example.net"])]))];
    folder.write("rules.json", &json!({"Rules": rules}).to_string());
    assert_eq!(folder.run(&["adopt", "rules.json"]).0, 0);
    let ask = |host: &str| folder.run(&["resolve", host]);
    let (code, out, _) = ask("shop.example.org");
    assert_eq!(code, 0);
    insta::assert_snapshot!(out, @r"
    shop/web answers at https://shop.example.org/
      router        public of main
      listener      port 443, main:RouterListener443
      rule          main/public/shop/web/exact1, priority 5004
      in its stack  WebRule1 of main-shop
      host          shop.example.org (exact)
      target group  WebTargetGroup: HTTP to port 3000, health check at /
      stickiness    AWSALB for 86400 seconds
      later         *.example.org (wildcard), priority 49000, of others
      before it     rules of others with conditions beside the host: 3
    ");
    let (code, out, _) = ask("old.example.net");
    assert_eq!(code, 0);
    insta::assert_snapshot!(out, @r"
    a rule of others answers at https://old.example.net/
      router        public of main
      listener      port 443, main:RouterListener443
      rule          of others, priority 49000; what it does is not known
      host          old.example.net (exact)
      before it     rules of others with conditions beside the host: 3
    ");
    let (code, out, _) = ask("nobody.example.com");
    assert_eq!(code, 1);
    insta::assert_snapshot!(out, @r"
    nobody answers at https://nobody.example.com/
      why           no rule of public routers matches `nobody.example.com`, and port 443 answers 404 to whatever has none

    note: on port 443 of the public router of `main`, rules of others with conditions beside the host come before the 404: 3
    ");
    insta::assert_snapshot!(folder.run(&["resolve", "--all"]).1, @r"
    HOST                           RACK  ROUTER  PORTS  SERVICE   PRIORITY
    *.example.org                  main  public  443    (others)  49000
    *.stores.example.org           main  public  443    shop/web  45465
    old.example.net                main  public  443    (others)  49000
    shop-web.<name of the router>  main  public  443    shop/web  5004
    shop.example.org               main  public  443    shop/web  5004
    web.shop.main.convox           main  public  443    shop/web  5004
    ");
}
