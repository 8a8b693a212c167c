"""DNS: every internal domain leads to the router that answers it, and so do the rack's hosts."""

from __future__ import annotations

from judge.account import Account, Resource, Router
from judge.evaluation import imported
from judge.faults import Fault, Findings
from judge.template import listing, mapping
from judge.wanted import internal_domain, routers_of

KIND = "AWS::Route53::RecordSet"


def check(account: Account, findings: Findings) -> None:
    """Report names that lead nowhere or elsewhere, and names that nobody asks for."""
    records = {_name(record): record for record in account.of_type(KIND)}
    expected = _expected(account)
    for name, (file, value) in expected.items():
        record = records.get(name)
        if record is None:
            findings.add(Fault.RECORD, file, name, f"no record leads to {value}")
        elif _value(record) != value:
            words = f"the record of {name} leads to {_value(record)}, not {value}"
            findings.add(Fault.RECORD, record.file, record.name, words)
    for name, record in records.items():
        if name not in expected:
            words = f"is the record of {name}, which nobody asks for"
            findings.add(Fault.RECORD, record.file, record.name, words)
    _check_zones(account, findings)


def _expected(account: Account) -> dict[str, tuple[str, str]]:
    """Name → the file that lacks it, and where it leads."""
    expected = {}
    for stack in account.stacks.values():
        rack = stack.row.rack
        kind = account.project.kind_of(rack)
        app = account.project.apps.get(stack.row.app or "")
        if app and app.has_internal_domains:
            for service in app.routed():
                name = internal_domain(app, service, rack)
                expected[name] = stack.file, _dns_name(account, rack, routers_of(service)[0])
        if stack.row.app is None and kind and kind.has_zone:
            for router in Router:
                host = kind.host_of(rack, router is Router.INTERNAL)
                if host and (rack, router) in account.balancers:
                    expected[f"*.{host}"] = stack.file, _dns_name(account, rack, router)
    return expected


def _dns_name(account: Account, rack: str, router: Router) -> str:
    balancer = account.balancers.get((rack, router))
    if balancer:
        return balancer.attribute("DNSName")
    return imported(f"{rack}:{'Domain' if router is Router.PUBLIC else 'DomainInternal'}")


def _name(record: Resource) -> str:
    return str(record.properties.get("Name")).lower().removesuffix(".")


def _value(record: Resource) -> str:
    alias = mapping(record.properties.get("AliasTarget"))
    values = [alias.get("DNSName")] if alias else listing(record.properties.get("ResourceRecords"))
    return ", ".join(map(str, values))


def _check_zones(account: Account, findings: Findings) -> None:
    """Internal domains stand in the private zone of their rack."""
    zones = {
        zone.stack.row.rack: zone
        for zone in account.of_type("AWS::Route53::HostedZone")
        if _name(zone) == f"{zone.stack.row.rack}.convox"
    }
    for record in account.of_type(KIND):
        rack = record.stack.row.rack
        if _name(record).endswith(".convox"):
            zone = zones[rack].ref if rack in zones else imported(f"{rack}:HostedZone")
            if record.properties.get("HostedZoneId") != zone:
                words = f"stands in {record.properties.get('HostedZoneId')}, not in {zone}"
                findings.add(Fault.RECORD, record.file, record.name, words)
