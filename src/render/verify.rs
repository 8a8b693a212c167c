//! Read what was rendered and hold it against what lowering meant.

use std::collections::BTreeMap;

use super::read::{Map, Node};
use super::{is_logical_id, read, references};

/// Bytes that CloudFormation takes as a template from S3 ("1 MB" in its quotas, read the strict way).
pub const MAX_BYTES: usize = 1_000_000;
/// Resources of a template.
pub const MAX_RESOURCES: usize = 500;
/// Outputs of a template.
pub const MAX_OUTPUTS: usize = 200;
/// Parameters of a template.
pub const MAX_PARAMETERS: usize = 200;

/// Why a rendered template does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// More than CloudFormation takes, with the numbers: the user's to mend.
    Limit(String),
    /// Not what was meant: ours to mend.
    Bug(String),
}

/// Check a rendered template: within CloudFormation's limits, every name valid and written once, every reference
/// leading somewhere, and exactly the `expected` resources, by logical id and type.
pub fn verify(text: &str, expected: &BTreeMap<String, String>) -> Result<(), Fault> {
    within("bytes", text.len(), MAX_BYTES)?;
    let document = read(text).map_err(|why| Fault::Bug(format!("not YAML: {why}")))?;
    let resources = section(&document, "Resources", MAX_RESOURCES)?;
    let parameters = section(&document, "Parameters", MAX_PARAMETERS)?;
    section(&document, "Outputs", MAX_OUTPUTS)?;

    // Both are sorted by name.
    let found = || resources.into_iter().flat_map(Map::iter).map(|(id, resource)| (id, kind(resource)));
    if !found().eq(expected.iter().map(|(id, kind)| (id.as_str(), kind.as_str()))) {
        return Err(Fault::Bug(difference(expected, &found().collect())));
    }
    let has = |section: Option<&Map<'_>>, name: &str| section.is_some_and(|map| map.get(name).is_some());
    let names = |name: &str| has(resources, name) || has(parameters, name) || name.starts_with("AWS::");
    match dangling(&document, &names) {
        Some(name) => Err(Fault::Bug(format!("nothing has the name {name:?} that something refers to"))),
        None => Ok(()),
    }
}

/// The type of a resource.
fn kind<'a>(resource: &'a Node<'_>) -> &'a str {
    resource.get("Type").and_then(Node::as_str).unwrap_or_default()
}

fn within(what: &str, count: usize, most: usize) -> Result<(), Fault> {
    if count > most { Err(Fault::Limit(format!("{count} {what}, where CloudFormation takes {most}"))) } else { Ok(()) }
}

/// A section of the template with valid names, and not too many; none when it is absent.
fn section<'a, 't>(document: &'a Node<'t>, name: &str, most: usize) -> Result<Option<&'a Map<'t>>, Fault> {
    let map = match document.get(name) {
        None => return Ok(None),
        Some(Node::Map(map)) => map,
        Some(_) => return Err(Fault::Bug(format!("{name} is no mapping"))),
    };
    within(&name.to_lowercase(), map.len(), most)?;
    match map.iter().find(|(key, _)| !is_logical_id(key)) {
        Some((key, _)) => Err(Fault::Bug(format!("{key:?} is no name in {name}"))),
        None => Ok(Some(map)),
    }
}

fn difference(expected: &BTreeMap<String, String>, found: &BTreeMap<&str, &str>) -> String {
    let lost = expected.iter().find(|(id, kind)| found.get(id.as_str()) != Some(&kind.as_str()));
    match (lost, found.keys().find(|id| !expected.contains_key(**id))) {
        (Some((id, kind)), _) => match found.get(id.as_str()) {
            Some(other) => format!("{id} is {other:?} instead of {kind}"),
            None => format!("{id} ({kind}) is missing"),
        },
        (None, stray) => format!("{} was not meant", stray.unwrap_or(&"a resource")),
    }
}

/// The first name that is referred to and that nothing has.
fn dangling<'a>(value: &'a Node<'_>, known: &impl Fn(&str) -> bool) -> Option<&'a str> {
    let mut found = None;
    references(value, &mut |name| found = found.or_else(|| (!known(name)).then_some(name)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: &str = "Parameters:\n  P: {Type: String}\nResources:\n  A: {Type: 'AWS::T', DependsOn: B, Properties: {X: {Ref: P}}}\n  \
                        B: {Type: 'AWS::U', Properties: {X: {'Fn::GetAtt': [A, Arn]}, Y: {Ref: 'AWS::Region'}}}\n";

    fn meant() -> BTreeMap<String, String> {
        BTreeMap::from([("A".into(), "AWS::T".into()), ("B".into(), "AWS::U".into())])
    }

    fn bug(text: &str, needle: &str) {
        match verify(text, &meant()) {
            Err(Fault::Bug(why)) => assert!(why.contains(needle), "{why}"),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_was_meant_passes_and_anything_else_is_a_bug() {
        assert_eq!(verify(FINE, &meant()), Ok(()));
        bug(&FINE.replace("AWS::T", "AWS::V"), "instead of AWS::T");
        bug(&FINE.replace("  A:", "  C:"), "A (AWS::T) is missing");
        bug(&format!("{FINE}  C: {{Type: 'AWS::T'}}\n"), "C was not meant");
        bug(&format!("{FINE}  B: {{Type: 'AWS::U'}}\n"), "not YAML");
        bug(&FINE.replace("  P:", "  P-1:"), "no name in Parameters");
        bug(&FINE.replace("Ref: P", "Ref: Q"), "\"Q\"");
        bug(&FINE.replace("DependsOn: B", "DependsOn: [B, Z]"), "\"Z\"");
        bug(&FINE.replace("[A, Arn]", "[N, Arn]"), "\"N\"");
        bug("Resources: []\n", "no mapping");
        bug(&FINE.replace("{Ref: P}", "!Ref P"), "without a tag");
        bug(&FINE.replace("X: {Ref: P}", "1: {Ref: P}"), "no text");
        bug("a: [", "not YAML");
    }

    #[test]
    fn limits_are_counted() {
        let many = |section: &str, count: usize| {
            let lines: Vec<String> = (0..count).map(|n| format!("  N{n}: {{Type: String}}\n")).collect();
            format!("{section}:\n{}", lines.concat())
        };
        for (section, most) in [("Resources", MAX_RESOURCES), ("Outputs", MAX_OUTPUTS), ("Parameters", MAX_PARAMETERS)] {
            let over = verify(&many(section, most + 1), &BTreeMap::new()).unwrap_err();
            let words = format!("{} {}, where CloudFormation takes {most}", most + 1, section.to_lowercase());
            assert_eq!(over, Fault::Limit(words));
            let at = verify(&many(section, most), &BTreeMap::new());
            assert!(!matches!(at, Err(Fault::Limit(_))), "{section}: {at:?}");
        }
        let long = format!("# {}\n", "x".repeat(MAX_BYTES));
        assert!(matches!(verify(&long, &BTreeMap::new()), Err(Fault::Limit(_))));
    }
}
