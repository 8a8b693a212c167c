"""What stands in an account: resources by their own names, and the stacks that hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from judge.account import hosts_of, is_pattern
from judge.patterns import matches
from judge.simulator.kinds import identities
from judge.template import listing, mapping, number

# What stands for a resource: `<main/Router>`, `<main/Router#2>` once it was replaced, and
# `<main/Router#2.DNSName>` for what AWS says of it.
TOKEN = re.compile(r"<([^<>/]+/[A-Za-z0-9]+(?:#[0-9]+)?)(?:\.[A-Za-z0-9.]+)?>")


@dataclass(frozen=True, eq=False)
class Thing:
    """A resource that exists, with one set of properties."""

    name: str  # its own, which no other ever has: it stands for an ARN
    stack: str
    logical: str
    kind: str
    properties: Mapping[str, Any]

    @cached_property
    def named(self) -> frozenset[str]:
        """The names of all resources that its properties name."""
        return frozenset(_named(self.properties))

    @cached_property
    def identities(self) -> tuple[tuple[str, ...], ...]:
        """What no other resource may have beside it."""
        return tuple(identities(self.kind, self.properties))

    @cached_property
    def listener(self) -> str:
        """The listener that a rule or an attached certificate is on."""
        return str(self.properties.get("ListenerArn"))

    @cached_property
    def priority(self) -> int:
        """The number of a rule."""
        return number(self.properties.get("Priority"))

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of a rule, as they are compared."""
        return tuple(host.lower() for host in hosts_of(self.properties.get("Conditions")))

    def answers(self, host: str) -> bool:
        """Whether a rule matches a host, or has this very pattern."""
        return host in self.hosts or any(matches(own, host) for own in self._patterns)

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        return tuple(host for host in self.hosts if is_pattern(host))

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The target groups that a rule or a listener forwards to."""
        found = []
        for key in ("Actions", "DefaultActions"):
            for action in map(mapping, listing(self.properties.get(key))):
                forward = mapping(action.get("ForwardConfig")).get("TargetGroups")
                for item in [action, *map(mapping, listing(forward))]:
                    found += [str(item["TargetGroupArn"])] if "TargetGroupArn" in item else []
        return tuple(dict.fromkeys(found))

    @cached_property
    def certificates(self) -> tuple[str, ...]:
        """The ARNs that an attachment or a listener lists."""
        items = map(mapping, listing(self.properties.get("Certificates")))
        return tuple(str(item.get("CertificateArn")) for item in items)

    def tag(self, key: str) -> str | None:
        """The value of a tag."""
        tags = self.properties.get("Tags") or []
        return next((str(tag["Value"]) for tag in tags if tag.get("Key") == key), None)

    def __str__(self) -> str:
        return self.name.strip("<>")


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield from (f"<{name}>" for name in TOKEN.findall(node))
    elif isinstance(node, Mapping):
        for item in node.values():
            yield from _named(item)
    elif isinstance(node, list):
        for item in node:
            yield from _named(item)


@dataclass(frozen=True)
class StackState:
    """A stack as it was deployed last."""

    text: str  # its template
    given: Mapping[str, str]  # values of parameters
    names: Mapping[str, str]  # logical ID → the resource's own name
    uses: Mapping[str, frozenset[str]]  # logical ID → those that it refers to
    exports: Mapping[str, Any]
    imports: frozenset[str]


@dataclass
class World:
    """An account. Copies share what never changes."""

    things: dict[str, Thing] = field(default_factory=dict)
    stacks: dict[str, StackState] = field(default_factory=dict)
    births: dict[str, int] = field(default_factory=dict)

    def copy(self) -> World:
        """An account of its own that is the same today."""
        return World(dict(self.things), dict(self.stacks), dict(self.births))

    def born(self, stack: str, logical: str) -> str:
        """A name that no resource ever had."""
        place = f"{stack}/{logical}"
        self.births[place] = self.births.get(place, 0) + 1
        count = self.births[place]
        return f"<{place}>" if count == 1 else f"<{place}#{count}>"

    def exports(self) -> dict[str, Any]:
        """What all stacks export."""
        return {
            name: value for stack in self.stacks.values() for name, value in stack.exports.items()
        }

    def importers(self, export: str, of: str) -> list[str]:
        """The stacks that import an export of a stack."""
        return [n for n, stack in self.stacks.items() if n != of and export in stack.imports]
