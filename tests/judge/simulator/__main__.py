"""`python -m judge.simulator SEED`: walk, or walk again as a test has walked.

Exit codes: 0 nothing is wrong, 1 something is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from judge.simulator.shrinking import go, report, shrink
from judge.simulator.walk import EDITS


def main() -> int:
    """Make the walks of the command line."""
    parser = argparse.ArgumentParser(prog="judge.simulator", description="Random walks.")
    parser.add_argument("seed", type=int, help="the first walk")
    parser.add_argument("--walks", type=int, default=1, help="how many, one seed after another")
    parser.add_argument("--steps", help="numbers of edits with commas; `-` for none")
    parser.add_argument("--keep", type=Path, help="a folder to walk in, which is left as it is")
    parser.add_argument(
        "--shrink",
        type=float,
        default=0,
        metavar="SECONDS",
        help="look for a shorter walk for so long",
    )
    options = parser.parse_args()
    steps = list(range(EDITS))
    if options.steps is not None:
        steps = [int(step) for step in options.steps.split(",") if step != "-"]
    is_fine = True
    with tempfile.TemporaryDirectory() as temporary:
        for seed in range(options.seed, options.seed + options.walks):
            folder = options.keep or Path(temporary) / "walk"
            walk, broken = go(seed, steps, folder)
            print(f"{seed}: {walk.tally}", flush=True)
            if broken:
                is_fine = False
                if options.shrink:
                    broken = shrink(seed, broken, folder, options.shrink)
                    go(seed, broken.steps, folder)
                print(report(seed, broken), flush=True)
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
