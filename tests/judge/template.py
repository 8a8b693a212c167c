"""One template: its sections, and who refers to what in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

SUBSTITUTION = re.compile(r"\$\{([^!}][^}]*)\}")
PSEUDO = frozenset(
    f"AWS::{name}"
    for name in (
        "AccountId",
        "NotificationARNs",
        "NoValue",
        "Partition",
        "Region",
        "StackId",
        "StackName",
        "URLSuffix",
    )
)
CONDITION_FUNCTIONS = frozenset(["Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not"])
FUNCTIONS = CONDITION_FUNCTIONS | {
    f"Fn::{name}"
    for name in (
        "Base64",
        "Cidr",
        "FindInMap",
        "GetAtt",
        "GetAZs",
        "If",
        "ImportValue",
        "Join",
        "Select",
        "Split",
        "Sub",
    )
}


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping, or none: what else stands there is somebody else's finding."""
    return value if isinstance(value, Mapping) else {}


def listing(value: Any) -> list[Any]:
    """A list, or a single value as one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def number(value: Any) -> int:
    """A number, also one that is written as text; -1 for anything else."""
    try:
        return int(str(value))
    except ValueError:
        return -1


class Use(Enum):
    """How something is named."""

    REF = "Ref"
    ATTRIBUTE = "Fn::GetAtt"
    IMPORT = "Fn::ImportValue"
    CONDITION = "Condition"
    DEPENDENCY = "DependsOn"
    MAP = "Fn::FindInMap"
    UNKNOWN = "an unknown function"


@dataclass(frozen=True)
class Mention:
    """A place of a template that names something."""

    owner: str  # the resource, or `Outputs.X`, or `Conditions.X`
    use: Use
    name: str
    attribute: str = ""
    node: Any = field(default=None, compare=False)  # the argument, where it is no text


@dataclass(frozen=True)
class Template:
    """The sections of a template, each a mapping; what is not written is empty."""

    body: Mapping[str, Any]

    def section(self, name: str) -> Mapping[str, Any]:
        """A section by its name."""
        return mapping(self.body.get(name))

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters by name."""
        return self.section("Parameters")

    @property
    def resources(self) -> Mapping[str, Any]:
        """Resources by logical ID."""
        return self.section("Resources")

    @property
    def outputs(self) -> Mapping[str, Any]:
        """Outputs by name."""
        return self.section("Outputs")

    @property
    def conditions(self) -> Mapping[str, Any]:
        """Conditions by name."""
        return self.section("Conditions")

    def type_of(self, name: str) -> str:
        """The type of a resource."""
        return str(mapping(self.resources.get(name)).get("Type"))

    def exports(self) -> Iterator[tuple[str, Any, Any]]:
        """Output, the node of its export's name, and the node of its value."""
        for output, body in self.outputs.items():
            export = mapping(mapping(body).get("Export"))
            if "Name" in export:
                yield output, export["Name"], mapping(body).get("Value")

    def mentions(self) -> Iterator[Mention]:
        """Everything that is named anywhere."""
        for name, body in self.conditions.items():
            yield from _mentions(f"Conditions.{name}", body, in_conditions=True)
        for name, body in self.resources.items():
            for key in ("Properties", "Metadata", "UpdatePolicy", "CreationPolicy"):
                yield from _mentions(name, mapping(body).get(key))
            for dependency in listing(mapping(body).get("DependsOn")):
                yield Mention(name, Use.DEPENDENCY, str(dependency))
            if "Condition" in mapping(body):
                yield Mention(name, Use.CONDITION, str(body["Condition"]))
        for name, body in self.outputs.items():
            owner = f"Outputs.{name}"
            yield from _mentions(owner, mapping(body).get("Value"))
            yield from _mentions(owner, mapping(body).get("Export"))
            if "Condition" in mapping(body):
                yield Mention(owner, Use.CONDITION, str(body["Condition"]))


def _mentions(owner: str, node: Any, in_conditions: bool = False) -> Iterator[Mention]:
    if isinstance(node, list):
        for item in node:
            yield from _mentions(owner, item, in_conditions)
        return
    if not isinstance(node, dict):
        return
    if len(node) == 1:
        ((key, argument),) = node.items()
        if key == "Condition" and in_conditions and isinstance(argument, str):
            yield Mention(owner, Use.CONDITION, argument)
            return
        if key == "Ref" or (isinstance(key, str) and key.startswith("Fn::")):
            yield from _function(owner, key, argument, in_conditions)
            return
    for item in node.values():
        yield from _mentions(owner, item, in_conditions)


def _function(owner: str, key: str, argument: Any, in_conditions: bool) -> Iterator[Mention]:
    """What one intrinsic function names, and what its arguments do."""
    if key == "Ref":
        yield Mention(owner, Use.REF, str(argument))
    elif key == "Fn::GetAtt":
        name, attribute = attribute_of(argument)
        yield Mention(owner, Use.ATTRIBUTE, name, attribute)
    elif key == "Fn::Sub":
        text, local = argument if _is_pair(argument) else (argument, {})
        for name in SUBSTITUTION.findall(str(text)):
            if name not in mapping(local):
                yield _substitution(owner, name)
        yield from _mentions(owner, local, in_conditions)
    elif key == "Fn::ImportValue":
        yield Mention(owner, Use.IMPORT, "", node=argument)
        yield from _mentions(owner, argument, in_conditions)
    elif key == "Fn::If":
        condition = argument[0] if isinstance(argument, list) and len(argument) == 3 else None
        if condition is None:
            yield Mention(owner, Use.UNKNOWN, "Fn::If without three arguments")
        else:
            yield Mention(owner, Use.CONDITION, str(condition))
            yield from _mentions(owner, argument[1:], in_conditions)
    elif key == "Fn::FindInMap":
        yield Mention(owner, Use.MAP, str(next(iter(listing(argument)), None)))
        yield from _mentions(owner, argument, in_conditions)
    elif key in FUNCTIONS and (in_conditions or key not in CONDITION_FUNCTIONS):
        yield from _mentions(owner, argument, in_conditions)
    else:
        yield Mention(owner, Use.UNKNOWN, key)


def _substitution(owner: str, name: str) -> Mention:
    if name.startswith("AWS::") or "." not in name:
        return Mention(owner, Use.REF, name)
    resource, _, attribute = name.partition(".")
    return Mention(owner, Use.ATTRIBUTE, resource, attribute)


def _is_pair(argument: Any) -> bool:
    return isinstance(argument, list) and len(argument) == 2


def attribute_of(argument: Any) -> tuple[str, str]:
    """Resource and attribute of a `GetAtt`, in either of its forms."""
    if isinstance(argument, str):
        name, _, attribute = argument.partition(".")
        return name, attribute
    parts = [str(part) for part in listing(argument)]
    return (parts[0], ".".join(parts[1:])) if parts else ("", "")
