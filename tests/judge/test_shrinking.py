"""A walk goes wrong where its outputs are doctored, is made shorter, and can be walked again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from judge.faults import Findings
from judge.output import Output, read_output
from judge.simulator import walk as walk_module
from judge.simulator.kinds import RULE
from judge.simulator.shrinking import go, report, shrink
from judge.template import Template

SEED, STEPS = 11, range(6)


def _renamed(body: dict[str, object]) -> dict[str, object]:
    resources = body["Resources"]
    assert isinstance(resources, dict)
    named = {
        f"{name}x" if resource["Type"] == RULE else name: resource
        for name, resource in resources.items()
    }
    for resource in named.values():
        waits = resource.get("DependsOn")
        if isinstance(waits, list):
            resource["DependsOn"] = [w if w in named else f"{w}x" for w in waits]
    return {**body, "Resources": named}


def _doctored(folder: Path, findings: Findings) -> Output | None:
    """Rules have other names, and keep their numbers, whenever their template's length is a multiple of five."""
    output = read_output(folder, findings)
    assert output is not None
    stacks = []
    for stack in output.stacks:
        text = output.texts[stack.file]
        if stack.row.app and len(text) % 5 == 0:
            copied = {name: dict(part) for name, part in stack.template.resources.items()}
            body = _renamed({**stack.template.body, "Resources": copied})
            stack = replace(stack, template=Template(body))
        stacks.append(stack)
    return replace(output, stacks=tuple(stacks))


def test_fault_of_a_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found, the walk becomes shorter, and the report says how to see it again."""
    monkeypatch.setattr(walk_module, "read_output", _doctored)
    _, broken = go(SEED, STEPS, tmp_path / "walk")
    assert broken is not None
    assert "[PRIORITY]" in broken.what[0]
    shorter = shrink(SEED, broken, tmp_path / "walk", 60)
    assert len(shorter.steps) < len(broken.steps)
    text = report(SEED, shorter)
    assert f"judge.simulator {SEED} --steps {','.join(map(str, shorter.steps))}\n" in text
    assert "=== from\n--- apps/" in text
    _, again = go(SEED, shorter.steps, tmp_path / "again")
    assert again is not None
    assert again.what == shorter.what


def test_walk_without_a_fault(tmp_path: Path) -> None:
    """The same walk with outputs as they are is fine, and the same each time."""
    tallies = [str(go(SEED, STEPS, tmp_path / "walk")[0].tally) for _ in range(2)]
    assert tallies[0] == tallies[1]
    assert tallies[0].startswith("6 edits")
