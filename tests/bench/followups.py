"""What else is asked of rackform: to start, one app changed, one thread, ten times the apps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import contenders
from bench.contenders import NOTHING, RACKFORM
from bench.process import measure
from bench.report import Goal, print_table, ratio_goal
from bench.rounds import Contender, Results, take_turns, wall
from bench.site import LOCK, Site
from bench.sizes import PATIENCE, rounds
from bench.tables import number, seconds

REPOSITORY = Path(__file__).resolve().parents[2]
STARTS = 40  # rounds
START = 0.010  # seconds
VERSION, SHOP = "rackform --version", "rackform compile examples/shop"
FULL, LOCKED = "no lock, no output", "a lock, no output"
AGAIN, CHANGED = "nothing changed", "one app changed"
CHECK, PLAN = "rackform check", "rackform plan"
ALL, ONE = "all processors", "one processor"


def start(binary: Path, shelf: Path, most: int | None) -> Goal:
    """How long it takes until rackform begins, and until a small example is done."""
    folder, out = shelf / "shop", shelf / "shop-out"
    shutil.copytree(REPOSITORY / "examples" / "shop", folder)
    compile_shop = [str(binary), "compile", "--quiet", str(folder), "--out", str(out)]
    entered = [
        Contender(NOTHING, ["true"]),
        Contender(VERSION, [str(binary), "--version"]),
        Contender(SHOP, compile_shop, after=lambda: shutil.rmtree(out)),
    ]
    results = _report("Start", entered, VERSION, min(STARTS, most or STARTS), shelf)
    median = results.median(VERSION)
    return Goal("start", f"< {seconds(START)}", seconds(median), median < START)


def change(binary: Path, shelf: Path, count: int, most: int | None) -> Goal:
    """A compile after one app has changed, beside full ones."""
    full, locked, again, changed = (
        _compiled(binary, Site(shelf / f"change-{name}", count))
        for name in ("full", "locked", "again", "changed")
    )

    def command(site: Site) -> list[str]:
        return list(contenders.rackform(binary, site).command)

    full.clear(RACKFORM)
    locked.put_aside(RACKFORM)
    edit = _Edit(changed, command(changed))
    build = str(again.out(RACKFORM))
    entered = [
        Contender(FULL, command(full), after=lambda: full.clear(RACKFORM)),
        Contender(LOCKED, command(locked), after=lambda: locked.put_aside(RACKFORM)),
        Contender(CHANGED, command(changed), edit.make, edit.undo),
        Contender(AGAIN, command(again)),
        Contender(CHECK, [str(binary), "check", "--quiet", str(again.fleet)]),
        Contender(PLAN, [str(binary), "plan", "--quiet", str(again.fleet), "--out", build]),
        Contender(NOTHING, ["true"]),
    ]
    title = f"{number(count, 'app')}, compiled again"
    results = _report(title, entered, LOCKED, rounds(count, most), shelf)
    text = f"{number(count, 'app')}: one changed, of a full compile with the same lock"
    return ratio_goal(text, results.ratio(CHANGED, LOCKED, wall), most=0.5)


def threads(binary: Path, site: Site, most: int | None) -> None:
    """A full compile on every processor, and on one."""
    if not hasattr(os, "sched_setaffinity"):
        return
    everywhere = os.sched_getaffinity(0)
    contender = contenders.rackform(binary, site)

    def after() -> None:
        os.sched_setaffinity(0, everywhere)
        contender.after()

    entered = [
        replace(contender, name=ALL),
        replace(
            contender,
            name=ONE,
            before=lambda: os.sched_setaffinity(0, {min(everywhere)}),
            after=after,
        ),
        Contender(NOTHING, ["true"]),
    ]
    title = f"{number(site.count, 'app')} on {number(len(everywhere), 'processor')}"
    _report(title, entered, ALL, rounds(site.count, most), site.folder)


def proportion(binary: Path, sites: dict[int, Site], most: int | None) -> Goal:
    """The largest fleet beside ten compiles of a tenth of it."""
    text, limit = "ten times the apps: cost of ten compiles", 1.15
    pairs = [count for count in sites if count % 10 == 0 and count // 10 in sites]
    if not pairs:
        return ratio_goal(text, None, most=limit)
    large = max(pairs)
    small = large // 10
    whole, tenths = f"{large:,} apps", f"ten times {number(small, 'app')}"
    entered = [
        replace(contenders.rackform(binary, sites[large]), name=whole),
        replace(contenders.rackform(binary, sites[small]), name=tenths, times=10),
        Contender(NOTHING, ["true"]),
    ]
    results = _report("Proportion", entered, tenths, rounds(large, most), sites[large].folder)
    ratio = results.ratio(whole, tenths, wall)
    return ratio_goal(f"{whole}: cost of {tenths}", ratio, most=limit)


class _Edit:
    """One more domain in one app, and the way back."""

    def __init__(self, site: Site, compile_again: Sequence[str]) -> None:
        self.site, self.compile_again = site, compile_again
        self.lock = (site.fleet / LOCK).read_bytes()
        self.manifest, self.text = next(
            (path, text)
            for path in sorted(site.fleet.glob("apps/*/convox.yml"))
            if "    domain:\n" in (text := path.read_text(encoding="utf-8"))
        )

    def make(self) -> None:
        """Write the domain into the manifest."""
        line = f'    domain:\n      - "added.{self.manifest.parent.name}.example.com"\n'
        text = self.text.replace("    domain:\n", line, 1)
        self.manifest.write_text(text, encoding="utf-8")

    def undo(self) -> None:
        """Take it out again, with what came of it."""
        if (self.site.fleet / LOCK).read_bytes() == self.lock:
            raise AssertionError("a domain more must change the lock")
        self.manifest.write_text(self.text, encoding="utf-8")
        (self.site.fleet / LOCK).write_bytes(self.lock)
        measure(self.compile_again, self.site.log)


def _compiled(binary: Path, site: Site) -> Site:
    site.lay_out()
    measure(contenders.rackform(binary, site).command, site.log)
    return site


def _report(
    title: str, entered: Sequence[Contender], base: str, many: int, folder: Path
) -> Results:
    results = take_turns(entered, many, PATIENCE, folder / "log")
    print(f"\n## {title}\n")
    print_table(entered, results, base)
    return results
