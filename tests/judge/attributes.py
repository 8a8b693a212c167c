"""What `Fn::GetAtt` knows of each type, from the AWS resource reference."""

from __future__ import annotations

# Types that rackform emits. A type that is missing here is a finding as soon as it is asked.
ATTRIBUTES: dict[str, frozenset[str]] = {
    kind: frozenset(names.split())
    for kind, names in {
        "AWS::ApplicationAutoScaling::ScalableTarget": "Id",
        "AWS::ApplicationAutoScaling::ScalingPolicy": "Arn",
        "AWS::AutoScaling::AutoScalingGroup": "AutoScalingGroupARN",
        "AWS::CertificateManager::Certificate": "",
        "AWS::EC2::EIP": "AllocationId PublicIp",
        "AWS::EC2::InternetGateway": "InternetGatewayId",
        "AWS::EC2::LaunchTemplate": "DefaultVersionNumber LatestVersionNumber LaunchTemplateId",
        "AWS::EC2::NatGateway": "NatGatewayId EniId",
        "AWS::EC2::RouteTable": "RouteTableId",
        "AWS::EC2::SecurityGroup": "GroupId Id VpcId",
        "AWS::EC2::SecurityGroupIngress": "Id",
        "AWS::EC2::Subnet": "AvailabilityZone AvailabilityZoneId CidrBlock Ipv6CidrBlocks "
        "NetworkAclAssociationId OutpostArn SubnetId VpcId",
        "AWS::EC2::SubnetRouteTableAssociation": "Id",
        "AWS::EC2::VPC": "CidrBlock CidrBlockAssociations DefaultNetworkAcl DefaultSecurityGroup "
        "Ipv6CidrBlocks VpcId",
        "AWS::EC2::VPCGatewayAttachment": "AttachmentType",
        "AWS::ECS::CapacityProvider": "",
        "AWS::ECS::Cluster": "Arn",
        "AWS::ECS::ClusterCapacityProviderAssociations": "",
        "AWS::ECS::Service": "Name ServiceArn",
        "AWS::ECS::TaskDefinition": "TaskDefinitionArn",
        "AWS::ElasticLoadBalancing::LoadBalancer": "CanonicalHostedZoneName "
        "CanonicalHostedZoneNameID DNSName SourceSecurityGroup.GroupName "
        "SourceSecurityGroup.OwnerAlias",
        "AWS::ElasticLoadBalancingV2::Listener": "ListenerArn",
        "AWS::ElasticLoadBalancingV2::ListenerCertificate": "Id",
        "AWS::ElasticLoadBalancingV2::ListenerRule": "IsDefault RuleArn",
        "AWS::ElasticLoadBalancingV2::LoadBalancer": "CanonicalHostedZoneID DNSName "
        "LoadBalancerArn LoadBalancerFullName LoadBalancerName SecurityGroups",
        "AWS::ElasticLoadBalancingV2::TargetGroup": "LoadBalancerArns TargetGroupArn "
        "TargetGroupFullName TargetGroupName",
        "AWS::IAM::InstanceProfile": "Arn",
        "AWS::IAM::Role": "Arn RoleId",
        "AWS::Logs::LogGroup": "Arn",
        "AWS::Route53::HostedZone": "Id NameServers",
        "AWS::Route53::RecordSet": "",
        "AWS::S3::Bucket": "Arn DomainName DualStackDomainName RegionalDomainName WebsiteURL",
        "AWS::S3::BucketPolicy": "",
    }.items()
}
