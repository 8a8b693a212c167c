"""The moto server's own behaviour: a judge that cannot refuse would be worth nothing."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

import servers
from account import Account, rule_of

NETWORK = {
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        **{
            f"Subnet{i}": {
                "Type": "AWS::EC2::Subnet",
                "Properties": {
                    "VpcId": {"Ref": "Vpc"},
                    "AvailabilityZone": {"Fn::Select": [i, {"Fn::GetAZs": ""}]},
                    "CidrBlock": f"10.0.{i}.0/24",
                },
            }
            for i in range(2)
        },
        "Router": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Subnets": [{"Ref": "Subnet0"}, {"Ref": "Subnet1"}]},
        },
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "LoadBalancerArn": {"Ref": "Router"},
                "Port": "80",
                "Protocol": "HTTP",
                "DefaultActions": [
                    {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
                ],
            },
        },
    },
    "Outputs": {
        name: {"Value": {"Ref": name}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}:" + name}}}
        for name in ("Vpc", "Listener")
    },
}


def group(port: int = 80, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {
            "VpcId": {"Fn::ImportValue": "net:Vpc"},
            "Port": port,
            "Protocol": "HTTP",
            **properties,
        },
    }


def rule(priority: int, host: str) -> dict[str, Any]:
    return {
        "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
        "Properties": {
            "ListenerArn": {"Fn::ImportValue": "net:Listener"},
            "Priority": priority,
            "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}],
            "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}],
        },
    }


APP = {"Resources": {"Group": group(), "A": rule(1, "a.org"), "B": rule(2, "b.org")}}


class Stacks:
    """Stacks of one server, changed by change sets."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.numbers = itertools.count()

    def apply(self, name: str, template: dict[str, Any], kind: str = "UPDATE") -> str:
        """Execute a change set; return the stack's status."""
        client = self.account.client("cloudformation")
        change_set = client.create_change_set(
            StackName=name,
            ChangeSetName=f"change-{next(self.numbers)}",
            ChangeSetType=kind,
            TemplateBody=json.dumps(template),
        )
        client.execute_change_set(ChangeSetName=change_set["Id"])
        return self.account.stack(name)["StackStatus"]

    def reasons(self, name: str) -> str:
        return " ".join(e.get("ResourceStatusReason", "") for e in self.account.events(name))

    def rules(self) -> dict[str, tuple[int, str]]:
        """ARN → priority and target group of the network's rules."""
        listener = self.account.physical_id("net", "Listener")
        answer = self.account.call("elbv2", "describe_rules", ListenerArn=listener)
        rules = [rule_of(facts) for facts in answer["Rules"] if not facts["IsDefault"]]
        return {r.arn: (r.priority, r.target_group) for r in rules}

    def groups(self) -> set[str]:
        answer = self.account.call("elbv2", "describe_target_groups")
        return {g["TargetGroupArn"] for g in answer["TargetGroups"]}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stacks]:
    """A network with a router and a listener, and no app."""
    folder = tmp_path_factory.mktemp("network")
    with servers.moto(folder, {}) as server:
        stacks = Stacks(Account(server, folder))
        assert stacks.apply("net", NETWORK, "CREATE") == "CREATE_COMPLETE"
        yield stacks


@pytest.fixture
def app(network: Stacks) -> Iterator[Stacks]:
    """The network with an app of one target group and two rules; the app goes afterwards."""
    assert network.apply("app", APP, "CREATE") == "CREATE_COMPLETE"
    yield network
    network.account.call("cloudformation", "delete_stack", StackName="app")
    assert (network.rules(), network.groups()) == ({}, set())


def changed(**resources: Any) -> dict[str, Any]:
    template = copy.deepcopy(APP)
    template["Resources"].update(resources)
    return template


def test_failed_creation_leaves_nothing(network: Stacks) -> None:
    template = changed(C=rule(1, "c.org"))
    assert network.apply("failing", template, "CREATE") == "ROLLBACK_COMPLETE"
    assert "PriorityInUse" in network.reasons("failing")
    assert (network.rules(), network.groups()) == ({}, set())
    with pytest.raises(ClientError, match="can not be updated"):
        network.apply("failing", APP)


@pytest.mark.parametrize(
    "template",
    [
        changed(A=rule(2, "a.org"), B=rule(1, "b.org")),
        changed(Group=group(port=81), C=rule(1, "c.org")),
    ],
    ids=["two rules swap priorities", "a priority is taken, and a group is replaced"],
)
def test_failed_update_is_undone(app: Stacks, template: dict[str, Any]) -> None:
    before = app.rules(), app.groups()
    assert app.apply("app", template) == "UPDATE_ROLLBACK_COMPLETE"
    assert "PriorityInUse" in app.reasons("app")
    assert (app.rules(), app.groups()) == before
    assert app.apply("app", changed(C=rule(3, "c.org"))) == "UPDATE_COMPLETE"


def test_priority_changes_in_place(app: Stacks) -> None:
    before = app.rules()
    assert app.apply("app", changed(A=rule(7, "a.org"))) == "UPDATE_COMPLETE"
    assert set(app.rules()) == set(before)
    assert sorted(priority for priority, _ in app.rules().values()) == [2, 7]


def test_immutable_property_replaces_behind_the_rules(app: Stacks) -> None:
    rules, groups = app.rules(), app.groups()
    assert app.apply("app", changed(Group=group(port=81))) == "UPDATE_COMPLETE"
    assert set(app.rules()) == set(rules)
    assert app.groups().isdisjoint(groups)
    assert {group for _, group in app.rules().values()} == app.groups()


def test_export_in_use_stays(app: Stacks) -> None:
    template = copy.deepcopy(NETWORK)
    del template["Outputs"]["Vpc"]
    assert app.apply("net", template) == "UPDATE_ROLLBACK_COMPLETE"
    assert "app imports it" in app.reasons("net")


def test_property_without_a_use_is_refused(network: Stacks) -> None:
    template = {"Resources": {"Group": group(Colour="red")}}
    assert network.apply("coloured", template, "CREATE") == "ROLLBACK_COMPLETE"
    assert "no use for ['Colour']" in network.reasons("coloured")
    assert network.groups() == set()


def test_certificate_is_validated_in_its_zone_only(network: Stacks) -> None:
    template = {
        "Resources": {
            "Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "example.org"}},
            "Certificate": {
                "Type": "AWS::CertificateManager::Certificate",
                "Properties": {
                    "DomainName": "www.example.com",
                    "ValidationMethod": "DNS",
                    "DomainValidationOptions": [
                        {"DomainName": "www.example.com", "HostedZoneId": {"Ref": "Zone"}}
                    ],
                },
            },
        }
    }
    assert network.apply("certified", template, "CREATE") == "ROLLBACK_COMPLETE"
    assert "not permitted in zone example.org" in network.reasons("certified")


def ecs_service(count: int | None, image: str = "web:1", **options: str) -> dict[str, Any]:
    """A cluster with a service of one container."""
    container = {
        "Name": "web",
        "Image": image,
        "Memory": "128",
        "PortMappings": [{"ContainerPort": "5443", "HostPort": 3000}],
        "DockerLabels": {"Upper.Case": "Stays"},
        "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "main"}},
    }
    service = {
        "Cluster": {"Ref": "Cluster"},
        "TaskDefinition": {"Ref": "Tasks"},
        "LoadBalancers": [
            {"LoadBalancerName": "main", "ContainerName": "web", "ContainerPort": 5443}
        ],
        "PlacementStrategies": [{"Type": "spread", "Field": "instanceId"}],
        **({} if count is None else {"DesiredCount": count}),
        **options,
    }
    kinds = {"Cluster": {}, "Tasks": {"ContainerDefinitions": [container]}, "Service": service}
    types = {"Tasks": "TaskDefinition"}
    return {
        "Resources": {
            name: {"Type": f"AWS::ECS::{types.get(name, name)}", "Properties": properties}
            for name, properties in kinds.items()
        }
    }


def test_service_changes_in_place_and_its_tasks_are_made_anew(network: Stacks) -> None:
    def read() -> tuple[dict[str, Any], dict[str, Any]]:
        cluster, arn = (network.account.physical_id("run", name) for name in ("Cluster", "Service"))
        answer = network.account.call("ecs", "describe_services", cluster=cluster, services=[arn])
        (service,) = answer["services"]
        tasks = network.account.call(
            "ecs", "describe_task_definition", taskDefinition=service["taskDefinition"]
        )
        (container,) = tasks["taskDefinition"]["containerDefinitions"]
        return service, container

    assert network.apply("run", ecs_service(2), "CREATE") == "CREATE_COMPLETE"
    service, container = read()
    assert service["loadBalancers"] == [
        {"loadBalancerName": "main", "containerName": "web", "containerPort": 5443}
    ]
    assert (service["desiredCount"], service["launchType"]) == (2, "EC2")
    assert container["dockerLabels"] == {"Upper.Case": "Stays"}
    assert container["portMappings"][0]["containerPort"] == 5443
    # A count that the template no longer says is left to whoever scales.
    assert network.apply("run", ecs_service(None, "web:2")) == "UPDATE_COMPLETE"
    after, container = read()
    assert (after["serviceArn"], after["desiredCount"]) == (service["serviceArn"], 2)
    assert (container["image"], after["taskDefinition"]) != ("web:1", service["taskDefinition"])
    assert network.apply("run", ecs_service(2, LaunchType="FARGATE")) == "UPDATE_COMPLETE"
    assert read()[0]["serviceArn"] != service["serviceArn"]
    assert network.apply("run", ecs_service(2, Colour="red")) == "UPDATE_ROLLBACK_COMPLETE"
    network.account.call("cloudformation", "delete_stack", StackName="run")
