"""Small outputs for tests, drawn by hand: stacks of a few resources, without a compiler."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from judge.output import Output, Row, Stack
from judge.project import Project, RackKind
from judge.simulator.deployment import Deployment, deploy
from judge.simulator.kinds import ATTACHMENT, BALANCER, CERTIFICATE, GROUP, LISTENER, RULE, SERVICE
from judge.simulator.violations import Violation
from judge.simulator.world import World
from judge.template import Template

Body = dict[str, Any]
Resources = Mapping[str, Body]
LISTED = {"arn:listed": ("x.org",)}  # a certificate that nobody makes, and the names on it


def resource(kind: str, after: Sequence[str] = (), **properties: Any) -> Body:
    """A resource; `after`: what it depends on."""
    body: Body = {"Type": kind, "Properties": properties}
    return body | ({"DependsOn": list(after)} if after else {})


def ref(name: str) -> Body:
    """What refers to a resource of the same stack."""
    return {"Ref": name}


def group(port: int = 1, **more: Any) -> Body:
    """A target group. Another port makes another one."""
    return resource(GROUP, Port=port, **more)


def rule(
    number: int,
    *hosts: str,
    to: Any = "G",
    on: str = "A",
    after: Sequence[str] = (),
) -> Body:
    """A rule on the listener of the load balancer A or B, to a target group of its stack."""
    return resource(
        RULE,
        after,
        ListenerArn={"Fn::ImportValue": f"main:{on}443"},
        Priority=number,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": list(hosts)}}],
        Actions=[{"Type": "forward", "TargetGroupArn": ref(to) if isinstance(to, str) else to}],
    )


def certificate(*names: str) -> Body:
    """A certificate."""
    return resource(CERTIFICATE, DomainName=names[0], SubjectAlternativeNames=list(names[1:]))


def attachment(arn: Any, on: str = "A") -> Body:
    """A certificate on the listener of A or B."""
    listener = {"Fn::ImportValue": f"main:{on}443"}
    return resource(ATTACHMENT, ListenerArn=listener, Certificates=[{"CertificateArn": arn}])


def service(to: str, after: Sequence[str] = ()) -> Body:
    """An ECS service whose tasks are registered in a target group."""
    return resource(SERVICE, after, LoadBalancers=[{"TargetGroupArn": ref(to)}])


def rack(scheme: str = "internal", name: str | None = None, without: str = "") -> Body:
    """The load balancers A and B, a listener on each, and exports of both."""
    resources, outputs = {}, {}
    for balancer in "AB":
        named = {"Name": f"{name}-{balancer}"} if name else {}
        listener = f"{balancer}443"
        resources[balancer] = resource(BALANCER, Scheme=scheme, **named)
        resources[listener] = resource(LISTENER, LoadBalancerArn=ref(balancer), Port=443)
        if listener != without:
            outputs[listener] = {
                "Value": ref(listener),
                "Export": {"Name": f"main:{listener}"},
            }
    return {"Resources": resources, "Outputs": outputs}


def app(resources: Resources) -> Body:
    """A template with these resources."""
    return {"Resources": dict(resources)}


def drawn(stacks: Sequence[tuple[str, Body]]) -> Output:
    """An output that deploys these stacks in this order."""
    deployed, texts = [], {}
    for at, (name, body) in enumerate(stacks):
        file = f"{at}/{name}.yaml"
        texts[file] = json.dumps(body)
        row = Row(name, "main", None if name == "main" else name, None, file, "none", ())
        deployed.append(Stack(row, Template(body), {}, 0))
    return Output(Path(), tuple(s.row for s in deployed), (), texts, tuple(deployed))


def project(rules: int = 100, certificates: int = 25) -> Project:
    """A fleet with a rack that has such quotas."""
    kind = RackKind("main", rules=rules, certificates_quota=certificates)
    return Project(Path(), {"main": kind}, {}, "")


def last(*outputs: Sequence[tuple[str, Body]]) -> Deployment:
    """Deploy outputs one after another; the last deployment."""
    world, deployment = World(), Deployment(World(), [])
    for stacks in outputs:
        deployment = deploy(world, drawn(stacks), frozenset())
        world = deployment.end
    return deployment


def found(deployment: Deployment, **quotas: int) -> list[Violation]:
    """What is wrong with a deployment."""
    return deployment.violations(project(**quotas), LISTED)


def changed(before: Resources, after: Resources) -> Deployment:
    """The change of one app's stack, on a rack that stays."""
    main = ("main", rack())
    return last([main, ("main-a", app(before))], [main, ("main-a", app(after))])
