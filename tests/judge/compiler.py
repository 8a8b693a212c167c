"""Runs rackform for tests, with an environment whose values must not be seen in the output."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from judge.checks.leaks import Machine

REPOSITORY = Path(__file__).resolve().parents[2]
RACKFORM = Path(os.environ.get("RACKFORM", REPOSITORY / "target" / "debug" / "rackform"))
MARKER = "leaked-from-the-environment-7f3a9c"
MACHINE_NAME = "build-host-7f3a9c"
# What pipelines and laptops have in their environment.
VARIABLES = (
    "AWS_PROFILE AWS_REGION CI_COMMIT_SHA DOMAIN GITHUB_SHA HOST LOG_LEVEL LOGNAME NAME PORT RACK "
    "REGION RACKFORM_S3_BUCKET SECRET_KEY STORE_HOST USER"
).split()


@dataclass(frozen=True)
class Compiled:
    """What became of a project."""

    project: Path
    errors: frozenset[str]  # codes; none: it compiled
    said: str

    @property
    def output(self) -> Path:
        """The output folder."""
        return self.project / "build"

    @property
    def machine(self) -> Machine:
        """What must not be seen in the output."""
        return Machine((MARKER,), (MACHINE_NAME,), (str(self.project), str(REPOSITORY)))


def compile_project(
    project: Path, variables: Iterable[str] = (), command: Sequence[str] = ()
) -> Compiled:
    """Compile a folder where it stands. `variables` are further names in the environment.

    `command` takes the place of `compile PROJECT`.
    """
    environment = dict.fromkeys((*VARIABLES, *variables), MARKER)
    environment |= {"HOSTNAME": MACHINE_NAME, "HOME": f"/home/{MARKER}", "PATH": os.environ["PATH"]}
    words = [str(RACKFORM), *(command or ("compile", str(project)))]
    words += ["--out", str(project / "build"), "--message-format", "json"]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    errors = frozenset(m["code"] for m in messages if m["severity"] == "error")
    said = done.stdout + done.stderr
    assert (done.returncode == 0) == (not errors), f"exit code {done.returncode}:\n{said}"
    return Compiled(project, errors, said)


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write a project; manifests that were there before are gone, lock and output stay."""
    shutil.rmtree(folder / "apps", ignore_errors=True)
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
