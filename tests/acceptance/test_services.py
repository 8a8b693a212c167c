"""Services on moto that change: images, counts, ports of network balancers, and one that goes.

The case is `tests/cases/network-ports`; the tests follow each other on one account.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import servers
from account import Account, Listener
from project import Project
from tasks import Rack, Running, Service, Tasks, check_scaling, check_services, desired, running, scaling

RACK, APP = "main", "main-broker"
ROUTERS = ("Router", "RouterInternal", "NLBRouter", "NLBRouterInternal")
BROKER, RELAY = ("broker", "broker"), ("broker", "relay")
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0c7a2f3e-5d41-4b8a-9d60-3f1c5e7a9b21"
RELAY_TEXT = """
  relay:
    image: example/relay:1
    nlb:
      - { port: 5000, preserve_client_ip: false }
"""
# What a target group of a network balancer is told unless a port says something else.
ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "30",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "preserve_client_ip.enabled": "true",  # NLBPreserveClientIP
}


@dataclass
class Case:
    """The case, deployed; `tasks` changes as its manifest does."""

    project: Project
    account: Account
    tasks: Tasks

    def deploy(self) -> str:
        return self.account.deploy(self.project, [])

    def change(self, edit: dict[str, str], file: str = "convox.yml") -> None:
        self.project.edit(edit, file)
        self.project.compile()
        self.deploy()

    def expect(self, service: Service, **facts: Any) -> None:
        app, name = service
        self.tasks.apps[app]["services"][name] |= facts

    def rack(self) -> Rack:
        routers = {name: self.account.router(RACK, name) for name in ROUTERS}
        return Rack(self.account, RACK, routers)

    def check(self) -> dict[Service, Running]:
        """What runs and scales is what is expected."""
        racks, place = {RACK: self.rack()}, {"broker": RACK}
        services = check_services(self.tasks, racks, place, frozenset())
        check_scaling(self.tasks, racks, place, services)
        return services

    def count(self, service: Service) -> int:
        return desired(self.tasks, self.check())[service]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("services")
    project = Project.of("network-ports", folder, "tests/cases")
    project.compile()
    with servers.moto(folder, {CERTIFICATE: ["*.main.example.org"]}) as server:
        case = Case(project, Account(server, folder), copy.deepcopy(Tasks.of("network-ports")))
        case.deploy()
        yield case


def test_services_run(case: Case) -> None:
    services = case.check()
    assert desired(case.tasks, services) == {BROKER: 0, RELAY: 0}


@pytest.mark.parametrize(
    ("name", "scheme"), [("NLBRouter", "internet-facing"), ("NLBRouterInternal", "internal")]
)
def test_ports_of_network_balancers(case: Case, name: str, scheme: str) -> None:
    """Each has a listener, a target group of its own, and lets those in who may connect."""
    rack = case.rack()
    balancer = rack.routers[name]
    answer = case.account.call(
        "elbv2", "describe_load_balancers", LoadBalancerArns=[balancer.arn]
    )
    assert [facts["Type"] for facts in answer["LoadBalancers"]] == ["network"]
    assert balancer.scheme == scheme
    subnets = rack.subnets()
    assert {subnets[subnet] for subnet in balancer.subnets} == {f"Subnet{i}" for i in range(3)}

    wanted = {
        port: facts
        for _, _, service in case.tasks.services()
        for port, facts in service["balancers"].get(name, {}).items()
    }
    assert set(balancer.listeners) == set(wanted)
    for port, facts in wanted.items():
        check_listener(case.account, balancer.listeners[port], facts)
    (group,) = balancer.security_groups
    assert case.account.ingress(group) == {port: set(f["from"]) for port, f in wanted.items()}


def check_listener(account: Account, listener: Listener, facts: dict[str, Any]) -> None:
    (described,) = account.call("elbv2", "describe_listeners", ListenerArns=[listener.arn])[
        "Listeners"
    ]
    certificates = [item["CertificateArn"] for item in described.get("Certificates", [])]
    wanted = [facts["certificate"]] if "certificate" in facts else []
    assert (listener.protocol, certificates) == ("TLS" if wanted else "TCP", wanted)
    (arn,) = listener.target_groups()
    group = account.target_groups(account.call)[arn]
    assert {key: group.facts[key] for key in ("Port", "Protocol", "TargetType")} == {
        "Port": facts["to"],
        "Protocol": "TCP",
        "TargetType": "ip",
    }
    assert (group.facts["HealthCheckProtocol"], group.facts["HealthCheckPort"]) == (
        "TCP",
        "traffic-port",
    )
    attributes = ATTRIBUTES | facts.get("attributes", {})
    assert {key: group.attributes[key] for key in attributes} == attributes


def test_a_second_deploy_changes_nothing(case: Case) -> None:
    before = case.check(), scaling(case.account)
    assert case.deploy().count("No changes to deploy") == 2
    assert (case.check(), scaling(case.account)) == before


def test_a_new_image_changes_its_service_in_place(case: Case) -> None:
    """The count, which somebody has set, stays; other services are left alone."""
    before = case.check()
    case.account.call(
        "ecs",
        "update_service",
        cluster=case.rack().cluster,
        service=before[BROKER].arn,
        desiredCount=3,
    )
    case.change({"example/broker:1": "example/broker:2"}, "rackform.yml")
    case.expect(BROKER, image="example/broker:2")
    after = case.check()
    assert after[BROKER].arn == before[BROKER].arn
    old, new = (services[BROKER].task for services in (before, after))
    assert (new["family"], new["revision"]) == (old["family"], old["revision"] + 1)
    assert after[RELAY] == before[RELAY]
    assert desired(case.tasks, after) == {BROKER: 3, RELAY: 0}


@pytest.mark.parametrize(
    ("scale", "count", "cpu"),
    [
        ("{ count: 2-6, targets: { cpu: 50 } }", [2, 6], 50),
        ("{ count: 2-8, targets: { cpu: 60 } }", [2, 8], 60),
        ("4", [4, 4], None),
    ],
)
def test_a_new_scale_changes_the_range(
    case: Case, scale: str, count: list[int], cpu: int | None
) -> None:
    """And says no count: what moves it is the range."""
    before = case.check()
    manifest = (case.project.source / "convox.yml").read_text(encoding="utf-8")
    (line,) = (line for line in manifest.splitlines() if "scale:" in line)
    case.change({f"{line}\n": f"    scale: {scale}\n"})
    policies = [{"metric": "ECSServiceAverageCPUUtilization", "target": cpu}] if cpu else []
    case.expect(BROKER, count=count, policies=policies)
    after = case.check()
    assert after == before
    assert case.count(BROKER) == 3


def test_a_service_that_goes_takes_everything_along(case: Case) -> None:
    before = case.check()
    groups = case.account.target_groups(case.account.call)
    case.change({RELAY_TEXT: ""})
    del case.tasks.apps["broker"]["services"]["relay"]
    assert case.check() == {BROKER: before[BROKER]}
    balancer = case.rack().routers["NLBRouter"]
    assert set(balancer.listeners) == {1883, 8883}
    (group,) = balancer.security_groups
    assert set(case.account.ingress(group)) == {1883, 8883}
    assert len(case.account.target_groups(case.account.call)) == len(groups) - 1
    gone = case.account.call(
        "ecs", "describe_task_definition", taskDefinition=before[RELAY].task["taskDefinitionArn"]
    )
    assert gone["taskDefinition"]["status"] == "INACTIVE"


def test_an_app_that_goes_takes_its_services_along(case: Case) -> None:
    cluster = case.rack().cluster
    case.account.call("cloudformation", "delete_stack", StackName=APP)
    assert running(case.account, cluster) == {}
    assert scaling(case.account) == ({}, {})
    assert case.account.target_groups(case.account.call) == {}
    roles = case.account.call("iam", "list_roles")["Roles"]
    assert not [role for role in roles if role["RoleName"].startswith(APP)]
    logs = case.account.call("logs", "describe_log_groups", logGroupNamePrefix=APP)
    assert logs["logGroups"] == []
