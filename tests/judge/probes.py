"""Hosts to ask a listener for: examples of patterns, and hosts near those that are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from judge.account import is_pattern

# What stands for `*`: a label, several, one with a digit, and nothing.
FILLERS = ("probe", "a.b", "x-1", "")


def examples(pattern: str) -> Iterator[str]:
    """Hosts that a pattern means. A host has no empty label."""
    for filler in FILLERS:
        host = pattern.replace("*", filler).replace("?", "q")
        if not host.startswith(".") and ".." not in host:
            yield host


def near(host: str) -> Iterator[str]:
    """Hosts that are easily taken for a host or a pattern, and are another."""
    if is_pattern(host):
        for example in examples(host):
            yield from _near(example)
        bare = host.replace("*", "").replace("?", "").strip(".")
        if bare:
            yield bare
            yield f"evil{bare}"
    else:
        yield from _near(host)


def _near(host: str) -> Iterator[str]:
    first, _, rest = host.partition(".")
    yield f"x{host}"
    yield f"{host}x"
    yield f"x.{host}"
    yield f"{host}.example"
    # Convox writes a record of this name, which no rule takes.
    yield f"internal-{host}"
    yield host[1:]
    if rest:
        yield rest
        yield f"probe.{rest}"
        yield f"{first}x.{rest}"
        yield f"{first}-{rest}"
    if "-" in first:
        yield host.replace("-", ".", 1)
        yield host.replace("-", "", 1)
        app, _, service = first.rpartition("-")
        yield f"{service}-{app}.{rest}"
