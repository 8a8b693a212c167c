//! CloudFormation's functions as values, in the long form that needs no YAML tag.

use serde_json::{Value, json};

/// `Ref`: a parameter's value, or what names a resource.
pub(super) fn reference(id: &str) -> Value {
    json!({ "Ref": id })
}

/// `Fn::GetAtt`: an attribute of a resource.
pub(super) fn attribute(id: &str, name: &str) -> Value {
    json!({ "Fn::GetAtt": [id, name] })
}

/// `Fn::Sub` over a text of ours; pass what came from outside through [`plain`] first.
pub(super) fn substitute(text: &str) -> Value {
    json!({ "Fn::Sub": text })
}

/// Text that `Fn::Sub` leaves as it is: `${Name}` would be a reference.
pub(super) fn plain(text: &str) -> String {
    text.replace("${", "${!")
}
