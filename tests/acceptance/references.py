"""Who refers to whom inside a CloudFormation template.

Two judges need this: the moto server makes resources in dependency order, and the MiniStack
tests take out everything that hangs on a resource type which MiniStack does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

SUBSTITUTION = re.compile(r"\$\{([^!}][^}]*)\}")


def as_list(value: Any) -> list[Any]:
    """`DependsOn` may be one name or a list of them."""
    return value if isinstance(value, list) else [value]


def names_in(node: Any) -> Iterator[str]:
    """Yield every name that `Ref`, `Fn::GetAtt` and `Fn::Sub` mention below `node`."""
    if isinstance(node, list):
        for item in node:
            yield from names_in(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "Ref":
                yield value
            elif key == "Fn::GetAtt":
                yield value.split(".")[0] if isinstance(value, str) else value[0]
            elif key == "Fn::Sub":
                text, local = (value, {}) if isinstance(value, str) else value
                names = (name.split(".")[0] for name in SUBSTITUTION.findall(text))
                yield from (name for name in names if name not in local)
                yield from names_in(local)
            else:
                yield from names_in(value)


def dependencies(body: dict[str, Any]) -> Iterator[str]:
    """Yield the names that must exist before a resource: what it refers to and its `DependsOn`."""
    yield from names_in(body.get("Properties", {}))
    yield from as_list(body.get("DependsOn", []))


def dependency_order(resources: dict[str, Any]) -> list[str]:
    """Logical IDs with every resource after those it depends on, else in the template's order."""
    order: dict[str, None] = {}
    visiting: set[str] = set()

    def visit(name: str) -> None:
        if name in order or name not in resources:
            return
        if name in visiting:
            raise ValueError(f"Circular dependency between resources: {sorted(visiting)}")
        visiting.add(name)
        for dependency in dependencies(resources[name]):
            visit(dependency)
        visiting.discard(name)
        order[name] = None

    for name in resources:
        visit(name)
    return list(order)
