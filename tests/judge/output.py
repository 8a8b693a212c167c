"""The output folder: what stacks.json says is there, and what is there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from judge.dialect import Unreadable, read_template
from judge.faults import Fault, Findings
from judge.template import Template

LISTING = "stacks.json"
SCRIPT = "deploy.sh"


@dataclass(frozen=True)
class Row:
    """An entry of stacks.json: one deployment of one stack."""

    stack: str
    rack: str
    app: str | None  # None: the rack itself
    phase: int | None
    template: str
    parameters: str
    required: tuple[str, ...]


@dataclass(frozen=True)
class Stack:
    """A stack as a row deploys it."""

    row: Row
    template: Template
    given: Mapping[str, str]  # values of parameters
    size: int  # bytes of the template

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.row.stack

    @property
    def file(self) -> str:
        """The template's path."""
        return self.row.template

    def parameter(self, name: str) -> str | None:
        """The value that a parameter is deployed with, if that is known."""
        if name in self.given:
            return self.given[name]
        body = self.template.parameters.get(name)
        default = body.get("Default") if isinstance(body, dict) else None
        return None if default is None else str(default)


@dataclass(frozen=True)
class Output:
    """Everything that was written."""

    folder: Path
    rows: tuple[Row, ...]
    listed: tuple[str, ...]  # the files that stacks.json lists
    texts: Mapping[str, str]  # every file on disk, by its path in the folder
    stacks: tuple[Stack, ...]  # in deploy order; one that changes in phases is there several times

    def final(self) -> dict[str, Stack]:
        """Every stack as it is in the end."""
        return {stack.name: stack for stack in self.stacks}


def read_output(folder: Path, findings: Findings) -> Output | None:
    """Read an output folder. None if there is no listing to go by."""
    texts = dict(_read_texts(folder, findings))
    try:
        listing = json.loads(texts[LISTING])
        rows = tuple(_row(entry) for entry in listing["stacks"])
        listed = tuple(str(file) for file in listing["files"])
    except (KeyError, TypeError, ValueError) as error:
        findings.add(Fault.UNREADABLE, LISTING, "stacks", f"can't be read: {error!r}")
        return None
    stacks = tuple(_read_stacks(rows, texts, findings))
    return Output(folder, rows, listed, texts, stacks)


def _read_texts(folder: Path, findings: Findings) -> Iterator[tuple[str, str]]:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        try:
            yield name, file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            findings.add(Fault.UNREADABLE, name, "file", f"can't be read: {error}")


def _row(entry: Any) -> Row:
    return Row(
        stack=entry["stack"],
        rack=entry["rack"],
        app=entry["app"] if entry["kind"] == "app" else None,
        phase=entry.get("phase"),
        template=entry["template"],
        parameters=entry["parameters"],
        required=tuple(entry["required"]),
    )


def _read_stacks(
    rows: tuple[Row, ...], texts: Mapping[str, str], findings: Findings
) -> Iterator[Stack]:
    for row in rows:
        body = _read_body(row.template, texts, findings)
        given = _read_values(row.parameters, texts, findings)
        if body is not None:
            size = len(texts[row.template].encode())
            yield Stack(row, Template(body), given, size)


def _read_body(file: str, texts: Mapping[str, str], findings: Findings) -> dict[str, Any] | None:
    if file not in texts:
        return None  # NOT_ON_DISK says so
    try:
        body, repeated = _read_once(texts[file])
    except Unreadable as error:
        findings.add(Fault.UNREADABLE, file, "template", f"can't be read: {error}")
        return None
    for key in repeated:
        findings.add(Fault.REPEATED_KEY, file, key, "stands twice, and the first one is lost")
    if not isinstance(body, dict):
        findings.add(Fault.UNREADABLE, file, "template", "is not a mapping")
        return None
    return body


@lru_cache(maxsize=512)
def _read_once(text: str) -> tuple[Any, list[str]]:
    """A template; most of them are the same after a change of a fleet as before."""
    return read_template(text)


def _read_values(file: str, texts: Mapping[str, str], findings: Findings) -> dict[str, str]:
    if file not in texts:
        return {}
    try:
        items = json.loads(texts[file])
        pairs = (item.partition("=") for item in items)
        return {name: value for name, _, value in pairs}
    except (ValueError, TypeError, AttributeError) as error:
        findings.add(Fault.UNREADABLE, file, "parameters", f"can't be read: {error!r}")
        return {}
