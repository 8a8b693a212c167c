"""The project: rackform.yml, where there is one, and the manifests of its apps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from judge.dialect import Reader, Unreadable, compose
from judge.manifest import Manifest, Service, as_text, read_manifest

MANIFEST = "convox.yml"
FLEET = "rackform.yml"
# AWS's defaults for an Application Load Balancer.
RULES, CERTIFICATES = 100, 25


@dataclass(frozen=True)
class Listed:
    """A certificate that exists, and the names on it."""

    arn: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class RackKind:
    """An entry of `racks`: one rack, or several of a kind."""

    name: str
    least: int = 1
    most: int = 1
    host: str | None = None
    internal_host: str | None = None
    is_external: bool = False
    compute: str | None = None
    certificate: str | None = None
    has_zone: bool = False
    certificates: tuple[Listed, ...] = ()
    rules: int = RULES
    certificates_quota: int = CERTIFICATES
    params: Mapping[str, str] = field(default_factory=dict)

    def names(self) -> list[str]:
        """The names of all racks of this kind that may be open."""
        return [self.name, *(f"{self.name}-{number}" for number in range(2, self.most + 1))]

    def host_of(self, rack: str, is_internal: bool) -> str | None:
        """Below which name services answer on a router; None: the router's own DNS name."""
        if is_internal:
            host = self.internal_host or (f"internal.{self.host}" if self.host else None)
        else:
            host = self.host
        return host.replace("{rack}", rack).lower() if host else None

    def flag(self, name: str) -> bool:
        """A rack parameter of Yes and No that is No unless it is set."""
        return is_yes(self.params.get(name, "No"))


@dataclass(frozen=True)
class App:
    """An app with its manifest, and its parameters from both files."""

    name: str
    pin: str | None
    services: tuple[Service, ...]
    params: Mapping[str, str]

    def flag(self, name: str, default: bool) -> bool:
        """An app parameter of Yes and No."""
        return is_yes(self.params[name]) if name in self.params else default

    @property
    def has_internal_domains(self) -> bool:
        """`InternalDomains`."""
        return self.flag("InternalDomains", True)

    @property
    def redirects(self) -> bool:
        """`RedirectHttps`."""
        return self.flag("RedirectHttps", True)

    def routed(self) -> list[Service]:
        """The services that are behind a router."""
        return [service for service in self.services if service.port]


@dataclass(frozen=True)
class Project:
    """What the files of a project ask for."""

    folder: Path
    kinds: Mapping[str, RackKind]
    apps: Mapping[str, App]
    inputs: str  # the text of all files that were read

    def kind_of(self, rack: str) -> RackKind | None:
        """The kind of a rack, by its name."""
        if rack in self.kinds:
            return self.kinds[rack]
        return next((kind for kind in self.kinds.values() if rack in kind.names()), None)


def is_yes(value: str) -> bool:
    """Convox writes Yes and No; YAML makes flags of them."""
    return value.lower() in ("yes", "true")


def read_project(path: Path, variables: Sequence[tuple[str, str]] = ()) -> Project:
    """Read a folder, or one manifest. `variables` come after those of rackform.yml.

    What rackform would have refused is not looked for: it raises `Unreadable`.
    """
    try:
        return _read_project(path, variables)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"not a project that compiles: {error!r}") from error


def _read_project(path: Path, variables: Sequence[tuple[str, str]]) -> Project:
    folder = path if path.is_dir() else path.parent
    fleet = folder / FLEET
    if (path.is_file() and path.name != FLEET) or not fleet.is_file():
        return _read_without_fleet(path, folder, dict(variables))
    return _Fleet(folder, fleet.read_text(encoding="utf-8"), variables).project()


def _read_without_fleet(path: Path, folder: Path, variables: dict[str, str]) -> Project:
    """Manifests alone: racks named main, main-2, … opened as they are needed."""
    apps, texts = {}, []
    for file in [path] if path.is_file() else _find_manifests(folder):
        text = file.read_text(encoding="utf-8")
        manifest = read_manifest(text, variables)
        name = file.resolve().parent.name
        apps[name] = App(name, None, manifest.services, manifest.params)
        texts.append(text)
    if not apps:
        raise Unreadable(f"there is no {FLEET} and no {MANIFEST}")
    return Project(folder, {"main": RackKind("main", most=999)}, apps, "\n".join(texts))


def _find_manifests(folder: Path) -> list[Path]:
    """The manifest of a folder, or those that lie one or two folders below."""
    own = folder / MANIFEST
    if own.is_file():
        return [own]
    return sorted([*folder.glob(f"*/{MANIFEST}"), *folder.glob(f"*/*/{MANIFEST}")])


class _Fleet:
    """A rackform.yml while it is read."""

    def __init__(self, folder: Path, text: str, variables: Sequence[tuple[str, str]]) -> None:
        self._folder = folder
        self._variables = variables
        self._reader = Reader()
        self._texts = [text]
        self._keys = dict(self._reader.entries(compose(text)))

    def project(self) -> Project:
        """The project, with all of its manifests read."""
        racks = self._keys.get("racks")
        kinds = {name: self._kind(name, node) for name, node in self._reader.entries(racks)}
        if not kinds:
            kinds = {"main": RackKind("main", most=999)}
        apps = {app.name: app for app in self._apps()}
        return Project(self._folder, kinds, apps, "\n".join(self._texts))

    def _kind(self, name: str, node: yaml.Node) -> RackKind:
        body = self._reader.value(node) or {}
        nodes = dict(self._reader.entries(node))
        least, _, most = str(body.get("count", 1)).partition("-")
        rules, certificates = self._quotas(body.get("quotas"))
        return RackKind(
            name=name,
            least=int(least),
            most=int(most or least),
            host=body.get("host"),
            internal_host=body.get("internal_host"),
            is_external=body.get("external") is True,
            compute=body.get("compute"),
            certificate=body.get("certificate"),
            has_zone="hosted_zone" in body,
            certificates=tuple(
                Listed(item["arn"], tuple(name.lower() for name in item["names"]))
                for item in body.get("certificates") or []
            ),
            rules=rules,
            certificates_quota=certificates,
            params=self._params(nodes.get("params")),
        )

    def _params(self, node: yaml.Node | None) -> dict[str, str]:
        return {name: as_text(self._reader, value) for name, value in self._reader.entries(node)}

    def _quotas(self, quotas: Any) -> tuple[int, int]:
        """Numbers, or a file with what `aws elbv2 describe-account-limits` printed."""
        if isinstance(quotas, str):
            text = (self._folder / quotas).read_text(encoding="utf-8")
            limits = {limit["Name"]: limit["Max"] for limit in json.loads(text)["Limits"]}
            quotas = {
                kind: int(limits[f"{kind}-per-application-load-balancer"])
                for kind in ("rules", "certificates")
            }
        quotas = quotas or {}
        return quotas.get("rules", RULES), quotas.get("certificates", CERTIFICATES)

    def _apps(self) -> Iterator[App]:
        node = self._keys.get("apps")
        if isinstance(node, yaml.MappingNode):
            for name, body in self._reader.entries(node):
                yield self._app(name, dict(self._reader.entries(body)))
            return
        pattern = self._reader.value(node)
        files = sorted(self._folder.glob(pattern)) if pattern else _find_manifests(self._folder)
        for file in files:
            manifest = self._manifest(file, dict(self._variables))
            yield App(file.resolve().parent.name, None, manifest.services, manifest.params)

    def _app(self, name: str, nodes: Mapping[str, yaml.Node]) -> App:
        variables = {
            key: self._variable(value)
            for key, value in self._reader.entries(nodes.get("environment"))
        }
        file = self._reader.value(nodes.get("manifest")) or f"{name}/{MANIFEST}"
        manifest = self._manifest(self._folder / file, {**variables, **dict(self._variables)})
        # What a manifest says is applied on every release, over what the rack's operator says.
        params = {**self._params(nodes.get("params")), **manifest.params}
        return App(name, self._reader.value(nodes.get("rack")), manifest.services, params)

    def _variable(self, node: yaml.Node) -> str:
        """A variable's value is text as it is written; nothing means empty."""
        if not isinstance(node, yaml.ScalarNode):
            raise Unreadable("a variable is not a single value")
        return "" if self._reader.scalar(node) is None else self._reader.text(node)

    def _manifest(self, file: Path, variables: Mapping[str, str]) -> Manifest:
        text = file.read_text(encoding="utf-8")
        self._texts.append(text)
        return read_manifest(text, variables)


def read_variables(file: Path) -> list[tuple[str, str]]:
    """A file of NAME=VALUE, one a line; blank lines and lines with `#` in front are none."""
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    matches = (re.fullmatch(r"([^=#]+)=(.*)", line) for line in lines)
    return [(found[1], found[2]) for found in matches if found]
