"""One convox.yml, as Convox understands it: services, what they ask of a router, and defaults.

Written from Convox's documented behaviour, not from rackform's reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from judge.dialect import Reader, Unreadable, compose

DEFAULT_INTERVAL = 5
DEFAULT_DRAIN = 30


@dataclass(frozen=True)
class Health:
    """How a service is checked. Times in seconds."""

    path: str
    interval: int
    timeout: int
    grace: int


@dataclass(frozen=True)
class Service:
    """What a service asks of routers and of what runs it."""

    name: str
    port: int  # 0: not behind a router
    scheme: str
    is_internal: bool
    is_external_too: bool  # internalAndExternal
    domains: tuple[str, ...]  # lower case, each once
    health: Health
    is_sticky: bool
    drain: int
    has_network_ports: bool

    @property
    def protocol(self) -> str:
        """Protocol of the target group."""
        return {"grpc": "HTTP", "secure-grpc": "HTTPS"}.get(self.scheme, self.scheme.upper())

    @property
    def is_grpc(self) -> bool:
        """Whether the target group speaks gRPC."""
        return self.scheme in ("grpc", "secure-grpc")


@dataclass(frozen=True)
class Manifest:
    """The services of an app in their order, and the app parameters that it sets."""

    services: tuple[Service, ...]
    params: Mapping[str, str]


def read_manifest(text: str, variables: Mapping[str, str]) -> Manifest:
    """Read a manifest; `variables` are the values of `${NAME}`."""
    reader = Reader(variables)
    services: tuple[Service, ...] = ()
    params: dict[str, str] = {}
    for key, node in reader.entries(compose(text)):
        if key == "services":
            # Of two services of one name the last one survives.
            bodies = dict(reader.entries(node))
            services = tuple(_Body(reader, name, body).service() for name, body in bodies.items())
        elif key == "params":
            params = {name: as_text(reader, value) for name, value in reader.entries(node)}
    return Manifest(services, params)


def as_text(reader: Reader, node: yaml.Node) -> str:
    """A scalar as Convox makes text of it: numbers keep their spelling, flags do not."""
    if not isinstance(node, yaml.ScalarNode):
        raise Unreadable("a parameter is not a single value")
    value = reader.scalar(node)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else reader.text(node)


@dataclass
class _Body:
    """A service while it is read, entry by entry, as Convox's decoders do it."""

    reader: Reader
    name: str
    node: yaml.Node
    port: int = 0
    scheme: str = ""
    domains: list[str] = field(default_factory=list)
    health: dict[str, Any] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    drain: int = 0
    has_network_ports: bool = False

    def service(self) -> Service:
        """The service, with its defaults."""
        for key, node in self.reader.entries(self.node):
            self._take(key, node)
        is_external_too = self.flags.get("internalAndExternal", False)
        return Service(
            name=self.name,
            port=self.port,
            scheme=self.scheme or "http",
            is_internal=is_external_too or self.flags.get("internal", False),
            is_external_too=is_external_too,
            domains=tuple(dict.fromkeys(domain.lower() for domain in self.domains)),
            health=self._health(),
            is_sticky=self.flags.get("sticky", True),
            drain=self.drain or DEFAULT_DRAIN,
            has_network_ports=self.has_network_ports,
        )

    def _health(self) -> Health:
        interval = self.health.get("interval") or DEFAULT_INTERVAL
        return Health(
            path=self.health.get("path") or "/",
            interval=interval,
            timeout=self.health.get("timeout") or interval - 1,
            grace=self.health.get("grace") or interval,
        )

    def _take(self, key: str, node: yaml.Node) -> None:
        value = self.reader.value(node)
        if key in ("sticky", "internal", "internalAndExternal"):
            # A null is a flag that was written and is not set.
            self.flags[key] = value is True
        elif value is None:
            return
        elif key == "domain":
            self.domains += _domains(value)
        elif key == "health":
            self._take_health(value)
        elif key == "port":
            self.port, self.scheme = _port(value)
        elif key == "drain":
            self.drain = value
        elif key == "nlb":
            self.has_network_ports = bool(value)

    def _take_health(self, value: Any) -> None:
        if isinstance(value, str):
            self.health.update({"path": value} if value else {})
            return
        for key, kind in (("path", str), ("interval", int), ("timeout", int), ("grace", int)):
            # A value of another type is ignored without a word.
            if type(value.get(key)) is kind:
                self.health[key] = value[key]


def _domains(value: Any) -> list[str]:
    """Text is split at commas, items of a list are not; blanks around a domain do not count."""
    parts = value.split(",") if isinstance(value, str) else value
    return [part.strip() for part in parts if part.strip()]


def _port(value: Any) -> tuple[int, str]:
    """Port and scheme of `3000`, `https:3000`, or a mapping of both."""
    if isinstance(value, dict):
        port, scheme = _port(value["port"])
        return port, str(value.get("scheme") or scheme)
    if isinstance(value, int):
        return value, ""
    parts = str(value).split(":")
    return (int(parts[0]), "") if len(parts) == 1 else (int(parts[1]), parts[0])
