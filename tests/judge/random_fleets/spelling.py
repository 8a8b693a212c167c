"""Writes a model as YAML, in one of the many ways in which people write the same thing."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from judge.random_fleets.model import AppModel, Fleet, FleetModel, ServiceModel

PLAIN = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z/][A-Za-z0-9/._-]*", re.IGNORECASE
)


class Word(str):
    """Text that is written as it is, such as `Yes`."""


def flow(value: Any) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    is_bare = isinstance(value, Word) or (isinstance(value, str) and PLAIN.fullmatch(value))
    return str(value) if is_bare else json.dumps(value)


def spell(fleet: FleetModel, rng: random.Random) -> Fleet:
    """The files of a fleet."""
    files = {}
    for app in fleet.apps:
        files[f"apps/{app.name}/convox.yml"] = _manifest(app, rng)
    if fleet.racks:
        files["rackform.yml"] = _rackform(fleet)
    variables = frozenset(name for app in fleet.apps for name in app.environment)
    return Fleet(files, variables, fleet.mishap, fleet.may_refuse)


def _rackform(fleet: FleetModel) -> str:
    lines = ["racks:"]
    lines += [f"  {name}: {flow(body)}" for name, body in fleet.racks.items()]
    lines.append("apps:")
    for app in fleet.apps:
        body: dict[str, Any] = {"manifest": f"apps/{app.name}/convox.yml"}
        body |= {"rack": app.pin} if app.pin else {}
        body |= {"params": app.params} if app.params else {}
        body |= {"environment": app.environment} if app.environment else {}
        lines.append(f"  {app.name}: {flow(body)}")
    return "\n".join(lines) + "\n"


def _manifest(app: AppModel, rng: random.Random) -> str:
    lines = []
    if rng.random() < 0.2:
        lines += ["environment:", "  - LOG_LEVEL=info", "  - SECRET_KEY"]
    # An anchor that every service merges: what it says is the same as not to say it.
    has_base = rng.random() < 0.2
    if has_base:
        lines.append("x-base: &base {init: false, privileged: no}")
    lines.append("services:")
    for service in app.services:
        lines.append(f"  {service.name}:")
        lines += ["    <<: *base"] if has_base else []
        entries = list(_service(service, app, rng))
        rng.shuffle(entries)
        lines += [f"    {line}" for entry in entries for line in entry]
    return "\n".join(lines) + "\n"


def _service(service: ServiceModel, app: AppModel, rng: random.Random) -> list[list[str]]:
    entries = [[rng.choice(["build: .", "image: example/app:v1"])]]
    if service.port is not None:
        entries.append([f"port: {_port(service, rng)}"])
    if service.is_external_too:
        entries.append(["internalAndExternal: true"])
    elif service.is_internal:
        entries.append([f"internal: {rng.choice(['true', 'yes', 'on', 'y'])}"])
    if service.domains:
        entries.append(_domains(service.domains, app, rng))
    if service.health:
        entries.append(_health(service.health, rng))
    if service.is_sticky is not None:
        words = ["true", "Yes", "on"] if service.is_sticky else ["false", "No", "off"]
        entries.append([f"sticky: {rng.choice(words)}"])
    if service.drain is not None:
        # A leading zero means octal.
        entries.append([f"drain: {rng.choice([str(service.drain), f'0{service.drain:o}'])}"])
    entries += [[f"{key}: {flow(value)}"] for key, value in service.extra.items()]
    return entries


def _port(service: ServiceModel, rng: random.Random) -> str:
    short = f"{service.scheme}:{service.port}"
    forms = [short, json.dumps(short), flow({"port": service.port, "scheme": service.scheme})]
    if service.scheme == "http":
        forms += [str(service.port), f'"{service.port}"', flow({"port": service.port})]
    return rng.choice(forms)


def _domains(domains: list[str], app: AppModel, rng: random.Random) -> list[str]:
    written = [_with_variable(domain, app) for domain in domains]
    if rng.random() < 0.2:
        # Case means nothing in a host, and a host that is written twice is one.
        written = [word if "$" in word else word.upper() for word in written] + written[:1]
    form = rng.random()
    if form < 0.3 and not any("$" in word for word in written):
        return [f"domain: {json.dumps(' , '.join(written) + ',')}"]
    if form < 0.6:
        return [f"domain: {flow(written)}"]
    return ["domain:", *(f"  - {json.dumps(word)}" for word in written)]


def _with_variable(domain: str, app: AppModel) -> str:
    names = {value: name for name, value in app.environment.items()}
    return f"${{{names[domain]}}}" if domain in names else domain


def _health(health: dict[str, Any], rng: random.Random) -> list[str]:
    if list(health) == ["path"] and rng.random() < 0.7:
        return [f"health: {health['path']}"]
    if rng.random() < 0.5:
        return [f"health: {flow(health)}"]
    return ["health:", *(f"  {key}: {flow(value)}" for key, value in health.items())]
