"""Reasoning about orders, held against trying all of them, on small updates drawn at random."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from judge.simulator import demands as demands_module
from judge.simulator.deployment import Deployment
from judge.simulator.drawing import (
    LISTED,
    attachment,
    certificate,
    changed,
    group,
    project,
    ref,
    rule,
)
from judge.simulator.moments import violations
from judge.simulator.stages import Stage, Way
from judge.simulator.trial import every_moment, look, one_way
from judge.simulator.violations import Fault, Invariant

DRAWS = 300
MOST = 8  # changes that can be tried in every order
HOSTS = ("a.x.org", "b.x.org", "c.org", "*.x.org", "*.org")


def _state(rng: random.Random, names: list[str]) -> dict[str, Any]:
    tags = [{"Key": "App", "Value": "a"}]
    resources: dict[str, Any] = {}
    for name, service in (("G", "api"), ("H", "web"), ("I", "job")):
        tag = {"Key": "Service", "Value": service}
        resources[name] = group(rng.choice([1, 1, 1, 2]), Tags=[*tags, tag])
    for name in names:
        if rng.random() < 0.8:
            earlier = [other for other in names if other < name and other in resources]
            after = rng.sample(earlier, 1) if earlier and rng.random() < 0.4 else []
            hosts = rng.sample(HOSTS, rng.randint(1, 2))
            on = "B" if rng.random() < 0.1 else "A"
            number = rng.randint(1, 9)
            resources[name] = rule(number, *hosts, to=rng.choice("GGHHI"), on=on, after=after)
    resources["C"], resources["D"] = certificate("*.x.org"), certificate("a.x.org", "c.org")
    for name in "LM":
        if rng.random() < 0.6:
            resources[name] = attachment(ref(rng.choice("CD")))
    return resources


def _draw(seed: int) -> Deployment:
    rng = random.Random(f"orders {seed}")
    # Names in another order later: what waited for another one may now be waited for.
    names = ["W", "X", "Y", "Z"][: rng.randint(2, 4)]
    return changed(_state(rng, names), _state(rng, names))


@pytest.fixture(autouse=True)
def _few_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quota of target groups that two services meet."""
    monkeypatch.setattr(demands_module, "GROUPS", 2)


def _tried(deployment: Deployment) -> dict[Fault, Way]:
    found: dict[Fault, Way] = {}
    demands = deployment.demands(project(rules=3, certificates=1), LISTED)
    (update,) = deployment.updates
    assert demands is not None
    at_first = look(update.before.things, update.before.things, demands)
    for way, things, start in every_moment(update):
        for fault in look(things, start, demands) - at_first:
            found[fault] = min(way, found.get(fault, way))
    return found


def test_reasoning_is_trying() -> None:
    """The same faults, reached in the same way; and all that can be found is found somewhere."""
    seen: Counter[Invariant] = Counter()
    ways: Counter[Way] = Counter()
    for seed in range(DRAWS):
        deployment = _draw(seed)
        if not deployment.updates or len(deployment.updates[0].puts) > MOST:
            continue
        (update,) = deployment.updates
        demands = deployment.demands(project(rules=3, certificates=1), LISTED)
        assert demands is not None
        at_first = look(update.before.things, update.before.things, demands)
        moments = {v.fault: v.moment for v in violations(update, demands)}
        reasoned = moments.keys() - at_first
        tried = _tried(deployment)
        assert reasoned == tried.keys(), seed
        for fault, way in tried.items():
            assert ("taken back" in moments[fault]) == (way is not Way.FORWARD), (seed, fault)
            assert ("another order" in moments[fault]) == (way is Way.BACK_ANYHOW), (seed, fault)
            seen[fault.invariant] += 1
            ways[way] += 1
    assert set(ways) == set(Way)
    # What one stack's update can do to routing, but for what needs other stacks.
    assert set(seen) == {
        Invariant.PRIORITY,
        Invariant.RULES,
        Invariant.GROUPS,
        Invariant.CERTIFICATES,
        Invariant.TWO_BALANCERS,
        Invariant.UNANSWERED,
        Invariant.WRONG_SERVICE,
        Invariant.THIRD_SERVICE,
        Invariant.UNCOVERED,
    }


def test_one_way_is_among_all_ways() -> None:
    """A single order finds nothing that reasoning does not."""
    for seed in range(DRAWS // 4):
        deployment = _draw(seed)
        demands = deployment.demands(project(rules=3, certificates=1), LISTED)
        if demands is None:
            continue
        (update,) = deployment.updates
        at_first = look(update.before.things, update.before.things, demands)
        reasoned = {violation.fault for violation in violations(update, demands)}
        for _, things, start in one_way(update, random.Random(seed)):
            assert look(things, start, demands) <= reasoned | at_first, seed


def test_many_changes_are_counted_too() -> None:
    """Beyond what can be tried in all sets, a count that two changes make is found."""
    names = [f"G{at}" for at in range(20)]
    before = {name: group() for name in names} | {
        f"R{at}": rule(at + 1, f"r{at}.org", to=names[at]) for at in range(20)
    }
    # Each rule goes on to the next group: all sets of changes but none and all of them lose some.
    after = before | {
        f"R{at}": rule(at + 1, f"r{at}.org", to=names[(at + 1) % 20]) for at in range(20)
    }
    deployment = changed(before, after | {"New": rule(99, "new.org", to="H"), "H": group()})
    demands = deployment.demands(project(), LISTED)
    assert demands is not None
    (update,) = deployment.updates
    stage = Stage(update.before.things, update.puts, may_fail=True)
    assert len(stage.changes) == 22
    found = {violation.invariant for violation in violations(update, demands)}
    assert found == {Invariant.GROUPS}
