"""Every host that a manifest asks for reaches its service, and no other host is answered."""

from __future__ import annotations

from collections import defaultdict

from judge.account import Account, Listener, Place, Router, Rule, is_pattern
from judge.answers import Answers
from judge.faults import Fault, Findings
from judge.probes import examples, near
from judge.template import listing, mapping
from judge.wanted import HTTP, HTTPS, Hosts, Target, Wanted

NOT_FOUND = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "unknown host"}
TO_HTTPS = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}


class Count:
    """How much was asked, for people who want to know that something was."""

    def __init__(self) -> None:
        self.hosts = 0
        self.probes = 0


def check(account: Account, wanted: Wanted, findings: Findings) -> Count:
    """Ask every listener for every host, and for hosts that nobody should answer."""
    count = Count()
    probes = _Probes(wanted)
    for place in sorted({*wanted, *account.places}, key=str):
        listener = account.places.get(place)
        hosts = wanted.get(place, Hosts())
        if listener is None:
            for host, target in hosts.targets.items():
                words = f"nobody answers {host}: there is no {place}"
                file = account.template_of(place.rack, target.app)
                findings.add(Fault.UNANSWERED, file, str(target), words)
            continue
        asked = _Asked(account, listener, hosts, findings)
        asked.for_what_is_wanted()
        asked.for_what_is_not(probes.on(place.rack))
        asked.for_what_rules_hold()
        if place.port == HTTP and (secure := wanted.get(place._replace(port=HTTPS))):
            asked.for_what_is_redirected(secure)
        count.hosts += len(hosts.targets)
        count.probes += asked.probes
    for rack in account.racks():
        _check_routers(account, rack, findings)
    for listener in account.listeners.values():
        _check_default(listener, findings)
    return count


def target_of(account: Account, rule: Rule) -> Target | None:
    """The service behind a rule, by the tags of its target group."""
    group = account.groups.get(rule.group)
    if group is None:
        return None
    tags = group.tags()
    return Target(tags.get("App", ""), tags.get("Service", ""))


class _Probes:
    """Hosts that are wanted nowhere, or somewhere else."""

    def __init__(self, wanted: Wanted) -> None:
        self._everywhere: set[str] = set()
        self._near: dict[str, set[str]] = defaultdict(set)
        for place, hosts in wanted.items():
            self._everywhere.update(host for host in hosts.targets if not is_pattern(host))
            for host in hosts.targets:
                self._near[place.rack].update(near(host))

    def on(self, rack: str) -> set[str]:
        """What to ask the listeners of a rack for."""
        return self._near[rack] | self._everywhere


class _Asked:
    """One listener, while it is asked."""

    def __init__(
        self, account: Account, listener: Listener, hosts: Hosts, findings: Findings
    ) -> None:
        self._account = account
        self._place = listener.place
        self._rules = account.rules_on(listener)
        self._answers = Answers(self._rules)
        self._hosts = hosts
        self._findings = findings
        self.probes = 0

    def for_what_is_wanted(self) -> None:
        """Every host, and examples of every pattern."""
        for wanted, target in self._hosts.targets.items():
            for host in examples(wanted) if is_pattern(wanted) else [wanted]:
                self.probes += 1
                expected = self._hosts.expected(host)
                rule = self._answers.of(host)
                if rule is None:
                    words = f"nobody answers {self._named(host, wanted)} on {self._place}"
                    self._report(Fault.UNANSWERED, target, words)
                    break
                if not self._leads(rule, expected):
                    asked = f"{self._named(host, wanted)} on {self._place}"
                    words = f"{asked} is answered by {self._who(rule)}"
                    self._report(Fault.WRONG_ANSWER, target, words)
                    break

    def for_what_is_not(self, probes: set[str]) -> None:
        """Hosts near those that are wanted, and those that are wanted somewhere else."""
        for host in sorted(probes - self._hosts.targets.keys()):
            self.probes += 1
            rule = self._answers.of(host)
            expected = self._hosts.expected(host)
            if rule is not None and not self._leads(rule, expected):
                words = (
                    f"answers {host} on {self._place}, which {self._list(expected)} should answer"
                )
                self._findings.add(
                    Fault.STRAY_ANSWER, rule.resource.file, rule.resource.name, words
                )

    def for_what_is_redirected(self, secure: Hosts) -> None:
        """Hosts that are not on this port: another app's wildcard may take them, as on Convox."""
        for host in sorted(secure.targets.keys() - self._hosts.targets.keys()):
            rule = self._answers.of(host)
            if rule is not None and not self._leads(rule, frozenset([secure.targets[host]])):
                file = self._account.template_of(self._place.rack, secure.targets[host].app)
                words = f"{host} on {self._place} is answered by {self._who(rule)}, not redirected"
                self._findings.note(file, words)

    def for_what_rules_hold(self) -> None:
        """Every host and pattern in a rule."""
        for rule in self._rules:
            for host in rule.hosts:
                target = self._hosts.targets.get(host)
                if target is None:
                    words = f"holds {host} on {self._place}, which no manifest asks for"
                elif not self._leads(rule, frozenset([target])):
                    leads = f"leads to {self._who(rule)}, not {target}"
                    words = f"holds {host} on {self._place}, and {leads}"
                else:
                    continue
                self._findings.add(Fault.UNASKED, rule.resource.file, rule.resource.name, words)

    def _leads(self, rule: Rule, targets: frozenset[Target]) -> bool:
        group = self._account.groups.get(rule.group)
        is_here = group is not None and group.stack.row.rack == self._place.rack
        return is_here and target_of(self._account, rule) in targets

    def _who(self, rule: Rule) -> str:
        return f"{target_of(self._account, rule) or 'no service'} ({rule})"

    @staticmethod
    def _named(host: str, wanted: str) -> str:
        return host if host == wanted else f"{host} ({wanted})"

    @staticmethod
    def _list(targets: frozenset[Target]) -> str:
        return " or ".join(sorted(map(str, targets))) or "nobody"

    def _report(self, fault: Fault, target: Target, words: str) -> None:
        file = self._account.template_of(self._place.rack, target.app)
        self._findings.add(fault, file, str(target), words)


def _check_routers(account: Account, rack: str, findings: Findings) -> None:
    """A rack has the routers and listeners that its parameters say."""
    kind = account.project.kind_of(rack)
    stack = account.stacks.get(rack)
    if kind is None or stack is None or kind.is_external:
        return
    wants = {
        Router.PUBLIC: not kind.flag("InternalOnly"),
        Router.INTERNAL: kind.flag("Internal"),
    }
    for router, is_wanted in wants.items():
        for port in (HTTPS, HTTP):
            place = Place(rack, router, port)
            has_port = not (
                port == HTTP and router is Router.PUBLIC and kind.flag("DisableALBPort80")
            )
            if (is_wanted and has_port) and place not in account.places:
                findings.add(Fault.NO_ROUTER, stack.file, rack, f"has no {place}")
            if not (is_wanted and has_port) and place in account.places:
                words = f"has {place}, which its parameters rule out"
                findings.add(Fault.ROUTER_UNASKED, stack.file, rack, words)


def _check_default(listener: Listener, findings: Findings) -> None:
    """What no rule takes is refused on 443 and redirected on 80."""
    if listener.resource is None:
        return
    actions = [mapping(action) for action in listing(listener.properties.get("DefaultActions"))]
    action = actions[0] if len(actions) == 1 else {}
    if listener.place.port == HTTPS:
        protocol, kind, config, expected = (
            "HTTPS",
            "fixed-response",
            "FixedResponseConfig",
            NOT_FOUND,
        )
    else:
        protocol, kind, config, expected = "HTTP", "redirect", "RedirectConfig", TO_HTTPS
    found = {key: str(value) for key, value in mapping(action.get(config)).items()}
    is_right = action.get("Type") == kind and found == expected
    if not is_right or listener.properties.get("Protocol") != protocol:
        words = f"{listener.place} does not answer unknown hosts with a {kind} over {protocol}"
        findings.add(Fault.DEFAULT_ACTION, listener.resource.file, listener.resource.name, words)
