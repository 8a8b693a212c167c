//! rackform.yml: text to what it says of racks and apps.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use indexmap::IndexMap;

use super::assemble::{AppImage, MAX_APP_NAME};
use super::promises::{Expectation, Promises, Reservation};
use super::{Api, Compute, Network, Quotas, QuotasSpec, SharedCertificate};
use crate::diagnostics::codes::{APP_NAME, CERTIFICATE_ARN, FLEET_SHAPE, FLEET_UNKNOWN_KEY, NETWORK, RACK_NAME, SYNTAX};
use crate::diagnostics::{Change, Code, Diagnostic, Diagnostics, Mend};
use crate::document;
use crate::mends;
use crate::schema::{FLEET_SCHEMA, Violation, What};
use crate::source::{Entry, FileId, Files, Kind, NodeId, Place, Resolved, Span, Spanned, Tree, Variables, escape_pointer, readable};

/// Per cent of each quota that stay free when new apps are placed, unless the rack says otherwise.
pub(super) const HEADROOM: u32 = 10;

/// Per cent that may stay free.
const MAX_HEADROOM: u32 = 90;

/// Racks of one key.
const MAX_COUNT: usize = 999;

/// What rackform.yml says.
#[derive(Debug)]
pub struct FleetFile {
    /// Racks in file order; empty when there is no `racks`.
    pub racks: Vec<RackSpec>,
    /// Which apps there are.
    pub apps: Apps,
    /// `domains` and `expect`.
    pub promises: Promises,
    /// Whether the schema accepts all of it; where not, that was reported.
    pub is_whole: bool,
}

/// A rack as it is written.
#[derive(Debug)]
pub struct RackSpec {
    /// Its name.
    pub name: Spanned<String>,
    /// `count`: how many there are in any case, and at the most.
    pub count: (usize, usize),
    /// Where `count` is written.
    pub count_place: Option<Place>,
    /// `headroom`: per cent of each quota, 0 to 90.
    pub headroom: u32,
    /// `external`: whether its stack is somebody else's.
    pub external: bool,
    /// `host`.
    pub host: Option<Spanned<String>>,
    /// `internal_host`.
    pub internal_host: Option<Spanned<String>>,
    /// `certificate`.
    pub certificate: Option<Spanned<String>>,
    /// `hosted_zone`: its id.
    pub hosted_zone: Option<Spanned<String>>,
    /// The domain that it is about, where that is said.
    pub hosted_zone_name: Option<Spanned<String>>,
    /// `certificates`.
    pub certificates: Vec<SharedCertificate>,
    /// `network`.
    pub network: Network,
    /// Where `network` is written.
    pub network_place: Option<Place>,
    /// `compute`.
    pub compute: Compute,
    /// Where `compute` is written.
    pub compute_place: Option<Place>,
    /// `api`.
    pub api: Option<Api>,
    /// `quotas`.
    pub quotas: Option<QuotasSpec>,
    /// `params` by name.
    pub params: IndexMap<String, WrittenParam>,
}

impl RackSpec {
    /// The name of one of the racks of this kind, counted from zero: production, production-2 …
    pub fn name_of(&self, number: usize) -> String {
        if number == 0 { self.name.value.clone() } else { format!("{}-{}", self.name.value, number + 1) }
    }
}

/// A parameter of a rack as it is written.
#[derive(Debug)]
pub struct WrittenParam {
    /// Where its name is.
    pub name: Place,
    /// Its value.
    pub value: Spanned<String>,
}

/// Which apps there are.
#[derive(Debug)]
pub enum Apps {
    /// Those that are found in the folders below.
    Found,
    /// Those whose manifests a pattern of paths matches.
    Pattern(Spanned<String>),
    /// These.
    Named(Vec<AppSpec>),
}

/// An app as it is written.
#[derive(Debug)]
pub struct AppSpec {
    /// Its name.
    pub name: Spanned<String>,
    /// The path of its manifest.
    pub manifest: Option<Spanned<String>>,
    /// The rack it is pinned to.
    pub rack: Option<Spanned<String>>,
    /// `params`.
    pub params: Vec<(Spanned<String>, Spanned<String>)>,
    /// `environment`.
    pub environment: Variables,
    /// `images`.
    pub images: Vec<AppImage>,
}

/// Read rackform.yml; none when it can't be read at all. What has a wrong shape is reported and
/// taken for not written.
pub fn read(files: &Files, file: FileId, out: &mut Diagnostics) -> Option<FleetFile> {
    let mut found = Diagnostics::default();
    let read = document::read(files, file, None, &mut found);
    if let Some(document) = &read {
        document.report_duplicates(&[], &mut found);
    }
    for diagnostic in found.sorted() {
        out.report(without_quotes(files, diagnostic).unwrap_or_else(|| diagnostic.clone()));
    }
    let tree = read?.tree;
    let Some(violations) = FLEET_SCHEMA.violations_of(&tree) else { return document::refuse_aliases(&tree, out) };
    let subject = mends::Subject { schema: &FLEET_SCHEMA, tree: &tree, violations: &violations };
    let told = violations.iter().enumerate().filter_map(|(number, violation)| words(subject, violation, number < mends::MOST));
    mends::report(&tree, told.collect(), |_| true, out);
    Some(FleetFile { is_whole: violations.is_empty(), ..decode(&tree) })
}

/// Better words for `host: {rack}.example.org`, which is a mapping with text behind it to YAML.
fn without_quotes(files: &Files, found: &Diagnostic) -> Option<Diagnostic> {
    let place = found.place.filter(|_| found.code == &SYNTAX)?;
    let (_, start, line) = files.lines(place);
    let (before, behind) = line.split_at_checked(place.span.start.checked_sub(start)?)?;
    let open = before.strip_suffix("{rack}")?.len();
    let end = behind.find([' ', '\t', '\r', ',', '}', ']']).unwrap_or(behind.len());
    let text = format!("{}{}", &before[open..], &behind[..end]);
    let whole = Place { span: Span { start: start + open, end: place.span.start + end }, ..place };
    let is_host = behind[..end].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    let mend = Mend::new(whole, Change::Bytes(format!("\"{text}\"")), format!("write `\"{text}\"`"));
    Some(
        Diagnostic::new(&SYNTAX, place, "text that begins with `{` needs quotes")
            .label("`{rack}` has ended as a mapping here")
            .help(format!("write \"{text}\", quotes included"))
            .mend(Some(mend).filter(|_| is_host)),
    )
}

/// A violation in words, with the pointer of what it is about.
fn words(about: mends::Subject<'_>, violation: &Violation, with_mend: bool) -> Option<(String, Diagnostic)> {
    let tree = about.tree;
    let at = |pointer: &str| {
        let (key, value) = tree.find(pointer)?;
        Some((tree.place(key.unwrap_or(value)), tree.place(value)))
    };
    let child = |key: &str| at(&format!("{}/{}", violation.pointer, escape_pointer(key)));
    let here = || at(&violation.pointer);
    let path = match readable(&violation.pointer) {
        path if path.is_empty() => "rackform.yml".to_owned(),
        path => format!("`{path}`"),
    };
    let subject = Subject::of(tree, &violation.pointer);
    let diagnostic = match &violation.what {
        What::Unknown { key, near, .. } => child(key).map(|(place, _)| {
            let help = near.as_ref().map_or("remove it".to_owned(), |near| format!("did you mean `{near}`?"));
            Diagnostic::new(&FLEET_UNKNOWN_KEY, place, format!("unknown key `{key}`")).help(help)
        }),
        What::Missing { key } => here()
            .map(|(place, _)| Diagnostic::new(subject.code(), place, format!("{path} lacks the key `{key}`")).help(format!("add `{key}`"))),
        What::Name { key, expected } => child(key).map(|(place, _)| bad_name(&violation.pointer, key, expected, place)),
        What::Ignored { expected, .. } | What::Wrong { expected } => here().map(|(key, value)| {
            let place = if value.span.start == value.span.end { key } else { value };
            let expected = if violation.pointer.is_empty() { "a mapping of `racks` and `apps`" } else { expected };
            let found = Diagnostic::new(subject.code(), place, format!("{path} takes {expected}"));
            let found = if subject.is_repetition { found.label("one id comes twice") } else { found.label(format!("expected {expected}")) };
            found.help(subject.help())
        }),
    };
    let (pointer, mend) = match &violation.what {
        _ if !with_mend => (violation.pointer.clone(), None),
        What::Unknown { key, .. } => (format!("{}/{}", violation.pointer, escape_pointer(key)), about.rename(violation)),
        What::Wrong { .. } => {
            (violation.pointer.clone(), tree.find(&violation.pointer).and_then(|(_, value)| about.value(violation, value)))
        }
        _ => (violation.pointer.clone(), None),
    };
    Some((pointer, diagnostic?.mend(mend)))
}

/// A key that is no name of a rack or of an app.
fn bad_name(pointer: &str, key: &str, expected: &str, place: Place) -> Diagnostic {
    let (code, most, help) = match pointer {
        "/racks" => (
            &RACK_NAME,
            28,
            "begin with a letter from a to z, go on with a to z, 0 to 9 and `-`, and end with no `-`; at most 28 characters",
        ),
        _ => (&APP_NAME, MAX_APP_NAME, "begin with a letter from a to z, then use a to z, 0 to 9 and `-`; at most 40 characters"),
    };
    let length = key.chars().count();
    let label = if length > most { format!("{length} characters") } else { "not allowed as a name".to_owned() };
    Diagnostic::new(code, place, format!("`{key}` is not {expected}")).label(label).help(help)
}

/// What a value is about, as far as it has messages of its own.
struct Subject {
    kind: Option<About>,
    /// Whether the value is a list with one text twice.
    is_repetition: bool,
    /// Whether the value is the ARN of a certificate in IAM.
    is_iam: bool,
}

enum About {
    Certificate,
    Network,
}

impl Subject {
    fn of(tree: &Tree, pointer: &str) -> Self {
        let parts: Vec<&str> = pointer.split('/').skip(1).collect();
        let node = tree.find(pointer).map(|(_, value)| value);
        let is_text = node.is_some_and(|node| matches!(tree.kind(node), Kind::Scalar(_)) && !tree.is_null(node));
        let is_mapping = node.is_some_and(|node| matches!(tree.kind(node), Kind::Map(_)));
        let kind = match parts.as_slice() {
            ["racks", _, "certificate"] | ["racks", _, "certificates", _, "arn"] if is_text => Some(About::Certificate),
            ["racks", _, "network"] if is_mapping => Some(About::Network),
            ["racks", _, "network", _, ..] => Some(About::Network),
            _ => None,
        };
        let items = node.map_or(&[][..], |node| tree.items(node));
        let mut seen = BTreeSet::new();
        Self {
            kind,
            is_repetition: items.iter().any(|item| !seen.insert(tree.text(*item))),
            is_iam: node.is_some_and(|node| tree.text(node).contains(":iam:")),
        }
    }

    fn code(&self) -> &'static Code {
        match self.kind {
            Some(About::Certificate) => &CERTIFICATE_ARN,
            Some(About::Network) => &NETWORK,
            None => &FLEET_SHAPE,
        }
    }

    fn help(&self) -> &'static str {
        match self.kind {
            Some(About::Certificate) if self.is_iam => "import the certificate into ACM; one in IAM can't be used",
            Some(About::Certificate) => "an ARN reads `arn:aws:acm:REGION:ACCOUNT:certificate/ID`, with all 12 digits of the account",
            Some(About::Network) => {
                "name the VPC and its subnets by their ids; each list has two or three subnets, each in a zone of its own"
            }
            None => "`rackform schema fleet` prints what each key takes",
        }
    }
}

/// Decode a tree; the schema has said what is wrong with it.
fn decode(tree: &Tree) -> FleetFile {
    let root = tree.root();
    let below = |key: &str| tree.get(root, key).map(|entry| entry.value);
    let racks = below("racks").map_or(Vec::new(), |racks| entries(tree, racks).map(|e| rack(tree, e.key, e.value)).collect());
    let apps = match below("apps") {
        None => Apps::Found,
        Some(apps) if matches!(tree.kind(apps), Kind::Scalar(_)) => Apps::Pattern(text(tree, apps)),
        Some(apps) => Apps::Named(entries(tree, apps).map(|e| app(tree, e.key, e.value)).collect()),
    };
    let mut promises = Promises::default();
    for entry in below("domains").into_iter().flat_map(|map| entries(tree, map)) {
        for item in tree.items(entry.value) {
            let name = text(tree, *item);
            let domain = Spanned::new(name.value.to_lowercase(), name.place);
            promises.domains.push(Reservation { app: text(tree, entry.key), domain });
        }
    }
    for entry in below("expect").into_iter().flat_map(|map| entries(tree, map)) {
        promises.expect.push(Expectation { address: text(tree, entry.key), answer: text(tree, entry.value) });
    }
    FleetFile { racks, apps, promises, is_whole: true }
}

/// The entries of a mapping that count: of a key that comes twice, the last one.
fn entries(tree: &Tree, map: NodeId) -> impl Iterator<Item = &Entry> {
    let counts = move |entry: &&Entry| tree.get(map, tree.text(entry.key)).is_some_and(|last| last.key == entry.key);
    tree.entries(map).iter().filter(counts)
}

fn text(tree: &Tree, node: NodeId) -> Spanned<String> {
    // A flag of YAML, such as the `No` of a parameter, keeps its spelling.
    Spanned::new(tree.text(node).to_owned(), tree.place(node))
}

fn rack(tree: &Tree, key: NodeId, body: NodeId) -> RackSpec {
    let field = |name: &str| tree.get(body, name).map(|entry| text(tree, entry.value));
    let zone = |key: &str| Some(text(tree, tree.get(tree.get(body, "hosted_zone")?.value, key)?.value));
    let texts =
        |node: Option<NodeId>| node.map_or(Vec::new(), |node| tree.items(node).iter().map(|item| tree.text(*item).to_owned()).collect());
    let certificates = tree.get(body, "certificates").map_or(Vec::new(), |list| {
        let certificate = |item: &NodeId| {
            let value = |key: &str| tree.get(*item, key).map(|entry| entry.value);
            SharedCertificate {
                arn: value("arn").map(|arn| tree.text(arn).to_owned()).unwrap_or_default(),
                names: texts(value("names")).iter().map(|name| name.to_lowercase()).collect(),
                place: value("arn").map_or_else(|| tree.place(*item), |arn| tree.place(arn)),
            }
        };
        tree.items(list.value).iter().map(certificate).collect()
    });
    let network = match tree.get(body, "network").map(|entry| entry.value) {
        Some(map) if matches!(tree.kind(map), Kind::Map(_)) => {
            let value = |key: &str| tree.get(map, key).map(|entry| entry.value);
            Network::Brought {
                vpc: value("vpc").map(|vpc| tree.text(vpc).to_owned()).unwrap_or_default(),
                subnets: texts(value("subnets")),
                private_subnets: texts(value("private_subnets")),
            }
        }
        _ => Network::Create,
    };
    let count = tree.get(body, "count").map(|entry| entry.value);
    RackSpec {
        name: text(tree, key),
        count: count.map_or((1, 1), |count| range(tree, count)),
        count_place: count.map(|count| tree.place(count)),
        headroom: number(tree, body, "headroom", 0..=MAX_HEADROOM).unwrap_or(HEADROOM),
        external: tree.get(body, "external").is_some_and(|entry| tree.scalar(entry.value) == Some(Resolved::Bool(true))),
        host: field("host"),
        internal_host: field("internal_host"),
        quotas: tree.get(body, "quotas").map(|entry| quotas(tree, entry.value)),
        certificate: field("certificate"),
        hosted_zone: zone("id").or_else(|| field("hosted_zone").filter(|zone| !zone.value.is_empty())),
        hosted_zone_name: zone("name"),
        certificates,
        network,
        network_place: tree.get(body, "network").map(|entry| tree.place(entry.key)),
        compute: tree.get(body, "compute").map_or(Compute::AsNeeded, |entry| Compute::parse(tree.text(entry.value))),
        compute_place: tree.get(body, "compute").map(|entry| tree.place(entry.value)),
        api: tree.get(body, "api").and_then(|entry| {
            let image = tree.get(entry.value, "image")?.value;
            Some(Api { image: tree.text(image).to_owned(), place: tree.place(entry.key) })
        }),
        params: params(tree, body).into_iter().map(|(name, value)| (name.value, WrittenParam { name: name.place, value })).collect(),
    }
}

/// `3` or `1-5`; a range that runs backwards has its first number, and what the schema refuses is 1: whoever goes on
/// although something was refused must not make a million racks.
fn range(tree: &Tree, node: NodeId) -> (usize, usize) {
    let within = |number: &usize| (1..=MAX_COUNT).contains(number);
    if let Some(Resolved::Int(number)) = tree.scalar(node) {
        let number = usize::try_from(number).ok().filter(within).unwrap_or(1);
        return (number, number);
    }
    let text = tree.text(node);
    let number = |text: &str| text.parse().ok().filter(within);
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let low = number(low).unwrap_or(1);
    (low, number(high).unwrap_or(low).max(low))
}

fn quotas(tree: &Tree, node: NodeId) -> QuotasSpec {
    if matches!(tree.kind(node), Kind::Scalar(_)) {
        return QuotasSpec::File(text(tree, node));
    }
    let quota = |key: &str| number(tree, node, key, 1..=Quotas::MOST);
    let default = Quotas::default();
    QuotasSpec::Written(Quotas {
        rules: quota("rules").unwrap_or(default.rules),
        certificates: quota("certificates").unwrap_or(default.certificates),
    })
}

/// A whole number under a key; none where the schema refuses it.
fn number<T: TryFrom<i64> + PartialOrd>(tree: &Tree, map: NodeId, key: &str, takes: RangeInclusive<T>) -> Option<T> {
    match tree.scalar(tree.get(map, key)?.value) {
        Some(Resolved::Int(number)) => T::try_from(number).ok().filter(|number| takes.contains(number)),
        _ => None,
    }
}

fn params(tree: &Tree, body: NodeId) -> Vec<(Spanned<String>, Spanned<String>)> {
    let Some(map) = tree.get(body, "params") else { return Vec::new() };
    entries(tree, map.value).map(|entry| (text(tree, entry.key), parameter(tree, entry.value))).collect()
}

/// A parameter's value; `Yes`, `yes` and `true` are one thing.
fn parameter(tree: &Tree, node: NodeId) -> Spanned<String> {
    match tree.scalar(node) {
        Some(Resolved::Bool(flag)) => Spanned::new(flag.to_string(), tree.place(node)),
        _ => text(tree, node),
    }
}

fn app(tree: &Tree, key: NodeId, body: NodeId) -> AppSpec {
    let field = |name: &str| tree.get(body, name).map(|entry| text(tree, entry.value));
    let environment = tree.get(body, "environment").map_or_else(Variables::new, |map| {
        let value = |node| if tree.is_null(node) { String::new() } else { tree.text(node).to_owned() };
        tree.entries(map.value).iter().map(|entry| (tree.text(entry.key).to_owned(), value(entry.value))).collect()
    });
    let images = tree.get(body, "images").map_or(Vec::new(), |map| {
        let image = |entry: &Entry| AppImage {
            service: tree.text(entry.key).to_owned(),
            image: tree.text(entry.value).to_owned(),
            place: Some(tree.place(entry.key)),
        };
        entries(tree, map.value).map(image).collect()
    });
    AppSpec { name: text(tree, key), manifest: field("manifest"), rack: field("rack"), params: params(tree, body), environment, images }
}
