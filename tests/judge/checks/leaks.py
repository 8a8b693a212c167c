"""Nothing of the machine and of the moment of a compile stands in its output."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from judge.faults import Fault, Findings
from judge.output import Output

TIMES = re.compile(
    r"""
    \b20[2-9]\d-[01]\d-[0-3]\d\b        # a day; the versions of policies are older
    | \b\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d   # a moment
    | \b[0-2]\d:[0-5]\d:[0-5]\d\b       # a time of day
    | \b1[6-9]\d{8}\b                   # seconds since 1970
    """,
    re.VERBOSE,
)
# Folders of people and pipelines. /tmp is not among them: deploy.sh may make files there.
PATHS = re.compile(r"(?<![\w.-])/(?:home|Users|root|builds|workspace|github|private|mnt)/[\w./-]+")


@dataclass(frozen=True)
class Machine:
    """Who compiled, and where: what must not be seen in the output."""

    markers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def check(output: Output, inputs: str, machine: Machine, findings: Findings) -> None:
    """Report each of them, once a file. What stands in the inputs may stand in the output."""
    for file, text in output.texts.items():
        for fault, found in _leaks(text, machine):
            if found not in inputs:
                line = text[: text.index(found)].count("\n") + 1
                findings.add(fault, file, f"line {line}", f"holds {_what(fault)}: {found}")


def _leaks(text: str, machine: Machine) -> Iterator[tuple[Fault, str]]:
    yield from ((Fault.MARKER, marker) for marker in machine.markers if marker in text)
    yield from ((Fault.PATH, folder) for folder in machine.folders if folder in text)
    for name in machine.names:
        if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
            yield Fault.HOST_NAME, name
    yield from ((Fault.TIME, found[0]) for found in TIMES.finditer(text))
    yield from ((Fault.PATH, found[0]) for found in PATHS.finditer(text))


def _what(fault: Fault) -> str:
    return fault.value


def telling_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names of a machine that mean nothing else: with a digit, a dash or a dot in them."""
    parts = {part for name in names for part in (name, name.partition(".")[0])}
    return tuple(sorted(part for part in parts if re.search(r"[\d.-]", part) and len(part) > 3))
