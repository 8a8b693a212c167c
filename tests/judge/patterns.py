"""Hosts with wildcards, as a load balancer matches them: `*` any text, `?` one character."""

from __future__ import annotations

import re
from functools import cache

# A letter that no pattern holds stands for all of the others.
OTHER = "\uffff"


@cache
def matcher(pattern: str) -> re.Pattern[str]:
    """A regular expression for a pattern in lower case."""
    words = {"*": ".*", "?": "."}
    return re.compile(
        "".join(words.get(letter, re.escape(letter)) for letter in pattern), re.DOTALL
    )


def matches(pattern: str, host: str) -> bool:
    """Whether a host, in lower case, matches a pattern."""
    return matcher(pattern).fullmatch(host) is not None


def _may_meet(one: str, other: str) -> bool:
    """False if two patterns begin or end in ways that no host can unite; a quick look."""
    (head, tail), (other_head, other_tail) = (_ends(pattern) for pattern in (one, other))
    heads = head.startswith(other_head) or other_head.startswith(head)
    return heads and (tail.endswith(other_tail) or other_tail.endswith(tail))


@cache
def _ends(pattern: str) -> tuple[str, str]:
    """What stands before the first wildcard and behind the last one."""
    parts = re.split(r"[*?]", pattern)
    return parts[0], parts[-1]


@cache
def is_inside(inner: str, outer: str) -> bool:
    """Whether every host that matches `inner` matches `outer` too."""
    if not _may_meet(inner, outer):
        return False
    letters = set(inner + outer) - {"*", "?"} | {OTHER}
    start = (_closure({0}, inner), _closure({0}, outer))
    seen, queue = {start}, [start]
    while queue:
        inner_states, outer_states = queue.pop()
        if len(inner) in inner_states and len(outer) not in outer_states:
            return False
        for letter in letters:
            after = _step(inner_states, inner, letter), _step(outer_states, outer, letter)
            if after[0] and after not in seen:
                seen.add(after)
                queue.append(after)
    return True


@cache
def common_host(first: str, second: str) -> str | None:
    """A host that matches both patterns, None if there is none."""
    if not _may_meet(first, second):
        return None
    letters = sorted(set(first + second) - {"*", "?"} | {"a"})
    start = (_closure({0}, first), _closure({0}, second))
    seen, queue = {start}, [(start, "")]
    for states, host in queue:
        if len(first) in states[0] and len(second) in states[1]:
            return host
        for letter in letters:
            after = _step(states[0], first, letter), _step(states[1], second, letter)
            if all(after) and after not in seen:
                seen.add(after)
                queue.append((after, host + letter))
    return None


def _closure(states: set[int], pattern: str) -> frozenset[int]:
    """Where one can be without reading: before and behind a `*`."""
    found = set(states)
    for state in sorted(states):
        while state < len(pattern) and pattern[state] == "*":
            state += 1
            found.add(state)
    return frozenset(found)


def _step(states: frozenset[int], pattern: str, letter: str) -> frozenset[int]:
    after = set()
    for state in states:
        if state < len(pattern):
            if pattern[state] == "*":
                after.add(state)
            elif pattern[state] in ("?", letter):
                after.add(state + 1)
    return _closure(after, pattern)
