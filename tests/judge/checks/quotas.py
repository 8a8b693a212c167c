"""What AWS allows a load balancer, over all stacks that use it, and a rule."""

from __future__ import annotations

from collections import defaultdict

from judge.account import ELB, Account, Resource
from judge.faults import Fault, Findings
from judge.project import CERTIFICATES, RULES
from judge.template import listing, mapping

GROUPS = 100  # can't be raised
LISTENERS = 50
VALUES = 5
WILDCARDS = 5  # some pages say 6


def check(account: Account, findings: Findings) -> None:
    """Report what is over a quota."""
    _check_rules(account, findings)
    _check_groups(account, findings)
    _check_certificates(account, findings)
    _check_listeners(account, findings)


def _owner(account: Account, balancer: str) -> tuple[str, str]:
    """File and resource of a load balancer."""
    for resource in account.of_type(f"{ELB}::LoadBalancer"):
        if resource.ref == balancer:
            return resource.file, resource.name
    return "rackform.yml", balancer


def _check_rules(account: Account, findings: Findings) -> None:
    counts: dict[str, int] = defaultdict(int)
    quotas: dict[str, int] = {}
    for rule in account.rules:
        listener = account.listeners.get(rule.listener)
        if listener:
            counts[listener.balancer] += 1
            kind = account.project.kind_of(listener.place.rack)
            quotas[listener.balancer] = kind.rules if kind else RULES
        file, name = rule.resource.file, rule.resource.name
        if len(rule.hosts) > VALUES:
            words = f"holds {len(rule.hosts)} values, and AWS takes {VALUES}"
            findings.add(Fault.TOO_MANY_VALUES, file, name, words)
        wildcards = sum(host.count("*") + host.count("?") for host in rule.hosts)
        if wildcards > WILDCARDS:
            words = f"holds {wildcards} wildcards, and AWS takes {WILDCARDS}"
            findings.add(Fault.TOO_MANY_WILDCARDS, file, name, words)
    for balancer, count in counts.items():
        if count > quotas[balancer]:
            words = f"holds {count} rules, and AWS allows {quotas[balancer]}"
            findings.add(Fault.TOO_MANY_RULES, *_owner(account, balancer), words)


def _check_groups(account: Account, findings: Findings) -> None:
    balancers: dict[str, set[str]] = defaultdict(set)
    groups: dict[str, set[str]] = defaultdict(set)
    for rule in account.rules:
        if balancer := account.balancer_of(rule.listener):
            balancers[rule.group].add(balancer)
            groups[balancer].add(rule.group)
    for group, users in balancers.items():
        if len(users) > 1 and (resource := account.groups.get(group)):
            words = f"stands on {len(users)} load balancers: {', '.join(sorted(users))}"
            findings.add(Fault.GROUP_ON_TWO, resource.file, resource.name, words)
    for balancer, members in groups.items():
        if len(members) > GROUPS:
            words = f"leads to {len(members)} target groups, and AWS allows {GROUPS}"
            findings.add(Fault.TOO_MANY_GROUPS, *_owner(account, balancer), words)


def attached(resource: Resource) -> list[str]:
    """The certificates that a `ListenerCertificate` attaches, or that a listener begins with."""
    items = (mapping(item) for item in listing(resource.properties.get("Certificates")))
    return [str(item.get("CertificateArn")) for item in items]


def _check_certificates(account: Account, findings: Findings) -> None:
    certificates: dict[str, set[str]] = defaultdict(set)
    quotas: dict[str, int] = {}
    for resource in account.of_type(f"{ELB}::ListenerCertificate"):
        listener = account.listeners.get(str(resource.properties.get("ListenerArn")))
        if listener:
            certificates[listener.balancer].update(attached(resource))
            kind = account.project.kind_of(listener.place.rack)
            quotas[listener.balancer] = kind.certificates_quota if kind else CERTIFICATES
    for balancer, found in certificates.items():
        if len(found) > quotas[balancer]:
            words = f"has {len(found)} certificates, and AWS allows {quotas[balancer]}"
            findings.add(Fault.TOO_MANY_CERTIFICATES, *_owner(account, balancer), words)


def _check_listeners(account: Account, findings: Findings) -> None:
    """Of every load balancer, those that network ports of apps stand on too."""
    counts: dict[str, int] = defaultdict(int)
    for resource in account.of_type(f"{ELB}::Listener"):
        counts[str(resource.properties.get("LoadBalancerArn"))] += 1
    for balancer, count in counts.items():
        if count > LISTENERS:
            words = f"has {count} listeners, and AWS allows {LISTENERS}"
            findings.add(Fault.TOO_MANY_LISTENERS, *_owner(account, balancer), words)
