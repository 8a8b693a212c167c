"""What runs behind the routers: task definitions, services and their scaling.

What is expected stands in `expectations/tasks`; what is found is put in the same words, so that a
test compares one mapping with another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from account import Account, Router

FOLDER = Path(__file__).resolve().parent / "expectations" / "tasks"
IMAGES = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
REGION, ACCOUNT = "us-east-1", "123456789012"
DIMENSION = "ecs:service:DesiredCount"
SERVICES_A_CALL = 10

Service = tuple[str, str]  # app and service
Words = dict[str, Any]

# What a service is unless its expectation says something else.
COMMON: Words = {
    "size": [256, 512],
    "size_of_container": [0, 0],
    "network": "awsvpc",
    "command": [],
    "environment": {},
    "secrets": [],
    "ports": [],
    "stop": 30,
    "init": False,
    "privileged": False,
    "launch": "FARGATE",
    "scheduling": "REPLICA",
    "deployment": [50, 200],
    "behind": {},
    "grace": 5,
    "count": [1, 1],
    "policies": [],
    "balancers": {},
}

# Routers reach tasks at every port, so that a service can change its own without a gap.
ANY_PORT = "0-65535"


# --- what is expected -------------------------------------------------------------------------


@dataclass(frozen=True)
class Tasks:
    """The services that an example or a case runs."""

    apps: dict[str, Words]

    @classmethod
    def of(cls, name: str) -> Tasks:
        return cls(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))

    def services(self) -> Iterator[tuple[Service, Words, Words]]:
        """Every service, its app, and what is said of it."""
        for app, body in self.apps.items():
            for service, facts in body["services"].items():
                unknown = facts.keys() - COMMON.keys() - {"image"}
                assert not unknown, f"{app}/{service}: {unknown}"
                yield (app, service), body, COMMON | facts

    def secrets(self, app: str) -> set[str]:
        """Names of what containers of an app are to find in the Systems Manager."""
        return {
            secret
            for (name, _), body, facts in self.services()
            if name == app
            for secret in (*body.get("secrets", []), *facts["secrets"])
        }

    def images(self) -> dict[str, dict[str, str]]:
        """App → service → image, of the services that are built."""
        return {
            app: {
                service: built(app, service)
                for service, facts in body["services"].items()
                if "image" not in facts
            }
            for app, body in self.apps.items()
        }


def image_parameter(service: str) -> str:
    return "".join(word.capitalize() for word in service.split("-")) + "Image"


def built(app: str, service: str, tag: str = "v1") -> str:
    return f"{IMAGES}/{app}/{service}:{tag}"


def put_secrets(account: Account, tasks: Tasks, app: str, rack: str) -> None:
    for name in tasks.secrets(app):
        account.call(
            "ssm",
            "put_parameter",
            Name=f"/{rack}/{app}/{name}",
            Value="secret",
            Type="SecureString",
            Overwrite=True,
        )


def expected(service: Service, body: Words, facts: Words, rack: str) -> Words:
    """An expectation with everything that goes without saying."""
    app, name = service
    own = {"APP": app, "RACK": rack, "SERVICE": name, "AWS_REGION": REGION}
    variables = body.get("environment", {}) | facts["environment"]
    balancers = {
        port["to"]: balancer
        for balancer, ports in facts["balancers"].items()
        for port in ports.values()
    }
    ports = [*facts["behind"].values(), *balancers]
    secrets = {*body.get("secrets", []), *facts["secrets"]}
    isolated = facts["network"] == "awsvpc"
    behind = {(router, port) for router, port in facts["behind"].items()}
    behind |= {(balancer, port) for port, balancer in balancers.items()}
    return {
        "image": facts.get("image", built(app, name)),
        "size": facts["size"] if facts["launch"] != "EC2" else [0, 0],
        "size_of_container": facts["size_of_container"],
        "network": facts["network"],
        "command": facts["command"],
        "environment": {k: v.format(rack=rack) for k, v in variables.items()} | own,
        "secrets": {
            secret: f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{rack}/{app}/{secret}"
            for secret in secrets
        },
        "ports": facts["ports"] or sorted({f"{port}/tcp" for port in ports}),
        "stop": facts["stop"],
        "init": facts["init"],
        "privileged": facts["privileged"],
        "launch": facts["launch"],
        "scheduling": facts["scheduling"],
        "deployment": facts["deployment"],
        "circuit_breaker": {"enable": True, "rollback": True},
        "behind": behind,
        "grace": facts["grace"] if behind else None,
        "subnets": set(body.get("subnets", ["Subnet0", "Subnet1", "Subnet2"]) if isolated else []),
        "public_address": "ENABLED" if isolated else None,
        "reached_by": {
            reached
            for router, port in behind
            for reached in (
                ((router, port), ("VPC", port))
                if router in facts["balancers"]
                else ((router, ANY_PORT),)
            )
        },
        "tags": {"App": app, "Rack": rack, "Service": name},
    }


# --- what is found ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Running:
    """A service and its task definition, as the API says them."""

    service: Words
    task: Words

    @property
    def container(self) -> Words:
        (container,) = self.task["containerDefinitions"]
        return container

    @property
    def name(self) -> Service:
        """Which service it is, by what its container gets to know."""
        variables = {v["name"]: v["value"] for v in self.container["environment"]}
        assert self.container["name"] == variables["SERVICE"]
        return variables["APP"], variables["SERVICE"]

    @property
    def arn(self) -> str:
        return self.service["serviceArn"]


def running(account: Account, cluster: str) -> dict[Service, Running]:
    """All services of a cluster that are active."""
    arns = account.call("ecs", "list_services", cluster=cluster)["serviceArns"]
    found = {}
    for start in range(0, len(arns), SERVICES_A_CALL):
        some = arns[start : start + SERVICES_A_CALL]
        answer = account.call(
            "ecs", "describe_services", cluster=cluster, services=some, include=["TAGS"]
        )
        for service in answer["services"]:
            if service["status"] == "ACTIVE":
                arn = service["taskDefinition"]
                task = account.call("ecs", "describe_task_definition", taskDefinition=arn)
                one = Running(service, task["taskDefinition"])
                assert one.name not in found, f"{one.name} runs twice"
                found[one.name] = one
    return found


@dataclass(frozen=True)
class Rack:
    """The names of what stands in a rack, by what the API calls them."""

    account: Account
    name: str
    routers: dict[str, Router]  # and network balancers

    @property
    def cluster(self) -> str:
        return self.account.physical_id(self.name, "Cluster")

    def subnets(self) -> dict[str, str]:
        answer = self.account.call(
            "cloudformation", "describe_stack_resources", StackName=self.name
        )
        return {
            resource["PhysicalResourceId"]: resource["LogicalResourceId"]
            for resource in answer["StackResources"]
            if resource["ResourceType"] == "AWS::EC2::Subnet"
        }

    def groups(self) -> dict[str, str]:
        """Target group → the router or balancer that leads to it."""
        groups = {}
        for name, router in self.routers.items():
            for listener in router.listeners.values():
                for arn in listener.target_groups():
                    assert groups.setdefault(arn, name) == name, f"a group behind two: {arn}"
        return groups

    def ends(self) -> dict[str, str]:
        """Security group or network → whose it is."""
        return {router.security_groups[0]: name for name, router in self.routers.items()}


def words_of(one: Running, rack: Rack, subnets: dict[str, str], groups: dict[str, str]) -> Words:
    """A service in the words of the expectations."""
    service, task, container = one.service, one.task, one.container
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    strategy = service.get("capacityProviderStrategy") or []
    deployment = service["deploymentConfiguration"]
    breaker = deployment["deploymentCircuitBreaker"]
    assert all(item["containerName"] == container["name"] for item in service["loadBalancers"])
    assert all(item.get("weight") == 1 for item in strategy)
    return {
        "image": container["image"],
        "size": [int(task.get("cpu") or 0), int(task.get("memory") or 0)],
        "size_of_container": [container.get("cpu") or 0, container.get("memory") or 0],
        "network": task["networkMode"],
        "command": container.get("command", []),
        "environment": {v["name"]: v["value"] for v in container["environment"]},
        "secrets": {s.get("name"): s.get("valueFrom") for s in container.get("secrets", [])},
        "ports": sorted(
            port_of(mapping, task["networkMode"]) for mapping in container.get("portMappings", [])
        ),
        "stop": container.get("stopTimeout"),
        "init": container.get("linuxParameters", {}).get("initProcessEnabled", False),
        "privileged": container.get("privileged", False),
        "launch": strategy[0]["capacityProvider"] if strategy else service["launchType"],
        "scheduling": service["schedulingStrategy"],
        "deployment": [deployment["minimumHealthyPercent"], deployment["maximumPercent"]],
        "circuit_breaker": {key: breaker[key] for key in ("enable", "rollback")},
        "behind": {
            (groups[item["targetGroupArn"]], item["containerPort"])
            for item in service["loadBalancers"]
        },
        "grace": service.get("healthCheckGracePeriodSeconds"),
        "subnets": {subnets[subnet] for subnet in network.get("subnets", [])},
        "public_address": network.get("assignPublicIp"),
        "reached_by": {
            end
            for group in network.get("securityGroups", [])
            for end in reached_by(rack, group)
        },
        "tags": {
            tag["key"]: tag["value"]
            for tag in service["tags"]
            if not tag["key"].startswith("aws:")
        },
    }


def port_of(mapping: Words, network: str) -> str:
    """A port of a container, with that of its instance in front where it has one."""
    host = mapping.get("hostPort") if network == "bridge" else None
    fixed = f"{host}:" if host else ""
    return f"{fixed}{mapping['containerPort']}/{mapping['protocol']}"


def reached_by(rack: Rack, group: str) -> Iterator[tuple[str, int | str]]:
    """Who may connect to tasks in a security group, and to which port."""
    ends = rack.ends()
    for port, sources in rack.account.ingress(group).items():
        for source in sources:
            yield ends.get(source, "VPC" if source == "10.0.0.0/16" else source), port


def check_services(
    tasks: Tasks, racks: dict[str, Rack], place: dict[str, str], forgotten: frozenset[str]
) -> dict[Service, Running]:
    """Every service runs on the rack of its app as its manifest says it, and there are no others.

    `place` tells the rack of each app, `forgotten` the words of which a server keeps nothing.
    """
    everything = {}
    for name, rack in racks.items():
        found = running(rack.account, rack.cluster)
        subnets, groups = rack.subnets(), rack.groups()
        wanted = {s: (b, f) for s, b, f in tasks.services() if place[s[0]] == name}
        assert set(found) == set(wanted), name
        for service, (body, facts) in wanted.items():
            says = expected(service, body, facts, name)
            is_so = words_of(found[service], rack, subnets, groups)
            assert set(says) == set(is_so)
            for word in says.keys() - forgotten:
                assert is_so[word] == says[word], f"{service} on {name}: {word}"
        everything |= found
    return everything


def desired(tasks: Tasks, services: dict[Service, Running]) -> dict[Service, int]:
    """How many tasks each service is to have; of an agent there is one on every instance."""
    return {
        name: services[name].service["desiredCount"]
        for name, _, facts in tasks.services()
        if facts["scheduling"] == "REPLICA"
    }


# --- scaling ----------------------------------------------------------------------------------


def scaling(account: Account) -> tuple[dict[str, list[int]], dict[str, list[Words]]]:
    """Resource → least and most, and its policies."""
    answer = account.call(
        "application-autoscaling", "describe_scalable_targets", ServiceNamespace="ecs"
    )
    ranges = {}
    for target in answer["ScalableTargets"]:
        assert target["ScalableDimension"] == DIMENSION
        ranges[target["ResourceId"]] = [target["MinCapacity"], target["MaxCapacity"]]
    answer = account.call(
        "application-autoscaling", "describe_scaling_policies", ServiceNamespace="ecs"
    )
    policies = defaultdict(list)
    for policy in answer["ScalingPolicies"]:
        assert policy["PolicyType"] == "TargetTrackingScaling"
        policies[policy["ResourceId"]].append(policy["TargetTrackingScalingPolicyConfiguration"])
    return ranges, dict(policies)


def check_scaling(
    tasks: Tasks, racks: dict[str, Rack], place: dict[str, str], services: dict[Service, Running]
) -> None:
    """Every service but an agent has its range, and the policies that its manifest names."""
    (account, *_) = (rack.account for rack in racks.values())
    ranges, policies = scaling(account)
    wanted_ranges, wanted_policies = {}, {}
    for service, _, facts in tasks.services():
        if facts["scheduling"] == "DAEMON":
            continue
        rack = racks[place[service[0]]]
        resource = f"service/{rack.cluster}/{services[service].service['serviceName']}"
        wanted_ranges[resource] = facts["count"]
        if facts["policies"]:
            wanted_policies[resource] = [
                policy_wanted(policy, rack, services[service]) for policy in facts["policies"]
            ]
    assert ranges == wanted_ranges
    by_metric = {resource: sorted(found, key=metric_of) for resource, found in policies.items()}
    assert by_metric == {r: sorted(wanted, key=metric_of) for r, wanted in wanted_policies.items()}


def metric_of(configuration: Words) -> str:
    specification = configuration["PredefinedMetricSpecification"]
    return specification["PredefinedMetricType"] + specification.get("ResourceLabel", "")


def policy_wanted(policy: Words, rack: Rack, one: Running) -> Words:
    """A policy as the API says it. A label names a router and a target group behind that router."""
    specification = {"PredefinedMetricType": policy["metric"]}
    if "router" in policy:
        groups = rack.groups()
        (group,) = (
            item["targetGroupArn"]
            for item in one.service["loadBalancers"]
            if groups[item["targetGroupArn"]] == policy["router"]
        )
        router = rack.routers[policy["router"]].arn.partition(":loadbalancer/")[2]
        specification["ResourceLabel"] = f"{router}/{group.rpartition(':')[2]}"
    return {
        "PredefinedMetricSpecification": specification,
        "TargetValue": policy["target"],
        "ScaleInCooldown": 60,
        "ScaleOutCooldown": 60,
    }
