"""What `deploy.sh` does with an output: stack after stack, as an account is found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from judge.output import Output, Stack
from judge.project import Project
from judge.simulator.demands import Demands
from judge.simulator.moments import violations
from judge.simulator.updates import Update, removal, update
from judge.simulator.violations import Violation
from judge.simulator.world import World

FIRST = "FirstDeploy"
STEP = re.compile(r'^  Rackform: \{Change: "(?P<change>[^"]+)", Phase: (?P<phase>\d+)\}$', re.M)
MARK = re.compile(r"^# A step of .*\nMetadata:\n  Rackform: .*\n", re.M)

Names = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Deployment:
    """Updates that follow one another, each whole."""

    start: World
    updates: list[Update]

    @property
    def end(self) -> World:
        """The account when all is done."""
        return self.updates[-1].after if self.updates else self.start

    def demands(self, project: Project, names: Names) -> Demands | None:
        """What must stay true; None if nothing happens."""
        return Demands(self.updates, project, names) if self.updates else None

    def violations(self, project: Project, names: Names) -> list[Violation]:
        """What may go wrong at any moment."""
        demands = self.demands(project, names)
        return [] if demands is None else [v for u in self.updates for v in violations(u, demands)]


def deploy(world: World, output: Output, external: frozenset[str]) -> Deployment:
    """Deploy an output. What is refused is done nevertheless, so that all of it is found."""
    updates: list[Update] = []
    now = world
    for stack in output.stacks:
        text = output.texts[stack.file]
        if _is_past(now, stack.name, text):
            continue
        for pass_ in _passes(now, stack):
            if _is_same(now, pass_, text):
                continue
            updates.append(update(now, pass_, text, external))
            now = updates[-1].after
    return Deployment(world, updates)


def _is_past(world: World, stack: str, text: str) -> bool:
    """Whether a stack stands in a later phase of the change that a template is a step of."""
    if stack not in world.stacks:
        return False
    standing, wanted = STEP.search(world.stacks[stack].text), STEP.search(text)
    if standing is None or wanted is None or standing["change"] != wanted["change"]:
        return False
    return int(standing["phase"]) > int(wanted["phase"])


def _passes(world: World, stack: Stack) -> list[Stack]:
    """A stack with its parameters; a new one is deployed twice where its template says so."""
    before = world.stacks.get(stack.name)
    kept = before.given if before else {}
    declared = stack.template.parameters
    given = {name: kept[name] for name in declared if name in kept} | dict(stack.given)
    words = [] if FIRST not in declared else ["No"] if before else ["Yes", "No"]
    if not words:
        return [replace(stack, given=given)]
    return [replace(stack, given=given | {FIRST: word}) for word in words]


def _is_same(world: World, stack: Stack, text: str) -> bool:
    """Whether a stack stands like that already. What it imports does not change under it.

    CloudFormation changes nothing for the step that a template says it is; the old one stays.
    """
    before = world.stacks.get(stack.name)
    if before is None or before.given != stack.given:
        return False
    return MARK.sub("", before.text) == MARK.sub("", text)


def remove(world: World, gone: list[str]) -> Deployment:
    """Delete stacks that nobody wants any more, in this order."""
    updates: list[Update] = []
    now = world
    for name in gone:
        updates.append(removal(now, name))
        now = updates[-1].after
    return Deployment(world, updates)
