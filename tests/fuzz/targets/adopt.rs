//! What the AWS CLI printed of a listener, taken into the lock of a small fleet.

use std::sync::LazyLock;

use rackform::adopt::Request;
use rackform::diagnostics::Diagnostics;
use rackform::lock::{self, Mode};
use rackform::progress::Progress;
use rackform::routes::Router;
use rackform::source::Files;

use super::project::{LOCK, Project};
use super::{messages, text, whole};

/// The fleet that a listener belongs to.
const APPS: [(&str, &str); 3] = [
    (
        "rackform.yml",
        "racks:\n  main: {host: r.example.org, hosted_zone: Z1, certificate: create, params: {Internal: Yes}}\n\
         apps: {shop: {}, blog: {params: {RedirectHttps: No}}}\n",
    ),
    (
        "shop/convox.yml",
        "services:\n  web: {build: ., port: 3000, domain: [www.example.org, example.com, \"*.example.org\"]}\n  api: {build: ., port: 80, internal: true}\n",
    ),
    ("blog/convox.yml", "services:\n  web: {image: blog, port: 80, domain: [blog.example.org, \"w?.example.net\"]}\n"),
];

/// The same with the lock that a compile makes.
static PROJECTS: LazyLock<[Project; 2]> = LazyLock::new(|| {
    let fresh = Project(APPS.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect());
    let lock = fresh.compiled().expect("the fleet is in order").lock.to_text();
    let mut compiled = fresh.clone();
    compiled.0.insert(LOCK.to_owned(), lock);
    [fresh, compiled]
});

/// An archive of `rules.json` and lists of certificates. What is adopted is a lock, and compiles or says why not.
pub(crate) fn adopt(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let archive = Project::of(text);
    for project in &*PROJECTS {
        for (router, port) in [(Router::Public, 443), (Router::Public, 80), (Router::Internal, 443)] {
            adopt_on(project, &archive, router, port);
        }
    }
}

fn adopt_on(project: &Project, archive: &Project, router: Router, port: u16) {
    let mut files = Files::default();
    let mut out = Diagnostics::new(false);
    let mut loaded = project.load(Mode::Trust, &mut files, &mut out);
    let rules = files.add("rules.json", archive.0.get("rules.json").map_or("", String::as_str));
    let others = archive.0.iter().filter(|(path, _)| *path != "rules.json").take(3);
    let certificates = others.map(|(path, text)| files.add(path.as_str(), text.as_str())).collect();
    let request = Request { rack: None, router, port, rules, certificates };
    let progress = Progress::default();
    let adopted = rackform::adopt(&loaded.input(&files, &progress), &request, &mut out);
    messages::hold(&out, &files);
    assert_eq!(adopted.is_err(), out.has_errors());
    let Ok(adopted) = adopted else { return };
    let mut out = Diagnostics::new(false);
    let file = files.add(LOCK, adopted.lock.to_text());
    loaded.lock = lock::read(&files, file, Mode::Trust, &mut out).expect("what was written is read");
    assert_eq!(loaded.lock, adopted.lock);
    let mut out = Diagnostics::new(false);
    whole::compile(&loaded.input(&files, &progress), &mut out);
    messages::hold(&out, &files);
    // The same once more finds nothing new.
    let mut out = Diagnostics::new(false);
    let again = rackform::adopt(&loaded.input(&files, &progress), &request, &mut out).expect("what was adopted is adopted again");
    assert_eq!((again.new, &again.lock), (0, &loaded.lock));
}
