"""Parameters have values that they take, or are listed as those that need one."""

from __future__ import annotations

import re
from typing import Any

from judge.faults import Fault, Findings
from judge.output import LISTING, Output, Stack
from judge.template import listing, mapping


def check(output: Output, findings: Findings) -> None:
    """Report parameters without a value, and values without a parameter."""
    for stack in output.stacks:
        for name, node in stack.template.parameters.items():
            _check_parameter(stack, name, mapping(node), findings)
        for name in stack.given.keys() - stack.template.parameters.keys():
            words = f"has a value, and {stack.file} has no such parameter"
            findings.add(Fault.UNKNOWN_PARAMETER, stack.row.parameters, name, words)
        for name in set(stack.row.required) - stack.template.parameters.keys():
            words = f"is required of {stack.name}, and {stack.file} has no such parameter"
            findings.add(Fault.NEEDLESS, LISTING, name, words)


def _check_parameter(stack: Stack, name: str, body: Any, findings: Findings) -> None:
    value = stack.parameter(name)
    is_required = name in stack.row.required
    if value is None:
        if not is_required:
            words = f"has no value in {stack.row.parameters}, and {LISTING} does not require one"
            findings.add(Fault.NO_VALUE, stack.file, name, words)
        return
    if is_required:
        words = f"is required of {stack.name} and has the value `{value}`"
        findings.add(Fault.NEEDLESS, LISTING, name, words)
    allowed = [str(item) for item in listing(body.get("AllowedValues"))]
    pattern = str(body.get("AllowedPattern", ""))
    if allowed and value not in allowed:
        words = f"has the value `{value}`, which is none of {', '.join(allowed)}"
        findings.add(Fault.BAD_VALUE, stack.file, name, words)
    elif pattern and not _fits(pattern, value):
        words = f"has the value `{value}`, which is not as {pattern} has it"
        findings.add(Fault.BAD_VALUE, stack.file, name, words)


def _fits(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return False
