#!/usr/bin/env python3
"""How long `rackform compile` takes as a whole process, beside a process that does nothing.

    bench.py target/release/rackform

Machines differ and are noisy: compare the figures of one run, and look at the best of many.
"""
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
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


def generator() -> Path | None:
    """The generator of fleets, where it is at hand."""
    path = ROOT.parent / "shared" / "bench" / "make_fleet.py"
    return path if path.is_file() else None


def convox_rules(services: list[dict]) -> Counter:
    """Rules that Convox spends on one app, by router: one a host."""
    rules: Counter = Counter()
    for service in services:
        if service["port"] is not None:
            rules["internal" if service["internal"] else "public"] += len(set(service["domains"])) + 2
    return rules


def first_fit(apps: list[Counter]) -> int:
    """Racks for so many rules at the default quota, the largest apps first."""
    racks: list[Counter] = []
    for app in sorted(apps, key=lambda app: -sum(app.values())):
        for rack in racks:
            if all(rack[router] + rules <= 100 for router, rules in app.items()):
                rack.update(app)
                break
        else:
            racks.append(Counter(app))
    return len(racks)


def merged(apps: list[dict], size: int) -> list[dict]:
    """So many apps in a row taken as one."""
    groups = [apps[at : at + size] for at in range(0, len(apps), size)]
    return [
        {
            "app": group[0]["app"],
            "services": [
                {**service, "service": f"s{at}-{service['service']}"} for at, app in enumerate(group) for service in app["services"]
            ],
        }
        for group in groups
    ]


def write_fleet(folder: Path, apps: list[dict]) -> None:
    """Manifests in JSON, which is YAML, and racks as many as are needed."""
    for app in apps:
        services = {}
        for service in app["services"]:
            body: dict = {"image": "acme/app:1"}
            if service["port"] is not None:
                body |= {"port": service["port"], "internal": service["internal"], "domain": service["domains"]}
            services[service["service"]] = body
        path = folder / "apps" / app["app"]
        path.mkdir(parents=True)
        (path / "convox.yml").write_text(json.dumps({"services": services}))
    rack = {"count": "1-999", "headroom": 0, "host": "{rack}.example.test", "params": {"Internal": "Yes"}}
    rack["certificate"] = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    (folder / "rackform.yml").write_text(json.dumps({"racks": {"production": rack}, "apps": "apps/*/convox.yml"}))


def racks(binary: str, apps: list[dict]) -> tuple[int, re.Match | None]:
    """Racks that a fleet is placed on from scratch, and the bound with its reason."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_fleet(folder, apps)
        run = subprocess.run([binary, "check", str(folder), "-v"], capture_output=True, text=True, check=False)
        if run.returncode:
            raise SystemExit(run.stderr[-2000:])
        used = re.search(r"^(\d+) racks? and", run.stderr, re.MULTILINE)
        return int(used.group(1)), re.search(r"no fewer than (\d+) racks?: (.*)", run.stderr)


def placement(binary: str, make_fleet: Path) -> None:
    print(f"\n{'racks from scratch, headroom 0':32} {'racks':>8} {'bound':>8} {'convox':>8}")
    for count in (50, 200, 1000):
        for seed in range(1, 6):
            with tempfile.TemporaryDirectory() as scratch:
                command = [sys.executable, str(make_fleet), "--apps", str(count), "--seed", str(seed), "--out", scratch]
                subprocess.run(command, check=True)
                apps = json.loads(Path(scratch, "fleet.json").read_text())["apps"]
            convox = first_fit([convox_rules(app["services"]) for app in apps])
            for size in (1, 5):
                used, bound = racks(binary, merged(apps, size) if size > 1 else apps)
                name = f"{count} apps, seed {seed}" + (f", {size} as one" if size > 1 else "")
                least = bound.group(1) if bound else "?"
                print(f"{name:32} {used:8} {least:>8} {convox if size == 1 else '':>8}  {bound.group(2) if bound else ''}")


def series(binary: str, make_fleet: Path) -> None:
    print(f"\n{'fleets, with a lock':32} {'s':>8} {'MB':>8}")
    for count in (10, 100, 1000, 10000):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            subprocess.run([sys.executable, str(make_fleet), "--apps", str(count), "--seed", "1", "--out", scratch], check=True)
            rack = {"count": "1-999", "host": "{rack}.example.test", "params": {"Internal": "Yes"}}
            rack["certificate"] = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
            (folder / "rackform.yml").write_text(json.dumps({"racks": {"production": rack}, "apps": "apps/*/convox.yml"}))
            command = [binary, "compile", "--quiet", scratch, "--out", str(folder / "build")]
            subprocess.run(command, check=True)
            times = []
            for _ in range(3):
                start = time.perf_counter()
                subprocess.run(command, check=True)
                times.append(time.perf_counter() - start)
            peak = subprocess.run(
                [sys.executable, "-c", "import resource,subprocess,sys;subprocess.run(sys.argv[1:],check=True);"
                 "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024)", *command],
                check=True, capture_output=True, text=True).stdout
            print(f"{f'{count} apps':32} {min(times):8.3f} {int(peak):8}")


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
    make_fleet = generator()
    if make_fleet is None:
        print("the generator of fleets is not at hand, so nothing is said of large ones")
        return
    series(binary, make_fleet)
    placement(binary, make_fleet)


if __name__ == "__main__":
    main()
