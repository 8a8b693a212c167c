"""What would stand in the account once every stack is deployed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from judge.evaluation import Evaluator, imported, token
from judge.output import Output, Stack
from judge.project import Project
from judge.template import listing, mapping, number

ELB = "AWS::ElasticLoadBalancingV2"


class Router(Enum):
    """The two load balancers that a rack can have for its apps."""

    PUBLIC = "public"
    INTERNAL = "internal"

    @property
    def export_prefix(self) -> str:
        """What the names of its exports begin with."""
        return "Router" if self is Router.PUBLIC else "RouterInternal"


class Place(NamedTuple):
    """A listener, by what it is for."""

    rack: str
    router: Router
    port: int

    def __str__(self) -> str:
        return f"port {self.port} of the {self.router.value} router of {self.rack}"


@dataclass(frozen=True)
class Resource:
    """A resource with its properties worked out."""

    stack: Stack
    name: str
    properties: Mapping[str, Any]
    depends_on: frozenset[str]

    @property
    def file(self) -> str:
        """The template that it stands in."""
        return self.stack.file

    @property
    def ref(self) -> str:
        """What `Ref` says of it."""
        return token(self.stack.name, self.name)

    @property
    def kind(self) -> str:
        """Its type."""
        return self.stack.template.type_of(self.name)

    def attribute(self, name: str) -> str:
        """What `Fn::GetAtt` says of it."""
        return token(self.stack.name, self.name, name)

    def attributes(self) -> dict[str, str]:
        """Attributes of a target group, by key."""
        items = (mapping(item) for item in listing(self.properties.get("TargetGroupAttributes")))
        return {str(item.get("Key")): str(item.get("Value")) for item in items}

    def tags(self) -> dict[str, str]:
        """Tags by key."""
        items = (mapping(item) for item in listing(self.properties.get("Tags")))
        return {str(item.get("Key")): str(item.get("Value")) for item in items}


@dataclass(frozen=True)
class Listener:
    """A listener of a router, ours or of a rack that is not ours."""

    place: Place
    ref: str
    resource: Resource | None  # None: its rack is external
    balancer: str  # what tells its load balancer from others

    @property
    def properties(self) -> Mapping[str, Any]:
        """Properties of the resource, none for an external rack."""
        return self.resource.properties if self.resource else {}


@dataclass(frozen=True)
class Rule:
    """A listener rule. Hosts in lower case, as they are compared."""

    resource: Resource
    listener: str
    priority: int
    hosts: tuple[str, ...]
    group: str

    @property
    def patterns(self) -> list[str]:
        """The hosts with wildcards."""
        return [host for host in self.hosts if is_pattern(host)]

    def __str__(self) -> str:
        return f"{self.resource.name} of {self.resource.stack.name}"


def is_pattern(host: str) -> bool:
    """Whether a host has wildcards."""
    return "*" in host or "?" in host


class Account:
    """All resources of all stacks, in the state that the last phase leaves."""

    def __init__(self, project: Project, output: Output) -> None:
        self.project = project
        self.stacks = output.final()
        self.external = frozenset(
            stack.row.rack
            for stack in self.stacks.values()
            if (kind := project.kind_of(stack.row.rack)) and kind.is_external
        )
        self.values = Evaluator(self.stacks, self.external)
        self._by_type: dict[str, list[Resource]] = defaultdict(list)
        self._by_stack: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        for resource in self._resources():
            self._by_type[resource.kind].append(resource)
            self._by_stack[resource.stack.name, resource.kind].append(resource)
        self.balancers = dict(self._balancers())
        self.listeners = {listener.ref: listener for listener in self._listeners()}
        self.places = {listener.place: listener for listener in self.listeners.values()}
        self.rules = [self._rule(resource) for resource in self.of_type(f"{ELB}::ListenerRule")]
        self._rules_on: dict[str, list[Rule]] = defaultdict(list)
        for rule in sorted(self.rules, key=lambda rule: rule.priority):
            self._rules_on[rule.listener].append(rule)
        self.groups = {group.ref: group for group in self.of_type(f"{ELB}::TargetGroup")}

    def of_type(self, kind: str) -> list[Resource]:
        """The resources of a type, in deploy order."""
        return self._by_type.get(kind, [])

    def in_stack(self, stack: str, kind: str) -> list[Resource]:
        """The resources of a type in one stack."""
        return self._by_stack.get((stack, kind), [])

    def racks(self) -> list[str]:
        """The names of all racks that something is deployed on."""
        return sorted({stack.row.rack for stack in self.stacks.values()})

    def template_of(self, rack: str, app: str) -> str:
        """The template of an app on a rack: where what it lacks should be."""
        stack = self.stacks.get(f"{rack}-{app}")
        return stack.file if stack else app

    def rules_on(self, listener: Listener) -> list[Rule]:
        """The rules of a listener, in the order in which they are evaluated."""
        return self._rules_on.get(listener.ref, [])

    def balancer_of(self, listener: str) -> str | None:
        """The load balancer of a listener, by what `Ref` says of the listener."""
        found = self.listeners.get(listener)
        return found.balancer if found else None

    def host(self, rack: str, router: Router) -> str | None:
        """The name below which services answer; None if the rack has no such router."""
        kind = self.project.kind_of(rack)
        written = kind.host_of(rack, router is Router.INTERNAL) if kind else None
        if written:
            return written
        if rack in self.external:
            return imported(f"{rack}:{router.export_prefix}Host").lower()
        balancer = self.balancers.get((rack, router))
        return balancer.attribute("DNSName").lower() if balancer else None

    def _resources(self) -> Iterator[Resource]:
        for stack in self.stacks.values():
            for name, body in stack.template.resources.items():
                condition = mapping(body).get("Condition")
                if condition is None or self.values.holds(stack, str(condition)):
                    properties = mapping(self.values.of(stack, mapping(body).get("Properties")))
                    depends_on = map(str, listing(mapping(body).get("DependsOn")))
                    yield Resource(stack, name, properties, frozenset(depends_on))

    def _balancers(self) -> Iterator[tuple[tuple[str, Router], Resource]]:
        """The routers: Application Load Balancers of rack stacks, told by their scheme."""
        for resource in self.of_type(f"{ELB}::LoadBalancer"):
            row = resource.stack.row
            if row.app is None and resource.properties.get("Type", "application") == "application":
                is_internal = resource.properties.get("Scheme") == "internal"
                yield (row.rack, Router.INTERNAL if is_internal else Router.PUBLIC), resource

    def _listeners(self) -> Iterator[Listener]:
        routers = {balancer.ref: key for key, balancer in self.balancers.items()}
        for resource in self.of_type(f"{ELB}::Listener"):
            balancer = str(resource.properties.get("LoadBalancerArn"))
            if balancer in routers:
                place = Place(*routers[balancer], number(resource.properties.get("Port")))
                yield Listener(place, resource.ref, resource, balancer)
        for rack in sorted(self.external):
            for router in Router:
                for port in (80, 443):
                    ref = imported(f"{rack}:{router.export_prefix}Listener{port}")
                    yield Listener(Place(rack, router, port), ref, None, f"{rack} {router.value}")

    def _rule(self, resource: Resource) -> Rule:
        properties = resource.properties
        actions = [mapping(action) for action in listing(properties.get("Actions"))]
        groups = [str(action["TargetGroupArn"]) for action in actions if "TargetGroupArn" in action]
        return Rule(
            resource=resource,
            listener=str(properties.get("ListenerArn")),
            priority=number(resource.properties.get("Priority")),
            hosts=tuple(host.lower() for host in hosts_of(listing(properties.get("Conditions")))),
            group=groups[0] if groups else "",
        )


def hosts_of(conditions: Any) -> Iterator[str]:
    """The hosts that conditions of a rule ask for."""
    for condition in map(mapping, listing(conditions)):
        if condition.get("Field") == "host-header":
            config = mapping(condition.get("HostHeaderConfig"))
            yield from map(str, listing(config.get("Values")))
            yield from map(str, listing(condition.get("Values")))
