//! What an earlier compile wrote, as `plan` reads it: `stacks.json`, templates and parameters that somebody has
//! changed. The archive is laid over an output that is in order.

use std::sync::LazyLock;

use rackform::Compiled;
use rackform::plan::{self, Output, Plan};
use rackform::threads::Threads;

use super::project::{LOCK, Project};
use super::text;
use super::whole::{self, Texts};

const FLEET: &str =
    "racks:\n  main: {host: main.example.org, hosted_zone: Z1, certificate: create, compute: fargate, params: {Internal: Yes}}\n";
const BEFORE: &str = "services:\n  web: {image: shop, port: 3000, domain: [www.example.org, \"*.example.org\"]}\n  job: {image: shop}\n";
const AFTER: &str = "services:\n  web: {image: shop, port: \"https:3001\", scale: 2, domain: [www.example.org, example.com]}\n  api: {image: api, port: 80}\n";

/// A small fleet that was compiled, and what it compiles to after a change.
pub(crate) static COMPILED: LazyLock<(Texts, Compiled)> = LazyLock::new(|| {
    let mut project = Project([("rackform.yml", FLEET), ("shop/convox.yml", BEFORE)].map(|(path, text)| (path.into(), text.into())).into());
    let before = project.compiled().expect("the fleet is in order");
    project.0.insert(LOCK.to_owned(), before.lock.to_text());
    project.0.insert("shop/convox.yml".to_owned(), AFTER.to_owned());
    (whole::texts(&before), project.compiled().expect("the fleet is in order"))
});

/// The plan from an output to what the fleet compiles to now, or why it can't be made.
pub(crate) fn plan_from(before: &Texts) -> Result<Plan, plan::Unreadable> {
    let after = whole::texts(&COMPILED.1);
    let old = Output::new(before.iter().map(|(path, text)| (path.as_str(), text.as_str())))?;
    let new = Output::new(after.iter().map(|(path, text)| (path.as_str(), text.as_str())))?;
    plan::plan("build", &old, &new, &COMPILED.1.forecast, Threads::of(1))
}

/// Files of an output, in the place of those that were written.
pub(crate) fn output(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let mut before = COMPILED.0.clone();
    before.extend(Project::of(text).0);
    match plan_from(&before) {
        Ok(plan) => whole::written(&plan),
        Err(unreadable) => assert!(!unreadable.path.is_empty() && !unreadable.why.is_empty(), "{unreadable:?}"),
    }
}
