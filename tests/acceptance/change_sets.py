"""What a change set of MiniStack says, put right where MiniStack doesn't know the types.

MiniStack resolves a template and its parameters, and finds what differs and what refers to what.
Its comments say where its change sets were measured against AWS's. But it has the replacing
properties of few types, and calls every property of the others `Conditionally`; so what a property
does is looked up in the schemas, and what follows from it is reckoned anew from the details.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from account import Account
from create_only import ALWAYS, MAYBE, NEVER, WORST, recreates, worst
from plans import Change, Changes, template
from project import Stack
from stripping import stripped

SECONDS = 60
CAPABILITIES = ["CAPABILITY_IAM"]

# Types whose replacing properties MiniStack has.
KNOWN = frozenset(
    {
        "AWS::CertificateManager::Certificate",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::IAM::InstanceProfile",
        "AWS::IAM::Role",
    }
)
# What it says otherwise than the user guide, which has `create_only.DOCUMENTED` from.
OTHERWISE = {("AWS::CertificateManager::Certificate", "ValidationMethod")}
REQUIRES_RECREATION = {"Never": NEVER, "Conditionally": MAYBE, "Always": ALWAYS}
REPLACEMENT = {"False": NEVER, "Conditional": MAYBE, "True": ALWAYS}
# Changes of the template or of a parameter; all others follow from another resource.
CERTAIN = ("DirectModification", "ParameterReference")
# A change set lists whatever gets an attribute of a resource that changes. Of the attributes that
# rackform asks for, an update in place changes none but this one, of a launch template.
CHANGING_ATTRIBUTE = "LatestVersionNumber"
POLL_SECONDS = 0.02

IMAGE = "registry.example.org/given:1"  # of a service, where whoever deploys gives it
ZONE, MACHINE = "AWS::Route53::HostedZone::Id", "AWS::EC2::Image::Id"


class Seen(NamedTuple):
    """What a change set said, and what became of exports: what was done, and who imports them."""

    changes: Changes
    exports: dict[str, tuple[str, frozenset[str]]]


class Deployer:
    """Brings stacks onto a server, a change set each."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.client = account.client("cloudformation")
        self.machine = account.publish_image()
        self.standing: dict[str, Stack] = {}
        self.exports: dict[str, str] = {}
        self.made = 0

    def change(self, stack: Stack) -> Seen:
        """Make a change set of a stack, and execute it."""
        before = self.standing.get(stack.name)
        self.made += 1
        names = {"StackName": stack.name, "ChangeSetName": f"change-{self.made}"}
        self.client.create_change_set(
            **names,
            ChangeSetType="UPDATE" if before else "CREATE",
            TemplateBody=json.dumps(stripped(template(stack))),
            Parameters=self._parameters(stack),
            Capabilities=CAPABILITIES,
        )
        facts = self.client.describe_change_set(**names)
        assert "NextToken" not in facts
        if facts["Changes"]:
            self.client.execute_change_set(**names)
            self._wait(stack.name, "UPDATE_COMPLETE" if before else "CREATE_COMPLETE")
        else:
            assert "didn't contain changes" in facts["StatusReason"], facts
        self.standing[stack.name] = stack
        said = changes(one["ResourceChange"] for one in facts["Changes"])
        gone = exports_of(stripped(template(before))) if before else set()
        return Seen(said, self._changed(gone - exports_of(stripped(template(stack)))))

    def _changed(self, gone: set[str]) -> dict[str, tuple[str, frozenset[str]]]:
        """What became of exports. MiniStack keeps those that an update removes."""
        before, self.exports = self.exports, self._exports()
        both = before.keys() & self.exports
        found = {name: "modify" for name in both if before[name] != self.exports[name]}
        found |= dict.fromkeys(self.exports.keys() - before, "add") | dict.fromkeys(gone, "remove")
        return {
            name: (what, frozenset() if what == "add" else self._importers(name))
            for name, what in found.items()
        }

    def _exports(self) -> dict[str, str]:
        listed = self.account.call("cloudformation", "list_exports")["Exports"]
        return {one["Name"]: one["Value"] for one in listed}

    def _importers(self, name: str) -> frozenset[str]:
        try:
            answer = self.account.call("cloudformation", "list_imports", ExportName=name)
        except ClientError as refusal:
            assert "is not imported by any stack" in str(refusal), refusal
            return frozenset()
        return frozenset(answer["Imports"])

    def _parameters(self, stack: Stack) -> list[dict[str, Any]]:
        """The compiler's values, those of before, and for the rest what somebody gives."""
        written, before = stack.values(), self.standing.get(stack.name)
        known = template(before).get("Parameters", {}) if before else {}
        parameters = []
        for name, facts in template(stack).get("Parameters", {}).items():
            parameter = {"ParameterKey": name}
            if name in written or name not in known:
                text = written.get(name) or facts.get("Default") or IMAGE
                parameters.append(parameter | {"ParameterValue": self._value(facts["Type"], text)})
            else:
                parameters.append(parameter | {"UsePreviousValue": True})
        return parameters

    def _value(self, kind: str, text: str) -> str:
        """A value as this server has it: images of AWS's it lacks, and zones it numbers itself."""
        if kind == ZONE:
            return self._zone(text)
        return self.machine if MACHINE in kind else text

    @cache
    def _zone(self, number: str) -> str:
        zone = self.account.call(
            "route53", "create_hosted_zone", Name="example.org", CallerReference=number
        )
        return zone["HostedZone"]["Id"].removeprefix("/hostedzone/")

    def _wait(self, name: str, status: str) -> None:
        deadline = time.monotonic() + SECONDS
        while (found := self._status(name)).endswith("_IN_PROGRESS"):
            assert time.monotonic() < deadline, f"{name} is {found}"
            time.sleep(POLL_SECONDS)
        assert found == status, self._reasons(name)

    def _status(self, name: str) -> str:
        return self.client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]

    def _reasons(self, name: str) -> str:
        events = self.client.describe_stack_events(StackName=name)["StackEvents"]
        return "\n".join(
            f"{one['LogicalResourceId']} {one['ResourceStatus']}: {one['ResourceStatusReason']}"
            for one in events
            if one.get("ResourceStatusReason")
        )


def exports_of(body: dict[str, Any]) -> set[str]:
    return {output["Export"]["Name"] for output in body.get("Outputs", {}).values()}


def changes(listed: Iterable[dict[str, Any]]) -> Changes:
    """The changes of a change set, reckoned anew."""
    found: Changes = {}
    modified: list[dict[str, Any]] = []
    for one in listed:
        if one["Action"] == "Modify":
            check_known(one)
            modified.append(one)
        else:
            action = {"Add": "add", "Remove": "remove"}[one["Action"]]
            found[one["LogicalResourceId"]] = Change(action)
    standing: Changes = {}
    while True:
        again = {one["LogicalResourceId"]: _change(one, standing) for one in modified}
        again = {name: change for name, change in again.items() if change.properties}
        if again == standing:
            return found | standing
        standing = again


def _change(one: dict[str, Any], standing: Changes) -> Change:
    """A resource that stays, as things stand with those that it refers to."""
    properties: dict[str, str] = {}
    for detail in one["Details"]:
        target = detail["Target"]
        name = target.get("Name", target["Attribute"])
        what = recreates(one["ResourceType"], name) if "Name" in target else NEVER
        certainty = _certainty(detail, standing)
        if certainty != NEVER:
            what = min(what, certainty, key=WORST)
            properties[name] = worst([what, properties.get(name, NEVER)])
    return Change.of(properties)


def _certainty(detail: dict[str, Any], standing: Changes) -> str:
    """Whether a property has another value for this reason: `never`, `maybe` or `always`."""
    if detail["ChangeSource"] not in ("ResourceReference", "ResourceAttribute"):
        return ALWAYS
    cause, _, attribute = detail["CausingEntity"].partition(".")
    if cause not in standing:
        return NEVER
    return MAYBE if attribute == CHANGING_ATTRIBUTE else standing[cause].replacement


def check_known(one: dict[str, Any]) -> None:
    """Of types that MiniStack knows it must say what the schemas say."""
    if one["ResourceType"] not in KNOWN:
        return
    said = []
    for detail in one["Details"]:
        target = detail["Target"]
        kind, name = one["ResourceType"], target.get("Name")
        said.append(REQUIRES_RECREATION[target["RequiresRecreation"]])
        if name and (kind, name) not in OTHERWISE:
            assert said[-1] == recreates(kind, name), f"{one['LogicalResourceId']}.{name}"
    if all(detail["ChangeSource"] in CERTAIN for detail in one["Details"]):
        assert REPLACEMENT[one["Replacement"]] == worst(said), one
