"""Examples compiled by the rackform binary, in copies where their locks can be written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKS = REPOSITORY.glob("examples/*/rackform.lock")
ALL_EXAMPLES = tuple(sorted(lock.parent.name for lock in LOCKS))
RACKFORM = Path(os.environ.get("RACKFORM", REPOSITORY / "target" / "debug" / "rackform"))


@dataclass(frozen=True)
class Stack:
    """One entry of `stacks.json`."""

    name: str
    kind: str
    phase: int | None
    template: Path
    parameters: Path

    def body(self) -> dict[str, Any]:
        return yaml.load(self.template.read_bytes(), yaml.CSafeLoader)

    def given_parameters(self) -> set[str]:
        """Names that the compiler has given a value."""
        return set(self.values())

    def values(self) -> dict[str, str]:
        """Parameters that the compiler has given a value."""
        return dict(item.split("=", 1) for item in json.loads(self.parameters.read_text()))


class Project:
    """A copy of an example, and what it compiles to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "source" / folder.name
        self.output = folder / "build"

    @classmethod
    def of(cls, example: str, parent: Path, shelf: str = "examples") -> Project:
        """Copy an example below `parent`; the folder keeps its name, which names the app."""
        project = cls(parent / example)
        shutil.copytree(REPOSITORY / shelf / example, project.source)
        return project

    def copy(self, parent: Path) -> Project:
        """An independent copy, lock and output included."""
        shutil.copytree(self.folder, parent / self.folder.name)
        return Project(parent / self.folder.name)

    def compile(self, *options: str) -> str:
        """Run the compiler; its lock stays beside the source."""
        return self._run("compile", str(self.source), *options)

    def move(self, app: str, *words: str) -> str:
        """Begin a move of an app (`words` is a rack), or end it."""
        return self._run("move", app, *words, "--path", str(self.source))

    def _run(self, *words: str) -> str:
        command = [str(RACKFORM), *words, "--out", str(self.output)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"rackform failed:\n{done.stdout}{done.stderr}"
        return done.stderr

    def edit(self, replacements: dict[str, str], file: str = "convox.yml") -> None:
        """Change a manifest's text; what is replaced must stand there exactly once."""
        manifest = self.source / file
        text = manifest.read_text(encoding="utf-8")
        for old, new in replacements.items():
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {manifest}"
            text = text.replace(old, new)
        manifest.write_text(text, encoding="utf-8")

    def give_images(self, images: dict[str, dict[str, str]]) -> None:
        """Write images of services into rackform.yml, behind the manifest of each app."""
        fleet = self.source / "rackform.yml"
        text = fleet.read_text(encoding="utf-8")
        for app, services in images.items():
            manifest = f"manifest: apps/{app}/convox.yml"
            flow, block = f"{{ {manifest}", f"    {manifest}\n"
            assert text.count(flow) + text.count(block) == 1, app
            text = text.replace(flow, f"{flow}, images: {json.dumps(services)}")
            text = text.replace(block, f"{block}    images: {json.dumps(services)}\n")
        fleet.write_text(text, encoding="utf-8")

    def stacks(self) -> list[Stack]:
        """The stacks in deploy order; one that changes in two phases is there twice."""
        return stacks_in(self.output)


def stacks_in(output: Path) -> list[Stack]:
    """The stacks that a folder of output lists."""
    listing = json.loads((output / "stacks.json").read_text(encoding="utf-8"))
    return [
        Stack(
            name=entry["stack"],
            kind=entry["kind"],
            phase=entry.get("phase"),
            template=output / entry["template"],
            parameters=output / entry["parameters"],
        )
        for entry in listing["stacks"]
    ]
