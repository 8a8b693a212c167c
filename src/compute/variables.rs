//! Variables of a container. Values that are on record in the manifest or in rackform.yml stand in the template; a
//! variable without one is a secret, and its value never comes near a template.

use std::collections::BTreeMap;

use crate::diagnostics::codes::{EMPTY_VARIABLE, SECRET_NAME};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{App, Rack};
use crate::manifest::Service;
use crate::source::Place;

/// What a variable holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    /// A text.
    Text(String),
    /// The region.
    Region,
    /// The URL of another service, by its place in the manifest.
    Url(usize),
    /// A parameter of the Systems Manager under `/<rack>/<app>/` with the variable's name.
    Secret,
}

/// The variables of a service. What comes later takes the place of what came before, as in Convox: the rack's own, links,
/// resources, the manifest's entries.
pub(super) fn variables(app: &App, service: &Service, rack: &Rack, out: &mut Diagnostics) -> BTreeMap<String, Variable> {
    let mut variables = BTreeMap::from([
        ("APP".to_owned(), Variable::Text(app.name.clone())),
        ("AWS_REGION".to_owned(), Variable::Region),
        ("RACK".to_owned(), Variable::Text(rack.name.clone())),
        ("SERVICE".to_owned(), Variable::Text(service.name.value.clone())),
    ]);
    for link in &service.links {
        if let Some(target) = app.manifest.services.iter().position(|known| known.name.value == link.value) {
            variables.insert(url_of(&link.value), Variable::Url(target));
        }
    }
    for name in &service.resources {
        // Resources live elsewhere, so whoever runs them says where; a file system has no address.
        let resource = app.manifest.resources.iter().find(|resource| resource.name.value == name.value);
        if resource.is_some_and(|resource| resource.kind.value != "efs") {
            let url = url_of(&name.value);
            secret(&url, name.place, rack, out);
            variables.insert(url, Variable::Secret);
        }
    }
    for entry in &service.environment {
        let (name, default) = entry.value.split_once('=').map_or((entry.value.as_str(), None), |(name, value)| (name, Some(value)));
        if name.is_empty() {
            out.report(
                Diagnostic::new(&EMPTY_VARIABLE, entry.place, format!("`{}` sets a variable without a name", entry.value))
                    .help("write NAME=value, or remove the entry"),
            );
        }
        if name == "*" {
            variables.extend(app.environment.iter().map(|(name, value)| (name.clone(), Variable::Text(value.clone()))));
            continue;
        }
        let value = app.environment.get(name).map(String::as_str).or(default);
        if value.is_none() {
            secret(name, entry.place, rack, out);
        }
        variables.insert(name.to_owned(), value.map_or(Variable::Secret, |value| Variable::Text(value.to_owned())));
    }
    variables
}

/// Whether a variable can be a secret of its name.
fn secret(name: &str, place: Place, rack: &Rack, out: &mut Diagnostics) {
    let (label, help) = match () {
        () if !is_parameter_name(name) => {
            ("not the name of a parameter of the Systems Manager", "use letters, digits and `_`, or give the variable a value")
        }
        () if ["aws", "ssm"].iter().any(|start| rack.name.starts_with(start)) => (
            "the Systems Manager takes no parameters below names that begin with aws or ssm",
            "rename the rack, or give the variable a value",
        ),
        () => return,
    };
    out.report(Diagnostic::new(&SECRET_NAME, place, format!("`{name}` has no value and can't be a secret")).label(label).help(help));
}

/// The name of the variable with the URL of a service or a resource: `MY_DB_URL` for `my-db`.
fn url_of(name: &str) -> String {
    format!("{}_URL", name.to_uppercase().replace('-', "_"))
}

/// API `PutParameter`, `Name`.
fn is_parameter_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}
