"""Contenders that take turns, so that what slows the machine down slows all of them down."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.process import Usage, measure


def nothing() -> None:
    """No preparation."""


@dataclass(frozen=True)
class Contender:
    """A command that is measured, and what is done around it while no clock runs."""

    name: str
    command: Sequence[str]
    before: Callable[[], None] = nothing
    after: Callable[[], None] = nothing
    times: int = 1  # runs in a round, whose costs are added up
    out: Path | None = None  # where it writes templates
    templates: str = ""  # what their names look like
    differs_in: frozenset[str] = frozenset()  # kinds of resources that it makes more or fewer of


@dataclass
class Results:
    """What each contender used, round by round. Round 0 warms caches up."""

    rounds: dict[str, list[Usage]] = field(default_factory=dict)

    def counted(self, name: str) -> list[Usage]:
        """The rounds that count: all but the first, where there is more than one."""
        usages = self.rounds.get(name, [])
        return usages[1:] or usages

    def best(self, name: str) -> float:
        """The shortest wall time, in seconds."""
        return min(usage.wall for usage in self.counted(name))

    def median(self, name: str) -> float:
        """The median of the wall times, in seconds."""
        return statistics.median(usage.wall for usage in self.counted(name))

    def cpu(self, name: str) -> float:
        """The median of the processor's work, in seconds."""
        return statistics.median(usage.cpu for usage in self.counted(name))

    def peak(self, name: str) -> int:
        """The most memory of any round, in bytes."""
        return max(usage.peak for usage in self.counted(name))

    def ratio(self, name: str, other: str, of: Callable[[Usage], float]) -> float | None:
        """How many times as much of something one uses as the other: the median of the ratios
        within the rounds that both ran in. None: they never met."""
        pairs = list(zip(self.rounds.get(name, []), self.rounds.get(other, []), strict=False))
        pairs = pairs[1:] or pairs
        if not pairs:
            return None
        return statistics.median(of(usage) / max(of(beside), 1e-6) for usage, beside in pairs)


def wall(usage: Usage) -> float:
    """Wall time, for `Results.ratio`."""
    return usage.wall


def cpu(usage: Usage) -> float:
    """Work of the processor, for `Results.ratio`."""
    return usage.cpu


def take_turns(contenders: Sequence[Contender], rounds: int, patience: float, log: Path) -> Results:
    """Measure all of them in turn, in so many rounds after the one that warms up.

    Who has used up the seconds of `patience` sits out the rest: a slow one needs fewer rounds.
    """
    results = Results()
    spent = dict.fromkeys((contender.name for contender in contenders), 0.0)
    for number in range(rounds + 1):
        for contender in contenders:
            if spent[contender.name] < patience:
                _tell(f"round {number} of {rounds}: {contender.name}")
                usage = _turn(contender, log)
                spent[contender.name] += usage.wall
                results.rounds.setdefault(contender.name, []).append(usage)
    _tell("")
    return results


def _tell(text: str) -> None:
    """What goes on, on a line of a terminal that is overwritten."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _turn(contender: Contender, log: Path) -> Usage:
    usages = []
    for _ in range(contender.times):
        contender.before()
        try:
            usages.append(measure(contender.command, log))
        finally:
            contender.after()
    return Usage(
        sum(usage.wall for usage in usages),
        sum(usage.cpu for usage in usages),
        max(usage.peak for usage in usages),
    )
