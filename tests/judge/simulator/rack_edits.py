"""Edits of racks, and moves between them."""

from __future__ import annotations

from judge.random_fleets.racks import ARN, YES, ZONES
from judge.random_fleets.spelling import Word
from judge.simulator.hand import Edit, Hand


def change_quotas(hand: Hand) -> str | None:
    if (found := hand.kind()) is None:
        return None
    name, rack = found
    quotas = {"rules": hand.rng.randint(12, 60), "certificates": hand.rng.randint(4, 25)}
    rack["quotas"] = quotas
    return f"quotas of {name}: {quotas}"


def change_headroom(hand: Hand) -> str | None:
    if (found := hand.kind()) is None:
        return None
    name, rack = found
    rack["headroom"] = hand.rng.choice([0, 10, 20, 40])
    return f"headroom of {name}: {rack['headroom']}"


def change_count(hand: Hand) -> str | None:
    if (found := hand.kind()) is None:
        return None
    name, rack = found
    rack["count"] = Word(hand.rng.choice(["1-4", "2-5", "1-6"]))
    if "host" in rack and "{rack}" not in str(rack["host"]):
        return None  # its racks would share a host
    return f"count of {name}: {rack['count']}"


def toggle_internal(hand: Hand) -> str | None:
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


def list_certificate(hand: Hand) -> str | None:
    """A certificate of a zone is listed at a kind of racks, or not any more."""
    if (found := hand.kind()) is None:
        return None
    name, rack = found
    number = hand.rng.randrange(len(ZONES))
    listed = rack.setdefault("certificates", [])
    arn = ARN.format(1000 + number)
    for item in listed:
        if item["arn"] == arn:
            if ZONES[number] == "example.net":
                return None  # patterns of this zone that ACM can't certify need it
            listed.remove(item)
            return f"{name} lists no certificate of {ZONES[number]}"
    listed.append({"arn": arn, "names": [f"*.{ZONES[number]}", ZONES[number]]})
    return f"{name} lists a certificate of {ZONES[number]}"


def timeout(hand: Hand) -> str | None:
    if (found := hand.kind()) is None:
        return None
    name, rack = found
    rack["params"]["LoadBalancerIdleTimeout"] = hand.rng.choice([60, 120, 4000])
    return f"{name} has another idle timeout"


def begin_move(hand: Hand) -> Edit | None:
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


def end_move(hand: Hand) -> Edit | None:
    moving = sorted(app for app, racks in hand.placed.items() if len(racks) > 1)
    if not moving:
        return None
    app, word = hand.rng.choice(moving), "--abort" if hand.rng.random() < 0.3 else "--finish"
    return Edit(f"end the move of {app}: {word}", ("move", app, word))


def rebalance(hand: Hand) -> Edit | None:
    return Edit("rebalance", ("compile", "--rebalance")) if hand.fleet.racks else None
