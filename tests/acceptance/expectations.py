"""The hand-written expectations, and the questions that tests ask of them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tasks import Tasks

FOLDER = Path(__file__).resolve().parent / "expectations"
EXAMPLES = tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))
HTTPS, HTTP = 443, 80

Hosts = frozenset[str]


@dataclass(frozen=True)
class Expectation:
    """What one example must become on AWS."""

    facts: dict[str, Any]
    tasks: Tasks

    @classmethod
    def of(cls, example: str) -> Expectation:
        text = (FOLDER / f"{example}.yaml").read_text(encoding="utf-8")
        return cls(yaml.safe_load(text), Tasks.of(example))

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        return self.facts["services"]

    @property
    def routers(self) -> dict[str, dict[str, Any]]:
        return self.facts["routers"]

    @property
    def certificates(self) -> dict[str, dict[str, Any]]:
        return self.facts["certificates"]

    @property
    def redirects_http(self) -> bool:
        return self.facts["port_80"] == "redirect"

    @property
    def rule_ports(self) -> tuple[int, ...]:
        """The ports whose listeners carry the rules."""
        return (HTTPS,) if self.redirects_http else (HTTPS, HTTP)

    def hosts(self, router: str, dns_names: dict[str, str]) -> dict[str, Hosts]:
        """Service → the hosts it answers on a router; `{Router}` stands for a DNS name."""
        return {
            service: frozenset(host.format(**dns_names) for host in facts["hosts"][router])
            for service, facts in self.services.items()
            if router in facts["hosts"]
        }

    def unknown_hosts(self, router: str, dns_names: dict[str, str]) -> list[str]:
        """Hosts that nobody answers on a router."""
        return [h.format(**dns_names) for h in self.facts["unknown_hosts"].get(router, [])]

    def after(self, change: dict[str, Any]) -> Expectation:
        """What holds once a step of `changes` is deployed."""
        facts = copy.deepcopy(self.facts)
        for service, hosts in change["hosts"].items():
            facts["services"][service]["hosts"] = hosts
        for router, hosts in change.get("unknown_hosts", {}).items():
            facts["unknown_hosts"].setdefault(router, []).extend(hosts)
        return Expectation(facts, self.tasks)
