"""Changes of small fleets, what `rackform plan` says of them, and the form that judges speak in.

A judge says of each resource of a stack that changes what becomes of it; so does the plan.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from create_only import ALWAYS, NEVER, worst
from project import RACKFORM, REPOSITORY, Stack, stacks_in

SHELF = REPOSITORY / "tests" / "plan"
CASES = tuple(sorted(folder.parent.name for folder in SHELF.glob("*/before")))
COMMAND_SECONDS = 60


@dataclass(frozen=True)
class Change:
    """What becomes of a resource: `add`, `remove`, `modify` or `replace`.

    `properties` are the properties and attributes that change, and whether each makes the
    resource anew: `never`, `maybe` or `always`.
    """

    action: str
    replacement: str = NEVER
    properties: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, properties: dict[str, str], is_retyped: bool = False) -> Change:
        """A resource that stays, by its name."""
        replacement = ALWAYS if is_retyped else worst(list(properties.values()))
        action = "modify" if replacement == NEVER else "replace"
        return cls(action, replacement, dict(sorted(properties.items())))


Changes = dict[str, Change]


@cache
def template(stack: Stack) -> dict[str, Any]:
    """The template of a case's stack, which nobody writes again and nobody may change."""
    return stack.body()


class Step(NamedTuple):
    """A stack in a phase of the deployment."""

    phase: int
    stack: str


class Case:
    """A change, compiled; `before` and `after` are folders of output."""

    def __init__(self, name: str, parent: Path) -> None:
        self.name = name
        self.source = parent / name / "source"
        self.before, self.after = parent / name / "before", parent / name / "after"
        shutil.copytree(SHELF / name / "before", self.source)
        self._run("compile", str(self.source), "--out", str(self.before))
        commands = self._commands()
        for words in commands[:-1]:
            self._move(words, self.before)
        if (SHELF / name / "after").is_dir():
            shutil.copytree(SHELF / name / "after", self.source, dirs_exist_ok=True)
        shutil.copytree(self.before, self.after)
        if commands:
            self._move(commands[-1], self.after)
            self.plan = self._plan()
        else:
            self.plan = self._plan()
            self._run("compile", str(self.source), "--out", str(self.after))

    def _commands(self) -> list[list[str]]:
        """The commands that are run instead of a compile."""
        file = SHELF / self.name / "command"
        return [line.split() for line in file.read_text().splitlines()] if file.is_file() else []

    def _plan(self) -> dict[str, Any]:
        """What the plan says, before anything is written that it speaks of."""
        words = ("plan", str(self.source), "--against", str(self.before), "--format", "json")
        return json.loads(self._run(*words))

    def _move(self, words: list[str], output: Path) -> None:
        self._run(*words, "--path", str(self.source), "--out", str(output))

    def _run(self, *words: str) -> str:
        command = [str(RACKFORM), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS)
        assert done.returncode == 0, f"rackform failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def stacks_before(self) -> dict[str, Stack]:
        """What is deployed, in the order of its deployment."""
        stacks = stacks_in(self.before)
        assert all(stack.phase in (None, 1) for stack in stacks), "it is deployed in one pass"
        return {stack.name: stack for stack in stacks}

    def steps(self) -> Iterator[tuple[Step, Stack | None, Stack]]:
        """Each step of the deployment, with the stack as it is until then and from then on."""
        standing = self.stacks_before()
        for stack in stacks_in(self.after):
            yield Step(stack.phase or 1, stack.name), standing.get(stack.name), stack
            standing[stack.name] = stack


def planned(plan: dict[str, Any]) -> dict[Step, Changes]:
    """What the plan says of the steps that change something."""
    steps: dict[Step, Changes] = {}
    for entry in plan["stacks"]:
        if entry["change"] in ("create", "update"):
            step = Step(entry["phase"], entry["stack"])
            assert step not in steps, f"{step} is there twice"
            steps[step] = {one["id"]: _change(one) for one in entry["resources"]}
    return steps


def planned_exports(plan: dict[str, Any]) -> dict[Step, dict[str, tuple[str, frozenset[str]]]]:
    """What the plan says of exports: what becomes of each, and who imports it at that moment."""
    return {
        Step(entry["phase"], entry["stack"]): {
            one["name"]: (one["change"], frozenset(one["imported_by"])) for one in entry["exports"]
        }
        for entry in plan["stacks"]
        if entry["exports"]
    }


def _change(resource: dict[str, Any]) -> Change:
    """A resource of the plan, which must not contradict itself."""
    properties = {one["name"]: one["recreates"] for one in resource["properties"]}
    change = Change(resource["change"], resource["replacement"], dict(sorted(properties.items())))
    if change.action in ("add", "remove"):
        assert change == Change(change.action), resource
    else:
        is_retyped = not properties
        assert change == Change.of(properties, is_retyped), resource
    return change
