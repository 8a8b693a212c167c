"""What a load balancer holds at most, at any moment of an update."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Iterator

from judge.simulator.demands import Demands
from judge.simulator.kinds import ATTACHMENT, RULE
from judge.simulator.stages import Condition, Finding, Stage, Version, Way
from judge.simulator.violations import Fault, Invariant
from judge.simulator.world import Thing

EVERY = 12  # up to so many changes that bear on a count, all of their sets are tried
DRAWN = 300  # sets that are drawn beyond that


def rules(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """Rules are made and changed before any is deleted, so there are most of them in the end."""
    made: dict[str, list[Condition]] = defaultdict(list)
    for at, change in enumerate(stage.changes):
        if change.is_made and change.new and change.new.kind == RULE:
            made[demands.balancer(change.new)].append(Condition(at, True))
    for balancer, conditions in sorted(made.items()):
        here = {
            v.thing.name
            for v in stage.versions
            if v.thing.kind == RULE and demands.balancer(v.thing) == balancer
        }
        if len(here) > (most := demands.quotas(balancer).rules):
            yield too_many(Invariant.RULES, balancer, most), conditions


def too_many(invariant: Invariant, balancer: str, most: int) -> Fault:
    """The fault of a load balancer that holds more than its quota."""
    return Fault(invariant, f"{balancer} has more than {most} {invariant.name.lower()}")


def groups(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """Target groups that a load balancer forwards to."""
    return _counted(stage, demands, Invariant.GROUPS, lambda thing: thing.groups)


def certificates(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """Certificates that are attached; default ones do not count."""
    return _counted(
        stage,
        demands,
        Invariant.CERTIFICATES,
        lambda thing: thing.certificates if thing.kind == ATTACHMENT else (),
    )


def _counted(
    stage: Stage,
    demands: Demands,
    invariant: Invariant,
    items: Callable[[Thing], tuple[str, ...]],
) -> Iterator[Finding]:
    held: dict[str, list[Version]] = defaultdict(list)
    touched = {demands.balancer(v.thing) for v in stage.changed if items(v.thing)}
    for version in stage.versions:
        if items(version.thing) and (place := demands.balancer(version.thing)) in touched:
            held[place].append(version)
    for balancer, versions in held.items():
        quotas = demands.quotas(balancer)
        most = quotas.groups if invariant is Invariant.GROUPS else quotas.certificates
        started = {
            item
            for version in versions
            if version.condition is None or not version.condition.is_done
            for item in items(version.thing)
        }
        # AWS refuses what adds to too many, not what leaves too many.
        if (too := _most(stage, versions, items, max(most, len(started)))) is not None:
            yield too_many(invariant, balancer, most), too


def _most(
    stage: Stage,
    versions: list[Version],
    items: Callable[[Thing], tuple[str, ...]],
    most: int,
) -> list[Condition] | None:
    """A moment at which there are more different items than there may be.

    If all items of before and after together are few enough, there is none. Else all sets of
    changes that bear on the count are tried, or of many changes each that begins with few of them,
    ends with few of them, or is drawn: then a moment that no small number of changes makes could
    be missed.
    """
    if len({item for version in versions for item in items(version.thing)}) <= most:
        return None
    changes = sorted({v.condition.change for v in versions if v.condition})
    met: dict[Way, list[Condition]] = {}
    for done in _sets(changes):
        conditions = [Condition(change, change in done) for change in changes]
        there = {
            item
            for version in versions
            if version.condition is None
            or version.condition.is_done == (version.condition.change in done)
            for item in items(version.thing)
        }
        if len(there) > most and (way := stage.when(conditions)) is not None:
            met.setdefault(way, conditions)
            if way is Way.FORWARD:
                break
    return met[min(met)] if met else None


def _sets(changes: list[int]) -> Iterator[frozenset[int]]:
    if len(changes) <= EVERY:
        for count in range(len(changes) + 1):
            yield from map(frozenset, itertools.combinations(changes, count))
        return
    yield frozenset(changes)
    for count in (1, 2):
        for some in itertools.combinations(changes, count):
            yield frozenset(some)
            yield frozenset(changes) - frozenset(some)
    rng = random.Random(len(changes))
    for _ in range(DRAWN):
        yield frozenset(rng.sample(changes, rng.randint(1, len(changes))))
