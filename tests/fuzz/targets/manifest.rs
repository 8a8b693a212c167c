//! One file of YAML that a person writes: a manifest, and rackform.yml.

use rackform::diagnostics::Diagnostics;
use rackform::document::{self, Document};
use rackform::manifest::disagreement;
use rackform::source::{Files, Kind, Variables};

use super::project::{FLEET, Project};
use super::text;

/// Apps that stand beside a rackform.yml that is fuzzed.
const BESIDE: [(&str, &str); 4] = [
    ("convox.yml", "services:\n  web: {build: ., port: 3000, domain: [www.example.org, \"*.example.org\"]}\n"),
    ("shop/convox.yml", "services:\n  web: {build: ., port: 3000, domain: [\"${HOST}\", shop.example.org]}\n  job: {build: .}\n"),
    ("blog/convox.yml", "services:\n  web: {image: blog, port: 80, internal: true}\n  api: {build: ., port: \"https:443\", scale: 2-4}\n"),
    ("api/convox.yml", "services:\n  web: {build: ., port: \"grpc:5000\", nlb: [{port: 5000, protocol: tcp}]}\n"),
];

/// A manifest: everything that `check` does, and schema and decoder say the same.
pub(crate) fn manifest(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    agrees(text);
    is_told(text);
    manifest_of(text).check();
}

/// A project of one manifest.
pub(crate) fn manifest_of(text: &str) -> Project {
    Project([("convox.yml".to_owned(), text.to_owned())].into())
}

fn agrees(text: &str) {
    let mut files = Files::default();
    let file = files.add("convox.yml", text);
    let document = document::read(&files, file, Some(&Variables::new()), &mut Diagnostics::new(false));
    // Behind an alias one value stands at several places, and each of the two names another one. Of a key that is
    // written twice the decoder reads both values, as Convox does, and the schema is shown one.
    let is_clear =
        |document: &Document| document.duplicates.is_empty() && !document.tree.written().any(|(_, kind)| matches!(kind, Kind::Alias(_)));
    let difference = document.filter(is_clear).and_then(|document| disagreement(&document.tree));
    assert_eq!(difference, None, "schema and decoder differ:\n{text}");
}

/// What Convox refuses is an error, whatever else is said of the file.
fn is_told(text: &str) {
    let mut files = Files::default();
    let file = files.add("convox.yml", text);
    let mut out = Diagnostics::new(false);
    let manifest = rackform::manifest::read(&files, file, &Variables::new(), &mut out);
    assert!(manifest.is_none_or(|manifest| manifest.is_whole) || out.has_errors(), "refused without a word:\n{text}");
}

/// A rackform.yml beside apps that are in order.
pub(crate) fn fleet(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let mut project = Project(BESIDE.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect());
    project.0.insert(FLEET.to_owned(), text.to_owned());
    project.check();
    project.examine();
}
