"""Makes fleets: a seed gives the same fleet on every machine."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

from judge.random_fleets.model import AppModel, Fleet, FleetModel, ServiceModel
from judge.random_fleets.spelling import Word, spell

YES, NO = Word("Yes"), Word("No")
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-{:012d}"
ZONES = ("example.org", "example.net", "example.com")
APPS = "shop blog wiki chat pay docs mail jobs maps news auth feed".split()
SERVICES = "web api admin hooks web-2 status".split()
ZONE = {"id": "Z0EXAMPLEZONE", "name": "example.org"}
NO_ROOM = frozenset(["RF0507", "RF0513"])  # a quota that does not suffice
NO_WAY = frozenset(["RF0515", "RF0506"])  # a change that no order of updates can make


def make_fleet(seed: int) -> Fleet:
    """The fleet of a seed."""
    rng = random.Random(f"fleet {seed}")
    return spell(_model(rng), rng)


def make_later_fleet(seed: int) -> Fleet:
    """The same fleet some changes later; it is compiled with the lock of the first one."""
    rng = random.Random(f"fleet {seed}")
    model = _model(rng)
    spell(model, rng)
    model = copy.deepcopy(model)
    model.may_refuse |= NO_ROOM | NO_WAY
    for _ in range(rng.randint(1, 3)):
        _change(model, rng)
    return spell(model, rng)


def _model(rng: random.Random) -> FleetModel:
    fleet = FleetModel({}, [])
    make_racks = rng.choice([_no_racks, _one_rack, _one_rack, _many_racks, _many_racks, _two_kinds])
    make_racks(fleet, rng)
    has_internal = any(
        rack.get("params", {}).get("Internal") == YES for rack in fleet.racks.values()
    )
    for name in rng.sample(APPS, rng.choice([1, 1, 2, 3, 3, 4, 5, 6, 8, 12])):
        fleet.apps.append(_app(fleet, name, has_internal, rng))
    if len(fleet.racks) > 1:
        for app in fleet.apps:
            # External racks do not take part in placing apps that are free to choose.
            app.pin = rng.choice(list(fleet.racks))
    if fleet.racks and rng.random() < 0.08:
        rng.choice(MISHAPS)(fleet, rng)
    return fleet


# --- racks


def _no_racks(fleet: FleetModel, rng: random.Random) -> None:
    """Manifests alone."""


def _one_rack(fleet: FleetModel, rng: random.Random) -> None:
    fleet.racks["main"] = _rack("main", rng)


def _many_racks(fleet: FleetModel, rng: random.Random) -> None:
    """Racks of one kind, opened as they are needed, with quotas that few apps fill."""
    rack = _rack("{rack}", rng)
    rack["count"] = rng.choice(["1-3", "1-5", "2-4"])
    rack["quotas"] = {"rules": rng.randint(8, 30), "certificates": rng.randint(4, 25)}
    rack["headroom"] = rng.choice([0, 10, 30])
    fleet.racks["production"] = rack
    fleet.may_refuse |= NO_ROOM


def _two_kinds(fleet: FleetModel, rng: random.Random) -> None:
    fleet.racks["staging"] = _rack("staging", rng)
    fleet.racks["live"] = _rack("live", rng)
    if rng.random() < 0.3:
        host = {"host": "live.example.org"} if rng.random() < 0.5 else {}
        params = {"Internal": YES} if fleet.racks["live"]["params"].get("Internal") else {}
        certificates = fleet.racks["live"]["certificates"]
        fleet.racks["live"] = {
            "external": True,
            "certificates": certificates,
            "params": params,
            **host,
        }
    elif rng.random() < 0.3:
        fleet.racks["live"]["compute"] = "none"
    # A service may be on the internal router of either rack.
    internal = {rack["params"].get("Internal") for rack in fleet.racks.values()}
    if internal != {None}:
        for rack in fleet.racks.values():
            rack["params"]["Internal"] = YES


def _rack(host: str, rng: random.Random) -> dict[str, Any]:
    rack: dict[str, Any] = {}
    if rng.random() < 0.75:
        rack["host"] = f"{host}.example.org"
        form = rng.random()
        if form < 0.6:
            rack |= {"certificate": "create", "hosted_zone": ZONE}
        elif form < 0.9:
            rack["certificate"] = ARN.format(rng.randrange(1000))
    # Names of a certificate for every zone: patterns that ACM can't certify are covered too.
    rack["certificates"] = [
        {"arn": ARN.format(1000 + number), "names": [f"*.{zone}", zone]}
        for number, zone in enumerate(ZONES)
        if zone == "example.net" or rng.random() < 0.6
    ]
    rack["params"] = {"Internal": YES} if rng.random() < 0.6 else {}
    for name, values in (
        ("Private", [YES]),
        ("MaxAvailabilityZones", [2]),
        ("LoadBalancerIdleTimeout", [60, 4000]),
        ("PrivateApi", [YES]),
    ):
        if rng.random() < 0.15:
            rack["params"][name] = rng.choice(values)
    return rack


# --- apps


def _app(fleet: FleetModel, name: str, has_internal: bool, rng: random.Random) -> AppModel:
    app = AppModel(name, [])
    count = rng.choice([1, 1, 2, 3])
    for service_name in rng.sample(SERVICES, count):
        app.services.append(_service(fleet, app, service_name, has_internal, rng))
    if fleet.racks:
        app.params = _params(app, rng)
        for service in app.services:
            for domain in service.domains:
                if rng.random() < 0.1:
                    app.environment[f"HOST_{len(app.environment)}"] = domain
    return app


def _params(app: AppModel, rng: random.Random) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if rng.random() < 0.3:
        params["InternalDomains"] = NO
    # gRPC needs HTTPS.
    is_grpc = any("grpc" in service.scheme for service in app.services)
    if rng.random() < 0.25 and not is_grpc:
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


def _service(
    fleet: FleetModel, app: AppModel, name: str, has_internal: bool, rng: random.Random
) -> ServiceModel:
    if rng.random() < 0.15:
        return ServiceModel(name, None)  # a worker
    schemes = ["http"] * 6 + ["https", "grpc", "secure-grpc"]
    service = ServiceModel(name, rng.randint(1024, 65_535), rng.choice(schemes))
    if has_internal:
        form = rng.random()
        service.is_internal, service.is_external_too = form < 0.3, form < 0.1
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3, 7])):
        _add_domain(fleet, app, service, rng)
    if rng.random() < 0.6:
        path = (
            "/pkg.Service/Check" if "grpc" in service.scheme else rng.choice(["/", "/up", "/a/b"])
        )
        service.health["path"] = path
    if rng.random() < 0.3:
        service.health["interval"] = interval = rng.randint(5, 300)
        if rng.random() < 0.5 or interval > 121:
            service.health["timeout"] = rng.randint(2, min(120, interval - 1))
        if rng.random() < 0.5:
            service.health["grace"] = rng.randint(1, 900)
    service.is_sticky = rng.choice([None, None, True, False])
    service.drain = rng.choice([None, None, 1, 300, 3600])
    if rng.random() < 0.3:
        service.extra["scale"] = rng.choice([2, {"count": Word("1-5"), "targets": {"cpu": 70}}])
    return service


def _add_domain(
    fleet: FleetModel, app: AppModel, service: ServiceModel, rng: random.Random
) -> None:
    """A domain that no other service has; patterns are inside of each other, or apart."""
    zone = f"{app.name}.{rng.choice(ZONES)}"
    forms = [zone, *(f"{label}.{zone}" for label in ("www", "eu", "a.b", f"{service.name}"))] * 3
    forms += [f"*.{zone}", f"*.{service.name}.{zone}", f"{app.name}-?.example.net", "*.example.net"]
    domain = rng.choice(forms)
    taken = fleet.domains() | {d for other in [*app.services, service] for d in other.domains}
    if domain not in taken:
        service.domains.append(domain)


# --- what must be refused


def _first_public(fleet: FleetModel) -> ServiceModel:
    """A service on the public router of a rack that is ours, made so if need be."""
    service = fleet.apps[0].services[0]
    service.port = service.port or 3000
    service.scheme = "http"
    service.is_internal = service.is_external_too = False
    return service


def _two_claims(fleet: FleetModel, rng: random.Random) -> None:
    """Two services of an app ask for one host."""
    service = _first_public(fleet)
    service.domains.append("taken.example.org")
    other = copy.deepcopy(service)
    other.name = f"{service.name}-copy"
    fleet.apps[0].services.append(other)
    fleet.mishap = "RF0406"


def _overlap(fleet: FleetModel, rng: random.Random) -> None:
    """Two patterns of two services, neither inside the other."""
    service = _first_public(fleet)
    other = ServiceModel(f"{service.name}-copy", 3000, domains=["*-b.example.net"])
    service.domains.append("a-*.example.net")
    fleet.apps[0].services.append(other)
    fleet.mishap = "RF0408"


def _no_internal_router(fleet: FleetModel, rng: random.Random) -> None:
    """An internal service on racks without an internal router."""
    for rack in fleet.racks.values():
        rack.get("params", {}).pop("Internal", None)
    service = _first_public(fleet)
    service.is_internal = True
    fleet.mishap = "RF0404"


def _no_port_80(fleet: FleetModel, rng: random.Random) -> None:
    """Rules on port 80, which the rack does not have."""
    for rack in fleet.racks.values():
        rack.setdefault("params", {})["DisableALBPort80"] = YES
    _first_public(fleet)
    for service in fleet.apps[0].services:
        service.scheme = "http"
    fleet.apps[0].params["RedirectHttps"] = NO
    fleet.mishap = "RF0410"


MISHAPS: tuple[Callable[[FleetModel, random.Random], None], ...] = (
    _two_claims,
    _overlap,
    _no_internal_router,
    _no_port_80,
)


# --- changes


def _change(fleet: FleetModel, rng: random.Random) -> None:
    app = rng.choice(fleet.apps)
    service = rng.choice(app.services)
    change = rng.choice(["app", "service", "domain", "domain", "no domain", "no app", "times"])
    if change == "domain" and service.port:
        _add_domain(fleet, app, service, rng)
    elif change == "no domain" and service.domains:
        service.domains.pop(rng.randrange(len(service.domains)))
    elif change == "no app" and len(fleet.apps) > 1:
        fleet.apps.remove(app)
    elif change == "service" and len(app.services) < 6:
        free = [name for name in SERVICES if name not in {s.name for s in app.services}]
        app.services.append(ServiceModel(rng.choice(free), 3000))
    elif change == "app" and len(fleet.apps) < len(APPS):
        name = rng.choice([name for name in APPS if name not in {app.name for app in fleet.apps}])
        fleet.apps.append(_app(fleet, name, False, rng))
        fleet.apps[-1].pin = rng.choice(list(fleet.racks)) if len(fleet.racks) > 1 else None
    elif change == "times":
        service.drain, service.is_sticky = 77, False
