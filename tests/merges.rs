//! Two branches that add different apps, merged by git: most locks merge without a conflict in the
//! text, and whatever comes out is either right or said to be wrong, and can be mended.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Outcome, Random, read, run};
use rackform::lock::{Lock, Mode};

const PAIRS: usize = 200;
/// Fleets that branches begin with, and branches of each. Any two branches of one fleet are a pair.
const BASES: usize = 4;
const BRANCHES: usize = 11;

const FLEET: &str = "\
racks:
  production:
    count: 1-9
    host: \"{rack}.example.org\"
    hosted_zone: Z1
    certificate: create
    params: {Internal: Yes}
    certificates: [{arn: \"arn:aws:acm:us-east-1:123456789012:certificate/1\", names: [\"*.example.com\"]}]
";

/// What an app is made of: per service, how many domains of its own it has.
type App = Vec<usize>;
type Apps = BTreeMap<String, App>;

const FIRST: &[&str] = &[
    "account",
    "admin",
    "ads",
    "audit",
    "auth",
    "billing",
    "blog",
    "cart",
    "catalog",
    "chat",
    "checkout",
    "content",
    "customer",
    "data",
    "docs",
    "email",
    "events",
    "export",
    "feed",
    "files",
    "forum",
    "geo",
    "help",
    "image",
    "import",
    "inventory",
    "invoice",
    "jobs",
    "ledger",
    "login",
    "mail",
    "map",
    "media",
    "metrics",
    "news",
    "order",
    "partner",
    "payment",
    "price",
    "product",
    "profile",
    "push",
    "report",
    "review",
    "sales",
    "search",
    "session",
    "shop",
    "stock",
    "store",
    "support",
    "survey",
    "tax",
    "ticket",
    "user",
    "video",
    "wiki",
];
const SECOND: &[&str] = &["", "-admin", "-api", "-backend", "-gateway", "-service", "-site", "-web", "-worker"];

/// A name that no other app of a fleet has, on whichever branch.
fn name(random: &mut Random, taken: &mut BTreeSet<String>) -> String {
    loop {
        let name = format!("{}{}", random.of(FIRST), random.of(SECOND));
        if taken.insert(name.clone()) {
            return name;
        }
    }
}

fn app(random: &mut Random) -> App {
    (0..=random.below(2)).map(|_| random.below(3)).collect()
}

fn manifest(name: &str, app: &App) -> String {
    let mut text = "services:\n".to_owned();
    for (service, domains) in app.iter().enumerate() {
        let domains: Vec<String> =
            (0..*domains).map(|n| format!("{name}{n}-s{service}.example.{}", if n % 2 == 0 { "com" } else { "net" })).collect();
        let _ = writeln!(text, "  s{service}: {{port: 3000, domain: [{}]}}", domains.join(", "));
    }
    text
}

fn compile(apps: &Apps, lock: &Lock) -> Outcome {
    let texts: Vec<(&str, String)> = apps.iter().map(|(name, app)| (name.as_str(), manifest(name, app))).collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    run(FLEET, &texts, lock)
}

/// The files of a commit.
fn files(apps: &Apps, lock: &Lock) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> =
        apps.iter().map(|(name, app)| (format!("services/{name}/convox.yml"), manifest(name, app))).collect();
    files.insert("rackform.lock".into(), lock.to_text());
    files
}

/// What one branch makes of a fleet; whether it only adds apps.
struct Branch {
    apps: Apps,
    lock: Lock,
    adds_only: bool,
}

struct Base {
    apps: Apps,
    lock: Lock,
    branches: Vec<Branch>,
}

fn base(random: &mut Random) -> Base {
    let mut taken = BTreeSet::new();
    let apps: Apps = (0..100 + random.below(21)).map(|_| (name(random, &mut taken), app(random))).collect();
    let mut lock = Lock::default();
    // A fleet grows in steps.
    for size in [apps.len() / 2, apps.len() - 3, apps.len()] {
        lock = compile(&apps.iter().take(size).map(|(name, app)| (name.clone(), app.clone())).collect(), &lock).ok().lock;
    }
    let branches = (0..BRANCHES)
        .map(|_| {
            let mut branch = apps.clone();
            for _ in 0..1 + random.below(10) / 7 + random.below(10) / 9 {
                let new = name(random, &mut taken);
                branch.insert(new, app(random));
            }
            let adds_only = random.below(3) > 0;
            if !adds_only {
                // Hosts and services of apps that were there come and go, too.
                for _ in 0..=random.below(2) {
                    let at = random.below(apps.len());
                    let changed = branch.get_mut(apps.keys().nth(at).unwrap()).unwrap();
                    match random.below(4) {
                        0 if changed.len() > 1 => drop(changed.pop()),
                        1 => changed.push(random.below(3)),
                        2 => changed[0] += 1,
                        _ => changed[0] = changed[0].saturating_sub(1),
                    }
                }
            }
            let lock = compile(&branch, &lock).ok().lock;
            Branch { apps: branch, lock, adds_only }
        })
        .collect();
    Base { apps, lock, branches }
}

/// What both branches want together.
fn merged(base: &Apps, ours: &Apps, theirs: &Apps) -> Apps {
    let mut merged = ours.clone();
    for (name, app) in theirs {
        if base.get(name) != Some(app) {
            merged.insert(name.clone(), app.clone());
        }
    }
    merged
}

/// A git that nobody has configured.
fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder)
        .args(["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false", "-c", "gc.auto=0"])
        .args([
            "-c",
            "commit.gpgSign=false",
            "-c",
            "core.fsync=none",
            "-c",
            "advice.detachedHead=false",
            "-c",
            "merge.conflictStyle=merge",
        ]);
    // A hook of git that runs tests says where its own repository is.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX"] {
        git.env_remove(name);
    }
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").stdout(Stdio::null()).stderr(Stdio::null());
    git
}

/// A commit for `git fast-import`.
fn commit(stream: &mut Vec<u8>, branch: &str, from: Option<&str>, files: &BTreeMap<String, String>, before: &BTreeMap<String, String>) {
    let from = from.map(|from| format!("from refs/heads/{from}\n")).unwrap_or_default();
    let _ = write!(stream, "commit refs/heads/{branch}\ncommitter A <a@example.org> 1700000000 +0000\ndata 1\nx\n{from}");
    for (path, text) in files.iter().filter(|(path, text)| before.get(*path) != Some(text)) {
        let _ = write!(stream, "M 100644 inline {path}\ndata {}\n{text}\n", text.len());
    }
}

/// A repository with every base and every branch.
fn repository(bases: &[Base]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("merges");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    assert!(git(&folder).args(["init", "-q", "."]).status().unwrap().success());
    let mut stream = Vec::new();
    for (at, base) in bases.iter().enumerate() {
        let before = files(&base.apps, &base.lock);
        commit(&mut stream, &format!("base{at}"), None, &before, &BTreeMap::new());
        for (number, branch) in base.branches.iter().enumerate() {
            commit(&mut stream, &format!("b{at}-{number}"), Some(&format!("base{at}")), &files(&branch.apps, &branch.lock), &before);
        }
    }
    let mut import = git(&folder).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(&stream).unwrap();
    assert!(import.wait().unwrap().success());
    folder
}

/// The lock that git makes of two branches.
fn merge(folder: &Path, ours: &str, theirs: &str) -> String {
    let checkout = git(folder).args(["checkout", "-q", "-f", "--detach", ours]).status().unwrap();
    assert!(checkout.success());
    let _ = git(folder).args(["merge", "-q", "--no-edit", theirs]).status().unwrap(); // fails where there is a conflict
    fs::read_to_string(folder.join("rackform.lock")).unwrap()
}

fn has_git() -> bool {
    Command::new("git").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// What must hold of a lock that was mended and compiled.
fn check_mended(text: &str, base: &Lock, apps: &Apps, what: &str) {
    let (lock, messages) = read(text, Mode::Mend);
    let lock = lock.unwrap_or_else(|| panic!("{what}: {messages:#?}\n{text}"));
    let mended = compile(apps, &lock).ok().lock;
    let (again, messages) = read(&mended.to_text(), Mode::Trust);
    assert_eq!(again.as_ref(), Some(&mended), "{what}: {messages:#?}");
    assert_eq!(compile(apps, &mended).ok().lock.to_text(), mended.to_text(), "{what}: a second compile changes it");
    for (name, app) in base.apps.iter().filter(|(name, _)| apps.contains_key(*name)) {
        assert_eq!(mended.apps[name].rack, app.rack, "{what}: {name} has moved");
    }
    for (key, rule) in &base.rules {
        if let Some(now) = mended.rules.get(key) {
            assert_eq!(now.priority, rule.priority, "{what}: {key} was renumbered");
        }
    }
    let numbers: BTreeSet<_> = mended.rules.iter().map(|(key, rule)| (&key.rack, key.router, rule.priority)).collect();
    assert_eq!(numbers.len(), mended.rules.len(), "{what}: two rules on one number");
}

/// Two branches, and the lock that git makes of them.
struct Pair<'a> {
    base: &'a Base,
    ours: &'a Branch,
    theirs: &'a Branch,
    what: String,
    text: String,
    /// The same with `merge=union` for the lock, where there was a conflict.
    union: Option<String>,
}

fn pairs<'a>(bases: &'a [Base], random: &mut Random) -> Vec<Pair<'a>> {
    let folder = repository(bases);
    let attributes = folder.join(".git/info/attributes");
    fs::create_dir_all(folder.join(".git/info")).unwrap();
    let mut seen = BTreeSet::new();
    while seen.len() < PAIRS {
        let (at, one, other) = (random.below(BASES), random.below(BRANCHES), random.below(BRANCHES));
        if one != other {
            seen.insert((at, one, other));
        }
    }
    let pair = |(at, one, other): (usize, usize, usize)| {
        let base = &bases[at];
        let merged = |attribute: &str| {
            fs::write(&attributes, attribute).unwrap();
            merge(&folder, &format!("b{at}-{one}"), &format!("b{at}-{other}"))
        };
        let text = merged("");
        let union = text.contains("<<<<<<<").then(|| merged("rackform.lock merge=union"));
        let what = format!("branches {one} and {other} of base {at}");
        Pair { base, ours: &base.branches[one], theirs: &base.branches[other], what, text, union }
    };
    seen.into_iter().map(pair).collect()
}

/// Hold a merged lock against what both branches want; whether nothing is left to be done.
fn check(text: &str, pair: &Pair<'_>) -> bool {
    let (what, base) = (&pair.what, pair.base);
    let apps = merged(&base.apps, &pair.ours.apps, &pair.theirs.apps);
    let (lock, messages) = read(text, Mode::Trust);
    let is_right = match lock {
        None => {
            let code = if text.contains("<<<<<<<") { "[RF0503]" } else { "[RF0504]" };
            let is_exact = |message: &String| message.starts_with("rackform.lock:") && message.contains(code);
            assert!(!messages.is_empty() && messages.iter().all(is_exact), "{what}: {messages:#?}");
            false
        }
        // `--locked` compares what stands in the lines.
        Some(lock) => {
            let now = compile(&apps, &lock).ok().lock;
            for (key, rule) in &lock.rules {
                assert!(now.rules.get(key).is_none_or(|now| now.priority == rule.priority), "{what}: {key} was renumbered");
            }
            now == lock
        }
    };
    if !is_right {
        check_mended(text, &base.lock, &apps, what);
    }
    is_right
}

#[test]
#[allow(clippy::print_stdout)] // the figures are what somebody runs it for
fn locks_of_two_branches_merge() {
    if !has_git() {
        println!("skipped: there is no git, which is what merges");
        return;
    }
    let bases: Vec<Base> = std::thread::scope(|scope| {
        let fleets: Vec<_> = (0..BASES).map(|at| scope.spawn(move || base(&mut Random(at as u64)))).collect();
        fleets.into_iter().map(|fleet| fleet.join().unwrap()).collect()
    });
    let pairs = pairs(&bases, &mut Random(99));
    let right: Vec<bool> = std::thread::scope(|scope| {
        let chunks: Vec<_> = pairs
            .chunks(PAIRS / 2)
            .map(|chunk| {
                scope.spawn(|| {
                    let one = |pair: &Pair<'_>| check(&pair.text, pair) | pair.union.as_ref().is_some_and(|union| check(union, pair));
                    chunk.iter().map(one).collect::<Vec<_>>()
                })
            })
            .collect();
        chunks.into_iter().flat_map(|chunk| chunk.join().unwrap()).collect()
    });
    for (adds_only, what) in [(true, "only add apps"), (false, "change others too")] {
        let of: Vec<_> = pairs.iter().zip(&right).filter(|(pair, _)| (pair.ours.adds_only && pair.theirs.adds_only) == adds_only).collect();
        let clean = of.iter().filter(|(pair, _)| pair.union.is_none()).count();
        let right = of.iter().filter(|(_, right)| **right).count();
        println!(
            "{} pairs of branches that {what}: {:.1} % merge without a conflict, {:.1} % are right as they are with merge=union",
            of.len(),
            per_cent(clean, of.len()),
            per_cent(right, of.len())
        );
        assert!(!adds_only || per_cent(right, of.len()) > 95.0);
        assert!(!adds_only || per_cent(clean, of.len()) > 95.0);
    }
}

#[allow(clippy::cast_precision_loss)] // hundreds
fn per_cent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole as f64
}
