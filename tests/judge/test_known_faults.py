"""Faults of the product that walks have found, each in the smallest fleet that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from judge.compiler import compile_project, write_files
from judge.faults import Findings
from judge.output import read_output
from judge.project import read_project
from judge.simulator.deployment import deploy
from judge.simulator.world import World

Files = dict[str, str]


def _walk(folder: Path, states: Sequence[Files]) -> tuple[list[str], list[str]]:
    """Compile and deploy states of a fleet; what went wrong, and the codes of the last refusal."""
    world, found = World(), []
    for files in states:
        write_files(folder, files)
        compiled = compile_project(folder)
        if compiled.errors:
            assert files is states[-1], compiled.said
            return found, sorted(compiled.errors)
        output, project = read_output(compiled.output, Findings()), read_project(folder)
        assert output is not None
        deployment = deploy(world, output, frozenset())
        names = {
            listed.arn: listed.names for k in project.kinds.values() for listed in k.certificates
        }
        wrong = [v for v in deployment.violations(project, names) if v.is_promised]
        found += map(str, wrong)
        world = deployment.end
    return found, []


def _fleet(rack: str = "", **apps: dict[str, str]) -> Files:
    """A fleet on one rack; each app with its services, each service in YAML's flow style."""
    files = {"rackform.yml": f"racks: {{main: {{host: r.example.org{rack}}}}}\napps:\n"}
    for app, services in apps.items():
        files["rackform.yml"] += f"  {app}: {{manifest: apps/{app}/convox.yml}}\n"
        lines = [f"  {name}: {{image: x, port: 1{body}}}" for name, body in services.items()]
        files[f"apps/{app}/convox.yml"] = "\n".join(["services:", *lines, ""])
    return files


A, B = ", domain: a.example.org", ", domain: b.example.org"
PORT = ", nlb: [{port: 5000}]"
BALANCED = ", params: {NLB: Yes}"


def test_phases_are_not_walked_twice(tmp_path: Path) -> None:
    """Two services have swapped their hosts; then one of them gets another health check."""
    found, refused = _walk(
        tmp_path,
        [
            _fleet(shop={"web": A, "api": B}),
            _fleet(shop={"web": B, "api": A}),
            _fleet(shop={"web": B, "api": f"{A}, health: /up"}),
        ],
    )
    assert (found, refused) == ([], [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            {"shop": {"web": PORT, "api": ""}},
            {"shop": {"web": "", "api": PORT}},
            id="within an app",
        ),
        pytest.param(
            {"shop": {"web": PORT}, "blog": {"web": ""}},
            {"shop": {"web": ""}, "blog": {"web": PORT}},
            id="between apps",
        ),
        pytest.param({"shop": {"web": PORT}}, {"store": {"web": PORT}}, id="an app is renamed"),
    ],
)
def test_port_of_a_network_balancer_changes_hands(
    tmp_path: Path, before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]
) -> None:
    """It is deployable at every moment, or refused."""
    found, _ = _walk(tmp_path, [_fleet(BALANCED, **before), _fleet(BALANCED, **after)])
    assert not found


BROUGHT = (
    ", params: {{VPCCIDR: 10.0.0.0/16}}, network: {{vpc: vpc-0123456789abcdef0, "
    "subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef{}]}}"
)
KNOWN_NETWORKS = {
    "fewer zones": (", params: {MaxAvailabilityZones: 3}", ", params: {MaxAvailabilityZones: 2}"),
    "another subnet": ("", ", params: {Subnet0CIDR: 10.0.64.0/24}"),
    "another security group": (
        ", params: {RouterSecurityGroup: sg-0123456789abcdef0}",
        ", params: {RouterSecurityGroup: sg-0123456789abcdef1}",
    ),
    "another subnet that is brought": (BROUGHT.format(1), BROUGHT.format(2)),
}


@pytest.mark.parametrize("name", KNOWN_NETWORKS)
def test_what_apps_import_of_a_network_stays(tmp_path: Path, name: str) -> None:
    """CloudFormation refuses to change an export that is imported, so the compiler should."""
    before, after = KNOWN_NETWORKS[name]
    shop = {"web": A}
    found, refused = _walk(tmp_path, [_fleet(before, shop=shop), _fleet(after, shop=shop)])
    assert not found
    assert refused
