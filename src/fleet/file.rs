//! rackform.yml: text to what it says of racks and apps.

use indexmap::IndexMap;

use super::{Network, SharedCertificate};
use crate::diagnostics::codes::{FLEET_SHAPE, FLEET_UNKNOWN_KEY, NOT_YET};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::document::{self, json_view};
use crate::schema::{FLEET_SCHEMA, Violation, What};
use crate::source::{FileId, Files, Kind, NodeId, Spanned, Tree, Variables, escape_pointer};

/// What rackform.yml says.
#[derive(Debug)]
pub struct FleetFile {
    /// Racks in file order; empty when there is no `racks`.
    pub racks: Vec<RackSpec>,
    /// Which apps there are.
    pub apps: Apps,
}

/// A rack as it is written.
#[derive(Debug)]
pub struct RackSpec {
    /// Its name.
    pub name: Spanned<String>,
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
    /// `params`.
    pub params: IndexMap<String, Spanned<String>>,
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
}

/// Read rackform.yml; none when it has errors.
pub fn read(files: &Files, file: FileId, out: &mut Diagnostics) -> Option<FleetFile> {
    let document = document::read(files, file, None, out)?;
    document.report_duplicates(&[], out);
    let tree = document.tree;
    let violations = FLEET_SCHEMA.violations(&json_view(&tree, out)?);
    for violation in &violations {
        report(&tree, violation, out);
    }
    violations.is_empty().then(|| decode(&tree))
}

fn report(tree: &Tree, violation: &Violation, out: &mut Diagnostics) {
    let path = violation.pointer.trim_start_matches('/').replace('/', ".");
    let at = |pointer: &str| {
        let (key, value) = tree.find(pointer)?;
        Some((tree.place(key.unwrap_or(value)), tree.place(value)))
    };
    let child = |key: &str| at(&format!("{}/{}", violation.pointer, escape_pointer(key)));
    let here = || at(&violation.pointer);
    let diagnostic = match &violation.what {
        What::Unknown { key, near, later, .. } => child(key).map(|(place, _)| {
            if *later {
                Diagnostic::new(&NOT_YET, place, format!("`{key}` is not supported by this version"))
                    .help("remove it; a later version of rackform will know it")
            } else {
                let help = near.as_ref().map_or("remove it".to_owned(), |near| format!("did you mean `{near}`?"));
                Diagnostic::new(&FLEET_UNKNOWN_KEY, place, format!("unknown key `{key}`")).help(help)
            }
        }),
        What::Missing { key } => here()
            .map(|(place, _)| Diagnostic::new(&FLEET_SHAPE, place, format!("`{path}` lacks the key `{key}`")).help(format!("add `{key}`"))),
        What::Name { key, expected } => child(key).map(|(place, _)| {
            Diagnostic::new(&FLEET_SHAPE, place, format!("`{key}` is not {expected}"))
                .help("begin with a letter from a to z, then use a to z, 0 to 9 and `-`")
        }),
        What::Ignored { expected, .. } | What::Wrong { expected } => here().map(|(key, value)| {
            let place = if value.span.start == value.span.end { key } else { value };
            Diagnostic::new(&FLEET_SHAPE, place, format!("`{path}` takes {expected}"))
                .label(format!("expected {expected}"))
                .help("`rackform schema fleet` prints what each key takes")
        }),
    };
    if let Some(diagnostic) = diagnostic {
        out.report(diagnostic);
    }
}

/// Decode a tree that the schema has accepted.
fn decode(tree: &Tree) -> FleetFile {
    let root = tree.root();
    let below = |key: &str| tree.get(root, key).map(|entry| entry.value);
    let racks = below("racks").map_or(Vec::new(), |racks| tree.entries(racks).iter().map(|e| rack(tree, e.key, e.value)).collect());
    let apps = match below("apps") {
        None => Apps::Found,
        Some(apps) if matches!(tree.kind(apps), Kind::Scalar(_)) => Apps::Pattern(text(tree, apps)),
        Some(apps) => Apps::Named(tree.entries(apps).iter().map(|e| app(tree, e.key, e.value)).collect()),
    };
    FleetFile { racks, apps }
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
    RackSpec {
        name: text(tree, key),
        host: field("host"),
        internal_host: field("internal_host"),
        certificate: field("certificate"),
        hosted_zone: zone("id").or_else(|| field("hosted_zone").filter(|zone| !zone.value.is_empty())),
        hosted_zone_name: zone("name"),
        certificates,
        network,
        params: params(tree, body).into_iter().map(|(name, value)| (name.value, value)).collect(),
    }
}

fn params(tree: &Tree, body: NodeId) -> Vec<(Spanned<String>, Spanned<String>)> {
    let Some(map) = tree.get(body, "params") else { return Vec::new() };
    tree.entries(map.value).iter().map(|entry| (text(tree, entry.key), parameter(tree, entry.value))).collect()
}

/// A parameter's value; `Yes`, `yes` and `true` are one thing.
fn parameter(tree: &Tree, node: NodeId) -> Spanned<String> {
    match tree.scalar(node) {
        Some(crate::source::Resolved::Bool(flag)) => Spanned::new(flag.to_string(), tree.place(node)),
        _ => text(tree, node),
    }
}

fn app(tree: &Tree, key: NodeId, body: NodeId) -> AppSpec {
    let field = |name: &str| tree.get(body, name).map(|entry| text(tree, entry.value));
    let environment = tree.get(body, "environment").map_or_else(Variables::new, |map| {
        let value = |node| if tree.is_null(node) { String::new() } else { tree.text(node).to_owned() };
        tree.entries(map.value).iter().map(|entry| (tree.text(entry.key).to_owned(), value(entry.value))).collect()
    });
    AppSpec { name: text(tree, key), manifest: field("manifest"), rack: field("rack"), params: params(tree, body), environment }
}
