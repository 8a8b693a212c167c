"""Mistakes that a fleet must be refused for, each with one code."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

from judge.random_fleets.model import FleetModel, ServiceModel
from judge.random_fleets.racks import NO, YES


def add_mishap(fleet: FleetModel, rng: random.Random) -> None:
    """Make a mistake on a fleet that could be compiled."""
    # Of a rack without a public router there is no such mistake to make.
    if fleet.has_public:
        rng.choice(MISHAPS)(fleet)


def _public_service(fleet: FleetModel) -> ServiceModel:
    """The first service, on the public router."""
    service = fleet.apps[0].services[0]
    service.port = service.port or 3000
    service.scheme = "http"
    service.is_internal = service.is_external_too = False
    service.extra = {}
    return service


def _two_claims(fleet: FleetModel) -> None:
    """Two services of an app ask for one host."""
    service = _public_service(fleet)
    service.domains.append("taken.example.org")
    other = copy.deepcopy(service)
    other.name = f"{service.name}-copy"
    fleet.apps[0].services.append(other)
    fleet.mishap = "RF0406"


def _overlap(fleet: FleetModel) -> None:
    """Two patterns of two services, neither inside the other."""
    service = _public_service(fleet)
    service.domains.append("a-*.example.net")
    other = ServiceModel(f"{service.name}-copy", 3000, domains=["*-b.example.net"])
    fleet.apps[0].services.append(other)
    fleet.mishap = "RF0408"


def _no_internal_router(fleet: FleetModel) -> None:
    """An internal service on racks without an internal router."""
    for rack in fleet.racks.values():
        rack["params"].pop("Internal", None)
    _public_service(fleet).is_internal = True
    fleet.mishap = "RF0404"


def _no_port_80(fleet: FleetModel) -> None:
    """Rules on port 80, which the rack does not have."""
    for rack in fleet.racks.values():
        rack["params"]["DisableALBPort80"] = YES
    _public_service(fleet)
    for service in fleet.apps[0].services:
        service.scheme = "http"
    fleet.apps[0].params["RedirectHttps"] = NO
    fleet.mishap = "RF0410"


MISHAPS: tuple[Callable[[FleetModel], None], ...] = (
    _two_claims,
    _overlap,
    _no_internal_router,
    _no_port_80,
)
