"""Edits of apps and services."""

from __future__ import annotations

import copy

from judge.random_fleets.apps import APPS, SERVICES, make_app, make_service
from judge.random_fleets.model import AppModel, FleetModel, ServiceModel
from judge.random_fleets.racks import NO
from judge.random_fleets.spelling import Word
from judge.simulator.hand import Hand, named


# A port of a network balancer must not change hands: see test_known_faults.py. Until that is
# mended, services keep the ports that they begin with.
def _has_network_port(services: list[ServiceModel]) -> bool:
    return any("nlb" in service.extra for service in services)


def _without_network_ports(services: list[ServiceModel]) -> None:
    for service in services:
        service.extra.pop("nlb", None)


def add_app(hand: Hand) -> str | None:
    free = [name for name in APPS if name not in {app.name for app in hand.fleet.apps}]
    if not free:
        return None
    hand.fleet.apps.append(make_app(hand.fleet, hand.rng.choice(free), hand.rng))
    _without_network_ports(hand.fleet.apps[-1].services)
    return f"add the app {hand.fleet.apps[-1].name}"


def remove_app(hand: Hand) -> str | None:
    if len(hand.fleet.apps) < 2:
        return None
    app = hand.app()
    hand.fleet.apps.remove(app)
    return f"remove the app {app.name}"


def rename_app(hand: Hand) -> str | None:
    free = [name for name in APPS if name not in {app.name for app in hand.fleet.apps}]
    if not free:
        return None
    app, name = hand.app(), hand.rng.choice(free)
    if _has_network_port(app.services):
        return None
    old, app.name = app.name, name
    return f"rename the app {old} to {name}"


def add_service(hand: Hand) -> str | None:
    app = hand.app()
    free = [name for name in SERVICES if name not in {s.name for s in app.services}]
    if not free:
        return None
    app.services.append(make_service(hand.fleet, app, hand.rng.choice(free), hand.rng))
    _without_network_ports([app.services[-1]])
    _keep_plain(hand.fleet, app)
    return f"add {named(app, app.services[-1])}"


def remove_service(hand: Hand) -> str | None:
    app = hand.app()
    if len(app.services) < 2:
        return None
    service = app.services.pop(hand.rng.randrange(len(app.services)))
    return f"remove {named(app, service)}"


def rename_service(hand: Hand) -> str | None:
    app = hand.app()
    service = hand.rng.choice(app.services)
    free = [name for name in SERVICES if name not in {s.name for s in app.services}]
    if not free or _has_network_port([service]):
        return None
    old, service.name = named(app, service), hand.rng.choice(free)
    return f"rename {old} to {service.name}"


def copy_service(hand: Hand) -> str | None:
    """A second service takes half of the domains over: a usual split."""
    if not (places := [(a, s) for a, s in hand.with_domains() if "nlb" not in s.extra]):
        return None
    app, service = hand.rng.choice(places)
    free = [name for name in SERVICES if name not in {s.name for s in app.services}]
    if not free:
        return None
    half = copy.deepcopy(service)
    half.name = hand.rng.choice(free)
    middle = len(service.domains) // 2
    half.domains, service.domains = service.domains[middle:], service.domains[:middle]
    app.services.append(half)
    return f"split {named(app, half)} from {named(app, service)}"


def toggle_port(hand: Hand) -> str | None:
    app = hand.app()
    service = hand.rng.choice(app.services)
    if service.port is None:
        service.port, service.is_internal = 3000, not hand.fleet.has_public
        service.extra.pop("agent", None)
        return f"{named(app, service)} gets a port"
    if "nlb" in service.extra:
        return None
    at = app.services.index(service)
    app.services[at] = ServiceModel(service.name, None, is_internal=not hand.fleet.has_public)
    return f"{named(app, service)} has no port any more"


def change_port(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None:
        return None
    app, service = place
    service.port = hand.rng.randint(1024, 65_535)
    return f"{named(app, service)} gets port {service.port}"


def change_health(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None or "grpc" in place[1].scheme:
        return None
    app, service = place
    service.health = {"path": hand.rng.choice(["/", "/up", "/health", "/a/b"])}
    return f"{named(app, service)} has its health at {service.health['path']}"


def change_habits(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None:
        return None
    app, service = place
    service.is_sticky = hand.rng.choice([None, True, False])
    service.drain = hand.rng.choice([None, 1, 30, 120])
    if "agent" not in service.extra:
        service.extra["scale"] = hand.rng.choice([1, 2, 3, {"count": Word("1-4")}])
    return f"{named(app, service)} changes sticky, drain and scale"


def change_scheme(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None or "nlb" in place[1].extra:
        return None
    app, service = place
    service.scheme = hand.rng.choice(["http", "https"])
    service.health = {}
    return f"{named(app, service)} speaks {service.scheme}"


def change_router(hand: Hand) -> str | None:
    place = hand.some_routed()
    if place is None or not (hand.fleet.has_internal and hand.fleet.has_public):
        return None
    app, service = place
    forms = {"public": (False, False), "internal": (True, False), "both": (True, True)}
    form = hand.rng.choice(list(forms))
    service.is_internal, service.is_external_too = forms[form]
    return f"{named(app, service)} becomes {form}"


def toggle_internal_domains(hand: Hand) -> str:
    app = hand.app()
    has_none = app.params.pop("InternalDomains", None) is None
    if has_none:
        app.params["InternalDomains"] = NO
    return f"internal domains of {app.name}: {'no' if has_none else 'yes'}"


def toggle_redirect(hand: Hand) -> str | None:
    app = hand.app()
    if not hand.fleet.has_port_80:
        return None
    redirects = app.params.pop("RedirectHttps", None) is None
    if redirects:
        app.params["RedirectHttps"] = NO
        _keep_plain(hand.fleet, app)
    return f"{app.name} redirects to HTTPS: {'no' if redirects else 'yes'}"


def _keep_plain(fleet: FleetModel, app: AppModel) -> None:
    """gRPC needs HTTPS, and ports of network balancers are taken once."""
    if "RedirectHttps" in app.params:
        for service in app.services:
            if "grpc" in service.scheme:
                service.scheme, service.health = "http", {}


def change_algorithm(hand: Hand) -> str:
    app = hand.app()
    app.params.pop("SlowStartDuration", None)
    algorithm = hand.rng.choice(["round_robin", "least_outstanding_requests"])
    app.params["LoadBalancerAlgorithm"] = algorithm
    return f"{app.name} balances by {algorithm}"
