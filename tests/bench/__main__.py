"""`python -m bench target/release/rackform`: what a whole process costs, size by size."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench import sizes

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> int:
    """Measure what the command line asks for."""
    options = _options()
    shelf = REPOSITORY / "target"
    shelf.mkdir(exist_ok=True)
    # Not in the system's folder for temporary files, which may be memory and not a disk.
    with tempfile.TemporaryDirectory(prefix="bench-", dir=shelf) as scratch:
        for count in options.apps:
            sizes.compare(options.binary.resolve(), Path(scratch), count)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measures whole processes.")
    parser.add_argument("binary", type=Path, help="rackform, of a release build")
    parser.add_argument("--apps", type=int, nargs="+", default=[1, 10, 100, 1000, 10000])
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
