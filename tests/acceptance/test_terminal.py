"""What a person sees who waits before a terminal: a line that says how far it is, and nothing of
it in the end. Nobody else sees it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from project import RACKFORM
from terminal import Waiting

# A run that is done by then has no line.
PATIENCE = 1.0
LINE = "reading 3 of 3 manifests"
ESCAPE = b"\x1b"


def fleet(folder: Path) -> Path:
    """Three apps, one of them with a key that nobody knows."""
    for name in ("blog", "shop", "wiki"):
        manifest = folder / name / "convox.yml"
        manifest.parent.mkdir(parents=True)
        manifest.write_text("services: {web: {port: 3000}}\n")
    manifest.write_text("services: {web: {port: 3000}}\nservces: {}\n")
    return folder


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = fleet(tmp_path_factory.mktemp("compiled"))
    subprocess.run([str(RACKFORM), "compile", "--quiet"], cwd=folder, check=True)
    return (folder / "rackform.lock").read_text()


def in_pipes(folder: Path, *words: str) -> list[str]:
    """What the same run says where nobody watches."""
    done = subprocess.run([str(RACKFORM), *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr.rstrip().splitlines()


@pytest.mark.parametrize("style", ["human", "short"])
def test_a_line_comes_after_a_second_and_goes(tmp_path: Path, lock: str, style: str) -> None:
    folder = fleet(tmp_path / "fleet")
    words = ("check", "--message-format", style)
    run = Waiting(folder, *words)
    assert run.wait_for(LINE) >= PATIENCE
    assert run.lines == [LINE], "one line, and nothing else"
    assert ESCAPE not in run.raw, "every terminal can draw it"
    assert run.finish(lock) == 0
    run.slow.unlink()
    run.slow.write_text(lock)
    assert run.lines == in_pipes(folder, *words)


def test_a_compile_and_a_plan_have_a_line(tmp_path: Path) -> None:
    for command in ("compile", "plan"):
        folder = fleet(tmp_path / command)
        run = Waiting(folder, command, "--env-file", "slow.env", slow="slow.env")
        assert run.wait_for("reading") >= PATIENCE
        assert run.finish("# nothing\n") == 0
        assert "reading" not in "\n".join(run.lines)
        assert (folder / "rackform.lock").exists() == (command == "compile")


def test_a_line_is_cut_where_it_would_break(tmp_path: Path, lock: str) -> None:
    run = Waiting(fleet(tmp_path / "fleet"), "check", "--color=never", columns=12)
    run.wait_for(LINE[:11])
    assert run.lines == [LINE[:11]]
    assert run.finish(lock) == 0
    assert "reading" not in "".join(run.lines)


def test_nobody_else_sees_it(tmp_path: Path, lock: str) -> None:
    cases = {
        "quiet": (("check", "--quiet"), {}),
        "json": (("check", "--message-format", "json"), {}),
        "github": (("check", "--message-format", "github"), {}),
        "sarif": (("check", "--message-format", "sarif"), {}),
        "pipe": (("check",), {"on_terminal": ("stdout",)}),
        "dumb": (("check",), {"TERM": "dumb"}),
    }
    runs = {
        name: Waiting(fleet(tmp_path / name), *words, **options)
        for name, (words, options) in cases.items()
    }
    time.sleep(PATIENCE + 0.6)
    for name, run in runs.items():
        run.look()
        assert run.raw == b"", name
        assert run.finish(lock) == 0, name
        assert b"reading" not in run.raw, name
    pipe = runs["pipe"]
    assert pipe.raw == b"" and b"reading" not in pipe.process.stderr.read()
    assert runs["json"].raw.startswith(b'{"code"')


def test_terminals_have_colours_and_dumb_ones_have_none(tmp_path: Path, lock: str) -> None:
    for name, environment, expected in (
        ("plain", {}, True),
        ("dumb", {"TERM": "dumb"}, False),
        ("no-color", {"NO_COLOR": "1"}, False),
        ("no-clicolor", {"CLICOLOR": "0"}, False),
        ("forced", {"TERM": "dumb", "CLICOLOR_FORCE": "1"}, True),
    ):
        run = Waiting(fleet(tmp_path / name), "check", **environment)
        assert run.finish(lock) == 0
        assert (ESCAPE in run.raw, b"RF0102" in run.raw) == (expected, True), name
