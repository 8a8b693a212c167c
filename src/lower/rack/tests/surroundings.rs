//! What stands around the routers: network, balancer, default certificate, logs.

use super::*;

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
    let stack = lower_rack(&rack(brought), &RackUse::default(), None, &[]);
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
    let asked = lower_rack(&rack(|rack| rack.certificate = Certificate::AtDeploy), &RackUse::default(), None, &[]);
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
fn logs_are_kept_and_written_by_our_load_balancers_alone() {
    let own = read(|rack| rack.params.log_retention = Some(30));
    assert_eq!(own["Resources"]["Logs"]["DeletionPolicy"], "RetainExceptOnCreate");
    assert_eq!(resource(&own, "Logs")["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"], 30);
    let statement = &resource(&own, "LogsPolicy")["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Principal"]["Service"], "logdelivery.elasticloadbalancing.amazonaws.com");
    let objects = |last: &str| json!({"Fn::Sub": format!("${{Logs.Arn}}/convox/logs/main/{last}/AWSLogs/${{AWS::AccountId}}/*")});
    assert_eq!(statement["Resource"], json!([objects("alb")]));
    assert_eq!(own["Resources"]["Router"]["DependsOn"], json!(["LogsPolicy", "GatewayAttachment"]));
    assert_eq!(own["Resources"]["Balancer"]["DependsOn"], json!(["GatewayAttachment"]));
    let kept = read(|rack| rack.params.log_retention = None);
    assert_eq!(resource(&kept, "Logs")["LifecycleConfiguration"]["Rules"][0].get("ExpirationInDays"), None);
    let elsewhere = read(|rack| rack.params.log_bucket = Some("logs-of-all".into()));
    assert!(!has(&elsewhere, "Logs") && !has(&elsewhere, "LogsPolicy"));
    assert_eq!(attributes(&elsewhere, "Router")["access_logs.s3.bucket"], "logs-of-all");
}
