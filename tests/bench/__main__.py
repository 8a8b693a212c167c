"""`python -m bench target/shipped/release/rackform`: what whole processes cost, size by size.

Exit codes: 0 measured, 1 a goal is not met and `--strict` is said, 2 something is not installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import re
import signal
import sys
import tempfile
from pathlib import Path

from bench import followups, sizes
from bench.contenders import PEERS
from bench.report import print_goals
from bench.site import Site
from bench.tables import number

REPOSITORY = Path(__file__).resolve().parents[2]
SIZES = (1, 10, 100, 1000, 10000)
MOST_CHANGED = 1000  # apps of the fleet in which one is changed


def main() -> int:
    """Measure what the command line asks for."""
    options = _options()
    binary = options.binary.resolve()
    peers = [peer for peer in PEERS if peer.name in options.peers]
    lacking = sorted({lack for peer in peers if (lack := peer.lacks())})
    if lacking:
        print(f"not installed: {', '.join(lacking)}; `make bench` installs them", file=sys.stderr)
        return 2
    print(f"# {_machine()}")
    most = {peer.name: peer.most for peer in PEERS} | dict(options.most)
    shelf = REPOSITORY / "target"
    shelf.mkdir(exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that folders are removed
    # Not in the system's folder for temporary files, which may be memory and not a disk.
    with tempfile.TemporaryDirectory(prefix="bench-", dir=shelf) as scratch:
        os.environ["XDG_CACHE_HOME"] = str(Path(scratch, "cache"))  # what rackform remembers
        goals = [followups.start(binary, Path(scratch), options.rounds)]
        sites, results = {}, {}
        for count in sorted(set(options.apps)):
            sites[count] = Site(Path(scratch, str(count)), count)
            sites[count].lay_out()
            joining = [peer for peer in peers if count <= most[peer.name]]
            results[count] = sizes.compare(binary, sites[count], joining, options.rounds)
        goals += sizes.goals(results)
        middle = max((count for count in sites if count <= MOST_CHANGED), default=min(sites))
        goals.append(followups.change(binary, Path(scratch), middle, options.rounds))
        followups.threads(binary, sites[middle], options.rounds)
        goals.append(followups.proportion(binary, sites, options.rounds))
        if importlib.util.find_spec("yaml"):
            from bench.racks import (
                print_racks,
            )  # last: what it reads would count as memory of others

            print_racks(binary, Path(scratch), max(options.apps))
    print_goals(goals)
    return 1 if options.strict and not all(goal.is_met for goal in goals) else 0


def _machine() -> str:
    """Processors, their kind where that is told, and the system."""
    told = Path("/proc/cpuinfo")
    text = told.read_text(encoding="utf-8") if told.is_file() else ""
    kind = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    name = f" ({kind[1]})" if kind else ""
    return f"{number(os.cpu_count() or 1, 'processor')}{name}, {platform.system()}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measures whole processes.")
    names = [peer.name for peer in PEERS]
    parser.add_argument("binary", type=Path, help="rackform, of a release build")
    parser.add_argument("--apps", type=int, nargs="+", default=SIZES, help="sizes of fleets")
    parser.add_argument("--peers", nargs="*", choices=names, default=names)
    parser.add_argument(
        "--most",
        type=_most,
        nargs="*",
        default=[],
        metavar="PEER=APPS",
        help="up to how many apps a peer takes part, where it is slow",
    )
    parser.add_argument("--rounds", type=int, help="no more than so many rounds, for a quick look")
    parser.add_argument("--strict", action="store_true", help="fail when a goal is not met")
    return parser.parse_args()


def _most(text: str) -> tuple[str, int]:
    name, _, count = text.partition("=")
    if name not in {peer.name for peer in PEERS}:
        raise argparse.ArgumentTypeError(f"there is no peer {name}")
    return name, int(count)


if __name__ == "__main__":
    raise SystemExit(main())
