//! A stack before it is text: a template, what it prints, and what must come out.

use std::collections::BTreeMap;

/// What a stack holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackKind {
    /// Routers, balancer, network and cluster of a rack.
    Rack,
    /// What an app adds to the routers of its rack.
    App,
}

/// A stack of CloudFormation.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: StackKind,
    /// The rack that it is, or that its app lives on.
    pub rack: String,
    /// The app.
    pub app: Option<String>,
    /// The file of `templates/` that makes its text.
    pub template: &'static str,
    /// What that file prints.
    pub context: serde_json::Value,
    /// Parameters of the stack.
    pub parameters: Vec<Parameter>,
    /// Logical ID and type of every resource that must come out.
    pub resources: BTreeMap<String, String>,
}

/// A parameter of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the template.
    pub name: String,
    /// Its value; none when it must be given at deploy time.
    pub value: Option<String>,
}
