//! What was rendered before is not rendered again, and nobody sees that by what is written.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use common::{Folder, emit, files_below};
use rackform::index::IndexedStack;
use rackform::lock::Lock;
use rackform::output::{Made, OutputFile, Taker};

/// As many as a fleet must have to be remembered.
const APPS: usize = 100;

/// A fleet, an output, and the cache of somebody who compiles it.
struct Project(Folder);

impl Project {
    fn new(name: &str, apps: usize) -> Self {
        let project = Self(Folder::new(&format!("cache-{name}")));
        project.0.write("rackform.yml", "racks: {main: {count: 1-9, host: \"{rack}.example.org\"}}\napps: apps/*/convox.yml\n");
        (0..apps).for_each(|number| project.app(number, "3000"));
        project
    }

    /// Write the manifest of an app.
    fn app(&self, number: usize, port: &str) {
        let text = format!("services: {{web: {{port: {port}, domain: a{number}.example.com}}}}\n");
        self.0.write(&format!("apps/app{number}/convox.yml"), &text);
    }

    fn cache(&self) -> PathBuf {
        self.0.0.join("cache")
    }

    /// Compile, with the cache in this folder; what was said.
    fn compile_with(&self, cache: &Path, more: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rackform"));
        command.arg("compile").args(more).current_dir(&self.0.0).env("XDG_CACHE_HOME", cache).env("LOCALAPPDATA", cache);
        let done = command.output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.success(), "{said}");
        said
    }

    fn compile(&self) {
        self.compile_with(&self.cache(), &[]);
    }

    /// The only file of the cache.
    fn remembered(&self) -> PathBuf {
        let files = files_below(&self.cache());
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }

    /// What a compile of all writes, which believes nothing.
    fn anew(&self) -> Vec<(PathBuf, String)> {
        fs::remove_dir_all(self.0.0.join("build")).unwrap();
        self.compile_with(&self.0.0.join("another"), &["--quiet"]);
        self.0.texts("build")
    }
}

#[test]
fn an_app_that_changes_is_all_that_changes() {
    let project = Project::new("changes", APPS);
    project.compile();
    let before: BTreeMap<PathBuf, String> = project.0.texts("build").into_iter().collect();
    let lines = || fs::read(project.remembered()).unwrap().chunks(32).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let first = lines();
    let templates = before.keys().filter(|path| path.extension().is_some_and(|end| end == "yaml")).count();
    assert!(first.len() == templates && templates > APPS && first.iter().all(|line| line.len() == 32));
    project.app(7, "4000");
    project.compile();
    let after = project.0.texts("build");
    let changed: Vec<&PathBuf> = after.iter().filter(|(path, text)| before[path] != *text).map(|(path, _)| path).collect();
    assert!(changed.len() == 1 && changed[0].ends_with("apps/app7.yaml"), "{changed:?}");
    let second = lines();
    assert_eq!(second.iter().filter(|line| !first.contains(line)).count(), 1, "a line for what is new, and none for what is gone");
    assert_eq!(second.len(), first.len());
    assert!(after == project.anew());
}

#[test]
fn what_stands_there_and_was_not_made_is_made_anew() {
    let project = Project::new("hands", APPS);
    project.compile();
    let right = project.0.texts("build");
    let (template, text) = right.iter().find(|(path, _)| path.ends_with("apps/app7.yaml")).unwrap();
    // A hand that changes a template, one that removes it, and what another app's template is; the same of parameters.
    let other = right.iter().find(|(path, _)| path.ends_with("apps/app8.yaml")).unwrap();
    for wrong in [Some(text.replace("app7", "app9")), None, Some(other.1.clone()), Some(String::new())] {
        wrong.map_or_else(|| fs::remove_file(template), |wrong| fs::write(template, wrong)).unwrap();
        project.compile();
        assert!(project.0.texts("build") == right);
    }
    let (parameters, _) = right.iter().find(|(path, _)| path.ends_with("apps/app7.params.json")).unwrap();
    for wrong in [Some("[\"A=b\"]\n"), None] {
        wrong.map_or_else(|| fs::remove_file(parameters), |wrong| fs::write(parameters, wrong)).unwrap();
        project.compile();
        assert!(project.0.texts("build") == right);
    }
    let (list, text) = right.iter().find(|(path, _)| path.ends_with("stacks.json")).unwrap();
    let (name, more) = ("\"app\": \"app7\"", "\"WebImage\"");
    assert!(text.contains(name) && text.contains(more));
    for wrong in [text.replace(name, "\"app\": \"app9\""), text.replace(more, "\"MoreImage\""), String::new()] {
        fs::write(list, wrong).unwrap();
        project.compile();
        assert!(project.0.texts("build") == right, "the list is one of stacks that are made");
    }
}

#[test]
fn a_cache_of_any_kind_does_no_harm() {
    let project = Project::new("damage", APPS);
    project.compile();
    let right = project.0.texts("build");
    let whole = fs::read(project.remembered()).unwrap();
    let half = &whole[..whole.len() / 2 + 7];
    let shifted = [&[0], &whole[..]].concat();
    for damaged in [&[][..], half, &shifted, b"no digests at all", &vec![0; 4096]] {
        fs::write(project.remembered(), damaged).unwrap();
        fs::write(project.remembered().with_extension("rackform-tmp"), "what a run has left that was killed").unwrap();
        project.app(7, "4000");
        project.compile();
        project.app(7, "3000");
        project.compile();
        assert!(project.0.texts("build") == right);
        assert!(fs::read(project.remembered()).unwrap() == whole, "and is mended");
    }
    // No folder, no file, and nowhere.
    let file = project.0.0.join("rackform.yml");
    fs::remove_file(project.remembered()).unwrap();
    fs::create_dir(project.cache().join("rackform").join("00")).unwrap();
    for cache in [file.as_path(), &project.cache(), Path::new("relative"), Path::new("")] {
        assert_eq!(project.compile_with(cache, &["--quiet"]), "");
        assert!(project.0.texts("build") == right && !project.0.has("relative"));
    }
}

#[test]
fn small_fleets_and_pipelines_leave_nothing() {
    let small = Project::new("small", APPS - 1);
    small.compile();
    assert!(!small.0.has("cache"));
    let large = Project::new("locked", APPS);
    large.compile_with(&large.0.0.join("another"), &[]);
    fs::remove_dir_all(large.0.0.join("build")).unwrap();
    large.compile_with(&large.cache(), &["--locked"]);
    assert!(!large.0.has("cache") && large.0.has("build/main/rack.yaml"));
}

/// What was made of a stack: its entry, its template and its parameters.
type Texts = [String; 3];

/// Somebody who knows all stacks but those that are new to him.
#[derive(Default)]
struct Knowing {
    known: BTreeMap<Vec<u8>, IndexedStack>,
    now: Mutex<BTreeMap<Vec<u8>, (IndexedStack, Texts)>>,
    taken: Mutex<Vec<String>>,
}

impl Taker for Knowing {
    fn begin(&self, _: Vec<String>) {}

    fn take(&self, file: OutputFile) {
        self.taken.lock().unwrap().push(file.path);
    }

    fn has(&self, _: &OutputFile) -> bool {
        false
    }

    fn remembers(&self) -> bool {
        true
    }

    fn known(&self, _: &str, _: &str, made_from: &[u8]) -> Option<IndexedStack> {
        self.known.get(made_from).cloned()
    }

    fn remember(&self, made_from: &[u8], made: &Made<'_>) {
        let texts = [serde_json::to_string(made.entry).unwrap(), made.template.to_owned(), made.parameters.to_owned()];
        let before = self.now.lock().unwrap().insert(made_from.to_vec(), (made.entry.clone(), texts.clone()));
        assert!(before.is_none_or(|(_, before)| before == texts), "two stacks are made from the same: {}", made.template);
    }
}

#[test]
fn what_is_known_is_not_made() {
    let fleet = "racks: {main: {host: main.example.org}}\n";
    let (web, more) = ("services: {web: {port: 3000}}\n", "services: {web: {port: 3000, health: /up}}\n");
    let first = Knowing::default();
    assert!(emit(1, fleet, &[("one", web), ("two", web)], &Lock::default(), &first));
    let known: BTreeMap<Vec<u8>, IndexedStack> =
        first.now.into_inner().unwrap().into_iter().map(|(made_from, (entry, _))| (made_from, entry)).collect();
    assert_eq!(known.len(), 3, "the rack and both apps");
    let second = Knowing { known, ..Knowing::default() };
    // One more app, which comes before the others.
    assert!(emit(1, fleet, &[("new", web), ("one", more), ("two", web)], &Lock::default(), &second));
    let taken = second.taken.into_inner().unwrap();
    let expected = ["new.yaml", "new.params.json", "one.yaml", "one.params.json"].map(|name| format!("main/apps/{name}"));
    assert_eq!(taken, [&expected[..], &["deploy.sh".to_owned(), "stacks.json".to_owned()]].concat());
    let new = second.now.into_inner().unwrap();
    assert!(new.len() == 2 && new.values().filter(|(_, [_, template, _])| template.contains("/up")).count() == 1);
}

/// The racks and apps of an example or a case.
fn fleet_of(folder: &Path) -> (String, Vec<(String, String)>) {
    let fleet = fs::read_to_string(folder.join("rackform.yml")).unwrap();
    let read: serde_yaml::Value = serde_yaml::from_str(&fleet).unwrap();
    let named = read.get("apps").and_then(|apps| apps.as_mapping()).map(|apps| {
        let path = |name: &str, app: &serde_yaml::Value| {
            app.get("manifest").and_then(|path| path.as_str()).map_or(format!("{name}/convox.yml"), str::to_owned)
        };
        apps.iter().map(|(name, app)| (name.as_str().unwrap().to_owned(), folder.join(path(name.as_str().unwrap(), app)))).collect()
    });
    let below = || {
        let found = files_below(folder).into_iter().filter(|path| path.ends_with("convox.yml"));
        found.map(|path| (path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned(), path)).collect()
    };
    let apps: Vec<(String, PathBuf)> = named.unwrap_or_else(below);
    (fleet, apps.into_iter().map(|(name, path)| (name, fs::read_to_string(path).unwrap())).collect())
}

/// A text with one of its words changed, for each of them: numbers are others, switches are turned, and names too.
fn changed_by_a_word(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let words = text.match_indices(|c: char| !(c.is_ascii_alphanumeric() || "-_/.".contains(c))).map(|(at, _)| at);
    let mut start = 0;
    for end in words.chain([text.len()]) {
        let word = &text[start..end];
        let other = match word {
            "" => None,
            "Yes" | "true" => Some("No".to_owned()),
            "No" | "false" => Some("Yes".to_owned()),
            _ => Some(word.parse::<u64>().map_or_else(|_| format!("{word}x"), |number| (number + 1).to_string())),
        };
        all.extend(other.map(|other| [&text[..start], &other, &text[end..]].concat()));
        start = (end + 1).min(text.len());
    }
    all
}

/// Whoever makes a stack sees nothing but what it is known by: else a change would leave what was made before.
#[test]
fn what_is_made_in_two_ways_is_made_from_two_things() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases =
        ["tests/cases/brought-network", "tests/cases/instances", "tests/cases/network-ports", "tests/cases/private", "examples/shop"];
    let (mut compiled, mut made) = (0, BTreeSet::new());
    for case in cases {
        let (fleet, apps) = fleet_of(&root.join(case));
        let seen = Knowing::default();
        let mut emit = |fleet: &str, apps: &[(String, String)]| {
            let apps: Vec<(&str, &str)> = apps.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            compiled += usize::from(emit(1, fleet, &apps, &Lock::default(), &seen));
        };
        emit(&fleet, &apps);
        for fleet in changed_by_a_word(&fleet) {
            emit(&fleet, &apps);
        }
        for at in 0..apps.len() {
            for text in changed_by_a_word(&apps[at].1) {
                let mut apps = apps.clone();
                apps[at].1 = text;
                emit(&fleet, &apps);
            }
        }
        made.extend(seen.now.into_inner().unwrap().into_values().map(|(_, texts)| texts));
    }
    assert!(compiled > 300 && made.len() > 200, "{compiled} compiled, {} stacks", made.len());
}
