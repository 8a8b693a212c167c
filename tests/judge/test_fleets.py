"""Random fleets: what compiles is judged clean, and what must be refused is refused.

Each is compiled; every third one is then changed, and compiled again with the lock that it has.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from judge.compiler import RACKFORM, Compiled, compile_project, write_files
from judge.judgement import judge
from judge.random_fleets.generator import make_fleet, make_later_fleet
from judge.random_fleets.model import Fleet

SEEDS = range(200)
LEAST_SHARE = 0.8  # of the fleets that are not made to be refused
CHANGED = 3  # one of so many is changed

Outcome = Callable[[int], Compiled]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Writes and compiles the fleet of a seed, once."""
    assert RACKFORM.is_file(), f"{RACKFORM} is missing: cargo build"
    shelf = tmp_path_factory.mktemp("fleets")
    done: dict[int, Compiled] = {}

    def compile_once(seed: int) -> Compiled:
        if seed not in done:
            done[seed] = _compile(make_fleet(seed), shelf / f"fleet{seed}")
        return done[seed]

    return compile_once


def _compile(fleet: Fleet, folder: Path) -> Compiled:
    write_files(folder, fleet.files)
    return compile_project(folder, fleet.variables)


def _judge(fleet: Fleet, compiled: Compiled) -> None:
    """Hold what became of a fleet against what was to become of it."""
    if fleet.mishap:
        assert fleet.mishap in compiled.errors, compiled.said
        assert compiled.errors <= fleet.may_refuse | {fleet.mishap}, compiled.said
    elif compiled.errors:
        assert compiled.errors <= fleet.may_refuse, compiled.said
    else:
        judgement = judge(compiled.project, compiled.output, machine=compiled.machine)
        assert not judgement.findings, "\n".join(map(str, judgement.findings))


class Fleets:
    """The tests of a part of the seeds."""

    seeds: range

    def test_fleet(self, seed: int, outcome: Outcome) -> None:
        """It is judged clean, or refused for what is wrong with it."""
        _judge(make_fleet(seed), outcome(seed))

    def test_changed_fleet(self, changed: int, outcome: Outcome) -> None:
        """So is what it becomes, with its lock and what was written before."""
        if outcome(changed).errors:
            pytest.skip("it was refused")
        later = make_later_fleet(changed)
        folder = outcome(changed).project
        copy = folder.with_name(f"{folder.name}-changed")
        shutil.copytree(folder, copy)
        _judge(later, _compile(later, copy))

    def test_most_compile(self, outcome: Outcome) -> None:
        """Refusals are the exception, or little would be judged."""
        sound = [seed for seed in self.seeds if not make_fleet(seed).mishap]
        compiled = [seed for seed in sound if not outcome(seed).errors]
        assert len(compiled) >= LEAST_SHARE * len(self.seeds)


class TestFleets0(Fleets):
    """Every fourth one."""

    seeds = SEEDS[0::4]


class TestFleets1(Fleets):
    """The next ones."""

    seeds = SEEDS[1::4]


class TestFleets2(Fleets):
    """The next ones."""

    seeds = SEEDS[2::4]


class TestFleets3(Fleets):
    """The last ones."""

    seeds = SEEDS[3::4]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each seed of a part."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", metafunc.cls.seeds)
    if "changed" in metafunc.fixturenames:
        metafunc.parametrize("changed", [s for s in metafunc.cls.seeds if s % CHANGED == 0])


FEATURES: dict[str, Callable[[str], bool]] = {
    "no rackform.yml": lambda text: "racks:" not in text,
    "a rack without a host": lambda text: "racks:" in text and "host:" not in text,
    "two kinds of racks": lambda text: "staging:" in text,
    "an external rack": lambda text: "external: true" in text,
    "compute: none": lambda text: "compute: none" in text,
    "racks with a count": lambda text: "count: 1-3" in text,
    "quotas": lambda text: "quotas:" in text,
    "certificates": lambda text: "certificates:" in text,
    "an internal router": lambda text: "Internal: Yes" in text,
    "both routers": lambda text: "internalAndExternal" in text,
    "rules on port 80": lambda text: "RedirectHttps: No" in text,
    "InternalDomains: No": lambda text: "InternalDomains: No" in text,
    "no public router": lambda text: "InternalOnly: Yes" in text,
    "no port 80": lambda text: "DisableALBPort80: Yes" in text,
    "ports of network balancers": lambda text: "nlb:" in text,
    "a network that is brought": lambda text: "vpc:" in text,
    "agents": lambda text: "agent: true" in text,
    "instances": lambda text: "FargateServices: No" in text,
    "gRPC": lambda text: "grpc:" in text,
    "wildcards": lambda text: '"*.' in text,
    "question marks": lambda text: "-?." in text,
    "variables": lambda text: "${" in text,
    "merges": lambda text: "<<:" in text,
    "twelve apps": lambda text: text.count("services:") == 12,
}


@pytest.mark.parametrize("feature", FEATURES)
def test_feature_is_there(feature: str) -> None:
    """Some of the fleets have it; a generator that loses one would prove less every day."""
    texts = ("\n".join(make_fleet(seed).files.values()) for seed in SEEDS)
    assert any(FEATURES[feature](text) for text in texts)


def test_mishaps_are_there() -> None:
    """Each kind of fleet that must be refused is among them."""
    found = {make_fleet(seed).mishap for seed in SEEDS} - {None}
    assert found == {"RF0404", "RF0406", "RF0408", "RF0410"}
