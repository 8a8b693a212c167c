"""What is printed: a table of contenders, and each goal with what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.contenders import NOTHING
from bench.rounds import Contender, Results, cpu, wall
from bench.tables import amount, seconds, table, times

HEAD = ("", "rounds", "best", "median", "CPU", "peak memory")


@dataclass(frozen=True)
class Goal:
    """Something to be reached, and how far that is."""

    text: str
    asked: str
    measured: str | None  # None: what it needs did not take part
    is_met: bool = False

    @property
    def verdict(self) -> str:
        """In a word or two."""
        return "not measured" if self.measured is None else "met" if self.is_met else "not met"


def ratio_goal(text: str, ratio: float | None, least: float = 0.0, most: float = 0.0) -> Goal:
    """A ratio that shall be at least, or at most, so much."""
    asked = f"≥ {times(least)}" if least else f"≤ {times(most)}"
    if ratio is None:
        return Goal(text, asked, None)
    return Goal(text, asked, times(ratio), ratio >= least if least else ratio <= most)


def print_table(
    entered: Sequence[Contender],
    results: Results,
    base: str,
    more: Sequence[str] = (),
    cells: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """A row a contender, with multiples of what `base` used in the same rounds.

    `more` are further columns, and `cells` what stands in them.
    """
    head = [*HEAD, f"wall ÷ {base}", f"CPU ÷ {base}", *more]
    rows = [
        [
            contender.name,
            str(len(results.counted(contender.name))),
            seconds(results.best(contender.name)),
            seconds(results.median(contender.name)),
            seconds(results.cpu(contender.name)),
            _peak(results, contender.name),
            times(results.ratio(contender.name, base, wall)),
            times(results.ratio(contender.name, base, cpu)),
            *(cells or {}).get(contender.name, ("",) * len(more)),
        ]
        for contender in entered
    ]
    print(table(head, rows), flush=True)


def _peak(results: Results, name: str) -> str:
    """Memory. A process begins as a copy of the one that starts it: less than that hides."""
    least = results.peak(NOTHING)
    most = results.peak(name)
    return amount(most) if most > least * 1.02 else f"≤ {amount(least)}"


def print_goals(goals: Sequence[Goal]) -> None:
    """Each goal, what was measured, and whether that is enough."""
    rows = [[goal.text, goal.asked, goal.measured or "", goal.verdict] for goal in goals]
    print("\n## Goals\n")
    print(table(["", "asked", "measured", ""], rows), flush=True)
