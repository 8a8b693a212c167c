"""Every domain has a certificate on its listener, and every certificate is attached once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from judge.account import ELB, Account, Listener, Resource
from judge.checks.quotas import attached
from judge.faults import Fault, Findings
from judge.template import listing
from judge.wanted import HTTPS, Wanted

PRIVATE = ".convox"  # the ending of internal domains


def check(account: Account, wanted: Wanted, findings: Findings) -> None:
    """Report domains that clients would be warned of, and certificates that get lost."""
    names = _names(account)
    _check_attachments(account, findings)
    for place, hosts in wanted.items():
        listener = account.places.get(place)
        if place.port != HTTPS or listener is None:
            continue
        served = list(_served(account, listener))
        covered = [name for arn in served for name in names.get(arn, ())]
        for host, target in hosts.targets.items():
            if host.endswith(PRIVATE):
                continue  # nobody certifies these, on Convox neither
            base = account.host(place.rack, place.router)
            # The rack's default certificate may be one of which only its owner knows the names.
            is_own = host == f"{target.app}-{target.service}.{base}"
            is_known = all(arn in names for arn in served) and listener.resource is not None
            if (is_known or not is_own) and not any(covers(name, host) for name in covered):
                words = f"no certificate on {place} covers {host}"
                file = account.template_of(place.rack, target.app)
                findings.add(Fault.NO_CERTIFICATE, file, str(target), words)


def covers(name: str, domain: str) -> bool:
    """Whether a name on a certificate is a domain's: `*` stands for one label, in front.

    A pattern is covered where its own wildcards stand in the label that `*` stands for.
    """
    if name == domain:
        return True
    first, _, rest = domain.partition(".")
    return name == f"*.{rest}" and bool(first)


def _names(account: Account) -> dict[str, tuple[str, ...]]:
    """The names on each certificate that is made here or listed in rackform.yml."""
    names = {}
    for kind in account.project.kinds.values():
        names.update({listed.arn: listed.names for listed in kind.certificates})
    for resource in account.of_type("AWS::CertificateManager::Certificate"):
        others = listing(resource.properties.get("SubjectAlternativeNames"))
        own = [resource.properties.get("DomainName"), *others]
        names[resource.ref] = tuple(str(name).lower() for name in own)
    return names


def _served(account: Account, listener: Listener) -> Iterator[str]:
    """The certificates of a listener: the default one, and those that are attached to it."""
    if listener.resource:
        yield from attached(listener.resource)
    else:
        # Of a rack that is not ours, its owner attaches what is listed.
        kind = account.project.kind_of(listener.place.rack)
        yield from (listed.arn for listed in kind.certificates) if kind else ()
    for resource in _attachments(account, listener.ref):
        yield from attached(resource)


def _attachments(account: Account, listener: str) -> list[Resource]:
    found = account.of_type(f"{ELB}::ListenerCertificate")
    return [r for r in found if str(r.properties.get("ListenerArn")) == listener]


def _check_attachments(account: Account, findings: Findings) -> None:
    users: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    for resource in account.of_type(f"{ELB}::ListenerCertificate"):
        certificates = attached(resource)
        if len(certificates) != 1:
            words = f"attaches {len(certificates)} certificates, and AWS takes one in each resource"
            findings.add(Fault.CERTIFICATE_TWICE, resource.file, resource.name, words)
        listener = str(resource.properties.get("ListenerArn"))
        if listener not in account.listeners:
            words = f"stands on {listener}, which is no listener of a router"
            findings.add(Fault.CERTIFICATE_TWICE, resource.file, resource.name, words)
        for certificate in certificates:
            users[listener, certificate].append(resource)
    for (_, certificate), (first, *others) in users.items():
        for other in others:
            words = f"attaches {certificate}, as {first.name} of {first.stack.name} does"
            findings.add(Fault.CERTIFICATE_TWICE, other.file, other.name, words)
