"""Reads convox.yml files as a quick script does: fills in defaults, and checks nothing.

No host is looked at, no key is known to be wrong, no number is kept from one run to the next.

    python -m bench.peers.manifests FLEET fleet.json

writes the same down, for peers that are not asked to read YAML.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

RACK = "production"
HOST = "example.test"
# What of AWS's quotas of a router a rack is filled to: rackform too leaves a tenth free.
ROOM = {"rules": 90, "groups": 90, "certificates": 22}
PER_RULE, PER_CERTIFICATE = 5, 10
FIRST_WILDCARD = 25000  # wildcards come after every exact host


def read_fleet(folder: Path) -> list[dict[str, Any]]:
    """Every app, on a rack, with its rules. The next rack is opened when one is full."""
    apps = [_read_app(path) for path in sorted(folder.glob("apps/*/convox.yml"))]
    number, held = 1, Counter[str]()
    for app in apps:
        asked = _demand(app)
        if any((held + asked)[key] > ROOM[key.split()[1]] for key in asked):
            number, held = number + 1, Counter()
        held += asked
        app["rack"] = RACK if number == 1 else f"{RACK}-{number}"
        _give_numbers(app, held)
    return apps


def _read_app(path: Path) -> dict[str, Any]:
    manifest = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    shared = _entries(manifest.get("environment"))
    services = [_read_service(name, entry, shared) for name, entry in manifest["services"].items()]
    domains = sorted({domain for service in services for domain in service["domains"]})
    return {
        "app": path.parent.name,
        "services": services,
        "certificates": list(_chunks(domains, PER_CERTIFICATE)),
    }


def _read_service(name: str, entry: dict[str, Any], shared: list[str]) -> dict[str, Any]:
    variables = dict(pair.partition("=")[::2] for pair in shared)
    variables |= dict(pair.partition("=")[::2] for pair in _entries(entry.get("environment")))
    bare = {pair for pair in shared + _entries(entry.get("environment")) if "=" not in pair}
    secrets = sorted(bare | {f"{used.upper()}_URL" for used in entry.get("resources") or []})
    port, scheme = _port(entry.get("port"))
    domains = entry.get("domain") or []
    return {
        "name": name,
        "image": entry.get("image"),
        "command": entry.get("command"),
        "port": port,
        "scheme": scheme,
        "internal": bool(entry.get("internal")),
        "domains": domains if isinstance(domains, list) else domains.split(", "),
        "sticky": entry.get("sticky", True),
        "drain": entry.get("drain", 30),
        "health": _health(entry.get("health")),
        "scale": _scale(entry.get("scale")),
        "environment": {key: variables[key] for key in sorted(variables) if key not in bare},
        "secrets": secrets,
    }


def _entries(written: Any) -> list[str]:
    """Variables; an alias among them brings a list of its own."""
    entries: list[str] = []
    for entry in written or []:
        entries += entry if isinstance(entry, list) else [entry]
    return entries


def _port(written: Any) -> tuple[int | None, str]:
    if isinstance(written, dict):
        return written["port"], written.get("scheme", "http")
    if isinstance(written, str):
        scheme, _, port = written.rpartition(":")
        return int(port), scheme or "http"
    return written, "http"


def _health(written: Any) -> dict[str, Any]:
    given = written if isinstance(written, dict) else {"path": written or "/"}
    interval = given.get("interval", 5)
    return {
        "path": given.get("path", "/"),
        "interval": interval,
        "timeout": given.get("timeout", interval - 1),
        "grace": given.get("grace", interval),
    }


def _scale(written: Any) -> dict[str, Any]:
    given = written if isinstance(written, dict) else {"count": written or 1}
    least, _, most = str(given.get("count", 1)).partition("-")
    targets = given.get("targets") or {}
    cpu = max(given.get("cpu", 256), 256)
    return {
        "min": int(least),
        "max": int(most or least) if targets else int(least),
        "cpu": cpu,
        "memory": max(given.get("memory", 512), 2 * cpu),
        "targets": targets,
    }


def _demand(app: dict[str, Any]) -> Counter[str]:
    asked = Counter({"public certificates": len(app["certificates"])})
    for service in app["services"]:
        if service["port"]:
            router = "internal" if service["internal"] else "public"
            exact = sum("*" not in domain for domain in service["domains"]) + 2
            wild = len(service["domains"]) + 2 - exact
            asked[f"{router} rules"] += -(-exact // PER_RULE) - (-wild // PER_RULE)
            asked[f"{router} groups"] += 1
    return asked


def _give_numbers(app: dict[str, Any], held: Counter[str]) -> None:
    """Hosts into rules, and rules one after another: the next compile numbers them anew."""
    rack = app["rack"]
    for service in app["services"]:
        service["rules"] = []
        if not service["port"]:
            continue
        below = f"internal.{rack}" if service["internal"] else rack
        hosts = [
            f"{app['app']}-{service['name']}.{below}.{HOST}",
            f"{service['name']}.{app['app']}.{rack}.convox",
            *service["domains"],
        ]
        for is_wild, first in ((False, 1), (True, FIRST_WILDCARD)):
            chosen = [host for host in hosts if ("*" in host) == is_wild]
            for values in _chunks(chosen, PER_RULE):
                held["numbers"] += 1
                service["rules"].append({"priority": first + held["numbers"], "hosts": values})


def _chunks(values: list[str], size: int) -> Iterator[list[str]]:
    return (values[at : at + size] for at in range(0, len(values), size))


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(read_fleet(Path(sys.argv[1]))), encoding="utf-8")
