"""The table of properties that make a resource anew, before the schemas that cfn-lint carries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from create_only import DOCUMENTED, KINDS, create_only, schema_of
from project import REPOSITORY
from template_diffs import OTHERWISE, specification

TABLE = REPOSITORY / "src" / "plan" / "replacement.json"

def table() -> dict[str, dict[str, str]]:
    """The compiler's table, in the form of `create_only`."""
    listed = json.loads(TABLE.read_text())
    return {
        kind: {name: word for word, names in words.items() for name in names}
        for kind, words in listed.items()
    }


def test_every_type_is_in_the_table(compiled: dict[str, Any]) -> None:
    emitted = {
        body["Type"]
        for project in compiled.values()
        for stack in project.stacks()
        for body in stack.body()["Resources"].values()
    }
    assert emitted <= set(KINDS)
    assert tuple(sorted(table())) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_is_what_the_schemas_say(kind: str) -> None:
    assert table()[kind] == create_only(kind)


def test_no_property_is_replacing_in_vain() -> None:
    """Every entry is a property of its type, and each documented one is missing in the schema."""
    for kind, names in table().items():
        properties = schema_of(kind)["properties"]
        assert {name.partition(".")[0] for name in names} <= properties.keys(), kind
    for kind, names in DOCUMENTED.items():
        listed = schema_of(kind).get("createOnlyProperties", [])
        assert not names & {pointer.removeprefix("/properties/") for pointer in listed}, kind


def test_the_differ_has_the_same_properties() -> None:
    """But for those of `OTHERWISE`, each of which it must have in another way."""
    for kind, theirs in specification(KINDS).items():
        ours = {name: word for name, word in create_only(kind).items() if "." not in name}
        names = {name for name in ours | theirs if ours.get(name) != theirs.get(name)}
        assert names == set(OTHERWISE.get(kind, ())), kind
