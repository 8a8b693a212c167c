//! Addresses that `resolve` is asked, and patterns of hosts. The first line is the address, the rest are patterns.

use std::sync::LazyLock;

use rackform::diagnostics::Diagnostics;
use rackform::host::Host;
use rackform::lock::Mode;
use rackform::progress::Progress;
use rackform::resolve::Address;
use rackform::routes::Router;
use rackform::source::Files;
use rackform::threads::Threads;
use rackform::{Decided, decide};

use super::manifest_of;
use super::text;

/// Patterns that are held against each other.
const MOST: usize = 6;

/// A fleet that is asked.
static FLEET: LazyLock<Decided> = LazyLock::new(|| {
    let project = manifest_of(
        "services:\n  web: {build: ., port: 3000, domain: [www.example.org, example.com, \"*.example.org\", \"w?.eu.example.org\"]}\n  api: {build: ., port: 80}\n",
    );
    let mut files = Files::default();
    let mut out = Diagnostics::new(false);
    let loaded = project.load(Mode::Trust, &mut files, &mut out);
    decide(Threads::of(1), &loaded.input(&files, &Progress::default()), &mut out).expect("the fleet is in order")
});

/// An address and patterns.
pub(crate) fn address(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    for port in [None, Some(80), Some(443), Some(8080)] {
        asked(first, port);
    }
    let hosts: Vec<Host> = rest.lines().filter_map(|line| Host::parse(line).ok()).take(MOST).collect();
    for one in &hosts {
        assert!(one.contains(one) && one.may_meet(one), "{one:?} contains itself");
        assert_eq!(Host::parse(&one.shown()).ok().as_ref(), Some(one), "{one:?} is read as it is shown");
        for other in &hosts {
            meet(one, other);
        }
    }
}

fn asked(text: &str, port: Option<u16>) {
    let Ok(address) = Address::parse(text, port) else { return };
    let again = Address::parse(&address.to_string(), None);
    assert_eq!(again.as_ref(), Ok(&address), "{text:?} is read as it is written");
    for router in [Router::Public, Router::Internal] {
        let resolution = FLEET.resolver().ask(&address, router);
        let text = resolution.to_string();
        assert!(!text.replace('\n', "").contains(char::is_control), "{text:?}");
        serde_json::to_string(&resolution).expect("an answer is text, numbers and lists");
    }
}

/// What two patterns have to do with each other does not depend on who asks, and the witness is one.
fn meet(one: &Host, other: &Host) {
    let witness = one.overlap(other);
    assert_eq!(witness.is_some(), other.overlap(one).is_some(), "{one:?} {other:?}");
    if let Some(witness) = &witness {
        assert!(one.matches(witness) && other.matches(witness), "{witness} is no witness of {one:?} and {other:?}");
        assert!(one.may_meet(other), "{one:?} {other:?}");
    }
    if one.contains(other) && !other.is_wildcard() {
        assert!(one.matches(other.as_str()), "{one:?} {other:?}");
    }
    if one.contains(other) && other.contains(one) {
        assert_eq!(one.is_wildcard(), other.is_wildcard(), "{one:?} {other:?}");
    }
}
