"""Runs the steps of a composite action as GitHub's runner does: bash, files for outputs, and
expressions of the few forms that ours has. Steps that use other actions are not run."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{ *([a-z_.]+) *\}\}")
COMPARISON = re.compile(r"([a-z_.]+) == '([^']*)'")
# How the runner calls bash for `shell: bash`.
BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")


@dataclass
class Job:
    """A job on a machine of its own: what the action's steps see of it, and leave."""

    workspace: Path
    temporary: Path
    environment: dict[str, str]
    event: dict[str, Any]
    log: str = ""
    ran: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    outputs_of: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        return self._file("summary").read_text()

    def _file(self, name: str) -> Path:
        path = self.temporary / name
        path.touch()
        return path

    def run(self, action: Path, inputs: dict[str, str]) -> int:
        """The exit code of the step that failed, or 0."""
        body = yaml.safe_load((action / "action.yml").read_text())
        declared = body["inputs"]
        assert inputs.keys() <= declared.keys(), f"no such input: {inputs.keys() - declared.keys()}"
        github = {"token": "secret", "event": self.event}
        values: dict[str, Any] = {"github": github, "steps": {}}
        self.ran, self.outputs, self.outputs_of = [], {}, {}
        given = {name: inputs.get(name, declared[name]["default"]) for name in declared}
        values["inputs"] = {name: _filled(str(value), values) for name, value in given.items()}
        for step in body["runs"]["steps"]:
            if not _holds(step.get("if"), values) or "uses" in step:
                continue
            self.ran.append(step.get("name", step.get("id")))
            code, outputs = self._step(step, action, values)
            if "id" in step:
                values["steps"][step["id"]] = {"outputs": outputs}
                self.outputs_of[step["id"]] = outputs
            if code:
                return code
        self.outputs = {
            name: _filled(output["value"], values) for name, output in body["outputs"].items()
        }
        return 0

    def _step(
        self, step: dict[str, Any], action: Path, values: dict[str, Any]
    ) -> tuple[int, dict[str, str]]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an expression in a script is somebody else's program"
        output = self._file("output")
        output.write_text("")
        script = self._file("script.sh")
        script.write_text(step["run"])
        done = subprocess.run(
            [*BASH, str(script)],
            cwd=self.workspace,
            env={
                **self.environment,
                "GITHUB_ACTION_PATH": str(action),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self._file("summary")),
                "RUNNER_TEMP": str(self.temporary),
                **{name: _filled(value, values) for name, value in step.get("env", {}).items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        self.log += done.stdout
        lines = output.read_text().splitlines()
        return done.returncode, dict(line.split("=", 1) for line in lines)


def _value(path: str, values: dict[str, Any]) -> str:
    """What a path leads to; the empty text where it leads nowhere."""
    found: Any = values
    for part in path.split("."):
        found = found.get(part, {}) if isinstance(found, dict) else {}
    return "" if found == {} else str(found)


def _filled(text: str, values: dict[str, Any]) -> str:
    filled = EXPRESSION.sub(lambda match: _value(match[1], values), text)
    assert "${{" not in EXPRESSION.sub("", text), f"not read by these tests: {text}"
    return filled


def _holds(condition: str | None, values: dict[str, Any]) -> bool:
    if condition is None:
        return True
    comparison = COMPARISON.fullmatch(condition)
    assert comparison, f"not read by these tests: {condition}"
    return _value(comparison[1], values) == comparison[2]
