//! What the AWS CLI printed of a listener, read with the place of every value. JSON is YAML, so the
//! reader of manifests does it, and what `--output yaml` prints is read as well.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes::LISTENER;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::document;
use crate::host::{Host, MAX_LENGTH};
use crate::lock::NUMBERS;
use crate::source::{FileId, Files, Kind, NodeId, Place, Resolved, Tree};

/// What to save when a file holds something else.
const DESCRIBE_RULES: &str = "save what `aws elbv2 describe-rules --listener-arn ARN --output json` prints, all of it";
/// The same for certificates.
const DESCRIBE_CERTIFICATES: &str =
    "save what `aws elbv2 describe-listener-certificates` prints, or `aws acm list-certificates` for the names on them";

/// A rule that stands on a listener; not the default one.
#[derive(Debug)]
pub(super) struct Standing {
    /// Where its number is written.
    pub(super) place: Place,
    /// Its number.
    pub(super) number: u32,
    /// Its hosts, when a host is all that it asks for; otherwise none.
    pub(super) hosts: Vec<Host>,
    /// Whether it does nothing but forward to one target group.
    pub(super) forwards: bool,
}

/// Certificates of a listener, and what is known of certificates beside that.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    /// ARNs on the listener beside the default one.
    pub(super) attached: BTreeSet<String>,
    /// The names on certificates, as far as they are listed.
    pub(super) names: BTreeMap<String, BTreeSet<String>>,
}

/// The rules of one listener by number; none when they can't be trusted, which was reported.
pub(super) fn rules(files: &Files, file: FileId, out: &mut Diagnostics) -> Option<Vec<Standing>> {
    let tree = document::read(files, file, None, out)?.tree;
    let mut reader = Reader { tree: &tree, out, help: DESCRIBE_RULES, sound: true };
    let mut standing: BTreeMap<u32, Standing> = BTreeMap::new();
    let mut listener: Option<(String, Place)> = None;
    let rules = reader.list("Rules")?;
    if rules.is_empty() {
        reader.refuse(tree.root(), "there is no rule in it, and every listener has its default rule");
    }
    for rule in rules {
        reader.same_listener(rule, &mut listener);
        let Some(found) = reader.rule(rule) else { continue };
        let place = found.place;
        if let Some(other) = standing.insert(found.number, found) {
            let message = format!("two rules have the number {}", other.number);
            reader.report(Diagnostic::new(&LISTENER, place, message).also(other.place, "the other one").help(DESCRIBE_RULES));
        }
    }
    reader.sound.then(|| standing.into_values().collect())
}

/// Certificates from one file, put to those of others.
pub(super) fn certificates(files: &Files, file: FileId, known: &mut Certificates, out: &mut Diagnostics) {
    let Some(document) = document::read(files, file, None, out) else { return };
    let tree = document.tree;
    let mut reader = Reader { tree: &tree, out, help: DESCRIBE_CERTIFICATES, sound: true };
    if tree.get(tree.root(), "CertificateSummaryList").is_some() {
        for certificate in reader.list("CertificateSummaryList").unwrap_or_default() {
            let Some(arn) = reader.arn(certificate, "CertificateArn") else { continue };
            let others = tree.get(certificate, "SubjectAlternativeNameSummaries").map_or(&[][..], |entry| tree.items(entry.value));
            let first = tree.get(certificate, "DomainName").map(|entry| entry.value);
            let names = first.iter().chain(others).map(|name| tree.text(*name).to_lowercase());
            known.names.entry(arn).or_default().extend(names.filter(|name| !name.is_empty()));
        }
        return;
    }
    for certificate in reader.list("Certificates").unwrap_or_default() {
        let Some(arn) = reader.arn(certificate, "CertificateArn") else { continue };
        let is_default = tree.get(certificate, "IsDefault").is_some_and(|entry| tree.scalar(entry.value) == Some(Resolved::Bool(true)));
        if !is_default {
            known.attached.insert(arn);
        }
    }
}

struct Reader<'a> {
    tree: &'a Tree,
    out: &'a mut Diagnostics,
    help: &'static str,
    sound: bool,
}

impl Reader<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.sound = false;
        self.out.report(diagnostic);
    }

    fn refuse(&mut self, node: NodeId, message: impl Into<String>) {
        self.report(Diagnostic::new(&LISTENER, self.tree.place(node), message).help(self.help));
    }

    /// The one list of the document; none when it is about something else, or is not whole.
    fn list(&mut self, key: &str) -> Option<Vec<NodeId>> {
        let tree = self.tree;
        let Some(list) = tree.get(tree.root(), key).filter(|entry| matches!(tree.kind(entry.value), Kind::List(_))) else {
            self.refuse(tree.root(), format!("there is no list of `{key}` in it"));
            return None;
        };
        // What is not listed would be taken for gone.
        for more in ["NextToken", "NextMarker"] {
            if let Some(entry) = tree.get(tree.root(), more).filter(|entry| !tree.is_null(entry.value)) {
                self.refuse(entry.key, format!("`{more}` says that more follow, so the list is not whole"));
            }
        }
        Some(tree.items(list.value).to_vec())
    }

    /// The text behind a key, which must be there.
    fn text(&mut self, map: NodeId, key: &str) -> Option<(NodeId, String)> {
        let tree = self.tree;
        let found = tree.get(map, key).map(|entry| (entry.value, tree.text(entry.value).to_owned())).filter(|(_, text)| !text.is_empty());
        if found.is_none() {
            self.refuse(map, format!("`{key}` is missing here"));
        }
        found
    }

    /// An ARN, of characters that ARNs have: it goes into the lock.
    fn arn(&mut self, map: NodeId, key: &str) -> Option<String> {
        let (node, arn) = self.text(map, key)?;
        let is_fine = arn.starts_with("arn:") && arn.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:/.+=,@".contains(&b));
        if !is_fine {
            self.refuse(node, format!("`{}` is no ARN", arn.escape_debug()));
        }
        is_fine.then_some(arn)
    }

    /// All rules must stand on one listener: the ARN of a rule is that of its listener and one part more.
    fn same_listener(&mut self, rule: NodeId, first: &mut Option<(String, Place)>) {
        let Some((node, arn)) = self.text(rule, "RuleArn") else { return };
        let Some((listener, _)) = arn.rsplit_once('/').filter(|(listener, _)| listener.contains(":listener-rule/")) else {
            return self.refuse(node, format!("`{}` is no ARN of a rule", arn.escape_debug()));
        };
        let place = self.tree.place(node);
        match first {
            None => *first = Some((listener.to_owned(), place)),
            Some((known, other)) if known != listener => {
                let diagnostic = Diagnostic::new(&LISTENER, place, "the rules of two listeners are mixed")
                    .label("on this listener")
                    .also(*other, "and on that one")
                    .help("save each listener in a file of its own, and adopt one after the other");
                self.report(diagnostic);
            }
            Some(_) => {}
        }
    }

    /// A rule; none for the default one.
    fn rule(&mut self, rule: NodeId) -> Option<Standing> {
        let tree = self.tree;
        let (node, text) = self.text(rule, "Priority")?;
        if text == "default" {
            return None;
        }
        let Some(number) = text.parse().ok().filter(|number| NUMBERS.contains(number)) else {
            let message = format!("rules have numbers from {} to {}, not `{}`", NUMBERS.start(), NUMBERS.end(), text.escape_debug());
            self.refuse(node, message);
            return None;
        };
        let list = |key: &str| tree.get(rule, key).map(|entry| entry.value).filter(|node| matches!(tree.kind(*node), Kind::List(_)));
        let (Some(conditions), Some(actions)) = (list("Conditions"), list("Actions")) else {
            self.refuse(rule, "this rule lacks its `Conditions` or its `Actions`");
            return None;
        };
        let hosts = match tree.items(conditions) {
            [condition] => self.hosts(*condition)?,
            _ => Vec::new(),
        };
        Some(Standing { place: tree.place(node), number, hosts, forwards: self.forwards(tree.items(actions)) })
    }

    /// The hosts of a condition; empty when it is about something else.
    fn hosts(&mut self, condition: NodeId) -> Option<Vec<Host>> {
        let tree = self.tree;
        if tree.get(condition, "Field").is_none_or(|entry| tree.text(entry.value) != "host-header") {
            return Some(Vec::new());
        }
        let config = tree.get(condition, "HostHeaderConfig").map(|entry| entry.value);
        if config.and_then(|config| tree.get(config, "RegexValues")).is_some_and(|entry| !tree.items(entry.value).is_empty()) {
            return Some(Vec::new());
        }
        // The older form has the values in the condition itself.
        let holders = config.into_iter().chain([condition]);
        let values = holders.filter_map(|holder| tree.get(holder, "Values")).map(|entry| tree.items(entry.value)).find(|v| !v.is_empty());
        let mut hosts = Vec::new();
        for value in values.unwrap_or_default() {
            let text = tree.text(*value).to_ascii_lowercase();
            let is_fine = |b: u8| b.is_ascii_alphanumeric() || b"-.*?_".contains(&b);
            if text.is_empty() || text.len() > MAX_LENGTH || !text.bytes().all(is_fine) {
                self.refuse(*value, format!("`{}` is no host that a rule may have", text.escape_debug()));
                return None;
            }
            hosts.push(Host::trusted(text));
        }
        Some(hosts)
    }

    fn forwards(&self, actions: &[NodeId]) -> bool {
        let tree = self.tree;
        let [action] = actions else { return false };
        let has = |map: NodeId, key: &str| tree.get(map, key).is_some_and(|entry| !tree.text(entry.value).is_empty());
        let groups = tree.get(*action, "ForwardConfig").and_then(|config| tree.get(config.value, "TargetGroups"));
        let groups = groups.map_or(&[][..], |entry| tree.items(entry.value));
        let is_forward = tree.get(*action, "Type").is_some_and(|entry| tree.text(entry.value) == "forward");
        is_forward && (groups.len() == 1 || (groups.is_empty() && has(*action, "TargetGroupArn")))
    }
}
