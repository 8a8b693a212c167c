//! Instances, their group, the capacity provider and the rack API on them.

use super::*;
use crate::fleet::{Api, Compute};
use crate::source::{Files, Place, Span};

fn api() -> Api {
    let place = Place { file: Files::default().add("rackform.yml", ""), span: Span::default() };
    Api { image: "registry.example.org/api:1".into(), place }
}

fn used() -> RackUse {
    RackUse { instances: true, ..RackUse::default() }
}

/// A rack with instances.
fn standing(change: impl FnOnce(&mut Rack)) -> Value {
    template(&rack(change), &used()).1
}

/// Ports, protocol and peer of each rule that lets somebody in.
fn ingress(template: &Value) -> Vec<(u64, u64, String, String)> {
    let rules = resource(template, "InstancesSecurity")["SecurityGroupIngress"].as_array().cloned().unwrap_or_default();
    rules
        .iter()
        .map(|rule| {
            let peer = match rule.get("SourceSecurityGroupId") {
                Some(group) => group.as_str().map_or_else(|| group["Fn::GetAtt"][0].as_str().unwrap().to_owned(), str::to_owned),
                None => rule["CidrIp"].as_str().unwrap().to_owned(),
            };
            (rule["FromPort"].as_u64().unwrap(), rule["ToPort"].as_u64().unwrap(), rule["IpProtocol"].as_str().unwrap().to_owned(), peer)
        })
        .collect()
}

fn tcp(from: u64, to: u64, peer: &str) -> (u64, u64, String, String) {
    (from, to, "tcp".into(), peer.into())
}

#[test]
fn instances_stand_when_they_are_asked_for_or_needed() {
    for (compute, has_api, is_needed, stand) in [
        (Compute::AsNeeded, false, false, false),
        (Compute::AsNeeded, false, true, true),
        (Compute::AsNeeded, true, false, true),
        (Compute::Instances, false, false, true),
        (Compute::Fargate, false, true, false),
        (Compute::None, false, true, false),
    ] {
        let rack = rack(|rack| {
            rack.compute = compute;
            rack.api = has_api.then(api);
        });
        assert_eq!(rack.has_instances(is_needed), stand, "{compute:?} {has_api} {is_needed}");
    }
}

#[test]
fn without_instances_there_is_nothing_of_them() {
    let none = read(|_| ());
    for id in ["Instances", "InstancesTemplate", "InstancesRole", "InstancesProvider", "InstancesSecurity", "ServiceRole", "ApiWebService"]
    {
        assert!(!has(&none, id), "{id}");
    }
    for name in ["InstancesSecurityGroup", "InstancesProvider", "ServiceRole"] {
        assert_eq!(export(&none, name), None, "{name}");
    }
    let providers = resource(&none, "ClusterProviders");
    assert_eq!(providers["CapacityProviders"], json!(["FARGATE", "FARGATE_SPOT"]));
    assert_eq!(export(&none, "Cluster"), Some(&json!({"Ref": "Cluster"})));
}

#[test]
fn the_cluster_has_the_provider_and_stays_on_fargate_unless_told() {
    let template = standing(|_| ());
    let providers = resource(&template, "ClusterProviders");
    assert_eq!(providers["CapacityProviders"], json!(["FARGATE", "FARGATE_SPOT", {"Ref": "InstancesProvider"}]));
    assert_eq!(providers["DefaultCapacityProviderStrategy"], json!([{"CapacityProvider": "FARGATE", "Weight": 1}]));
    // What the cluster lists itself would be put in the place of the association by an update.
    assert_eq!(resource(&template, "Cluster").get("CapacityProviders"), None);
    let provider = resource(&template, "InstancesProvider");
    assert_eq!(provider.get("Name"), None);
    let refused = standing(|rack| rack.name = "ecs-production".into());
    assert_eq!(resource(&refused, "InstancesProvider")["Name"], "instances-ecs-production");
    let group = &provider["AutoScalingGroupProvider"];
    assert_eq!((&group["ManagedDraining"], &group["ManagedTerminationProtection"]), (&json!("ENABLED"), &json!("DISABLED")));
    assert_eq!(group["ManagedScaling"]["Status"], "ENABLED");
    assert_eq!(export(&template, "InstancesProvider"), Some(&json!({"Ref": "InstancesProvider"})));
    assert_eq!(export(&template, "ServiceRole"), Some(&json!({"Fn::GetAtt": ["ServiceRole", "Arn"]})));
    let own = json!({"Fn::GetAtt": ["InstancesSecurity", "GroupId"]});
    assert_eq!(export(&template, "InstancesSecurityGroup"), Some(&own));
}

#[test]
fn the_group_has_room_for_an_update_whatever_its_size() {
    let group = |change: &dyn Fn(&mut RackParams)| {
        let template = standing(|rack| change(&mut rack.params));
        let number = |value: &Value| value.as_str().unwrap().parse::<u64>().unwrap();
        let properties = resource(&template, "Instances");
        let rolling = &template["Resources"]["Instances"]["UpdatePolicy"]["AutoScalingRollingUpdate"];
        let (kept, batch) = (rolling["MinInstancesInService"].as_u64().unwrap(), rolling["MaxBatchSize"].as_u64().unwrap());
        let (least, most) = (number(&properties["MinSize"]), number(&properties["MaxSize"]));
        assert_eq!(kept, least, "no instance goes before another one is there");
        assert!(most >= least + batch, "{least} to {most}, {batch} at a time");
        (least, most, properties.get("DesiredCapacity").map(number))
    };
    assert_eq!(group(&|_| ()), (3, 1000, None), "who scales by itself keeps its own count");
    assert_eq!(group(&|params| params.instances.autoscale = false), (3, 4, Some(3)));
    let largest = |params: &mut RackParams| (params.instances.count, params.instances.batch) = (900, 100);
    assert_eq!(group(&largest), (900, 1000, None));
    let lonely = |params: &mut RackParams| (params.high_availability, params.zones, params.instances.autoscale) = (false, 2, false);
    assert_eq!(group(&lonely), (1, 2, Some(1)));
    let scaling = standing(|rack| rack.params.instances.autoscale = false);
    assert_eq!(resource(&scaling, "InstancesProvider")["AutoScalingGroupProvider"]["ManagedScaling"]["Status"], "DISABLED");
}

#[test]
fn instances_are_closed_but_for_what_leads_to_them() {
    assert_eq!(ingress(&standing(|_| ())), [tcp(32768, 65535, "RouterSecurity")]);
    let both = standing(|rack| {
        internal(rack);
        rack.api = Some(api());
        rack.params.router_security_groups = vec!["sg-00000001".into(), "sg-00000002".into()];
        rack.params.instances.key = Some("ops".into());
    });
    let expected = [
        tcp(32768, 65535, "sg-00000001"),
        tcp(32768, 65535, "sg-00000002"),
        tcp(32768, 65535, "RouterInternalSecurity"),
        tcp(3000, 3000, "BalancerSecurity"),
        tcp(22, 22, "10.0.0.0/16"),
    ];
    assert_eq!(ingress(&both), expected);
    assert_eq!(resource(&both, "InstancesTemplate")["LaunchTemplateData"]["KeyName"], "ops");
    let agents = RackUse { agent_ports: [(8125, "udp".into()), (9100, "tcp".into())].into(), ..used() };
    let (_, with_agents) = template(&rack(|_| ()), &agents);
    let udp = (8125, 8125, "udp".into(), "10.0.0.0/16".into());
    assert_eq!(ingress(&with_agents)[1..], [udp, tcp(9100, 9100, "10.0.0.0/16")]);
    let brought = standing(|rack| rack.params.instances.security_group = Some("sg-0123abcd".into()));
    assert!(!has(&brought, "InstancesSecurity"));
    assert_eq!(export(&brought, "InstancesSecurityGroup"), Some(&json!("sg-0123abcd")));
    let data = &resource(&brought, "InstancesTemplate")["LaunchTemplateData"];
    assert_eq!(data["NetworkInterfaces"][0]["Groups"], json!(["sg-0123abcd"]));
}

#[test]
fn instances_are_launched_as_the_parameters_say() {
    let plain = standing(|_| ());
    let data = &resource(&plain, "InstancesTemplate")["LaunchTemplateData"];
    assert_eq!(data["MetadataOptions"], json!({"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1}));
    let volume = json!({"VolumeType": "gp3", "VolumeSize": 50, "Encrypted": true, "DeleteOnTermination": true});
    assert_eq!(data["BlockDeviceMappings"], json!([{"DeviceName": "/dev/xvda", "Ebs": volume}]));
    assert_eq!(data["ImageId"], json!({"Ref": "DefaultAmi"}));
    assert_eq!(data["NetworkInterfaces"][0]["AssociatePublicIpAddress"], true, "the way out of a public subnet");
    let script = data["UserData"]["Fn::Base64"]["Fn::Sub"].as_str().unwrap();
    assert!(
        script.starts_with("#!/bin/bash\n") && script.contains("\nECS_CLUSTER=${Cluster}\n") && script.ends_with("\nEND\n"),
        "{script}"
    );
    assert_eq!(data.get("KeyName"), None);
    let other = standing(|rack| {
        rack.params.private = true;
        rack.params.instances.kind = "m7g.large".into();
        rack.params.instances.volume_size = 100;
        rack.params.instances.imds_tokens = false;
        rack.params.instances.imds_hops = 2;
        rack.params.instances.policy = Some("arn:aws:iam::123456789012:policy/more".into());
    });
    let data = &resource(&other, "InstancesTemplate")["LaunchTemplateData"];
    assert_eq!((&data["MetadataOptions"]["HttpTokens"], &data["InstanceType"]), (&json!("optional"), &json!("m7g.large")));
    assert_eq!(data["NetworkInterfaces"][0]["AssociatePublicIpAddress"], false);
    assert_eq!(resource(&other, "Instances")["VPCZoneIdentifier"][2], json!({"Ref": "SubnetPrivate2"}));
    let waits = other["Resources"]["Instances"]["DependsOn"].as_array().unwrap();
    assert!(waits.contains(&json!("RouteDefaultPrivate0")) && waits.contains(&json!("SubnetPrivate2Routes")), "{waits:?}");
    let policies = resource(&other, "InstancesRole")["ManagedPolicyArns"].as_array().unwrap();
    assert_eq!((policies.len(), &policies[2]), (3, &json!("arn:aws:iam::123456789012:policy/more")));
}

#[test]
fn the_image_is_looked_up_at_deploy_time_or_given() {
    let image = |change: &dyn Fn(&mut Rack)| {
        let stack = lower_rack(&rack(change), &used(), None, &[]);
        let parameter = stack.parameters.into_iter().find(|one| one.name.ends_with("Ami")).unwrap();
        (parameter.name, parameter.value.unwrap())
    };
    let path = |processor: &str| format!("/aws/service/ecs/optimized-ami/amazon-linux-2023/{processor}recommended/image_id");
    assert_eq!(image(&|_| ()), ("DefaultAmi".into(), path("")));
    assert_eq!(image(&|rack| rack.params.instances.kind = "t4g.small".into()), ("DefaultAmi".into(), path("arm64/")));
    assert_eq!(image(&|rack| rack.params.instances.ami = Some("ami-01234567".into())), ("Ami".into(), "ami-01234567".into()));
}

#[test]
fn the_api_stands_behind_the_balancer_as_in_convox() {
    let template = standing(|rack| rack.api = Some(api()));
    let service = resource(&template, "ApiWebService");
    assert_eq!(service["LoadBalancers"], json!([{"LoadBalancerName": {"Ref": "Balancer"}, "ContainerName": "web", "ContainerPort": 5443}]));
    assert_eq!((&service["DesiredCount"], &service["LaunchType"]), (&json!(2), &json!("EC2")));
    assert_eq!(service["DeploymentConfiguration"]["MinimumHealthyPercent"], 50);
    assert_eq!(service["DeploymentConfiguration"]["MaximumPercent"], 200);
    assert_eq!(service["Role"], json!({"Fn::GetAtt": ["ServiceRole", "Arn"]}));
    assert_eq!(template["Resources"]["ApiWebService"]["DependsOn"], "Instances");
    let tasks = resource(&template, "ApiWebTasks");
    let container = &tasks["ContainerDefinitions"][0];
    assert_eq!((&container["Name"], &container["Image"]), (&json!("web"), &json!({"Ref": "ApiImage"})));
    assert_eq!(container["PortMappings"], json!([{"ContainerPort": 5443, "HostPort": 3000, "Protocol": "tcp"}]));
    assert_eq!((&container["Cpu"], &container["MemoryReservation"]), (&json!(128), &json!(256)));
    assert_eq!(resource(&template, "ApiLogs")["RetentionInDays"], 7);

    let private = standing(|rack| {
        rack.api = Some(api());
        rack.params.private_api = true;
        rack.params.log_retention = Some(15);
    });
    assert_eq!(resource(&private, "ApiWebTasks")["ContainerDefinitions"][0]["PortMappings"][0]["HostPort"], 3100);
    assert!(!has(&private, "ApiWebService"), "a service can't change its classic balancer");
    assert_eq!(resource(&private, "ApiWebServicePrivate")["LoadBalancers"][0]["LoadBalancerName"], json!({"Ref": "Balancer"}));
    assert!(ingress(&private).contains(&tcp(3100, 3100, "BalancerSecurity")));
    assert_eq!(resource(&private, "ApiLogs")["RetentionInDays"], 30, "CloudWatch has no 15 days");
    assert_eq!(resource(&private, "Balancer")["Listeners"][0]["InstancePort"], "3100");
}

#[test]
fn a_rack_that_is_not_highly_available_has_one_process() {
    let service = |instances: u32| {
        let template = standing(|rack| {
            rack.api = Some(api());
            rack.params.high_availability = false;
            rack.params.zones = 2;
            rack.params.instances.count_without_ha = instances;
        });
        let service = resource(&template, "ApiWebService");
        (service["DesiredCount"].clone(), service["DeploymentConfiguration"]["MinimumHealthyPercent"].clone())
    };
    assert_eq!(service(1), (json!(1), json!(0)), "on one instance the old process makes room for the new one");
    assert_eq!(service(2), (json!(1), json!(50)));
}
