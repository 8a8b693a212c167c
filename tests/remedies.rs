//! The ways out that are named when no rack has room lead out.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use common::{Outcome, run, run_change};
use rackform::lock::Lock;
use rackform::placement::Change;

fn fleet(count: usize, rules: usize) -> String {
    format!(
        "racks: {{main: {{count: {count}, host: \"{{rack}}.example.org\", certificate: create, headroom: 0, quotas: {{rules: {rules}}}}}}}"
    )
}

/// An app with so many services, each of one rule.
fn app(services: usize) -> String {
    (0..services).fold("services:\n".to_owned(), |text, at| format!("{text}  s{at}: {{port: 1}}\n"))
}

/// Two racks with room for ten rules each: five and three stand on the first, six on the second.
fn placed(fleet: &str) -> Lock {
    let apps = [app(5), app(3), app(6)];
    let first = run(fleet, &[("accounts", &apps[0]), ("blog", &apps[1])], &Lock::default()).ok().lock;
    let pinned = format!("{fleet}\napps: {{cart: {{rack: main-2}}}}");
    let lock = run(&pinned, &[("accounts", &apps[0]), ("blog", &apps[1]), ("cart", &apps[2])], &first).ok().lock;
    assert_eq!(["accounts", "blog", "cart"].map(|app| lock.apps[app].rack.as_str()), ["main", "main", "main-2"]);
    lock
}

/// The same with an app of five rules more.
fn with_shop(fleet: &str, lock: &Lock) -> Outcome {
    let apps = [app(5), app(3), app(6), app(5)];
    run(fleet, &[("accounts", &apps[0]), ("blog", &apps[1]), ("cart", &apps[2]), ("shop", &apps[3])], lock)
}

#[test]
fn a_higher_quota_one_more_rack_or_a_move_makes_room() {
    let full = fleet(2, 10);
    let lock = placed(&full);
    assert!(with_shop(&full, &lock).says("RF0513"));
    with_shop(&fleet(2, 25), &lock).ok();
    with_shop(&fleet(3, 10), &lock).ok();

    // The smallest app whose move is enough is `blog`; while it moves it stands on both racks.
    let apps = [app(5), app(3), app(6)];
    let without: Vec<(&str, &str)> = ["accounts", "blog", "cart"].into_iter().zip(apps.iter().map(String::as_str)).collect();
    let begin = Change::Begin { app: "blog".into(), to: "main-2".into() };
    let moving = run_change(&full, &without, &lock, &begin).ok().lock;
    assert!(with_shop(&full, &moving).says("RF0513"));
    let finished = run_change(&full, &without, &moving, &Change::Finish { app: "blog".into() }).ok().lock;
    assert_eq!(with_shop(&full, &finished).ok().lock.apps["shop"].rack, "main");
}
