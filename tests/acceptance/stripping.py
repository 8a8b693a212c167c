"""Taking out of templates what MiniStack does not know.

MiniStack refuses a whole template for one unknown resource type, so a copy without the types
below is deployed there. Whatever refers to a removed resource goes as well, and nothing else;
moto judges the templates whole. `test_ministack.py` holds the list against MiniStack itself.
"""

from __future__ import annotations

from typing import Any

import yaml

from project import Project
from references import as_list, names_in

REFUSED_TYPES = frozenset(
    {
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::EC2::EIP",
        "AWS::EC2::NatGateway",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::ECS::CapacityProvider",
        "AWS::ECS::ClusterCapacityProviderAssociations",
        "AWS::ElasticLoadBalancing::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    }
)


def removed_resources(resources: dict[str, Any]) -> set[str]:
    """The resources of a refused type, and those whose properties refer to a removed one."""
    removed: set[str] = set()
    while True:
        more = {
            name
            for name, body in resources.items()
            if body["Type"] in REFUSED_TYPES
            or removed.intersection(names_in(body.get("Properties", {})))
        }
        if more == removed:
            return removed
        removed = more


def stripped(template: dict[str, Any]) -> dict[str, Any]:
    """A copy of the template without the removed resources and their outputs."""
    removed = removed_resources(template["Resources"])
    resources = {}
    for name, body in template["Resources"].items():
        if name in removed:
            continue
        resources[name] = {key: value for key, value in body.items() if key != "DependsOn"}
        if left := [n for n in as_list(body.get("DependsOn", [])) if n not in removed]:
            resources[name]["DependsOn"] = left
    outputs = {
        name: body
        for name, body in template.get("Outputs", {}).items()
        if not removed.intersection(names_in(body["Value"]))
    }
    return template | {"Resources": resources, "Outputs": outputs}


def strip(project: Project) -> None:
    """Replace the project's templates by stripped ones."""
    for stack in project.stacks():
        text = yaml.safe_dump(stripped(stack.body()), sort_keys=False)
        stack.template.write_text(text, encoding="utf-8")
