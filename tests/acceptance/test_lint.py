"""cfn-lint has nothing to say of any template: no error, no warning, no information, no ignores."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from project import ALL_EXAMPLES, REPOSITORY, Project

SNAPSHOTS = sorted((REPOSITORY / "snapshots").rglob("*.yaml"))


def findings(template: Path) -> list[str]:
    """Everything that cfn-lint says, its informational rules included."""
    config = ManualArgs(regions=["us-east-1"], include_checks=["I"])
    text = template.read_text(encoding="utf-8")
    body = yaml.safe_load(text)
    for holder in [body, *body["Resources"].values()]:
        assert "cfn-lint" not in holder.get("Metadata", {}), "a template tells cfn-lint to ignore"
    return [f"{match.rule.id} {match.message}" for match in lint(text, config=config)]


def test_cfn_lint_is_awake(tmp_path: Path) -> None:
    """The call above does report: an unused parameter as a warning, half a policy as advice."""
    template = tmp_path / "faulty.yaml"
    template.write_text(
        "Parameters: {Unused: {Type: String}}\n"
        "Resources: {Logs: {Type: 'AWS::Logs::LogGroup', DeletionPolicy: Delete}}\n"
    )
    assert {finding[:5] for finding in findings(template)} >= {"W2001", "I3011"}


@pytest.mark.parametrize("example", ALL_EXAMPLES)
def test_emitted_templates(example: str, compiled: dict[str, Project]) -> None:
    stacks = compiled[example].stacks()
    assert stacks
    assert {stack.name: findings(stack.template) for stack in stacks} == {
        stack.name: [] for stack in stacks
    }


@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_snapshots(snapshot: Path) -> None:
    assert findings(snapshot) == []
