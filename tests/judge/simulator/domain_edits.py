"""Edits of domains, which are what rules carry."""

from __future__ import annotations

from judge.random_fleets import apps
from judge.random_fleets.racks import ZONES
from judge.simulator.hand import Hand, named


def add_domain(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None:
        return None
    app, service = place
    before = len(service.domains)
    apps.add_domain(hand.fleet, app, service, hand.rng)
    if len(service.domains) == before:
        return None
    return f"{named(app, service)} gets {service.domains[-1]}"


def add_pattern(hand: Hand) -> str | None:
    if (place := hand.some_routed()) is None:
        return None
    app, service = place
    zone = hand.rng.choice(ZONES)
    pattern = hand.rng.choice([f"*.{app.name}.{zone}", f"*.{service.name}.{app.name}.{zone}"])
    if pattern in hand.fleet.domains():
        return None
    service.domains.append(pattern)
    return f"{named(app, service)} gets {pattern}"


def remove_domain(hand: Hand) -> str | None:
    if not (places := hand.with_domains()):
        return None
    app, service = hand.rng.choice(places)
    domain = service.domains.pop(hand.rng.randrange(len(service.domains)))
    return f"{named(app, service)} loses {domain}"


def remove_pattern(hand: Hand) -> str | None:
    found = [(a, s, d) for a, s in hand.routed() for d in s.domains if "*" in d]
    if not found:
        return None
    app, service, domain = hand.rng.choice(found)
    service.domains.remove(domain)
    return f"{named(app, service)} loses {domain}"


def move_domains(hand: Hand) -> str | None:
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
    return f"{', '.join(moved)} from {named(app, service)} to {named(taker, other)}"


def swap_domains(hand: Hand) -> str | None:
    places = hand.with_domains()
    if len(places) < 2:
        return None
    (app, service), (other_app, other) = hand.rng.sample(places, 2)
    mine, theirs = service.domains.pop(), other.domains.pop(0)
    service.domains.append(theirs)
    other.domains.append(mine)
    return f"{named(app, service)} and {named(other_app, other)} swap {mine} and {theirs}"
