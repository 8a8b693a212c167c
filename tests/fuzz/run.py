"""`make fuzz MINUTES=…`: every target for its share of the time, as many at once as there are cores.

Prints what each of them did, and fails when one of them found something: a panic, an answer that can't be right, a run
of more than ten seconds, or more than 500 MB. What was found lies in `tests/fuzz/artifacts`.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
CORPUS = HERE / "corpus"
ARTIFACTS = HERE / "artifacts"
# cargo-fuzz asks rustc for instrumentation that only a nightly one admits to have; this one has it all the same.
ENVIRONMENT = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
# Without `unsafe` a sanitizer has nothing to find, and costs half the speed.
FUZZ = ["cargo", "fuzz", "{command}", "--fuzz-dir", "tests/fuzz", "--sanitizer", "none"]
# More of the time goes to where most of the code is.
SHARES = {"manifest": 5, "drawn": 5, "project": 4, "fleet": 2}
MEGABYTES = 500
FIELDS = {
    "executions": r"stat::number_of_executed_units:\s*(\d+)",
    "peak MB": r"stat::peak_rss_mb:\s*(\d+)",
}
STATUS = re.compile(r"^#\d+\s.*\bcov: (\d+) ft: (\d+) corp: (\d+)/(\S+)", re.MULTILINE)


@dataclass
class Outcome:
    target: str
    seconds: int
    log: str
    failed: bool

    def row(self) -> list[str]:
        found = {name: re.findall(pattern, self.log) for name, pattern in FIELDS.items()}
        status = STATUS.findall(self.log)
        coverage, features, inputs, size = status[-1] if status else ("?", "?", "?", "?")
        last = [values[-1] if values else "?" for values in found.values()]
        verdict = "FOUND" if self.failed else "nothing"
        return [self.target, str(self.seconds), *last, coverage, features, inputs, size, verdict]


def command(name: str, *arguments: str) -> list[str]:
    return [part.format(command=name) for part in FUZZ] + list(arguments)


def build() -> None:
    if shutil.which("cargo-fuzz") is None:
        subprocess.run(["cargo", "install", "cargo-fuzz", "--locked"], check=True)
    subprocess.run(command("build"), cwd=REPOSITORY, env=ENVIRONMENT, check=True)
    seeds = {**os.environ, "FUZZ_SEEDS": str(CORPUS)}
    test = ["cargo", "test", "--quiet", "--locked", "--test", "fuzz_smoke", "--", "each_target"]
    subprocess.run(test, cwd=REPOSITORY, env=seeds, check=True)


def targets() -> list[str]:
    return sorted(path.stem for path in (HERE / "fuzz_targets").glob("*.rs"))


def fuzz(target: str, seconds: int, timeout: int) -> Outcome:
    options = [
        *(CORPUS / f"{target}.options").read_text(encoding="utf-8").split(),
        f"-max_total_time={seconds}",
        f"-timeout={timeout}",
        f"-rss_limit_mb={MEGABYTES}",
        "-print_final_stats=1",
    ]
    # libFuzzer refuses an empty one, and choices have no words.
    dictionary = CORPUS / f"{target}.dict"
    if dictionary.read_text(encoding="utf-8").strip():
        options.append(f"-dict={dictionary}")
    arguments = command("run", target, "--", *options)
    done = subprocess.run(
        arguments, cwd=REPOSITORY, env=ENVIRONMENT, capture_output=True, text=True, errors="replace", check=False
    )
    return Outcome(target, seconds, done.stderr, done.returncode != 0)


def shares(names: list[str], seconds: float, workers: int) -> dict[str, int]:
    """Seconds for each target, so that all together take so long on so many cores."""
    weights = {name: SHARES.get(name, 1) for name in names}
    each = seconds * min(workers, len(names)) / sum(weights.values())
    return {name: max(5, round(each * weight)) for name, weight in weights.items()}


def table(rows: list[list[str]]) -> str:
    head = ["target", "seconds", *FIELDS, "coverage", "features", "corpus", "bytes", "found"]
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    lines = (zip(row, widths, strict=True) for row in [head, *rows])
    return "\n".join("  ".join(cell.rjust(width) for cell, width in line) for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long in all; 10 unless said")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="targets at once")
    slow = "seconds of one input, by the clock: more on a machine that is busy; 10 unless said"
    parser.add_argument("--timeout", type=int, default=10, help=slow)
    parser.add_argument("targets", nargs="*", help="all unless said")
    arguments = parser.parse_args()
    build()
    chosen = arguments.targets or targets()
    seconds = shares(chosen, arguments.minutes * 60, arguments.jobs)
    longest_first = sorted(chosen, key=lambda name: -seconds[name])
    with ThreadPoolExecutor(arguments.jobs) as pool:
        outcomes = list(pool.map(lambda name: fuzz(name, seconds[name], arguments.timeout), longest_first))
    print(table([outcome.row() for outcome in outcomes]))
    failed = [outcome for outcome in outcomes if outcome.failed]
    for outcome in failed:
        print(f"\n{outcome.target}, what it said last:\n{outcome.log[-3000:]}", file=sys.stderr)
    if failed:
        print(f"\nwhat was found lies in {ARTIFACTS.relative_to(REPOSITORY)}; CONTRIBUTING.md says what to do with it", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
