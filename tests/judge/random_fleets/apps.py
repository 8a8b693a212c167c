"""Random apps, and changes of them."""

from __future__ import annotations

import random
from typing import Any

from judge.random_fleets.model import AppModel, FleetModel, ServiceModel
from judge.random_fleets.racks import NO, ZONES
from judge.random_fleets.spelling import Word

APPS = "shop blog wiki chat pay docs mail jobs maps news auth feed".split()
SERVICES = "web api admin hooks web-2 status".split()


def add_apps(fleet: FleetModel, rng: random.Random) -> None:
    """One to twelve apps, of one to three services each."""
    for name in rng.sample(APPS, rng.choice([1, 1, 2, 3, 3, 4, 5, 6, 8, 12])):
        fleet.apps.append(make_app(fleet, name, rng))


def make_app(fleet: FleetModel, name: str, rng: random.Random) -> AppModel:
    """An app of one to three services."""
    app = AppModel(name, [])
    if len(fleet.racks) > 1:
        # Apps that are free to choose would all go to the first kind.
        app.pin = rng.choice(list(fleet.racks))
    for service in rng.sample(SERVICES, rng.choice([1, 1, 2, 3])):
        app.services.append(make_service(fleet, app, service, rng))
    if fleet.racks:
        app.params = _params(fleet, app, rng)
        for domain in sorted(d for service in app.services for d in service.domains):
            if rng.random() < 0.1:
                app.environment[f"HOST_{len(app.environment)}"] = domain
    return app


def _params(fleet: FleetModel, app: AppModel, rng: random.Random) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if rng.random() < 0.3:
        params["InternalDomains"] = NO
    # gRPC needs HTTPS.
    is_grpc = any("grpc" in service.scheme for service in app.services)
    if rng.random() < 0.25 and not is_grpc and fleet.has_port_80:
        params["RedirectHttps"] = NO
    if rng.random() < 0.15:
        params["LoadBalancerAlgorithm"] = "least_outstanding_requests"
    elif rng.random() < 0.15:
        params["SlowStartDuration"] = rng.choice([30, 120, 900])
    if rng.random() < 0.15:
        params["LoadBalancerSuccessCodes"] = rng.choice(["200", "200-299,301"])
    if rng.random() < 0.15:
        params["FargateServices"] = rng.choice([NO, Word("Spot")])
    return params


def make_service(fleet: FleetModel, app: AppModel, name: str, rng: random.Random) -> ServiceModel:
    if rng.random() < 0.15:
        # A worker. A rack without a public router takes none that is not internal.
        return ServiceModel(name, None, is_internal=not fleet.has_public)
    schemes = ["http"] * 6 + ["https", "grpc", "secure-grpc"]
    service = ServiceModel(name, rng.randint(1024, 65_535), rng.choice(schemes))
    if fleet.has_internal:
        form = rng.random()
        service.is_internal = form < 0.3 or not fleet.has_public
        service.is_external_too = form < 0.1 and fleet.has_public
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3, 7])):
        add_domain(fleet, app, service, rng)
    service.health = _health(service, rng)
    service.is_sticky = rng.choice([None, None, True, False])
    service.drain = rng.choice([None, None, 1, 300, 3600])
    if rng.random() < 0.3:
        service.extra["scale"] = rng.choice([2, {"count": Word("1-5"), "targets": {"cpu": 70}}])
    if fleet.has_network_balancer and rng.random() < 0.3:
        port = 5000 + fleet.network_ports() + sum("nlb" in other.extra for other in app.services)
        service.extra["nlb"] = [{"port": port}]
    elif rng.random() < 0.05:
        service.extra["agent"] = True
    return service


def _health(service: ServiceModel, rng: random.Random) -> dict[str, Any]:
    health: dict[str, Any] = {}
    if rng.random() < 0.6:
        is_grpc = "grpc" in service.scheme
        health["path"] = "/pkg.Service/Check" if is_grpc else rng.choice(["/", "/up", "/a/b"])
    if rng.random() < 0.3:
        health["interval"] = interval = rng.randint(5, 300)
        if rng.random() < 0.5 or interval > 121:
            health["timeout"] = rng.randint(2, min(120, interval - 1))
        if rng.random() < 0.5:
            health["grace"] = rng.randint(1, 900)
    return health


def add_domain(
    fleet: FleetModel, app: AppModel, service: ServiceModel, rng: random.Random
) -> None:
    """A domain that no other service has; patterns are inside of each other, or apart."""
    zone = f"{app.name}.{rng.choice(ZONES)}"
    forms = [zone, *(f"{label}.{zone}" for label in ("www", "eu", "a.b", service.name))] * 3
    forms += [f"*.{zone}", f"*.{service.name}.{zone}", f"{app.name}-?.example.net", "*.example.net"]
    domain = rng.choice(forms)
    taken = fleet.domains() | {d for other in [*app.services, service] for d in other.domains}
    if domain not in taken:
        service.domains.append(domain)


def change(fleet: FleetModel, rng: random.Random) -> None:
    """One change of a fleet, of the kinds that people make every day."""
    app = rng.choice(fleet.apps)
    service = rng.choice(app.services)
    kinds = ["app", "service", "domain", "no domain", "moved domain", "no app", "times"]
    match rng.choice(kinds):
        case "domain" if service.port:
            add_domain(fleet, app, service, rng)
        case "no domain" if service.domains:
            service.domains.pop(rng.randrange(len(service.domains)))
        case "moved domain" if service.domains:
            others = [s for other in fleet.apps for s in other.services]
            if takers := [s for s in others if s.port and s is not service]:
                rng.choice(takers).domains.append(service.domains.pop())
        case "no app" if len(fleet.apps) > 1:
            fleet.apps.remove(app)
        case "service" if len(app.services) < len(SERVICES):
            free = [name for name in SERVICES if name not in {s.name for s in app.services}]
            app.services.append(
                ServiceModel(rng.choice(free), 3000, is_internal=not fleet.has_public)
            )
        case "app" if len(fleet.apps) < len(APPS):
            free = [name for name in APPS if name not in {app.name for app in fleet.apps}]
            fleet.apps.append(make_app(fleet, rng.choice(free), rng))
        case _:
            service.drain, service.is_sticky = (77, False) if service.port else (None, None)
