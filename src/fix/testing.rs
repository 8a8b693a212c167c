//! What holds of mends, whatever they are about: of generated manifests with slips in them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;

use super::find;
use super::rounds::{self, Checked, Outcome, Texts};
use crate::Input;
use crate::diagnostics::{Diagnostics, Severity};
use crate::fleet::{AppSource, Promises};
use crate::lock::Lock;
use crate::manifest::drift;
use crate::placement::Change;
use crate::source::{Files, Variables, parse};
use crate::threads::Threads;

const PATH: &str = "/shop/convox.yml";

/// Slips that people make, and what they should have written.
const SLIPS: &[(&str, &str)] = &[
    ("\"port\":", "\"prot\":"),
    ("\"domain\":", "\"domains\":"),
    ("\"health\":", "\"helth\":"),
    ("\"environment\":", "env:"),
    ("\"sticky\":", "Sticky:"),
    ("services:", "servces:"),
    ("timers:", "'timer':"),
    ("\"10\"", "'10'"),
    ("a.com", "https://a.com/"),
    ("\"a.com, b.com\"", "\"a.com, b.com ,A.com\""),
    ("[a.com", "[a.com, A.COM"),
    ("yes", "\"yes\""),
    ("off", "oFF"),
];

/// What a compile says of a manifest, and whether a reader takes it.
struct Said {
    fixes: usize,
    errors: usize,
    reads: bool,
    checked: Checked,
}

fn said(text: &str) -> Said {
    let mut files = Files::default();
    let file = files.add(PATH, text);
    let mut out = Diagnostics::new(false);
    let app = AppSource {
        name: "shop".into(),
        place: None,
        file,
        source: "convox.yml".into(),
        variables: Variables::new(),
        environment: Variables::new(),
        images: Vec::new(),
        params: Vec::new(),
        rack: None,
    };
    let input = Input {
        files: &files,
        racks: &[],
        apps: &[app],
        promises: &Promises::default(),
        lock: &Lock::default(),
        fleet_source: "rackform.yml",
        change: &Change::None,
        is_whole: true,
        progress: &crate::progress::Progress::default(),
    };
    let _ = crate::compile_on(Threads::of(1), &input, &mut out);
    let mendable = [(file, PathBuf::from(PATH))];
    find(&files, &mendable, &mut out);
    Said {
        fixes: out.sorted().iter().filter(|diagnostic| diagnostic.fix.is_some()).count(),
        errors: out.sorted().iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count(),
        reads: parse(file, files.text(file), Some(&Variables::new())).is_ok(),
        checked: Checked::new(&files, &mendable, &out),
    }
}

fn mend(text: &str) -> (Outcome, String) {
    let outcome = rounds::mend(|texts: &Texts| said(texts.get(&PathBuf::from(PATH)).map_or(text, String::as_str)).checked);
    let after = outcome.changed.get(&PathBuf::from(PATH)).map_or(text, |(_, after)| after.as_str()).to_owned();
    (outcome, after)
}

/// A comment at the end of every line, each of its own, and one line of them in between.
fn commented(text: &str, newline: &str) -> String {
    let line = |(at, line): (usize, &str)| format!("{line} # c{at} ü{newline}# line {at}{newline}");
    text.lines().enumerate().map(line).collect()
}

fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.find('#').map(|at| &line[at..])).collect()
}

/// Services a line each, so that there are lines to take away.
fn in_lines() -> impl Strategy<Value = String> {
    const LINES: &[&str] = &[
        "port: 3000",
        "port: 3000",
        "prot: 3000",
        "port: 80:3000",
        "port: GRPC:3000",
        "drain: \"10\"",
        "drain: 10",
        "sticky: \"no\"",
        "links: web",
        "domain: a.com, b.com, A.com",
        "domains: c.com",
        "health: {interval: '10', path: /up}",
        "helth: /up",
        "domain:\n      - d.com\n      - D.com\n      - https://e.com",
        "environment:\n      - A: b\n      - \"*\"",
        "command: [a, 1]",
        "scale: {mem: 512, cuont: 2}",
        "volumes: [/a, /a]",
        "volumes:\n      - /a\n      - /a",
        "init: ture",
    ];
    let body = proptest::collection::vec(proptest::sample::select(LINES), 0..8);
    proptest::collection::btree_map(proptest::sample::select(vec!["web", "api", "on"]), body, 1..3).prop_map(|services| {
        let services: BTreeMap<&str, Vec<&str>> = services;
        let body = |(name, lines): (&&str, &Vec<&str>)| {
            let lines: Vec<String> = lines.iter().map(|line| format!("    {line}\n")).collect();
            format!("  {name}:\n{}", lines.concat())
        };
        format!("services:\n{}", services.iter().map(body).collect::<String>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn mends_keep_what_they_do_not_mend(
        text in prop_oneof![drift::document(), in_lines()],
        slips in proptest::collection::vec(any::<bool>(), SLIPS.len()),
        newline in proptest::sample::select(vec!["\n", "\r\n"]),
        mark in proptest::sample::select(vec!["", "\u{feff}"]),
        with_comments in any::<bool>(),
    ) {
        let chosen = SLIPS.iter().zip(slips).filter(|(_, chosen)| *chosen);
        let text = chosen.fold(text, |text, ((right, wrong), _)| text.replace(right, wrong));
        let text = if with_comments { commented(&text, newline) } else { text.replace('\n', newline) };
        let text = format!("{mark}{text}");
        let before = said(&text);
        let (outcome, after) = mend(&text);
        let now = said(&after);
        prop_assert_eq!(outcome.mended.is_empty(), after == text);
        prop_assert!(!before.reads || now.reads, "{}\n{}", text, after);
        prop_assert!(now.errors <= before.errors || before.errors > 0, "{}\n{}", text, after);
        // What was hidden may show and is mended too, so nothing is left but what was taken back.
        prop_assert!(now.fixes == 0 || !outcome.unmended.is_empty(), "{} of {}\n{}\n{}", now.fixes, before.fixes, text, after);
        prop_assert!(outcome.mended.is_empty() || now.fixes < before.fixes || !outcome.unmended.is_empty(), "{}\n{}", text, after);
        prop_assert_eq!(comments(&text), comments(&after));
        prop_assert_eq!(after.starts_with('\u{feff}'), !mark.is_empty());
        prop_assert_eq!(after.contains('\r'), text.contains('\r') && after.contains('\n'), "line ends stay");
        prop_assert_eq!(after.replace("\r\n", "").contains('\n'), text.replace("\r\n", "").contains('\n'));
        let (again, same) = mend(&after);
        prop_assert!(again.mended.is_empty() && same == after, "{}\n{}\n{}", text, after, same);
    }
}

#[test]
fn generated_manifests_have_something_to_mend() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut mended, mut codes) = (0, std::collections::BTreeSet::new());
    for _ in 0..60 {
        let text = in_lines().new_tree(&mut runner).unwrap().current();
        let (outcome, _) = mend(&text);
        mended += usize::from(!outcome.mended.is_empty());
        codes.extend(outcome.mended.iter().map(|offer| offer.code.id));
    }
    assert!(mended > 30 && codes.len() > 6, "{mended} of 60, {codes:?}");
}
