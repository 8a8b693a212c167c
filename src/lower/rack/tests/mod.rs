//! What a parameter means, as the rendered template says it when it is read back.

mod instances;
mod routers;
mod surroundings;

use serde_json::{Value, json};

use super::*;
use crate::fleet::{Compute, RackParams};
use crate::render::{render, verify};

const ARN: &str = "arn:aws:acm:us-east-1:123456789012:certificate/6f1b7d52-0a3e-4c1d-8b5f-2e9d4c7a1f03";

fn rack(change: impl FnOnce(&mut Rack)) -> Rack {
    let mut rack = Rack {
        kind: 0,
        external: false,
        headroom: 10,
        name: "main".into(),
        host: Some("main.example.org".into()),
        internal_host: None,
        certificate: Certificate::Given(ARN.into()),
        hosted_zone: None,
        hosted_zone_name: None,
        quotas: crate::fleet::Quotas::default(),
        certificates: Vec::new(),
        network: Network::Create,
        compute: Compute::AsNeeded,
        api: None,
        params: RackParams::default(),
    };
    change(&mut rack);
    rack
}

fn brought(rack: &mut Rack) {
    let ids = |kind: &str, count: usize| (0..count).map(|n| format!("subnet-{kind}{n}")).collect();
    rack.network = Network::Brought { vpc: "vpc-0a1".into(), subnets: ids("a", 2), private_subnets: ids("b", 2) };
    rack.params.zones = 2;
    rack.params.vpc_cidr = "172.31.0.0/16".parse().unwrap();
}

fn internal(rack: &mut Rack) {
    rack.params.internal = true;
    rack.internal_host = Some("internal.main.example.org".into());
}

/// Racks that between them show every parameter, by name.
fn variants() -> Vec<(&'static str, Rack)> {
    vec![
        ("default", rack(|_| ())),
        ("internal", rack(internal)),
        (
            "internal-only",
            rack(|rack| {
                internal(rack);
                rack.params.internal_only = true;
            }),
        ),
        ("private-api", rack(|rack| rack.params.private_api = true)),
        (
            "private-api-group",
            rack(|rack| {
                rack.params.private_api = true;
                rack.params.private_api_security_group = Some("sg-0123abcd".into());
            }),
        ),
        (
            "private",
            rack(|rack| {
                internal(rack);
                rack.params.private = true;
            }),
        ),
        (
            "not-available",
            rack(|rack| {
                rack.params.private = true;
                rack.params.high_availability = false;
                rack.params.zones = 2;
            }),
        ),
        ("two-zones", rack(|rack| rack.params.zones = 2)),
        (
            "brought",
            rack(|rack| {
                internal(rack);
                brought(rack);
            }),
        ),
        ("no-port-80", rack(|rack| rack.params.port80 = false)),
        (
            "certificate",
            rack(|rack| {
                internal(rack);
                rack.certificate = Certificate::Create;
                rack.hosted_zone = Some("Z0EXAMPLEZONE".into());
            }),
        ),
        ("certificate-by-hand", rack(|rack| rack.certificate = Certificate::Create)),
        (
            "at-deploy",
            rack(|rack| {
                rack.certificate = Certificate::AtDeploy;
                rack.host = None;
            }),
        ),
        ("white-list", rack(|rack| rack.params.white_list = vec!["10.0.0.0/24".parse().unwrap(), "192.0.2.1/32".parse().unwrap()])),
        (
            "given-parts",
            rack(|rack| {
                internal(rack);
                rack.params.log_bucket = Some("logs-of-all".into());
                rack.params.router_security_groups = vec!["sg-00000001".into(), "sg-00000002".into()];
                rack.params.router_internal_security_groups = vec!["sg-00000003".into()];
                rack.params.internal_router_suffix = String::new();
                rack.params.deletion_protection = false;
            }),
        ),
    ]
}

fn shared() -> RackUse {
    let arns = |ids: [&str; 2]| ids.iter().map(|id| format!("arn:aws:acm:us-east-1:123456789012:certificate/{id}")).collect();
    RackUse { public_certificates: arns(["0a", "0b"]), internal_certificates: arns(["0b", "0c"]), ..RackUse::default() }
}

/// Render a rack, check the text against what lowering meant, and read it back.
fn template(rack: &Rack, routed: &RackUse) -> (String, Value) {
    let stack = lower_rack(rack, routed, None, &[]);
    let text = render(stack.template, &stack.context).unwrap();
    assert_eq!(verify(&text, &stack.resources), Ok(()), "{text}");
    let read: Value = serde_yaml::from_str(&text).unwrap();
    let parameters: Vec<&String> = read["Parameters"].as_object().into_iter().flat_map(|map| map.keys()).collect();
    assert_eq!(parameters, stack.parameters.iter().map(|parameter| &parameter.name).collect::<Vec<_>>());
    (text, read)
}

fn read(change: impl FnOnce(&mut Rack)) -> Value {
    template(&rack(change), &RackUse::default()).1
}

fn resource<'a>(template: &'a Value, id: &str) -> &'a Value {
    &template["Resources"][id]["Properties"]
}

fn has(template: &Value, id: &str) -> bool {
    template["Resources"].get(id).is_some()
}

/// An export by its name behind `main:`.
fn export<'a>(template: &'a Value, name: &str) -> Option<&'a Value> {
    let name = json!(format!("main:{name}"));
    template["Outputs"].as_object()?.values().find(|output| output["Export"]["Name"] == name).map(|output| &output["Value"])
}

fn attributes(template: &Value, id: &str) -> BTreeMap<String, Value> {
    let list = resource(template, id)["LoadBalancerAttributes"].as_array().unwrap();
    list.iter().map(|item| (item["Key"].as_str().unwrap().to_owned(), item["Value"].clone())).collect()
}

fn peers(template: &Value, group: &str) -> Vec<(u64, String)> {
    let rules = resource(template, group)["SecurityGroupIngress"].as_array().unwrap();
    rules
        .iter()
        .map(|rule| {
            let peer = rule.get("CidrIp").or_else(|| rule.get("SourceSecurityGroupId")).unwrap();
            assert!(rule["Description"].as_str().is_some_and(|text| !text.is_empty()));
            (rule["FromPort"].as_u64().unwrap(), peer.as_str().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn every_variant_is_what_was_meant() {
    for (name, rack) in variants() {
        for routed in [RackUse::default(), shared(), RackUse { instances: true, ..RackUse::default() }] {
            let (text, _) = template(&rack, &routed);
            assert!(!text.contains("\n\n\n") && !text.contains(" \n") && text.ends_with('\n'), "{name}:\n{text}");
        }
    }
}

/// Writes the variants where cfn-lint can read them: `cargo test --lib dump_racks -- --ignored`.
#[test]
#[ignore = "writes files for linters"]
fn dump_racks() {
    let folder = std::env::temp_dir().join("rackform-racks");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, rack) in variants() {
        for (suffix, instances) in [("", false), ("-instances", true)] {
            let text = template(&rack, &RackUse { instances, ..shared() }).0;
            std::fs::write(folder.join(format!("{name}{suffix}.yaml")), text).unwrap();
        }
    }
}

#[test]
fn hostile_names_stay_values() {
    let hostile = "x\"}\n  Evil: {Type: \"T\"} # ${Logs.Arn} {{ x }}";
    let (_, template) = template(&rack(|rack| rack.host = Some(hostile.into())), &RackUse::default());
    assert_eq!(export(&template, "RouterHost"), Some(&json!(hostile)));
}
