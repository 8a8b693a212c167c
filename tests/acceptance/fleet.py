"""A fleet of several racks: what its manifests ask for, and who answers on the account.

Both are worked out here without rackform. From the compiler only the lock is taken, for the rack
of each app; nothing else of what it says is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from account import Account, Listener, Router
from expectations import HTTP, HTTPS
from project import Project, Stack
from tasks import Rack, Tasks, check_scaling, check_services

ROUTERS = ("Router", "RouterInternal")
REDIRECT, NOBODY = "redirect", "404"
MARK = re.compile(rb"^# A step of .*\nMetadata:\n  Rackform: .*\n", re.M)
VARIABLE = re.compile(r"\$\{(\w+)\}")


class Address(NamedTuple):
    """Where somebody asks. The host may be a pattern."""

    rack: str
    router: str
    port: int
    host: str

    def example(self) -> Address:
        """An address that the pattern means."""
        return self._replace(host=self.host.replace("*", "anna"))


Answers = dict[Address, str]


# --- what is asked for ------------------------------------------------------------------------


def wanted(source: Path) -> Answers:
    """Address → `app/service` that must answer there, by Convox's rules of routing."""
    fleet = yaml.safe_load((source / "rackform.yml").read_text(encoding="utf-8"))
    host = fleet["racks"]["production"]["host"]
    answers: Answers = {}
    for app, spec in fleet["apps"].items():
        text = (source / spec["manifest"]).read_text(encoding="utf-8")
        values = spec.get("environment", {})
        manifest = yaml.safe_load(VARIABLE.sub(lambda found: values[found[1]], text))
        params = spec.get("params", {})
        for rack in racks_of(source, app):
            for service, body in manifest["services"].items():
                for router, name in hosts_of(app, service, body, params, rack, host):
                    # A port without rules redirects.
                    on_80 = f"{app}/{service}" if params.get("RedirectHttps") is False else REDIRECT
                    for port, answer in ((HTTPS, f"{app}/{service}"), (HTTP, on_80)):
                        address = Address(rack, router, port, name)
                        assert answers.setdefault(address, answer) == answer, address
    return answers


def racks_of(source: Path, app: str) -> list[str]:
    """The racks that an app stands on: two while it moves."""
    place = placement(source)[app]
    return [place[key] for key in ("rack", "moving_to") if key in place]


def placement(source: Path) -> dict[str, dict[str, Any]]:
    """The lock's word on where apps live."""
    return yaml.safe_load((source / "rackform.lock").read_text(encoding="utf-8"))["apps"]


def hosts_of(
    app: str, service: str, body: dict[str, Any], params: dict[str, Any], rack: str, host: str
) -> Iterator[tuple[str, str]]:
    """The routers and hosts of one service."""
    if "port" not in body:
        return
    domains = body.get("domain", [])
    domains = [domains] if isinstance(domains, str) else domains
    both = body.get("internalAndExternal", False)
    has_names = params.get("InternalDomains", True)
    main = "RouterInternal" if both or body.get("internal") else "Router"
    for router in (main, "Router") if both else (main,):
        zone = host.replace("{rack}", rack)
        zone = f"internal.{zone}" if router == "RouterInternal" else zone
        if has_names or not domains:
            yield router, f"{app}-{service}.{zone}"
        if has_names and router == main:
            yield router, f"{service}.{app}.{rack}.convox"
        for domain in domains:
            yield router, domain


# --- who answers ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """What stands on the account: routers, and the service behind each target group."""

    routers: dict[tuple[str, str], Router]
    services: dict[str, str]

    def answer(self, address: Address) -> str:
        """As a load balancer does it: the first rule that matches, or else the default action."""
        listener = self._listener(address)
        for rule in sorted(listener.rules, key=lambda rule: rule.priority):
            if any(fnmatchcase(address.host, host) for host in rule.hosts):
                return self.services[rule.target_group]
        (action,) = listener.default_actions
        return REDIRECT if action["Type"] == "redirect" else NOBODY

    def ruled(self) -> Answers:
        """Every host that stands in a rule, and the service that the rule leads to."""
        return {
            Address(rack, name, port, host): self.services[rule.target_group]
            for (rack, name), router in self.routers.items()
            for port, listener in router.listeners.items()
            for rule in listener.rules
            for host in rule.hosts
        }

    def rules(self) -> dict[str, tuple[int, frozenset[str], str]]:
        """ARN → number, hosts and target group of every rule."""
        return {
            rule.arn: (rule.priority, rule.hosts, rule.target_group)
            for router in self.routers.values()
            for listener in router.listeners.values()
            for rule in listener.rules
        }

    def _listener(self, address: Address) -> Listener:
        return self.routers[address.rack, address.router].listeners[address.port]


class Fleet:
    """A compiled fleet and the account that it is deployed on."""

    def __init__(self, project: Project, account: Account, zone: str) -> None:
        self.tasks = Tasks.of("fleet")
        self.project = project
        self.account = account
        self.zone = zone
        self._deployed: dict[str, tuple[bytes, bytes]] = {}

    @property
    def source(self) -> Path:
        return self.project.source

    def wanted(self) -> Answers:
        return wanted(self.source)

    def racks(self) -> list[str]:
        return [stack.name for stack in self.project.stacks() if stack.kind == "rack"]

    def parameters(self) -> list[str]:
        """The server's own hosted zone, for every stack that writes records into it."""
        names = {
            stack.name
            for stack in self.project.stacks()
            if "PublicHostedZone" in stack.body().get("Parameters", {})
        }
        return [f"{name}:PublicHostedZone={self.zone}" for name in sorted(names)]

    def deploy(self, *apps: str) -> str:
        """All of it, or some apps, by the fleet's own `deploy.sh`."""
        options = [word for app in apps for word in ("--app", app)]
        said = self.account.deploy(self.project, self.parameters(), *options)
        for stack in self.project.stacks():
            if not apps or (stack.kind == "app" and self._app(stack.name) in apps):
                self._deployed[stack.name] = self._files(stack)
        return said

    def steps(self) -> Iterator[Stack]:
        """The stacks that change, deployed one by one in the order of stacks.json."""
        parameters = self.parameters()
        for stack in self.project.stacks():
            if self._deployed.get(stack.name) != self._files(stack):
                self.account.deploy_stack(stack, parameters)
                self._deployed[stack.name] = self._files(stack)
                yield stack

    def delete(self, stack: str) -> None:
        """Remove a stack by the CLI, as the compiler's note says it."""
        self.account.run("cloudformation", "delete-stack", "--stack-name", stack)
        del self._deployed[stack]

    def standing(self) -> Standing:
        routers = {
            (rack, name): self.account.router(rack, name)
            for rack in self.racks()
            for name in ROUTERS
        }
        return Standing(routers, self._services())

    def check_tasks(self) -> None:
        """Every service runs and scales on the rack of its app."""
        standing = self.standing()
        racks = {
            rack: Rack(
                self.account, rack, {name: standing.routers[rack, name] for name in ROUTERS}
            )
            for rack in self.racks()
        }
        place = {app: body["rack"] for app, body in placement(self.source).items()}
        check_scaling(
            self.tasks, racks, place, check_services(self.tasks, racks, place, frozenset())
        )

    def _services(self) -> dict[str, str]:
        """Target group → `app/service`: the app's by its stack, the service by its port."""
        ports = {}
        for group in self.account.call("elbv2", "describe_target_groups")["TargetGroups"]:
            ports[group["TargetGroupArn"]] = group["Port"]
        services = {}
        for name in self._deployed:
            answer = self.account.call("cloudformation", "describe_stack_resources", StackName=name)
            for resource in answer["StackResources"]:
                if (arn := resource["PhysicalResourceId"]) in ports:
                    app = self._app(name)
                    services[arn] = f"{app}/{self._service(app, ports[arn])}"
        return services

    def _app(self, stack: str) -> str:
        """The app of a stack, of which the compiler may know nothing any more."""
        racks = sorted(self.racks(), key=len, reverse=True)
        rack = next(rack for rack in racks if stack.startswith(f"{rack}-"))
        return stack.removeprefix(f"{rack}-")

    def _service(self, app: str, port: int) -> str:
        """The service on a port; the services of one app of this fleet have different ones."""
        text = (self.source / "apps" / app / "convox.yml").read_text(encoding="utf-8")
        services = yaml.safe_load(text)["services"]
        (service,) = (
            name
            for name, body in services.items()
            if str(body.get("port", "")).rpartition(":")[2] == str(port)
        )
        return service

    @staticmethod
    def _files(stack: Stack) -> tuple[bytes, bytes]:
        """What CloudFormation changes a stack for: what a template says of itself is not among it."""
        return MARK.sub(b"", stack.template.read_bytes()), stack.parameters.read_bytes()
