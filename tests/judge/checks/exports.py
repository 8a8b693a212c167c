"""What stacks give each other: exports, imports, and the order of deployment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from judge.account import Account, Place, Router
from judge.faults import Fault, Findings
from judge.output import Output, Stack
from judge.template import Use, listing

# What a rack exports under Convox's names, and an app may import of a rack that is not ours.
CONVOX = frozenset(
    """
    Cluster CMKPolicy CustomTopic Domain DomainInternal EncryptionKey HostedZone
    InstancesSecurityGroup NLBArn NLBEIP0 NLBEIP1 NLBEIP2 NLBHost NLBInternalArn NLBInternalHost
    NLBInternalSecurityGroup NLBSecurityGroup RouterCertificate RouterHost RouterInternalCertificate
    RouterInternalHost RouterInternalListener443 RouterInternalListener80 RouterInternalName
    RouterInternalSecurityGroup RouterListener443 RouterListener80 RouterName RouterSecurityGroup
    ServiceRole Subnet0 Subnet1 Subnet2 SubnetPrivate0 SubnetPrivate1 SubnetPrivate2 Vpc VpcCidr
    """.split()
)


def check(account: Account, output: Output, findings: Findings) -> None:
    """Report imports of nothing, exports of one name, and stacks that come too early."""
    owners = _check_names(account, findings)
    position = {stack.name: number for number, stack in reversed(list(enumerate(output.stacks)))}
    for number, stack in enumerate(output.stacks):
        for owner, name in _imports(account, stack):
            exporter = owners.get(name)
            if exporter is not None:
                if position[exporter.name] >= number:
                    words = f"imports `{name}` and is deployed before `{exporter.name}`"
                    findings.add(Fault.IMPORT_TOO_EARLY, stack.file, owner, words)
            elif not (account.values.is_external(name) and name.partition(":")[2] in CONVOX):
                words = f"imports `{name}`, which no stack exports"
                findings.add(Fault.NO_EXPORT, stack.file, owner, words)
    for rack in sorted(set(account.racks()) - account.external):
        _check_values(account, rack, findings)


def _check_names(account: Account, findings: Findings) -> dict[str, Stack]:
    """The stack of each export."""
    owners: dict[str, Stack] = {}
    for stack in account.stacks.values():
        for output, node, _ in stack.template.exports():
            name = str(account.values.of(stack, node))
            if name in owners:
                words = f"exports `{name}`, which {owners[name].name} exports too"
                findings.add(Fault.EXPORT_TWICE, stack.file, f"Outputs.{output}", words)
            elif not name.startswith(f"{stack.name}:"):
                words = f"exports `{name}`, which is not a name of the stack {stack.name}"
                findings.add(Fault.EXPORT_NAME, stack.file, f"Outputs.{output}", words)
            owners.setdefault(name, stack)
    return owners


def _imports(account: Account, stack: Stack) -> Iterator[tuple[str, str]]:
    for mention in stack.template.mentions():
        if mention.use is Use.IMPORT:
            yield mention.owner, str(account.values.of(stack, mention.node))


def _check_values(account: Account, rack: str, findings: Findings) -> None:
    """Report exports of a rack that lead elsewhere than a name of Convox's means."""
    stack = account.stacks.get(rack)
    if stack is None:
        return  # checks/listing.py
    for name, meant in _meanings(account, rack):
        value = account.values.exported(f"{rack}:{name}")
        if meant is None and value is None:
            continue
        if value is None:
            words = f"`{rack}:{name}` is not exported"
        elif str(value).lower() != str(meant).lower():
            words = f"exports `{rack}:{name}` as {value}, which is not {meant}"
        else:
            continue
        findings.add(Fault.EXPORT_WRONG, stack.file, f"Outputs.{name}", words)


def _meanings(account: Account, rack: str) -> Iterator[tuple[str, Any]]:
    """Names of exports, and what they mean; None if the rack has no such thing."""
    for router in Router:
        prefix, balancer = router.export_prefix, account.balancers.get((rack, router))
        domain = "Domain" if router is Router.PUBLIC else "DomainInternal"
        yield domain, balancer and balancer.attribute("DNSName")
        yield f"{prefix}Host", balancer and account.host(rack, router)
        yield f"{prefix}Name", balancer and balancer.attribute("LoadBalancerFullName")
        groups = listing(balancer.properties.get("SecurityGroups")) if balancer else []
        yield f"{prefix}SecurityGroup", next(iter(groups), None)
        for port in (80, 443):
            listener = account.places.get(Place(rack, router, port))
            yield f"{prefix}Listener{port}", listener and listener.ref
    for name, kind in (
        ("HostedZone", "AWS::Route53::HostedZone"),
        ("Cluster", "AWS::ECS::Cluster"),
    ):
        found = [r.ref for r in account.of_type(kind) if r.stack.name == rack]
        yield name, next(iter(found), None)
