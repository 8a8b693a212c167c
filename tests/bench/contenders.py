"""Who takes part: rackform, and what it is held against."""

from __future__ import annotations

from pathlib import Path

from bench.rounds import Contender
from bench.site import Site

RACKFORM = "rackform compile"
COPY = "cp -r, input and output"
COPY_OUTPUT = "cp -r, output alone"
NOTHING = "true"


def rackform(binary: Path, site: Site) -> Contender:
    """A compile from nothing: no lock, no output folder."""
    out = site.out("rackform")
    command = [str(binary), "compile", "--quiet", str(site.fleet), "--out", str(out)]
    return Contender(RACKFORM, command, after=lambda: site.clear("rackform"))


def limits(site: Site) -> list[Contender]:
    """What no compiler can beat: the same files copied, and a process that does nothing."""
    copies = site.out("copies")

    def copy(name: str, *sources: Path) -> Contender:
        command = ["cp", "-r", *map(str, sources), str(copies)]
        return Contender(name, command, copies.mkdir, lambda: site.clear("copies"))

    return [
        copy(COPY, site.fleet, site.written),
        copy(COPY_OUTPUT, site.written),
        Contender(NOTHING, ["true"]),
    ]
