"""The measuring measures: fleets are as promised, and small ones go through it whole."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from bench import contenders, sizes, words
from bench.fleets import write_app, write_fleet
from bench.process import Failed, Usage, measure
from bench.racks import first_fit
from bench.report import ratio_goal
from bench.rounds import Contender, Results, take_turns, wall
from bench.services import write_service
from bench.site import Site

REPOSITORY = Path(__file__).resolve().parents[2]
RACKFORM = Path(os.environ.get("RACKFORM", REPOSITORY / "target" / "debug" / "rackform"))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the whole of it."""
    command = [sys.executable, "-m", "bench", str(RACKFORM), *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "tests")}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_small_fleets_from_end_to_end() -> None:
    """Every table is there, with figures for each contender; goals that need more are open."""
    done = run("--apps", "1", "10", "--peers", "plain", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    titles = [line[3:] for line in done.stdout.splitlines() if line.startswith("## ")]
    expected = ["Start", "1 app", "10 apps", "10 apps, compiled again"]
    assert titles[:4] == expected and titles[-2:] == ["Proportion", "Goals"]
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if "|" in line]
    for name in (contenders.RACKFORM, contenders.PLAIN, contenders.PLAIN_JSON, contenders.COPY):
        assert rows.count(name) == 2, f"{name} in\n{done.stdout}"
    verdicts = [line.split("|")[-2].strip() for line in done.stdout.splitlines() if "|" in line]
    assert verdicts.count("not measured") == 5
    assert not list((REPOSITORY / "target").glob("bench-*/[0-9]*/fleet/rackform.lock"))


def test_strict_fails_where_a_goal_is_not_shown_to_be_met() -> None:
    assert run("--apps", "1", "--peers", "--rounds", "1", "--strict").returncode == 1


def test_apps_depend_on_their_number_alone(tmp_path: Path) -> None:
    write_fleet(tmp_path / "few", 5)
    write_fleet(tmp_path / "more", 8)
    few, more = (
        {path.parent.name: path.read_bytes() for path in (tmp_path / name).rglob("convox.yml")}
        for name in ("few", "more")
    )
    assert len(few) == 5 and len(more) == 8
    assert few.items() <= more.items()
    assert write_app(3) == write_app(3)
    assert write_app(3, seed=2) != write_app(3)


def test_fleets_have_the_variety_that_they_promise() -> None:
    """Shares in a large fleet, within a few per cent."""
    manifests = [yaml.load(write_app(at)[1], yaml.CSafeLoader) for at in range(1000)]
    services = [service for each in manifests for service in each["services"].values()]
    sizes_of = {len(manifest["services"]) for manifest in manifests}
    assert sizes_of == {1, 2, 3, 4, 5, 6}
    share = {
        "internal": sum("internal" in service for service in services) / len(services),
        "worker": sum("port" not in service for service in services) / len(services),
    }
    assert share == pytest.approx({"internal": 0.2, "worker": 0.2}, abs=0.03)
    forms = {"health": {str, dict}, "scale": {int, str, dict}, "port": {int, str, dict}}
    for key, types in forms.items():
        assert {type(each[key]) for each in services if key in each} == types
    domains = [each["domain"] for each in services if "domain" in each]
    listed = [
        name for each in domains for name in (each if isinstance(each, list) else each.split(", "))
    ]
    assert len(listed) == len(set(listed)), "a domain belongs to one service"
    assert any(name.startswith("*.") for name in listed)
    assert {"resources", "timers", "environment", "x-shared", "x-small"} <= {
        key for manifest in manifests for key in manifest
    }


def test_a_worker_has_no_port() -> None:
    lines = write_service(random.Random(1), "shop", "mailer", "worker", [], set())
    assert not any("port" in line or "domain" in line for line in lines)
    assert "mailer" in words.WORKERS


def test_what_a_process_uses_is_measured(tmp_path: Path) -> None:
    block = "x = bytearray(80_000_000); sum(range(2_000_000)); import time; time.sleep(0.2)"
    usage = measure([sys.executable, "-c", block], tmp_path / "log")
    assert usage.wall >= 0.2
    assert 0.005 < usage.cpu < usage.wall
    assert usage.peak > 80_000_000


def test_a_process_that_fails_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="exit code 3\nbecause"):
        measure(["sh", "-c", "echo because; exit 3"], tmp_path / "log")


def test_turns_interleave_and_the_impatient_leave(tmp_path: Path) -> None:
    order: list[str] = []
    slow = Contender("slow", ["sleep", "0.05"], lambda: order.append("slow"))
    fast = Contender("fast", ["true"], lambda: order.append("fast"))
    results = take_turns([slow, fast], 2, 0.04, tmp_path / "log")
    assert order == ["slow", "fast", "fast", "fast"]
    assert len(results.counted("slow")) == 1 and len(results.counted("fast")) == 2


def test_ratios_are_taken_within_rounds() -> None:
    """The first round warms up; a machine that gets slower slows both."""

    def usages(*walls: float) -> list[Usage]:
        return [Usage(seconds, seconds, 1) for seconds in walls]

    results = Results({"a": usages(9, 2, 20, 6), "b": usages(1, 1, 10, 2)})
    assert results.ratio("a", "b", wall) == 2
    assert results.ratio("a", "nobody", wall) is None
    assert ratio_goal("a", 2.0, least=3).verdict == "not met"
    assert ratio_goal("a", 2.0, most=3).verdict == "met"
    assert ratio_goal("a", None, most=3).verdict == "not measured"


def test_first_fit_opens_a_rack_when_all_are_full() -> None:
    half, most = Counter({"public rules": 50}), Counter({"public rules": 60, "public groups": 3})
    assert first_fit([half, half]) == 1
    assert first_fit([half, half, half]) == 2
    assert first_fit([most, half, half]) == 2
    assert first_fit([Counter({"internal groups": 60}), Counter({"public groups": 60})]) == 1


def test_a_peer_that_makes_less_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY / "tests"))
    site = Site(tmp_path / "site", 2)
    site.lay_out()
    lazy = contenders.Peer("lazy", _without_anything, "yaml", 10)
    with pytest.raises(sizes.Different, match="0 and not 2 AWS::IAM::Role"):
        sizes.compare(RACKFORM, site, [lazy], 1)


def _without_anything(site: Site) -> list[Contender]:
    script = (
        "import json, pathlib, sys; out = pathlib.Path(sys.argv[1]); out.mkdir();"
        "(out / 'app.json').write_text(json.dumps({'Resources': {}}) + ' ')"
    )
    out = site.out("lazy")
    command = [sys.executable, "-c", script, str(out)]
    return [Contender("lazy", command, out=out, templates="*.json")]
