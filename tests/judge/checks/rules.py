"""What a listener rule may hold, and the order of rules."""

from __future__ import annotations

import re
from collections import defaultdict

from judge.account import Account, Listener, Rule
from judge.evaluation import TOKEN
from judge.faults import Fault, Findings
from judge.patterns import is_inside
from judge.template import listing, mapping

LOWEST, HIGHEST = 1, 50_000
LONGEST_HOST = 128
# The API: letters, digits, `-`, `.`, `*`, `?`; a dot; letters alone behind the last dot. The
# console takes `_` too, and rackform warns of it.
HOST = re.compile(r"[a-z0-9_.*?-]*\.[a-z]+")
# What stands for a DNS name that only AWS knows: every one of them ends like this.
ANY_NAME = "name.amazonaws.com"


def check(account: Account, findings: Findings) -> None:
    """Report what AWS would refuse, and what would be evaluated in the wrong order."""
    for rule in account.rules:
        _check_shape(account, rule, findings)
        _check_hosts(rule, findings)
    for listener in account.listeners.values():
        rules = account.rules_on(listener)
        _check_priorities(rules, listener, findings)
        _check_order(rules, listener, findings)


def _check_shape(account: Account, rule: Rule, findings: Findings) -> None:
    properties = rule.resource.properties
    conditions = [mapping(item) for item in listing(properties.get("Conditions"))]
    actions = [mapping(item) for item in listing(properties.get("Actions"))]
    wrong = []
    if rule.listener not in account.listeners:
        wrong.append(f"stands on {rule.listener}, which is no listener of a router")
    if len(conditions) != 1 or conditions[0].keys() != {"Field", "HostHeaderConfig"}:
        wrong.append("has another condition than one of hosts")
    if len(actions) != 1 or actions[0].keys() != {"Type", "TargetGroupArn"}:
        wrong.append("does more than to forward to one target group")
    elif actions[0]["Type"] != "forward" or rule.group not in account.groups:
        wrong.append(f"leads to {rule.group}, which is no target group")
    for words in wrong:
        findings.add(Fault.RULE_SHAPE, rule.resource.file, rule.resource.name, words)


def _check_hosts(rule: Rule, findings: Findings) -> None:
    file, name = rule.resource.file, rule.resource.name
    if rule.patterns and len(rule.patterns) != len(rule.hosts):
        findings.add(Fault.MIXED_RULE, file, name, "holds exact hosts and wildcards")
    for host in rule.hosts:
        text = re.sub(r"<[^>]*>", ANY_NAME, host) if "<" in host else host
        if not HOST.fullmatch(text):
            words = f"holds `{host}`, which is no host for a rule"
            findings.add(Fault.HOST_SYNTAX, file, name, words)
        if len(TOKEN.sub("", host)) > LONGEST_HOST:
            words = f"holds a host of {len(host)} characters, and AWS takes {LONGEST_HOST}"
            findings.add(Fault.HOST_SYNTAX, file, name, words)


def _check_priorities(rules: list[Rule], listener: Listener, findings: Findings) -> None:
    by_priority: dict[int, list[Rule]] = defaultdict(list)
    by_host: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_priority[rule.priority].append(rule)
        for host in rule.hosts:
            by_host[host].append(rule)
        if not LOWEST <= rule.priority <= HIGHEST:
            priority = rule.resource.properties.get("Priority")
            words = f"has the priority {priority!r}, outside of {LOWEST} to {HIGHEST}"
            findings.add(Fault.PRIORITY_RANGE, rule.resource.file, rule.resource.name, words)
    for priority, (first, *others) in by_priority.items():
        for other in others:
            words = f"has the priority {priority} on {listener.place}, which {first} has too"
            findings.add(Fault.PRIORITY_TWICE, other.resource.file, other.resource.name, words)
    for host, (first, *others) in by_host.items():
        for other in others:
            words = f"holds {host} on {listener.place}, which {first} holds too"
            findings.add(Fault.HOST_TWICE, other.resource.file, other.resource.name, words)


def _check_order(rules: list[Rule], listener: Listener, findings: Findings) -> None:
    exact = [rule for rule in rules if len(rule.patterns) < len(rule.hosts)]
    wild = [rule for rule in rules if rule.patterns]
    for rule in wild:
        if late := [other for other in exact if other.priority > rule.priority]:
            words = f"comes before {late[-1]} on {listener.place}, which holds exact hosts"
            findings.add(Fault.EXACT_LATE, rule.resource.file, rule.resource.name, words)
    for rule in wild:
        for other in wild:
            if rule.priority < other.priority:
                _check_pair(rule, other, listener, findings)


def _check_pair(first: Rule, second: Rule, listener: Listener, findings: Findings) -> None:
    """Report a pattern of the first rule that takes all that one of the second asks for."""
    for broad in first.patterns:
        for narrow in second.patterns:
            if is_inside(narrow, broad) and not is_inside(broad, narrow):
                words = f"takes {broad} on {listener.place} before {second}, which holds {narrow}"
                findings.add(Fault.BROADER_FIRST, first.resource.file, first.resource.name, words)
