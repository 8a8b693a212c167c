"""The simulator finds what is planted: each invariant is violated here, and mended beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from judge.simulator.deployment import Deployment, remove
from judge.simulator.drawing import (
    app,
    attachment,
    certificate,
    changed,
    found,
    group,
    last,
    rack,
    ref,
    resource,
    rule,
    service,
)
from judge.simulator.violations import Invariant, Violation


@dataclass(frozen=True)
class Planted:
    """A deployment with a fault, and the words that must be said of it."""

    name: str
    invariant: Invariant
    deployment: Deployment
    words: str
    moment: str = ""
    quotas: tuple[tuple[str, int], ...] = ()


G, H = ("G", group()), ("H", group())
MAIN = ("main", rack())
ROLE = "AWS::IAM::Role"
RECORD = "AWS::Route53::RecordSet"


def _record(name: str) -> dict[str, Any]:
    return resource(RECORD, HostedZoneId="Z", Name=name, Type="A")


def _stacks(*apps: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [
        MAIN,
        *((f"main-{letter}", app(dict(a))) for letter, a in zip("abc", apps, strict=False)),
    ]


def _tagged(service_name: str) -> dict[str, Any]:
    tags = [{"Key": "App", "Value": "a"}, {"Key": "Service", "Value": service_name}]
    return group(Tags=tags)


def _roles(*names: str) -> dict[str, Any]:
    return dict([G, *((name, resource(ROLE, Path=f"/{name}/")) for name in names)])


X, Z = rule(1, "x.org"), rule(2, "z.org")
WITH_X = dict([G, ("X", X)])
BOTH = dict([G, ("X", X), ("Z", Z)])
CERTIFIED = WITH_X | {"C": certificate("x.org"), "L": attachment(ref("C"))}
MANY = {f"R{at}": rule(at, f"r{at}.org") for at in range(3, 17)}

PLANTED = [
    Planted(
        "two rules swap their numbers",
        Invariant.PRIORITY,
        changed(BOTH, BOTH | {"X": rule(2, "x.org"), "Z": rule(1, "z.org")}),
        "main-a/X and main-a/Z both have Priority 2 of ListenerArn <main/A443>",
        "once main-a/X is changed, before main-a/Z is changed",
    ),
    Planted(
        "a rule is renamed under a number that it keeps",
        Invariant.PRIORITY,
        changed(WITH_X, dict([G, ("Y", X)])),
        "main-a/X and main-a/Y both have Priority 1",
        "once main-a/Y is made",
    ),
    Planted(
        "a chain of numbers is taken back",
        Invariant.PRIORITY,
        changed(
            BOTH,
            BOTH | {"X": rule(2, "x.org", after=["Z"]), "Z": rule(3, "z.org")},
        ),
        "main-a/X and main-a/Z both have Priority 2",
        "before main-a/Z is changed, if it is taken back in another order",
    ),
    Planted(
        "a number is taken that another stack has",
        Invariant.PRIORITY,
        last(_stacks([G, ("X", X)], [G]), _stacks([G, ("X", X)], [G, ("X", X)])),
        "main-a/X and main-b/X both have Priority 1",
        "once main-b/X is made",
    ),
    Planted(
        "a role of a name of its own is replaced",
        Invariant.ONCE,
        changed(
            {"R": resource(ROLE, RoleName="r", Path="/")},
            {"R": resource(ROLE, RoleName="r", Path="/new/")},
        ),
        "main-a/R and main-a/R#2 both have RoleName r",
    ),
    Planted(
        "a record changes its logical ID",
        Invariant.ONCE,
        changed({"X": _record("x.org")}, {"Y": _record("x.org")}),
        "both have Type A of Name x.org of HostedZoneId Z",
    ),
    Planted(
        "a router with a name changes its scheme",
        Invariant.ONCE,
        last([("main", rack(name="r"))], [("main", rack("internet-facing", name="r"))]),
        "main/A and main/A#2 both have Name r-A",
    ),
    Planted(
        "a full router gets a rule before it loses one",
        Invariant.RULES,
        changed(BOTH, dict([G, ("X", X), ("Y", rule(3, "y.org"))])),
        "<main/A> has more than 2 rules",
        "once main-a/Y is made",
        (("rules", 2),),
    ),
    Planted(
        "a target group too many while rules change over",
        Invariant.GROUPS,
        changed(
            {f"G{at}": group() for at in range(100)}
            | {f"R{at}": rule(at + 1, f"r{at}.org", to=f"G{at}") for at in range(100)},
            {f"G{at}": group() for at in range(101)}
            | {f"R{at}": rule(at + 1, f"r{at}.org", to=f"G{at}") for at in range(99)}
            | {"R99": rule(200, "r99.org", to="G100"), "Last": rule(201, "last.org", to="G0")}
            | {"R0": rule(1, "r0.org", to="G99"), "R1": rule(2, "r1.org", to="G0")},
        ),
        "<main/A> has more than 100 groups",
    ),
    Planted(
        "a certificate is attached before another one goes",
        Invariant.CERTIFICATES,
        changed(
            CERTIFIED,
            WITH_X | {"D": certificate("x.org", "y.org"), "M": attachment(ref("D"))},
        ),
        "<main/A> has more than 1 certificates",
        "once main-a/M is made",
        (("certificates", 1),),
    ),
    Planted(
        "a sixth host",
        Invariant.VALUES,
        changed(WITH_X, dict([G, ("X", rule(1, *(f"{at}.org" for at in "abcdef")))])),
        "main-a/X has 6 values with 0 wildcards",
    ),
    Planted(
        "six wildcards",
        Invariant.VALUES,
        changed(WITH_X, dict([G, ("X", rule(1, "a??.b??.c.org", "*.d*.org"))])),
        "main-a/X has 2 values with 6 wildcards",
    ),
    Planted(
        "a service moves to another router with its target group",
        Invariant.TWO_BALANCERS,
        changed(WITH_X, dict([G, ("X", rule(1, "x.org", on="B"))])),
        "<main-a/G> is on <main/A> and on <main/B>",
        "once main-a/X#2 is made",
    ),
    Planted(
        "a stack is deleted that others name",
        Invariant.MISSING,
        remove(last(_stacks([G, ("X", X)])).end, ["main"]),
        "main-a/X names <main/A443>, which is not there",
    ),
    Planted(
        "a host goes from rule to rule, and either may be first",
        Invariant.UNANSWERED,
        changed(
            dict([G, ("X", rule(1, "x.org", "m.org")), ("Z", Z)]),
            dict([G, ("X", X), ("Z", rule(2, "z.org", "m.org"))]),
        ),
        "nobody answers m.org on <main/A443>",
        "once main-a/X is changed, before main-a/Z is changed",
    ),
    Planted(
        "a host goes to a stack that is deployed later",
        Invariant.UNANSWERED,
        last(_stacks([G, ("X", X)], [G]), _stacks([G], [G, ("X", rule(3, "x.org"))])),
        "nobody answers x.org on <main/A443>",
        "once main-a/X is deleted",
    ),
    Planted(
        "a pattern goes before a host of it is there",
        Invariant.UNANSWERED,
        changed(
            dict([G, ("X", rule(1, "*.x.org", "w.org")), ("Z", Z)]),
            dict([G, ("X", rule(1, "w.org")), ("Z", rule(2, "z.org", "q.x.org"))]),
        ),
        "nobody answers q.x.org",
    ),
    Planted(
        "a pattern of others is uncovered for a moment",
        Invariant.WRONG_SERVICE,
        changed(
            {
                "G": _tagged("web"),
                "H": _tagged("api"),
                "X": rule(1, "a.x.org", "w.org"),
                "Z": rule(2, "z.org"),
                "W": rule(9, "*.x.org", to="H"),
            },
            {
                "G": _tagged("web"),
                "H": _tagged("api"),
                "X": rule(1, "w.org"),
                "Z": rule(2, "z.org", "a.x.org"),
                "W": rule(9, "*.x.org", to="H"),
            },
        ),
        "a/api answers a.x.org on <main/A443>",
        "once main-a/X is changed, before main-a/Z is changed",
    ),
    Planted(
        "a pattern is there before a host of it that comes from elsewhere",
        Invariant.THIRD_SERVICE,
        last(
            _stacks([("G", _tagged("old")), ("W", rule(9, "*.org"))], []),
            _stacks(
                [("G", _tagged("old")), ("W", rule(9, "*.org"))],
                [
                    ("G", _tagged("web")),
                    ("H", _tagged("api")),
                    ("X", rule(1, "a.x.org")),
                    ("Z", rule(8, "*.x.org", to="H")),
                ],
            ),
        ),
        "a/api answers a.x.org on <main/A443>",
        "once main-b/Z is made, before main-b/X is made",
    ),
    Planted(
        "a certificate goes before another one of the same name is there",
        Invariant.UNCOVERED,
        last(
            _stacks([*CERTIFIED.items()], [G]),
            _stacks(
                [*WITH_X.items()], [G, ("C", certificate("x.org")), ("L", attachment(ref("C")))]
            ),
        ),
        "no certificate on <main/A443> covers x.org",
        "once main-a/L is deleted",
    ),
    Planted(
        "a service is registered before a rule leads to it",
        Invariant.UNLED,
        changed({}, dict([G, ("X", X), ("S", service("G"))])),
        "main-a/S gets <main-a/G>, and no rule leads there",
        "once main-a/S is made, before main-a/X is made",
    ),
    Planted(
        "an export goes that is imported",
        Invariant.EXPORT,
        last(_stacks([G, ("X", X)]), [("main", rack(without="A443"))]),
        "the export main:A443 goes while main-a imports it",
    ),
    Planted(
        "an export changes that is imported",
        Invariant.EXPORT,
        last(_stacks([G, ("X", X)]), [("main", rack("internet-facing"))]),
        "the export main:A443 is changed while main-a imports it",
    ),
    Planted(
        "a stack is deleted whose export is imported",
        Invariant.EXPORT,
        remove(last(_stacks([G, ("X", X)])).end, ["main"]),
        "the export main:A443 goes while main-a imports it",
    ),
    Planted(
        "two stacks export one name",
        Invariant.EXPORTED_TWICE,
        last([MAIN, ("other", rack())]),
        "main exports main:A443 too",
    ),
    Planted(
        "a stack is deployed before what it imports",
        Invariant.IMPORT,
        last([*_stacks([G, ("X", X)])[::-1]]),
        "it imports main:A443, which nobody exports",
    ),
    Planted(
        "a logical ID becomes something else",
        Invariant.TYPE,
        changed({"X": _record("x.org")}, {"X": resource(ROLE)}),
        "X was AWS::Route53::RecordSet and is to be AWS::IAM::Role",
    ),
    Planted(
        "two resources wait for each other",
        Invariant.CIRCLE,
        changed({}, {"R": resource(ROLE, ["S"]), "S": resource(ROLE, ["R"])}),
        "resources wait for each other",
    ),
]


@pytest.mark.parametrize("planted", PLANTED, ids=[planted.name for planted in PLANTED])
def test_planted(planted: Planted) -> None:
    """It is found, and said at which moment it is so."""
    violations = found(planted.deployment, **dict(planted.quotas))
    hits = [
        v for v in violations if v.invariant is planted.invariant and planted.words in v.fault.words
    ]
    assert hits, "\n".join(map(str, violations)) or "nothing"
    assert any(planted.moment in violation.moment for violation in hits), hits


def test_every_invariant_is_planted() -> None:
    """There is no check that nothing provokes."""
    assert {planted.invariant for planted in PLANTED} == set(Invariant)


MENDED: dict[str, Callable[[], list[Violation]]] = {
    "rules get numbers that are free": lambda: found(
        changed(BOTH, BOTH | {"X": rule(3, "x.org"), "Z": rule(4, "z.org")})
    ),
    "a rule is renamed under another number": lambda: found(
        changed(WITH_X, dict([G, ("Y", rule(2, "x.org"))]))
    ),
    "the next stack takes a number that was given back": lambda: found(
        last(
            _stacks([G, ("X", rule(1, "old.org"))], [G]),
            _stacks([G], [G, ("X", rule(1, "new.org"))]),
        )
    ),
    "a role without a name is replaced": lambda: found(
        changed({"R": resource(ROLE, Path="/")}, {"R": resource(ROLE, Path="/new/")})
    ),
    "a full router loses a rule": lambda: found(changed(BOTH, WITH_X), rules=1),
    "a router has room for a rule more": lambda: found(
        changed(BOTH, dict([G, ("X", X), ("Y", rule(3, "y.org"))])), rules=3
    ),
    "a rule in place needs no room": lambda: found(
        changed(BOTH, dict([G, ("X", X), ("Z", rule(7, "new.org"))])), rules=2
    ),
    "a certificate is exchanged in place": lambda: found(
        changed(CERTIFIED, CERTIFIED | {"C": certificate("x.org", "y.org")}), certificates=1
    ),
    "a service moves to another router with a new target group": lambda: found(
        changed(WITH_X, dict([H, ("Y", rule(1, "x.org", to="H", on="B"))]))
    ),
    "stacks are deleted in their order": lambda: found(
        remove(last(_stacks([G, ("X", X)])).end, ["main-a", "main"])
    ),
    "a host is taken up before it is given away": lambda: found(
        changed(
            dict([G, ("X", rule(1, "x.org", "m.org")), ("Z", Z)]),
            dict([G, ("X", rule(1, "x.org", after=["Z"])), ("Z", rule(2, "z.org", "m.org"))]),
        )
    ),
    "a host goes to a stack that is deployed before": lambda: found(
        last(_stacks([G], [G, ("X", X)]), _stacks([G, ("X", rule(3, "x.org"))], [G]))
    ),
    "a host that nobody has in the end goes": lambda: found(changed(BOTH, WITH_X)),
    "a rule of another service is not asked, for its number is higher": lambda: found(
        changed(
            {"G": _tagged("web"), "H": _tagged("api"), "X": rule(1, "*.x.org")},
            {"G": _tagged("web"), "H": _tagged("api"), "X": rule(1, "*.x.org")}
            | {"Z": rule(2, "*.x.org", to="H")},
        )
    ),
    "a certificate goes with its host": lambda: found(changed(CERTIFIED, {})),
    "a service waits for its rule": lambda: found(
        changed({}, dict([G, ("X", X), ("S", service("G", ["X"]))]))
    ),
    "an export goes that nobody imports": lambda: found(
        last(_stacks([G, ("X", X)]), [("main", rack(without="B443"))])
    ),
    "a listed certificate stays": lambda: found(
        changed(
            WITH_X | {"L": attachment("arn:listed")},
            WITH_X | {"L": attachment("arn:listed"), "Z": Z},
        )
    ),
}


@pytest.mark.parametrize("name", MENDED)
def test_mended(name: str) -> None:
    """What CloudFormation takes, and no request suffers from, is no fault."""
    violations = [violation for violation in MENDED[name]() if violation.is_promised]
    assert not violations, "\n".join(map(str, violations))


def test_what_only_another_order_of_a_rollback_meets_is_no_promise() -> None:
    """Hosts that move within a stack hang on the order in which it is taken back."""
    deployment = changed(
        dict([G, ("X", rule(1, "x.org", "m.org")), ("Z", Z)]),
        dict([G, ("X", rule(1, "x.org", after=["Z"])), ("Z", rule(2, "z.org", "m.org"))]),
    )
    (violation,) = found(deployment)
    assert violation.invariant is Invariant.UNANSWERED
    assert "taken back in another order" in violation.moment


def test_a_chain_of_numbers_is_refused_when_it_is_taken_back_in_another_order() -> None:
    """Refusals count in any order: nobody gets a stack out of UPDATE_ROLLBACK_FAILED in time."""
    chain = BOTH | {"X": rule(2, "x.org", after=["Z"]), "Z": rule(3, "z.org")}
    (violation,) = found(changed(BOTH, chain))
    assert (violation.invariant, violation.is_promised) == (Invariant.PRIORITY, True)
