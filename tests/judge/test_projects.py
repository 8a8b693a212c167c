"""Examples and cases are judged clean, while an app moves too; and the command line says so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from judge.compiler import RACKFORM, REPOSITORY, Compiled
from judge.conftest import PROJECTS
from judge.judgement import Judgement, judge


def judged(project: Compiled) -> Judgement:
    """What is found in a project, which should be nothing."""
    judgement = judge(project.project, project.output, machine=project.machine)
    assert not judgement.findings, "\n".join(map(str, judgement.findings))
    return judgement


@pytest.mark.parametrize("name", PROJECTS)
def test_project(name: str, compiled: Callable[[str], Compiled]) -> None:
    """No fault, and something was looked at."""
    judgement = judged(compiled(name))
    assert judgement.hosts
    assert judgement.probes > judgement.hosts


def test_app_that_moves(copied: Callable[[str], Compiled]) -> None:
    """Half-way, an app stands on both racks, and each answers for it; in the end one does."""
    fleet = copied("fleet")
    before = judged(fleet)
    _run(fleet, "move", "shop", "production")
    half_way = judged(fleet)
    assert (half_way.stacks, half_way.hosts) == (before.stacks + 1, before.hosts + 10)
    _run(fleet, "move", "shop", "--finish")
    after = judged(fleet)
    assert (after.stacks, after.hosts) == (before.stacks, before.hosts)


def test_change_in_phases(copied: Callable[[str], Compiled]) -> None:
    """Two apps that exchange a host change in two phases; what counts is how it ends."""
    fleet = copied("fleet")
    for app, old, new in (("blog", "news.", "help."), ("docs", "help.", "news.")):
        manifest = fleet.project / "apps" / app / "convox.yml"
        text = manifest.read_text(encoding="utf-8")
        assert old in text
        manifest.write_text(text.replace(old, new), encoding="utf-8")
    assert "phases" in _run(fleet, "compile", ".")
    judged(fleet)


def _run(project: Compiled, *words: str) -> str:
    command = [str(RACKFORM), *words, "--out", "build"]
    done = subprocess.run(
        command, cwd=project.project, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


def test_command_line(copied: Callable[[str], Compiled]) -> None:
    """Lines on standard output and an exit code; the output is found inside of the project."""
    project = copied("hello")
    done = _judge(project.project)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("no faults in 2 stacks, 2 hosts")

    extra = project.output / "main/apps/old.yaml"
    extra.write_text("Resources: {}\n", encoding="utf-8")
    done = _judge(project.project)
    assert done.returncode == 1
    assert done.stdout == (
        "main/apps/old.yaml: file: is on disk, and stacks.json does not list it\n"
    )

    (project.output / "stacks.json").unlink()
    done = _judge(project.project)
    assert done.returncode == 2
    assert "compile first" in done.stderr


def test_command_line_takes_values_of_variables(copied: Callable[[str], Compiled]) -> None:
    """What `--env` was given to a compile, the judge must be given too."""
    project = copied("hello")
    manifest = project.project / "convox.yml"
    with manifest.open("a", encoding="utf-8") as file:
        file.write("    domain: ${HOST}\n")
    _run(project, "compile", ".", "--env", "HOST=hello.example.org")
    assert _judge(project.project, "--env", "HOST=hello.example.org").returncode == 0
    values = project.project / "values"
    values.write_text("# hosts\nHOST=hello.example.org\n", encoding="utf-8")
    assert _judge(project.project, "--env-file", str(values)).returncode == 0
    done = _judge(project.project, "--env", "HOST=other.example.org")
    assert "nobody answers other.example.org" in done.stdout


def test_project_that_does_not_compile(copied: Callable[[str], Compiled]) -> None:
    """A project that can't be read is no fault of the output."""
    project = copied("shop")
    (project.project / "rackform.yml").write_text("racks: {main: {count: many}}\n")
    done = _judge(project.project)
    assert done.returncode == 2
    assert "not a project that compiles" in done.stderr


def _judge(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The judge as people start it."""
    return subprocess.run(
        [sys.executable, "-m", "judge", str(project), *options],
        cwd=REPOSITORY / "tests",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
