"""Containment and overlap of patterns, held against trying every short host."""

from __future__ import annotations

import itertools

import pytest

from judge.checks.certificates import covers
from judge.patterns import common_host, is_inside, matches

LETTERS = "ab."
HOSTS = ["".join(word) for n in range(6) for word in itertools.product(LETTERS, repeat=n)]
PATTERNS = ["".join(word) for n in range(1, 4) for word in itertools.product("*?a.", repeat=n)]
LANGUAGES = {
    pattern: frozenset(host for host in HOSTS if matches(pattern, host)) for pattern in PATTERNS
}


def test_is_inside_and_common_host_by_trying() -> None:
    """Patterns of three letters differ on hosts of five, if they differ at all."""
    for one, other in itertools.product(PATTERNS, repeat=2):
        assert is_inside(one, other) == (LANGUAGES[one] <= LANGUAGES[other]), (one, other)
        host = common_host(one, other)
        assert (host is not None) == bool(LANGUAGES[one] & LANGUAGES[other]), (one, other)
        assert host is None or (matches(one, host) and matches(other, host)), (one, other)


@pytest.mark.parametrize(
    ("pattern", "host", "is_match"),
    [
        ("*.example.com", "test.example.com", True),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*example.com", "badexample.com", True),
        ("?.a.example.com", "q.a.example.com", True),
        ("?.a.example.com", "qq.a.example.com", False),
        ("a.example.com", "axexample.com", False),
    ],
)
def test_matches(pattern: str, host: str, is_match: bool) -> None:
    """As AWS documents it: `*` spans dots, and a dot is a dot."""
    assert matches(pattern, host) == is_match


@pytest.mark.parametrize(
    ("name", "domain", "is_covered"),
    [
        ("example.org", "example.org", True),
        ("*.example.org", "www.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "a.b.example.org", False),
        ("*.example.org", "shop-*.example.org", True),
        ("*.example.org", "*.example.org", True),
        ("*.example.org", "*.b.example.org", False),
    ],
)
def test_names_of_certificates(name: str, domain: str, is_covered: bool) -> None:
    """`*` on a certificate stands for one label."""
    assert covers(name, domain) == is_covered
