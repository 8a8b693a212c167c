"""What a deployment must keep all the way: who answers a host, and with which certificate."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from judge.account import is_pattern
from judge.checks.certificates import covers
from judge.probes import examples
from judge.project import Project
from judge.simulator.kinds import ATTACHMENT, CERTIFICATE, GROUP, LISTENER, RULE
from judge.simulator.updates import Update
from judge.simulator.world import Thing, World

GROUPS = 100  # target groups of a load balancer; AWS raises it for nobody
# An export of a rack that is not ours: its listener tells the load balancer.
ELSEWHERE = re.compile(r"<([^<>:/]+):(Router(?:Internal)?)Listener\d+>")


@dataclass(frozen=True)
class Quotas:
    """The most that a load balancer holds."""

    rules: int = 100
    groups: int = GROUPS
    certificates: int = 25


def service_of(group: Thing | None, name: str) -> str:
    """Who runs behind a target group, by its tags; else the group itself."""
    if group is None:
        return name
    app, service = group.tag("App"), group.tag("Service")
    return f"{app}/{service}" if app and service else str(group)


class Demands:
    """What is known of a whole deployment, and what must stay true all the way."""

    def __init__(
        self, updates: list[Update], project: Project, names: Mapping[str, Iterable[str]]
    ) -> None:
        """From updates that follow one another, and the names on certificates that are listed."""
        worlds = [updates[0].before, *(update.after for update in updates)]
        self.project = project
        self._names = {arn: tuple(found) for arn, found in names.items()}
        self._groups: dict[str, Thing] = {}
        self._balancers: dict[str, str] = {}
        for world in worlds:
            self._note(world)
        start, end = worlds[0], worlds[-1]
        # Listener → host that is answered before and after → by whom.
        self.hosts: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
        self.covered: dict[str, set[str]] = defaultdict(set)
        changes = [change for update in updates for change in (*update.puts, *update.deletes)]
        things = [thing for change in changes for thing in (change.old, change.new) if thing]
        touched = {thing.name if thing.kind == LISTENER else thing.listener for thing in things}
        self._demand(start, end, touched)

    def _note(self, world: World) -> None:
        for thing in world.things.values():
            if thing.kind == GROUP:
                self._groups[thing.name] = thing
            elif thing.kind == LISTENER:
                self._balancers[thing.name] = str(thing.properties.get("LoadBalancerArn"))
            elif thing.kind == CERTIFICATE and thing.name not in self._names:
                also = thing.properties.get("SubjectAlternativeNames") or []
                names = [thing.properties.get("DomainName"), *also]
                self._names[thing.name] = tuple(str(name).lower() for name in names)

    def _demand(self, start: World, end: World, touched: set[str]) -> None:
        first, last = rules_by_listener(start), rules_by_listener(end)
        providers = [
            [thing for thing in world.things.values() if thing.kind in (LISTENER, ATTACHMENT)]
            for world in (start, end)
        ]
        for listener in first.keys() | last.keys():
            if listener not in touched:
                continue
            before, after = first.get(listener, []), last.get(listener, [])
            hosts = {host for rule in [*before, *after] for host in rule.hosts}
            asked = {example for host in hosts for example in _asked(host)}
            for host in sorted(asked):
                ends = self.who(before, host), self.who(after, host)
                if None not in ends:
                    self.hosts[listener][host] = frozenset(who for who in ends if who)
            for host in hosts:
                is_answered = all(any(host in rule.hosts for rule in r) for r in (before, after))
                if is_answered and all(
                    any(self.provides(thing, listener, host) for thing in things)
                    for things in providers
                ):
                    self.covered[listener].add(host)

    def who(self, rules: list[Thing], host: str) -> str | None:
        """Who answers a host; the rules are in the order of their numbers."""
        return next((self.service(rule) for rule in rules if rule.answers(host)), None)

    def service(self, rule: Thing) -> str:
        """Whom a rule leads to."""
        return " and ".join(service_of(self._groups.get(group), group) for group in rule.groups)

    def balancer(self, thing: Thing) -> str:
        """The load balancer that a rule, an attachment or a listener belongs to."""
        if thing.kind == LISTENER:
            return str(thing.properties.get("LoadBalancerArn"))
        if found := ELSEWHERE.fullmatch(thing.listener):
            return f"<{found[1]}:{found[2]}>"
        return self._balancers.get(thing.listener, thing.listener)

    def provides(self, thing: Thing, listener: str, host: str) -> bool:
        """Whether a resource brings a certificate for a host to a listener."""
        place = thing.name if thing.kind == LISTENER else thing.listener
        return (
            thing.kind in (LISTENER, ATTACHMENT)
            and place == listener
            and any(
                covers(name, host)
                for arn in thing.certificates
                for name in self._names.get(arn, ())
            )
        )

    def quotas(self, balancer: str) -> Quotas:
        """What a load balancer may hold."""
        rack = re.split(r"[/:]", balancer.strip("<"))[0]
        kind = self.project.kind_of(rack)
        return Quotas(kind.rules, GROUPS, kind.certificates_quota) if kind else Quotas()


def rules_by_listener(world: World) -> dict[str, list[Thing]]:
    """The rules of each listener in the order of their numbers."""
    found: dict[str, list[Thing]] = defaultdict(list)
    for thing in world.things.values():
        if thing.kind == RULE:
            found[thing.listener].append(thing)
    for rules in found.values():
        rules.sort(key=lambda rule: rule.priority)
    return found


def _asked(host: str) -> Iterator[str]:
    """A host, or hosts that a pattern means."""
    return examples(host) if is_pattern(host) else iter([host])
