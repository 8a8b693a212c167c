"""YAML as Convox's parser reads it, version 1.1 with its own booleans and numbers.

The values of scalars are worked out here and not by PyYAML, whose YAML 1.1 knows numbers of base 60
and dates, and does not know `y` and `n`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

TRUE = frozenset("y Y yes Yes YES on On ON true True TRUE".split())
FALSE = frozenset("n N no No NO off Off OFF false False FALSE".split())
NULL = frozenset(["", "~", "null", "Null", "NULL"])
INTEGER = re.compile(r"[-+]?(0x[0-9a-fA-F_]+|0b[01_]+|0[0-7_]*|[1-9][0-9_]*)")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?")
QUOTED = frozenset("'\"|>")
VARIABLE = re.compile(r"\$\{([^}]*)\}")
# What stands for a variable while the parser looks: characters that mean nothing to YAML.
PLACEHOLDER = re.compile("\ue000([0-9a-f]*)\ue001")


class Unreadable(Exception):
    """A text is not YAML, or not of the shape that is needed to go on."""


def compose(text: str) -> yaml.Node | None:
    """The first document of a text as a tree of nodes; variables are still placeholders."""
    masked = VARIABLE.sub(lambda found: f"\ue000{found[1].encode().hex()}\ue001", text)
    return _first_document(masked)


def _first_document(text: str) -> yaml.Node | None:
    try:
        loader = yaml.CBaseLoader(text)
        try:
            return loader.get_node() if loader.check_node() else None
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise Unreadable(str(error)) from error


class Reader:
    """Turns nodes into values, with the values of `${NAME}` put in after parsing."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = variables

    def text(self, node: yaml.ScalarNode) -> str:
        """A scalar's text. A variable without a value is empty text."""
        return PLACEHOLDER.sub(self._substitute, node.value)

    def _substitute(self, found: re.Match[str]) -> str:
        name = bytes.fromhex(found[1]).decode()
        if self._variables is None:
            return f"${{{name}}}"
        return self._variables.get(name, "")

    def scalar(self, node: yaml.ScalarNode) -> Any:
        """A scalar's value: quoted text stays text."""
        text = self.text(node)
        return text if node.style in QUOTED else plain(text)

    def value(self, node: yaml.Node | None) -> Any:
        """A node as dicts, lists and scalars; of a key that stands twice the last one counts."""
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        return {key: self.value(item) for key, item in self.entries(node)}

    def entries(self, node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
        """The entries of a mapping in their order, merged ones in the place of their `<<`.

        This is what Convox makes of a service: a merge is text that stands there. Of a list of
        mappings only the first one is merged.
        """
        if not isinstance(node, yaml.MappingNode):
            return
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            name = self.text(key)
            if name != "<<":
                yield name, item
                continue
            merged = item.value[0] if isinstance(item, yaml.SequenceNode) else item
            yield from self.entries(merged)


def plain(text: str) -> Any:
    """The value of a scalar without quotes."""
    if text in NULL:
        return None
    if text in TRUE:
        return True
    if text in FALSE:
        return False
    if INTEGER.fullmatch(text):
        return _integer(text.replace("_", ""))
    if FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    return text


def _integer(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    for prefix, base in (("0x", 16), ("0b", 2)):
        if digits.startswith(prefix):
            return sign * int(digits[2:] or "0", base)
    # A leading zero means octal.
    is_octal = len(digits) > 1 and digits.startswith("0")
    return sign * int(digits, 8 if is_octal else 10)


TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))


def read_template(text: str) -> tuple[Any, list[str]]:
    """The body of a template, and the keys that stand twice in one of its mappings."""
    repeated: list[str] = []
    return _template_value(_first_document(text), repeated), repeated


def _template_value(node: yaml.Node | None, repeated: list[str]) -> Any:
    if node is None:
        return None
    if node.tag not in TAGS:
        raise Unreadable(f"a tag: {node.tag}")
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.style in QUOTED else plain(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_template_value(item, repeated) for item in node.value]
    body: dict[Any, Any] = {}
    for key, item in node.value:
        name = _template_value(key, repeated)
        if name in body:
            repeated.append(str(name))
        body[name] = _template_value(item, repeated)
    return body
