"""One example on one server: deployed, changed, and looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from account import Account, Caller, Router, TargetGroup
from expectations import Expectation
from project import Project

RACK = "main"


@dataclass
class Deployment:
    """`prepare` may touch the compiled templates before they are deployed."""

    project: Project
    account: Account
    expectation: Expectation
    prepare: Callable[[Project], None]
    hosted_zone: str | None = None

    def start(self) -> None:
        """Make the hosted zone that the example counts on, then deploy for the first time."""
        if name := self.expectation.facts["hosted_zone"]:
            zone = self.account.call(
                "route53", "create_hosted_zone", Name=name, CallerReference="acceptance"
            )
            self.hosted_zone = zone["HostedZone"]["Id"].removeprefix("/hostedzone/")
        self.prepare(self.project)
        self.deploy()

    def deploy(self, *options: str) -> str:
        return self.account.deploy(self.project, self.parameters(), *options)

    def parameters(self) -> list[str]:
        """What a deployer has to say: the server's own zone, and what the compiler left open."""
        given = []
        for stack in self.project.stacks():
            declared = stack.body().get("Parameters", {})
            if "PublicHostedZone" in declared and self.hosted_zone:
                given.append(f"{stack.name}:PublicHostedZone={self.hosted_zone}")
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
