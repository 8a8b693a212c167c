"""Providers of load balancers, their rules, certificates, records and logs."""

from __future__ import annotations

import json
from typing import Any

from botocore import xform_name

from provider import PROVIDERS, Api, Made, Properties, Provider


def retag(api: Api, arn: str, properties: Properties, old: dict[str, Any]) -> None:
    """Tags change in place on everything of ELBv2."""
    if "Tags" in old:
        keys = [tag["Key"] for tag in old["Tags"]]
        api.call("elbv2", "remove_tags", ResourceArns=[arn], TagKeys=keys)
    if "Tags" in properties:
        api.call("elbv2", "add_tags", properties, ResourceArns=[arn])


def set_attributes(api: Api, kind: str, arn: str, properties: Properties) -> None:
    """Attributes have a call of their own for each kind of thing that has some."""
    if f"{kind}Attributes" in properties:
        arguments = {f"{kind}Arn": arn, "Attributes": properties[f"{kind}Attributes"]}
        api.call("elbv2", xform_name(f"Modify{kind}Attributes"), **arguments)


def create_router(api: Api, name: str, properties: Properties) -> Made:
    arguments = {} if "Name" in properties else {"Name": name}
    made = api.call("elbv2", "create_load_balancer", properties, **arguments)["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    set_attributes(api, "LoadBalancer", arn, properties)
    return Made(
        arn,
        {
            "DNSName": made["DNSName"],
            "CanonicalHostedZoneID": made["CanonicalHostedZoneId"],
            "LoadBalancerArn": arn,
            "LoadBalancerFullName": arn.split(":loadbalancer/")[1],
            "LoadBalancerName": made["LoadBalancerName"],
            "SecurityGroups": made.get("SecurityGroups", []),
        },
    )


def update_router(api: Api, arn: str, properties: Properties, old: dict[str, Any]) -> None:
    retag(api, arn, properties, old)
    api.call("elbv2", "set_subnets", properties, LoadBalancerArn=arn)
    if "SecurityGroups" in properties:
        api.call("elbv2", "set_security_groups", properties, LoadBalancerArn=arn)
    set_attributes(api, "LoadBalancer", arn, properties)


PROVIDERS["AWS::ElasticLoadBalancingV2::LoadBalancer"] = Provider(
    create=create_router,
    update=update_router,
    delete=lambda api, arn, _: api.call("elbv2", "delete_load_balancer", LoadBalancerArn=arn),
    immutable=frozenset({"Name", "Scheme", "Type"}),
)


def create_target_group(api: Api, name: str, properties: Properties) -> Made:
    arguments = {} if "Name" in properties else {"Name": name}
    made = api.call("elbv2", "create_target_group", properties, **arguments)["TargetGroups"][0]
    arn = made["TargetGroupArn"]
    set_attributes(api, "TargetGroup", arn, properties)
    return Made(
        arn,
        {
            "TargetGroupArn": arn,
            "TargetGroupName": made["TargetGroupName"],
            "TargetGroupFullName": arn.rsplit(":", 1)[1],
        },
    )


def update_target_group(api: Api, arn: str, properties: Properties, old: dict[str, Any]) -> None:
    retag(api, arn, properties, old)
    api.call("elbv2", "modify_target_group", properties, TargetGroupArn=arn)
    set_attributes(api, "TargetGroup", arn, properties)


PROVIDERS["AWS::ElasticLoadBalancingV2::TargetGroup"] = Provider(
    create=create_target_group,
    update=update_target_group,
    delete=lambda api, arn, _: api.call("elbv2", "delete_target_group", TargetGroupArn=arn),
    immutable=frozenset(
        {
            "IpAddressType",
            "Name",
            "Port",
            "Protocol",
            "ProtocolVersion",
            "TargetType",
            "VpcId",
        }
    ),
)


def create_listener(api: Api, name: str, properties: Properties) -> Made:
    arn = api.call("elbv2", "create_listener", properties)["Listeners"][0]["ListenerArn"]
    set_attributes(api, "Listener", arn, properties)
    return Made(arn, {"ListenerArn": arn})


def update_listener(api: Api, arn: str, properties: Properties, old: dict[str, Any]) -> None:
    retag(api, arn, properties, old)
    api.call("elbv2", "modify_listener", properties, ListenerArn=arn)
    set_attributes(api, "Listener", arn, properties)


PROVIDERS["AWS::ElasticLoadBalancingV2::Listener"] = Provider(
    create=create_listener,
    update=update_listener,
    delete=lambda api, arn, _: api.call("elbv2", "delete_listener", ListenerArn=arn),
    immutable=frozenset({"LoadBalancerArn"}),
)


def create_rule(api: Api, name: str, properties: Properties) -> Made:
    arn = api.call("elbv2", "create_rule", properties)["Rules"][0]["RuleArn"]
    return Made(arn, {"RuleArn": arn, "IsDefault": False})


def update_rule(api: Api, arn: str, properties: Properties, old: dict[str, Any]) -> None:
    """One rule at a time, priority and all: two rules cannot swap priorities in one update."""
    retag(api, arn, properties, old)
    if properties["Priority"] != old["Priority"]:
        priority = {"RuleArn": arn, "Priority": properties["Priority"]}
        api.call("elbv2", "set_rule_priorities", RulePriorities=[priority])
    api.call("elbv2", "modify_rule", properties, RuleArn=arn)


PROVIDERS["AWS::ElasticLoadBalancingV2::ListenerRule"] = Provider(
    create=create_rule,
    update=update_rule,
    delete=lambda api, arn, _: api.call("elbv2", "delete_rule", RuleArn=arn),
    immutable=frozenset({"ListenerArn"}),
)


def create_listener_certificate(api: Api, name: str, properties: Properties) -> Made:
    api.call("elbv2", "add_listener_certificates", properties)
    return Made(name)


PROVIDERS["AWS::ElasticLoadBalancingV2::ListenerCertificate"] = Provider(
    create=create_listener_certificate,
    delete=lambda api, _, old: api.call("elbv2", "remove_listener_certificates", old),
)


def create_balancer(api: Api, name: str, properties: Properties) -> Made:
    arguments = {} if "LoadBalancerName" in properties else {"LoadBalancerName": name}
    made = api.call("elb", "create_load_balancer", properties, **arguments)
    balancer = properties.get("LoadBalancerName", name)
    configure_balancer(api, balancer, properties)
    return Made(
        balancer,
        {
            "DNSName": made["DNSName"],
            "CanonicalHostedZoneName": made["DNSName"],
            "CanonicalHostedZoneNameID": "Z35SXDOTRQ7X7K",
        },
    )


def configure_balancer(api: Api, name: str, properties: Properties) -> None:
    """The classic balancer's properties map to attributes under other names."""
    attributes: dict[str, Any] = {}
    if "CrossZone" in properties:
        attributes["CrossZoneLoadBalancing"] = {"Enabled": properties["CrossZone"]}
    for key, attribute in (
        ("AccessLoggingPolicy", "AccessLog"),
        ("ConnectionDrainingPolicy", "ConnectionDraining"),
        ("ConnectionSettings", "ConnectionSettings"),
    ):
        if key in properties:
            attributes[attribute] = properties[key]
    if attributes:
        api.call(
            "elb",
            "modify_load_balancer_attributes",
            LoadBalancerName=name,
            LoadBalancerAttributes=attributes,
        )
    if "HealthCheck" in properties:
        api.call("elb", "configure_health_check", properties, LoadBalancerName=name)


PROVIDERS["AWS::ElasticLoadBalancing::LoadBalancer"] = Provider(
    create=create_balancer,
    update=lambda api, name, new, _: configure_balancer(api, name, new),
    delete=lambda api, name, _: api.call("elb", "delete_load_balancer", LoadBalancerName=name),
    immutable=frozenset(
        {"Listeners", "LoadBalancerName", "Scheme", "SecurityGroups", "Subnets", "Tags"}
    ),
)


def create_certificate(api: Api, name: str, properties: Properties) -> Made:
    """As CloudFormation does, put the records that ACM validates by into the zones named."""
    for option in properties.get("DomainValidationOptions", []):
        if "HostedZoneId" in option:
            domain = option["DomainName"].removeprefix("*.")
            record = {
                "Name": f"{VALIDATION_LABEL}.{domain}",
                "Type": "CNAME",
                "TTL": 300,
                "ResourceRecords": [{"Value": "validations.example."}],
            }
            change_record(api, "UPSERT", option["HostedZoneId"], record)
    request = {key: properties[key] for key in ACM_REQUEST if key in properties}
    return Made(api.call("acm", "request_certificate", **request)["CertificateArn"])


VALIDATION_LABEL = "_validation"
ACM_REQUEST = ("DomainName", "KeyAlgorithm", "SubjectAlternativeNames", "Tags", "ValidationMethod")
PROVIDERS["AWS::CertificateManager::Certificate"] = Provider(
    create=create_certificate,
    delete=lambda api, arn, _: api.call("acm", "delete_certificate", CertificateArn=arn),
)


def change_record(api: Api, action: str, zone: str, record: dict[str, Any]) -> None:
    change = {"Action": action, "ResourceRecordSet": record}
    api.call(
        "route53",
        "change_resource_record_sets",
        HostedZoneId=zone,
        ChangeBatch={"Changes": [change]},
    )


def apply_record(api: Api, action: str, properties: Properties) -> None:
    """Route 53's API takes everything but the zone inside of one structure."""
    zone = properties["HostedZoneId"]
    record = {key: properties[key] for key in properties if key != "HostedZoneId"}
    if "ResourceRecords" in record:
        record["ResourceRecords"] = [{"Value": value} for value in record["ResourceRecords"]]
    change_record(api, action, zone, record)


def create_record(api: Api, name: str, properties: Properties) -> Made:
    apply_record(api, "CREATE", properties)
    return Made(properties["Name"])


PROVIDERS["AWS::Route53::RecordSet"] = Provider(
    create=create_record,
    update=lambda api, _name, new, _old: apply_record(api, "UPSERT", new),
    delete=lambda api, _, old: apply_record(api, "DELETE", old),
    immutable=frozenset({"HostedZoneId", "Name", "Type"}),
)


def create_bucket_policy(api: Api, name: str, properties: Properties) -> Made:
    put_bucket_policy(api, properties)
    return Made(name)


def put_bucket_policy(api: Api, properties: Properties) -> None:
    policy = json.dumps(properties["PolicyDocument"])
    api.call("s3", "put_bucket_policy", properties, Policy=policy)


PROVIDERS["AWS::S3::BucketPolicy"] = Provider(
    create=create_bucket_policy,
    update=lambda api, _name, new, _old: put_bucket_policy(api, new),
    delete=lambda api, _, old: api.call("s3", "delete_bucket_policy", Bucket=old["Bucket"]),
    immutable=frozenset({"Bucket"}),
)
