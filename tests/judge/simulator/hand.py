"""A person with a fleet to change."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from judge.random_fleets.model import AppModel, FleetModel, ServiceModel


@dataclass(frozen=True)
class Edit:
    """What was done, and the command that it takes beyond a compile."""

    words: str
    command: tuple[str, ...] = ()  # of rackform, without the project


@dataclass
class Hand:
    """A person with a fleet to change."""

    fleet: FleetModel
    rng: random.Random
    placed: Mapping[str, list[str]] = field(default_factory=dict)  # app → racks it stands on

    def app(self) -> AppModel:
        """Some app."""
        return self.rng.choice(self.fleet.apps)

    def routed(self) -> list[tuple[AppModel, ServiceModel]]:
        """All services behind a router."""
        return [(a, s) for a in self.fleet.apps for s in a.services if s.port]

    def some_routed(self) -> tuple[AppModel, ServiceModel] | None:
        """Some service behind a router, if there is one."""
        found = self.routed()
        return self.rng.choice(found) if found else None

    def with_domains(self) -> list[tuple[AppModel, ServiceModel]]:
        """All services with domains."""
        return [(a, s) for a, s in self.routed() if s.domains]

    def kind(self) -> tuple[str, dict[str, Any]] | None:
        """Some kind of racks that rackform writes."""
        own = [item for item in self.fleet.racks.items() if "external" not in item[1]]
        return self.rng.choice(own) if own else None


def named(app: AppModel, service: ServiceModel) -> str:
    """A service in words."""
    return f"{app.name}/{service.name}"
