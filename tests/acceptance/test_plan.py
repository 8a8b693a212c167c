"""What `rackform plan` says of changes, before change sets and another differ of templates."""

from __future__ import annotations

import copy
import urllib.request
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import servers
from account import Account
from change_sets import Deployer, Seen, exports_of
from plans import CASES, Case, Change, Changes, Step, planned, planned_exports, template
from stripping import removed_resources, stripped
from template_diffs import diffs, pair

Said = dict[Step, Changes]
Judge = Callable[[str], Said]
Deployments = Callable[[str], dict[Step, Seen]]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    parent = tmp_path_factory.mktemp("plans")
    with ThreadPoolExecutor() as pool:
        return dict(zip(CASES, pool.map(lambda name: Case(name, parent), CASES), strict=True))


@pytest.fixture(scope="module")
def deployed(
    cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployments]:
    """Deploys every stack of every phase of a case, and says what was seen of each."""
    folder = tmp_path_factory.mktemp("ministack")
    with servers.ministack(folder) as server:

        @cache
        def deploy(name: str) -> dict[Step, Seen]:
            urllib.request.urlopen(f"{server.endpoint}/_ministack/reset", data=b"")
            deployer = Deployer(Account(server, folder))
            for stack in cases[name].stacks_before().values():
                deployer.change(stack)
            return {step: deployer.change(after) for step, _, after in cases[name].steps()}

        yield deploy


@pytest.fixture(scope="module")
def change_sets(deployed: Deployments) -> Judge:
    """Says what the change sets of a case said."""
    return lambda name: {step: seen.changes for step, seen in deployed(name).items()}


@pytest.fixture(scope="module")
def differ(cases: dict[str, Case]) -> Judge:
    """Says what the differ finds in the templates of each step."""
    steps = [
        (name, step, pair(before, after))
        for name, case in cases.items()
        for step, before, after in case.steps()
    ]
    found: dict[str, Said] = {name: {} for name in cases}
    for (name, step, _), changes in zip(steps, diffs([one for *_, one in steps]), strict=True):
        found[name][step] = changes
    return found.__getitem__


Difference = tuple[Step, str, Change | None, Change | None]


@pytest.mark.parametrize("name", CASES)
def test_change_sets(name: str, cases: dict[str, Case], change_sets: Judge) -> None:
    hidden = hidden_in(cases[name])
    assert list(differences(cases[name].plan, change_sets(name), hidden)) == []


@pytest.mark.parametrize("name", CASES)
def test_templates(name: str, cases: dict[str, Case], differ: Judge) -> None:
    """The differ knows every type."""
    assert list(differences(cases[name].plan, differ(name))) == []


@pytest.mark.parametrize("name", CASES)
def test_exports(name: str, cases: dict[str, Case], deployed: Deployments) -> None:
    """Values of exports, and who imports them at that moment, as the account has them."""
    case, said = cases[name], planned_exports(cases[name].plan)
    for step, *stacks in case.steps():
        ours, theirs = said.pop(step, {}), deployed(name)[step].exports
        templates = [template(stack) for stack in stacks if stack]
        unseen = (exports_of(body) - exports_of(stripped(body)) for body in templates)
        hidden = set().union(*unseen)
        for export, (what, importers) in list(ours.items()):
            if export in hidden or (what == "maybe_modify" and export not in theirs):
                del ours[export]
            elif what == "maybe_modify":
                ours[export] = ("modify", importers)
        assert ours == theirs, step
    assert not said, "steps that no deployment has"


def differences(
    plan: dict[str, Any], found: Said, hidden: Collection[tuple[str, str]] = ()
) -> Iterator[Difference]:
    """Where the plan says something else than a judge: the step, the resource, and both words."""
    said = planned(plan)
    assert said.keys() <= found.keys(), "a step that no deployment has"
    for step in found:
        ours, theirs = said.get(step, {}), found[step]
        for name in sorted(ours.keys() | theirs.keys()):
            if ours.get(name) != theirs.get(name) and (step.stack, name) not in hidden:
                yield step, name, ours.get(name), theirs.get(name)


def hidden_in(case: Case) -> set[tuple[str, str]]:
    """The resources of each stack that MiniStack doesn't get to see."""
    stacks = [stack for _, *both in case.steps() for stack in both if stack]
    return {
        (stack.name, name)
        for stack in stacks
        for name in removed_resources(template(stack)["Resources"])
    }


# --- that the judges judge ----------------------------------------------------------------------


KINDS = (
    {"change": "add", "replacement": "never"},
    {"change": "remove", "replacement": "never"},
    {"change": "modify", "replacement": "never"},
    {"change": "replace", "replacement": "maybe"},
    {"change": "replace", "replacement": "always"},
)


def test_everything_is_judged(
    cases: dict[str, Case], change_sets: Judge, differ: Judge, deployed: Deployments
) -> None:
    """The judges see everything that a plan can say, and a case without a change."""
    kinds = {(kind["change"], kind["replacement"]) for kind in KINDS}
    for judge in (change_sets, differ):
        steps = [changes for name in CASES for changes in judge(name).values()]
        found = [change for changes in steps for change in changes.values()]
        assert {(change.action, change.replacement) for change in found} == kinds
    seen = [one for name in CASES for one in deployed(name).values()]
    exports = [one for each in seen for one in each.exports.values()]
    assert {(what, bool(importers)) for what, importers in exports} >= {
        ("add", False),
        ("modify", False),
        ("modify", True),
        ("remove", True),
    }
    assert planned(cases["nothing"].plan) == {}


def false_plans(plan: dict[str, Any]) -> Iterator[tuple[dict[str, Any], tuple[str, str]]]:
    """Plans with one thing in them that is not so, with the stack and resource it is said of."""
    for at, entry in enumerate(plan["stacks"]):
        for place, resource in enumerate(entry["resources"]):
            for others in false_resources(resource):
                false = copy.deepcopy(plan)
                false["stacks"][at]["resources"][place : place + 1] = others
                yield false, (entry["stack"], resource["id"])


def false_resources(resource: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """What else a plan could say of a resource without contradicting itself."""
    yield []
    yield [resource, resource | {"id": "Another"}]
    properties = resource["properties"]
    for kind in KINDS:
        if kind.items() <= resource.items():
            continue
        if kind["change"] in ("add", "remove"):
            yield [resource | kind | {"properties": []}]
        else:
            names = [one["name"] for one in properties] or ["Port"]
            said = [{"name": name, "recreates": kind["replacement"]} for name in names]
            yield [resource | kind | {"properties": said}]
    if properties:
        yield [resource | {"properties": [*properties, properties[0] | {"name": "Another"}]}]


@pytest.mark.parametrize("name", ["new-service", "port-without-compute", "instances"])
def test_what_is_not_so_is_found(
    name: str, cases: dict[str, Case], change_sets: Judge, differ: Judge
) -> None:
    case = cases[name]
    hidden = hidden_in(case)
    for plan, resource in false_plans(case.plan):
        assert list(differences(plan, differ(name)))
        assert resource in hidden or list(differences(plan, change_sets(name), hidden))


def test_a_step_that_is_not_taken_is_found(cases: dict[str, Case], differ: Judge) -> None:
    plan = copy.deepcopy(cases["hosts-in-a-circle"].plan)
    plan["stacks"][-1]["phase"] += 1
    with pytest.raises(AssertionError, match="no deployment has"):
        list(differences(plan, differ("hosts-in-a-circle")))
