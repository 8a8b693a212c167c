//! Locks that hands and merges have broken: what can't be trusted is refused with its place, and
//! mending loses no placement and takes no number from whoever held it first.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use common::{Random, read, run, run_change};
use rackform::host::Host;
use rackform::lock::{Class, Lock, Mode};
use rackform::placement::Change;
use serde_yaml::Value;

const FLEET: &str = "\
racks: {main: {compute: none, count: 3, host: \"{rack}.example.org\", certificate: create, params: {Internal: Yes}}}
apps: {old: {params: {RedirectHttps: No}}}
";

const SHOP: &str = "services: {web: {port: 1, domain: [a.example.com, b.example.com]}, api: {port: 2, internalAndExternal: true}}";

fn apps() -> Vec<(&'static str, &'static str)> {
    vec![
        ("blog", "services: {web: {port: 1, domain: [blog.example.com, \"*.blog.example.com\", \"*.x.blog.example.com\"]}}"),
        ("cart", "services: {web: {port: 1, domain: [c1.example.com, c2.example.com, c3.example.com, c4.example.com]}}"),
        ("old", "services: {web: {port: 1, domain: old.example.com}, admin: {port: 2}}"),
        ("shop", SHOP),
        ("wiki", "services: {web: {port: 1}}"),
    ]
}

/// A lock with something of everything: what left, what is retired, what moves, what is on port 80.
fn good() -> &'static Lock {
    static GOOD: OnceLock<Lock> = OnceLock::new();
    GOOD.get_or_init(|| {
        let mut before = apps();
        before.remove(4);
        before[3].1 =
            "services: {web: {port: 9, domain: [a.example.com, b.example.com, gone.example.com]}, api: {port: 2, internalAndExternal: true}, ex: {port: 3}}";
        let first = run(FLEET, &before, &Lock::default()).ok().lock;
        let second = run(FLEET, &apps(), &first).ok().lock;
        run_change(FLEET, &apps(), &second, &Change::Begin { app: "cart".into(), to: "main-2".into() }).ok().lock
    })
}

/// The lock with a line replaced.
fn with(part: &str, by: &str) -> String {
    let text = good().to_text();
    assert!(text.contains(part), "{part} is not in\n{text}");
    text.replacen(part, by, 1)
}

/// The line that begins with a key.
fn line(key: &str) -> String {
    let text = good().to_text();
    text.lines().find(|line| line.trim_start().starts_with(&format!("{key}:"))).unwrap_or_else(|| panic!("no {key} in\n{text}")).to_owned()
}

#[track_caller]
fn refused(text: &str, code: &str) {
    let (lock, messages) = read(text, Mode::Trust);
    assert!(lock.is_none(), "accepted:\n{text}");
    assert!(messages.iter().any(|message| message.starts_with("rackform.lock:") && message.contains(code)), "{messages:#?}");
}

#[track_caller]
fn mended(text: &str) -> Lock {
    let (lock, messages) = read(text, Mode::Mend);
    lock.unwrap_or_else(|| panic!("{messages:#?}\n{text}"))
}

#[test]
fn numbers_of_compiles_and_of_rules_have_an_end() {
    let rule = line("main/public/wiki/web/exact1");
    for since in ["4294967295", "4000000000"] {
        refused(&with(&rule, &rule.replace("since: 2", &format!("since: {since}"))), "[RF0501]");
    }
    let certificate = line("main/shop/1");
    refused(&with(&certificate, &certificate.replace("shop/1", "shop/4294967295")), "[RF0501]");
    refused(&with(&rule, &rule.replace("exact1", "exact4294967295")), "[RF0501]");
}

#[test]
fn what_is_no_name_is_not_taken_over() {
    let rule = line("main/public/wiki/web/exact1");
    refused(&with(&rule, &rule.replace("web.wiki.main.convox", "a\\\"b.example.org")), "[RF0501]");
    refused(&with(&rule, &rule.replace("web.wiki.main.convox", "a\\nb.example.org")), "[RF0501]");
    refused(&with(&rule, &rule.replace("/wiki/", "/wi\u{e4}ki/")), "[RF0501]");
    refused(&with("  wiki: {rack: main}", "  wiki: {rack: \"main: x\"}"), "[RF0501]");
    refused(&with("moving_to: main-2", "moving_to: \"\""), "[RF0501]");
    refused(&with("\"gone.example.com\": 2", "\"gone\\\"example.com\": 2"), "[RF0501]");
}

#[test]
fn both_sides_of_a_merge_never_fill_a_rule_over_its_limit() {
    let line = line("main/public/cart/web/exact1");
    let (ours, theirs) = (line.replace("c1.example.com", "y.example.com"), line.replace("c1.example.com", "z.example.com"));
    let lock = mended(&with(&line, &format!("<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> other")));
    assert!(lock.rules.values().all(|rule| rule.hosts.len() <= 5), "{:#?}", lock.rules);
}

#[test]
fn a_rule_that_loses_all_of_its_hosts_to_an_older_one_leaves_its_number_retired() {
    let rule = line("main/public/wiki/web/exact1");
    let hosts = rule.split_once("hosts: ").unwrap().1.split_once(']').unwrap().0;
    let twin = format!("  main/public/wiki/web/exact2: {{priority: 7, hosts: {hosts}], since: 3}}");
    let lock = mended(&with(&rule, &format!("{rule}\n{twin}")));
    assert!(lock.retired.keys().any(|(_, _, number)| *number == 7), "7 may be deployed, and is forgotten");
}

#[test]
fn a_placement_is_kept_by_a_rule_that_loses_its_number() {
    let rule = line("main/public/wiki/web/exact1");
    let number = line("main/public/shop/web/exact1").split_once("priority: ").unwrap().1.split_once(',').unwrap().0.to_owned();
    let own = rule.split_once("priority: ").unwrap().1.split_once(',').unwrap().0.to_owned();
    let text = with(&rule, &rule.replace(&own, &number)).replace("  wiki: {rack: main}\n", "");
    assert_eq!(mended(&text).apps["wiki"].rack, "main");
}

#[test]
fn a_move_survives_a_merge_with_another_change_of_its_app() {
    let text = with(
        "  cart: {rack: main, moving_to: main-2}",
        "<<<<<<< HEAD\n  cart: {rack: main, http: 3}\n=======\n  cart: {rack: main, moving_to: main-2}\n>>>>>>> other",
    );
    let lock = mended(&text);
    assert_eq!((lock.apps["cart"].rack.as_str(), lock.apps["cart"].moving_to.as_deref()), ("main", Some("main-2")));
    assert!(lock.rules.keys().any(|key| key.app == "cart" && key.rack == "main-2"));
    assert_eq!(lock.apps["cart"].http, Some(3));
}

#[test]
fn a_number_is_not_retired_while_a_rule_lives_on_it() {
    let (number, _) = good().retired.iter().next().unwrap();
    let rule = line("main/public/wiki/web/exact1");
    let own = rule.split_once("priority: ").unwrap().1.split_once(',').unwrap().0.to_owned();
    let text = with(&rule, &rule.replace(&own, &number.2.to_string()));
    refused(&text, "[RF0504]");
    let lock = mended(&text);
    assert!(lock.rules.values().any(|rule| rule.priority == number.2) && !lock.retired.contains_key(number));
}

#[test]
fn what_a_target_group_is_made_of_is_read_or_refused() {
    let changed = line("shop/web");
    assert_eq!(changed, "  shop/web: {port: 1, was: 9, changed: 2}");
    for broken in [
        "  shop/web: {port: 1, was: 9}",
        "  shop/web: {port: 1, was: 9, changed: 0}",
        "  shop/web: {port: 1, was: 9, changed: 2, x: 1}",
        "  shop/web: {port: 1, was: ftp:9, changed: 2}",
        "  shop/web: 65536",
        "  shop/web: []",
        "  shop: 1",
        "  shop/web/exact1: 1",
    ] {
        refused(&with(&changed, broken), "[RF0501]");
    }
    let other = read(&with(&changed, "  shop/web: \"secure-grpc:1/instance\""), Mode::Trust).0.unwrap();
    let group = other.target_groups.iter().find(|(key, _)| key.to_string() == "shop/web").unwrap().1;
    assert_eq!((group.is.to_string().as_str(), group.was), ("secure-grpc:1/instance", None));
}

#[test]
fn of_two_lines_of_a_target_group_the_oldest_is_what_was_deployed() {
    let changed = line("shop/web");
    let text = with(&changed, &format!("<<<<<<< HEAD\n{changed}\n=======\n  shop/web: 9\n>>>>>>> other"));
    refused(&text, "[RF0503]");
    refused(&with(&changed, &format!("{changed}\n  shop/web: 9")), "[RF0504]");
    let lock = mended(&text);
    assert!(read(&text, Mode::Mend).1.iter().any(|message| message.contains("the target groups of shop/web have two lines")));
    let is = |lock: &Lock| lock.target_groups.iter().find(|(key, _)| key.to_string() == "shop/web").unwrap().1.to_owned();
    assert_eq!((is(&lock).is.port, is(&lock).was), (9, None));
    // The manifest wants another one, so the next compile replaces it.
    let next = run(FLEET, &apps(), &lock).ok().lock;
    assert_eq!((is(&next).is.port, is(&next).was.map(|(was, _)| was.port)), (1, Some(9)));
}

/// The lock with ports of network balancers, each in a line.
fn with_ports(lines: &str) -> String {
    format!("{}\nports:\n{lines}\n", good().to_text())
}

#[test]
fn ports_are_read_or_refused() {
    let lines =
        "  main/internal/wiki/65535: {service: web, left: 2}\n  main/public/shop/5000: {service: web, since: 3}\n  main/public/wiki/1: web";
    let (lock, messages) = read(&with_ports(lines), Mode::Trust);
    let lock = lock.unwrap_or_else(|| panic!("{messages:#?}"));
    assert!(lines.lines().all(|line| lock.to_text().contains(line)), "{}", lock.to_text());
    for broken in [
        "  main/public/shop/0: web",
        "  main/public/shop/65536: web",
        "  main/public/shop/05: web",
        "  main/shop/5000: web",
        "  main/outer/shop/5000: web",
        "  main/public/shop/5000: {since: 2}",
        "  main/public/shop/5000: {service: web, since: 0}",
        "  main/public/shop/5000: {service: web, x: 1}",
        "  main/public/shop/5000: \"a: b\"",
        "  main/public/shop/5000: [web]",
    ] {
        refused(&with_ports(broken), "[RF0501]");
    }
}

#[test]
fn of_two_lines_of_a_port_the_older_one_names_its_listener() {
    let twice = |ours: &str, theirs: &str| {
        let text = with_ports(&format!(
            "<<<<<<< HEAD\n  main/public/shop/5000: {ours}\n=======\n  main/public/shop/5000: {theirs}\n>>>>>>> other"
        ));
        refused(&text, "[RF0503]");
        let port = mended(&text).ports.into_values().next().unwrap();
        (port.service, port.since, port.left)
    };
    assert_eq!(twice("{service: api, since: 3}", "web"), ("web".into(), 1, None));
    assert_eq!(twice("web", "{service: api, since: 3}"), ("web".into(), 1, None));
    assert_eq!(twice("{service: web, left: 2}", "web"), ("web".into(), 1, None));
    assert_eq!(twice("{service: web, left: 2}", "{service: web, left: 3}"), ("web".into(), 1, Some(3)));
    refused(&with_ports("  main/public/shop/5000: web\n  main/public/shop/5000: api"), "[RF0504]");
}

#[test]
fn what_apps_import_is_read_or_refused() {
    let rack = line("main");
    let importing = |imports: &str| rack.replace('}', &format!(", imports: {imports}}}"));
    let text = with(&rack, &importing("{RouterSecurityGroup: \"own\", Subnet0: \"10.0.1.0/24\"}"));
    assert_eq!(read(&text, Mode::Trust).0.unwrap().to_text(), text);
    for broken in ["{Subnet0: \"a: b\"}", "{\"a b\": own}", "{Subnet0: \"\"}", "{Subnet0: [a]}"] {
        refused(&with(&rack, &importing(broken)), "[RF0501]");
    }
    let sides = ["{Subnet0: \"10.0.1.0/24\"}", "{Subnet1: \"10.0.2.0/24\"}"].map(importing);
    let lock = mended(&with(&rack, &format!("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other", sides[0], sides[1])));
    assert_eq!(lock.racks["main"].imports.keys().collect::<Vec<_>>(), ["Subnet0", "Subnet1"]);
}

#[test]
fn hosts_that_joined_are_read_or_refused() {
    let rule = line("main/public/wiki/web/exact1");
    let joined = |hosts: &str| with(&rule, &rule.replace('}', &format!(", joined: {hosts}}}")));
    let (lock, messages) = read(&joined("{\"web.wiki.main.convox\": 9}"), Mode::Trust);
    let lock = lock.unwrap_or_else(|| panic!("{messages:#?}"));
    assert_eq!(lock.generation(), 9);
    assert!(lock.to_text().contains("joined: {\"web.wiki.main.convox\": 9}}"), "{}", lock.to_text());
    refused(&joined("{\"web.wiki.main.convox\": 0}"), "[RF0501]");
    refused(&joined("{\"a b\": 2}"), "[RF0501]");
    // Both sides of a merge have brought one, and what neither rule has was not brought.
    let other =
        |host: &str, joined: &str| rule.replace("web.wiki.main.convox", host).replace('}', &format!(", joined: {{\"{joined}\": 3}}}}"));
    let sides = [other("x.example.com", "x.example.com"), other("y.example.com", "y.example.com")];
    let lock = mended(&with(&rule, &format!("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other", sides[0], sides[1])));
    let joined: Vec<&str> = lock.rules.values().flat_map(|rule| rule.joined.keys()).map(Host::as_str).collect();
    assert_eq!(joined, ["x.example.com", "y.example.com"]);
}

/// A line that stands for something: its key, and what is behind it. None of what both sides of a
/// merge had before.
fn standing(text: &str) -> Vec<(String, Value)> {
    let mut is_base = false;
    let mut found = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        is_base = line.starts_with("|||||||") || is_base && !line.starts_with("=======");
        let entry =
            if is_base || !line.starts_with("  ") { None } else { serde_yaml::from_str::<BTreeMap<String, Value>>(line.trim()).ok() };
        found.extend(entry.into_iter().flatten());
    }
    found
}

fn replace(line: &mut String, random: &mut Random, one_of: &[&str], by: &[&str]) {
    let (old, new): (&&str, &&str) = (random.of(one_of), random.of(by));
    *line = line.replacen(*old, new, 1);
}

/// Some lines, one of them broken in the way that hands and merges break them.
fn damage(lines: &mut Vec<String>, random: &mut Random) {
    let at = random.below(lines.len());
    let number = |random: &mut Random| good().rules.values().nth(random.below(good().rules.len())).unwrap().priority;
    match random.below(7) {
        0 => drop(lines.remove(at)),
        1 => {
            let (line, to) = (lines[at].clone(), random.below(lines.len()));
            lines.insert(to, line);
        }
        2 => {
            let digits: String = lines[at].split("priority: ").nth(1).unwrap_or("").chars().take_while(char::is_ascii_digit).collect();
            let new = if random.below(2) == 0 {
                number(random).to_string()
            } else {
                random.of(&["0", "50001", "99999999999", "12", "x"]).to_string()
            };
            if !digits.is_empty() {
                lines[at] = lines[at].replacen(&digits, &new, 1);
            }
        }
        3 => {
            let other = random.below(lines.len());
            lines.swap(at, other);
        }
        4 => replace(&mut lines[at], random, &["example.com", "a.", "web."], &["example.net", "", "c1.", "*."]),
        5 => replace(&mut lines[at], random, &["shop", "cart", "wiki"], &["blog", "other", "shop"]),
        _ => replace(&mut lines[at], random, &["since: 2"], &["since: 1", "since: 9", "since: -1"]),
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
}

fn broken(random: &mut Random) -> String {
    let mut lines: Vec<String> = good().to_text().lines().map(str::to_owned).collect();
    for _ in 0..random.below(3) {
        damage(&mut lines, random);
    }
    for _ in 0..random.below(3) {
        let from = random.below(lines.len());
        let to = from + 1 + random.below((lines.len() - from).min(4));
        let base = lines[from..to].to_vec();
        let mut sides = [base.clone(), base.clone()];
        for side in &mut sides {
            for _ in 0..random.below(3) {
                damage(side, random);
            }
        }
        let [ours, theirs] = sides;
        let mut block = vec!["<<<<<<< HEAD".to_owned()];
        block.extend(ours);
        if random.below(2) == 0 {
            block.push("||||||| 1234567".into());
            block.extend(base);
        }
        block.push("=======".into());
        block.extend(theirs);
        block.push(">>>>>>> other".into());
        lines.splice(from..to, block);
    }
    let mut text = lines.join("\n") + "\n";
    match random.below(12) {
        0 => text = text.replace('\n', "\r\n"),
        1 => text.insert(0, '\u{feff}'),
        2 => text.truncate(random.below(text.len())),
        _ => {}
    }
    text
}

/// Two rules on one number, or a rule that AWS would not take.
fn sound(lock: &Lock, text: &str) {
    let mut numbers = BTreeSet::new();
    for (key, rule) in &lock.rules {
        assert!(numbers.insert((&key.rack, key.router, rule.priority)), "{key} has the number of another rule\n{text}");
        assert!((1..=5).contains(&rule.hosts.len()), "{key}\n{text}");
        assert!(rule.hosts.iter().all(|host| host.is_wildcard() == (key.class == Class::Wildcard)), "{key}\n{text}");
    }
}

#[test]
fn a_broken_lock_is_refused_with_its_place_or_works() {
    let mut random = Random(3);
    let (mut refused, mut worked, mut mended) = (0, 0, 0);
    for _ in 0..300 {
        let text = broken(&mut random);
        let (lock, messages) = read(&text, Mode::Trust);
        let Some(lock) = lock else {
            refused += 1;
            assert!(!messages.is_empty() && messages.iter().all(|message| message.starts_with("rackform.lock:")), "{messages:#?}\n{text}");
            mended += usize::from(check_mended(&text));
            continue;
        };
        worked += 1;
        let outcome = run(FLEET, &apps(), &lock);
        match outcome.compiled {
            Some(compiled) => {
                sound(&compiled.lock, &text);
                // What was read is written so that it can be read.
                assert_eq!(read(&compiled.lock.to_text(), Mode::Trust).0.as_ref(), Some(&compiled.lock), "{text}");
            }
            None => assert!(outcome.messages.iter().any(|message| message.contains("error[")), "{text}"),
        }
    }
    assert!(refused > 100 && worked > 30 && mended > 60, "{refused} {worked} {mended}");
}

/// Who claims a number, and since when.
type Claimants<'a> = Vec<(u64, &'a str)>;

/// Mend a lock; whether that could be done.
fn check_mended(text: &str) -> bool {
    let (lock, messages) = read(text, Mode::Mend);
    let Some(lock) = lock else {
        assert!(messages.iter().any(|message| message.starts_with("rackform.lock:")), "{messages:#?}\n{text}");
        return false;
    };
    sound(&lock, text);
    let standing = standing(text);
    // Placements: wherever some line places an app, it is placed, and on no other rack than lines say.
    let mut said: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (key, value) in &standing {
        if let Some(rack) = value["rack"].as_str() {
            said.entry(key).or_default().extend([rack].into_iter().chain(value["moving_to"].as_str()));
        } else if let ([rack, _, app, _, _], Some(_)) = (key.split('/').collect::<Vec<_>>().as_slice(), value.get("priority")) {
            said.entry(app).or_default().insert(rack);
        }
    }
    for (app, racks) in &said {
        let rack = lock.apps.get(*app).unwrap_or_else(|| panic!("the placement of {app} is lost\n{text}"));
        assert!(racks.contains(rack.rack.as_str()), "{app} is on {}\n{text}", rack.rack);
        let whole = rack.moving_to.iter().map(String::as_str).chain([rack.rack.as_str()]).collect::<BTreeSet<_>>();
        let moves = standing.iter().any(|(key, value)| key == app && value.get("moving_to").is_some());
        assert!(!moves || whole.len() == 2 || racks.len() == 1, "the move of {app} is lost\n{text}");
    }
    // Numbers: the oldest claimant keeps it, whichever it is among equals.
    let mut claims: BTreeMap<(String, String, u64), Claimants<'_>> = BTreeMap::new();
    for (key, value) in &standing {
        if let Some(number) = value["priority"].as_u64() {
            let mut parts = key.split('/').map(str::to_owned);
            let since = value["since"].as_u64().unwrap_or(1);
            claims.entry((parts.next().unwrap(), parts.next().unwrap(), number)).or_default().push((since, key));
        }
    }
    for ((rack, router, number), claimants) in claims.iter().filter(|(_, claimants)| claimants.len() > 1) {
        let first = claimants.iter().map(|(since, _)| *since).min().unwrap();
        let holder =
            lock.rules.iter().find(|(key, rule)| key.rack == *rack && key.router.word() == router && u64::from(rule.priority) == *number);
        if let Some((key, rule)) = holder {
            let is_claimant = claimants.iter().any(|(since, claimant)| *since == first && *claimant == key.to_string());
            // A rule with two lines may have another one, which is older.
            let older = standing.iter().any(|(other, value)| {
                value["priority"].as_u64() == Some(*number)
                    && *other == key.to_string()
                    && value["since"].as_u64().unwrap_or(1) == u64::from(rule.since)
            });
            assert!(is_claimant || older, "{number} belongs to {claimants:?}, not to {key}\n{text}");
        }
    }
    if let Some(compiled) = run(FLEET, &apps(), &lock).compiled {
        sound(&compiled.lock, text);
        assert_eq!(read(&compiled.lock.to_text(), Mode::Trust).0.as_ref(), Some(&compiled.lock), "{text}");
        for (app, locked) in &compiled.lock.apps {
            assert!(lock.apps.get(app).is_none_or(|kept| kept.rack == locked.rack), "{app} has moved\n{text}");
        }
        let again = run(FLEET, &apps(), &compiled.lock).ok();
        assert_eq!(again.lock.to_text(), compiled.lock.to_text(), "{text}");
    }
    true
}
