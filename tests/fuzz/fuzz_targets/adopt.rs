//! `targets::TARGETS`, under the name of this program.
#![no_main]

#[path = "../targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (targets::target("adopt").run)(bytes));
