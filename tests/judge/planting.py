"""Plants the faults of `planted/*.yaml` in a compiled project."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from judge.compiler import MACHINE_NAME, MARKER
from judge.faults import Fault

FOLDER = Path(__file__).resolve().parent / "planted"
MEGABYTE = 1_048_576


@dataclass(frozen=True)
class Planted:
    """A fault, where it is planted, and what the judge must say."""

    name: str
    project: str
    edits: tuple[tuple[str, tuple[Any, ...]], ...]
    fault: Fault
    place: str  # `file: resource`
    words: str

    def plant(self, project: Path) -> None:
        """Change the files of a project and of its output in `build`."""
        for kind, (file, *arguments) in self.edits:
            path = project / "build" / file
            if kind in TEXT_EDITS:
                TEXT_EDITS[kind](path, *(_filled(word, project) for word in arguments))
            else:
                _change(path, EDITS[kind], *(_filled(word, project) for word in arguments))


def planted() -> Iterator[Planted]:
    """All faults of the tables."""
    for table in sorted(FOLDER.glob("*.yaml")):
        for row in yaml.safe_load(table.read_text(encoding="utf-8")):
            yield Planted(
                name=row["plant"],
                project=row.get("project", "shop"),
                edits=tuple(
                    (kind, tuple(words)) for edit in row["edits"] for kind, words in edit.items()
                ),
                fault=Fault[row["fault"]],
                place=row["at"],
                words=row["says"],
            )


def rewrite(template: Path) -> None:
    """Write a template anew without a change, to see that this alone is no fault."""
    _change(template, lambda body: None)


def _filled(word: Any, project: Path) -> Any:
    """A text with what no table can hold put in."""
    if not isinstance(word, str):
        return word
    for name, value in (
        ("{marker}", MARKER),
        ("{machine}", MACHINE_NAME),
        ("{folder}", str(project)),
        ("{megabyte}", "x" * MEGABYTE),
        ("{x125}", "x" * 125),
        ("{x256}", "x" * 256),
    ):
        word = word.replace(name, value)
    return word


def _change(path: Path, change: Callable[..., None], *arguments: Any) -> None:
    """Change the content of a template or of a JSON file."""
    text = path.read_text(encoding="utf-8")
    is_json = path.suffix == ".json"
    body = json.loads(text) if is_json else yaml.load(text, yaml.CSafeLoader)
    change(body, *arguments)
    text = json.dumps(body) if is_json else yaml.dump(body, None, yaml.CSafeDumper, sort_keys=False)
    path.write_text(text, encoding="utf-8")


# --- edits of a content; a path such as `A/B/0` leads to what is there already


def _walk(body: Any, path: str) -> tuple[Any, Any]:
    """What holds the last step of a path, and that step."""
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    for step in steps:
        body = body[step]
    return body, last


def _put(body: Any, path: str, value: Any) -> None:
    holder, step = _walk(body, path)
    holder[step] = value


def _push(body: Any, path: str, *values: Any) -> None:
    holder, step = _walk(body, path)
    holder[step].extend(values)


def _drop(body: Any, path: str) -> None:
    holder, step = _walk(body, path)
    del holder[step]


def _swap(body: Any, one: str, other: str) -> None:
    (first, a), (second, b) = _walk(body, one), _walk(body, other)
    assert first[a] != second[b], f"{one} and {other} are alike"
    first[a], second[b] = second[b], first[a]


def _rename(body: Any, old: str, new: str) -> None:
    body["Resources"][new] = body["Resources"].pop(old)


def _attribute(body: Any, resource: str, key: str, value: str) -> None:
    items = body["Resources"][resource]["Properties"]["TargetGroupAttributes"]
    (item,) = (item for item in items if item["Key"] == key)
    assert item["Value"] != value, f"{key} is {value} already"
    item["Value"] = value


def _copies(body: Any, resource: str, count: int, changes: dict[str, Any]) -> None:
    """Copies of a resource, with properties changed: numbers count up, `{n}` is the number."""
    for number in range(count):
        clone = copy.deepcopy(body["Resources"][resource])
        for path, value in changes.items():
            is_text = isinstance(value, str)
            new = value.replace("{n}", str(number)) if is_text else value + number
            _put(clone["Properties"], path, new)
        body["Resources"][f"{resource}Copy{number}"] = clone


def _fill(body: Any, section: str, count: int, value: Any) -> None:
    for number in range(count):
        body[section][f"More{number}"] = value


EDITS: dict[str, Callable[..., None]] = {
    "put": _put,
    "push": _push,
    "drop": _drop,
    "swap": _swap,
    "rename": _rename,
    "attribute": _attribute,
    "copies": _copies,
    "fill": _fill,
}


# --- edits of a text


def _text(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def _append(path: Path, words: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(words)


TEXT_EDITS: dict[str, Callable[..., None]] = {
    "text": _text,
    "append": _append,
    "remove": Path.unlink,
}
