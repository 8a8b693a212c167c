"""What intrinsic functions come to, over all stacks at once.

What only AWS knows becomes a token: `<main/Router.DNSName>` is the DNS name of the resource
`Router` in the stack `main`, and `<main/Router>` is what `Ref` says of it. Tokens are text, so
they can be joined and compared like any value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from judge.output import Stack
from judge.template import PSEUDO, SUBSTITUTION, attribute_of, listing, mapping

TOKEN = re.compile(r"<([A-Za-z0-9-]+)/([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?>")
NO_VALUE: Final = object()
ZONES = 6  # as many as the largest region has


def token(stack: str, name: str, attribute: str = "") -> str:
    """What stands for a value that AWS gives."""
    return f"<{stack}/{name}.{attribute}>" if attribute else f"<{stack}/{name}>"


def imported(export: str) -> str:
    """What stands for an export of a stack that is not ours."""
    return f"<{export}>"


class Evaluator:
    """Evaluates nodes of templates, with the values that the stacks are deployed with."""

    def __init__(self, stacks: Mapping[str, Stack], external: Collection[str]) -> None:
        self._external = frozenset(external)
        self._conditions: dict[tuple[str, str], bool] = {}
        self._imports: dict[str, Any] = {}
        self._exports: dict[str, tuple[Stack, Any]] = {}
        for stack in stacks.values():
            for _, name, value in stack.template.exports():
                self._exports.setdefault(str(self.of(stack, name)), (stack, value))

    def of(self, stack: Stack, node: Any) -> Any:
        """A node with all of its functions worked out; what is `AWS::NoValue` is left out."""
        if isinstance(node, list):
            items = (self.of(stack, item) for item in node)
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((key, argument),) = node.items()
            if key == "Ref":
                return self._reference(stack, str(argument))
            if isinstance(key, str) and key.startswith("Fn::"):
                return self._function(stack, key, argument)
        pairs = ((key, self.of(stack, item)) for key, item in node.items())
        return {key: value for key, value in pairs if value is not NO_VALUE}

    def named(self, stack: Stack, name: str, attribute: str = "") -> str:
        """What stands for a resource or a parameter without a value, or for an attribute."""
        return token(stack.name, name, attribute)

    def holds(self, stack: Stack, condition: str) -> bool:
        """Whether a condition is true. One that is not declared is not."""
        key = (stack.name, condition)
        if key not in self._conditions:
            self._conditions[key] = False  # guards against conditions that name themselves
            self._conditions[key] = self._test(stack, stack.template.conditions.get(condition))
        return self._conditions[key]

    def exported(self, name: str) -> Any:
        """The value of an export, None if no stack of ours has it."""
        if name not in self._exports:
            return None
        if name not in self._imports:
            self._imports[name] = None
            self._imports[name] = self.of(*self._exports[name])
        return self._imports[name]

    def is_external(self, export: str) -> bool:
        """Whether an export is one of a rack that is not ours."""
        return export.partition(":")[0] in self._external

    def _reference(self, stack: Stack, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in PSEUDO:
            return f"<{name}>"
        value = stack.parameter(name) if name in stack.template.parameters else None
        if value is None:
            return self.named(stack, name)
        kind = str(mapping(stack.template.parameters[name]).get("Type"))
        is_list = kind.startswith("List<") or kind == "CommaDelimitedList"
        return [part.strip() for part in value.split(",")] if is_list else value

    def _function(self, stack: Stack, key: str, argument: Any) -> Any:
        if key == "Fn::GetAtt":
            return self.named(stack, *attribute_of(argument))
        if key == "Fn::Sub":
            return self._substitute(stack, argument)
        if key == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
            return self.of(stack, argument[1 if self.holds(stack, str(argument[0])) else 2])
        if key == "Fn::ImportValue":
            return self._import(str(self.of(stack, argument)))
        if key == "Fn::FindInMap":
            return self._find(stack, listing(self.of(stack, argument)))
        value = self.of(stack, argument)
        if key == "Fn::GetAZs":
            return [f"<zone {number}>" for number in range(ZONES)]
        if key == "Fn::Base64":
            return value
        return _combine(key, listing(value))

    def _import(self, name: str) -> Any:
        value = self.exported(name)
        return imported(name) if value is None else value

    def _substitute(self, stack: Stack, argument: Any) -> str:
        is_pair = isinstance(argument, list) and len(argument) == 2
        text, local = argument if is_pair else (argument, {})

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name in mapping(local):
                return str(self.of(stack, local[name]))
            if "." in name:
                return self.named(stack, *attribute_of(name))
            return str(self._reference(stack, name))

        return SUBSTITUTION.sub(value, str(text)).replace("${!", "${")

    def _find(self, stack: Stack, path: list[Any]) -> Any:
        found: Any = stack.template.section("Mappings")
        for step in path:
            found = mapping(found).get(str(step))
        return found

    def _test(self, stack: Stack, node: Any) -> bool:
        body = mapping(node)
        if len(body) != 1:
            return False
        ((key, argument),) = body.items()
        if key == "Condition":
            return self.holds(stack, str(argument))
        arguments = listing(argument)
        if key == "Fn::Equals":
            first, *others = (str(self.of(stack, item)) for item in arguments)
            return others == [first]
        tests = [self._test(stack, item) for item in arguments]
        if key == "Fn::Not":
            return not all(tests)
        return all(tests) if key == "Fn::And" else any(tests)


def _combine(key: str, arguments: list[Any]) -> Any:
    """The functions of lists and text. With wrong arguments, a token that is nothing's."""
    try:
        if key == "Fn::Join":
            return str(arguments[0]).join(str(item) for item in listing(arguments[1]))
        if key == "Fn::Select":
            return listing(arguments[1])[int(arguments[0])]
        if key == "Fn::Split":
            return str(arguments[1]).split(str(arguments[0]))
    except (IndexError, ValueError):
        pass
    return f"<{key}>"
