"""Where a fleet of one size is compiled: its input, what rackform made of it, and copies."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.fleets import write_fleet
from bench.process import measure

LOCK = "rackform.lock"


@dataclass(frozen=True)
class Volume:
    """Files of a folder."""

    files: int
    size: int  # bytes in them


@dataclass(frozen=True)
class Site:
    """A folder for one size of fleet. Everything in it is on one file system."""

    folder: Path
    count: int

    @property
    def fleet(self) -> Path:
        """rackform.yml and the manifests."""
        return self.folder / "fleet"

    @property
    def json(self) -> Path:
        """The fleet with every default filled in, for peers that are not asked to read YAML."""
        return self.folder / "fleet.json"

    @property
    def written(self) -> Path:
        """What rackform wrote, kept to be copied: the output folder, and the lock."""
        return self.folder / "written"

    def out(self, name: str) -> Path:
        """The output folder of a contender."""
        return self.folder / "out" / name

    def lay_out(self) -> None:
        """Write the fleet."""
        (self.folder / "out").mkdir(parents=True)
        write_fleet(self.fleet, self.count)

    def write_json(self) -> None:
        """Write the fleet in JSON as well; needs PyYAML."""
        command = [sys.executable, "-m", "bench.peers.manifests", str(self.fleet), str(self.json)]
        measure(command, self.log)

    @property
    def log(self) -> Path:
        """What the last process said."""
        return self.folder / "log"

    def clear(self, name: str) -> None:
        """Put aside what a contender has written, and remove the lock."""
        self.put_aside(name)
        (self.fleet / LOCK).unlink(missing_ok=True)

    def put_aside(self, name: str) -> None:
        """Put an output where it is in nobody's way. To delete it would slow down who comes next:
        some file systems search long for room for a file after many have gone."""
        aside = self.folder / "aside"
        aside.mkdir(exist_ok=True)
        if self.out(name).exists():
            self.out(name).rename(aside / str(sum(1 for _ in aside.iterdir())))

    def keep(self, output: Path) -> None:
        """Keep an output of rackform, and the lock that goes with it."""
        self.written.mkdir()
        output.rename(self.written / "build")
        (self.fleet / LOCK).rename(self.written / LOCK)


def volume(folder: Path) -> Volume:
    """How much there is below a folder."""
    sizes = list(_sizes(folder))
    return Volume(len(sizes), sum(sizes))


def _sizes(folder: Path) -> Iterator[int]:
    return (path.stat().st_size for path in folder.rglob("*") if path.is_file())
