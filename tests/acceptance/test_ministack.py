"""The routing part of the templates on MiniStack, which deploys them and answers requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import servers
from account import Account
from checks import (
    check_complete,
    check_in_place,
    check_priorities,
    check_redeploy_changes_nothing,
    check_routes,
    check_target_groups,
    dns_names,
    groups_of_services,
)
from create_only import KINDS
from deployment import Deployment
from expectations import HTTP, HTTPS
from stripping import REFUSED_TYPES
from tasks import desired
from traffic import register, request, services

FORGOTTEN = frozenset({"version", "grpc_matcher"})  # MiniStack keeps neither; moto keeps both
FORGOTTEN_OF_SERVICES = frozenset({"grace", "init", "scheduling", "secrets"})


@pytest.fixture(scope="module")
def backends(on_ministack: Deployment) -> Iterator[dict[str, int]]:
    """A server for each service of the example."""
    with services(on_ministack.expectation.services) as ports:
        yield ports


def test_deploys(on_ministack: Deployment) -> None:
    check_complete(on_ministack)


def test_reads_back(on_ministack: Deployment) -> None:
    """Rules and target groups, as the AWS CLI shows them."""
    account = on_ministack.account
    routers = on_ministack.routers(account.cli)
    check_routes(on_ministack.expectation, routers)
    groups = on_ministack.target_groups(account.cli)
    check_target_groups(on_ministack.expectation, routers, groups, forgotten=FORGOTTEN)
    for router in routers.values():
        for listener in router.listeners.values():
            check_priorities(listener)


def test_services(on_ministack: Deployment) -> None:
    """Services and their tasks, as an unmodified CloudFormation makes them."""
    services = on_ministack.services(FORGOTTEN_OF_SERVICES)
    assert set(desired(on_ministack.expectation.tasks, services).values()) == {0}


def check_traffic(deployment: Deployment, backends: dict[str, int]) -> None:
    """Every host reaches its service on every port, and a stranger reaches nobody."""
    expectation, routers = deployment.expectation, deployment.routers()
    server, names = deployment.account.server, dns_names(routers)
    register(deployment.account, groups_of_services(expectation, routers), backends)
    for name, router in routers.items():
        hosts = expectation.hosts(name, names)
        for service, patterns in hosts.items():
            for pattern in patterns:
                host = pattern.replace("*", "anything")
                answer = request(server, router.name, host, HTTPS)
                assert (answer.status, answer.body) == (200, service), f"{name}: {host}"
                check_port_80(deployment, router.name, host, service)
        for host in expectation.unknown_hosts(name, names):
            answer = request(server, router.name, host, HTTPS)
            assert (answer.status, answer.body) == (404, "unknown host"), f"{name}: {host}"
            answer = request(server, router.name, host, HTTP)
            assert answer.status == 301, f"{name}: {host}"


def check_port_80(deployment: Deployment, router: str, host: str, service: str) -> None:
    """Plain HTTP is redirected, or answered where the app wants no redirect."""
    answer = request(deployment.account.server, router, host, HTTP)
    if deployment.expectation.redirects_http:
        assert answer.status == 301, host
        assert (answer.location or "").startswith(f"https://{host}:443/"), answer.location
    else:
        assert (answer.status, answer.body) == (200, service), host


def test_traffic(on_ministack: Deployment, backends: dict[str, int]) -> None:
    check_traffic(on_ministack, backends)


def test_redeploy_changes_nothing(on_ministack: Deployment) -> None:
    check_redeploy_changes_nothing(on_ministack)


def test_changes_in_place(on_ministack: Deployment, backends: dict[str, int]) -> None:
    """Domains added, moved and removed, one deploy after another, each seen in what answers."""
    for change in on_ministack.expectation.facts["changes"]:
        expected, before = on_ministack.expectation, on_ministack.routers()
        on_ministack.change(change)
        after = on_ministack.routers()
        check_complete(on_ministack)
        check_routes(on_ministack.expectation, after)
        check_in_place(before, after, expected, on_ministack.expectation)
        check_traffic(on_ministack, backends)


def is_refused(account: Account, kind: str) -> bool:
    """Whether MiniStack calls a resource type unknown when a change set brings it."""
    client = account.client("cloudformation")
    name = "probe-" + kind.replace("::", "-")
    template = f'{{"Resources": {{"Probe": {{"Type": "{kind}"}}}}}}'
    try:
        client.create_change_set(
            StackName=name, ChangeSetName="probe", ChangeSetType="CREATE", TemplateBody=template
        )
    except client.exceptions.ClientError as refusal:
        assert f"Unrecognized resource types: [{kind}]" in str(refusal)
        return True
    return False


def test_no_more_is_stripped_than_must_be(tmp_path: Path) -> None:
    """`REFUSED_TYPES` is exactly what MiniStack refuses of the types that rackform writes."""
    with servers.ministack(tmp_path) as server:
        account = Account(server, tmp_path)
        assert {kind for kind in KINDS if is_refused(account, kind)} == REFUSED_TYPES
