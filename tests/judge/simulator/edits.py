"""What people do to a fleet from one day to the next. Each edit is made or can't be made."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from judge.random_fleets.apps import APPS, SERVICES, add_domain, make_app, make_service
from judge.random_fleets.model import AppModel, FleetModel, ServiceModel
from judge.random_fleets.racks import NO, YES, ZONES
from judge.random_fleets.spelling import Word


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

    def kind(self) -> tuple[str, dict[str, object]] | None:
        """Some kind of racks that rackform writes."""
        own = [item for item in self.fleet.racks.items() if "external" not in item[1]]
        return self.rng.choice(own) if own else None


Try = Callable[[Hand], Edit | str | None]


# A port of a network balancer must not change hands: see test_known_faults.py. Until that is mended,
# services keep the ports that they begin with.
def _has_network_port(services: list[ServiceModel]) -> bool:
    return any("nlb" in service.extra for service in services)


def _without_network_ports(services: list[ServiceModel]) -> None:
    for service in services:
        service.extra.pop("nlb", None)


def _named(app: AppModel, service: ServiceModel) -> str:
    return f"{app.name}/{service.name}"


def _add_app(hand: Hand) -> str | None:
    free = [name for name in APPS if name not in {app.name for app in hand.fleet.apps}]
    if not free:
        return None
    hand.fleet.apps.append(make_app(hand.fleet, hand.rng.choice(free), hand.rng))
    _without_network_ports(hand.fleet.apps[-1].services)
    return f"add the app {hand.fleet.apps[-1].name}"


def _remove_app(hand: Hand) -> str | None:
    if len(hand.fleet.apps) < 2:
        return None
    app = hand.app()
    hand.fleet.apps.remove(app)
    return f"remove the app {app.name}"


def _rename_app(hand: Hand) -> str | None:
    free = [name for name in APPS if name not in {app.name for app in hand.fleet.apps}]
    if not free:
        return None
    app, name = hand.app(), hand.rng.choice(free)
    if _has_network_port(app.services):
        return None
    old, app.name = app.name, name
    return f"rename the app {old} to {name}"


def _add_service(hand: Hand) -> str | None:
    app = hand.app()
    free = [name for name in SERVICES if name not in {s.name for s in app.services}]
    if not free:
        return None
    app.services.append(make_service(hand.fleet, app, hand.rng.choice(free), hand.rng))
    _without_network_ports([app.services[-1]])
    _keep_plain(hand.fleet, app)
    return f"add {_named(app, app.services[-1])}"


def _remove_service(hand: Hand) -> str | None:
    app = hand.app()
    if len(app.services) < 2:
        return None
    service = app.services.pop(hand.rng.randrange(len(app.services)))
    return f"remove {_named(app, service)}"


def _rename_service(hand: Hand) -> str | None:
    app = hand.app()
    service = hand.rng.choice(app.services)
    free = [name for name in SERVICES if name not in {s.name for s in app.services}]
    if not free or _has_network_port([service]):
        return None
    old, service.name = _named(app, service), hand.rng.choice(free)
    return f"rename {old} to {service.name}"


def _add_domain(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None:
        return None
    app, service = place
    before = len(service.domains)
    add_domain(hand.fleet, app, service, hand.rng)
    if len(service.domains) == before:
        return None
    return f"{_named(app, service)} gets {service.domains[-1]}"


def _add_pattern(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None:
        return None
    app, service = place
    zone = hand.rng.choice(ZONES)
    pattern = hand.rng.choice([f"*.{app.name}.{zone}", f"*.{service.name}.{app.name}.{zone}"])
    if pattern in hand.fleet.domains():
        return None
    service.domains.append(pattern)
    return f"{_named(app, service)} gets {pattern}"


def _remove_domain(hand: Hand) -> str | None:
    if not (places := hand.with_domains()):
        return None
    app, service = hand.rng.choice(places)
    domain = service.domains.pop(hand.rng.randrange(len(service.domains)))
    return f"{_named(app, service)} loses {domain}"


def _remove_pattern(hand: Hand) -> str | None:
    found = [(a, s, d) for a, s in hand.routed() for d in s.domains if "*" in d]
    if not found:
        return None
    app, service, domain = hand.rng.choice(found)
    service.domains.remove(domain)
    return f"{_named(app, service)} loses {domain}"


def _move_domains(hand: Hand) -> str | None:
    """One domain or several go to another service, of the same app or of another one."""
    if not (places := hand.with_domains()):
        return None
    app, service = hand.rng.choice(places)
    takers = [place for place in hand.routed() if place[1] is not service]
    own = [place for place in takers if place[0] is app]
    if not takers:
        return None
    taker, other = hand.rng.choice(own if own and hand.rng.random() < 0.5 else takers)
    count = hand.rng.randint(1, len(service.domains))
    moved, service.domains = service.domains[:count], service.domains[count:]
    other.domains += moved
    return f"{', '.join(moved)} from {_named(app, service)} to {_named(taker, other)}"


def _swap_domains(hand: Hand) -> str | None:
    places = hand.with_domains()
    if len(places) < 2:
        return None
    (app, service), (other_app, other) = hand.rng.sample(places, 2)
    mine, theirs = service.domains.pop(), other.domains.pop(0)
    service.domains.append(theirs)
    other.domains.append(mine)
    return f"{_named(app, service)} and {_named(other_app, other)} swap {mine} and {theirs}"


def _change_port(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None:
        return None
    app, service = place
    service.port = hand.rng.randint(1024, 65_535)
    return f"{_named(app, service)} gets port {service.port}"


def _toggle_port(hand: Hand) -> str | None:
    app = hand.app()
    service = hand.rng.choice(app.services)
    if service.port is None:
        service.port, service.is_internal = 3000, not hand.fleet.has_public
        service.extra.pop("agent", None)
        return f"{_named(app, service)} gets a port"
    if "nlb" in service.extra:
        return None
    at = app.services.index(service)
    app.services[at] = ServiceModel(service.name, None, is_internal=not hand.fleet.has_public)
    return f"{_named(app, service)} has no port any more"


def _change_health(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None or "grpc" in place[1].scheme:
        return None
    app, service = place
    service.health = {"path": hand.rng.choice(["/", "/up", "/health", "/a/b"])}
    return f"{_named(app, service)} has its health at {service.health['path']}"


def _change_habits(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None:
        return None
    app, service = place
    service.is_sticky = hand.rng.choice([None, True, False])
    service.drain = hand.rng.choice([None, 1, 30, 120])
    if "agent" not in service.extra:
        service.extra["scale"] = hand.rng.choice([1, 2, 3, {"count": Word("1-4")}])
    return f"{_named(app, service)} changes sticky, drain and scale"


def _change_scheme(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None or "nlb" in place[1].extra:
        return None
    app, service = place
    service.scheme = hand.rng.choice(["http", "https"])
    service.health = {}
    return f"{_named(app, service)} speaks {service.scheme}"


def _change_router(hand: Hand) -> str | None:
    place = hand.some_routed()
    if place is None or not (hand.fleet.has_internal and hand.fleet.has_public):
        return None
    app, service = place
    forms = {"public": (False, False), "internal": (True, False), "both": (True, True)}
    form = hand.rng.choice(list(forms))
    service.is_internal, service.is_external_too = forms[form]
    return f"{_named(app, service)} becomes {form}"


def _toggle_internal_domains(hand: Hand) -> str:
    app = hand.app()
    has_none = app.params.pop("InternalDomains", None) is None
    if has_none:
        app.params["InternalDomains"] = NO
    return f"internal domains of {app.name}: {'no' if has_none else 'yes'}"


def _toggle_redirect(hand: Hand) -> str | None:
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


def _change_algorithm(hand: Hand) -> str:
    app = hand.app()
    app.params.pop("SlowStartDuration", None)
    algorithm = hand.rng.choice(["round_robin", "least_outstanding_requests"])
    app.params["LoadBalancerAlgorithm"] = algorithm
    return f"{app.name} balances by {algorithm}"


def _change_quotas(hand: Hand) -> str | None:
    if (found := hand.kind()) is None:
        return None
    name, rack = found
    quotas = {"rules": hand.rng.randint(12, 60), "certificates": hand.rng.randint(4, 25)}
    rack["quotas"] = quotas
    return f"quotas of {name}: {quotas}"


def _change_headroom(hand: Hand) -> str | None:
    if (found := hand.kind()) is None:
        return None
    name, rack = found
    rack["headroom"] = hand.rng.choice([0, 10, 20, 40])
    return f"headroom of {name}: {rack['headroom']}"


def _change_count(hand: Hand) -> str | None:
    if (found := hand.kind()) is None:
        return None
    name, rack = found
    rack["count"] = Word(hand.rng.choice(["1-4", "2-5", "1-6"]))
    if "host" in rack and "{rack}" not in str(rack["host"]):
        return None  # its racks would share a host
    return f"count of {name}: {rack['count']}"


def _toggle_internal(hand: Hand) -> str | None:
    """The internal router comes, or goes with all that is on it becoming public."""
    if not hand.fleet.has_public or any("external" in rack for rack in hand.fleet.racks.values()):
        return None
    hand.fleet.has_internal = not hand.fleet.has_internal
    for rack in hand.fleet.racks.values():
        params = rack["params"]
        params.pop("Internal", None)
        if hand.fleet.has_internal:
            params["Internal"] = YES
        else:
            rack.pop("internal_host", None)
    if not hand.fleet.has_internal:
        for app in hand.fleet.apps:
            for service in app.services:
                service.is_internal = service.is_external_too = False
    return f"an internal router: {'yes' if hand.fleet.has_internal else 'no'}"


def _list_certificate(hand: Hand) -> str | None:
    """A certificate of a zone is listed at a kind of racks, or not any more."""
    if (found := hand.kind()) is None:
        return None
    name, rack = found
    number = hand.rng.randrange(len(ZONES))
    listed = rack.setdefault("certificates", [])
    arn = f"arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-{1000 + number:012d}"
    for item in listed:
        if item["arn"] == arn:
            if ZONES[number] == "example.net":
                return None  # patterns of this zone that ACM can't certify need it
            listed.remove(item)
            return f"{name} lists no certificate of {ZONES[number]}"
    listed.append({"arn": arn, "names": [f"*.{ZONES[number]}", ZONES[number]]})
    return f"{name} lists a certificate of {ZONES[number]}"


def _timeout(hand: Hand) -> str | None:
    if (found := hand.kind()) is None:
        return None
    name, rack = found
    rack["params"]["LoadBalancerIdleTimeout"] = hand.rng.choice([60, 120, 4000])
    return f"{name} has another idle timeout"


def _begin_move(hand: Hand) -> Edit | None:
    resting = {app: racks[0] for app, racks in hand.placed.items() if len(racks) == 1}
    racks = {rack for racks in hand.placed.values() for rack in racks}
    if not resting:
        return None
    app = hand.rng.choice(sorted(resting))
    kind = next((k for k in hand.fleet.racks if _is_of(resting[app], k)), None)
    body = hand.fleet.racks.get(kind or "", {})
    most = int(str(body.get("count", "1")).rpartition("-")[2])
    names = [str(kind), *(f"{kind}-{number}" for number in range(2, most + 1))]
    others = [name for name in names if name != resting[app]]
    open_ = [name for name in others if name in racks]
    if not others:
        return None
    to = hand.rng.choice(open_ if open_ and hand.rng.random() < 0.8 else others)
    return Edit(f"begin to move {app} to {to}", ("move", app, to))


def _is_of(rack: str, kind: str) -> bool:
    return rack == kind or rack.startswith(f"{kind}-")


def _end_move(hand: Hand) -> Edit | None:
    moving = sorted(app for app, racks in hand.placed.items() if len(racks) > 1)
    if not moving:
        return None
    app, word = hand.rng.choice(moving), "--abort" if hand.rng.random() < 0.3 else "--finish"
    return Edit(f"end the move of {app}: {word}", ("move", app, word))


def _rebalance(hand: Hand) -> Edit | None:
    return Edit("rebalance", ("compile", "--rebalance")) if hand.fleet.racks else None


def _copy_service(hand: Hand) -> str | None:
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
    return f"split {_named(app, half)} from {_named(app, service)}"


# How often each is tried, among each other.
EDITS: dict[Try, int] = {
    _add_app: 5,
    _remove_app: 3,
    _rename_app: 2,
    _add_service: 4,
    _remove_service: 3,
    _rename_service: 3,
    _copy_service: 3,
    _add_domain: 7,
    _remove_domain: 4,
    _add_pattern: 4,
    _remove_pattern: 3,
    _move_domains: 8,
    _swap_domains: 5,
    _change_port: 3,
    _toggle_port: 3,
    _change_health: 2,
    _change_habits: 2,
    _change_scheme: 2,
    _change_router: 5,
    _toggle_internal_domains: 4,
    _toggle_redirect: 4,
    _change_algorithm: 1,
    _change_quotas: 2,
    _change_headroom: 1,
    _change_count: 2,
    _toggle_internal: 1,
    _list_certificate: 3,
    _timeout: 1,
    _begin_move: 4,
    _end_move: 8,
    _rebalance: 2,
}


def make(hand: Hand) -> Edit:
    """Make an edit that can be made."""
    kinds, weights = list(EDITS), list(EDITS.values())
    while True:
        done = hand.rng.choices(kinds, weights)[0](hand)
        if done is not None:
            return done if isinstance(done, Edit) else Edit(done)
