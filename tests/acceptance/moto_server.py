"""moto's own server, with the CloudFormation behaviour that moto leaves out.

moto checks load balancer calls well, but its CloudFormation drops half of what a template says
about load balancers, ignores most updates, and records no exports when a stack comes from a
change set, which is the only way `aws cloudformation deploy` knows. This file keeps moto's API
as the judge and replaces what stands between a template and that API:

* `PROVIDERS`: how a resource type is made, changed and removed, by calls to the public API of
  this very server, as a CloudFormation provider would. A property that no call takes is an
  error, so none of these types' properties can be dropped in silence. All other types are
  left to moto.
* `Resources`: brings a stack from one template to the next in CloudFormation's order: create
  and change along the dependencies, replace where a property is immutable, remove last.
* `execute_change_set` and its neighbours: exports, imports, «no changes», rollback.

Nothing here judges a template; every refusal comes from moto's API.

Run as `python moto_server.py PORT [CERTIFICATE_ARN=NAME[,NAME…] …]`; the certificates named
exist from the start, because a listener can only be given a certificate that ACM knows.
"""

from __future__ import annotations

import functools
import json
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.model import Shape
from moto.acm.models import acm_backends
from moto.cloudformation import models as cfn_models
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import main as serve_moto

from references import dependency_order

REGION = "us-east-1"


# --- calling the API ------------------------------------------------------------------------


class Properties(dict[str, Any]):
    """A resource's properties, which remember the ones that somebody has read."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def unread(self) -> set[str]:
        return set(self) - self.read


def coerce(value: Any, shape: Shape) -> Any:
    """Give `value` the form that the API wants, as CloudFormation does: `"80"` for a port is 80.

    Some APIs, such as that of ECS, begin names in lower case where templates do not.
    """
    kind = shape.type_name
    if kind == "structure":
        names = {name.lower(): name for name in shape.members}
        fields = {names.get(key.lower(), key): part for key, part in value.items()}
        members = shape.members
        return {k: coerce(v, members[k]) if k in members else v for k, v in fields.items()}
    if kind == "list":
        return [coerce(item, shape.member) for item in value]
    if kind == "map":
        return {key: coerce(part, shape.value) for key, part in value.items()}
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "boolean":
        return value in (True, "true")
    if kind == "string" and isinstance(value, bool):
        return str(value).lower()
    return str(value) if kind == "string" else value


class Api:
    """The public API of this server."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    @functools.cache
    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def call(
        self,
        service: str,
        operation: str,
        properties: Properties | None = None,
        /,
        **arguments: Any,
    ) -> dict[str, Any]:
        """Call `operation` with `arguments` and with those of `properties` that it takes."""
        client = self.client(service)
        name = client.meta.method_to_api_mapping[operation]
        shape = client.meta.service_model.operation_model(name).input_shape
        given = {key.lower(): key for key in properties or {}}
        taken = {k: properties[given[k.lower()]] for k in shape.members if k.lower() in given}
        return getattr(client, operation)(**coerce(taken | arguments, shape))


# --- providers ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """What a provider hands back: the value of `Ref` and the values of `Fn::GetAtt`."""

    physical_id: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Provider:
    """How one resource type is made, changed in place and removed.

    Without `update`, and whenever one of the `immutable` properties differs, a changed resource
    is replaced.
    """

    create: Callable[[Api, str, Properties], Made]
    delete: Callable[[Api, str, Properties], object]
    update: Callable[[Api, str, Properties, dict[str, Any]], object] | None = None
    immutable: frozenset[str] = frozenset()

    def replaces(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        changed = {k for k in old.keys() | new.keys() if old.get(k) != new.get(k)}
        return self.update is None or bool(changed & self.immutable)


PROVIDERS: dict[str, Provider] = {}


def retag(api: Api, arn: str, properties: Properties, old: dict[str, Any]) -> None:
    """Tags change in place on everything of ELBv2."""
    if "Tags" in old:
        keys = [tag["Key"] for tag in old["Tags"]]
        api.call("elbv2", "remove_tags", ResourceArns=[arn], TagKeys=keys)
    if "Tags" in properties:
        api.call("elbv2", "add_tags", properties, ResourceArns=[arn])


def create_router(api: Api, name: str, properties: Properties) -> Made:
    arguments = {} if "Name" in properties else {"Name": name}
    made = api.call("elbv2", "create_load_balancer", properties, **arguments)["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    if "LoadBalancerAttributes" in properties:
        set_router_attributes(api, arn, properties)
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


def set_router_attributes(api: Api, arn: str, properties: Properties) -> None:
    attributes = properties["LoadBalancerAttributes"]
    api.call("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=arn, Attributes=attributes)


def update_router(api: Api, arn: str, properties: Properties, old: dict[str, Any]) -> None:
    retag(api, arn, properties, old)
    api.call("elbv2", "set_subnets", properties, LoadBalancerArn=arn)
    if "SecurityGroups" in properties:
        api.call("elbv2", "set_security_groups", properties, LoadBalancerArn=arn)
    if "LoadBalancerAttributes" in properties:
        set_router_attributes(api, arn, properties)


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
    if "TargetGroupAttributes" in properties:
        set_target_group_attributes(api, arn, properties)
    return Made(
        arn,
        {
            "TargetGroupArn": arn,
            "TargetGroupName": made["TargetGroupName"],
            "TargetGroupFullName": arn.rsplit(":", 1)[1],
        },
    )


def set_target_group_attributes(api: Api, arn: str, properties: Properties) -> None:
    attributes = properties["TargetGroupAttributes"]
    api.call("elbv2", "modify_target_group_attributes", TargetGroupArn=arn, Attributes=attributes)


def update_target_group(api: Api, arn: str, properties: Properties, old: dict[str, Any]) -> None:
    retag(api, arn, properties, old)
    api.call("elbv2", "modify_target_group", properties, TargetGroupArn=arn)
    if "TargetGroupAttributes" in properties:
        set_target_group_attributes(api, arn, properties)


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
    if "ListenerAttributes" in properties:
        set_listener_attributes(api, arn, properties)
    return Made(arn, {"ListenerArn": arn})


def set_listener_attributes(api: Api, arn: str, properties: Properties) -> None:
    attributes = properties["ListenerAttributes"]
    api.call("elbv2", "modify_listener_attributes", ListenerArn=arn, Attributes=attributes)


def update_listener(api: Api, arn: str, properties: Properties, old: dict[str, Any]) -> None:
    retag(api, arn, properties, old)
    api.call("elbv2", "modify_listener", properties, ListenerArn=arn)
    if "ListenerAttributes" in properties:
        set_listener_attributes(api, arn, properties)


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


class Provided:
    """A resource that a provider has made, with the face that moto expects of a resource."""

    def __init__(self, made: Made, kind: str, logical_id: str) -> None:
        self.physical_resource_id = made.physical_id
        self.attributes = made.attributes
        self.cf_resource_type = kind
        self.logical_resource_id = logical_id

    def get_cfn_attribute(self, name: str) -> Any:
        if name not in self.attributes:
            raise ValidationError(
                message=f"Template error: resource {self.logical_resource_id} does not support "
                f"attribute type {name} in Fn::GetAtt"
            )
        return self.attributes[name]

    def is_created(self) -> bool:
        return True


# --- one stack ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """A resource that exists, with the resolved template block that it was last made from."""

    resource: Any
    block: dict[str, Any]


class Resources(parsing.ResourceMap):
    """The resources of one stack, brought from template to template as CloudFormation does."""

    api: Api

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._standing: dict[str, Standing] = {}
        self._superseded: dict[str, Standing] = {}

    def update(self, template: dict[str, Any], parameters: dict[str, str] | None = None) -> None:
        """Create, change and replace along the dependencies."""
        self._superseded = {}
        self._load(template, parameters or {})
        for name in dependency_order(template["Resources"]):
            if self.applies(template["Resources"][name]):
                self._settle(name, template["Resources"][name])

    def clean_up(self, template_before: dict[str, Any]) -> list[str]:
        """Remove what was replaced or is gone, dependents first; return what failed."""
        gone = self._superseded | {
            name: standing
            for name, standing in self._standing.items()
            if not self.applies(self._resource_json_map.get(name))
        }
        failures = []
        for name in reversed(dependency_order(template_before.get("Resources", {}))):
            if name in gone:
                policy = "UpdateReplacePolicy" if name in self._superseded else "DeletionPolicy"
                if name not in self._superseded:
                    self._forget(name)
                try:
                    self._remove(gone[name], policy)
                except Exception as refusal:
                    failures.append(f"{name}: {refusal}")
        return failures

    def roll_back(self, template: dict[str, Any], parameters: dict[str, str]) -> list[str]:
        """Return to `template`: put back what it held, remove what the failed update made."""
        attempted = self._template
        replacements = {name: self._standing[name] for name in self._superseded}
        for name, standing in self._superseded.items():
            self._keep(name, standing)
        self.update(template, parameters)
        self._superseded = replacements
        return self.clean_up(attempted)

    def delete(self) -> None:
        before = self._template
        self.update({"Resources": {}})
        if failures := self.clean_up(before):
            raise ValidationError(message="; ".join(failures))

    def _load(self, template: dict[str, Any], parameters: dict[str, str]) -> None:
        for name in self.resolved_parameters:
            self._parsed_resources.pop(name, None)
        self._template = template
        self._resource_json_map = template["Resources"]
        self.input_parameters = parameters
        self.resolved_parameters = {}
        self.load_mapping()
        self.load_parameters()
        self.load_conditions()

    def applies(self, body: dict[str, Any] | None) -> bool:
        """Whether a resource or an output is there, and its condition holds."""
        if body is None:
            return False
        return "Condition" not in body or self.lazy_condition_map[body["Condition"]]

    def _settle(self, name: str, body: dict[str, Any]) -> None:
        """Make one resource be what the template says."""
        kind = body["Type"]
        block = parsing.clean_json({"Type": kind, "Properties": body.get("Properties", {})}, self)
        block["DeletionPolicy"] = body.get("DeletionPolicy", "Delete")
        block["UpdateReplacePolicy"] = body.get("UpdateReplacePolicy", "Delete")
        old = self._standing.get(name)
        if old is None:
            self._create(name, block, body)
        elif old.block["Type"] != kind or not self._update(name, old, block, body):
            self._parsed_resources.pop(name)
            self._create(name, block, body)
            self._superseded[name] = old

    def _create(self, name: str, block: dict[str, Any], body: dict[str, Any]) -> None:
        kind = block["Type"]
        if provider := PROVIDERS.get(kind):
            physical_name = parsing.generate_resource_name(kind, self["AWS::StackName"], name)
            properties = Properties(block["Properties"])
            made = provider.create(self.api, physical_name, properties)
            self._keep(name, Standing(Provided(made, kind, name), block))
            refuse_unread(kind, properties)
        else:
            resource = parsing.parse_and_create_resource(
                name, body, self, self._account_id, self._region_name
            )
            if resource is None:
                raise ValidationError(message=f"Neither moto nor this server can make {kind}")
            self._keep(name, Standing(resource, block))

    def _update(
        self, name: str, old: Standing, block: dict[str, Any], body: dict[str, Any]
    ) -> bool:
        """Change a resource in place; False when it has to be replaced."""
        if old.block["Properties"] == block["Properties"]:
            self._keep(name, Standing(old.resource, block))
            return True
        provider = PROVIDERS.get(block["Type"])
        if provider is None:
            resource = parsing.parse_and_update_resource(
                name, body, self, self._account_id, self._region_name
            )
            if resource is not None:
                self._keep(name, Standing(resource, block))
            return resource is not None
        if provider.update is None or provider.replaces(
            old.block["Properties"], block["Properties"]
        ):
            return False
        properties = Properties(block["Properties"])
        physical_id = old.resource.physical_resource_id
        provider.update(self.api, physical_id, properties, old.block["Properties"])
        self._keep(name, Standing(old.resource, block))
        return True

    def _remove(self, standing: Standing, policy: str) -> None:
        block = standing.block
        if block[policy] == "Retain":
            return
        if provider := PROVIDERS.get(block["Type"]):
            properties = Properties(block["Properties"])
            provider.delete(self.api, standing.resource.physical_resource_id, properties)
        else:
            self._delete_resource(standing.resource, block)

    def _keep(self, name: str, standing: Standing) -> None:
        self._standing[name] = standing
        self._parsed_resources[name] = standing.resource

    def _forget(self, name: str) -> None:
        del self._standing[name]
        del self._parsed_resources[name]


def refuse_unread(kind: str, properties: Properties) -> None:
    """A property that reached no call would be a gap in this file, not in the template."""
    if unread := properties.unread():
        raise ValidationError(message=f"moto_server.py has no use for {sorted(unread)} of {kind}")


class Outputs(cfn_models.OutputMap):
    """moto exports the outputs whose condition is false, too."""

    _resource_map: Resources

    @property
    def exports(self) -> list[parsing.Export]:
        return [
            parsing.Export(
                self._stack_id,
                parsing.clean_json(body["Export"]["Name"], self._resource_map),
                parsing.clean_json(body["Value"], self._resource_map),
            )
            for body in (self._output_json_map or {}).values()
            if "Export" in body and self._resource_map.applies(body)
        ]


# --- change sets ----------------------------------------------------------------------------

Backend = cfn_models.CloudFormationBackend
create_change_set_of_moto = Backend.create_change_set


def text(value: Any) -> str:
    """A parameter's value as it was passed; moto keeps lists split and numbers as numbers."""
    return ",".join(value) if isinstance(value, list) else str(value)


def previous_parameters(stack: cfn_models.Stack) -> dict[str, str]:
    """What `UsePreviousValue` means, after a creation that failed, too."""
    known = stack.parameters | stack.resource_map.resolved_parameters
    return {name: text(value) for name, value in known.items()}


def has_parameters(stack: cfn_models.Stack, parameters: dict[str, str]) -> bool:
    """Whether passing `parameters` leaves the values as they are."""
    previous = previous_parameters(stack)
    return all(previous.get(name) == text(value) for name, value in parameters.items())


def create_change_set(self: Any, **request: Any) -> tuple[str, str]:
    """As moto does it, but with exports to import, and with the states that cannot be updated."""
    for stack_id, stack in list(self.stacks.items()):
        if stack.name == request["stack_name"]:
            if stack.status == "REVIEW_IN_PROGRESS":
                del self.stacks[stack_id]
            elif stack.status == "ROLLBACK_COMPLETE":
                raise ValidationError(
                    message=f"Stack:{stack_id} is in ROLLBACK_COMPLETE state and can not be updated"
                )
    change_set_id, stack_id = create_change_set_of_moto(self, **request)
    self.stacks[stack_id].resource_map.cross_stack_resources = self.exports
    return change_set_id, stack_id


def imports_of(node: Any, resources: Resources) -> Iterable[str]:
    """Names that a template imports."""
    if isinstance(node, list):
        for item in node:
            yield from imports_of(item, resources)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::ImportValue":
                yield parsing.clean_json(value, resources)
            else:
                yield from imports_of(value, resources)


def refuse_changed_exports(
    self: Any, stack: cfn_models.Stack, exports: dict[str, parsing.Export]
) -> None:
    """An export that another stack imports can neither change nor go."""
    for name, export in self.exports.items():
        if export.exporting_stack_id != stack.stack_id:
            if name in exports:
                raise ValidationError(message=f"Export with name {name} is already exported")
            continue
        if name in exports and exports[name].value == export.value:
            continue
        for other in self.stacks.values():
            if other is not stack and name in imports_of(other.template_dict, other.resource_map):
                raise ValidationError(
                    message=f"Export {name} cannot be changed or removed: {other.name} imports it"
                )


def publish(self: Any, stack: cfn_models.Stack) -> None:
    """Record what the stack exports from now on."""
    exports = {export.name: export for export in stack.output_map.exports}
    refuse_changed_exports(self, stack, exports)
    for name in [n for n, e in self.exports.items() if e.exporting_stack_id == stack.stack_id]:
        del self.exports[name]
    self.exports.update(exports)


def use_template(stack: cfn_models.Stack, template: Any) -> None:
    """Make `template` the stack's own, so that outputs and comparisons are about it."""
    stack.template = template
    stack.template_dict = stack.resource_map._template
    stack.description = stack.template_dict.get("Description")
    stack.output_map = Outputs(stack.resource_map, stack.template_dict, stack.stack_id)


def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
    """Apply a change set; a refusal takes the stack back to where it was."""
    change_set = self.describe_change_set(change_set_name)
    stack = self.stacks[change_set.stack_id]
    kind = change_set.change_set_type
    resources = stack.resource_map
    before, parameters_before = stack.template, previous_parameters(stack)
    parsed_before = resources._template or {"Resources": {}}
    stack._add_stack_event(f"{kind}_IN_PROGRESS", resource_status_reason="User Initiated")
    try:
        resources.update(change_set.template_dict, change_set.parameters)
        use_template(stack, change_set.template)
        publish(self, stack)
    except Exception as refusal:
        traceback.print_exc()
        stack._add_stack_event(f"{kind}_FAILED", resource_status_reason=str(refusal))
        failures = resources.roll_back(parsed_before, parameters_before)
        use_template(stack, before)
        stack.status = "ROLLBACK_COMPLETE" if kind == "CREATE" else "UPDATE_ROLLBACK_COMPLETE"
        change_set.execution_status = "EXECUTE_FAILED"
    else:
        failures = resources.clean_up(parsed_before)
        stack.parameters = change_set.parameters
        stack.status = f"{kind}_COMPLETE"
        change_set.execution_status = "EXECUTE_COMPLETE"
    for failure in failures:
        stack._add_stack_event("DELETE_FAILED", resource_status_reason=failure)
    stack._add_stack_event(stack.status)


def install(endpoint: str) -> None:
    """Put this file's behaviour in the place of moto's."""
    Resources.api = Api(endpoint)
    cfn_models.ResourceMap = Resources
    cfn_models.OutputMap = Outputs
    cfn_models.Stack.has_parameters = has_parameters
    cfn_models.Stack.stack_parameters = property(previous_parameters)
    Backend.create_change_set = create_change_set
    Backend.execute_change_set = execute_change_set
    # moto answers an unchanged template with an error; CloudFormation with a FAILED change set.
    CloudFormationResponse._validate_different_update = lambda *_: None


def seed_certificate(arn: str, names: list[str]) -> None:
    """Let a certificate exist under a given ARN, which ACM's API cannot do."""
    backend = acm_backends[DEFAULT_ACCOUNT_ID][REGION]
    made = backend.request_certificate(names[0], None, names, [])
    certificate = backend._certificates.pop(made)
    certificate.arn = arn
    backend._certificates[arn] = certificate


def main(port: str, *certificates: str) -> None:
    install(f"http://127.0.0.1:{port}")
    for certificate in certificates:
        arn, _, names = certificate.partition("=")
        seed_certificate(arn, names.split(","))
    serve_moto(["-H", "127.0.0.1", "-p", port])


if __name__ == "__main__":
    main(*sys.argv[1:])
