"""The whole templates on moto, whose API checks what load balancers are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from checks import (
    check_complete,
    check_defaults,
    check_in_place,
    check_priorities,
    check_redeploy_changes_nothing,
    check_routes,
    check_target_groups,
    dns_names,
    is_covered,
    standing,
)
from deployment import RACK, Deployment
from expectations import HTTPS
from routing_providers import VALIDATION_LABEL
from tasks import check_scaling, desired


def test_deploys(on_moto: Deployment) -> None:
    check_complete(on_moto)


def test_routes(on_moto: Deployment) -> None:
    """The hosts of each service, and their rules' numbers, as the AWS CLI shows them."""
    routers = on_moto.routers(on_moto.account.cli)
    check_routes(on_moto.expectation, routers)
    for router in routers.values():
        check_defaults(router)
        for listener in router.listeners.values():
            check_priorities(listener)


def test_target_groups(on_moto: Deployment) -> None:
    groups = on_moto.target_groups(on_moto.account.cli)
    check_target_groups(on_moto.expectation, on_moto.routers(), groups)


def test_services(on_moto: Deployment) -> None:
    """Services, their tasks and their range; until they are scaled, a first deploy leaves none."""
    services, tasks = on_moto.services(), on_moto.expectation.tasks
    check_scaling(tasks, on_moto.racks(), on_moto.place(), services)
    assert set(desired(tasks, services).values()) == {0}


def test_routers(on_moto: Deployment) -> None:
    for name, router in on_moto.routers().items():
        expected = on_moto.expectation.routers[name]
        attributes = on_moto.account.router_attributes(router)
        assert router.scheme == expected["scheme"], name
        assert router.name == expected.get("name", router.name)
        check_reach(on_moto, expected, router.subnets, router.security_groups)
        assert attributes["idle_timeout.timeout_seconds"] == str(expected["idle_timeout"]), name
        assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true", name
        assert attributes["access_logs.s3.enabled"] == "true", name


def test_balancer(on_moto: Deployment) -> None:
    """The rack API's classic balancer, as `aws elb` shows it."""
    account, expected = on_moto.account, on_moto.expectation.facts["balancer"]
    port = expected["instance_port"]
    (balancer,) = account.cli("elb", "describe_load_balancers")["LoadBalancerDescriptions"]
    assert balancer["LoadBalancerName"] == expected["name"]
    assert balancer["LoadBalancerName"] == account.physical_id(RACK, "Balancer")
    assert balancer["Scheme"] == expected["scheme"]
    check_reach(on_moto, expected, frozenset(balancer["Subnets"]), balancer["SecurityGroups"])
    (listener,) = [description["Listener"] for description in balancer["ListenerDescriptions"]]
    assert {k: listener[k] for k in ("Protocol", "LoadBalancerPort", "InstancePort")} == {
        "Protocol": "TCP",
        "LoadBalancerPort": 443,
        "InstancePort": port,
    }
    assert balancer["HealthCheck"] == {
        "Target": f"HTTPS:{port}/check",
        "Interval": 5,
        "Timeout": 3,
        "HealthyThreshold": 2,
        "UnhealthyThreshold": 2,
    }
    answer = account.cli(
        "elb", "describe_load_balancer_attributes", LoadBalancerName=balancer["LoadBalancerName"]
    )
    attributes = answer["LoadBalancerAttributes"]
    assert attributes["CrossZoneLoadBalancing"] == {"Enabled": True}
    assert attributes["ConnectionDraining"] == {"Enabled": True, "Timeout": 60}
    assert attributes["ConnectionSettings"] == {"IdleTimeout": 3600}


def check_reach(
    deployment: Deployment, expected: dict[str, Any], subnets: frozenset[str], groups: list[str]
) -> None:
    """A load balancer stands in the subnets expected, behind one security group of its own."""
    account = deployment.account
    assert subnets == {account.physical_id(RACK, subnet) for subnet in expected["subnets"]}
    (group,) = groups
    assert account.ingress(group) == {port: {end} for port, end in expected["ingress"].items()}


def test_certificates(on_moto: Deployment) -> None:
    """Each router's listener has a certificate for every public host that its rules answer."""
    routers = on_moto.routers()
    for name, router in routers.items():
        attached = certificates(on_moto, router.listeners[HTTPS].arn)
        expected = {
            arn
            for arn, facts in on_moto.expectation.certificates.items()
            if name in facts["routers"]
        }
        assert expected <= set(attached), name
        names = {host for covered in attached.values() for host in covered}
        hosts = {
            host
            for hosts in on_moto.expectation.hosts(name, dns_names(routers)).values()
            for host in hosts
            if not host.endswith((".convox", router.dns_name))
        }
        assert {host for host in hosts if not is_covered(host, names)} == set(), name


def test_records(on_moto: Deployment) -> None:
    """Names lead to the routers: the rack's in the public zone, internal domains in the private."""
    expected = on_moto.expectation.facts["records"]
    names = dns_names(on_moto.routers())
    private = on_moto.account.physical_id(RACK, "HostedZone")
    for zone, kind in ((private, "private"), (on_moto.hosted_zone, "public")):
        found = records(on_moto, zone) if zone else {}
        assert found == {name: names[router] for name, router in expected[kind].items()}, kind


def records(deployment: Deployment, zone: str) -> dict[str, str]:
    """Name → target of a zone's records, without those that every zone has and ACM's."""
    answer = deployment.account.call("route53", "list_resource_record_sets", HostedZoneId=zone)
    found = {}
    for record in answer["ResourceRecordSets"]:
        name = record["Name"].removesuffix(".").replace("\\052", "*")
        if record["Type"] in ("NS", "SOA") or name.startswith(VALIDATION_LABEL):
            continue
        targets = [record["AliasTarget"]["DNSName"]] if "AliasTarget" in record else []
        targets += [value["Value"] for value in record.get("ResourceRecords", [])]
        (target,) = targets
        found[name] = target.removesuffix(".")
    return found


def certificates(deployment: Deployment, listener: str) -> dict[str, set[str]]:
    """A listener's certificates, with the names on each."""
    attached = deployment.account.cli(
        "elbv2", "describe_listener_certificates", ListenerArn=listener
    )
    names = {}
    for arn in {certificate["CertificateArn"] for certificate in attached["Certificates"]}:
        facts = deployment.account.call("acm", "describe_certificate", CertificateArn=arn)
        names[arn] = set(facts["Certificate"]["SubjectAlternativeNames"])
    return names


def test_redeploy_changes_nothing(on_moto: Deployment) -> None:
    """Here through a bucket, as large templates go; on MiniStack without one."""
    bucket = {"RACKFORM_S3_BUCKET": "templates"}
    on_moto.account.call("s3", "create_bucket", Bucket="templates")
    with patch.dict(on_moto.account.environment, bucket):
        check_redeploy_changes_nothing(on_moto)
    stored = on_moto.account.call("s3", "list_objects_v2", Bucket="templates")["Contents"]
    assert len(stored) == len(on_moto.stack_names())


def test_dry_run_changes_nothing(on_moto: Deployment, tmp_path: Path) -> None:
    """`deploy.sh --dry-run` stops at the change sets, of which the app's one has the change."""
    dry = replace(on_moto, project=on_moto.project.copy(tmp_path))
    before = standing(dry)
    dry.compile(dry.expectation.facts["changes"][0])
    dry.deploy("--dry-run")
    assert standing(dry) == before
    *_, app = dry.stack_names()
    pending = [
        change_set
        for change_set in dry.account.call("cloudformation", "list_change_sets", StackName=app)[
            "Summaries"
        ]
        if change_set["StackName"] == app and change_set["ExecutionStatus"] == "AVAILABLE"
    ]
    assert len(pending) == 1


def test_changes_in_place(on_moto: Deployment) -> None:
    """Domains added, moved and removed, one deploy after another."""
    for change in on_moto.expectation.facts["changes"]:
        expected, before = on_moto.expectation, on_moto.routers()
        on_moto.change(change)
        after = on_moto.routers()
        check_complete(on_moto)
        check_routes(on_moto.expectation, after)
        for router in after.values():
            for listener in router.listeners.values():
                check_priorities(listener)
        check_target_groups(on_moto.expectation, after, on_moto.target_groups())
        check_in_place(before, after, expected, on_moto.expectation)


def test_removed_app_leaves_nothing(on_moto: Deployment) -> None:
    """The app's stack takes its rules, groups and certificates along, and nothing of the rack."""
    account = on_moto.account
    *_, app = on_moto.stack_names()
    account.call("cloudformation", "delete_stack", StackName=app)
    routers = on_moto.routers()
    for router in routers.values():
        assert [listener.rules for listener in router.listeners.values()] == [[], []]
    assert on_moto.target_groups() == {}
    for name, router in routers.items():
        attached = certificates(on_moto, router.listeners[HTTPS].arn)
        for arn, facts in on_moto.expectation.certificates.items():
            assert (arn in attached) == (name in facts["routers"]), name
