"""What is read back, held against what is expected."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from account import Listener, Router, Rule, TargetGroup
from deployment import Deployment
from expectations import HTTP, HTTPS, Expectation, Hosts

HOSTS_PER_RULE = 5
UNKNOWN_HOST = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "unknown host"}
TO_HTTPS = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}


def dns_names(routers: dict[str, Router]) -> dict[str, str]:
    return {name: router.dns_name for name, router in routers.items()}


def hosts_by_group(rules: list[Rule]) -> dict[str, Hosts]:
    """Target group → all hosts that reach it."""
    hosts: dict[str, Hosts] = defaultdict(frozenset)
    for rule in rules:
        assert not hosts[rule.target_group] & rule.hosts, f"hosts in two rules: {rule}"
        hosts[rule.target_group] |= rule.hosts
    return dict(hosts)


def check_routes(expectation: Expectation, routers: dict[str, Router]) -> None:
    """Every router's listeners carry exactly the hosts expected, one target group a service."""
    for name, router in routers.items():
        assert set(router.listeners) == {HTTP, HTTPS}, name
        expected = expectation.hosts(name, dns_names(routers))
        for port in expectation.rule_ports:
            found = hosts_by_group(router.listeners[port].rules)
            assert sorted(map(sorted, found.values())) == sorted(map(sorted, expected.values())), (
                f"{name} port {port}"
            )
        if expectation.redirects_http:
            assert router.listeners[HTTP].rules == [], f"{name}: rules that redirect should cover"
        else:
            check_twins(router)


def check_twins(router: Router) -> None:
    """Port 80 has the rules of port 443, number for number."""
    on_443, on_80 = (
        {(rule.priority, rule.hosts, rule.target_group) for rule in router.listeners[port].rules}
        for port in (HTTPS, HTTP)
    )
    assert on_80 == on_443, router.name


def check_priorities(listener: Listener) -> None:
    """Priorities are unique, exact hosts come before wildcards, AWS's limits hold."""
    rules = listener.rules
    priorities = [rule.priority for rule in rules]
    assert len(set(priorities)) == len(priorities), f"a priority is given twice: {priorities}"
    assert all(1 <= priority <= 50_000 for priority in priorities)
    assert all(1 <= len(rule.hosts) <= HOSTS_PER_RULE for rule in rules)
    for rule in rules:
        mixed = {"*" in host for host in rule.hosts}
        assert len(mixed) == 1, f"exact hosts and wildcards share a rule: {rule.hosts}"
    last_exact = max((r.priority for r in rules if not r.has_wildcard), default=0)
    first_wildcard = min((r.priority for r in rules if r.has_wildcard), default=50_001)
    assert last_exact < first_wildcard


def check_defaults(router: Router) -> None:
    """What no rule matches: redirected to HTTPS on port 80, refused on port 443."""
    https, http = router.listeners[HTTPS], router.listeners[HTTP]
    assert (https.protocol, http.protocol) == ("HTTPS", "HTTP")
    (refusal,) = https.default_actions
    assert refusal["Type"] == "fixed-response"
    assert refusal["FixedResponseConfig"] == UNKNOWN_HOST
    (redirect,) = http.default_actions
    assert redirect["Type"] == "redirect"
    assert {key: redirect["RedirectConfig"].get(key) for key in TO_HTTPS} == TO_HTTPS


def groups_of_services(
    expectation: Expectation, routers: dict[str, Router]
) -> dict[tuple[str, str], str]:
    """(router, service) → target group, told by the hosts that lead there."""
    groups = {}
    for name, router in routers.items():
        services = {v: k for k, v in expectation.hosts(name, dns_names(routers)).items()}
        for arn, hosts in hosts_by_group(router.listeners[HTTPS].rules).items():
            groups[name, services[hosts]] = arn
    return groups


def check_target_groups(
    expectation: Expectation,
    routers: dict[str, Router],
    groups: dict[str, TargetGroup],
    forgotten: frozenset[str] = frozenset(),
) -> None:
    """Every service's groups are as its manifest says, and there are no others.

    `forgotten` names the facts that a server does not keep.
    """
    expected = groups_of_services(expectation, routers)
    assert set(groups) == set(expected.values())
    assert len(set(expected.values())) == len(expected), "a target group serves two routers"
    for (router, service), arn in expected.items():
        expected_facts = facts_expected(expectation.services[service])
        found = facts_found(groups[arn])
        for fact in expected_facts.keys() - forgotten:
            assert found[fact] == expected_facts[fact], f"{service} on {router}: {fact}"


def facts_found(group: TargetGroup) -> dict[str, Any]:
    """What the API says of a target group, by the words of the expectations."""
    facts, attributes = group.facts, group.attributes
    return {
        "port": facts["Port"],
        "protocol": facts["Protocol"],
        "version": facts.get("ProtocolVersion"),
        "target_type": facts["TargetType"],
        "path": facts["HealthCheckPath"],
        "interval": facts["HealthCheckIntervalSeconds"],
        "timeout": facts["HealthCheckTimeoutSeconds"],
        "healthy": facts["HealthyThresholdCount"],
        "unhealthy": facts["UnhealthyThresholdCount"],
        "matcher": facts["Matcher"],
        "grpc_matcher": facts["Matcher"],
        "stickiness": attributes["stickiness.enabled"],
        "deregistration_delay": attributes["deregistration_delay.timeout_seconds"],
        "algorithm": attributes["load_balancing.algorithm.type"],
    }


def facts_expected(expected: dict[str, Any]) -> dict[str, Any]:
    """The same facts of a service's expectation, with those that all services share."""
    matcher = "grpc_matcher" if expected["version"] == "GRPC" else "matcher"
    return {
        "port": expected["port"],
        "protocol": expected["protocol"],
        "version": expected["version"],
        "target_type": "ip",
        "path": expected["health"]["path"],
        "interval": expected["health"]["interval"],
        "timeout": expected["health"]["timeout"],
        "healthy": 2,
        "unhealthy": 2,
        matcher: expected["matcher"],
        "stickiness": str(expected["stickiness"]).lower(),
        "deregistration_delay": str(expected["deregistration_delay"]),
        "algorithm": expected["algorithm"],
    }


def check_complete(deployment: Deployment) -> None:
    """All stacks stand, and nothing failed on the way."""
    assert deployment.stack_names() == deployment.expectation.facts["stacks"]
    for name in deployment.stack_names():
        status = deployment.account.stack(name)["StackStatus"]
        assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), name
        failed = [e for e in deployment.account.events(name) if "FAILED" in e["ResourceStatus"]]
        assert failed == [], name


def check_redeploy_changes_nothing(deployment: Deployment) -> None:
    before = standing(deployment)
    said = deployment.deploy()
    assert said.count("No changes to deploy") == len(deployment.stack_names()), said
    assert standing(deployment) == before


def standing(deployment: Deployment) -> tuple[Any, ...]:
    """Everything that a deploy could change."""
    return deployment.history(), deployment.routers(), deployment.target_groups()


def check_in_place(
    before: dict[str, Router],
    after: dict[str, Router],
    expected_before: Expectation,
    expected_after: Expectation,
) -> None:
    """A host that keeps its service keeps its rule: same ARN, same number, same target group."""
    for name, router in before.items():
        was = expected_before.hosts(name, dns_names(before))
        now = expected_after.hosts(name, dns_names(after))
        kept = {host for service, hosts in was.items() for host in hosts & now.get(service, set())}
        for port, listener in router.listeners.items():
            rules = {rule.arn: rule for rule in after[name].listeners[port].rules}
            for rule in listener.rules:
                staying = rule.hosts & kept
                if not staying:
                    continue
                assert rule.arn in rules, f"{sorted(staying)} lost their rule on {name}:{port}"
                successor = rules[rule.arn]
                assert staying <= successor.hosts, f"{sorted(staying)} left their rule"
                assert successor.priority == rule.priority
                assert successor.target_group == rule.target_group


def is_covered(host: str, names: set[str]) -> bool:
    """Whether a certificate with `names` serves `host`; a star stands for one label."""
    return host in names or ("*." + host.partition(".")[2]) in names
