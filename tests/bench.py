#!/usr/bin/env python3
"""How long `rackform compile` takes as a whole process, beside a process that does nothing.

    bench.py target/release/rackform

Machines differ and are noisy: compare the figures of one run, and look at the best of many.
"""
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 40


def measure(command: list[str]) -> list[float]:
    """Milliseconds of each run, in order of length; the first run warms the caches and is left out."""
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times[1:])


def row(name: str, times: list[float]) -> str:
    return f"{name:32} {times[0]:8.1f} {statistics.median(times):8.1f} {times[-1]:8.1f}"


def main() -> None:
    binary = str(Path(sys.argv[1]).resolve())
    print(f"{'ms, whole process':32} {'best':>8} {'median':>8} {'worst':>8}")
    print(row("true", measure(["true"])))
    print(row("rackform --version", measure([binary, "--version"])))
    with tempfile.TemporaryDirectory() as scratch:
        for example in sorted(path.parent for path in (ROOT / "examples").glob("*/convox.yml")):
            source = Path(scratch, example.name)
            shutil.copytree(example, source)
            out = str(source / "build")
            print(row(f"compile examples/{example.name}", measure([binary, "compile", "--quiet", str(source), "--out", out])))


if __name__ == "__main__":
    main()
