//! The number of threads changes nothing but the time that a compile takes.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::BTreeSet;
use std::sync::Mutex;

use common::{Outcome, Random, emit, run_on};
use rackform::lock::Lock;
use rackform::output::{OutputFile, Taker};

const FLEET: &str = "
racks:
  main:
    count: 1-99
    headroom: 40
    host: \"{rack}.example.org\"
    certificates: [{arn: \"arn:aws:acm:us-east-1:123456789012:certificate/1\", names: [\"*.example.com\"]}]
    params: {Internal: Yes}
";

/// Enough for each of the threads that are tried.
const APPS: usize = 450;

/// Services that differ from app to app.
fn sound(number: usize) -> String {
    let domains: Vec<String> = (0..number % 4).map(|at| format!("d{at}-a{number}.example.com")).collect();
    let more = if number.is_multiple_of(3) { "\n  back: {port: 4000, internal: true, health: /up}" } else { "" };
    format!("services:\n  web: {{port: 3000, domain: [{}]}}{more}\n", domains.join(", "))
}

/// A manifest with something wrong in it, or worth a warning; the last ones have a host of another app.
fn broken(random: &mut Random, number: usize) -> String {
    match random.below(7) {
        0 => "services: [".to_owned(),
        1 => format!("services: {{web: {{port: 70{number:03}}}}}\n"),
        2 => "services: {web: {port: 3000, drain: x, scal: 1}}\nservces: {}\n".to_owned(),
        3 => "services: {web: {port: 3000, domain: \"${NONE}\"}}\n".to_owned(),
        4 => "services: {web: {port: 3000, domain: d1-a1.example.com}}\n".to_owned(),
        _ => sound(number),
    }
}

/// What one thread makes of manifests, which several must make of them too.
fn compiled(fleet: &str, texts: &[String], lock: &Lock) -> Outcome {
    // The order of files is not that of names, and two apps have one name.
    let name = |at: usize| format!("app{}", at * 37 % (APPS - 1));
    let names: Vec<String> = (0..texts.len()).map(name).collect();
    let apps: Vec<(&str, &str)> = names.iter().zip(texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let apps = if texts.len() < APPS { &apps[..] } else { &apps[..APPS] };
    let one = run_on(1, fleet, apps, lock);
    for threads in [2, 7] {
        let several = run_on(threads, fleet, apps, lock);
        assert_eq!(one.messages, several.messages, "{threads} threads");
        let files = |outcome: &Outcome| outcome.compiled.as_ref().map(|compiled| (compiled.files.clone(), compiled.lock.to_text()));
        assert!(files(&one) == files(&several), "{threads} threads");
    }
    one
}

#[test]
fn threads_do_not_change_the_output() {
    let texts: Vec<String> = (0..APPS - 1).map(sound).collect();
    let first = compiled(FLEET, &texts, &Lock::default()).ok();
    assert!(first.counts.0 > 1 && first.counts.1 == APPS - 1);
    // Without internal services, and without the router for them, which goes in a second phase.
    let public: Vec<String> = texts.iter().map(|text| text.lines().take(2).collect::<Vec<_>>().join("\n")).collect();
    let second = compiled(&FLEET.replace("    params: {Internal: Yes}\n", ""), &public, &first.lock).ok();
    assert!(second.phases > 1);
}

#[test]
fn threads_do_not_change_what_is_said() {
    let mut random = Random(1);
    for _ in 0..2 {
        let texts: Vec<String> = (0..APPS).map(|number| broken(&mut random, number)).collect();
        let outcome = compiled(FLEET, &texts, &Lock::default());
        assert!(outcome.compiled.is_none() && outcome.messages.len() > APPS / 2);
        assert!(outcome.says("RF0309"), "{}", outcome.messages.join("\n"));
    }
}

/// What was said to come, and what came.
#[derive(Default)]
struct Watched {
    announced: Mutex<Vec<String>>,
    taken: Mutex<BTreeSet<String>>,
}

impl Taker for Watched {
    fn begin(&self, paths: Vec<String>) {
        assert!(self.taken.lock().unwrap().is_empty(), "the first file comes later");
        *self.announced.lock().unwrap() = paths;
    }

    fn take(&self, file: OutputFile) {
        assert!(self.taken.lock().unwrap().insert(file.path.clone()), "{} came twice", file.path);
    }

    fn has(&self, _: &OutputFile) -> bool {
        false
    }
}

/// A run that is cut short is tidied up after by what was announced.
#[test]
fn no_file_comes_that_was_not_announced() {
    let text = sound(3);
    let apps: Vec<(&str, &str)> = vec![("one", &text), ("two", "services: {web: {port: 3000}}")];
    let first = run_on(1, FLEET, &apps, &Lock::default()).ok();
    let public = "services: {web: {port: 3000}}";
    let later = FLEET.replace("    params: {Internal: Yes}\n", "");
    for (fleet, text, lock) in [(FLEET, text.as_str(), Lock::default()), (&later, public, first.lock)] {
        let watched = Watched::default();
        assert!(emit(2, fleet, &[("one", text), ("two", public)], &lock, &watched));
        let (announced, taken) = (watched.announced.into_inner().unwrap(), watched.taken.into_inner().unwrap());
        let strays: Vec<&String> = taken.iter().filter(|path| !announced.contains(path)).collect();
        assert!(strays.is_empty() && taken.len() > 6, "{strays:?} of {taken:?}");
        // In a change of several phases a stack may come at two places, and no more is announced.
        assert!(announced.len() <= 2 * taken.len() && announced.iter().all(|path| !path.is_empty()), "{announced:?}");
    }
}
