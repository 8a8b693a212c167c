"""Makes a walk that goes wrong shorter, for whoever has to understand it."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

from judge.simulator.walk import Broken, Walk

KIND = re.compile(r"\[([A-Z_]+)\]$")


def go(seed: int, steps: Sequence[int], folder: Path) -> tuple[Walk, Broken | None]:
    """Make a walk; what is wrong with it, if anything is."""
    walk = Walk(seed, folder)
    try:
        walk.go(steps)
    except Broken as broken:
        return walk, broken
    return walk, None


def shrink(seed: int, broken: Broken, folder: Path, seconds: float) -> Broken:
    """Leave out edits for as long as one of the same invariants is violated.

    An edit that is left out changes what later ones do, so nothing says that the walk with the
    fewest edits is found.
    """
    wanted = _kinds(broken)
    end = time.monotonic() + seconds
    size = max(1, len(broken.steps) // 2)
    while size and time.monotonic() < end:
        shorter = None
        for start in range(0, max(1, len(broken.steps) - 1), size):
            steps = [*broken.steps[:start], *broken.steps[start + size :]]
            if time.monotonic() >= end or len(steps) == len(broken.steps):
                break
            _, found = go(seed, steps, folder)
            if found and _kinds(found) & wanted:
                shorter = found
                break
        if shorter:
            broken = shorter
            size = min(size, max(1, len(broken.steps) // 2))
        else:
            size //= 2
    return broken


def _kinds(broken: Broken) -> set[str]:
    found = (KIND.search(line) for line in broken.what)
    return {match[1] for match in found if match} or {"rest"}


def report(seed: int, broken: Broken) -> str:
    """What is wrong, how to see it again, and the fleet before and after the last edit."""
    steps = ",".join(map(str, broken.steps)) or "-"
    lines = [
        *broken.what[:10],
        f"... and {len(broken.what) - 10} more" if len(broken.what) > 10 else "",
        f"the edits: {'; '.join(broken.edits)}",
        f"again: PYTHONPATH=tests python -m judge.simulator {seed} --steps {steps}",
        broken.files,
    ]
    return "\n".join(line for line in lines if line)
