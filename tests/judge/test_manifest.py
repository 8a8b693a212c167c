"""The judge's own reading of manifests, held against what Convox is known to make of them."""

from __future__ import annotations

from typing import Any

import pytest

from judge.dialect import plain
from judge.manifest import Service, read_manifest

# What a service says → what it means. Each was seen on a real parser.
MEANINGS: list[tuple[str, dict[str, Any]]] = [
    ("", {"port": 0, "drain": 30, "is_sticky": True, "is_internal": False}),
    ("port: 3000", {"port": 3000, "protocol": "HTTP", "is_grpc": False}),
    ('port: "3000"', {"port": 3000, "protocol": "HTTP"}),
    ("port: 3_000", {"port": 3000}),
    ("port: 010", {"port": 8}),
    ("port: 0x10", {"port": 16}),
    ("port: https:3000", {"port": 3000, "protocol": "HTTPS"}),
    ("port: :8080", {"port": 8080, "protocol": "HTTP"}),
    ("port: http:3000:x", {"port": 3000, "protocol": "HTTP"}),
    ("port: {port: 3000}", {"port": 3000, "protocol": "HTTP"}),
    ('port: {port: "https:3000", scheme: http}', {"port": 3000, "protocol": "HTTP"}),
    ("port: {port: 3000, scheme: https}", {"port": 3000, "protocol": "HTTPS"}),
    ("port: grpc:50051", {"port": 50051, "protocol": "HTTP", "is_grpc": True}),
    ("port: secure-grpc:8443", {"port": 8443, "protocol": "HTTPS", "is_grpc": True}),
    ("port: ${UNSET}", {"port": 0}),
    ("port: ${PORT}", {"port": 4000}),
    ("health: /check", {"health": ("/check", 5, 4, 5)}),
    ('health: ""', {"health": ("/", 5, 4, 5)}),
    ("health: {path: /h, interval: 10}", {"health": ("/h", 10, 9, 10)}),
    ("health: {interval: 0}", {"health": ("/", 5, 4, 5)}),
    ("health: {interval: 10, timeout: 20, grace: 60}", {"health": ("/", 10, 20, 60)}),
    ('health: {interval: "10"}', {"health": ("/", 5, 4, 5)}),
    ("drain: 0", {"drain": 30}),
    ("drain: 45", {"drain": 45}),
    ("sticky: no", {"is_sticky": False}),
    ("sticky: n", {"is_sticky": False}),
    ("sticky:", {"is_sticky": False}),
    ("sticky: on", {"is_sticky": True}),
    ("internalAndExternal: true", {"is_internal": True, "is_external_too": True}),
    ("internal: y", {"is_internal": True, "is_external_too": False}),
    ('domain: "a.com, b.com,"', {"domains": ("a.com", "b.com")}),
    ('domain: [a.com, "*.b.com", " c.com ", ""]', {"domains": ("a.com", "*.b.com", "c.com")}),
    ('domain: ["a.com,b.com"]', {"domains": ("a.com,b.com",)}),
    ("domain: [A.COM, a.com]", {"domains": ("a.com",)}),
    ('domain: "${HOSTS}"', {"domains": ("x.com", "y.com")}),
    ('domain: "${UNSET}"', {"domains": ()}),
    ("domain: x${UNSET}.com", {"domains": ("x.com",)}),
    ("nlb: [{port: 5000}]", {"has_network_ports": True}),
]


def read(text: str) -> Service:
    """The last service of a manifest."""
    return read_manifest(text, {"HOSTS": "x.com,y.com", "PORT": "4000"}).services[-1]


@pytest.mark.parametrize(("written", "meant"), MEANINGS)
def test_meaning(written: str, meant: dict[str, Any]) -> None:
    """A line of a service means what Convox makes of it."""
    service = read(f"services:\n  web:\n    build: .\n    {written}\n")
    found = {key: getattr(service, key) for key in meant}
    if "health" in found:
        health = service.health
        found["health"] = (health.path, health.interval, health.timeout, health.grace)
    assert found == meant


@pytest.mark.parametrize(
    ("merged", "own", "meant"),
    [
        ("domain: [a.com]", "domain: [c.com]", {"domains": ("a.com", "c.com")}),
        ("domain: a.com", "domain: c.com, d.com", {"domains": ("a.com", "c.com", "d.com")}),
        ("port: 1", "port: 2", {"port": 2}),
        ("sticky: false", "drain: 7", {"is_sticky": False, "drain": 7}),
    ],
)
def test_merged_before_own(merged: str, own: str, meant: dict[str, Any]) -> None:
    """`<<` is text that stands in its place: lists grow, and the last scalar counts."""
    service = read(f"x-a: &a {{{merged}}}\nservices:\n  web:\n    <<: *a\n    {own}\n")
    assert {key: getattr(service, key) for key in meant} == meant


def test_merged_behind_own() -> None:
    """What is merged behind an own scalar takes its place."""
    assert read("x-a: &a {port: 1}\nservices:\n  web:\n    port: 2\n    <<: *a\n").port == 1


def test_merged_health_combines() -> None:
    """A path that is merged and an interval of the service's own are both kept."""
    health = read("x-a: &a {health: /h}\nservices: {web: {<<: *a, health: {interval: 7}}}\n").health
    assert (health.path, health.interval) == ("/h", 7)


def test_last_service_of_a_name() -> None:
    """Both are rendered under one logical ID, and the last one survives."""
    manifest = read_manifest("services:\n  web: {port: 1}\n  web: {port: 2}\n", {})
    assert [service.port for service in manifest.services] == [2]


def test_params_are_text() -> None:
    """Numbers keep their spelling, flags do not."""
    manifest = read_manifest("params: {A: 1.0, B: No, C: text}\n", {})
    assert manifest.params == {"A": "1.0", "B": "false", "C": "text"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("1:30", "1:30"), ("0b11", 3), ("-0x1f", -31), ("1e3", 1000.0), ("2026-03-01", "2026-03-01")],
)
def test_plain_scalars(text: str, value: object) -> None:
    """No dates and no numbers of base 60, which YAML 1.1 has."""
    assert plain(text) == value
