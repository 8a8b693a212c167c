"""What is wrong at any moment of an update, whatever the order and wherever it fails.

Each check says under which conditions there is a fault, and `stages.py` whether they ever hold
together. Counts are the exception: see `counts.py`.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator

from judge.simulator import counts
from judge.simulator.demands import Demands
from judge.simulator.kinds import ATTACHMENT, LISTENER, RULE, SERVICE
from judge.simulator.stages import Condition, Finding, Stage, Version, Way
from judge.simulator.updates import Update
from judge.simulator.violations import SOFT, UNPROMISED, Fault, Invariant, Violation
from judge.simulator.world import Thing
from judge.template import listing, mapping

VALUES = 5  # of a rule, and as many wildcards


def violations(update: Update, demands: Demands) -> list[Violation]:
    """Everything that may go wrong in an update, each fault once, at the plainest moment."""
    found: dict[Fault, tuple[Way, str]] = {}
    puts = Stage(update.before.things, update.puts, may_fail=True)
    between = dict(update.before.things)
    between |= {change.new.name: change.new for change in update.puts if change.new}
    deletes = Stage(between, update.deletes, may_fail=False)
    for stage in (puts, deletes):
        for check in CHECKS if stage.changes else ():
            for fault, meant in check(stage, demands):
                conditions = list(meant)
                way = stage.when(conditions)
                if way is not None and (fault not in found or way < found[fault][0]):
                    found[fault] = way, stage.tell(way, conditions)
    return [*update.refused, *(_told(update, fault, *how) for fault, how in found.items())]


def _told(update: Update, fault: Fault, way: Way, moment: str) -> Violation:
    # A request that is lost for a moment is no reason to fear another order than the reverse one;
    # a stack that can't be taken back is.
    is_promised = fault.invariant not in UNPROMISED
    is_promised &= way is not Way.BACK_ANYHOW or fault.invariant not in SOFT
    return Violation(update.stack, fault, moment, is_promised)


def _identities(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """What only one resource can have, two have."""
    owners: dict[tuple[str, ...], list[Version]] = defaultdict(list)
    touched = {identity for version in stage.changed for identity in version.thing.identities}
    for version in stage.versions:
        for identity in version.thing.identities:
            if identity in touched:
                owners[identity].append(version)
    for identity, versions in owners.items():
        for first, second in itertools.combinations(versions, 2):
            if first.thing.name != second.thing.name:
                yield same_identity(identity, first.thing, second.thing), _both(first, second)


def same_identity(identity: tuple[str, ...], first: Thing, second: Thing) -> Fault:
    """The fault of two resources that have what only one can have."""
    kind, *parts = identity
    names = " and ".join(sorted([str(first), str(second)]))
    invariant = Invariant.PRIORITY if kind == RULE else Invariant.ONCE
    return Fault(invariant, f"{names} both have {' of '.join(reversed(parts))}")


def _both(first: Version, second: Version) -> list[Condition]:
    return [*first.conditions, *second.conditions]


def _balancers(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """A target group is on two load balancers."""
    touched = {group for version in stage.changed for group in version.thing.groups}
    users: dict[str, list[Version]] = defaultdict(list)
    for version in stage.versions:
        for group in touched.intersection(version.thing.groups):
            users[group].append(version)
    for group, versions in users.items():
        for first, second in itertools.combinations(versions, 2):
            places = sorted({demands.balancer(first.thing), demands.balancer(second.thing)})
            if len(places) > 1:
                yield on_two(group, places), _both(first, second)


def on_two(group: str, places: list[str]) -> Fault:
    """The fault of a target group on two load balancers."""
    return Fault(Invariant.TWO_BALANCERS, f"{group} is on {' and on '.join(places)}")


def _needs(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """What a resource names is not there."""
    moved = {name for name, condition in stage.presence.items() if condition}
    for version in stage.versions:
        own = version.thing
        for name in own.named if version.condition else own.named & moved:
            if name not in stage.presence:
                yield missing(own, name), version.conditions
            elif (there := stage.presence[name]) is not None:
                gone = Condition(there.change, not there.is_done)
                yield missing(own, name), [*version.conditions, gone]


def missing(user: Thing, name: str) -> Fault:
    """The fault of a resource that names what is not there."""
    return Fault(Invariant.MISSING, f"{user} names {name}, which is not there")


def _hosts(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """Nobody answers a host, or somebody answers who should not."""
    changed = [version.thing for version in stage.changed if version.thing.kind == RULE]
    rules = [version for version in stage.versions if version.thing.kind == RULE]
    for listener in sorted({rule.listener for rule in changed}):
        here = [rule for rule in changed if rule.listener == listener]
        all_here = [version for version in rules if version.thing.listener == listener]
        for host, owners in sorted(demands.hosts.get(listener, {}).items()):
            if any(rule.answers(host) for rule in here):
                matching = [version for version in all_here if version.thing.answers(host)]
                yield from _answers(stage, demands, listener, host, owners, matching)


def _answers(
    stage: Stage,
    demands: Demands,
    listener: str,
    host: str,
    owners: frozenset[str],
    matching: list[Version],
) -> Iterator[Finding]:
    if (nobody := stage.absent(matching)) is not None:
        yield unanswered(listener, host), nobody
    for version in matching:
        rule = version.thing
        if (who := demands.service(rule)) in owners:
            continue
        first = [
            v for v in matching if v.thing.priority < rule.priority and v.thing.name != rule.name
        ]
        if (unshadowed := stage.absent(first)) is not None:
            yield wrong_service(listener, host, who, owners), [*version.conditions, *unshadowed]


def unanswered(listener: str, host: str) -> Fault:
    """The fault of a host that nobody answers."""
    return Fault(Invariant.UNANSWERED, f"nobody answers {host} on {listener}")


def wrong_service(listener: str, host: str, who: str, owners: frozenset[str]) -> Fault:
    """The fault of a host that reaches a service that has it neither before nor after."""
    invariant = Invariant.WRONG_SERVICE if len(owners) == 1 else Invariant.THIRD_SERVICE
    return Fault(invariant, f"{who} answers {host} on {listener}")


def _coverage(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """The certificate of a host is not there."""
    kinds = (LISTENER, ATTACHMENT)
    providers = [version for version in stage.versions if version.thing.kind in kinds]
    for listener, hosts in demands.covered.items():
        for host in sorted(hosts):
            found = [v for v in providers if demands.provides(v.thing, listener, host)]
            if (nothing := stage.absent(found)) is not None:
                yield uncovered(listener, host), nothing


def uncovered(listener: str, host: str) -> Fault:
    """The fault of a host without a certificate."""
    return Fault(Invariant.UNCOVERED, f"no certificate on {listener} covers {host}")


def _values(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """A rule asks for more than AWS takes."""
    for version in stage.changed:
        if fault := too_wide(version.thing):
            yield fault, version.conditions


def too_wide(rule: Thing) -> Fault | None:
    """The fault of a rule with more values or wildcards than AWS takes."""
    wild = sum(host.count("*") + host.count("?") for host in rule.hosts)
    if max(len(rule.hosts), wild) <= VALUES:
        return None
    return Fault(Invariant.VALUES, f"{rule} has {len(rule.hosts)} values with {wild} wildcards")


def registered(service: Thing | None) -> set[str]:
    """The target groups that an ECS service registers its tasks in."""
    entries = map(mapping, listing(service.properties.get("LoadBalancers") if service else None))
    return {str(entry["TargetGroupArn"]) for entry in entries if "TargetGroupArn" in entry}


def _led(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """ECS takes a target group only once a rule leads to it; that is checked as it is given one."""
    for at, change in enumerate(stage.changes):
        if change.new is None or change.new.kind != SERVICE:
            continue
        for group in sorted(registered(change.new) - registered(change.old)):
            leading = [version for version in stage.versions if group in version.thing.groups]
            nothing = stage.absent(leading)
            if nothing is not None and stage.when([*nothing, Condition(at, True)]) is Way.FORWARD:
                yield unled(change.new, group), [*nothing, Condition(at, True)]


def unled(service: Thing, group: str) -> Fault:
    """The fault of an ECS service with a target group that nothing leads to."""
    return Fault(Invariant.UNLED, f"{service} gets {group}, and no rule leads there")


CHECKS: tuple[Callable[[Stage, Demands], Iterator[Finding]], ...] = (
    _identities,
    _balancers,
    _needs,
    _hosts,
    _coverage,
    counts.rules,
    counts.groups,
    counts.certificates,
    _values,
    _led,
)
