"""What runs behind the target groups: registered at the right port, reachable, and in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from judge.account import ELB, Account, Resource, Router
from judge.evaluation import imported
from judge.faults import Fault, Findings
from judge.manifest import Service
from judge.project import App
from judge.template import listing, mapping, number
from judge.wanted import routers_of


@dataclass(frozen=True)
class Running:
    """A service of a manifest and the ECS service that runs it."""

    app: App
    service: Service
    ecs: Resource
    task: Resource | None

    def ports(self) -> dict[str, int]:
        """Target group → the port of the container that is registered there."""
        entries = (mapping(item) for item in listing(self.ecs.properties.get("LoadBalancers")))
        return {
            str(entry["TargetGroupArn"]): number(entry.get("ContainerPort"))
            for entry in entries
            if entry.get("ContainerName") == self.service.name and "TargetGroupArn" in entry
        }

    @property
    def has_addresses(self) -> bool:
        """Whether each task has an address of its own."""
        return self.task is not None and self.task.properties.get("NetworkMode") == "awsvpc"


def check(account: Account, findings: Findings) -> None:
    """Report services that no task answers for, and tasks that no request reaches."""
    for stack in account.stacks.values():
        app = account.project.apps.get(stack.row.app or "")
        kind = account.project.kind_of(stack.row.rack)
        if app is None:
            continue
        for service in app.services:
            groups = _groups(account, stack.name, service.name)
            if kind and kind.compute == "none":
                _check_ports_without_tasks(service, groups, findings)
                continue
            running = _running(account, stack.name, app, service)
            if running is None:
                if service.port:
                    words = "no ECS service runs a container of this name"
                    findings.add(
                        Fault.NOT_REGISTERED, stack.file, f"{app.name}/{service.name}", words
                    )
                continue
            _check_registered(account, running, groups, findings)
            _check_dependencies(account, running, findings)
            _check_grace(running, findings)
            _check_open(account, running, findings)


def _groups(account: Account, stack: str, service: str) -> list[Resource]:
    """The target groups of a service behind routers, by their tags."""
    return [
        group
        for group in account.in_stack(stack, f"{ELB}::TargetGroup")
        if group.tags().get("Service") == service
        and any(rule.group == group.ref for rule in account.rules)
    ]


def _running(account: Account, stack: str, app: App, service: Service) -> Running | None:
    tasks = {task.ref: task for task in account.in_stack(stack, "AWS::ECS::TaskDefinition")}
    for ecs in account.in_stack(stack, "AWS::ECS::Service"):
        task = tasks.get(str(ecs.properties.get("TaskDefinition")))
        if task is not None:
            containers = listing(task.properties.get("ContainerDefinitions"))
            if any(mapping(container).get("Name") == service.name for container in containers):
                return Running(app, service, ecs, task)
    return None


def _check_ports_without_tasks(
    service: Service, groups: list[Resource], findings: Findings
) -> None:
    """Whoever runs the service registers it at the port of the group."""
    for group in groups:
        if (port := group.properties.get("Port")) != service.port:
            words = f"port is {port}, and {service.port} was asked for"
            findings.add(Fault.PROTOCOL, group.file, group.name, words)


def _check_registered(
    account: Account, running: Running, groups: list[Resource], findings: Findings
) -> None:
    file, name, ports = running.ecs.file, running.ecs.name, running.ports()
    for group in groups:
        if group.ref not in ports:
            words = f"is not registered in {group.name}, which is its own by its tags"
            findings.add(Fault.NOT_REGISTERED, file, name, words)
        elif ports[group.ref] != running.service.port:
            found, expected = ports[group.ref], running.service.port
            words = f"is registered in {group.name} with the port {found}, not {expected}"
            findings.add(Fault.NOT_REGISTERED, file, name, words)
        kind = "ip" if running.has_addresses else "instance"
        if group.properties.get("TargetType") != kind:
            found_kind = group.properties.get("TargetType")
            words = f"kind of targets is {found_kind}, and its tasks are of {kind}"
            findings.add(Fault.PROTOCOL, group.file, group.name, words)
    for ref in ports:
        owner = account.groups.get(ref)
        if owner is None or owner.tags().get("Service") != running.service.name:
            words = f"registers {running.service.name} in {ref}, which is not its own by its tags"
            findings.add(Fault.GROUP_OWNER, file, name, words)


def _check_dependencies(account: Account, running: Running, findings: Findings) -> None:
    """ECS takes no target group that nothing leads to, so the rules must be there first."""
    ports = running.ports()
    for rule in account.rules:
        is_own = rule.resource.stack.name == running.ecs.stack.name
        if rule.group in ports and is_own and rule.resource.name not in running.ecs.depends_on:
            words = f"does not wait for {rule.resource.name}, which leads to its target group"
            findings.add(Fault.NO_DEPENDENCY, running.ecs.file, running.ecs.name, words)


def _check_grace(running: Running, findings: Findings) -> None:
    if not running.ports():
        return
    found = running.ecs.properties.get("HealthCheckGracePeriodSeconds")
    expected = running.service.health.grace
    if found != expected:
        words = f"health check grace is {found}, and {expected} was asked for"
        findings.add(Fault.GRACE, running.ecs.file, running.ecs.name, words)


def _check_open(account: Account, running: Running, findings: Findings) -> None:
    """The tasks' own security groups let every router in that they are behind."""
    if not running.service.port or not running.has_addresses:
        return
    sources = set(_sources(account, running))
    rack = running.ecs.stack.row.rack
    for router in routers_of(running.service):
        groups = set(_groups_of_router(account, rack, router))
        if not groups & sources:
            port = running.service.port
            words = f"its security groups keep the {router.value} router out of port {port}"
            findings.add(Fault.CLOSED, running.ecs.file, running.ecs.name, words)


def _groups_of_router(account: Account, rack: str, router: Router) -> Iterator[str]:
    if balancer := account.balancers.get((rack, router)):
        yield from map(str, listing(balancer.properties.get("SecurityGroups")))
    elif rack in account.external:
        yield imported(f"{rack}:{router.export_prefix}SecurityGroup")


def _sources(account: Account, running: Running) -> Iterator[str]:
    """The groups that may reach the service's port."""
    network = mapping(running.ecs.properties.get("NetworkConfiguration"))
    own = set(map(str, listing(mapping(network.get("AwsvpcConfiguration")).get("SecurityGroups"))))
    for group in account.in_stack(running.ecs.stack.name, "AWS::EC2::SecurityGroup"):
        if group.attribute("GroupId") in own or group.ref in own:
            for rule in map(mapping, listing(group.properties.get("SecurityGroupIngress"))):
                first, last = number(rule.get("FromPort")), number(rule.get("ToPort"))
                if first <= running.service.port <= last and "SourceSecurityGroupId" in rule:
                    yield str(rule["SourceSecurityGroupId"])
