//! Read what was rendered and hold it against what lowering meant.

use std::collections::BTreeMap;

use super::outline::{Outline, SECTIONS, Section};
use super::{dialect, is_logical_id, read_whole};

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
    let mut outline = Outline::default();
    if dialect::tell(text, &mut outline).is_some() {
        return hold(outline, expected);
    }
    let document = read_whole(text).map_err(|why| Fault::Bug(format!("not YAML: {why}")))?;
    let mut outline = Outline::default();
    document.tell(&mut outline).ok_or_else(|| Fault::Bug("not YAML: a key that comes twice".to_owned()))?;
    hold(outline, expected)
}

/// Hold the outline of a template against what was meant.
fn hold(mut outline: Outline<'_>, expected: &BTreeMap<String, String>) -> Result<(), Fault> {
    for section in SECTIONS {
        let names = &mut outline.names[section as usize];
        let name = section.name();
        if outline.misshapen.contains(&section) {
            return Err(Fault::Bug(format!("{name} is no mapping")));
        }
        within(&name.to_lowercase(), names.len(), most(section))?;
        if let Some((key, _)) = names.iter().find(|(key, _)| !is_logical_id(key)) {
            return Err(Fault::Bug(format!("{key:?} is no name in {name}")));
        }
        names.sort_unstable();
    }
    let resources = &outline.names[Section::Resources as usize];
    if !resources.iter().copied().eq(expected.iter().map(|(id, kind)| (id.as_str(), kind.as_str()))) {
        return Err(Fault::Bug(difference(expected, &resources.iter().copied().collect())));
    }
    let has = |section: Section, name: &str| outline.names[section as usize].binary_search_by(|(known, _)| (*known).cmp(name)).is_ok();
    let leads = |name: &str| name.starts_with("AWS::") || has(Section::Resources, name) || has(Section::Parameters, name);
    match outline.references.iter().find(|name| !leads(name)) {
        Some(name) => Err(Fault::Bug(format!("nothing has the name {name:?} that something refers to"))),
        None => Ok(()),
    }
}

fn within(what: &str, count: usize, most: usize) -> Result<(), Fault> {
    if count > most { Err(Fault::Limit(format!("{count} {what}, where CloudFormation takes {most}"))) } else { Ok(()) }
}

/// Names that a section may hold.
fn most(section: Section) -> usize {
    match section {
        Section::Parameters => MAX_PARAMETERS,
        Section::Resources => MAX_RESOURCES,
        Section::Outputs => MAX_OUTPUTS,
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

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: &str = "Parameters:\n  P: {Type: String}\nResources:\n  A: {Type: 'AWS::T', DependsOn: B, Properties: {X: {Ref: P}}}\n  \
                        B: {Type: 'AWS::U', Properties: {X: {'Fn::GetAtt': [A, Arn]}, Z: {Ref: 'AWS::Region'}}}\n";

    fn meant() -> BTreeMap<String, String> {
        BTreeMap::from([("A".into(), "AWS::T".into()), ("B".into(), "AWS::U".into())])
    }

    fn bug(text: &str, needle: &str) {
        // With other quotes, as templates have them, it is read in another way.
        for text in [text, &text.replace('\'', "\"")] {
            match verify(text, &meant()) {
                Err(Fault::Bug(why)) => assert!(why.contains(needle), "{why}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_was_meant_passes_and_anything_else_is_a_bug() {
        assert_eq!(verify(FINE, &meant()), Ok(()));
        assert_eq!(verify(&FINE.replace('\'', "\""), &meant()), Ok(()));
        assert!(dialect::tell(&FINE.replace('\'', "\""), &mut Outline::default()).is_some());
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
