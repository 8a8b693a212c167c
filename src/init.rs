//! The first rackform.yml of a folder: the apps that were found, and every other key as an example
//! that only needs its comment mark removed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Characters that the name of an app may have.
const MAX_NAME: usize = 40;
/// The rack that there is without `racks`; an app must not be called like its rack.
const MAIN: &str = "main";

/// What stands above the apps. A line of an example begins with `# `, one of prose with `##`.
const RACKS: &str = r#"## What rackform compiles: racks, and the apps that live on them. `rackform schema fleet` prints
## every key with what it takes. To use an example, remove its `# `.

## Racks by name; the name becomes that of the stack. Without `racks` they are called main, main-2 …
# racks:
#   production:
#     count: 1-5                         # production, production-2 … opened only when apps need them
#     headroom: 10                       # per cent of each quota that new apps leave free
#     host: "{rack}.example.org"         # services answer at <app>-<service>.<host>
#     internal_host: "i.{rack}.example.org" # the same on the internal router
#     certificate: create                # the default certificate; or the ARN of one that exists
#     hosted_zone: { id: Z0123456789ABCDEFGHIJ, name: example.org } # validates certificates, holds records
#     certificates:                      # certificates that exist, and the names on them
#       - arn: arn:aws:acm:us-east-1:123456789012:certificate/0c7a2f3e-5d41-4b8a-9d60-3f1c5e7a9b21
#         names: ["*.example.com", example.com]
#     network: create                    # or a VPC that exists, as below
#     quotas: { rules: 150, certificates: 50 } # or a file: what `aws elbv2 describe-account-limits` printed
#     params: { Internal: Yes }          # Convox's own rack parameters
#     compute: instances                 # or fargate, or none; unless said, instances stand when something needs them
#     api: { image: registry.example.org/api:1 } # the rack API behind the classic balancer
#   convox:
#     external: true                     # its stack exists already, and apps import what it exports
#     compute: none                      # the services run elsewhere; or fargate, or instances
#     network:
#       vpc: vpc-0123456789abcdef0
#       subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
#       private_subnets: [subnet-0123456789abcdef2, subnet-0123456789abcdef3]

## Apps by name, or a pattern such as services/*/convox.yml.
"#;

/// What the first app may have beside its manifest.
const FIRST: &str = "    \
    # rack: production                 # the rack it lives on; any that it fits on unless said
    # params: { InternalDomains: No, RedirectHttps: No } # Convox's own app parameters
    # environment: { HOST: www.example.org } # values for ${NAME} in the manifest, and for containers
    # images: { web: registry.example.org/shop:v7 } # of services that are built; or --image web=…
";

/// What stands below the apps, with the name of the first one in the place of `@`.
const PROMISES: &str = "
## Domains that belong to one app: no other app may claim them or names below them.
# domains:
#   @: [example.org]

## Tests of routes, run by every check: who answers at an address. A service, `redirect` or `none`.
# expect:
#   https://www.example.org/: @/web
#   https://old.example.org/: none
";

/// The text for apps of these folders and paths of manifests, and the names that they get.
pub fn text(found: &[(String, String)]) -> (String, Vec<String>) {
    let mut taken: BTreeSet<String> = BTreeSet::from([MAIN.to_owned()]);
    let mut text = RACKS.to_owned();
    let mut names = Vec::new();
    text += if found.is_empty() { "# apps:\n#   shop:\n#     manifest: shop/convox.yml\n" } else { "apps:\n" };
    for (at, (folder, manifest)) in found.iter().enumerate() {
        let name = name(folder, &mut taken);
        let _ = writeln!(text, "  {name}:\n    manifest: {}", quoted(manifest));
        if at == 0 {
            text += FIRST;
        }
        names.push(name);
    }
    if found.is_empty() {
        for line in FIRST.lines() {
            let _ = writeln!(text, "#     {}", line.trim_start().trim_start_matches("# "));
        }
    }
    text += &PROMISES.replace('@', names.first().map_or("shop", String::as_str));
    (text, names)
}

/// A name that an app may have, as near to that of its folder as can be, and not taken yet.
fn name(folder: &str, taken: &mut BTreeSet<String>) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let plain: String = folder.to_lowercase().chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let plain = plain.trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_end_matches('-');
    let plain = if plain.is_empty() { "app" } else { plain };
    let with = |ending: &str| format!("{}{ending}", plain[..plain.len().min(MAX_NAME - ending.len())].trim_end_matches('-'));
    let mut name = with("");
    for number in 2.. {
        if taken.insert(name.clone()) {
            break;
        }
        name = with(&format!("-{number}"));
    }
    name
}

/// A path as YAML takes it: plain where every character is harmless, or else in quotes.
fn quoted(path: &str) -> String {
    let is_harmless = |b: u8| b.is_ascii_alphanumeric() || b"/._-".contains(&b);
    if path.bytes().all(is_harmless) && path.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return path.to_owned();
    }
    // What JSON quotes, YAML reads.
    serde_json::Value::String(path.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::schema::{FLEET, FLEET_SCHEMA};

    /// The text with the marks of its examples removed.
    fn bare(text: &str) -> String {
        let bare = |line: &str| match line.trim_start().strip_prefix("# ") {
            Some(rest) => format!("{}{rest}\n", &line[..line.len() - line.trim_start().len()]),
            None => format!("{line}\n"),
        };
        text.lines().map(bare).collect()
    }

    fn found(folders: &[&str]) -> Vec<(String, String)> {
        folders.iter().map(|folder| ((*folder).to_owned(), format!("{folder}/convox.yml"))).collect()
    }

    /// Every key of a mapping, at any depth.
    fn keys(json: &Value, all: &mut BTreeSet<String>) {
        match json {
            Value::Object(map) => {
                all.extend(map.keys().cloned());
                map.values().for_each(|value| keys(value, all));
            }
            Value::Array(items) => items.iter().for_each(|item| keys(item, all)),
            _ => {}
        }
    }

    #[test]
    fn examples_are_valid_and_show_every_key() {
        for apps in [found(&["shop", "blog"]), Vec::new()] {
            let (text, _) = text(&apps);
            let as_written: Value = serde_yaml::from_str(&text).unwrap();
            assert_eq!(as_written.get("apps").is_some(), !apps.is_empty(), "{text}");
            let json: Value = serde_yaml::from_str(&bare(&text)).unwrap_or_else(|error| panic!("{error}\n{}", bare(&text)));
            assert_eq!(FLEET_SCHEMA.violations(&json), [], "{}", bare(&text));
            let mut shown = BTreeSet::new();
            keys(&json, &mut shown);
            let schema: Value = serde_json::from_str(FLEET).unwrap();
            let mut blocks = vec![&schema["properties"]];
            for definition in schema["$defs"].as_object().unwrap().values() {
                blocks.extend(definition.get("properties"));
                let inner = definition["properties"].as_object().into_iter().flat_map(|properties| properties.values());
                blocks.extend(inner.filter_map(|property| property.get("properties")));
            }
            for key in blocks.into_iter().flat_map(|block| block.as_object().unwrap().keys()) {
                assert!(shown.contains(key), "`{key}` is not shown");
            }
        }
    }

    #[test]
    fn folders_become_names_of_apps() {
        let long = "x".repeat(60);
        let (text, names) = text(&found(&["Web Shop", "web-shop", "main", "2048", "été", &long, &format!("{long}y"), "a: [b"]));
        let x = "x".repeat(38);
        assert_eq!(names, ["web-shop", "web-shop-2", "main-2", "app", "t", &format!("{x}xx"), &format!("{x}-2"), "a---b"]);
        let json: Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!(FLEET_SCHEMA.violations(&json), []);
        assert_eq!(json["apps"]["a---b"]["manifest"], "a: [b/convox.yml");
    }
}
