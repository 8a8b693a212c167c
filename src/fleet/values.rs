//! Values of rack parameters. An error says what the parameter takes, to go behind "it takes".

use super::Cidr;
use crate::diagnostics::same_but_for_case;

/// `Yes` or `No`; `true` and `false` are what YAML makes of them without quotes.
pub(super) fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err("`Yes` or `No`".to_owned()),
    }
}

/// Whether two values mean the same: `No` and `false` do.
pub(super) fn same(one: &str, other: &str) -> bool {
    match (flag(one), flag(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// The value that a text must have been meant to be, from the words of what a parameter takes: one
/// that differs in case only, or a flag under another name.
pub(super) fn meant(text: &str, takes: &str) -> Option<String> {
    let words = || takes.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').filter(|word| !word.is_empty());
    let flag = match text.to_lowercase().as_str() {
        "on" | "y" | "1" => "Yes",
        "off" | "n" | "0" => "No",
        _ => return same_but_for_case(text, words()).filter(|_| !text.is_empty()).map(str::to_owned),
    };
    words().any(|word| word == flag).then(|| flag.to_owned())
}

/// One of a few words.
pub(super) fn choice<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        match words.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => words.concat(),
        }
    })
}

/// A whole number in decimal.
pub(super) fn whole(text: &str, least: u32, most: u32, unit: &str) -> Result<u32, String> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && (least..=most).contains(number));
    number.ok_or_else(|| format!("a whole number, {least} to {most} {unit}"))
}

/// Items between commas; none of a blank text.
fn items(text: &str) -> Vec<&str> {
    if text.is_empty() { Vec::new() } else { text.split(',').map(str::trim).collect() }
}

fn at_most<T>(items: Vec<T>, most: usize, what: &str) -> Result<Vec<T>, String> {
    if items.len() > most { Err(format!("at most {most} {what}")) } else { Ok(items) }
}

/// Ids of security groups, between commas.
pub(super) fn security_groups(text: &str, most: usize) -> Result<Vec<String>, String> {
    // Ids have 17 digits, and those from before 2018 have 8.
    let is_id =
        |id: &str| id.strip_prefix("sg-").is_some_and(|rest| matches!(rest.len(), 8 | 17) && rest.bytes().all(|b| b.is_ascii_hexdigit()));
    let groups = items(text);
    if groups.iter().any(|id| !is_id(id)) {
        return Err("ids of security groups such as `sg-0123456789abcdef0`, between commas".to_owned());
    }
    at_most(groups.into_iter().map(str::to_owned).collect(), most, "security groups")
}

/// The id of a machine image, or nothing. Ids have 17 digits, and those from before 2016 have 8.
pub(super) fn ami(text: &str) -> Result<Option<String>, String> {
    let digits = text.strip_prefix("ami-").unwrap_or_default();
    match text {
        "" => Ok(None),
        _ if matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_hexdigit()) => Ok(Some(text.to_owned())),
        _ => Err("the id of an image such as `ami-0123456789abcdef0`".to_owned()),
    }
}

/// A type of instances. AWS adds new ones every month, so only the shape is held against it.
pub(super) fn instance_type(text: &str) -> Result<String, String> {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    match text.split_once('.') {
        Some((family, size)) if family.starts_with(|c: char| c.is_ascii_lowercase()) && is_part(family) && is_part(size) => {
            Ok(text.to_owned())
        }
        _ => Err("a type that `aws ec2 describe-instance-types` lists, such as `t3.small`".to_owned()),
    }
}

/// The ARN of a policy of IAM, or nothing.
pub(super) fn policy_arn(text: &str) -> Result<Option<String>, String> {
    match text {
        "" => Ok(None),
        _ if is_policy_arn(text) => Ok(Some(text.to_owned())),
        _ => Err("the ARN of a policy such as `arn:aws:iam::123456789012:policy/instances`".to_owned()),
    }
}

/// Whether a text has the shape of the ARN of a policy, one of AWS's or of an account's.
pub fn is_policy_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_/-".contains(&b));
    let is_account = |account: &str| account == "aws" || account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), ["arn", partition, "iam", "", account, policy]
        if partition.starts_with("aws") && is_account(account) && policy.strip_prefix("policy/").is_some_and(is_name))
}

/// The name of a key pair, or nothing.
pub(super) fn key_pair(text: &str) -> Result<Option<String>, String> {
    match text {
        "" => Ok(None),
        _ if text.len() <= 255 && text.bytes().all(|b| (b' '..=b'~').contains(&b)) => Ok(Some(text.to_owned())),
        _ => Err("the name of a key pair, at most 255 ASCII characters".to_owned()),
    }
}

/// Ranges of addresses, between commas. One that comes twice counts once: a security group has no room for two equal rules.
pub(super) fn ranges(text: &str, most: usize) -> Result<Vec<Cidr>, String> {
    let mut ranges: Vec<Cidr> = Vec::new();
    for item in items(text) {
        let range = item.parse()?;
        if !ranges.contains(&range) {
            ranges.push(range);
        }
    }
    at_most(ranges, most, "ranges")
}

/// The end of a load balancer's name.
pub(super) fn name_part(text: &str) -> Result<String, String> {
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !text.ends_with('-') {
        Ok(text.to_owned())
    } else {
        Err("letters, digits and hyphens, with no hyphen at the end".to_owned())
    }
}

/// The name of a bucket, or nothing. Dots are legal and refused: TLS certificates do not cover such a name.
pub(super) fn bucket(text: &str) -> Result<Option<String>, String> {
    let edges = text.starts_with('-') || text.ends_with('-');
    let fits = (3..=63).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    match text {
        "" => Ok(None),
        _ if fits && !edges => Ok(Some(text.to_owned())),
        _ => Err("the name of a bucket: 3 to 63 lower-case letters, digits and hyphens".to_owned()),
    }
}

/// The name of a security policy. AWS adds new ones every year, so only the shape is held against it.
pub(super) fn ssl_policy(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("ELBSecurityPolicy-").unwrap_or_default();
    if !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        Ok(text.to_owned())
    } else {
        Err("a policy that `aws elbv2 describe-ssl-policies` lists, such as `ELBSecurityPolicy-TLS13-1-2-2021-06`".to_owned())
    }
}
