"""Which properties make a resource anew when they change, by CloudFormation's resource schemas.

cfn-lint carries the schemas. What AWS documents beyond them stands in `DOCUMENTED`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from account import REGION
from project import REPOSITORY

TYPE = re.compile(r"^    Type: (AWS::\w+::\w+)$", re.MULTILINE)
TEMPLATES = (REPOSITORY / "templates").glob("*.yaml")
# The types that rackform writes.
KINDS = tuple(sorted({kind for file in TEMPLATES for kind in TYPE.findall(file.read_text())}))

NEVER, MAYBE, ALWAYS = "never", "maybe", "always"  # in the order of what they do to a resource
WORST = (NEVER, MAYBE, ALWAYS).index

# Replacements that the user guide documents and the schemas leave out. The guide says "Update
# requires: Replacement" of each, and so does the specification that the AWS CDK has.
DOCUMENTED = {
    "AWS::CertificateManager::Certificate": {"ValidationMethod"},
    "AWS::ECS::Service": {"DeploymentController"},
    "AWS::Route53::RecordSet": {"Name"},
}


def schema_of(kind: str) -> dict[str, Any]:
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema


@cache
def create_only(kind: str) -> dict[str, str]:
    """Property → `maybe` or `always`; `A.B` is a property inside of another."""
    schema = schema_of(kind)
    found = dict.fromkeys(DOCUMENTED.get(kind, ()), ALWAYS)
    for key, recreates in (
        ("conditionalCreateOnlyProperties", MAYBE),
        ("createOnlyProperties", ALWAYS),
    ):
        for pointer in schema.get(key, []):
            found[pointer.removeprefix("/properties/").replace("/", ".")] = recreates
    return found


def recreates(kind: str, name: str) -> str:
    """What another value of a whole property does."""
    return create_only(kind).get(name, NEVER)


def worst(words: list[str]) -> str:
    return max(words, key=WORST, default=NEVER)
