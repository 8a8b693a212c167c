//! `rackform doctor`: every folder of `tests/doctor` holds a fleet and, in `expected`, what must be
//! said of it, written down by hand.
//!
//! A line of `expected` is `FILE:LINE:COLUMN SEVERITY CODE RANK`, or `- SEVERITY CODE RANK` for a
//! finding about no place; `router RACK ROUTER HTTPS HTTP TARGET-GROUPS CERTIFICATES of RULES
//! TARGET-GROUPS CERTIFICATES` for each router; `unread NAMES` and `savings CONVOX -> RACKFORM`
//! (rules, target groups, certificates, racks), where they matter. `args` holds further arguments,
//! one a line.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test fails by panicking, and says what it saw

mod common;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Folder, files_below};
use insta::{Settings, assert_snapshot};
use jsonschema::Validator;
use proptest::prelude::*;
use rackform::diagnostics::codes::CODES;
use rackform::diagnostics::{Diagnostics, short};
use rackform::doctor::{Need, Question, Report, examine, print};
use rackform::fleet::AppSource;
use rackform::routes::Router;
use rackform::source::{Files, Variables};
use rackform::threads::Threads;
use serde_json::Value;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(rackform::schema::DOCTOR).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
}

/// A copy of a case with its lock, and the arguments that it is looked at with.
fn copy(case: &Path) -> (Folder, Vec<String>) {
    static COPIES: AtomicUsize = AtomicUsize::new(0); // tests run beside each other
    let copy = COPIES.fetch_add(1, Ordering::Relaxed);
    let folder = Folder::new(&format!("doctor-{copy}-{}", case.file_name().unwrap().to_str().unwrap()));
    for path in files_below(case) {
        let inner = path.strip_prefix(case).unwrap().to_str().unwrap();
        if inner != "expected" && inner != "args" {
            folder.write(inner, &fs::read_to_string(&path).unwrap());
        }
    }
    (folder, lines(&case.join("args")))
}

/// Exit code, standard output and standard error.
fn doctor(folder: &Folder, args: &[String], more: &[&str]) -> (i32, String, String) {
    let all: Vec<&str> = ["doctor", "."].into_iter().chain(args.iter().map(String::as_str)).chain(more.iter().copied()).collect();
    folder.run(&all)
}

/// The report as JSON, which its schema allows.
fn report(folder: &Folder, args: &[String]) -> (i32, Value) {
    let (code, out, said) = doctor(folder, args, &["--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{said}"));
    let errors: Vec<String> = SCHEMA.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    (code, report)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A report as lines of `expected`.
fn told(report: &Value) -> Vec<String> {
    let finding = |finding: &Value| {
        let place = &finding["place"];
        let place = place["file"].as_str().map_or("-".to_owned(), |file| format!("{file}:{}:{}", place["line"], place["column"]));
        format!("{place} {} {} {}", text(&finding["severity"]), text(&finding["code"]), text(&finding["rank"]))
    };
    let mut told: Vec<String> = report["findings"].as_array().unwrap().iter().map(finding).collect();
    for rack in report["racks"].as_array().unwrap() {
        for router in rack["routers"].as_array().unwrap() {
            let (sum, most) = (&router["sum"], &router["most"]);
            told.push(format!(
                "router {} {} {} {} {} {} of {} {} {}",
                text(&rack["name"]),
                text(&router["router"]),
                sum["rules_443"],
                sum["rules_80"],
                sum["target_groups"],
                sum["certificates"],
                most["rules"],
                most["target_groups"],
                most["certificates"]
            ));
        }
    }
    let unread: Vec<&str> = report["unread"].as_array().unwrap().iter().map(text).collect();
    if !unread.is_empty() {
        told.push(format!("unread {}", unread.join(", ")));
    }
    let total = |of: &str| {
        let total = &report["savings"][of];
        assert_eq!(total["too_large"], 0);
        format!("{} {} {} {}", total["rules"], total["target_groups"], total["certificates"], total["racks"])
    };
    told.push(format!("savings {} -> {}", total("convox"), total("rackform")));
    told
}

#[test]
fn each_fleet_is_told_what_is_wrong_with_it() {
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 20, "only {} cases", cases.len());
    for case in &cases {
        let (folder, args) = copy(case);
        let (code, report) = report(&folder, &args);
        let mut expected = lines(&case.join("expected"));
        let mut told = told(&report);
        if !expected.iter().any(|line| line.starts_with("savings ")) {
            told.retain(|line| !line.starts_with("savings "));
        }
        let fails = expected.iter().any(|line| line.contains(" error "));
        expected.sort();
        told.sort();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        if told != expected {
            let text = |lines: &[String]| lines.join("\n") + "\n";
            wrong
                .push(format!("{name}:\n{}", similar::TextDiff::from_lines(text(&expected).as_str(), text(&told).as_str()).unified_diff()));
        }
        if code != i32::from(fails) {
            wrong.push(format!("{name}: exit code {code}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_about_convox_has_a_fleet() {
    let told: BTreeSet<String> =
        cases().iter().flat_map(|case| lines(&case.join("expected"))).filter_map(|line| Some(line.split(' ').nth(2)?.to_owned())).collect();
    let missing: Vec<&str> = CODES.iter().map(|code| code.id).filter(|id| id.starts_with("RF08") && !told.contains(*id)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// Look at apps, by name and manifest, that share one rack: the report, and every message in one line.
fn look_at<'a>(apps: impl IntoIterator<Item = (&'a str, &'a str)>) -> (Report, Vec<String>) {
    let mut files = Files::default();
    let mut out = Diagnostics::new(false);
    let apps: Vec<AppSource> = apps
        .into_iter()
        .map(|(name, text)| AppSource {
            name: name.to_owned(),
            place: None,
            file: files.add(format!("{name}/convox.yml"), text),
            source: format!("{name}/convox.yml"),
            variables: Variables::new(),
            environment: Variables::new(),
            images: Vec::new(),
            params: Vec::new(),
            rack: None,
        })
        .collect();
    let question = Question { files: &files, racks: &[], apps: &apps, lock: None, rack: None };
    let report = examine(&question, Threads::of(1), &mut out);
    let findings = out.sorted();
    // Nothing that is printed may panic either, whatever was read.
    for text in [print::text(&report, &findings, &files), print::markdown(&report, &findings, &files)] {
        assert!(text.ends_with('\n'));
    }
    assert!(SCHEMA.is_valid(&print::json(&report, &findings, &files)));
    (report, findings.iter().map(|diagnostic| short(diagnostic, &files)).collect())
}

/// What an app asks of a router; nothing where the router is not in use.
fn need_of(report: &Report, router: Router, app: &str) -> Need {
    let fill = report.racks.first().and_then(|rack| rack.routers.iter().find(|(fill, _)| fill.router == router));
    fill.and_then(|(fill, _)| fill.apps.iter().find(|(name, _)| name == app)).map(|(_, need)| need.clone()).unwrap_or_default()
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Worker,
    Public,
    Internal,
    Both,
}

/// The table of rules that Convox's template makes, worked out with its conditions all four ways: rules on the public router
/// and on the internal one, both listeners together.
fn formula(kind: Kind, domains: usize, internal_domains: bool, redirect: bool) -> (usize, usize) {
    let (i, l, d) = (usize::from(internal_domains), if redirect { 1 } else { 2 }, domains);
    let main = if d == 0 { l * (1 + i) } else { l * (d + 2 * i) };
    match kind {
        Kind::Worker => (0, 0),
        Kind::Public => (main, 0),
        Kind::Internal => (0, main),
        Kind::Both if d == 0 => (l, main),
        Kind::Both => (l * (d + i), main),
    }
}

/// An app: the two parameters, and its services with so many domains.
type Drawn = (bool, bool, Vec<(Kind, usize)>);

fn drawn() -> impl Strategy<Value = Drawn> {
    let kind = prop_oneof![Just(Kind::Worker), Just(Kind::Public), Just(Kind::Internal), Just(Kind::Both)];
    (any::<bool>(), any::<bool>(), prop::collection::vec((kind, 0..6_usize), 0..5))
}

fn manifest(app: usize, (internal_domains, redirect, services): &Drawn) -> String {
    let flag = |on: bool| if on { "Yes" } else { "No" };
    let mut text = format!("params: {{InternalDomains: {}, RedirectHttps: {}}}\nservices:\n", flag(*internal_domains), flag(*redirect));
    for (service, (kind, domains)) in services.iter().enumerate() {
        let routed = match kind {
            Kind::Worker => "build: .",
            Kind::Public => "port: 3000",
            Kind::Internal => "port: 3000\n    internal: true",
            Kind::Both => "port: 3000\n    internalAndExternal: true",
        };
        let domains: Vec<String> = (0..*domains).map(|domain| format!("d{domain}.s{service}.a{app}.example.org")).collect();
        write!(text, "  s{service}:\n    {routed}\n    domain: [{}]\n", domains.join(", ")).unwrap();
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn counts_are_those_of_the_formula(apps in prop::collection::vec(drawn(), 1..6)) {
        let texts: Vec<(String, String)> = apps.iter().enumerate().map(|(at, app)| (format!("app{at}"), manifest(at, app))).collect();
        let (report, _) = look_at(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let mut sums = [0; 2];
        for ((name, _), (internal_domains, redirect, services)) in texts.iter().zip(&apps) {
            let [public, internal] = [Router::Public, Router::Internal].map(|router| need_of(&report, router, name));
            let rules: Vec<(usize, usize)> = services.iter().map(|(kind, d)| formula(*kind, *d, *internal_domains, *redirect)).collect();
            prop_assert_eq!(public.rules(), rules.iter().map(|rules| rules.0).sum::<usize>());
            prop_assert_eq!(internal.rules(), rules.iter().map(|rules| rules.1).sum::<usize>());
            prop_assert_eq!(public.http, if *redirect { 0 } else { public.https });
            let on = |router: Router, with_domains: bool| {
                let other = if router == Router::Public { Kind::Internal } else { Kind::Public };
                services.iter().filter(|(kind, d)| *kind != Kind::Worker && *kind != other && (*d > 0 || !with_domains)).count()
            };
            for (router, need) in [(Router::Public, &public), (Router::Internal, &internal)] {
                prop_assert_eq!(need.target_groups, on(router, false));
                prop_assert_eq!(need.certificates(), on(router, true));
                sums[router as usize] += need.rules();
            }
        }
        prop_assert_eq!(report.savings.convox.kinds[0], sums[0] + sums[1]);
        prop_assert!(report.savings.rackform.kinds[0] <= report.savings.convox.kinds[0]);
        prop_assert!(report.savings.rackform.racks <= report.savings.convox.racks.max(1));
    }
}

/// Convox's number of a rule, once more and bit by bit.
fn number(app: &str, domain: &str, position: u32) -> u32 {
    let text = format!("{app}-web-{domain}");
    let crc = !text.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    crc.wrapping_add(position + 2) % 25_000 + if domain.starts_with("*.") { 25_000 } else { 1 }
}

/// Hosts and patterns that meet each other in all ways.
const POOL: [&str; 9] = [
    "a.example.org",
    "shop-a.example.org",
    "shop-a.eu.example.org",
    "*.example.org",
    "*.eu.example.org",
    "shop-*.example.org",
    "*-a.example.org",
    "shop-?.example.org",
    "s*p-a.*.org",
];

/// Hosts on which any two of them differ, if they do at all.
fn hosts() -> Vec<String> {
    let mut hosts = Vec::new();
    for first in ["a", "x", "-a", "x-a", "shop-a", "shop-x", "shop-xy", "shop-xy-a", "shop-", "s-p-a", "sp-a"] {
        for middle in ["", "eu.", "x.", "eu.eu."] {
            hosts.extend(["example", "sample"].map(|last| format!("{first}.{middle}{last}.org")));
        }
    }
    hosts
}

/// Whether a pattern matches a host, by trying every length for a star.
fn matches(pattern: &[u8], host: &[u8]) -> bool {
    match (pattern, host) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=host.len()).any(|taken| matches(rest, &host[taken..])),
        ([b'?', rest @ ..], [_, others @ ..]) => matches(rest, others),
        ([byte, rest @ ..], [other, others @ ..]) => byte == other && matches(rest, others),
        _ => false,
    }
}

#[test]
fn the_pool_is_told_apart() {
    let hosts = hosts();
    let set = |pattern: &str| hosts.iter().map(|host| matches(pattern.as_bytes(), host.as_bytes())).collect::<Vec<bool>>();
    for (at, a) in POOL.iter().enumerate() {
        assert!(set(a).contains(&true) && POOL[at + 1..].iter().all(|b| set(a) != set(b)), "{a}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn who_never_answers_is_told(apps in prop::collection::vec(prop::sample::subsequence(POOL.to_vec(), 0..5), 2..5)) {
        let names = ["blog", "docs", "shop", "wiki"];
        let texts: Vec<String> =
            apps.iter().map(|domains| format!("services:\n  web:\n    port: 3000\n    domain: {domains:?}\n")).collect();
        let (_, said) = look_at(names.iter().copied().zip(texts.iter().map(String::as_str)));
        let told: Vec<&String> = said.iter().filter(|line| line.contains("[RF0804]") || line.contains("[RF0805]")).collect();
        let claims: Vec<(&str, &str, u32)> = names
            .iter()
            .zip(&apps)
            .flat_map(|(app, domains)| (0..).zip(domains).map(|(at, domain)| (*app, *domain, number(app, domain, at))))
            .collect();
        let hosts = hosts();
        let all = |pattern: &str| hosts.iter().filter(|host| matches(pattern.as_bytes(), host.as_bytes())).collect::<Vec<_>>();
        let mut dead = 0;
        for (app, domain, own) in &claims {
            // Where one rule is in front of all of a pattern, it answers whatever the pattern matches.
            let is_around = |other: &str| all(domain).iter().all(|host| matches(other.as_bytes(), host.as_bytes()));
            let first = claims.iter().filter(|(_, other, _)| is_around(other)).min_by_key(|(_, _, number)| number).unwrap();
            if first.0 != *app && first.2 != *own {
                dead += 1;
                let begin = format!("{app}/convox.yml:");
                let words = if first.1 == *domain {
                    format!("`{}/web` answers at `{domain}`, and `{app}/web` never does", first.0)
                } else {
                    format!("since `{}` comes before `{domain}` of `{app}/web`", first.1)
                };
                let count = told.iter().filter(|line| line.starts_with(&begin) && line.contains(&words)).count();
                prop_assert_eq!(count, 1, "{} in {:?}", words, told);
            }
        }
        prop_assert_eq!(told.len(), dead, "{:?}", told);
    }
}

/// An app of services that answer at their default name alone.
fn plain(services: usize, params: &str) -> String {
    let services: Vec<String> = (0..services).map(|at| format!("  s{at}: {{port: 3000}}\n")).collect();
    format!("{params}\nservices:\n{}", services.concat())
}

#[test]
fn target_groups_run_out_too() {
    let text = plain(101, "params: {InternalDomains: No}");
    let (report, said) = look_at([("big", text.as_str())]);
    let (fill, _) = &report.racks[0].routers[0];
    let ends: Vec<(usize, usize, &str)> = fill.ends.iter().map(|end| (end.kind, end.held, end.answer())).collect();
    assert_eq!(ends, [(0, 101, "TooManyRules"), (1, 101, "TooManyUniqueTargetGroupsPerLoadBalancer")]);
    let alone = said.iter().filter(|line| line.contains("RF0801") && line.contains("`big` alone asks for 101")).count();
    assert_eq!(alone, 2, "{said:?}");
    assert_eq!((report.savings.convox.too_large, report.savings.convox.racks), (1, 0));
    assert_eq!((report.savings.rackform.too_large, report.savings.rackform.racks), (1, 0));
}

#[test]
fn packing_saves_racks() {
    // 60 apps of two hosts: 120 rules fill a rack of Convox and a fifth of another one, and 60 are enough.
    let names: Vec<String> = (0..60).map(|at| format!("app{at}")).collect();
    let text = plain(1, "");
    let (report, said) = look_at(names.iter().map(|name| (name.as_str(), text.as_str())));
    let (convox, rackform) = (report.savings.convox, report.savings.rackform);
    assert_eq!((convox.kinds, convox.racks, rackform.kinds, rackform.racks), ([120, 60, 0], 2, [60, 60, 0], 1));
    // In the order of names, app0 app1 app10 … app55 are 51 apps and the last one is the first without room.
    let mut sorted = names.clone();
    sorted.sort();
    let (fill, chances) = &report.racks[0].routers[0];
    assert_eq!((fill.ends[0].app.as_str(), fill.ends[0].before, fill.ends[0].held), (sorted[50].as_str(), 50, 102));
    assert!(said.iter().any(|line| line.starts_with(&format!("{}/convox.yml:1:1: error[RF0801]", sorted[50]))), "{said:?}");
    assert_eq!((chances.typical, chances.room), (2, 0));
}

#[test]
fn a_large_app_of_convox_fits_where_it_is_packed() {
    let text = plain(60, "");
    let (report, _) = look_at([("big", text.as_str())]);
    assert_eq!((report.savings.convox.too_large, report.savings.convox.racks), (1, 0));
    assert_eq!((report.savings.rackform.too_large, report.savings.rackform.racks), (0, 1));
}

#[test]
fn a_report_reads_well_in_every_format() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor/everything");
    let (folder, args) = copy(&case);
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../snapshots/doctor");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for format in ["text", "markdown", "json"] {
            let (code, out, said) = doctor(&folder, &args, &["--format", format]);
            assert_eq!(code, 1, "{said}");
            assert_snapshot!(format, out);
            if format == "text" {
                assert_snapshot!("messages", said);
            }
        }
    });
}

#[test]
fn what_everything_shows_is_every_code() {
    let told: Vec<String> = lines(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctor/everything/expected")));
    let missing: Vec<&str> =
        CODES.iter().map(|code| code.id).filter(|id| id.starts_with("RF08") && !told.iter().any(|line| line.contains(id))).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn messages_for_machines_take_the_place_of_the_report() {
    let (folder, args) = copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor/collisions"));
    for format in ["json", "github", "sarif"] {
        let (code, out, said) = doctor(&folder, &args, &["--message-format", format]);
        assert_eq!((code, said.as_str()), (1, ""));
        assert!(out.contains("RF0802") && !out.contains("What packing saves"), "{format}: {out}");
    }
    let (_, out, said) = doctor(&folder, &args, &["--message-format", "short"]);
    assert!(said.starts_with("notes/convox.yml:2:3: error[RF0802]: ") && out.contains("What packing saves"), "{said}{out}");
}

#[test]
fn nothing_wrong_is_said_in_a_line_beside_the_savings() {
    let (folder, args) = copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor/clean"));
    let (code, out, said) = doctor(&folder, &args, &[]);
    assert_eq!((code, said.as_str()), (0, ""));
    assert!(out.starts_with("2 apps on 1 rack of Convox: nothing is wrong.\n") && out.contains("\nWhat packing saves "), "{out}");
    let (code, out, _) = doctor(&folder, &args, &["shop/convox.yml"]);
    assert_eq!((code, out.as_str()), (2, ""), "one path at a time");
    let (code, out, _) = folder.run(&["doctor", "shop/convox.yml", "--rack", "staging"]);
    assert!(code == 0 && out.starts_with("1 app on 1 rack of Convox: ") && out.contains("\nRack staging, public router "), "{out}");
}

#[test]
fn a_lock_says_nothing_of_convox_without_rackform_yml() {
    let (folder, args) = copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor/clean"));
    folder.write("rackform.lock", "version: 1\napps:\n  blog: {rack: main-2}\n");
    let (code, report) = report(&folder, &args);
    assert!(code == 0 && report["racks"].as_array().unwrap().len() == 1, "{report}");
}

#[test]
fn strict_makes_errors_of_warnings_and_changes_no_rank() {
    let (folder, args) = copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor/changed"));
    let args: Vec<String> = args.into_iter().chain(["--strict".into()]).collect();
    let (code, report) = report(&folder, &args);
    assert_eq!(code, 1);
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["rank"] == "ignored"), "{report}");
    assert!(findings.iter().any(|finding| finding["severity"] == "error"), "{report}");
}

#[test]
fn a_folder_without_manifests_has_no_report() {
    let folder = Folder::new("doctor-empty");
    let (code, out, said) = doctor(&folder, &[], &[]);
    assert!(code == 1 && out.is_empty() && said.contains("RF0308"), "{out}{said}");
}

#[test]
fn the_schema_is_printed() {
    let folder = Folder::new("doctor-schema");
    assert_eq!(folder.run(&["schema", "doctor"]), (0, rackform::schema::DOCTOR.to_owned(), String::new()));
}

#[test]
fn threads_change_nothing() {
    let (folder, _) = copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor/everything"));
    let mut files = Files::default();
    let mut out = Diagnostics::new(false);
    let request = rackform::load::Request { path: folder.0.clone(), ..Default::default() };
    let loaded = rackform::load::load(&request, &rackform::progress::Progress::default(), &mut files, &mut out);
    let run = |threads: usize| {
        let mut out = Diagnostics::new(false);
        // Enough apps for several threads: each of them under many names.
        let many: Vec<AppSource> = (0..20)
            .flat_map(|round| {
                loaded.apps.iter().map(move |app| AppSource {
                    name: format!("{}-{round}", app.name),
                    place: app.place,
                    file: app.file,
                    source: app.source.clone(),
                    variables: app.variables.clone(),
                    environment: app.environment.clone(),
                    images: Vec::new(),
                    params: Vec::new(),
                    rack: None,
                })
            })
            .collect();
        let question = Question { files: &files, racks: &loaded.racks, apps: &many, lock: None, rack: None };
        let report = examine(&question, Threads::of(threads), &mut out);
        print::text(&report, &out.sorted(), &files)
    };
    let one = run(1);
    assert!(one.contains("blog-19") && one == run(3));
}

#[test]
fn real_manifests_never_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/real");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("no corpus here: nothing to check");
        return;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts: Vec<(String, String)> = paths
        .iter()
        .filter_map(|path| Some((path.file_stem()?.to_string_lossy().to_lowercase(), fs::read_to_string(path).ok()?)))
        .collect();
    for (name, text) in &texts {
        look_at([(name.as_str(), text.as_str())]);
    }
    let (report, said) = look_at(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    eprintln!("{} manifests, {} unread, {} messages, {:?}", texts.len(), report.unread.len(), said.len(), report.savings);
    assert!(report.unread.len() * 5 < texts.len(), "most real manifests are read");
}
