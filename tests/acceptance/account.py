"""An account on one of the servers: deploying to it, and reading back what stands there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore import xform_name

from project import Project, Stack
from servers import Server

REGION = "us-east-1"
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
AWS_CLI = Path(sys.prefix) / "bin" / "aws"
DEPLOY_SECONDS = 300
CHANGE_SET_SECONDS = 1.1  # `deploy` names its change sets by the second


@dataclass(frozen=True)
class Rule:
    """A listener rule; the default rule is not one of them."""

    arn: str
    priority: int
    hosts: frozenset[str]
    target_group: str

    @property
    def has_wildcard(self) -> bool:
        return any("*" in host or "?" in host for host in self.hosts)


@dataclass(frozen=True)
class Listener:
    arn: str
    protocol: str
    default_actions: list[dict[str, Any]]
    rules: list[Rule]

    def target_groups(self) -> set[str]:
        """Where its rules and its default action lead."""
        forwards = [action for action in self.default_actions if action["Type"] == "forward"]
        return {rule.target_group for rule in self.rules} | set(map(target_group_of, forwards))


@dataclass(frozen=True)
class Router:
    arn: str
    name: str
    dns_name: str
    scheme: str
    subnets: frozenset[str]
    security_groups: list[str]
    listeners: dict[int, Listener]


@dataclass(frozen=True)
class TargetGroup:
    """`facts` is what the API says of the group, `attributes` its key-value attributes."""

    arn: str
    facts: dict[str, Any]
    attributes: dict[str, str]


class Caller(Protocol):
    """Something that asks the API and hands back the whole answer."""

    def __call__(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]: ...


class Account:
    """One server's account."""

    def __init__(self, server: Server, home: Path) -> None:
        self.server = server
        self.home = home
        self._deployed_at = 0.0

    @cached_property
    def environment(self) -> dict[str, str]:
        """All that `deploy.sh` and the CLI get to know: nothing of whoever runs the tests."""
        return {
            "PATH": f"{AWS_CLI.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "AWS_ENDPOINT_URL": self.server.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }

    @cache
    def client(self, service: str) -> Any:
        endpoint = self.server.endpoint
        return boto3.client(service, endpoint_url=endpoint, region_name=REGION, **CREDENTIALS)

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """Ask by boto3, all pages."""
        client = self.client(service)
        if client.can_paginate(operation):
            return client.get_paginator(operation).paginate(**arguments).build_full_result()
        return getattr(client, operation)(**arguments)

    def cli(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """Ask by the real AWS CLI."""
        words = [service, operation.replace("_", "-"), "--output", "json"]
        for name, value in arguments.items():
            values = value if isinstance(value, list) else [value]
            words += [f"--{xform_name(name, '-')}", *values]
        return json.loads(self.run(*words))

    def run(self, *words: str) -> str:
        """Run the real AWS CLI, and return what it prints."""
        done = subprocess.run(
            [str(AWS_CLI), *words], env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def publish_image(self) -> str:
        """Name an image for instances, as AWS does and moto; MiniStack takes no name of AWS's."""
        image = {"Name": "/images/newest", "Value": "ami-0123456789abcdef0", "Type": "String"}
        self.call("ssm", "put_parameter", **image)
        return image["Name"]

    # --- deploying

    def deploy(self, project: Project, parameters: Iterable[str], *options: str) -> str:
        """Deploy by `deploy.sh`, and return what it says."""
        done = self.run_script(project, parameters, *options)
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"deploy.sh failed:\n{said}\n{self._reasons(project)}"
        return said

    def run_script(
        self, project: Project, parameters: Iterable[str], *options: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `deploy.sh` from a folder that is not its own."""
        time.sleep(max(0.0, self._deployed_at + CHANGE_SET_SECONDS - time.monotonic()))
        command = ["bash", str(project.output / "deploy.sh"), *options]
        for parameter in parameters:
            command += ["--parameter", parameter]
        done = subprocess.run(
            command,
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEPLOY_SECONDS,
        )
        self._deployed_at = time.monotonic()
        return done

    def deploy_stack(self, stack: Stack, parameters: Iterable[str]) -> None:
        """Deploy one stack as `deploy.sh` does, so that a test can look between two stacks."""
        given = stack.values()
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.startswith(f"{stack.name}:"):
                given[name.partition(":")[2]] = value
        passes = [given]
        if "FirstDeploy" in stack.body().get("Parameters", {}):
            values = ["No"] if self.has_stack(stack.name) else ["Yes", "No"]
            passes = [given | {"FirstDeploy": value} for value in values]
        words = ["cloudformation", "deploy", "--no-fail-on-empty-changeset"]
        words += ["--capabilities", "CAPABILITY_IAM"]
        words += ["--stack-name", stack.name, "--template-file", str(stack.template)]
        for values in passes:
            overrides = [f"{k}={v}" for k, v in values.items()]
            self.run(*words, *(["--parameter-overrides", *overrides] if overrides else []))
            self._deployed_at = time.monotonic()

    def _reasons(self, project: Project) -> str:
        """Why stacks failed, for the message of a test."""
        known = {s["StackName"] for s in self.call("cloudformation", "describe_stacks")["Stacks"]}
        return "\n".join(
            f"{event['StackName']} {event['LogicalResourceId']}: {event['ResourceStatusReason']}"
            for stack in project.stacks()
            if stack.name in known
            for event in self.events(stack.name)
            if "FAILED" in event["ResourceStatus"] and event.get("ResourceStatusReason")
        )

    def events(self, stack: str) -> list[dict[str, Any]]:
        answer = self.call("cloudformation", "describe_stack_events", StackName=stack)
        return answer["StackEvents"]

    def has_stack(self, stack: str) -> bool:
        known = self.call("cloudformation", "describe_stacks")["Stacks"]
        return stack in {one["StackName"] for one in known}

    def stack(self, stack: str) -> dict[str, Any]:
        return self.call("cloudformation", "describe_stacks", StackName=stack)["Stacks"][0]

    def physical_id(self, stack: str, logical_id: str) -> str:
        """What a template's resource became."""
        answer = self.call(
            "cloudformation",
            "describe_stack_resource",
            StackName=stack,
            LogicalResourceId=logical_id,
        )
        return answer["StackResourceDetail"]["PhysicalResourceId"]

    # --- reading back

    def routers(self, names: Iterable[str], rack: str, ask: Caller) -> dict[str, Router]:
        """The rack's routers by logical ID, with their listeners and rules."""
        described = {
            lb["LoadBalancerArn"]: lb
            for lb in ask("elbv2", "describe_load_balancers")["LoadBalancers"]
        }
        routers = {
            name: self._router(described.pop(self.physical_id(rack, name)), ask) for name in names
        }
        assert not described, f"balancers that nobody expects: {list(described)}"
        return routers

    def router(self, rack: str, name: str) -> Router:
        """One router of one rack of several."""
        arn = self.physical_id(rack, name)
        answer = self.call("elbv2", "describe_load_balancers", LoadBalancerArns=[arn])
        (facts,) = answer["LoadBalancers"]
        return self._router(facts, self.call)

    def _router(self, facts: dict[str, Any], ask: Caller) -> Router:
        return Router(
            arn=facts["LoadBalancerArn"],
            name=facts["LoadBalancerName"],
            dns_name=facts["DNSName"],
            scheme=facts["Scheme"],
            subnets=frozenset(zone["SubnetId"] for zone in facts["AvailabilityZones"]),
            security_groups=facts["SecurityGroups"],
            listeners=self._listeners(facts["LoadBalancerArn"], ask),
        )

    def _listeners(self, router: str, ask: Caller) -> dict[int, Listener]:
        answer = ask("elbv2", "describe_listeners", LoadBalancerArn=router)
        return {
            int(facts["Port"]): Listener(
                arn=facts["ListenerArn"],
                protocol=facts["Protocol"],
                default_actions=facts["DefaultActions"],
                rules=self._rules(facts["ListenerArn"], ask),
            )
            for facts in answer["Listeners"]
        }

    def _rules(self, listener: str, ask: Caller) -> list[Rule]:
        answer = ask("elbv2", "describe_rules", ListenerArn=listener)
        return [rule_of(facts) for facts in answer["Rules"] if not facts["IsDefault"]]

    def target_groups(self, ask: Caller) -> dict[str, TargetGroup]:
        """Every target group of the account, by ARN."""
        groups = {}
        for facts in ask("elbv2", "describe_target_groups")["TargetGroups"]:
            arn = facts["TargetGroupArn"]
            answer = self.call("elbv2", "describe_target_group_attributes", TargetGroupArn=arn)
            attributes = {a["Key"]: a["Value"] for a in answer["Attributes"]}
            groups[arn] = TargetGroup(arn, facts, attributes)
        return groups

    def router_attributes(self, router: Router) -> dict[str, str]:
        answer = self.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=router.arn)
        return {a["Key"]: a["Value"] for a in answer["Attributes"]}

    def ingress(self, security_group: str) -> dict[int | str, set[str]]:
        """Port, or `first-last` → networks and security groups of whoever may connect."""
        answer = self.call("ec2", "describe_security_groups", GroupIds=[security_group])
        (group,) = answer["SecurityGroups"]
        allowed: dict[int | str, set[str]] = {}
        for permission in group["IpPermissions"]:
            first, last = permission["FromPort"], permission["ToPort"]
            sources = allowed.setdefault(first if first == last else f"{first}-{last}", set())
            sources |= {network["CidrIp"] for network in permission["IpRanges"]}
            sources |= {pair["GroupId"] for pair in permission["UserIdGroupPairs"]}
        return allowed


def rule_of(facts: dict[str, Any]) -> Rule:
    """Read a rule, which must be one host condition and one forward to one target group."""
    (condition,) = facts["Conditions"]
    assert condition["Field"] == "host-header", facts
    (action,) = facts["Actions"]
    assert action["Type"] == "forward", facts
    hosts = condition["HostHeaderConfig"]["Values"]
    assert len(hosts) == len(set(hosts)), f"a host stands twice in a rule: {hosts}"
    return Rule(
        arn=facts["RuleArn"],
        priority=int(facts["Priority"]),
        hosts=frozenset(hosts),
        target_group=target_group_of(action),
    )


def target_group_of(action: dict[str, Any]) -> str:
    """The one target group of a forward, in either of its spellings."""
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    arns = {group["TargetGroupArn"] for group in groups} | {
        arn for arn in [action.get("TargetGroupArn")] if arn
    }
    (arn,) = arns
    return arn
