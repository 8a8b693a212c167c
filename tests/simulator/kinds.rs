//! What CloudFormation's types say of themselves: when a resource is replaced, and what only one
//! resource of the account can be.

use serde_json::Value;

use super::template::text;

/// Properties that can't change in a resource that lives; other changes happen in place. One line
/// a type, from the create-only lists of CloudFormation's resource schemas. `*` stands for every
/// property but `Tags`.
const CREATE_ONLY: &[(&str, &[&str])] = &[
    ("AWS::ApplicationAutoScaling::ScalableTarget", &["ResourceId", "ScalableDimension", "ServiceNamespace"]),
    (
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        &["PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension", "ScalingTargetId"],
    ),
    ("AWS::AutoScaling::AutoScalingGroup", &["AutoScalingGroupName", "InstanceId"]),
    (
        "AWS::CertificateManager::Certificate",
        &[
            "DomainName",
            "SubjectAlternativeNames",
            "DomainValidationOptions",
            "KeyAlgorithm",
            "CertificateAuthorityArn",
            "CertificateExport",
            "ValidationMethod",
        ],
    ),
    ("AWS::CloudWatch::Alarm", &["AlarmName"]),
    ("AWS::EC2::EIP", &["Domain"]),
    ("AWS::EC2::InternetGateway", &[]),
    ("AWS::EC2::LaunchTemplate", &["LaunchTemplateName"]),
    ("AWS::EC2::NatGateway", &["SubnetId", "AllocationId"]),
    ("AWS::EC2::Route", &["RouteTableId", "DestinationCidrBlock"]),
    ("AWS::EC2::RouteTable", &["VpcId"]),
    ("AWS::EC2::SecurityGroup", &["GroupDescription", "GroupName", "VpcId"]),
    ("AWS::EC2::SecurityGroupEgress", &["*"]),
    ("AWS::EC2::SecurityGroupIngress", &["*"]),
    ("AWS::EC2::Subnet", &["VpcId", "AvailabilityZone", "CidrBlock"]),
    ("AWS::EC2::SubnetRouteTableAssociation", &["SubnetId", "RouteTableId"]),
    ("AWS::EC2::VPC", &["CidrBlock"]),
    ("AWS::EC2::VPCGatewayAttachment", &["VpcId"]),
    ("AWS::ECS::CapacityProvider", &["Name", "ClusterName"]),
    ("AWS::ECS::Cluster", &["ClusterName"]),
    ("AWS::ECS::ClusterCapacityProviderAssociations", &["Cluster"]),
    ("AWS::ECS::Service", &["Cluster", "Role", "SchedulingStrategy", "ServiceName", "LaunchType"]),
    ("AWS::ECS::TaskDefinition", &["*"]),
    ("AWS::ElasticLoadBalancing::LoadBalancer", &["LoadBalancerName", "Scheme"]),
    ("AWS::ElasticLoadBalancingV2::Listener", &["LoadBalancerArn"]),
    ("AWS::ElasticLoadBalancingV2::ListenerCertificate", &["ListenerArn"]),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", &["ListenerArn"]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", &["Name", "Type", "Scheme"]),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", &["TargetType", "ProtocolVersion", "Port", "Name", "VpcId", "Protocol", "IpAddressType"]),
    ("AWS::IAM::InstanceProfile", &["InstanceProfileName", "Path"]),
    ("AWS::IAM::Role", &["Path", "RoleName"]),
    ("AWS::Logs::LogGroup", &["LogGroupName"]),
    ("AWS::Route53::HostedZone", &["Name"]),
    ("AWS::Route53::RecordSet", &["HostedZoneId", "HostedZoneName"]),
    ("AWS::S3::Bucket", &["BucketName"]),
    ("AWS::S3::BucketPolicy", &["Bucket"]),
    ("AWS::SSM::Parameter", &["Name"]),
];

/// Whether a change of these properties makes another resource.
pub(super) fn replaces(kind: &str, old: &Value, new: &Value) -> bool {
    let (_, fixed) = CREATE_ONLY.iter().find(|(known, _)| *known == kind).unwrap_or_else(|| panic!("the simulator does not know {kind}"));
    let part = |value: &Value, name: &str| value.get(name).map(text);
    if *fixed == ["*"] {
        let rest = |value: &Value| {
            value.as_object().map(|all| all.iter().filter(|(key, _)| *key != "Tags").map(|(k, v)| (k.clone(), text(v))).collect::<Vec<_>>())
        };
        return rest(old) != rest(new);
    }
    fixed.iter().any(|name| part(old, name) != part(new, name))
}

/// Whether resources of a type bear on listeners.
pub(super) fn is_routing(kind: &str) -> bool {
    kind.starts_with("AWS::ElasticLoadBalancingV2::") || kind == "AWS::CertificateManager::Certificate"
}

/// What only one resource of the account can be, in words.
pub(super) fn identities(kind: &str, properties: &Value) -> Vec<String> {
    let part = |name: &str| properties.get(name).map(text);
    let all = |what: &str, names: &[&str]| {
        let values: Option<Vec<String>> = names.iter().map(|name| part(name)).collect();
        values.map(|values| format!("the {what} {}", values.join(" of "))).into_iter().collect()
    };
    match kind {
        "AWS::ElasticLoadBalancingV2::ListenerRule" => all("priority", &["Priority", "ListenerArn"]),
        "AWS::ElasticLoadBalancingV2::ListenerCertificate" => {
            let arns = certificates(properties);
            arns.iter().map(|arn| format!("the certificate {arn} of {}", text(&properties["ListenerArn"]))).collect()
        }
        "AWS::ElasticLoadBalancingV2::Listener" => all("port", &["Port", "LoadBalancerArn"]),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => all("load balancer name", &["Name"]),
        "AWS::ElasticLoadBalancingV2::TargetGroup" => all("target group name", &["Name"]),
        "AWS::ElasticLoadBalancing::LoadBalancer" => all("classic load balancer name", &["LoadBalancerName"]),
        "AWS::Route53::RecordSet" => all("record", &["Type", "Name", "HostedZoneId"]),
        "AWS::ECS::CapacityProvider" => all("capacity provider name", &["Name"]),
        "AWS::ECS::Cluster" => all("cluster name", &["ClusterName"]),
        "AWS::ECS::ClusterCapacityProviderAssociations" => all("cluster with providers", &["Cluster"]),
        "AWS::ECS::Service" => all("service name", &["ServiceName", "Cluster"]),
        "AWS::EC2::SecurityGroup" => all("security group name", &["GroupName"]),
        "AWS::Logs::LogGroup" => all("log group name", &["LogGroupName"]),
        "AWS::IAM::Role" => all("role name", &["RoleName"]),
        "AWS::S3::Bucket" => all("bucket name", &["BucketName"]),
        "AWS::SSM::Parameter" => all("parameter name", &["Name"]),
        _ => Vec::new(),
    }
}

/// The certificates that a listener or a `ListenerCertificate` lists.
pub(super) fn certificates(properties: &Value) -> Vec<String> {
    properties["Certificates"].as_array().into_iter().flatten().map(|one| text(&one["CertificateArn"])).collect()
}

/// The target groups that a rule or a default action forwards to.
pub(super) fn forwards(actions: &Value) -> Vec<String> {
    let mut groups = Vec::new();
    for action in actions.as_array().into_iter().flatten() {
        groups.extend(action.get("TargetGroupArn").map(text));
        groups.extend(action["ForwardConfig"]["TargetGroups"].as_array().into_iter().flatten().map(|group| text(&group["TargetGroupArn"])));
    }
    groups.sort();
    groups.dedup();
    groups
}

/// The hosts that a rule answers.
pub(super) fn hosts(properties: &Value) -> Vec<String> {
    let conditions = properties["Conditions"].as_array().into_iter().flatten();
    conditions.flat_map(|condition| condition["HostHeaderConfig"]["Values"].as_array().into_iter().flatten()).map(text).collect()
}
