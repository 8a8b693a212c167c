"""What CloudFormation's types say of themselves: what replaces one, and what there is once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

ELB = "AWS::ElasticLoadBalancingV2"
RULE, LISTENER, GROUP = f"{ELB}::ListenerRule", f"{ELB}::Listener", f"{ELB}::TargetGroup"
ATTACHMENT, BALANCER = f"{ELB}::ListenerCertificate", f"{ELB}::LoadBalancer"
CERTIFICATE = "AWS::CertificateManager::Certificate"
SERVICE = "AWS::ECS::Service"

EVERY = "*"  # every property but tags

# Properties that make another resource when they change, `A.B` inside of another one; all else
# changes in place. By CloudFormation's resource schemas, conditional ones included, and by the user
# guide where that knows more. `test_simulator_kinds.py` holds it against the schemas.
CREATE_ONLY: dict[str, tuple[str, ...]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        "ResourceId",
        "ScalableDimension",
        "ServiceNamespace",
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (
        "PolicyName",
        "ResourceId",
        "ScalableDimension",
        "ScalingTargetId",
        "ServiceNamespace",
    ),
    "AWS::AutoScaling::AutoScalingGroup": ("AutoScalingGroupName", "InstanceId"),
    CERTIFICATE: (
        "CertificateAuthorityArn",
        "CertificateExport",
        "DomainName",
        "DomainValidationOptions",
        "KeyAlgorithm",
        "SubjectAlternativeNames",
        "ValidationMethod",
    ),
    "AWS::EC2::EIP": ("Address", "IpamPoolId", "NetworkBorderGroup", "TransferAddress"),
    "AWS::EC2::InternetGateway": (),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateName",),
    "AWS::EC2::NatGateway": (
        "AllocationId",
        "AvailabilityMode",
        "ConnectivityType",
        "PrivateIpAddress",
        "SubnetId",
        "VpcId",
    ),
    "AWS::EC2::Route": ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "RouteTableId"),
    "AWS::EC2::RouteTable": ("VpcId",),
    "AWS::EC2::SecurityGroup": ("GroupDescription", "GroupName", "VpcId"),
    "AWS::EC2::SecurityGroupIngress": (EVERY,),
    "AWS::EC2::Subnet": ("AvailabilityZone", "CidrBlock", "VpcId"),
    "AWS::EC2::SubnetRouteTableAssociation": ("RouteTableId", "SubnetId"),
    "AWS::EC2::VPC": ("CidrBlock", "InstanceTenancy"),
    "AWS::EC2::VPCGatewayAttachment": ("VpcId",),
    "AWS::ECS::CapacityProvider": ("AutoScalingGroupProvider.AutoScalingGroupArn", "Name"),
    "AWS::ECS::Cluster": ("ClusterName",),
    "AWS::ECS::ClusterCapacityProviderAssociations": ("Cluster",),
    SERVICE: ("Cluster", "LaunchType", "Role", "SchedulingStrategy", "ServiceName"),
    "AWS::ECS::TaskDefinition": (EVERY,),
    "AWS::ElasticLoadBalancing::LoadBalancer": ("LoadBalancerName", "Scheme"),
    LISTENER: ("LoadBalancerArn",),
    ATTACHMENT: ("ListenerArn",),
    RULE: ("ListenerArn",),
    BALANCER: ("Name", "Scheme", "Type"),
    GROUP: ("IpAddressType", "Name", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId"),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName", "Path"),
    "AWS::IAM::Role": ("Path", "RoleName"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::Route53::HostedZone": ("Name",),
    "AWS::Route53::RecordSet": ("HostedZoneId", "HostedZoneName", "Name"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::S3::BucketPolicy": ("Bucket",),
}

# What only one resource of the account can have: the values of these properties together. Where one
# of them is not written, AWS finds a name of its own.
ONCE: dict[str, tuple[str, ...]] = {
    "AWS::EC2::SecurityGroup": ("GroupName",),
    "AWS::ECS::CapacityProvider": ("Name",),
    "AWS::ECS::Cluster": ("ClusterName",),
    "AWS::ECS::ClusterCapacityProviderAssociations": ("Cluster",),
    SERVICE: ("Cluster", "ServiceName"),
    "AWS::ElasticLoadBalancing::LoadBalancer": ("LoadBalancerName",),
    LISTENER: ("LoadBalancerArn", "Port"),
    RULE: ("ListenerArn", "Priority"),
    BALANCER: ("Name",),
    GROUP: ("Name",),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::Route53::RecordSet": ("HostedZoneId", "Name", "Type"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::EC2::Route": ("RouteTableId", "DestinationCidrBlock"),
    "AWS::EC2::SubnetRouteTableAssociation": ("SubnetId",),
    "AWS::EC2::VPCGatewayAttachment": ("VpcId", "InternetGatewayId"),
}


def is_replaced(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a change of these properties makes another resource. The type must be known."""
    fixed = CREATE_ONLY[kind]
    if fixed == (EVERY,):
        fixed = tuple((old.keys() | new.keys()) - {"Tags"})
    return any(_inside(old, path) != _inside(new, path) for path in fixed)


def _inside(properties: Mapping[str, Any], path: str) -> Any:
    found: Any = properties
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def identities(kind: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """What no other resource may have while this one is there."""
    names = ONCE.get(kind, ())
    if names and all(name in properties for name in names):
        yield (kind, *(f"{name} {_text(properties[name])}" for name in names))
    if kind == "AWS::EC2::SecurityGroupIngress":
        yield (kind, _text({k: v for k, v in properties.items() if k != "Description"}))


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else json.dumps(value, sort_keys=True)
