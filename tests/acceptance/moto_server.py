"""moto's own server, with the CloudFormation behaviour that moto leaves out.

moto checks load balancer calls well, but its CloudFormation drops half of what a template says
about load balancers and services, ignores most updates, and records no exports when a stack comes
from a change set, which is the only way `aws cloudformation deploy` knows. This file keeps moto's
API as the judge and replaces what stands between a template and that API:

* `PROVIDERS` (`provider.py`): how a resource type is made, changed and removed, by calls to the
  public API of this very server, as a CloudFormation provider would. A property that no call
  takes is an error, so none of these types' properties can be dropped in silence. All other types
  are left to moto.
* `Resources`: brings a stack from one template to the next in CloudFormation's order: create
  and change along the dependencies, replace where a property is immutable, remove last.
* `execute_change_set` and its neighbours: exports, imports, «no changes», rollback.

Nothing here judges a template; every refusal comes from moto's API.

Run as `python moto_server.py PORT [CERTIFICATE_ARN=NAME[,NAME…] …]`; the certificates named
exist from the start, because a listener can only be given a certificate that ACM knows.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml
from moto.acm.models import acm_backends
from moto.cloudformation import models as cfn_models
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import yaml_tag_constructor
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import main as serve_moto

import routing_providers  # noqa: F401 - it fills PROVIDERS
import task_providers  # noqa: F401
from provider import PROVIDERS, REGION, Api, Made, Properties
from references import dependency_order


class Provided:
    """A resource that a provider has made, with the face that moto expects of a resource."""

    def __init__(self, made: Made, kind: str, logical_id: str) -> None:
        self.physical_resource_id = made.physical_id
        self.attributes = made.attributes
        self.cf_resource_type = kind
        self.logical_resource_id = logical_id

    def get_cfn_attribute(self, name: str) -> Any:
        if name not in self.attributes:
            raise ValidationError(
                message=f"Template error: resource {self.logical_resource_id} does not support "
                f"attribute type {name} in Fn::GetAtt"
            )
        return self.attributes[name]

    def is_created(self) -> bool:
        return True


# --- one stack ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """A resource that exists, with the resolved template block that it was last made from."""

    resource: Any
    block: dict[str, Any]


class Resources(parsing.ResourceMap):
    """The resources of one stack, brought from template to template as CloudFormation does."""

    api: Api

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._standing: dict[str, Standing] = {}
        self._superseded: dict[str, Standing] = {}

    def update(self, template: dict[str, Any], parameters: dict[str, str] | None = None) -> None:
        """Create, change and replace along the dependencies."""
        self._superseded = {}
        self._load(template, parameters or {})
        for name in dependency_order(template["Resources"]):
            if self.applies(template["Resources"][name]):
                self._settle(name, template["Resources"][name])

    def clean_up(self, template_before: dict[str, Any]) -> list[str]:
        """Remove what was replaced or is gone, dependents first; return what failed."""
        gone = self._superseded | {
            name: standing
            for name, standing in self._standing.items()
            if not self.applies(self._resource_json_map.get(name))
        }
        failures = []
        for name in reversed(dependency_order(template_before.get("Resources", {}))):
            if name in gone:
                policy = "UpdateReplacePolicy" if name in self._superseded else "DeletionPolicy"
                if name not in self._superseded:
                    self._forget(name)
                try:
                    self._remove(gone[name], policy)
                except Exception as refusal:
                    failures.append(f"{name}: {refusal}")
        return failures

    def roll_back(self, template: dict[str, Any], parameters: dict[str, str]) -> list[str]:
        """Return to `template`: put back what it held, remove what the failed update made."""
        attempted = self._template
        replacements = {name: self._standing[name] for name in self._superseded}
        for name, standing in self._superseded.items():
            self._keep(name, standing)
        self.update(template, parameters)
        self._superseded = replacements
        return self.clean_up(attempted)

    def delete(self) -> None:
        before = self._template
        self.update({"Resources": {}})
        if failures := self.clean_up(before):
            raise ValidationError(message="; ".join(failures))

    def _load(self, template: dict[str, Any], parameters: dict[str, str]) -> None:
        for name in self.resolved_parameters:
            self._parsed_resources.pop(name, None)
        self._template = template
        self._resource_json_map = template["Resources"]
        self.input_parameters = parameters
        self.resolved_parameters = {}
        self.load_mapping()
        self.load_parameters()
        self.load_conditions()

    def applies(self, body: dict[str, Any] | None) -> bool:
        """Whether a resource or an output is there, and its condition holds."""
        if body is None:
            return False
        return "Condition" not in body or self.lazy_condition_map[body["Condition"]]

    def _settle(self, name: str, body: dict[str, Any]) -> None:
        """Make one resource be what the template says."""
        kind = body["Type"]
        block = parsing.clean_json({"Type": kind, "Properties": body.get("Properties", {})}, self)
        block["DeletionPolicy"] = body.get("DeletionPolicy", "Delete")
        block["UpdateReplacePolicy"] = body.get("UpdateReplacePolicy", "Delete")
        old = self._standing.get(name)
        if old is None:
            self._create(name, block, body)
        elif old.block["Type"] != kind or not self._update(name, old, block, body):
            self._parsed_resources.pop(name)
            self._create(name, block, body)
            self._superseded[name] = old

    def _create(self, name: str, block: dict[str, Any], body: dict[str, Any]) -> None:
        kind = block["Type"]
        if provider := PROVIDERS.get(kind):
            physical_name = parsing.generate_resource_name(kind, self["AWS::StackName"], name)
            properties = Properties(block["Properties"])
            made = provider.create(self.api, physical_name, properties)
            self._keep(name, Standing(Provided(made, kind, name), block))
            refuse_unread(kind, properties)
        else:
            resource = parsing.parse_and_create_resource(
                name, body, self, self._account_id, self._region_name
            )
            if resource is None:
                raise ValidationError(message=f"Neither moto nor this server can make {kind}")
            self._keep(name, Standing(resource, block))

    def _update(
        self, name: str, old: Standing, block: dict[str, Any], body: dict[str, Any]
    ) -> bool:
        """Change a resource in place; False when it has to be replaced."""
        if old.block["Properties"] == block["Properties"]:
            self._keep(name, Standing(old.resource, block))
            return True
        provider = PROVIDERS.get(block["Type"])
        if provider is None:
            resource = parsing.parse_and_update_resource(
                name, body, self, self._account_id, self._region_name
            )
            if resource is not None:
                self._keep(name, Standing(resource, block))
            return resource is not None
        if provider.update is None or provider.replaces(
            old.block["Properties"], block["Properties"]
        ):
            return False
        properties = Properties(block["Properties"])
        physical_id = old.resource.physical_resource_id
        provider.update(self.api, physical_id, properties, old.block["Properties"])
        self._keep(name, Standing(old.resource, block))
        return True

    def _remove(self, standing: Standing, policy: str) -> None:
        block = standing.block
        if block[policy] == "Retain":
            return
        if provider := PROVIDERS.get(block["Type"]):
            properties = Properties(block["Properties"])
            provider.delete(self.api, standing.resource.physical_resource_id, properties)
        else:
            self._delete_resource(standing.resource, block)

    def _keep(self, name: str, standing: Standing) -> None:
        self._standing[name] = standing
        self._parsed_resources[name] = standing.resource

    def _forget(self, name: str) -> None:
        del self._standing[name]
        del self._parsed_resources[name]


def refuse_unread(kind: str, properties: Properties) -> None:
    """A property that reached no call would be a gap in a provider, not in the template."""
    if unread := properties.unread():
        raise ValidationError(message=f"moto_server.py has no use for {sorted(unread)} of {kind}")


class Outputs(cfn_models.OutputMap):
    """moto exports the outputs whose condition is false, too."""

    _resource_map: Resources

    @property
    def exports(self) -> list[parsing.Export]:
        return [
            parsing.Export(
                self._stack_id,
                parsing.clean_json(body["Export"]["Name"], self._resource_map),
                parsing.clean_json(body["Value"], self._resource_map),
            )
            for body in (self._output_json_map or {}).values()
            if "Export" in body and self._resource_map.applies(body)
        ]


# --- change sets ----------------------------------------------------------------------------

Backend = cfn_models.CloudFormationBackend
create_change_set_of_moto = Backend.create_change_set


def text(value: Any) -> str:
    """A parameter's value as it was passed; moto keeps lists split and numbers as numbers."""
    return ",".join(value) if isinstance(value, list) else str(value)


def previous_parameters(stack: cfn_models.Stack) -> dict[str, str]:
    """What `UsePreviousValue` means, after a creation that failed, too.

    Of a parameter of the Systems Manager it means the name, and not the value that it had.
    """
    resources = stack.resource_map
    slots = (resources._template or {}).get("Parameters", {})
    names = {
        name: resources.input_parameters.get(name, slot.get("Default"))
        for name, slot in slots.items()
        if slot["Type"].startswith("AWS::SSM::Parameter::")
    }
    known = stack.parameters | resources.resolved_parameters | names
    return {name: text(value) for name, value in known.items()}


def has_parameters(stack: cfn_models.Stack, parameters: dict[str, str]) -> bool:
    """Whether passing `parameters` leaves the values as they are."""
    previous = previous_parameters(stack)
    return all(previous.get(name) == text(value) for name, value in parameters.items())


def create_change_set(self: Any, **request: Any) -> tuple[str, str]:
    """As moto does it, but with exports to import, and with the states that cannot be updated."""
    for stack_id, stack in list(self.stacks.items()):
        if stack.name == request["stack_name"]:
            if stack.status == "REVIEW_IN_PROGRESS":
                del self.stacks[stack_id]
            elif stack.status == "ROLLBACK_COMPLETE":
                raise ValidationError(
                    message=f"Stack:{stack_id} is in ROLLBACK_COMPLETE state and can not be updated"
                )
    change_set_id, stack_id = create_change_set_of_moto(self, **request)
    self.stacks[stack_id].resource_map.cross_stack_resources = self.exports
    return change_set_id, stack_id


def imports_of(node: Any, resources: Resources) -> Iterable[str]:
    """Names that a template imports."""
    if isinstance(node, list):
        for item in node:
            yield from imports_of(item, resources)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::ImportValue":
                yield parsing.clean_json(value, resources)
            else:
                yield from imports_of(value, resources)


def refuse_changed_exports(
    self: Any, stack: cfn_models.Stack, exports: dict[str, parsing.Export]
) -> None:
    """An export that another stack imports can neither change nor go."""
    for name, export in self.exports.items():
        if export.exporting_stack_id != stack.stack_id:
            if name in exports:
                raise ValidationError(message=f"Export with name {name} is already exported")
            continue
        if name in exports and exports[name].value == export.value:
            continue
        for other in self.stacks.values():
            if other is not stack and name in imports_of(other.template_dict, other.resource_map):
                raise ValidationError(
                    message=f"Export {name} cannot be changed or removed: {other.name} imports it"
                )


def publish(self: Any, stack: cfn_models.Stack) -> None:
    """Record what the stack exports from now on."""
    exports = {export.name: export for export in stack.output_map.exports}
    refuse_changed_exports(self, stack, exports)
    for name in [n for n, e in self.exports.items() if e.exporting_stack_id == stack.stack_id]:
        del self.exports[name]
    self.exports.update(exports)


def use_template(stack: cfn_models.Stack, template: Any) -> None:
    """Make `template` the stack's own, so that outputs and comparisons are about it."""
    stack.template = template
    stack.template_dict = stack.resource_map._template
    stack.description = stack.template_dict.get("Description")
    stack.output_map = Outputs(stack.resource_map, stack.template_dict, stack.stack_id)


def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
    """Apply a change set; a refusal takes the stack back to where it was."""
    change_set = self.describe_change_set(change_set_name)
    stack = self.stacks[change_set.stack_id]
    kind = change_set.change_set_type
    resources = stack.resource_map
    before, parameters_before = stack.template, previous_parameters(stack)
    parsed_before = resources._template or {"Resources": {}}
    stack._add_stack_event(f"{kind}_IN_PROGRESS", resource_status_reason="User Initiated")
    try:
        resources.update(change_set.template_dict, change_set.parameters)
        use_template(stack, change_set.template)
        publish(self, stack)
    except Exception as refusal:
        traceback.print_exc()
        stack._add_stack_event(f"{kind}_FAILED", resource_status_reason=str(refusal))
        failures = resources.roll_back(parsed_before, parameters_before)
        use_template(stack, before)
        stack.status = "ROLLBACK_COMPLETE" if kind == "CREATE" else "UPDATE_ROLLBACK_COMPLETE"
        change_set.execution_status = "EXECUTE_FAILED"
    else:
        failures = resources.clean_up(parsed_before)
        stack.parameters = change_set.parameters
        stack.status = f"{kind}_COMPLETE"
        change_set.execution_status = "EXECUTE_COMPLETE"
    for failure in failures:
        stack._add_stack_event("DELETE_FAILED", resource_status_reason=failure)
    stack._add_stack_event(stack.status)


def install(endpoint: str) -> None:
    """Put this file's behaviour in the place of moto's."""
    Resources.api = Api(endpoint)
    cfn_models.ResourceMap = Resources
    cfn_models.OutputMap = Outputs
    cfn_models.Stack.has_parameters = has_parameters
    cfn_models.Stack.stack_parameters = property(previous_parameters)
    Backend.create_change_set = create_change_set
    Backend.execute_change_set = execute_change_set
    # libyaml reads a template ten times as fast as PyYAML alone.
    yaml.CLoader.add_multi_constructor("", yaml_tag_constructor)
    yaml.Loader = yaml.CLoader
    # moto answers an unchanged template with an error; CloudFormation with a FAILED change set.
    CloudFormationResponse._validate_different_update = lambda *_: None


def seed_certificate(arn: str, names: list[str]) -> None:
    """Let a certificate exist under a given ARN, which ACM's API cannot do."""
    backend = acm_backends[DEFAULT_ACCOUNT_ID][REGION]
    made = backend.request_certificate(names[0], None, names, [])
    certificate = backend._certificates.pop(made)
    certificate.arn = arn
    backend._certificates[arn] = certificate


def main(port: str, *certificates: str) -> None:
    install(f"http://127.0.0.1:{port}")
    for certificate in certificates:
        arn, _, names = certificate.partition("=")
        seed_certificate(arn, names.split(","))
    serve_moto(["-H", "127.0.0.1", "-p", port])


if __name__ == "__main__":
    main(*sys.argv[1:])
