"""What `rackform plan` says of changes, before change sets and another differ of templates."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import servers
from account import Account
from change_sets import Deployer
from plans import CASES, Case, Changes, Step, planned
from project import Stack
from servers import Server
from stripping import removed_resources
from template_diffs import diffs, pair


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    parent = tmp_path_factory.mktemp("plans")
    return {name: Case(name, parent) for name in CASES}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with servers.ministack(tmp_path_factory.mktemp("ministack")) as server:
        yield server


@pytest.fixture(scope="module")
def differ(cases: dict[str, Case]) -> dict[tuple[str, Step], Changes]:
    """What the differ says of each step of each case."""
    steps = [
        ((name, step), pair(before, after))
        for name, case in cases.items()
        for step, before, after in case.steps()
    ]
    found = diffs([templates for _, templates in steps])
    return dict(zip((key for key, _ in steps), found, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_change_sets(name: str, cases: dict[str, Case], server: Server, tmp_path: Path) -> None:
    """Every stack of every phase is deployed; its change set does what the plan says."""
    urllib.request.urlopen(f"{server.endpoint}/_ministack/reset", data=b"")
    case = cases[name]
    deployer = Deployer(Account(server, tmp_path))
    for stack in case.stacks_before().values():
        deployer.change(stack)
    plan = planned(case.plan)
    for step, before, after in case.steps():
        said, removed = plan.pop(step, {}), taken_out(before, after)
        said = {name: change for name, change in said.items() if name not in removed}
        found = deployer.change(after)
        assert said == {name: change for name, change in found.items() if name not in removed}, step
    assert not plan, "steps that no deployment has"


def taken_out(*stacks: Stack | None) -> set[str]:
    """What MiniStack doesn't get to see."""
    return {name for stack in stacks if stack for name in removed_resources(stack.body()["Resources"])}


@pytest.mark.parametrize("name", CASES)
def test_templates(
    name: str, cases: dict[str, Case], differ: dict[tuple[str, Step], Changes]
) -> None:
    """The differ knows all types, and says of each step what the plan says."""
    plan = planned(cases[name].plan)
    for step, _, _ in cases[name].steps():
        assert plan.pop(step, {}) == differ[name, step], step
    assert not plan, "steps that no deployment has"
