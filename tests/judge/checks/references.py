"""Everything that a template names exists, and nothing waits for itself."""

from __future__ import annotations

from judge.attributes import ATTRIBUTES
from judge.faults import Fault, Findings
from judge.output import Output, Stack
from judge.template import PSEUDO, Mention, Template, Use


def check(output: Output, findings: Findings) -> None:
    """Report what names nothing."""
    for stack in output.stacks:
        mentions = list(stack.template.mentions())
        for mention in mentions:
            _check_mention(stack, mention, findings)
        _check_cycles(stack, mentions, findings)


def _check_mention(stack: Stack, mention: Mention, findings: Findings) -> None:
    template, name = stack.template, mention.name
    # Outputs and conditions can't name a resource that is not there either; a condition knows
    # parameters alone.
    is_parameter = name in template.parameters or name in PSEUDO
    match mention.use:
        case Use.REF:
            is_resource = name in template.resources
            if not is_parameter and (not is_resource or mention.owner.startswith("Conditions.")):
                _add(
                    stack,
                    mention,
                    Fault.DEAD_REFERENCE,
                    f"names `{name}`, which is not there",
                    findings,
                )
        case Use.ATTRIBUTE:
            _check_attribute(stack, mention, findings)
        case Use.DEPENDENCY:
            if name not in template.resources:
                words = f"waits for `{name}`, which is not there"
                _add(stack, mention, Fault.DEAD_DEPENDENCY, words, findings)
        case Use.CONDITION:
            if name not in template.conditions:
                words = f"asks for the condition `{name}`, which is not declared"
                _add(stack, mention, Fault.DEAD_CONDITION, words, findings)
        case Use.MAP:
            if name not in template.section("Mappings"):
                words = f"names the mapping `{name}`, which is not there"
                _add(stack, mention, Fault.DEAD_REFERENCE, words, findings)
        case Use.UNKNOWN:
            words = f"uses {name}, which CloudFormation does not know there"
            _add(stack, mention, Fault.UNKNOWN_FUNCTION, words, findings)
        case Use.IMPORT:
            pass  # checks/exports.py


def _check_attribute(stack: Stack, mention: Mention, findings: Findings) -> None:
    template, name = stack.template, mention.name
    if name not in template.resources:
        words = f"names `{name}.{mention.attribute}`, which is not there"
        _add(stack, mention, Fault.DEAD_REFERENCE, words, findings)
        return
    kind = template.type_of(name)
    if kind not in ATTRIBUTES:
        words = f"asks for an attribute of {kind}, of which the judge knows none"
        _add(stack, mention, Fault.NO_ATTRIBUTE, words, findings)
    elif mention.attribute not in ATTRIBUTES[kind]:
        words = f"asks `{name}` for `{mention.attribute}`, and {kind} has no such attribute"
        _add(stack, mention, Fault.NO_ATTRIBUTE, words, findings)


def _add(stack: Stack, mention: Mention, fault: Fault, words: str, findings: Findings) -> None:
    findings.add(fault, stack.file, mention.owner, words)


def _check_cycles(stack: Stack, mentions: list[Mention], findings: Findings) -> None:
    """Report a resource that can't be made because it waits for itself, if there is one."""
    waits = _dependencies(stack.template, mentions)
    made: set[str] = set()
    while ready := [name for name, others in waits.items() if name not in made and others <= made]:
        made.update(ready)
    stuck = sorted(waits.keys() - made)
    if stuck:
        words = f"waits for itself, with {', '.join(stuck)}"
        findings.add(Fault.CYCLE, stack.file, stuck[0], words)


def _dependencies(template: Template, mentions: list[Mention]) -> dict[str, set[str]]:
    waits: dict[str, set[str]] = {name: set() for name in template.resources}
    for mention in mentions:
        if mention.owner in waits and mention.name in waits and mention.use is not Use.CONDITION:
            waits[mention.owner].add(mention.name)
    return waits
