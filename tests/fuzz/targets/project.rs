//! A project of texts: what stands on a disk when a command runs, without the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rackform::diagnostics::Diagnostics;
use rackform::doctor::{Question, examine, print};
use rackform::fix::{self, rounds};
use rackform::fleet::{self, AppSource, Apps, Promises, Quotas, QuotasSpec, RackSpec};
use rackform::lock::{self, Lock, Mode};
use rackform::placement::Change;
use rackform::progress::Progress;
use rackform::source::{FileId, Files, Variables};
use rackform::threads::Threads;
use rackform::{Compiled, Input};

use super::{messages, text, whole};

/// The name of the fleet's file.
pub(crate) const FLEET: &str = "rackform.yml";
/// The name of the lock.
pub(crate) const LOCK: &str = "rackform.lock";
/// The name of a manifest.
const MANIFEST: &str = "convox.yml";
/// What stands before the path of each file in an archive.
const MARK: &str = "=== ";

/// Values for `${NAME}`, honest and hostile.
const VARIABLES: [(&str, &str); 6] = [
    ("HOST", "www.example.org"),
    ("STORE_HOST", "store.example.org"),
    ("PORT", "3000"),
    ("EMPTY", ""),
    ("A", "x\", sticky: false, a: \"y\nb: [c\u{1b}[31m"),
    ("B", "{\"Ref\": \"AWS::StackName\"} ${A} !Sub"),
];

/// Files by their paths, with `/` between the parts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Project(pub(crate) BTreeMap<String, String>);

/// What was read of a project.
pub(crate) struct Loaded {
    pub(crate) racks: Vec<RackSpec>,
    pub(crate) apps: Vec<AppSource>,
    pub(crate) promises: Promises,
    pub(crate) lock: Lock,
    is_whole: bool,
    /// rackform.yml and manifests, which may be mended, under their paths.
    mendable: Vec<(FileId, PathBuf)>,
}

impl Loaded {
    /// What was read, as the library takes it.
    pub(crate) fn input<'a>(&'a self, files: &'a Files, progress: &'a Progress) -> Input<'a> {
        Input {
            files,
            racks: &self.racks,
            apps: &self.apps,
            promises: &self.promises,
            lock: &self.lock,
            fleet_source: FLEET,
            change: &Change::None,
            is_whole: self.is_whole,
            progress,
        }
    }
}

impl Project {
    /// A project of one archive: files one after another, each behind a line `=== path`.
    pub(crate) fn of(archive: &str) -> Self {
        let mut project = Self::default();
        for part in format!("\n{archive}").split(&format!("\n{MARK}")).skip(1) {
            let (path, text) = part.split_once('\n').unwrap_or((part, ""));
            project.0.insert(path.to_owned(), text.to_owned());
        }
        project
    }

    /// The archive of a project.
    pub(crate) fn archive(&self) -> String {
        self.0.iter().flat_map(|(path, text)| [MARK, path, "\n", text.trim_end_matches('\n'), "\n"]).collect()
    }

    /// Read it, as `load` reads a folder.
    pub(crate) fn load(&self, mode: Mode, files: &mut Files, out: &mut Diagnostics) -> Loaded {
        let mut loaded = Loaded {
            racks: Vec::new(),
            apps: Vec::new(),
            promises: Promises::default(),
            lock: Lock::default(),
            is_whole: true,
            mendable: Vec::new(),
        };
        let mut apps = Apps::Found;
        if let Some(text) = self.0.get(FLEET) {
            let id = files.add(FLEET, text.as_str());
            loaded.mendable.push((id, PathBuf::from(FLEET)));
            let file = fleet::read(files, id, out);
            loaded.is_whole = file.as_ref().is_some_and(|file| file.is_whole);
            if let Some(file) = file {
                (loaded.racks, loaded.promises, apps) = (file.racks, file.promises, file.apps);
            }
        }
        for rack in &mut loaded.racks {
            let Some(QuotasSpec::File(path)) = &rack.quotas else { continue };
            if let Some(quotas) = self.0.get(&path.value).and_then(|text| Quotas::from_account_limits(text).ok()) {
                rack.quotas = Some(QuotasSpec::Written(quotas));
            }
        }
        self.apps(&apps, &mut loaded, files);
        if let Some(text) = self.0.get(LOCK) {
            let id = files.add(LOCK, text.as_str());
            loaded.lock = lock::read(files, id, mode, out).unwrap_or_default();
        }
        loaded
    }

    fn apps(&self, apps: &Apps, loaded: &mut Loaded, files: &mut Files) {
        let found: Vec<String> = self.0.keys().filter(|path| Path::new(path).ends_with(MANIFEST)).cloned().collect();
        let mut add = |source: String, spec: Option<&fleet::AppSpec>| {
            let Some(text) = self.0.get(&source) else { return };
            let file = files.add(source.as_str(), text.as_str());
            loaded.mendable.push((file, PathBuf::from(&source)));
            let folder = Path::new(&source).parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
            let environment = spec.map(|spec| spec.environment.clone()).unwrap_or_default();
            let mut variables: Variables = VARIABLES.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            variables.extend(environment.clone());
            loaded.apps.push(AppSource {
                name: spec.map_or_else(|| folder.unwrap_or_else(|| "app".to_owned()), |spec| spec.name.value.clone()),
                place: spec.map(|spec| spec.name.place),
                file,
                source,
                variables,
                environment,
                images: spec.map(|spec| spec.images.clone()).unwrap_or_default(),
                params: spec.map(|spec| spec.params.clone()).unwrap_or_default(),
                rack: spec.and_then(|spec| spec.rack.clone()),
            });
        };
        match apps {
            Apps::Named(specs) => {
                for spec in specs {
                    let written = spec.manifest.as_ref().map(|manifest| manifest.value.clone());
                    add(written.unwrap_or_else(|| format!("{}/{MANIFEST}", spec.name.value)), Some(spec));
                }
            }
            Apps::Pattern(_) | Apps::Found => found.into_iter().for_each(|source| add(source, None)),
        }
    }

    /// Do what `check` does, and hold what comes of it against what is always true.
    pub(crate) fn compiled(&self) -> Option<Compiled> {
        self.checked().0
    }

    /// The same; then mend what can be mended.
    pub(crate) fn check(&self) -> Option<Compiled> {
        let (compiled, is_mendable) = self.checked();
        if is_mendable {
            self.mend(compiled.is_some());
        }
        compiled
    }

    /// What was compiled, and whether there is something to mend.
    fn checked(&self) -> (Option<Compiled>, bool) {
        let mut files = Files::default();
        let mut out = Diagnostics::new(false);
        let loaded = self.load(Mode::Trust, &mut files, &mut out);
        let compiled = whole::compile(&loaded.input(&files, &Progress::default()), &mut out);
        fix::find(&files, &loaded.mendable, &mut out);
        messages::hold(&out, &files);
        let is_mendable = out.sorted().iter().any(|diagnostic| diagnostic.fix.is_some());
        (compiled, is_mendable)
    }

    /// Do what `check --fix` does: what compiled still does, what was mended is in order, and is not mended again.
    fn mend(&self, is_sound: bool) {
        let outcome = rounds::mend(|texts| self.with(texts).seen());
        let mended = self.with(&outcome.changed.iter().map(|(path, (_, after))| (path.clone(), after.clone())).collect());
        for (path, (before, _)) in &outcome.changed {
            assert_eq!(self.0.get(&*path.to_string_lossy()), Some(before), "what is not there is mended");
        }
        let (compiled, _) = mended.checked();
        assert!(!is_sound || compiled.is_some(), "a mend broke what was sound:\n{}", mended.archive());
        if outcome.unmended.is_empty() {
            let again = rounds::mend(|texts| mended.with(texts).seen());
            assert!(again.changed.is_empty() || outcome.mended.len() > 30, "mended twice:\n{}\n{:#?}", mended.archive(), again.mended);
        }
    }

    /// With texts in place of files.
    fn with(&self, texts: &rounds::Texts) -> Self {
        let mut project = self.clone();
        project.0.extend(texts.iter().map(|(path, text)| (path.to_string_lossy().into_owned(), text.clone())));
        project
    }

    /// What a check says, as far as mending needs it.
    fn seen(&self) -> rounds::Checked {
        let mut files = Files::default();
        let mut out = Diagnostics::new(false);
        let loaded = self.load(Mode::Trust, &mut files, &mut out);
        let _ = rackform::compile_on(Threads::of(1), &loaded.input(&files, &Progress::default()), &mut out); // what is wrong is in `out`
        fix::find(&files, &loaded.mendable, &mut out);
        rounds::Checked::new(&files, &loaded.mendable, &out)
    }

    /// Do what `doctor` does.
    pub(crate) fn examine(&self) {
        let mut files = Files::default();
        let mut out = Diagnostics::new(false);
        let loaded = self.load(Mode::Trust, &mut files, &mut out);
        let lock = self.0.contains_key(FLEET).then_some(&loaded.lock);
        let question = Question { files: &files, racks: &loaded.racks, apps: &loaded.apps, lock, rack: None };
        let report = examine(&question, Threads::of(1), &mut out);
        messages::hold(&out, &files);
        let findings = out.sorted();
        assert!(!print::text(&report, &findings, &files).contains('\u{1b}'), "a value writes to the terminal");
        let _ = print::markdown(&report, &findings, &files);
        let _ = print::json(&report, &findings, &files);
    }
}

/// A project of several files, its lock among them: `check`, `check --fix`, `check --mend` and `doctor`.
pub(crate) fn project(bytes: &[u8]) {
    let Some(project) = text(bytes).map(Project::of) else { return };
    if project.0.len() > 12 {
        return;
    }
    if let Some(compiled) = project.check() {
        whole::changes(&whole::Texts::new(), &compiled);
    }
    project.examine();
    if project.0.contains_key(LOCK) {
        let mut files = Files::default();
        let mut out = Diagnostics::new(false);
        let loaded = project.load(Mode::Mend, &mut files, &mut out);
        whole::compile(&loaded.input(&files, &Progress::default()), &mut out);
        messages::hold(&out, &files);
    }
}
