"""Target groups are what their service's manifest and their app's parameters say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from judge.account import ELB, Account, Resource
from judge.faults import Fault, Findings
from judge.manifest import Service
from judge.project import App
from judge.template import listing, mapping, number

THRESHOLD = 2
SUCCESS, GRPC_SUCCESS = "200-399,401", "12"
COOKIE_SECONDS = 86_400  # AWS's default, a day
ALGORITHM, SLOW_START = "round_robin", "0"

Fact = tuple[Fault, str, Any, Any]  # kind of fault, what it is about, found, expected


def check(account: Account, findings: Findings) -> None:
    """Report target groups that differ, and those that nothing leads to."""
    routed, others = {rule.group for rule in account.rules}, set(_defaults(account))
    for group in account.groups.values():
        if group.ref not in routed | others:
            words = "no rule and no listener leads to it"
            findings.add(Fault.GROUP_UNUSED, group.file, group.name, words)
        app = account.project.apps.get(group.stack.row.app or "")
        if app is None:
            continue
        tags = group.tags()
        services = [service for service in app.services if service.name == tags.get("Service")]
        if tags.get("App") != app.name or not services:
            words = f"belongs to no service of {app.name} by its tags {tags}"
            findings.add(Fault.GROUP_OWNER, group.file, group.name, words)
        elif group.ref not in others:
            for fault, what, found, expected in _facts(group, app, services[0]):
                if str(found) != str(expected):
                    words = f"{what} is {found}, and {expected} was asked for"
                    findings.add(fault, group.file, group.name, words)


def _defaults(account: Account) -> Iterator[str]:
    """Target groups that a listener leads to by itself: those of network ports."""
    for listener in account.of_type(f"{ELB}::Listener"):
        for action in listing(listener.properties.get("DefaultActions")):
            if "TargetGroupArn" in mapping(action):
                yield str(action["TargetGroupArn"])


def _facts(group: Resource, app: App, service: Service) -> Iterator[Fact]:
    found, attributes = group.properties, group.attributes()
    yield Fault.PROTOCOL, "protocol", found.get("Protocol"), service.protocol
    version = "GRPC" if service.is_grpc else "HTTP1"
    yield Fault.PROTOCOL, "protocol version", found.get("ProtocolVersion", "HTTP1"), version
    yield from _health(found, app, service)
    drain = attributes.get("deregistration_delay.timeout_seconds")
    yield Fault.DRAIN, "deregistration delay", drain, service.drain
    sticky = str(service.is_sticky).lower()
    yield Fault.STICKINESS, "stickiness.enabled", attributes.get("stickiness.enabled"), sticky
    kind = attributes.get("stickiness.type", "lb_cookie")
    yield Fault.STICKINESS, "stickiness.type", kind, "lb_cookie"
    seconds = attributes.get("stickiness.lb_cookie.duration_seconds", COOKIE_SECONDS)
    yield Fault.STICKINESS, "the cookie's duration", seconds, COOKIE_SECONDS
    slow_start = attributes.get("slow_start.duration_seconds")
    expected = str(number(app.params.get("SlowStartDuration", SLOW_START)))
    yield Fault.SLOW_START, "slow start", slow_start, expected
    algorithm = attributes.get("load_balancing.algorithm.type")
    expected = app.params.get("LoadBalancerAlgorithm", ALGORITHM)
    yield Fault.ALGORITHM, "algorithm", algorithm, expected


def _health(found: Any, app: App, service: Service) -> Iterator[Fact]:
    health = service.health
    for key, expected in (
        ("HealthCheckPath", health.path),
        ("HealthCheckIntervalSeconds", health.interval),
        ("HealthCheckTimeoutSeconds", health.timeout),
        ("HealthyThresholdCount", THRESHOLD),
        ("UnhealthyThresholdCount", THRESHOLD),
    ):
        yield Fault.HEALTH, key, found.get(key), expected
    protocol = found.get("HealthCheckProtocol", service.protocol)
    yield Fault.HEALTH, "HealthCheckProtocol", protocol, service.protocol
    port = found.get("HealthCheckPort", "traffic-port")
    yield Fault.HEALTH, "HealthCheckPort", port, "traffic-port"
    if service.is_grpc:
        codes = {"GrpcCode": app.params.get("LoadBalancerGrpcSuccessCodes", GRPC_SUCCESS)}
    else:
        codes = {"HttpCode": app.params.get("LoadBalancerSuccessCodes", SUCCESS)}
    yield Fault.MATCHER, "matcher", found.get("Matcher"), codes
