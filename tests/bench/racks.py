"""How many racks fleets are placed on, how many at least are needed, and how many Convox opens."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.fleets import write_fleet
from bench.peers.manifests import read_fleet
from bench.tables import number, table

SIZES, SEEDS = (50, 200, 1000), (1, 2, 3)
RULES, GROUPS = 100, 100  # AWS's quotas of a router


def print_racks(binary: Path, shelf: Path, most: int) -> None:
    """A row for each fleet of at most so many apps, placed from scratch with no headroom."""
    rows = [_row(binary, shelf, count, seed) for count in SIZES if count <= most for seed in SEEDS]
    if rows:
        print("\n## Racks\n")
        head = ["headroom 0", "rackform", "at least", "Convox, first fit"]
        print(table(head, rows), flush=True)


def _row(binary: Path, shelf: Path, count: int, seed: int) -> list[str]:
    with tempfile.TemporaryDirectory(dir=shelf) as scratch:
        folder = Path(scratch)
        write_fleet(folder, count, seed, headroom=0)
        command = [str(binary), "check", "--verbose", str(folder)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
        needed = first_fit([_convox_demand(app) for app in read_fleet(folder)])
    used = re.search(r"^(\d+) racks? and", said, re.MULTILINE)
    bound = re.search(r"no fewer than (\d+) racks?", said)
    title = f"{number(count, 'app')}, seed {seed}"
    return [title, used[1] if used else "?", bound[1] if bound else "?", str(needed)]


def _convox_demand(app: dict[str, Any]) -> Counter[str]:
    """What Convox asks of routers for an app: a rule a host. Its certificates are not counted."""
    asked: Counter[str] = Counter()
    for service in app["services"]:
        if service["port"]:
            router = "internal" if service["internal"] else "public"
            asked[f"{router} rules"] += len(set(service["domains"])) + 2
            asked[f"{router} groups"] += 1
    return asked


def first_fit(apps: Sequence[Counter[str]]) -> int:
    """Racks for such demands, the largest first, each on the first rack with room for it."""
    racks: list[Counter[str]] = []
    for app in sorted(apps, key=lambda app: -app.total()):
        for rack in racks:
            if all((rack + app)[key] <= _quota(key) for key in app):
                rack.update(app)
                break
        else:
            racks.append(Counter(app))
    return len(racks)


def _quota(key: str) -> int:
    return RULES if key.endswith("rules") else GROUPS
