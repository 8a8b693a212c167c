"""Providers of what runs containers: instances, task definitions, services, scaling, roles, logs."""

from __future__ import annotations

import json
from typing import Any

from provider import PROVIDERS, Api, Made, Properties, Provider

# --- clusters, task definitions and services --------------------------------------------------


def create_capacity_provider(api: Api, name: str, properties: Properties) -> Made:
    provider = properties.get("Name", name)
    api.call("ecs", "create_capacity_provider", properties, name=provider)
    return Made(provider)


PROVIDERS["AWS::ECS::CapacityProvider"] = Provider(
    create=create_capacity_provider,
    delete=lambda api, name, _: api.call("ecs", "delete_capacity_provider", capacityProvider=name),
)


def associate_providers(api: Api, properties: Properties) -> None:
    api.call("ecs", "put_cluster_capacity_providers", properties)


def create_association(api: Api, name: str, properties: Properties) -> Made:
    associate_providers(api, properties)
    return Made(properties["Cluster"])


PROVIDERS["AWS::ECS::ClusterCapacityProviderAssociations"] = Provider(
    create=create_association,
    update=lambda api, _id, new, _old: associate_providers(api, new),
    delete=lambda api, cluster, _: api.call(
        "ecs",
        "put_cluster_capacity_providers",
        cluster=cluster,
        capacityProviders=[],
        defaultCapacityProviderStrategy=[],
    ),
    immutable=frozenset({"Cluster"}),
)


def create_task_definition(api: Api, name: str, properties: Properties) -> Made:
    arguments = {} if "Family" in properties else {"family": name}
    made = api.call("ecs", "register_task_definition", properties, **arguments)["taskDefinition"]
    arn = made["taskDefinitionArn"]
    return Made(arn, {"TaskDefinitionArn": arn})


PROVIDERS["AWS::ECS::TaskDefinition"] = Provider(
    create=create_task_definition,
    delete=lambda api, arn, _: api.call("ecs", "deregister_task_definition", taskDefinition=arn),
)


def placement(properties: Properties) -> dict[str, Any]:
    """The one property of a service that the API calls by another name."""
    strategies = properties.get("PlacementStrategies")
    return {} if strategies is None else {"placementStrategy": strategies}


def create_ecs_service(api: Api, name: str, properties: Properties) -> Made:
    arguments = placement(properties)
    if "ServiceName" not in properties:
        arguments["serviceName"] = name
    if "DesiredCount" not in properties and properties.get("SchedulingStrategy") != "DAEMON":
        arguments["desiredCount"] = 1
    made = api.call("ecs", "create_service", properties, **arguments)["service"]
    arn = made["serviceArn"]
    # moto forgets half of what it is told of a new service, and nothing of a changed one.
    api.call("ecs", "update_service", properties, service=arn, **placement(properties))
    return Made(arn, {"Name": made["serviceName"], "ServiceArn": arn})


def update_ecs_service(api: Api, arn: str, properties: Properties, old: dict[str, Any]) -> None:
    """A count that is left out stays as it is, as scaling has it."""
    retag_ecs(api, arn, properties, old)
    api.call("ecs", "update_service", properties, service=arn, **placement(properties))


def retag_ecs(api: Api, arn: str, properties: Properties, old: dict[str, Any]) -> None:
    if "Tags" in old:
        keys = [tag["Key"] for tag in old["Tags"]]
        api.call("ecs", "untag_resource", resourceArn=arn, tagKeys=keys)
    if "Tags" in properties:
        api.call("ecs", "tag_resource", properties, resourceArn=arn)


def delete_ecs_service(api: Api, arn: str, old: Properties) -> None:
    """CloudFormation stops the tasks of a service and does not wait for a count of zero."""
    cluster = old.get("Cluster", "default")
    api.call("ecs", "delete_service", cluster=cluster, service=arn, force=True)


PROVIDERS["AWS::ECS::Service"] = Provider(
    create=create_ecs_service,
    update=update_ecs_service,
    delete=delete_ecs_service,
    immutable=frozenset({"Cluster", "LaunchType", "Role", "SchedulingStrategy", "ServiceName"}),
)


# --- scaling ----------------------------------------------------------------------------------

SCALING = "application-autoscaling"
TARGET = ("ResourceId", "ScalableDimension", "ServiceNamespace")


def target_of(properties: dict[str, Any]) -> dict[str, str]:
    """The three words by which the API knows a scalable target; its `Ref` joins them."""
    if "ScalingTargetId" in properties:
        return dict(zip(TARGET, properties["ScalingTargetId"].split("|"), strict=True))
    return {key: properties[key] for key in TARGET}


def create_target(api: Api, name: str, properties: Properties) -> Made:
    api.call(SCALING, "register_scalable_target", properties)
    return Made("|".join(properties[key] for key in TARGET))


PROVIDERS["AWS::ApplicationAutoScaling::ScalableTarget"] = Provider(
    create=create_target,
    update=lambda api, _id, new, _old: api.call(SCALING, "register_scalable_target", new),
    delete=lambda api, _, old: api.call(SCALING, "deregister_scalable_target", **target_of(old)),
    immutable=frozenset(TARGET),
)


def put_policy(api: Api, properties: Properties) -> str:
    made = api.call(SCALING, "put_scaling_policy", properties, **target_of(properties))
    return made["PolicyARN"]


def delete_policy(api: Api, arn: str, old: Properties) -> None:
    name = old["PolicyName"]
    api.call(SCALING, "delete_scaling_policy", PolicyName=name, **target_of(old))


PROVIDERS["AWS::ApplicationAutoScaling::ScalingPolicy"] = Provider(
    create=lambda api, _, properties: Made(put_policy(api, properties)),
    update=lambda api, _id, new, _old: put_policy(api, new),
    delete=delete_policy,
    immutable=frozenset({"PolicyName", "ScalingTargetId", *TARGET}),
)


# --- roles ------------------------------------------------------------------------------------


def create_role(api: Api, name: str, properties: Properties) -> Made:
    name = properties.get("RoleName", name)
    document = json.dumps(properties["AssumeRolePolicyDocument"])
    role = api.call(
        "iam",
        "create_role",
        properties,
        RoleName=name,
        AssumeRolePolicyDocument=document,
    )["Role"]
    permit(api, name, properties)
    return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})


def permit(api: Api, name: str, properties: Properties) -> None:
    """Give a role its policies, its own and managed ones."""
    for policy in properties.get("Policies", []):
        document = json.dumps(policy["PolicyDocument"])
        api.call("iam", "put_role_policy", policy, RoleName=name, PolicyDocument=document)
    for arn in properties.get("ManagedPolicyArns", []):
        api.call("iam", "attach_role_policy", RoleName=name, PolicyArn=arn)


def forbid(api: Api, name: str, old: dict[str, Any]) -> None:
    """Take a role's policies away."""
    for policy in old.get("Policies", []):
        api.call("iam", "delete_role_policy", RoleName=name, PolicyName=policy["PolicyName"])
    for arn in old.get("ManagedPolicyArns", []):
        api.call("iam", "detach_role_policy", RoleName=name, PolicyArn=arn)


def update_role(api: Api, name: str, properties: Properties, old: dict[str, Any]) -> None:
    document = json.dumps(properties["AssumeRolePolicyDocument"])
    api.call("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=document)
    api.call("iam", "update_role", properties, RoleName=name)
    forbid(api, name, old)
    permit(api, name, properties)
    keys = [tag["Key"] for tag in old.get("Tags", [])]
    api.call("iam", "untag_role", RoleName=name, TagKeys=keys)
    api.call("iam", "tag_role", RoleName=name, Tags=properties.get("Tags", []))


def delete_role(api: Api, name: str, old: Properties) -> None:
    forbid(api, name, old)
    api.call("iam", "delete_role", RoleName=name)


PROVIDERS["AWS::IAM::Role"] = Provider(
    create=create_role,
    update=update_role,
    delete=delete_role,
    immutable=frozenset({"Path", "RoleName"}),
)


# --- logs -------------------------------------------------------------------------------------


def create_log_group(api: Api, name: str, properties: Properties) -> Made:
    name = properties.get("LogGroupName", name)
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    api.call("logs", "create_log_group", properties, logGroupName=name, tags=tags)
    keep_logs(api, name, properties)
    groups = api.call("logs", "describe_log_groups", logGroupNamePrefix=name)["logGroups"]
    return Made(name, {"Arn": groups[0]["arn"]})


def keep_logs(api: Api, name: str, properties: Properties) -> None:
    if "RetentionInDays" in properties:
        api.call("logs", "put_retention_policy", properties, logGroupName=name)
    else:
        api.call("logs", "delete_retention_policy", logGroupName=name)


PROVIDERS["AWS::Logs::LogGroup"] = Provider(
    create=create_log_group,
    update=lambda api, name, new, _old: keep_logs(api, name, new),
    delete=lambda api, name, _: api.call("logs", "delete_log_group", logGroupName=name),
    immutable=frozenset({"LogGroupName", "Tags"}),
)


# --- security groups --------------------------------------------------------------------------

SIDES = {"SecurityGroupIngress": "ingress", "SecurityGroupEgress": "egress"}
EVERYWHERE = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
# A template's word for who is at the other end of a rule, and how the API lists it.
ENDS = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
}


def permission(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule of a template in the words of the API, which refuses what it has no word for."""
    (key,) = (key for key in ENDS if key in rule)
    listed, name = ENDS[key]
    end = {name: rule[key]}
    if "Description" in rule:
        end["Description"] = rule["Description"]
    left = {k: v for k, v in rule.items() if k not in (key, "Description")}
    return left | {listed: [end]}


def create_security_group(api: Api, name: str, properties: Properties) -> Made:
    name, description = properties.get("GroupName", name), properties["GroupDescription"]
    group = api.call(
        "ec2", "create_security_group", properties, GroupName=name, Description=description
    )["GroupId"]
    if "Tags" in properties:
        api.call("ec2", "create_tags", properties, Resources=[group])
    if "SecurityGroupEgress" in properties:
        change_rules(api, "revoke", "egress", group, EVERYWHERE)
    for key, side in SIDES.items():
        change_rules(api, "authorize", side, group, map(permission, properties.get(key, [])))
    return Made(group, {"GroupId": group, "VpcId": properties.get("VpcId")})


def change_rules(api: Api, verb: str, side: str, group: str, permissions: Any) -> None:
    for one in permissions:
        api.call("ec2", f"{verb}_security_group_{side}", GroupId=group, IpPermissions=[one])


def update_security_group(api: Api, group: str, properties: Properties, old: dict[str, Any]) -> None:
    for key, side in SIDES.items():
        before, after = old.get(key, []), properties.get(key, [])
        gone = [permission(rule) for rule in before if rule not in after]
        come = [permission(rule) for rule in after if rule not in before]
        change_rules(api, "revoke", side, group, gone)
        change_rules(api, "authorize", side, group, come)


PROVIDERS["AWS::EC2::SecurityGroup"] = Provider(
    create=create_security_group,
    update=update_security_group,
    delete=lambda api, group, _: api.call("ec2", "delete_security_group", GroupId=group),
    immutable=frozenset({"GroupDescription", "GroupName", "Tags", "VpcId"}),
)


def change_rule(api: Api, verb: str, properties: Properties) -> None:
    rule = {key: properties[key] for key in properties if key != "GroupId"}
    change_rules(api, verb, "ingress", properties["GroupId"], [permission(rule)])


def create_ingress(api: Api, name: str, properties: Properties) -> Made:
    change_rule(api, "authorize", properties)
    return Made(name)


PROVIDERS["AWS::EC2::SecurityGroupIngress"] = Provider(
    create=create_ingress,
    delete=lambda api, _, old: change_rule(api, "revoke", old),
)
