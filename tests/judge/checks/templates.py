"""CloudFormation's limits, and the names that it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from judge.faults import Fault, Findings
from judge.output import Output, Stack
from judge.template import Template

SECTIONS = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
BYTES = 1_048_576  # in a bucket
BYTES_WITHOUT_BUCKET = 51_200
NAME = re.compile(r"[A-Za-z0-9]{1,255}")
CONDITION_NAME = re.compile(r"[A-Za-z0-9&_]{1,255}")


def check(output: Output, findings: Findings) -> None:
    """Report what is too large and what has no valid name."""
    for stack in output.stacks:
        _check_sizes(stack, findings)
        for section in SECTIONS:
            _check_names(stack.file, section, stack.template.section(section), NAME, findings)
        _check_names(stack.file, "Conditions", stack.template.conditions, CONDITION_NAME, findings)
        _check_types(stack.file, stack.template, findings)


def _check_sizes(stack: Stack, findings: Findings) -> None:
    for section, most in SECTIONS.items():
        if (count := len(stack.template.section(section))) > most:
            words = f"{count} of them, and CloudFormation takes {most}"
            findings.add(Fault.TOO_LARGE, stack.file, section, words)
    if stack.size > BYTES:
        words = f"has {stack.size} bytes, and CloudFormation takes {BYTES}"
        findings.add(Fault.TOO_LARGE, stack.file, "template", words)
    elif stack.size > BYTES_WITHOUT_BUCKET:
        findings.note(stack.file, f"has {stack.size} bytes, so deploying it needs a bucket")


def _check_names(
    file: str,
    section: str,
    body: Mapping[str, Any],
    pattern: re.Pattern[str],
    findings: Findings,
) -> None:
    for name in body:
        if not pattern.fullmatch(str(name)):
            words = f"is no name for one of `{section}`: letters and digits alone, at most 255"
            findings.add(Fault.BAD_ID, file, str(name), words)


def _check_types(file: str, template: Template, findings: Findings) -> None:
    for name in template.resources:
        if not template.type_of(name).startswith("AWS::"):
            findings.add(Fault.BAD_ID, file, str(name), f"has the type {template.type_of(name)}")
