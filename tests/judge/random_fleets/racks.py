"""Random racks."""

from __future__ import annotations

import random
from typing import Any

from judge.random_fleets.model import FleetModel
from judge.random_fleets.spelling import Word

YES, NO = Word("Yes"), Word("No")
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-{:012d}"
ZONES = ("example.org", "example.net", "example.com")
ZONE = {"id": "Z0EXAMPLEZONE", "name": "example.org"}
NO_ROOM = frozenset(["RF0507", "RF0513"])  # a quota that does not suffice


def add_racks(fleet: FleetModel, rng: random.Random) -> None:
    """No racks at all, one, several of a kind, or two kinds."""
    fleet.has_internal = rng.random() < 0.6
    make_racks = rng.choice([_none, _one, _one, _many, _many, _two_kinds])
    make_racks(fleet, rng)


def _none(fleet: FleetModel, rng: random.Random) -> None:
    """Manifests alone: racks with Convox's defaults."""
    fleet.has_internal = False


def _one(fleet: FleetModel, rng: random.Random) -> None:
    rack = _rack(fleet, "main", rng)
    form = rng.random()
    if form < 0.15:
        fleet.has_internal, fleet.has_public = True, False
        rack["params"] |= {"Internal": YES, "InternalOnly": YES}
    elif form < 0.3:
        fleet.has_port_80 = False
        rack["params"]["DisableALBPort80"] = YES
    elif form < 0.45:
        fleet.has_network_balancer = True
        rack["params"]["NLB"] = YES
    if rng.random() < 0.2:
        rack["network"] = {
            "vpc": "vpc-0123456789abcdef0",
            "subnets": [f"subnet-0123456789abcdef{number}" for number in range(2)],
            "private_subnets": [f"subnet-0123456789abcdef{number}" for number in range(2, 4)],
        }
        rack["params"]["VPCCIDR"] = "172.16.0.0/16"
        if rng.random() < 0.5 and fleet.has_public:
            rack["params"]["RouterSecurityGroup"] = "sg-0123456789abcdef0"
    fleet.racks["main"] = rack


def _many(fleet: FleetModel, rng: random.Random) -> None:
    """Racks of one kind, opened as they are needed, with quotas that few apps fill."""
    rack = _rack(fleet, "{rack}", rng)
    rack["count"] = Word(rng.choice(["1-3", "1-5", "2-4"]))
    rack["quotas"] = {"rules": rng.randint(8, 30), "certificates": rng.randint(4, 25)}
    rack["headroom"] = rng.choice([0, 10, 30])
    fleet.racks["production"] = rack
    fleet.may_refuse |= NO_ROOM


def _two_kinds(fleet: FleetModel, rng: random.Random) -> None:
    fleet.racks["staging"] = _rack(fleet, "staging", rng)
    live = _rack(fleet, "live", rng)
    if rng.random() < 0.3:
        host = {"host": "live.example.org"} if rng.random() < 0.5 else {}
        kept = {"certificates": live["certificates"], "params": _internal(fleet)}
        live = {"external": True, **kept, **host}
    elif rng.random() < 0.3:
        live["compute"] = "none"
    fleet.racks["live"] = live


def _internal(fleet: FleetModel) -> dict[str, Any]:
    return {"Internal": YES} if fleet.has_internal else {}


def _rack(fleet: FleetModel, host: str, rng: random.Random) -> dict[str, Any]:
    rack: dict[str, Any] = {}
    if rng.random() < 0.75:
        rack["host"] = f"{host}.example.org"
        form = rng.random()
        if form < 0.6:
            rack |= {"certificate": "create", "hosted_zone": ZONE}
        elif form < 0.9:
            rack["certificate"] = ARN.format(rng.randrange(1000))
        if rng.random() < 0.15 and fleet.has_internal:
            rack["internal_host"] = f"inside.{host}.example.org"
    # Names of a certificate for every zone: patterns that ACM can't certify are covered too.
    rack["certificates"] = [
        {"arn": ARN.format(1000 + number), "names": [f"*.{zone}", zone]}
        for number, zone in enumerate(ZONES)
        if zone == "example.net" or rng.random() < 0.6
    ]
    rack["params"] = _internal(fleet)
    for name, values in (
        ("Private", [YES]),
        ("MaxAvailabilityZones", [2]),
        ("LoadBalancerIdleTimeout", [60, 4000]),
        ("PrivateApi", [YES]),
    ):
        if rng.random() < 0.15:
            rack["params"][name] = rng.choice(values)
    return rack
