"""Runs of the program on a disk that fails: what it does is counted, and at any one of these
operations it is stopped, killed, or told that it did not work. See `disk_shim.c`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from project import RACKFORM

# What is behind the name of a file while it is being written.
TEMPORARY = ".rackform-tmp"
# What is there while an output is being written.
UNFINISHED = "stacks.json" + TEMPORARY
LOCK = "rackform.lock"
SHIM = Path(__file__).with_name("disk_shim.c")
# Longer than any run takes, on whatever machine.
DEADLINE = 60

# Every file below a folder, by its path: its bytes and whether it is a program, or where a link leads.
Tree = dict[str, tuple[bytes, bool] | str]


@dataclass(frozen=True)
class Operation:
    """Something that the program does to the disk; `number` counts from one."""

    number: int
    kind: str
    path: str

    @property
    def name(self) -> str:
        """The name of the file that it is about, as messages have it."""
        name = Path(self.path).name
        while name.endswith(TEMPORARY):
            name = name.removesuffix(TEMPORARY)
        return name


@cache
def shim() -> Path:
    """The library that stands between the program and the disk."""
    compiler = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
    if sys.platform != "linux" or compiler is None:
        pytest.skip("disk_shim.c takes Linux and a C compiler")
    library = Path(tempfile.mkdtemp(prefix="rackform-shim-")) / "shim.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, SHIM, "-ldl"]
    subprocess.run(command, check=True)
    return library


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "NO_COLOR": "1", **more}


def run(folder: Path, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
    """The program, undisturbed."""
    command = [str(RACKFORM), *words]
    settings = {"env": environment(), "timeout": DEADLINE, **options}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, **settings)


def disturbed(
    folder: Path, *words: str, at: int, how: str, log: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """The program, and what happens at one of its operations."""
    return run(folder, *words, env=shimmed(at=at, how=how, log=log))


def shimmed(at: int = 0, how: str = "", log: Path | None = None) -> dict[str, str]:
    """The environment in which something happens at an operation, and all are listed."""
    given = {"DISK_AT": str(at), "DISK_DO": how} if at else {}
    logged = {"DISK_LOG": str(log)} if log else {}
    return environment(LD_PRELOAD=str(shim()), **given, **logged)


def operations(log: Path) -> list[Operation]:
    """What was done, in its order."""
    text = log.read_text() if log.exists() else ""
    lines = (line.split("\t") for line in text.splitlines())
    return [Operation(number, kind, path) for number, (kind, path) in enumerate(lines, start=1)]


def tree(folder: Path) -> Tree:
    """Everything below a folder but for the folders."""
    found: Tree = {}
    for path in _below(folder):
        name = str(path.relative_to(folder))
        executable = not path.is_symlink() and os.access(path, os.X_OK)
        found[name] = os.readlink(path) if path.is_symlink() else (path.read_bytes(), executable)
    return found


def _below(folder: Path) -> Iterator[Path]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path))
        else:
            yield Path(entry.path)


@dataclass
class Job:
    """A command in a folder: what stands there before, and what after it where nobody disturbs it.

    Beside the folder, which is called `project`, stands a file that is none of its business."""

    name: str
    root: Path
    words: tuple[str, ...]
    # What finishes it where it was cut short.
    again: tuple[str, ...]
    # The folder of the output in the project, for commands that have one.
    out: str | None = "build"
    before: Tree = field(default_factory=dict)
    after: Tree = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    success: str = ""

    def learn(self, scratch: Path) -> Job:
        """Run it undisturbed, in a copy, and see what it does."""
        self.before = tree(self.root)
        copy = self.copy(scratch / "undisturbed")
        log = scratch / f"{self.name}.log"
        done = run(copy / "project", *self.words, env=shimmed(log=log))
        assert done.returncode == 0, done.stderr
        self.success = done.stderr.splitlines()[-1]
        self.after = tree(copy)
        self.operations = operations(log)
        assert self.operations, "the shim sees nothing"
        assert self.after != self.before
        assert not [path for path in self.after if path.endswith(TEMPORARY)]
        return self

    def copy(self, to: Path) -> Path:
        """An independent copy of what stands before the command."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.root, to, symlinks=True)
        return to

    def assert_whole(self, now: Tree) -> None:
        """Each file is as it was or as it is to be, none is lost, and no output is newer than its
        lock. An output that is between two is marked so."""
        for path, content in now.items():
            known = (self.before.get(path), self.after.get(path))
            assert path.endswith(TEMPORARY) or content in known, f"{path} is torn or not ours"
        assert not [p for p in self.before.keys() & self.after.keys() if p not in now], "lost"
        if self.out is None:
            return
        old, new, current = (self.output(which) for which in (self.before, self.after, now))
        lock = f"project/{LOCK}"
        if current != old:
            assert now[lock] == self.after[lock], "an output is newer than the lock"
        if current not in (old, new):
            assert self.unfinished in now, "half an output looks like a whole one"

    def output(self, of: Tree) -> Tree:
        """The part that deploys, without what is only on its way."""
        top = os.path.normpath(f"project/{self.out}") + "/"
        names = ("main/", "other/", "deploy.sh", "stacks.json")
        inside = {path: path.removeprefix(top) for path in of if path.startswith(top)}
        return {
            path: of[path]
            for path, name in inside.items()
            if name.startswith(names) and not name.endswith(TEMPORARY)
        }

    @property
    def unfinished(self) -> str:
        return os.path.normpath(f"project/{self.out}/{UNFINISHED}")

    def finish(self, root: Path) -> None:
        """Whatever was left, one plain run more ends where an undisturbed one does: the command, as long
        as the lock knows nothing of it, and then what finishes it."""
        lock = f"project/{LOCK}"
        is_known = tree(root).get(lock) != self.before.get(lock)
        done = run(root / "project", *(self.again if is_known else self.words))
        is_there = "exists already" in done.stderr  # init does nothing twice
        assert done.returncode == 0 or is_there, done.stderr
        assert differences(tree(root), self.after) == []


def differences(one: Tree, other: Tree) -> list[str]:
    """The files in which two trees differ."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))
