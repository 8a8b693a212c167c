"""Which moments there are while a list of changes is worked off, in any order that may be chosen.

A moment is a set of changes that are done. Going forward it holds, with a change, all that come
before it. When one of the changes fails, CloudFormation takes back what it has changed and deletes
last what it has made. It takes back in the reverse order; AWS promises no order, so what only
another one would meet is told too, as something that nobody promises.

A fault is a few conditions, each on one change: this one is done, that one is not. Such a
conjunction is met at some moment exactly if it is met at the smallest one that has what must be
done. So no order need be tried, and none is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from judge.simulator.updates import Change
from judge.simulator.violations import Fault
from judge.simulator.world import Thing


class Way(IntEnum):
    """How a moment is reached; the first that there is tells most."""

    FORWARD = 0
    BACK = 1  # after a failure, in the reverse order
    BACK_ANYHOW = 2  # after a failure, in any order


class Condition(NamedTuple):
    """That a change is done, or that it is not."""

    change: int
    is_done: bool


Finding = tuple[Fault, Iterable[Condition]]  # what is wrong where all of these hold


@dataclass(frozen=True)
class Version:
    """A resource with properties that it has at some moments; without a condition, at all."""

    thing: Thing
    condition: Condition | None = None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The condition, if there is one."""
        return (self.condition,) if self.condition else ()


class Stage:
    """Changes that are worked off, in a world in which nothing else changes meanwhile."""

    def __init__(
        self, things: Mapping[str, Thing], changes: list[Change], *, may_fail: bool
    ) -> None:
        self.changes = changes
        self.ways = tuple(Way) if may_fail else (Way.FORWARD,)
        self._before = [frozenset([at, *change.after]) for at, change in enumerate(changes)]
        touched = {str(thing.name) for c in changes for thing in (c.old, c.new) if thing}
        self.versions = [Version(thing) for name, thing in things.items() if name not in touched]
        self.changed: list[Version] = []
        # Where a resource is: None at all moments, or while a condition holds.
        self.presence: dict[str, Condition | None] = dict.fromkeys(things)
        for at, change in enumerate(changes):
            if change.old:
                self.changed.append(Version(change.old, Condition(at, False)))
            if change.new:
                self.changed.append(Version(change.new, Condition(at, True)))
            if change.old is None and change.new:
                self.presence[change.new.name] = Condition(at, True)
            if change.new is None and change.old:
                self.presence[change.old.name] = Condition(at, False)
        self.versions += self.changed

    def when(self, conditions: Iterable[Condition]) -> Way | None:
        """How a moment is reached at which all conditions hold; None if there is none."""
        done = {at for at, is_done in conditions if is_done}
        left = {at for at, is_done in conditions if not is_done}
        if done & left:
            return None
        return next((way for way in self.ways if self._is_met(way, done, left)), None)

    def _is_met(self, way: Way, done: set[int], left: set[int]) -> bool:
        needed = self._with_earlier(done)
        if way is Way.FORWARD:
            return not needed & left
        # What was made stays until all that was changed is taken back.
        if any(self.changes[at].is_made for at in needed & left):
            return False
        if way is Way.BACK_ANYHOW:
            return True
        changed = {at for at in done if not self.changes[at].is_made}
        return not self._with_earlier(changed) & left

    def _with_earlier(self, done: set[int]) -> frozenset[int]:
        return frozenset().union(*(self._before[at] for at in done))

    def tell(self, way: Way, conditions: Iterable[Condition]) -> str:
        """A moment in words."""
        done = sorted({str(self.changes[at]) for at, is_done in conditions if is_done})
        left = sorted({str(self.changes[at]) for at, is_done in conditions if not is_done})
        words = f"once {' and '.join(done)}" if done else "early"
        words += f", before {' and '.join(left)}" if left else ""
        endings = ("", ", when that is taken back", ", if it is taken back in another order")
        return words + endings[way]

    def absent(self, versions: Iterable[Version]) -> list[Condition] | None:
        """The conditions under which none of some versions is there.

        None if there is always one of them.
        """
        found = set()
        for version in versions:
            if version.condition is None:
                return None
            found.add(Condition(version.condition.change, not version.condition.is_done))
        # Before a change and after it: a resource has one of its versions at any moment.
        if len({condition.change for condition in found}) < len(found):
            return None
        return sorted(found)
