"""How resource types are made, changed and removed, by calls to the API of the moto server.

The types are in `routing_providers.py` and `task_providers.py`; `moto_server.py` uses them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.model import Shape

REGION = "us-east-1"


class Properties(dict[str, Any]):
    """A resource's properties, which remember the ones that somebody has read."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def unread(self) -> set[str]:
        return set(self) - self.read


def coerce(value: Any, shape: Shape) -> Any:
    """Give `value` the form that the API wants, as CloudFormation does: `"80"` for a port is 80.

    Some APIs, such as that of ECS, begin names in lower case where templates do not.
    """
    kind = shape.type_name
    if kind == "structure":
        names = {name.lower(): name for name in shape.members}
        fields = {names.get(key.lower(), key): part for key, part in value.items()}
        members = shape.members
        return {k: coerce(v, members[k]) if k in members else v for k, v in fields.items()}
    if kind == "list":
        return [coerce(item, shape.member) for item in value]
    if kind == "map":
        return {key: coerce(part, shape.value) for key, part in value.items()}
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "boolean":
        return value in (True, "true")
    if kind == "string" and isinstance(value, bool):
        return str(value).lower()
    return str(value) if kind == "string" else value


class Api:
    """The public API of this server."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    @functools.cache
    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def call(
        self,
        service: str,
        operation: str,
        properties: Properties | None = None,
        /,
        **arguments: Any,
    ) -> dict[str, Any]:
        """Call `operation` with `arguments` and with those of `properties` that it takes."""
        client = self.client(service)
        name = client.meta.method_to_api_mapping[operation]
        shape = client.meta.service_model.operation_model(name).input_shape
        given = {key.lower(): key for key in properties or {}}
        taken = {k: properties[given[k.lower()]] for k in shape.members if k.lower() in given}
        return getattr(client, operation)(**coerce(taken | arguments, shape))


# --- providers ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """What a provider hands back: the value of `Ref` and the values of `Fn::GetAtt`."""

    physical_id: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Provider:
    """How one resource type is made, changed in place and removed.

    Without `update`, and whenever one of the `immutable` properties differs, a changed resource
    is replaced.
    """

    create: Callable[[Api, str, Properties], Made]
    delete: Callable[[Api, str, Properties], object]
    update: Callable[[Api, str, Properties, dict[str, Any]], object] | None = None
    immutable: frozenset[str] = frozenset()

    def replaces(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        changed = {k for k in old.keys() | new.keys() if old.get(k) != new.get(k)}
        return self.update is None or bool(changed & self.immutable)


PROVIDERS: dict[str, Provider] = {}
