"""One fleet, compiled by every contender in turn."""

from __future__ import annotations

from pathlib import Path

from bench import contenders
from bench.process import measure
from bench.rounds import Contender, Results, cpu, take_turns, wall
from bench.site import Site, volume
from bench.tables import amount, number, seconds, table, times

# Rounds for fleets of up to so many apps.
ROUNDS = ((10, 20), (100, 10), (1000, 5), (10000, 3))
PATIENCE = 60.0  # seconds that one contender may use up at one size


def compare(binary: Path, shelf: Path, count: int) -> Results:
    """Measure a fleet of so many apps, and print what came of it."""
    site = Site(shelf / str(count), count)
    site.lay_out()
    log = site.folder / "log"
    first = contenders.rackform(binary, site)
    measure(first.command, log)
    site.keep(site.out("rackform"))
    entered = [first, *contenders.limits(site)]
    rounds = next((number for size, number in ROUNDS if count <= size), 1)
    results = take_turns(entered, rounds, PATIENCE, log)
    _print(site, entered, results)
    return results


def _print(site: Site, entered: list[Contender], results: Results) -> None:
    source, output = volume(site.fleet), volume(site.written)
    print(
        f"\n## {number(site.count, 'app')}\n\n"
        f"{number(source.files, 'file')} of {amount(source.size)} come to "
        f"{number(output.files, 'file')} of {amount(output.size)} "
        f"on {number(site.racks(), 'rack')}.\n"
    )
    head = ["", "rounds", "best", "median", "CPU", "peak", "wall", "CPU"]
    rows = [
        [
            contender.name,
            str(len(results.counted(contender.name))),
            seconds(results.best(contender.name)),
            seconds(results.median(contender.name)),
            seconds(results.cpu(contender.name)),
            peak(results, contender.name),
            times(results.ratio(contender.name, contenders.RACKFORM, wall)),
            times(results.ratio(contender.name, contenders.RACKFORM, cpu)),
        ]
        for contender in entered
    ]
    print(table(head, rows), flush=True)


def peak(results: Results, name: str) -> str:
    """Memory. A process begins as a copy of the one that starts it: less than that does not show."""
    least = results.peak(contenders.NOTHING)
    most = results.peak(name)
    return amount(most) if most > least * 1.02 else f"≤ {amount(least)}"
