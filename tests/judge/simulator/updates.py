"""What CloudFormation would do to bring one stack to a new template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from judge.evaluation import Evaluator, imported
from judge.output import Stack
from judge.simulator.kinds import is_replaced
from judge.simulator.violations import Fault, Invariant, Violation
from judge.simulator.world import StackState, Thing, World
from judge.template import Template, Use, mapping


@dataclass(frozen=True)
class Change:
    """What is done to one resource: made (no `old`), changed in place, or deleted (no `new`)."""

    old: Thing | None
    new: Thing | None
    after: frozenset[int]  # all changes that come before it in every order, by their places

    @property
    def is_made(self) -> bool:
        """Whether the resource is not there before."""
        return self.old is None

    def __str__(self) -> str:
        verb = "made" if self.old is None else "deleted" if self.new is None else "changed"
        return f"{self.new or self.old} is {verb}"


@dataclass
class Update:
    """One update of one stack: all that is made and changed, and then all that is deleted."""

    stack: str
    before: World
    after: World  # when it is done
    puts: list[Change] = field(default_factory=list)
    deletes: list[Change] = field(default_factory=list)
    refused: list[Violation] = field(default_factory=list)  # by CloudFormation itself

    def refuse(self, invariant: Invariant, words: str) -> None:
        """Take note of what CloudFormation refuses in any order."""
        self.refused.append(Violation(self.stack, Fault(invariant, words), "in any order"))


class _Live(Evaluator):
    """Evaluates a template in an account, and takes note of what it imports."""

    def __init__(self, world: World, external: frozenset[str]) -> None:
        super().__init__({}, external)
        self._exported = world.exports()
        self.names: dict[str, str] = {}
        self.imports: set[str] = set()

    def named(self, stack: Stack, name: str, attribute: str = "") -> str:
        """The resource's own name; a parameter without a value has none."""
        own = self.names.get(name, f"<{stack.name}:{name}>")
        return f"{own[:-1]}.{attribute}>" if attribute else own

    def exported(self, name: str) -> Any:
        """The value of an export as it is now; of a rack that is not ours, what stands for it."""
        if self.is_external(name):
            return imported(name)
        self.imports.add(name)
        return self._exported.get(name)

    def is_missing(self, name: str) -> bool:
        """Whether nobody exports a name that was imported."""
        return name not in self._exported


def update(world: World, stack: Stack, text: str, external: frozenset[str]) -> Update:
    """What a deployment of a stack does. The world stays as it is."""
    result = Update(stack.name, world, world.copy())
    before = world.stacks.get(stack.name)
    live = _Live(world, external)
    uses = dict(_uses(stack, live))
    order = _sorted(uses)
    if order is None:
        result.refuse(Invariant.CIRCLE, "resources wait for each other")
        return result
    replaced = _put(result, stack, before, live, order, uses)
    exports = _exports(stack, live)
    for name in sorted(filter(live.is_missing, live.imports)):
        result.refuse(Invariant.IMPORT, f"it imports {name}, which nobody exports")
    _check_exports(result, before, exports)
    gone = set(before.names) - live.names.keys() if before else set()
    _delete(result, before, gone | replaced)
    result.after.stacks[stack.name] = StackState(
        text, stack.given, live.names, uses, exports, frozenset(live.imports)
    )
    return result


def removal(world: World, name: str) -> Update:
    """What the deletion of a stack does."""
    result = Update(name, world, world.copy())
    before = world.stacks[name]
    _check_exports(result, before, {})
    _delete(result, before, set(before.names))
    del result.after.stacks[name]
    return result


def _uses(stack: Stack, live: _Live) -> Iterator[tuple[str, frozenset[str]]]:
    """The resources whose conditions hold, and which others each of them waits for."""
    kept = [n for n in stack.template.resources if _holds(live, stack, n)]
    mentions: dict[str, set[str]] = {name: set() for name in kept}
    for mention in stack.template.mentions():
        is_use = mention.use in (Use.REF, Use.ATTRIBUTE, Use.DEPENDENCY)
        if is_use and mention.owner in mentions and mention.name in mentions:
            mentions[mention.owner].add(mention.name)
    yield from ((name, frozenset(found)) for name, found in mentions.items())


def _holds(live: _Live, stack: Stack, name: str) -> bool:
    condition = mapping(stack.template.resources[name]).get("Condition")
    return condition is None or live.holds(stack, str(condition))


def _sorted(uses: Mapping[str, frozenset[str]]) -> list[str] | None:
    """Logical IDs, each behind those that it waits for. None if some wait for each other."""
    order: list[str] = []
    done: set[str] = set()
    waiting = dict(uses)
    while waiting:
        free = [name for name, needed in waiting.items() if needed <= done]
        if not free:
            return None
        order += free
        done.update(free)
        for name in free:
            del waiting[name]
    return order


def _put(
    result: Update,
    stack: Stack,
    before: StackState | None,
    live: _Live,
    order: list[str],
    uses: Mapping[str, frozenset[str]],
) -> set[str]:
    """Make and change; returns the logical IDs of what is replaced."""
    replaced: set[str] = set()
    # For each logical ID the changes that come before whatever waits for it.
    behind: dict[str, frozenset[int]] = {}
    world = result.after
    for logical in order:
        body = mapping(stack.template.resources[logical])
        kind, properties = str(body.get("Type")), mapping(live.of(stack, body.get("Properties")))
        name = before.names.get(logical) if before else None
        old = world.things[name] if name else None
        if old and old.kind != kind:
            result.refuse(Invariant.TYPE, f"{logical} was {old.kind} and is to be {kind}")
        if old and (old.kind != kind or is_replaced(kind, old.properties, properties)):
            replaced.add(logical)
            old = None
        after = frozenset().union(*(behind[other] for other in uses[logical]))
        if old is None or old.properties != properties:
            own = old.name if old else world.born(stack.name, logical)
            new = Thing(own, stack.name, logical, kind, properties)
            result.puts.append(Change(old, new, after))
            after |= {len(result.puts) - 1}
            world.things[own] = new
        else:
            own = old.name
        behind[logical] = after
        live.names[logical] = own
    return replaced


def _delete(result: Update, before: StackState | None, gone: set[str]) -> None:
    """Delete what is gone or replaced: what refers to another one goes first."""
    if before is None:
        return
    places: dict[str, int] = {}
    left = set(gone)
    while left:
        # References of a stack that was deployed go in no circle.
        used = frozenset().union(*(before.uses[name] for name in left))
        for logical in sorted(left - used):
            users = [place for user, place in places.items() if logical in before.uses[user]]
            after = frozenset(users).union(*(result.deletes[place].after for place in users))
            thing = result.before.things[before.names[logical]]
            places[logical] = len(result.deletes)
            result.deletes.append(Change(thing, None, after))
            del result.after.things[thing.name]
        left &= used


def _exports(stack: Stack, live: _Live) -> dict[str, Any]:
    found = {}
    for output, name, value in Template.exports(stack.template):
        condition = mapping(stack.template.outputs[output]).get("Condition")
        if condition is None or live.holds(stack, str(condition)):
            found[str(live.of(stack, name))] = live.of(stack, value)
    return found


def _check_exports(result: Update, before: StackState | None, exports: Mapping[str, Any]) -> None:
    for name, value in (before.exports if before else {}).items():
        if (users := result.before.importers(name, result.stack)) and exports.get(name) != value:
            what = "is changed" if name in exports else "goes"
            words = f"the export {name} {what} while {', '.join(users)} imports it"
            result.refuse(Invariant.EXPORT, words)
    for other, stack in result.before.stacks.items():
        for name in sorted(stack.exports.keys() & exports.keys()):
            if other != result.stack:
                result.refuse(Invariant.EXPORTED_TWICE, f"{other} exports {name} too")
