"""What is wrong at any moment of an update, whatever the order and wherever it fails.

Each check says under which conditions there is a fault, and `stages.py` whether they ever hold
together. Counts are the exception: see `_most`.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from judge.simulator.demands import Demands
from judge.simulator.kinds import ATTACHMENT, LISTENER, RULE, SERVICE
from judge.simulator.stages import Condition, Stage, Version, Way
from judge.simulator.updates import Update
from judge.simulator.violations import SOFT, Fault, Invariant, Violation
from judge.simulator.world import Thing
from judge.template import listing, mapping

VALUES = 5  # of a rule, and as many wildcards
EVERY = 12  # up to so many changes that bear on a count, all of their sets are tried
DRAWN = 300  # sets that are drawn beyond that

Finding = tuple[Fault, Iterable[Condition]]


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
    is_promised = way is not Way.BACK_ANYHOW or fault.invariant not in SOFT
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
        first = [v for v in matching if v.thing.priority < rule.priority and v.thing.name != rule.name]
        if (unshadowed := stage.absent(first)) is not None:
            yield wrong_service(listener, host, who), [*version.conditions, *unshadowed]


def unanswered(listener: str, host: str) -> Fault:
    """The fault of a host that nobody answers."""
    return Fault(Invariant.UNANSWERED, f"nobody answers {host} on {listener}")


def wrong_service(listener: str, host: str, who: str) -> Fault:
    """The fault of a host that reaches a service that has it neither before nor after."""
    return Fault(Invariant.WRONG_SERVICE, f"{who} answers {host} on {listener}")


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


def _rules(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """Rules are made and changed before any is deleted, so there are most of them in the end."""
    made = [v for v in stage.changed if v.thing.kind == RULE and stage.changes[v.condition.change].is_made]
    for balancer in sorted({demands.balancer(version.thing) for version in made}):
        here = {
            v.thing.name
            for v in stage.versions
            if v.thing.kind == RULE and demands.balancer(v.thing) == balancer
        }
        if len(here) > demands.quotas(balancer).rules:
            own = [v.condition for v in made if demands.balancer(v.thing) == balancer]
            yield too_many(Invariant.RULES, balancer, demands.quotas(balancer).rules), own


def too_many(invariant: Invariant, balancer: str, most: int) -> Fault:
    """The fault of a load balancer that holds more than its quota."""
    return Fault(invariant, f"{balancer} has more than {most} {invariant.name.lower()}")


def _groups(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """Target groups that a load balancer forwards to."""
    return _counted(stage, demands, Invariant.GROUPS, lambda thing: thing.groups)


def _certificates(stage: Stage, demands: Demands) -> Iterator[Finding]:
    """Certificates that are attached; default ones do not count."""
    return _counted(
        stage,
        demands,
        Invariant.CERTIFICATES,
        lambda thing: thing.certificates if thing.kind == ATTACHMENT else (),
    )


def _counted(
    stage: Stage,
    demands: Demands,
    invariant: Invariant,
    items: Callable[[Thing], tuple[str, ...]],
) -> Iterator[Finding]:
    held: dict[str, list[Version]] = defaultdict(list)
    touched = {demands.balancer(v.thing) for v in stage.changed if items(v.thing)}
    for version in stage.versions:
        if items(version.thing) and (place := demands.balancer(version.thing)) in touched:
            held[place].append(version)
    for balancer, versions in held.items():
        quotas = demands.quotas(balancer)
        most = quotas.groups if invariant is Invariant.GROUPS else quotas.certificates
        started = {
            item
            for version in versions
            if version.condition is None or not version.condition.is_done
            for item in items(version.thing)
        }
        # AWS refuses what adds to too many, not what leaves too many.
        if (too := _most(stage, versions, items, max(most, len(started)))) is not None:
            yield too_many(invariant, balancer, most), too


def _most(
    stage: Stage,
    versions: list[Version],
    items: Callable[[Thing], tuple[str, ...]],
    most: int,
) -> list[Condition] | None:
    """A moment at which there are more different items than there may be.

    If all items of before and after together are few enough, there is none. Else all sets of
    changes that bear on the count are tried, or of many changes each that begins with few of them,
    ends with few of them, or is drawn: then a moment that no small number of changes makes could
    be missed.
    """
    if len({item for version in versions for item in items(version.thing)}) <= most:
        return None
    changes = sorted({v.condition.change for v in versions if v.condition})
    met: dict[Way, list[Condition]] = {}
    for done in _sets(changes):
        conditions = [Condition(change, change in done) for change in changes]
        there = {
            item
            for version in versions
            if version.condition is None
            or version.condition.is_done == (version.condition.change in done)
            for item in items(version.thing)
        }
        if len(there) > most and (way := stage.when(conditions)) is not None:
            met.setdefault(way, conditions)
            if way is Way.FORWARD:
                break
    return met[min(met)] if met else None


def _sets(changes: list[int]) -> Iterator[frozenset[int]]:
    if len(changes) <= EVERY:
        for count in range(len(changes) + 1):
            yield from map(frozenset, itertools.combinations(changes, count))
        return
    yield frozenset(changes)
    for count in (1, 2):
        for some in itertools.combinations(changes, count):
            yield frozenset(some)
            yield frozenset(changes) - frozenset(some)
    rng = random.Random(len(changes))
    for _ in range(DRAWN):
        yield frozenset(rng.sample(changes, rng.randint(1, len(changes))))


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
    _rules,
    _groups,
    _certificates,
    _values,
    _led,
)
