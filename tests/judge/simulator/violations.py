"""What must hold at every moment, and what is said where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Invariant(Enum):
    """What must hold at every moment between two outputs (DESIGN §4, Transitions)."""

    PRIORITY = "no two rules of a listener have one priority"
    ONCE = "no two resources have what only one can have: a name, a port, a record"
    RULES = "no router holds more rules than its quota"
    GROUPS = "no router forwards to more target groups than it may"
    CERTIFICATES = "no router holds more certificates than its quota"
    VALUES = "no rule has more values or wildcards than AWS takes"
    TWO_BALANCERS = "no target group is on two load balancers"
    MISSING = "nothing is named that is not there yet, or not any more"
    UNANSWERED = "a host that is answered before and after is answered"
    WRONG_SERVICE = "a host that one service answers before and after is answered by no other"
    THIRD_SERVICE = "a host that changes its service is answered by one of the two"
    UNCOVERED = "a host that is answered has its certificate throughout"
    UNLED = "ECS gets no target group that nothing leads to"
    EXPORT = "no export goes or changes while a stack imports it"
    EXPORTED_TWICE = "no two stacks export one name"
    IMPORT = "no stack imports what nobody exports"
    TYPE = "no logical ID changes its type"
    CIRCLE = "no resources wait for each other"


# What AWS does not refuse: requests suffer, and the deployment goes on.
SOFT = frozenset(
    [
        Invariant.UNANSWERED,
        Invariant.WRONG_SERVICE,
        Invariant.THIRD_SERVICE,
        Invariant.UNCOVERED,
    ]
)
# What DESIGN does not ask for and is worth knowing.
UNPROMISED = frozenset([Invariant.THIRD_SERVICE])


@dataclass(frozen=True)
class Fault:
    """Something that is wrong, whenever it is."""

    invariant: Invariant
    words: str


@dataclass(frozen=True)
class Violation:
    """A fault at a moment."""

    stack: str
    fault: Fault
    moment: str
    is_promised: bool = True  # False: worth knowing, and nobody says that it does not happen

    @property
    def invariant(self) -> Invariant:
        """What does not hold."""
        return self.fault.invariant

    def __str__(self) -> str:
        return f"{self.stack}: {self.moment}: {self.fault.words} [{self.invariant.name}]"
