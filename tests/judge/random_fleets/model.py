"""A fleet as a model, before anybody spells it as YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ServiceModel:
    """A service of a manifest."""

    name: str
    port: int | None
    scheme: str = "http"
    is_internal: bool = False
    is_external_too: bool = False
    domains: list[str] = field(default_factory=list)
    health: dict[str, Any] = field(default_factory=dict)
    is_sticky: bool | None = None  # None: not written
    drain: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)  # keys that do not concern routers


@dataclass
class AppModel:
    """An app: its manifest, and its entry in rackform.yml."""

    name: str
    services: list[ServiceModel]
    params: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    pin: str | None = None


@dataclass
class FleetModel:
    """Racks and apps. Without racks there is no rackform.yml."""

    racks: dict[str, dict[str, Any]] = field(default_factory=dict)
    apps: list[AppModel] = field(default_factory=list)
    # What all racks have or lack, so that an app may go to any of them.
    has_internal: bool = False
    has_public: bool = True
    has_port_80: bool = True
    has_network_balancer: bool = False
    mishap: str | None = None  # the code that the fleet must be refused with
    may_refuse: frozenset[str] = frozenset()  # codes that are no surprise

    def domains(self) -> set[str]:
        """Every domain of every app."""
        return {d for app in self.apps for service in app.services for d in service.domains}

    def network_ports(self) -> int:
        """How many ports of network balancers are taken; each is taken once."""
        return sum("nlb" in service.extra for app in self.apps for service in app.services)


@dataclass(frozen=True)
class Fleet:
    """A project, as files."""

    files: Mapping[str, str]
    variables: frozenset[str]  # names that the process environment must not give values to
    mishap: str | None
    may_refuse: frozenset[str]
