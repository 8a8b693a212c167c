//! What `aws cloudformation describe-change-set` printed, read with the place of every change. JSON is YAML, so the
//! reader of manifests does it, and what `--output yaml` prints is read as well.

use std::collections::BTreeMap;

use crate::diagnostics::codes::CHANGE_SET;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::document;
use crate::plan::Recreates;
use crate::source::{FileId, Files, Kind, NodeId, Place, Resolved, Tree};

/// What to save when a file holds something else.
const DESCRIBE: &str =
    "save what `aws cloudformation describe-change-set --stack-name STACK --change-set-name NAME --output json` prints, all of it";
/// What CloudFormation says of a change set in which nothing changes.
const EMPTY: [&str; 2] = ["didn't contain changes", "No updates are to be performed"];

/// A change set.
#[derive(Debug)]
pub(super) struct ChangeSet {
    /// The stack.
    pub(super) stack: String,
    /// Where its name is written.
    pub(super) place: Place,
    /// Values of parameters, as far as they are told: none for one that keeps its value.
    pub(super) parameters: BTreeMap<String, (Option<String>, Place)>,
    /// What is about to happen, but for what CloudFormation only can't rule out.
    pub(super) changes: Vec<Change>,
}

/// What is about to happen to a resource.
#[derive(Debug)]
pub(super) struct Change {
    /// Where its logical ID is written.
    pub(super) place: Place,
    /// Its logical ID.
    pub(super) id: String,
    /// Its type.
    pub(super) kind: String,
    /// `Add`, `Modify`, `Remove`, or another word of CloudFormation's.
    pub(super) action: String,
    /// Whether it is made anew.
    pub(super) recreates: Recreates,
    /// The properties and attributes that change.
    pub(super) properties: Vec<String>,
    /// Why it is listed at all.
    reasons: Vec<Reason>,
}

/// One entry of `Details`.
#[derive(Debug)]
struct Reason {
    property: String,
    recreates: Recreates,
    /// The resource and the attribute of it that might change; none for what changes for certain.
    might: Option<(String, String)>,
}

/// The change sets of a file: one, or a list of them. None when they can't be trusted, which was reported.
pub(super) fn change_sets(files: &Files, file: FileId, out: &mut Diagnostics) -> Option<Vec<ChangeSet>> {
    let tree = document::read(files, file, None, out)?.tree;
    let mut reader = Reader { tree: &tree, out, is_sound: true };
    let roots = match tree.kind(tree.root()) {
        Kind::List(items) => items.clone(),
        _ => vec![tree.root()],
    };
    if roots.is_empty() {
        reader.refuse(tree.root(), "there is no change set in it", DESCRIBE);
    }
    let sets: Vec<ChangeSet> = roots.into_iter().filter_map(|root| reader.change_set(root)).collect();
    reader.is_sound.then_some(sets)
}

struct Reader<'a> {
    tree: &'a Tree,
    out: &'a mut Diagnostics,
    is_sound: bool,
}

impl Reader<'_> {
    fn refuse(&mut self, node: NodeId, message: impl Into<String>, help: &str) {
        self.is_sound = false;
        self.out.report(Diagnostic::new(&CHANGE_SET, self.tree.place(node), message).help(help));
    }

    /// The text behind a key; empty where there is none.
    fn text(&self, map: NodeId, key: &str) -> &str {
        self.tree.get(map, key).map_or("", |entry| self.tree.text(entry.value))
    }

    fn change_set(&mut self, root: NodeId) -> Option<ChangeSet> {
        let tree = self.tree;
        let (Some(stack), Some(changes)) = (tree.get(root, "StackName"), tree.get(root, "Changes")) else {
            self.refuse(root, "this is no change set: it has no `StackName` or no `Changes`", DESCRIBE);
            return None;
        };
        if let Some(entry) = tree.get(root, "NextToken").filter(|entry| !tree.is_null(entry.value)) {
            self.refuse(entry.key, "`NextToken` says that more changes follow, so the change set is not whole", DESCRIBE);
        }
        let (status, reason) = (self.text(root, "Status").to_owned(), self.text(root, "StatusReason").to_owned());
        let is_empty = EMPTY.iter().any(|words| reason.contains(words));
        match status.as_str() {
            "" | "CREATE_COMPLETE" => {}
            "FAILED" if is_empty => {}
            "FAILED" => self.refuse(
                root,
                format!("CloudFormation could not make this change set: {reason}"),
                "mend what it says, and make it again",
            ),
            other => self.refuse(
                root,
                format!("this change set is not ready: its status is {other}"),
                "wait for it: aws cloudformation wait change-set-create-complete",
            ),
        }
        let execution = self.text(root, "ExecutionStatus").to_owned();
        let is_usable = match execution.as_str() {
            "" | "AVAILABLE" => true,
            "UNAVAILABLE" => is_empty,
            _ => false,
        };
        if !is_usable {
            self.refuse(root, format!("this change set can't be executed any more: it is {execution}"), "make it again");
        }
        let changes: Vec<Change> = tree.items(changes.value).to_vec().into_iter().filter_map(|change| self.change(change)).collect();
        Some(ChangeSet {
            stack: tree.text(stack.value).to_owned(),
            place: tree.place(stack.value),
            parameters: self.parameters(root),
            changes: settled(changes),
        })
    }

    fn parameters(&self, root: NodeId) -> BTreeMap<String, (Option<String>, Place)> {
        let tree = self.tree;
        let list = tree.get(root, "Parameters").map_or(&[][..], |entry| tree.items(entry.value));
        let one = |node: &NodeId| {
            let keeps = tree.get(*node, "UsePreviousValue").is_some_and(|entry| tree.scalar(entry.value) == Some(Resolved::Bool(true)));
            let value = tree.get(*node, "ParameterValue").filter(|_| !keeps).map(|entry| tree.text(entry.value).to_owned());
            (self.text(*node, "ParameterKey").to_owned(), (value, tree.place(*node)))
        };
        list.iter().map(one).collect()
    }

    fn change(&mut self, node: NodeId) -> Option<Change> {
        let tree = self.tree;
        let Some(resource) = tree.get(node, "ResourceChange").map(|entry| entry.value) else {
            self.refuse(node, format!("a change of the type `{}`, which no stack of rackform has", self.text(node, "Type")), DESCRIBE);
            return None;
        };
        let Some(id) = tree.get(resource, "LogicalResourceId") else {
            self.refuse(resource, "a change without a `LogicalResourceId`", DESCRIBE);
            return None;
        };
        let details = tree.get(resource, "Details").map_or(&[][..], |entry| tree.items(entry.value));
        let recreates = match self.text(resource, "Replacement") {
            "True" => Recreates::Always,
            "Conditional" => Recreates::Maybe,
            _ => Recreates::Never,
        };
        Some(Change {
            place: tree.place(id.value),
            id: tree.text(id.value).to_owned(),
            kind: self.text(resource, "ResourceType").to_owned(),
            action: self.text(resource, "Action").to_owned(),
            recreates,
            properties: Vec::new(),
            reasons: details.iter().filter_map(|detail| self.reason(*detail)).collect(),
        })
    }

    fn reason(&self, detail: NodeId) -> Option<Reason> {
        let target = self.tree.get(detail, "Target")?.value;
        let attribute = self.text(target, "Attribute");
        let property = if attribute == "Properties" { self.text(target, "Name") } else { attribute };
        let is_dynamic = self.text(detail, "Evaluation") == "Dynamic";
        let recreates = match (self.text(target, "RequiresRecreation"), is_dynamic) {
            ("Always", false) => Recreates::Always,
            ("Always" | "Conditionally", _) => Recreates::Maybe,
            _ => Recreates::Never,
        };
        let is_attribute = is_dynamic && self.text(detail, "ChangeSource") == "ResourceAttribute";
        let might = is_attribute.then(|| self.text(detail, "CausingEntity").split_once('.')).flatten();
        Some(Reason { property: property.to_owned(), recreates, might: might.map(|(id, name)| (id.to_owned(), name.to_owned())) })
    }
}

/// Attributes that another value of a property changes although the resource stays: of those that
/// templates of rackform ask for, this one alone.
const VERSION: &str = "LatestVersionNumber";

/// Leave out what CloudFormation lists only because it can't rule it out: an attribute, such as an ARN, of a
/// resource that is changed in place. What is listed for no other reason does not change.
fn settled(mut changes: Vec<Change>) -> Vec<Change> {
    loop {
        let stays: BTreeMap<String, bool> =
            changes.iter().map(|change| (change.id.clone(), change.action == "Modify" && change.surest() == Recreates::Never)).collect();
        let mut is_settled = true;
        for change in &mut changes {
            let before = change.reasons.len();
            let is_idle = |reason: &Reason| reason.might.as_ref().is_some_and(|(id, name)| name != VERSION && stays.get(id) == Some(&true));
            change.reasons.retain(|reason| !is_idle(reason));
            if change.reasons.len() < before {
                is_settled = false;
                change.recreates = change.surest();
                if change.reasons.is_empty() {
                    change.action.clear();
                }
            }
        }
        changes.retain(|change| !change.action.is_empty());
        if is_settled {
            break;
        }
    }
    for change in &mut changes {
        change.properties = change.reasons.iter().map(|reason| reason.property.clone()).collect();
        change.properties.sort();
        change.properties.dedup();
    }
    changes
}

impl Change {
    /// Whether it is made anew, by its reasons as far as they are told.
    fn surest(&self) -> Recreates {
        self.reasons.iter().map(|reason| reason.recreates).max().unwrap_or(self.recreates)
    }
}
