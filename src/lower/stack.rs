//! A stack before it is text.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::app::AppContext;

/// A stack, and everything that its template may print.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Name of the stack.
    pub name: String,
    /// What it holds.
    pub kind: StackKind,
    /// The rack that it is, or that its app stands on.
    pub rack: String,
    /// The app; none for a rack.
    pub app: Option<String>,
    /// The file of `templates/` that lays it out.
    pub template: &'static str,
    /// What the template prints.
    pub context: Context,
    /// The parameters of the template, in its order.
    pub parameters: Vec<Parameter>,
    /// Logical id and type of every resource, as lowering meant them.
    pub resources: BTreeMap<String, String>,
}

/// What a template prints. An app's is printed as it is: a fleet has many, and copies of all would take longer than
/// writing them.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Context {
    /// Of a rack.
    Rack(Value),
    /// Of an app.
    App(Box<AppContext>),
}

/// What a stack holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StackKind {
    /// Routers, balancer, cluster and network.
    Rack,
    /// The services of one app.
    App,
}

/// A parameter of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value; none when whoever deploys must give it.
    pub value: Option<String>,
}
