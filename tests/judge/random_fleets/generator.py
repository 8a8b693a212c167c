"""Makes fleets: a seed gives the same fleet on every machine."""

from __future__ import annotations

import random

from judge.random_fleets.apps import add_apps, change
from judge.random_fleets.mishaps import add_mishap
from judge.random_fleets.model import Fleet, FleetModel
from judge.random_fleets.racks import NO_ROOM, add_racks
from judge.random_fleets.spelling import spell

MISHAPS = 0.12  # share of the fleets with racks that a mistake is made on
NO_WAY = frozenset(["RF0515", "RF0506"])  # a change that no order of updates can make


def make_fleet(seed: int) -> Fleet:
    """The fleet of a seed."""
    rng = random.Random(f"fleet {seed}")
    return spell(_model(rng), rng)


def make_later_fleet(seed: int) -> Fleet:
    """The same fleet some changes later; it is compiled with the lock of the first one."""
    rng = random.Random(f"fleet {seed}")
    model = _model(rng)
    model.may_refuse |= NO_ROOM | NO_WAY
    for _ in range(rng.randint(1, 3)):
        change(model, rng)
    return spell(model, rng)


def make_model(rng: random.Random) -> FleetModel:
    """A fleet without a mistake, before it is spelled."""
    fleet = FleetModel()
    add_racks(fleet, rng)
    add_apps(fleet, rng)
    return fleet


def _model(rng: random.Random) -> FleetModel:
    fleet = make_model(rng)
    if fleet.racks and rng.random() < MISHAPS:
        add_mishap(fleet, rng)
    return fleet
