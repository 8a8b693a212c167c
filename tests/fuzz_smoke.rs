//! The targets of `make fuzz` with an ordinary build: every seed, everything that was found once, and a number of
//! mutations that are the same in every run. `tests/fuzz/README.md` tells how to fuzz for longer.
//!
//! `FUZZ_SEEDS=FOLDER` writes the seeds and a dictionary of each target there, for libFuzzer.
#![allow(clippy::unwrap_used)] // a test fails by panicking

#[path = "fuzz/mutations.rs"]
mod mutations;
#[path = "fuzz/seeds.rs"]
mod seeds;
#[path = "fuzz/targets/mod.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use mutations::{Random, dictionary, mutated, words};
use seeds::{regressions, seeds};
use targets::{TARGETS, Target, target};

/// Run a target; fails with the input where it does not withstand it.
fn run(target: &Target, bytes: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))) {
        let why = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        panic!("{} does not withstand this: {}\n{}", target.name, bytes.escape_ascii(), why.unwrap_or_default());
    }
}

/// Every seed, and so many mutations.
fn smoke(name: &str, times: usize) {
    let target = target(name);
    let (seeds, words) = (seeds(name), words(target));
    for seed in &seeds {
        run(target, seed);
    }
    let mut random = Random(u64::try_from(times).unwrap());
    for _ in 0..times {
        run(target, &mutated(&seeds, &words, target.most, &mut random));
    }
}

#[test]
fn manifests() {
    smoke("manifest", 300);
}

#[test]
fn fleets() {
    smoke("fleet", 300);
}

#[test]
fn locks() {
    smoke("lock", 2000);
}

#[test]
fn projects() {
    smoke("project", 200);
}

#[test]
fn histories_of_drawn_fleets() {
    smoke("drawn", 100);
}

#[test]
fn listings_of_listeners() {
    smoke("adopt", 60);
}

#[test]
fn change_sets() {
    smoke("change_set", 1000);
}

#[test]
fn outputs() {
    smoke("output", 200);
}

#[test]
fn addresses() {
    smoke("address", 5000);
}

#[test]
fn what_was_found_is_withstood() {
    for target in &TARGETS {
        for (path, bytes) in regressions(target.name) {
            println!("{}", path.display());
            run(target, &bytes);
        }
    }
}

#[test]
fn each_target_has_seeds_and_words() {
    for target in &TARGETS {
        let (seeds, words) = (seeds(target.name), words(target));
        assert!(seeds.len() >= 3, "{} has {} seeds", target.name, seeds.len());
        assert!(words.len() >= 20 || target.language.is_none(), "{} has {} words", target.name, words.len());
        let Some(folder) = std::env::var_os("FUZZ_SEEDS") else { continue };
        let folder = Path::new(&folder);
        fs::create_dir_all(folder.join(target.name)).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(target.name).join(format!("seed-{number:03}")), seed).unwrap();
        }
        fs::write(folder.join(format!("{}.dict", target.name)), dictionary(&words)).unwrap();
    }
}
