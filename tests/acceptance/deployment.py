"""One example on one server: deployed, changed, and looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from account import Account, Caller, Router, TargetGroup
from expectations import Expectation
from project import Project
from tasks import Rack, Running, Service, check_services, image_parameter, put_secrets

RACK = "main"


@dataclass
class Deployment:
    """`prepare` may touch the compiled templates before they are deployed."""

    project: Project
    account: Account
    expectation: Expectation
    prepare: Callable[[Project], None]
    hosted_zone: str | None = None
    image: str | None = None

    def start(self) -> None:
        """Make what the example counts on, a hosted zone and secrets, then deploy for the first time.

        Images are told this once: a stack keeps those that it has.
        """
        if name := self.expectation.facts["hosted_zone"]:
            zone = self.account.call(
                "route53", "create_hosted_zone", Name=name, CallerReference="acceptance"
            )
            self.hosted_zone = zone["HostedZone"]["Id"].removeprefix("/hostedzone/")
        tasks, images = self.expectation.tasks, []
        for app, body in tasks.apps.items():
            put_secrets(self.account, tasks, app, body["rack"])
            for service, image in tasks.images()[app].items():
                images.append(f"{RACK}-{app}:{image_parameter(service)}={image}")
        self.prepare(self.project)
        self.account.deploy(self.project, self.parameters() + images)

    def deploy(self, *options: str) -> str:
        return self.account.deploy(self.project, self.parameters(), *options)

    def parameters(self) -> list[str]:
        """What a deployer has to say: the server's own, and what the compiler left open."""
        given = []
        for stack in self.project.stacks():
            declared = stack.body().get("Parameters", {})
            if "PublicHostedZone" in declared and self.hosted_zone:
                given.append(f"{stack.name}:PublicHostedZone={self.hosted_zone}")
            if "DefaultAmi" in declared and self.image:
                given.append(f"{stack.name}:DefaultAmi={self.image}")
            for name, value in self.expectation.facts["parameters"].items():
                if name in declared and name not in stack.given_parameters():
                    given.append(f"{stack.name}:{name}={value}")
        return given

    def change(self, change: dict[str, Any]) -> None:
        """Edit the manifest as a step of `changes` says, compile with the lock, deploy."""
        self.compile(change)
        self.deploy()
        self.expectation = self.expectation.after(change)

    def compile(self, change: dict[str, Any]) -> None:
        self.project.edit(change["edit"])
        self.project.compile()
        self.prepare(self.project)

    def stack_names(self) -> list[str]:
        return [stack.name for stack in self.project.stacks()]

    def routers(self, ask: Caller | None = None) -> dict[str, Router]:
        return self.account.routers(self.expectation.routers, RACK, ask or self.account.call)

    def target_groups(self, ask: Caller | None = None) -> dict[str, TargetGroup]:
        return self.account.target_groups(ask or self.account.call)

    def racks(self) -> dict[str, Rack]:
        return {RACK: Rack(self.account, RACK, self.routers())}

    def services(self, forgotten: frozenset[str] = frozenset()) -> dict[Service, Running]:
        """What runs, which must be what is expected; `forgotten` are words that a server drops."""
        return check_services(self.expectation.tasks, self.racks(), self.place(), forgotten)

    def place(self) -> dict[str, str]:
        """The rack of each app."""
        return dict.fromkeys(self.expectation.tasks.apps, RACK)

    def history(self) -> dict[str, Any]:
        """Everything that an update would leave a trace in."""
        return {
            name: (
                self.account.stack(name)["StackStatus"],
                self.account.stack(name).get("LastUpdatedTime"),
                [event["EventId"] for event in self.account.events(name)],
            )
            for name in self.stack_names()
        }
