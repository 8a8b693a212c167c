"""Which host must reach which service, by Convox's rules of routing and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from judge.account import Account, Place, Router, is_pattern
from judge.faults import Fault, Findings
from judge.manifest import Service
from judge.patterns import common_host, is_inside, matches
from judge.project import App

HTTPS, HTTP = 443, 80


class Target(NamedTuple):
    """A service of an app."""

    app: str
    service: str

    def __str__(self) -> str:
        return f"{self.app}/{self.service}"


@dataclass
class Hosts:
    """What one listener must answer: hosts and patterns, each with its service."""

    targets: dict[str, Target] = field(default_factory=dict)

    def expected(self, host: str) -> frozenset[Target]:
        """Who should answer a host: its own service, or that of the narrowest pattern.

        Several if patterns of different services overlap there and neither is inside the other.
        """
        if host in self.targets:
            return frozenset([self.targets[host]])
        found = [pattern for pattern in self.patterns if matches(pattern, host)]
        narrowest = [
            pattern
            for pattern in found
            if not any(
                is_inside(other, pattern) and not is_inside(pattern, other) for other in found
            )
        ]
        return frozenset(self.targets[pattern] for pattern in narrowest)

    @cached_property
    def patterns(self) -> list[str]:
        """The hosts with wildcards, once all of them are there."""
        return [host for host in self.targets if is_pattern(host)]


Wanted = dict[Place, Hosts]


def wanted(account: Account, findings: Findings) -> Wanted:
    """What every listener of every rack must answer."""
    places: Wanted = {}
    for stack in account.stacks.values():
        app = account.project.apps.get(stack.row.app or "")
        if app is None:
            continue
        for service in app.routed():
            target = Target(app.name, service.name)
            for place, host in _hosts(account, app, service, stack.row.rack):
                owner = places.setdefault(place, Hosts()).targets.setdefault(host, target)
                if owner != target:
                    words = f"{owner} and {target} both ask for {host} on {place}"
                    findings.add(Fault.CLAIMED_TWICE, stack.file, str(target), words)
    for place, hosts in places.items():
        _check_overlaps(account, place, hosts, findings)
    return places


def _check_overlaps(account: Account, place: Place, hosts: Hosts, findings: Findings) -> None:
    """Report patterns of which nobody can say which one should answer."""
    for first, second in combinations(hosts.patterns, 2):
        owner, other = hosts.targets[first], hosts.targets[second]
        if owner == other or is_inside(first, second) or is_inside(second, first):
            continue
        if (host := common_host(first, second)) is not None:
            words = f"asks for {first}, and {other} for {second}: {host} on {place} is both"
            file = account.template_of(place.rack, owner.app)
            findings.add(Fault.OVERLAP, file, str(owner), words)


def routers_of(service: Service) -> tuple[Router, ...]:
    """The routers that a service is on, its main one first."""
    if service.is_external_too:
        return (Router.INTERNAL, Router.PUBLIC)
    return (Router.INTERNAL,) if service.is_internal else (Router.PUBLIC,)


def internal_domain(app: App, service: Service, rack: str) -> str:
    """The name of a service inside of the VPC."""
    return f"{service.name}.{app.name}.{rack}.convox"


def _hosts(account: Account, app: App, service: Service, rack: str) -> Iterator[tuple[Place, str]]:
    main = routers_of(service)[0]
    ports = (HTTPS,) if app.redirects else (HTTPS, HTTP)
    for router in routers_of(service):
        hosts = list(service.domains)
        # Without internal domains, a service with domains of its own has no host of the rack.
        if app.has_internal_domains or not service.domains:
            base = account.host(rack, router)
            hosts.append(f"{app.name}-{service.name}.{base}")
        # The internal domain leads to the service's main router alone.
        if app.has_internal_domains and router is main:
            hosts.append(internal_domain(app, service, rack))
        for port in ports:
            for host in hosts:
                yield Place(rack, router, port), host
