"""One fleet, compiled by every contender in turn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bench import contenders
from bench.contenders import CDK, COPY, PLAIN, RACKFORM, TROPOSPHERE, Peer
from bench.process import measure
from bench.report import Goal, print_table, ratio_goal
from bench.rounds import Contender, Results, take_turns, wall
from bench.site import Site, volume
from bench.tables import amount, number

# Rounds for fleets of up to so many apps.
ROUNDS = ((10, 20), (100, 10), (1000, 9), (10000, 3))
PATIENCE = 60.0  # seconds that one contender may use up at one size
COUNTED = 100  # apps up to which the resources of peers are counted
GOALS_AT, MEMORY_AT = 1000, 10000  # apps
MEMORY = 300e6  # bytes


class Different(Exception):
    """A peer does not make the resources that rackform makes."""


def compare(binary: Path, site: Site, peers: Sequence[Peer], most: int | None = None) -> Results:
    """Measure a fleet in at most so many rounds, and print what came of it."""
    first = contenders.rackform(binary, site)
    measure(first.command, site.log)
    site.keep(site.out(RACKFORM))
    entered = [first]
    for contender in (contender for peer in peers for contender in peer.enter(site)):
        if contender.out and not site.json.exists():
            site.write_json()
        if contender.out and site.count <= COUNTED:
            _compare_counts(site, contender)
        entered.append(contender)
    entered += contenders.limits(site)
    made: dict[str, tuple[str, str]] = {}
    entered = [_noting(site, contender, made) for contender in entered]
    results = take_turns(entered, rounds(site.count, most), PATIENCE, site.log)
    _print(site, entered, results, made)
    return results


def rounds(count: int, most: int | None = None) -> int:
    """How many rounds a fleet of so many apps is worth, where no more than `most` are asked for."""
    worth = next((number for size, number in ROUNDS if count <= size), 1)
    return min(worth, most or worth)


def goals(of: dict[int, Results]) -> list[Goal]:
    """What is asked of a compile beside the peers, and of its memory."""
    results = of.get(GOALS_AT, Results())

    def ratio(name: str, other: str) -> float | None:
        return results.ratio(name, other, wall)

    apps = f"{GOALS_AT:,} apps"
    peak = of[MEMORY_AT].peak(RACKFORM) if MEMORY_AT in of else None
    return [
        ratio_goal(f"{apps}: faster than the AWS CDK as it comes", ratio(CDK, RACKFORM), least=100),
        ratio_goal(f"{apps}: faster than troposphere", ratio(TROPOSPHERE, RACKFORM), least=10),
        ratio_goal(f"{apps}: faster than the plain script", ratio(PLAIN, RACKFORM), least=1),
        ratio_goal(f"{apps}: time of cp -r", ratio(RACKFORM, COPY), most=3),
        Goal(
            f"{MEMORY_AT:,} apps: memory",
            f"< {amount(MEMORY)}",
            None if peak is None else amount(peak),
            peak is not None and peak < MEMORY,
        ),
    ]


def _compare_counts(site: Site, contender: Contender) -> None:
    """Refuse a peer that makes less or more: its time would say nothing."""
    measure(contender.command, site.log)
    made, asked = _counts(site.out(contender.name)), _counts(site.written)
    contender.after()
    for where in asked:
        kinds = sorted((made[where] | asked[where]).keys() - contender.differs_in)
        told = [
            f"{made[where][kind]} and not {asked[where][kind]} {kind}"
            for kind in kinds
            if made[where][kind] != asked[where][kind]
        ]
        if told:
            raise Different(f"{contender.name}, {where}: {', '.join(told)}")


def _counts(folder: Path) -> dict[str, Counter[str]]:
    command = [sys.executable, "-m", "bench.peers.counts", str(folder)]
    read = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {where: Counter(counts) for where, counts in read.items()}


def _noting(site: Site, contender: Contender, made: dict[str, tuple[str, str]]) -> Contender:
    """Notes how much a contender writes, and for how many racks, before that is removed."""
    out = contender.out
    if out is None:
        return contender

    def after() -> None:
        if contender.name not in made:
            # One template an app; the others are of racks.
            racks = sum(1 for _ in out.rglob(contender.templates)) - site.count
            made[contender.name] = amount(volume(out).size), str(racks)
        contender.after()

    return replace(contender, after=after)


def _print(
    site: Site,
    entered: Sequence[Contender],
    results: Results,
    made: Mapping[str, tuple[str, str]],
) -> None:
    source, output = volume(site.fleet), volume(site.written)
    print(
        f"\n## {number(site.count, 'app')}\n\n"
        f"{number(source.files, 'file')} of {amount(source.size)} come to "
        f"{number(output.files, 'file')} of {amount(output.size)}.\n"
    )
    print_table(entered, results, RACKFORM, ("output", "racks"), made)
