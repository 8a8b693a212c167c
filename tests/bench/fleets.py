"""Fleets of manifests as people write them, the same for the same seed on any machine.

App number i depends on the seed and on i alone, so that 100 apps are the first 100 of 1,000.
"""

from __future__ import annotations

import random
from pathlib import Path

from bench import words
from bench.services import write_service

SEED = 1
RACK = "production"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
FLEET = f"""\
racks:
  {RACK}:
    count: 1-999
    headroom: {{headroom}}
    host: "{{{{rack}}}}.example.test"
    certificate: {CERTIFICATE}
    params: {{{{Internal: Yes}}}}
apps: apps/*/convox.yml
"""
# How many apps of a hundred have 1, 2, … 6 services.
SIZES = (18, 22, 26, 18, 10, 6)
# Of ten services six are public, two internal, two without a port.
KINDS = {"public": 6, "internal": 2, "worker": 2}
NAMES = {"public": words.PUBLIC, "internal": words.INTERNAL, "worker": words.WORKERS}


def write_fleet(folder: Path, count: int, seed: int = SEED, headroom: int = 10) -> None:
    """Write a rackform.yml and the manifests of so many apps; the headroom is in per cent."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rackform.yml").write_text(FLEET.format(headroom=headroom), encoding="utf-8")
    for index in range(count):
        name, text = write_app(index, seed)
        app = folder / "apps" / name
        app.mkdir(parents=True)
        (app / "convox.yml").write_text(text, encoding="utf-8")


def write_app(index: int, seed: int = SEED) -> tuple[str, str]:
    """The name and the convox.yml of one app."""
    dice = random.Random(f"{seed} {index}")
    app = f"{dice.choice(words.THINGS)}-{dice.choice(words.ROLES)}-{index}"
    kinds = dice.choices(list(KINDS), list(KINDS.values()), k=dice.choices(range(1, 7), SIZES)[0])
    names = {kind: dice.sample(pool, len(pool)) for kind, pool in NAMES.items()}
    services = [(names[kind].pop(), kind) for kind in kinds]
    resources = dice.sample(list(words.RESOURCES), dice.choices((0, 1, 2, 3), (4, 3, 2, 1))[0])
    lines, anchors = _head(dice, app)
    lines += _resources(resources)
    lines.append("services:")
    for service, kind in services:
        lines += write_service(dice, app, service, kind, resources, anchors)
    lines += _timers(dice, [service for service, _ in services])
    return app, "\n".join(lines) + "\n"


def _head(dice: random.Random, app: str) -> tuple[list[str], set[str]]:
    """What stands before the services, and the anchors in it."""
    lines, anchors = [], set()
    if dice.random() < 0.3:
        lines += ["environment:", "  - REGION=us-east-1", f"  - {dice.choice(words.SECRETS)}"]
    if dice.random() < 0.3:
        anchors.add("shared")
        lines += ["x-shared: &shared", f"  - APP_ID={app}", "  - RELEASE=stable"]
    if dice.random() < 0.25:
        anchors.add("small")
        lines += ["x-small: &small", "  count: 1-2", "  cpu: 256", "  memory: 512"]
    return lines, anchors


def _resources(names: list[str]) -> list[str]:
    if not names:
        return []
    return ["resources:", *(f"  {name}: {{type: {words.RESOURCES[name]}}}" for name in names)]


def _timers(dice: random.Random, services: list[str]) -> list[str]:
    if dice.random() < 0.7:
        return []
    lines = ["timers:"]
    for name in dice.sample(words.TIMERS, dice.randint(1, 2)):
        minute, hour = dice.randint(0, 59), dice.randint(0, 23)
        lines += [
            f"  {name}:",
            f'    schedule: "{minute} {hour} * * ?"',
            f"    command: bin/{name}",
            f"    service: {dice.choice(services)}",
        ]
    return lines
