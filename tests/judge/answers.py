"""Who answers on a listener: the first rule that matches, as a load balancer does it."""

from __future__ import annotations

from collections.abc import Sequence

from judge.account import Rule, is_pattern
from judge.patterns import matches


class Answers:
    """The rules of one listener, ready to be asked."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """`rules` in the order in which they are evaluated."""
        self._exact: dict[str, tuple[int, Rule]] = {}
        self._patterns: list[tuple[int, str, Rule]] = []
        for position, rule in enumerate(rules):
            for host in rule.hosts:
                if is_pattern(host):
                    self._patterns.append((position, host, rule))
                else:
                    self._exact.setdefault(host, (position, rule))

    def of(self, host: str) -> Rule | None:
        """The rule that takes a host; None: the default action does."""
        host = host.lower()
        exact = self._exact.get(host)
        for position, pattern, rule in self._patterns:
            if exact is not None and exact[0] <= position:
                break
            if matches(pattern, host):
                return rule
        return exact[1] if exact else None
