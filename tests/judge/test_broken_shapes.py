"""Templates of any shape are judged: what stands in the wrong place is a fault and no crash."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from judge.compiler import Compiled
from judge.judgement import judge

ARGUMENTS: dict[str, list[Any]] = {
    "Ref": ["Nothing", 3, None, {}],
    "Fn::Cidr": [[]],
    "Fn::Equals": [[]],
    "Fn::FindInMap": [[]],
    "Fn::GetAtt": [3, [], ["A"], "A"],
    "Fn::If": [[], ["A", 1, 2]],
    "Fn::ImportValue": [{}, "main:Nothing", {"Ref": "A"}],
    "Fn::Join": ["x", [], [1, 2, 3]],
    "Fn::Not": [[]],
    "Fn::Select": [[9, []], ["a", ["b"]]],
    "Fn::Split": [[1]],
    "Fn::Sub": [[], [1, 2], {}, "${A.B}"],
}
JUNK: list[Any] = [
    *(None, 0, -1, True, "", "x", "a:b", 1.5, [], {}, [1], [[]], {"a": 1}),
    *({name: argument} for name, arguments in ARGUMENTS.items() for argument in arguments),
]
TRIES = 25  # for each project


def spots(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a template: what holds it, and its key."""
    items: Any = ()
    if isinstance(node, dict):
        items = node.items()
    elif isinstance(node, list):
        items = enumerate(node)
    for key, value in items:
        yield node, key
        yield from spots(value)


@pytest.mark.parametrize("name", ["shop", "network-ports", "elsewhere"])
def test_junk(name: str, copied: Callable[[str], Compiled]) -> None:
    """Most of it is found; what concerns neither routers nor references may pass."""
    project = copied(name)
    rng = random.Random(name)
    templates = sorted(project.output.rglob("*.yaml"))
    found = sum(_is_found(project, rng.choice(templates), rng) for _ in range(TRIES))
    assert found > TRIES // 2


def _is_found(project: Compiled, template: Path, rng: random.Random) -> bool:
    """Put junk into a template, judge, and put back what was there."""
    text = template.read_text(encoding="utf-8")
    body = yaml.load(text, yaml.CSafeLoader)
    for _ in range(rng.choice([1, 1, 3])):
        holder, key = rng.choice(list(spots(body)))
        holder[key] = copy.deepcopy(rng.choice(JUNK))
    template.write_text(yaml.dump(body, None, yaml.CSafeDumper), encoding="utf-8")
    try:
        return bool(judge(project.project, project.output).findings)
    finally:
        template.write_text(text, encoding="utf-8")
