//! What a parameter means, as the rendered template says it when it is read back.

use serde_json::{Value, json};

use super::*;
use crate::fleet::RackParams;
use crate::render::{render, verify};

const ARN: &str = "arn:aws:acm:us-east-1:123456789012:certificate/6f1b7d52-0a3e-4c1d-8b5f-2e9d4c7a1f03";

fn rack(change: impl FnOnce(&mut Rack)) -> Rack {
    let mut rack = Rack {
        name: "main".into(),
        host: Some("main.example.org".into()),
        internal_host: None,
        certificate: Certificate::Given(ARN.into()),
        hosted_zone: None,
        certificates: Vec::new(),
        network: Network::Create,
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
                rack.params.router_security_groups = vec!["sg-01".into(), "sg-02".into()];
                rack.params.router_internal_security_groups = vec!["sg-03".into()];
                rack.params.internal_router_suffix = String::new();
                rack.params.deletion_protection = false;
            }),
        ),
    ]
}

fn shared() -> RackUse {
    let arns = |ids: [&str; 2]| ids.iter().map(|id| format!("arn:aws:acm:us-east-1:123456789012:certificate/{id}")).collect();
    RackUse { public_certificates: arns(["0a", "0b"]), internal_certificates: arns(["0b", "0c"]) }
}

/// Render a rack, check the text against what lowering meant, and read it back.
fn template(rack: &Rack, routed: &RackUse) -> (String, Value) {
    let stack = lower_rack(rack, routed);
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
        for routed in [RackUse::default(), shared()] {
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
        std::fs::write(folder.join(format!("{name}.yaml")), template(&rack, &shared()).0).unwrap();
    }
}

#[test]
fn the_public_router_is_there_unless_internal_only() {
    let open = read(|_| ());
    assert_eq!(resource(&open, "Router")["Scheme"], "internet-facing");
    assert_eq!(peers(&open, "RouterSecurity"), [(80, "0.0.0.0/0".into()), (443, "0.0.0.0/0".into())]);
    assert!(!has(&open, "RouterInternal"));
    assert_eq!(export(&open, "RouterHost"), Some(&json!("main.example.org")));
    assert_eq!(export(&open, "RouterListener443"), Some(&json!({"Ref": "RouterListener443"})));
    assert_eq!(export(&open, "RouterInternalListener443"), None);

    let closed = read(|rack| {
        internal(rack);
        rack.params.internal_only = true;
    });
    assert!(!has(&closed, "Router") && !has(&closed, "RouterSecurity") && !has(&closed, "RouterListener443"));
    assert_eq!(export(&closed, "Domain"), None);
    assert_eq!(export(&closed, "DomainInternal"), Some(&json!({"Fn::GetAtt": ["RouterInternal", "DNSName"]})));
}

#[test]
fn the_internal_router_stands_where_private_says() {
    let in_public = read(internal);
    assert_eq!(resource(&in_public, "RouterInternal")["Name"], "main-rti");
    assert_eq!(resource(&in_public, "RouterInternal")["Scheme"], "internal");
    assert_eq!(resource(&in_public, "RouterInternal")["Subnets"][0], json!({"Ref": "Subnet0"}));
    assert_eq!(peers(&in_public, "RouterInternalSecurity"), [(80, "10.0.0.0/16".into()), (443, "10.0.0.0/16".into())]);
    assert_eq!(export(&in_public, "RouterInternalHost"), Some(&json!("internal.main.example.org")));
    let in_private = read(|rack| {
        internal(rack);
        rack.params.private = true;
        rack.params.internal_router_suffix = String::new();
    });
    assert_eq!(resource(&in_private, "RouterInternal")["Subnets"][2], json!({"Ref": "SubnetPrivate2"}));
    assert_eq!(resource(&in_private, "RouterInternal").get("Name"), None);
}

#[test]
fn both_routers_are_hardened_alike() {
    let template = read(|rack| {
        internal(rack);
        rack.params.idle_timeout = 61;
        rack.params.mitigation_mode = crate::fleet::MitigationMode::Strictest;
        rack.params.ssl_policy = "ELBSecurityPolicy-TLS13-1-3-2021-06".into();
    });
    let (mut public, mut inner) = (attributes(&template, "Router"), attributes(&template, "RouterInternal"));
    assert_eq!(public.remove("access_logs.s3.prefix"), Some(json!("convox/logs/main/alb")));
    assert_eq!(inner.remove("access_logs.s3.prefix"), Some(json!("convox/logs/main/alb-internal")));
    assert_eq!(public, inner);
    for (key, value) in [
        ("idle_timeout.timeout_seconds", "61"),
        ("routing.http.desync_mitigation_mode", "strictest"),
        ("routing.http.drop_invalid_header_fields.enabled", "true"),
        ("deletion_protection.enabled", "true"),
        ("access_logs.s3.enabled", "true"),
    ] {
        assert_eq!(public[key], value, "{key}");
    }
    for listener in ["RouterListener443", "RouterInternalListener443"] {
        let listener = resource(&template, listener);
        assert_eq!(listener["SslPolicy"], "ELBSecurityPolicy-TLS13-1-3-2021-06");
        assert_eq!(listener["Certificates"], json!([{"CertificateArn": {"Ref": "Certificate"}}]));
        let answer = json!({"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "unknown host"});
        assert_eq!(listener["DefaultActions"], json!([{"Type": "fixed-response", "FixedResponseConfig": answer}]));
    }
    let redirect = json!({"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"});
    assert_eq!(resource(&template, "RouterInternalListener80")["DefaultActions"][0]["RedirectConfig"], redirect);
    let open = read(|rack| rack.params.deletion_protection = false);
    assert_eq!(attributes(&open, "Router")["deletion_protection.enabled"], "false");
}

#[test]
fn port_80_of_the_public_router_can_be_closed() {
    let template = read(|rack| {
        internal(rack);
        rack.params.port80 = false;
    });
    assert!(!has(&template, "RouterListener80") && has(&template, "RouterInternalListener80"));
    assert_eq!(peers(&template, "RouterSecurity"), [(443, "0.0.0.0/0".into())]);
    assert_eq!(export(&template, "RouterListener80"), None);
    assert!(export(&template, "RouterInternalListener80").is_some());
}

#[test]
fn groups_can_be_given() {
    let template = read(|rack| rack.params.router_security_groups = vec!["sg-01".into(), "sg-02".into()]);
    assert!(!has(&template, "RouterSecurity"));
    assert_eq!(resource(&template, "Router")["SecurityGroups"], json!(["sg-01", "sg-02"]));
    assert_eq!(export(&template, "RouterSecurityGroup"), Some(&json!("sg-01")));
}

#[test]
fn nothing_leaves_the_vpc_through_a_load_balancer() {
    let template = read(internal);
    for group in ["RouterSecurity", "RouterInternalSecurity", "BalancerSecurity"] {
        let rules = resource(&template, group)["SecurityGroupEgress"].as_array().unwrap();
        assert!(rules.iter().all(|rule| rule["CidrIp"] == "10.0.0.0/16" && rule["IpProtocol"] == "tcp"), "{group}: {rules:?}");
        assert_eq!(rules.len(), 1);
    }
}

#[test]
fn the_balancer_is_convox_own() {
    let open = read(|_| ());
    let balancer = resource(&open, "Balancer");
    assert_eq!((&balancer["LoadBalancerName"], &balancer["Scheme"]), (&json!("main"), &json!("internet-facing")));
    let listener = json!({"LoadBalancerPort": "443", "Protocol": "TCP", "InstancePort": "3000", "InstanceProtocol": "TCP"});
    assert_eq!(balancer["Listeners"], json!([listener]));
    let check = json!({"Target": "HTTPS:3000/check", "Interval": "5", "Timeout": "3", "HealthyThreshold": "2", "UnhealthyThreshold": "2"});
    assert_eq!(balancer["HealthCheck"], check);
    assert_eq!(balancer["ConnectionDrainingPolicy"], json!({"Enabled": true, "Timeout": 60}));
    assert_eq!(balancer["ConnectionSettings"]["IdleTimeout"], 3600);
    assert_eq!(balancer["CrossZone"], true);
    assert_eq!(peers(&open, "BalancerSecurity"), [(443, "0.0.0.0/0".into())]);

    let private = read(|rack| rack.params.private_api = true);
    let balancer = resource(&private, "Balancer");
    assert_eq!((&balancer["LoadBalancerName"], &balancer["Scheme"]), (&json!("main-i"), &json!("internal")));
    assert_eq!(
        (&balancer["Listeners"][0]["InstancePort"], &balancer["HealthCheck"]["Target"]),
        (&json!("3100"), &json!("HTTPS:3100/check"))
    );
    assert_eq!(balancer["Subnets"][0], json!({"Ref": "SubnetPrivate0"}));
    assert_eq!(peers(&private, "BalancerSecurity"), [(443, "10.0.0.0/16".into())]);

    let locked = read(|rack| {
        rack.params.private_api = true;
        rack.params.private_api_security_group = Some("sg-0123abcd".into());
    });
    assert_eq!(peers(&locked, "BalancerSecurity"), [(443, "sg-0123abcd".into())]);
    let listed = read(|rack| rack.params.white_list = vec!["192.0.2.0/24".parse().unwrap(), "198.51.100.1/32".parse().unwrap()]);
    assert_eq!(peers(&listed, "BalancerSecurity"), [(443, "192.0.2.0/24".into()), (443, "198.51.100.1/32".into())]);
    assert_eq!(peers(&listed, "RouterSecurity").len(), 2, "the list is about the API alone");
}

#[test]
fn the_network_has_the_zones_and_the_gateways_that_it_should() {
    let count = |template: &Value, kind: &str| {
        template["Resources"].as_object().unwrap().values().filter(|resource| resource["Type"] == format!("AWS::EC2::{kind}")).count()
    };
    for (private, available, zones, gateways) in [(false, true, 3, 0), (true, true, 3, 3), (true, true, 2, 2), (true, false, 2, 1)] {
        let template = read(|rack| {
            rack.params.private = private;
            rack.params.high_availability = available;
            rack.params.zones = zones;
        });
        assert_eq!(count(&template, "Subnet"), 2 * zones);
        assert_eq!((count(&template, "NatGateway"), count(&template, "EIP")), (gateways, gateways));
        assert_eq!(resource(&template, "Router")["Subnets"].as_array().unwrap().len(), zones);
        assert_eq!(export(&template, "Subnet2").is_some(), zones == 3);
        assert_eq!(has(&template, "RouteDefaultPrivate1"), private, "no way out without a gateway");
        if private {
            let nat = if gateways == 1 { "Nat0" } else { "Nat1" };
            assert_eq!(resource(&template, "RouteDefaultPrivate1")["NatGatewayId"], json!({"Ref": nat}));
        }
        let zone = json!({"Fn::Select": [1, {"Fn::GetAZs": ""}]});
        assert_eq!(resource(&template, "Subnet1")["AvailabilityZone"], zone);
        assert_eq!(resource(&template, "SubnetPrivate1")["AvailabilityZone"], zone);
    }
}

#[test]
fn a_brought_network_comes_in_by_the_same_names() {
    let stack = lower_rack(&rack(brought), &RackUse::default());
    let values: Vec<(&str, Option<&str>)> = stack.parameters.iter().map(|one| (one.name.as_str(), one.value.as_deref())).collect();
    let expected = [
        ("Vpc", Some("vpc-0a1")),
        ("Subnet0", Some("subnet-a0")),
        ("Subnet1", Some("subnet-a1")),
        ("SubnetPrivate0", Some("subnet-b0")),
        ("SubnetPrivate1", Some("subnet-b1")),
        ("Certificate", Some(ARN)),
    ];
    assert_eq!(values, expected);
    assert!(stack.resources.values().all(|kind| !kind.starts_with("AWS::EC2::") || kind == "AWS::EC2::SecurityGroup"));
    let template = read(brought);
    assert_eq!(resource(&template, "Router")["Subnets"], json!([{"Ref": "Subnet0"}, {"Ref": "Subnet1"}]));
    assert_eq!(export(&template, "Vpc"), Some(&json!({"Ref": "Vpc"})));
    assert_eq!(export(&template, "VpcCidr"), Some(&json!("172.31.0.0/16")));
    assert_eq!(template["Resources"]["Router"]["DependsOn"], json!(["LogsPolicy"]));
}

#[test]
fn the_default_certificate_is_given_made_or_asked_for() {
    let asked = lower_rack(&rack(|rack| rack.certificate = Certificate::AtDeploy), &RackUse::default());
    assert_eq!(asked.parameters, [Parameter { name: "Certificate".into(), value: None }]);

    let made = read(|rack| {
        internal(rack);
        rack.certificate = Certificate::Create;
        rack.hosted_zone = Some("Z1".into());
    });
    let certificate = resource(&made, "Certificate");
    assert_eq!(certificate["DomainName"], "*.main.example.org");
    assert_eq!(certificate["SubjectAlternativeNames"], json!(["*.internal.main.example.org"]));
    let validation = certificate["DomainValidationOptions"].as_array().unwrap();
    assert_eq!(validation.len(), 2);
    assert_eq!(validation[1], json!({"DomainName": "*.internal.main.example.org", "HostedZoneId": {"Ref": "PublicHostedZone"}}));
    assert_eq!(export(&made, "RouterInternalCertificate"), Some(&json!({"Ref": "Certificate"})));
    assert_eq!(resource(&made, "RouterRecord")["Name"], "*.main.example.org");
    assert_eq!(resource(&made, "RouterInternalRecord")["AliasTarget"]["DNSName"], json!({"Fn::GetAtt": ["RouterInternal", "DNSName"]}));

    let public_only = read(|rack| {
        rack.internal_host = Some("internal.main.example.org".into());
        rack.certificate = Certificate::Create;
    });
    assert_eq!(resource(&public_only, "Certificate").get("SubjectAlternativeNames"), None, "there is no internal router");
    assert!(!has(&public_only, "RouterRecord"), "no zone to write it in");
}

#[test]
fn a_shared_certificate_keeps_its_id_when_others_go() {
    let (_, both) = template(&rack(internal), &shared());
    let attached = |template: &Value| -> BTreeMap<String, String> {
        let all = template["Resources"].as_object().unwrap();
        let of_kind = all.iter().filter(|(_, resource)| resource["Type"] == "AWS::ElasticLoadBalancingV2::ListenerCertificate");
        of_kind
            .map(|(id, resource)| (id.clone(), resource["Properties"]["Certificates"][0]["CertificateArn"].as_str().unwrap().into()))
            .collect()
    };
    assert_eq!(attached(&both).len(), 4);
    let fewer = RackUse { public_certificates: shared().public_certificates[1..].to_vec(), internal_certificates: Vec::new() };
    let (_, one) = template(&rack(internal), &fewer);
    let kept = attached(&one);
    assert_eq!(kept.len(), 1);
    assert!(kept.iter().all(|(id, arn)| id.starts_with("RouterCertificate") && attached(&both).get(id) == Some(arn)));
    let again = RackUse { public_certificates: vec![ARN.into()], internal_certificates: Vec::new() };
    assert_eq!(attached(&template(&rack(|_| ()), &again).1).len(), 0, "the listener holds its default certificate already");
}

#[test]
fn logs_are_kept_and_written_by_our_load_balancers_alone() {
    let own = read(|rack| rack.params.log_retention = Some(30));
    assert_eq!(own["Resources"]["Logs"]["DeletionPolicy"], "Retain");
    assert_eq!(resource(&own, "Logs")["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"], 30);
    let statement = &resource(&own, "LogsPolicy")["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Principal"]["Service"], "logdelivery.elasticloadbalancing.amazonaws.com");
    let objects = |last: &str| json!({"Fn::Sub": format!("${{Logs.Arn}}/convox/logs/main/{last}/AWSLogs/${{AWS::AccountId}}/*")});
    assert_eq!(statement["Resource"], json!([objects("alb"), objects("elb")]));
    for id in ["Router", "Balancer"] {
        assert_eq!(own["Resources"][id]["DependsOn"], json!(["LogsPolicy", "GatewayAttachment"]));
    }
    let kept = read(|rack| rack.params.log_retention = None);
    assert_eq!(resource(&kept, "Logs")["LifecycleConfiguration"]["Rules"][0].get("ExpirationInDays"), None);
    let elsewhere = read(|rack| rack.params.log_bucket = Some("logs-of-all".into()));
    assert!(!has(&elsewhere, "Logs") && !has(&elsewhere, "LogsPolicy"));
    assert_eq!(attributes(&elsewhere, "Router")["access_logs.s3.bucket"], "logs-of-all");
    assert_eq!(resource(&elsewhere, "Balancer")["AccessLoggingPolicy"]["S3BucketName"], "logs-of-all");
}

#[test]
fn hostile_names_stay_values() {
    let hostile = "x\"}\n  Evil: {Type: \"T\"} # ${Logs.Arn} {{ x }}";
    let (_, template) = template(&rack(|rack| rack.host = Some(hostile.into())), &RackUse::default());
    assert_eq!(export(&template, "RouterHost"), Some(&json!(hostile)));
}
