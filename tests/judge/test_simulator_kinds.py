"""What the simulator says of types, held against CloudFormation's resource schemas in cfn-lint."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from judge.compiler import REPOSITORY
from judge.simulator.kinds import CREATE_ONLY, EVERY, ONCE

# What the user guide calls a replacement and the schemas do not.
DOCUMENTED = {
    "AWS::CertificateManager::Certificate": {"ValidationMethod"},
    "AWS::Route53::RecordSet": {"Name"},
}
# A change of these sometimes replaces; of what is written here it does.
SOMETIMES = {"AWS::ECS::Service": {"LaunchType"}}


def _written() -> dict[str, set[str]]:
    """The properties that snapshots have of each type."""
    found: dict[str, set[str]] = {}
    for file in (REPOSITORY / "snapshots").rglob("*.yaml"):
        body: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
        for resource in body["Resources"].values():
            found.setdefault(resource["Type"], set()).update(resource.get("Properties", {}))
    return found


WRITTEN = _written()


def test_every_type_is_known() -> None:
    """A type that nobody looked at would stop a walk."""
    assert WRITTEN.keys() <= CREATE_ONLY.keys()
    assert ONCE.keys() <= CREATE_ONLY.keys()


@pytest.mark.parametrize("kind", sorted(WRITTEN))
def test_what_replaces(kind: str) -> None:
    """Of the properties that are written, those that the schema calls create-only."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    pointers = [p.removeprefix("/properties/") for p in schema.get("createOnlyProperties", [])]
    fixed = {pointer.replace("/", ".") for pointer in pointers} | DOCUMENTED.get(kind, set())
    fixed |= SOMETIMES.get(kind, set())
    written = {name for name in fixed if name.partition(".")[0] in WRITTEN[kind]}
    own = set(CREATE_ONLY[kind])
    if own == {EVERY}:
        assert written | {"Tags", "Description"} >= WRITTEN[kind]
    else:
        assert {name for name in own if name.partition(".")[0] in WRITTEN[kind]} == written
    assert set(ONCE.get(kind, ())) <= set(schema["properties"])
