"""What can be wrong with an output, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Fault(Enum):
    """Every kind of fault that the judge looks for. `test_mutations.py` plants each of them."""

    # The listing and what is on disk
    UNREADABLE = "a file of the output can't be read"
    NOT_LISTED = "a file on disk that stacks.json does not list"
    NOT_ON_DISK = "a file that stacks.json lists and nobody wrote"
    SCRIPT_DIFFERS = "deploy.sh deploys other stacks than stacks.json lists, or in another order"
    STACK_MISSING = "a rack or an app of the project without a stack"
    STACK_UNASKED = "a stack that belongs to no rack and no app of the project"
    WRONG_RACK = "an app on a rack that it is not pinned to"

    # Templates
    REPEATED_KEY = "a key that stands twice in a template: the first one is lost"
    BAD_ID = "a name that CloudFormation refuses"
    TOO_LARGE = "a template that is larger than CloudFormation takes"
    UNKNOWN_FUNCTION = "an intrinsic function that does not exist, or has the wrong arguments"

    # References inside of a stack
    DEAD_REFERENCE = "a Ref, GetAtt or Sub that names nothing"
    NO_ATTRIBUTE = "a GetAtt of what the resource does not have"
    DEAD_DEPENDENCY = "a DependsOn that names nothing"
    DEAD_CONDITION = "a condition that is not declared"
    CYCLE = "resources that wait for each other"

    # Exports, imports and parameters
    NO_EXPORT = "an import that no stack exports"
    EXPORT_TWICE = "an export name that two stacks use"
    EXPORT_NAME = "an export that does not carry its stack's name"
    EXPORT_WRONG = "an export that holds something else than its name says"
    IMPORT_TOO_EARLY = "a stack that is deployed before what it imports"
    NO_VALUE = "a parameter without a value that is not listed as required"
    NEEDLESS = "a parameter that is listed as required and has a value, or does not exist"
    UNKNOWN_PARAMETER = "a value for a parameter that the template does not have"
    BAD_VALUE = "a value that the parameter does not allow"

    # Routing
    CLAIMED_TWICE = "a host that two services ask for"
    OVERLAP = "two wildcards of different services that overlap, neither inside the other"
    UNANSWERED = "a host that a manifest asks for and nobody answers"
    WRONG_ANSWER = "a host that another service answers"
    UNASKED = "a host in a rule that no manifest asks for"
    STRAY_ANSWER = "a host near those that are asked for, which nobody should answer"
    NO_ROUTER = "a router or a listener that the rack needs and does not have"
    ROUTER_UNASKED = "a router or a listener that the rack should not have"
    DEFAULT_ACTION = "a listener that does not turn away what no rule takes"

    # Rules
    RULE_SHAPE = "a rule that does not simply forward hosts to one target group"
    PRIORITY_RANGE = "a priority outside of 1 to 50000"
    PRIORITY_TWICE = "two rules of a listener with one priority"
    MIXED_RULE = "a rule with exact hosts and wildcards"
    EXACT_LATE = "a wildcard that is evaluated before an exact host"
    BROADER_FIRST = "a broader wildcard that is evaluated before a narrower one inside of it"
    HOST_TWICE = "a host in two rules of a listener"
    HOST_SYNTAX = "a host that a listener rule refuses"

    # Quotas
    TOO_MANY_RULES = "more rules on a load balancer than its quota"
    TOO_MANY_GROUPS = "more than 100 target groups on a load balancer"
    TOO_MANY_CERTIFICATES = "more certificates on a load balancer than its quota"
    TOO_MANY_LISTENERS = "more than 50 listeners on a load balancer"
    TOO_MANY_VALUES = "more than 5 values in a rule"
    TOO_MANY_WILDCARDS = "more than 5 wildcards in a rule"
    GROUP_ON_TWO = "a target group on two load balancers"

    # Certificates and names
    NO_CERTIFICATE = "a domain that no certificate of its listener covers"
    CERTIFICATE_TWICE = "a certificate that is attached twice, or with others in one resource"
    RECORD = "a DNS record that is missing, or leads elsewhere"

    # Target groups
    GROUP_OWNER = "a target group that is one service's by its tags and another's in fact"
    GROUP_UNUSED = "a target group that no rule leads to"
    PROTOCOL = "a target group with another protocol, port or kind of targets than asked for"
    HEALTH = "a health check that is not the manifest's"
    MATCHER = "success codes that are not the app's"
    DRAIN = "a deregistration delay that is not the manifest's `drain`"
    STICKINESS = "stickiness that is not the manifest's"
    SLOW_START = "a slow start that is not the app's"
    ALGORITHM = "an algorithm that is not the app's"

    # Services that run behind them
    NOT_REGISTERED = "a service that no task is registered for, or with another port or group"
    GRACE = "a health check grace that is not the manifest's"
    NO_DEPENDENCY = "a service that does not wait for the rules of its target groups"
    CLOSED = "tasks whose security group keeps a router out"

    # Leaks
    MARKER = "a value of the process environment"
    TIME = "a time stamp"
    HOST_NAME = "the name of the machine"
    PATH = "an absolute path of the machine"


@dataclass(frozen=True)
class Finding:
    """One fault at one place. Prints as `file: resource: what is wrong`."""

    fault: Fault
    file: str
    resource: str
    words: str

    def __str__(self) -> str:
        return f"{self.file}: {self.resource}: {self.words}"


@dataclass
class Findings:
    """Where checks report to. What is found twice is said once."""

    _found: dict[Finding, None] = field(default_factory=dict)
    _notes: dict[str, None] = field(default_factory=dict)

    def add(self, fault: Fault, file: str, resource: str, words: str) -> None:
        """Report a fault."""
        self._found[Finding(fault, file, resource, words)] = None

    def note(self, file: str, words: str) -> None:
        """Say what is no fault, and worth knowing."""
        self._notes[f"{file}: {words}"] = None

    def sorted(self) -> list[Finding]:
        """All faults, by place."""
        return sorted(self._found, key=str)

    def notes(self) -> list[str]:
        """All notes, by place."""
        return sorted(self._notes)
