"""Random walks: edits that are compiled and deployed one after another, at every moment fine.

`WALKS=N` makes so many of them, `make walks N=…` prints what each came to.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from judge.compiler import RACKFORM
from judge.simulator.shrinking import go, report, shrink
from judge.simulator.walk import EDITS, Tally

COUNT = int(os.environ.get("WALKS", "12"))
PARTS = 2
MOST_REFUSED = 1 / 3
SHRINK = 60.0  # seconds

Outcome = Callable[[int], Tally]


@pytest.fixture(scope="class")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Makes the walk of a seed, once; fails if something is wrong on the way."""
    assert RACKFORM.is_file(), f"{RACKFORM} is missing: cargo build"
    folder = tmp_path_factory.mktemp("walks") / "walk"
    done: dict[int, Tally] = {}

    def walk_once(seed: int) -> Tally:
        if seed not in done:
            walk, broken = go(seed, range(EDITS), folder)
            if broken:
                pytest.fail(report(seed, shrink(seed, broken, folder, SHRINK)), pytrace=False)
            done[seed] = walk.tally
        return done[seed]

    return walk_once


class Walks:
    """The walks of a part of the seeds."""

    seeds: range

    def test_walk(self, seed: int, walked: Outcome) -> None:
        """No moment is wrong, and most edits are taken."""
        tally = walked(seed)
        assert tally.edits == EDITS
        assert tally.refusals <= MOST_REFUSED * tally.edits, str(tally)
        assert tally.changes
        assert tally.tried
        assert tally.retries

    def test_walks_come_to_something(self, walked: Outcome) -> None:
        """Some changes take phases, and deployments are what most edits lead to."""
        total = Tally()
        for seed in self.seeds:
            total.add(walked(seed))
        assert total.phased
        assert total.deployments >= 0.7 * total.edits


class TestWalks0(Walks):
    """Every other one."""

    seeds = range(0, COUNT, PARTS)


class TestWalks1(Walks):
    """The rest."""

    seeds = range(1, COUNT, PARTS)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each seed of a part."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", metafunc.cls.seeds)
