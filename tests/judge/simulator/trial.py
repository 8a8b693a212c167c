"""The same by trying: an account at one moment after another, each looked at as a whole.

`moments.py` reasons about all orders; this knows nothing of orders and only looks. What it finds
must be found there too, on any way that is tried.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping

from judge.simulator.counts import too_many
from judge.simulator.demands import Demands
from judge.simulator.kinds import ATTACHMENT, LISTENER, RULE
from judge.simulator.moments import (
    missing,
    on_two,
    same_identity,
    too_wide,
    unanswered,
    uncovered,
    wrong_service,
)
from judge.simulator.stages import Way
from judge.simulator.updates import Change, Update
from judge.simulator.violations import Fault, Invariant
from judge.simulator.world import Thing

Things = Mapping[str, Thing]


def look(things: Things, start: Things, demands: Demands) -> set[Fault]:
    """Everything that is wrong at a moment. `start` is the account as the stage began."""
    found: set[Fault] = set()
    owners: dict[tuple[str, ...], list[Thing]] = defaultdict(list)
    for thing in things.values():
        for identity in thing.identities:
            found.update(same_identity(identity, other, thing) for other in owners[identity])
            owners[identity].append(thing)
        found.update(missing(thing, name) for name in thing.named if name not in things)
        if fault := too_wide(thing):
            found.add(fault)
    found |= _look_at_hosts(things, demands)
    return found | _look_at_counts(things, start, demands)


def _look_at_hosts(things: Things, demands: Demands) -> set[Fault]:
    found: set[Fault] = set()
    for listener, hosts in demands.hosts.items():
        rules = [t for t in things.values() if t.kind == RULE and t.listener == listener]
        for host, owners in hosts.items():
            matching = [rule for rule in rules if rule.answers(host)]
            lowest = min((rule.priority for rule in matching), default=None)
            # Of two rules with one number, which AWS would not have, either may be asked.
            asked = {demands.service(rule) for rule in matching if rule.priority == lowest}
            found.update(wrong_service(listener, host, who, owners) for who in asked - owners)
            if not asked:
                found.add(unanswered(listener, host))
    for listener, covered in demands.covered.items():
        for host in covered:
            if not any(demands.provides(thing, listener, host) for thing in things.values()):
                found.add(uncovered(listener, host))
    return found


def _look_at_counts(things: Things, start: Things, demands: Demands) -> set[Fault]:
    found = set()
    groups: dict[str, set[str]] = defaultdict(set)
    for thing in things.values():
        for group in thing.groups:
            groups[group].add(demands.balancer(thing))
    for group, places in groups.items():
        found |= {on_two(group, list(pair)) for pair in itertools.combinations(sorted(places), 2)}
    before, now = _counts(start, demands), _counts(things, demands)
    for (invariant, balancer), count in now.items():
        quotas = demands.quotas(balancer)
        most = {
            Invariant.RULES: quotas.rules,
            Invariant.GROUPS: quotas.groups,
            Invariant.CERTIFICATES: quotas.certificates,
        }[invariant]
        if count > max(most, before.get((invariant, balancer), 0)):
            found.add(too_many(invariant, balancer, most))
    return found


def _counts(things: Things, demands: Demands) -> dict[tuple[Invariant, str], int]:
    held: dict[tuple[Invariant, str], set[str]] = defaultdict(set)
    for thing in things.values():
        if thing.kind in (RULE, LISTENER):
            held[Invariant.GROUPS, demands.balancer(thing)].update(thing.groups)
        if thing.kind == RULE:
            held[Invariant.RULES, demands.balancer(thing)].add(thing.name)
        if thing.kind == ATTACHMENT:
            held[Invariant.CERTIFICATES, demands.balancer(thing)].update(thing.certificates)
    return {key: len(items) for key, items in held.items()}


def with_done(things: Things, changes: list[Change], done: set[int]) -> dict[str, Thing]:
    """The account with some changes done."""
    now = dict(things)
    for at in done:
        change = changes[at]
        if change.new:
            now[change.new.name] = change.new
        elif change.old:
            del now[change.old.name]
    return now


def every_moment(update: Update) -> Iterator[tuple[Way, dict[str, Thing], dict[str, Thing]]]:
    """All moments of a small update: how each is reached, the account, and as its stage began."""
    things, changes = update.before.things, update.puts
    for done in _ideals(changes):
        yield Way.FORWARD, with_done(things, changes, done), things
        made = {at for at in done if changes[at].is_made}
        changed = sorted(done - made)
        for count in range(len(changed)):
            for left in itertools.combinations(changed, count):
                # What is left of the changes, and all that comes before each of them.
                is_reverse = all(changes[at].after - made <= set(left) for at in left)
                way = Way.BACK if is_reverse else Way.BACK_ANYHOW
                yield way, with_done(things, changes, made | set(left)), things
        # In the end, what was made is deleted: what names another thing first.
        for some in _ideals(changes):
            if some <= made:
                yield Way.BACK, with_done(things, changes, some), things
    between = with_done(things, changes, set(range(len(changes))))
    for done in _ideals(update.deletes):
        yield Way.FORWARD, with_done(between, update.deletes, done), between


def _ideals(changes: list[Change]) -> Iterator[set[int]]:
    for count in range(len(changes) + 1):
        for some in itertools.combinations(range(len(changes)), count):
            if all(changes[at].after <= set(some) for at in some):
                yield set(some)


def one_way(update: Update, rng: random.Random) -> Iterator[tuple[str, Things, Things]]:
    """Moments of one order, with a failure somewhere on the way, and of another one to the end.

    With each comes what was done last, and the account as its stage began.
    """
    things = update.before.things
    order = _order(update.puts, rng)
    done: list[int] = []
    for at in order[: rng.randint(0, len(order))]:
        done.append(at)
        yield f"once {update.puts[at]}", with_done(things, update.puts, set(done)), things
    # Made things go last of all.
    for at in sorted(reversed(done), key=lambda at: update.puts[at].is_made):
        done.remove(at)
        words = f"once it is taken back that {update.puts[at]}"
        yield words, with_done(things, update.puts, set(done)), things
    for changes in (update.puts, update.deletes):
        order = _order(changes, rng)
        for count in range(1, len(order) + 1):
            now = with_done(things, changes, set(order[:count]))
            yield f"once {changes[order[count - 1]]}", now, things
        things = with_done(things, changes, set(order))


def _order(changes: list[Change], rng: random.Random) -> list[int]:
    order: list[int] = []
    waiting = set(range(len(changes)))
    while waiting:
        free = sorted(at for at in waiting if not changes[at].after & waiting)
        order.append(rng.choice(free))
        waiting.remove(order[-1])
    return order
