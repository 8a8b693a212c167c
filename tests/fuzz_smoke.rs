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

use mutations::{Random, dictionary, mutated, with_ends, words};
use seeds::{regressions, seeds};
use targets::{TARGETS, Target, history, target};

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
    smoke("manifest", 150);
}

#[test]
fn fleets() {
    smoke("fleet", 150);
}

#[test]
fn locks() {
    smoke("lock", 2000);
}

#[test]
fn projects() {
    smoke("project", 60);
}

#[test]
fn histories_of_drawn_fleets() {
    let deployed = seeds("drawn").iter().take(32).map(|seed| history(seed)).sum::<usize>();
    assert!(deployed > 30, "of 32 histories only {deployed} steps compiled");
    smoke("drawn", 25);
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

/// Seeds with one number at an end, so many of them: all take ten minutes.
fn ends(name: &str, times: usize) {
    let target = target(name);
    let mut inputs: Vec<Vec<u8>> = seeds(name).iter().flat_map(|seed| with_ends(seed)).collect();
    inputs.retain(|input| input.len() <= target.most);
    assert!(inputs.len() > times, "{name} has {} inputs", inputs.len());
    let mut random = Random(u64::try_from(times).unwrap());
    for _ in 0..times {
        run(target, &inputs[random.below(inputs.len())]);
    }
}

#[test]
fn numbers_of_manifests_at_their_ends() {
    ends("manifest", 300);
}

#[test]
fn numbers_of_fleets_at_their_ends() {
    ends("fleet", 500);
}

#[test]
fn numbers_of_projects_at_their_ends() {
    ends("project", 300);
}

#[test]
fn numbers_of_other_inputs_at_their_ends() {
    for (name, times) in [("lock", 1000), ("adopt", 50), ("change_set", 40), ("output", 200), ("address", 50)] {
        ends(name, times);
    }
}

#[test]
fn what_was_found_is_withstood() {
    for target in &TARGETS {
        for (_, bytes) in regressions(target.name) {
            run(target, &bytes);
        }
    }
}

#[test]
fn each_target_has_a_program_seeds_and_words() {
    let here = |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(path)).unwrap();
    let listed = here("Cargo.toml");
    for target in &TARGETS {
        let (seeds, words, name) = (seeds(target.name), words(target), target.name);
        assert!(seeds.len() >= 3, "{name} has {} seeds", seeds.len());
        assert!(words.len() >= 20 || target.language.is_none(), "{name} has {} words", words.len());
        assert!(here(&format!("fuzz_targets/{name}.rs")).contains(&format!("target(\"{name}\")")), "{name} has a program of its own");
        assert!(listed.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name} is built");
        if let Some(folder) = std::env::var_os("FUZZ_SEEDS") {
            write(Path::new(&folder), target, &seeds, &words);
        }
    }
}

/// What libFuzzer begins with: seeds, a dictionary, and options that the target decides.
fn write(folder: &Path, target: &Target, seeds: &[Vec<u8>], words: &[Vec<u8>]) {
    let inputs = folder.join(target.name);
    fs::create_dir_all(&inputs).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(inputs.join(format!("seed-{number:03}")), seed).unwrap();
    }
    fs::write(folder.join(format!("{}.dict", target.name)), dictionary(words)).unwrap();
    fs::write(folder.join(format!("{}.options", target.name)), format!("-max_len={}\n", target.most)).unwrap();
}
