//! Compile from texts, without a disk; and the program in folders of its own.
#![allow(dead_code, clippy::unwrap_used)] // each test binary uses its part; a test fails by panicking

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rackform::adopt::{Adopted, Request};
use rackform::diagnostics::{Diagnostics, short};
use rackform::fleet::{self, AppSource, Apps, Promises};
use rackform::lock::{self, Lock, Mode};
use rackform::output::Taker;
use rackform::placement::Change;
use rackform::progress::Progress;
use rackform::routes::Router;
use rackform::source::{FileId, Files, Variables};
use rackform::threads::Threads;
use rackform::{Compiled, Decided, Input, compile, compile_on, prepare};
use serde_yaml::Value;

/// What came of a compile.
pub(crate) struct Outcome {
    /// The output, unless there were errors.
    pub(crate) compiled: Option<Compiled>,
    /// Every message, one line each.
    pub(crate) messages: Vec<String>,
}

impl Outcome {
    /// The output; fails with the messages when there is none.
    pub(crate) fn ok(self) -> Compiled {
        let messages = self.messages.join("\n");
        self.compiled.unwrap_or_else(|| panic!("{messages}"))
    }

    /// Whether a message has this code.
    pub(crate) fn says(&self, code: &str) -> bool {
        self.messages.iter().any(|message| message.contains(&format!("[{code}]")))
    }
}

/// Numbers that are the same in every run, for histories that are drawn.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// `SplitMix64`, by Sebastiano Vigna.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `most`.
    pub(crate) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(most).expect("small")).expect("small")
    }

    /// One of several.
    pub(crate) fn of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len())]
    }
}

/// Compile apps, by name and manifest, on the racks of a rackform.yml without `apps`.
pub(crate) fn run(fleet: &str, apps: &[(&str, &str)], lock: &Lock) -> Outcome {
    run_with(fleet, apps, lock, &Variables::new())
}

/// The same with variables. Parameters of apps come from `apps` of the fleet.
pub(crate) fn run_with(fleet: &str, apps: &[(&str, &str)], lock: &Lock, variables: &Variables) -> Outcome {
    run_all(fleet, apps, lock, variables, &Change::None)
}

/// The same with something that somebody asks of the placement.
pub(crate) fn run_change(fleet: &str, apps: &[(&str, &str)], lock: &Lock, change: &Change) -> Outcome {
    run_all(fleet, apps, lock, &Variables::new(), change)
}

/// Compile apps on so many threads.
pub(crate) fn run_on(threads: usize, fleet: &str, apps: &[(&str, &str)], lock: &Lock) -> Outcome {
    with_input(fleet, apps, lock, &Variables::new(), &Change::None, None, |input, _, out| {
        let compiled = compile_on(Threads::of(threads), input, out).ok();
        Outcome { compiled, messages: out.sorted().iter().map(|d| short(d, input.files)).collect() }
    })
}

/// Compile apps on so many threads, and hand on what is made; whether nothing was wrong.
pub(crate) fn emit(threads: usize, fleet: &str, apps: &[(&str, &str)], lock: &Lock, taker: &dyn Taker) -> bool {
    let threads = Threads::of(threads);
    with_input(fleet, apps, lock, &Variables::new(), &Change::None, None, |input, _, out| {
        prepare(threads, input, out).and_then(|ready| ready.emit(threads, taker, out)).is_ok()
    })
}

fn run_all(fleet: &str, apps: &[(&str, &str)], lock: &Lock, variables: &Variables, change: &Change) -> Outcome {
    with_input(fleet, apps, lock, variables, change, None, |input, _, out| {
        let compiled = compile(input, out).ok();
        Outcome { compiled, messages: out.sorted().iter().map(|d| short(d, input.files)).collect() }
    })
}

/// Adopt the public listener on port 443 of the only rack.
pub(crate) fn adopt(fleet: &str, apps: &[(&str, &str)], rules: &str, lock: &Lock) -> Option<Adopted> {
    adopt_on(None, Router::Public, 443, fleet, apps, rules, lock)
}

/// Adopt a listener of a rack.
pub(crate) fn adopt_on(
    rack: Option<&str>,
    router: Router,
    port: u16,
    fleet: &str,
    apps: &[(&str, &str)],
    rules: &str,
    lock: &Lock,
) -> Option<Adopted> {
    with_input(fleet, apps, lock, &Variables::new(), &Change::None, Some(rules), |input, rules, out| {
        let rack = rack.map(str::to_owned);
        let request = Request { rack, router, port, rules: rules.expect("a file"), certificates: Vec::new() };
        rackform::adopt(input, &request, out).ok()
    })
}

/// Decide what a fleet is to be, without writing it; nothing when it has errors.
pub(crate) fn decide(fleet: &str, apps: &[(&str, &str)], lock: &Lock, change: &Change) -> Option<Decided> {
    with_input(fleet, apps, lock, &Variables::new(), change, None, |input, _, out| rackform::decide(Threads::of(1), input, out).ok())
}

/// Read what a compile needs from texts, and one file more.
fn with_input<T>(
    fleet: &str,
    apps: &[(&str, &str)],
    lock: &Lock,
    variables: &Variables,
    change: &Change,
    more: Option<&str>,
    job: impl FnOnce(&Input<'_>, Option<FileId>, &mut Diagnostics) -> T,
) -> T {
    let mut files = Files::default();
    let mut out = Diagnostics::new(false);
    let fleet_id = files.add("rackform.yml", fleet);
    let spec = fleet::read(&files, fleet_id, &mut out);
    let (racks, named, promises) = match spec {
        Some(spec) => (spec.racks, if let Apps::Named(named) = spec.apps { named } else { Vec::new() }, spec.promises),
        None => (Vec::new(), Vec::new(), Promises::default()),
    };
    let sources: Vec<AppSource> = apps
        .iter()
        .map(|(name, text)| {
            let spec = named.iter().find(|spec| spec.name.value == *name);
            let mut variables = variables.clone();
            variables.extend(spec.map(|spec| spec.environment.clone()).unwrap_or_default());
            AppSource {
                name: (*name).to_owned(),
                place: spec.map(|spec| spec.name.place),
                file: files.add(format!("{name}/convox.yml"), *text),
                source: format!("{name}/convox.yml"),
                variables,
                environment: spec.map(|spec| spec.environment.clone()).unwrap_or_default(),
                images: spec.map(|spec| spec.images.clone()).unwrap_or_default(),
                params: spec.map(|spec| spec.params.clone()).unwrap_or_default(),
                rack: spec.and_then(|spec| spec.rack.clone()),
            }
        })
        .collect();
    let more = more.map(|text| files.add("more.json", text));
    let input = Input {
        files: &files,
        racks: &racks,
        apps: &sources,
        lock,
        fleet_source: "rackform.yml",
        change,
        is_whole: true,
        promises: &promises,
        progress: &Progress::default(),
    };
    job(&input, more, &mut out)
}

/// Read a lock from its text, and what is said of it.
pub(crate) fn read(text: &str, mode: Mode) -> (Option<Lock>, Vec<String>) {
    let mut files = Files::default();
    let mut out = Diagnostics::new(false);
    let id = files.add("rackform.lock", text);
    let lock = lock::read(&files, id, mode, &mut out);
    let messages = out.sorted().iter().map(|d| short(d, &files)).collect();
    (lock, messages)
}

/// Read a lock back from its text.
pub(crate) fn reread(text: &str) -> Lock {
    read(text, Mode::Trust).0.expect("a lock that was written can be read")
}

/// The template of a stack, read back.
pub(crate) fn template(compiled: &Compiled, path: &str) -> Value {
    let file = compiled.files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
    serde_yaml::from_str(&file.text).expect("templates are YAML")
}

/// A listener rule as a template has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TemplateRule {
    /// Logical ID.
    pub(crate) id: String,
    /// The export that names the listener, without the rack.
    pub(crate) listener: String,
    /// Number.
    pub(crate) priority: u64,
    /// Hosts that are literals.
    pub(crate) hosts: Vec<String>,
    /// Logical ID of the target group.
    pub(crate) target: String,
}

/// The rules of a template, by number.
pub(crate) fn rules(template: &Value) -> Vec<TemplateRule> {
    let mut rules = Vec::new();
    for (id, resource) in template["Resources"].as_mapping().expect("a template has resources") {
        if resource["Type"] != "AWS::ElasticLoadBalancingV2::ListenerRule" {
            continue;
        }
        let properties = &resource["Properties"];
        let listener = properties["ListenerArn"]["Fn::ImportValue"].as_str().expect("imported");
        let values = properties["Conditions"][0]["HostHeaderConfig"]["Values"].as_sequence().expect("hosts");
        rules.push(TemplateRule {
            id: id.as_str().expect("text").to_owned(),
            listener: listener.split_once(':').expect("rack:name").1.to_owned(),
            priority: properties["Priority"].as_u64().expect("a number"),
            hosts: values.iter().map(|value| value.as_str().map_or_else(|| format!("{value:?}"), str::to_owned)).collect(),
            target: properties["Actions"][0]["TargetGroupArn"]["Ref"].as_str().expect("a reference").to_owned(),
        });
    }
    rules.sort_by(|a, b| (&a.listener, a.priority).cmp(&(&b.listener, b.priority)));
    rules
}

/// A folder that goes when the test ends.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rackform-cli-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap()
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.join(path).exists()
    }

    /// Copy a folder of the project, but for its lock.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        for path in files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(from)) {
            let inner = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join(from)).unwrap().to_str().unwrap();
            if inner != "rackform.lock" {
                self.write(&format!("{to}/{inner}"), &fs::read_to_string(&path).unwrap());
            }
        }
    }

    /// Every file below a folder, with its text.
    pub(crate) fn texts(&self, path: &str) -> Vec<(PathBuf, String)> {
        files_below(&self.0.join(path)).into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
    }

    /// Exit code, standard output and standard error of a run in this folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        program(&self.0, arguments)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Copy everything in a folder over what stands in another one.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Every file below a folder, sorted.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Run the program in a folder.
pub(crate) fn program(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_rackform")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

/// A text with lines taken out and put in; none when there is nothing left of it.
pub(crate) fn changed(old: Option<&str>, lines: &str) -> Result<Option<String>, String> {
    let with = |signs: [char; 2]| -> Vec<&str> {
        let line = |line: &'_ str| if line == "\n" { Some(0) } else { line.starts_with(signs).then_some(1) };
        lines.split_inclusive('\n').filter_map(|text| Some(&text[line(text)?..])).collect()
    };
    let (before, after) = (with([' ', '-']), with([' ', '+']));
    if before == after {
        return Err("nothing is changed".to_owned());
    }
    let mut text: Vec<&str> = old.unwrap_or_default().split_inclusive('\n').collect();
    let places: Vec<usize> = (0..=text.len()).filter(|at| text[*at..].starts_with(&before)).collect();
    let [at] = places[..] else { return Err(format!("this stands there {} times:\n{}", places.len(), before.concat())) };
    text.splice(at..at + before.len(), after);
    Ok(Some(text.concat()).filter(|text| !text.is_empty()))
}
