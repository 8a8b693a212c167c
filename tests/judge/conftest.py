"""Fixtures: examples, cases and projects of the judge's own, each compiled once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from judge.compiler import RACKFORM, REPOSITORY, Compiled, compile_project

SHELVES = ("examples", "tests/cases", "tests/judge/projects")
PROJECTS = {
    folder.name: folder
    for shelf in SHELVES
    for folder in sorted((REPOSITORY / shelf).iterdir())
    if folder.is_dir()
}


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Compiled]:
    """Compiles a project in a copy. What comes of it is shared: copy it before changing it."""
    assert RACKFORM.is_file(), f"{RACKFORM} is missing: cargo build"
    shelf = tmp_path_factory.mktemp("projects")
    done: dict[str, Compiled] = {}

    def compile_once(name: str) -> Compiled:
        if name not in done:
            copy = shelf / name
            shutil.copytree(PROJECTS[name], copy, ignore=shutil.ignore_patterns("build"))
            done[name] = compile_project(copy)
            assert not done[name].errors, done[name].said
        return done[name]

    return compile_once


@pytest.fixture
def copied(compiled: Callable[[str], Compiled], tmp_path: Path) -> Callable[[str], Compiled]:
    """A compiled project in a folder of its own, to be changed."""

    def copy(name: str) -> Compiled:
        original = compiled(name)
        folder = tmp_path / name
        shutil.copytree(original.project, folder)
        return Compiled(folder, original.errors, original.said)

    return copy
