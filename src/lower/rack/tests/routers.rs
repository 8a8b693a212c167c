//! The two routers, their listeners, groups and certificates.

use super::*;

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
        ("deletion_protection.enabled", "false"),
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
    let held = read(|rack| rack.params.deletion_protection = true);
    assert_eq!(attributes(&held, "Router")["deletion_protection.enabled"], "true");
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
    let template = read(|rack| rack.params.router_security_groups = vec!["sg-00000001".into(), "sg-00000002".into()]);
    assert!(!has(&template, "RouterSecurity"));
    assert_eq!(resource(&template, "Router")["SecurityGroups"], json!(["sg-00000001", "sg-00000002"]));
    assert_eq!(export(&template, "RouterSecurityGroup"), Some(&json!("sg-00000001")));
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
    let fewer = RackUse {
        public_certificates: shared().public_certificates[1..].to_vec(),
        internal_certificates: Vec::new(),
        ..RackUse::default()
    };
    let (_, one) = template(&rack(internal), &fewer);
    let kept = attached(&one);
    assert_eq!(kept.len(), 1);
    assert!(kept.iter().all(|(id, arn)| id.starts_with("RouterCertificate") && attached(&both).get(id) == Some(arn)));
}
