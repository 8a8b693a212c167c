"""The template of an app, in objects of troposphere."""

from __future__ import annotations

from typing import Any

from troposphere import (
    Equals,
    GetAtt,
    If,
    ImportValue,
    Join,
    NoValue,
    Parameter,
    Ref,
    Sub,
    Tags,
    Template,
    certificatemanager,
    ec2,
    ecs,
    iam,
    logs,
    route53,
)
from troposphere import applicationautoscaling as scaling
from troposphere import elasticloadbalancingv2 as elb

from bench.peers.plain_app import FIRST, METRICS, REPOSITORIES, SECRETS
from bench.peers.plain_rack import ZONES


class App:
    """One app, and the template that its services are put into."""

    def __init__(self, app: dict[str, Any]) -> None:
        self.app = app
        self.name, self.rack = app["app"], app["rack"]
        self.template = Template(Description=f"App {self.name} on the rack {self.rack}")
        self.template.set_version("2010-09-09")
        first = Parameter("FirstDeploy", Type="String", Default="No", AllowedValues=["Yes", "No"])
        self.template.add_parameter(first)
        self.template.add_condition(FIRST, Equals(Ref(first), "Yes"))

    def imported(self, name: str) -> ImportValue:
        """What the rack exports under a name."""
        return ImportValue(f"{self.rack}:{name}")

    def tags(self, service: str | None = None) -> Tags:
        """The tags of a resource."""
        own = {"Service": service} if service else {}
        return Tags(App=self.name, Rack=self.rack, **own)


def app_template(app: dict[str, Any]) -> Template:
    """Certificates and services of one app."""
    made = App(app)
    _certificates(made)
    _role(made)
    for service in app["services"]:
        if not service["image"]:
            made.template.add_parameter(Parameter(f"{_title(service)}Image", Type="String"))
        if service["port"]:
            _routing(made, service)
        _tasks(made, service)
        _service(made, service)
        _scaling(made, service)
    return made.template


def _title(service: dict[str, Any]) -> str:
    return service["name"].title()


def _router(service: dict[str, Any]) -> str:
    return "RouterInternal" if service["internal"] else "Router"


def _certificates(app: App) -> None:
    for number, names in enumerate(app.app["certificates"], 1):
        certificate = app.template.add_resource(
            certificatemanager.Certificate(
                f"Certificate{number}",
                DomainName=names[0],
                SubjectAlternativeNames=names[1:],
                ValidationMethod="DNS",
            )
        )
        app.template.add_resource(
            elb.ListenerCertificate(
                f"Certificate{number}Listener",
                ListenerArn=app.imported("RouterListener443"),
                Certificates=[elb.Certificate(CertificateArn=Ref(certificate))],
            )
        )


def _role(app: App) -> None:
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    allowed: list[tuple[Any, Any]] = [
        ("ecr:GetAuthorizationToken", "*"),
        (pull, Sub(REPOSITORIES)),
        (["logs:CreateLogStream", "logs:PutLogEvents"], GetAtt("Logs", "Arn")),
    ]
    if any(service["secrets"] for service in app.app["services"]):
        allowed.append(("ssm:GetParameters", Sub(f"{SECRETS}/{app.rack}/{app.name}/*")))
    statements = [{"Effect": "Allow", "Action": action, "Resource": on} for action, on in allowed]
    assume = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}},
    }
    policy = {"Version": "2012-10-17", "Statement": statements}
    app.template.add_resource(
        iam.Role(
            "ExecutionRole",
            AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [assume]},
            Policies=[iam.Policy(PolicyName="start-tasks", PolicyDocument=policy)],
            Tags=app.tags(),
        )
    )
    app.template.add_resource(logs.LogGroup("Logs", RetentionInDays=7, Tags=app.tags()))


def _routing(app: App, service: dict[str, Any]) -> None:
    title, router, health = _title(service), _router(service), service["health"]
    attributes = {
        "deregistration_delay.timeout_seconds": str(service["drain"]),
        "load_balancing.algorithm.type": "round_robin",
        "slow_start.duration_seconds": "0",
        "stickiness.enabled": str(service["sticky"]).lower(),
        "stickiness.lb_cookie.duration_seconds": "86400",
        "stickiness.type": "lb_cookie",
    }
    group = app.template.add_resource(
        elb.TargetGroup(
            f"{title}TargetGroup",
            VpcId=app.imported("Vpc"),
            TargetType="ip",
            Port=service["port"],
            Protocol=service["scheme"].upper(),
            ProtocolVersion="HTTP1",
            HealthCheckEnabled=True,
            HealthCheckProtocol=service["scheme"].upper(),
            HealthCheckPort="traffic-port",
            HealthCheckPath=health["path"],
            HealthCheckIntervalSeconds=health["interval"],
            HealthCheckTimeoutSeconds=health["timeout"],
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
            Matcher=elb.Matcher(HttpCode="200-399,401"),
            TargetGroupAttributes=[
                elb.TargetGroupAttribute(Key=key, Value=value) for key, value in attributes.items()
            ],
            Tags=app.tags(service["name"]),
        )
    )
    for number, rule in enumerate(service["rules"], 1):
        hosts = elb.HostHeaderConfig(Values=rule["hosts"])
        app.template.add_resource(
            elb.ListenerRule(
                f"{title}Rule{number}",
                ListenerArn=app.imported(f"{router}Listener443"),
                Priority=rule["priority"],
                Conditions=[elb.Condition(Field="host-header", HostHeaderConfig=hosts)],
                Actions=[elb.ListenerRuleAction(Type="forward", TargetGroupArn=Ref(group))],
            )
        )
    app.template.add_resource(
        route53.RecordSetType(
            f"{title}Record",
            HostedZoneId=app.imported("HostedZone"),
            Name=f"{service['name']}.{app.name}.{app.rack}.convox",
            Type="CNAME",
            TTL="3600",
            ResourceRecords=[app.imported(router.replace("Router", "Domain"))],
        )
    )


def _tasks(app: App, service: dict[str, Any]) -> None:
    title, scale = _title(service), service["scale"]
    allowed = {}
    if service["port"]:
        rule = ec2.SecurityGroupRule(
            IpProtocol="tcp",
            FromPort=0,
            ToPort=65535,
            SourceSecurityGroupId=app.imported(f"{_router(service)}SecurityGroup"),
        )
        allowed = {"SecurityGroupIngress": [rule]}
    app.template.add_resource(
        ec2.SecurityGroup(
            f"{title}Security",
            GroupDescription=f"{app.rack}-{app.name} {service['name']}",
            VpcId=app.imported("Vpc"),
            Tags=app.tags(service["name"]),
            **allowed,
        )
    )
    app.template.add_resource(
        ecs.TaskDefinition(
            f"{title}TaskDefinition",
            Family=f"{app.rack}-{app.name}-{service['name']}",
            RequiresCompatibilities=["FARGATE"],
            NetworkMode="awsvpc",
            Cpu=str(scale["cpu"]),
            Memory=str(scale["memory"]),
            ExecutionRoleArn=GetAtt("ExecutionRole", "Arn"),
            ContainerDefinitions=[_container(app, service)],
            Tags=app.tags(service["name"]),
        )
    )


def _container(app: App, service: dict[str, Any]) -> ecs.ContainerDefinition:
    given: dict[str, Any] = {"APP": app.name, "AWS_REGION": Ref("AWS::Region")}
    given |= {"RACK": app.rack, "SERVICE": service["name"]} | service["environment"]
    more: dict[str, Any] = {}
    if service["command"]:
        more["Command"] = ["sh", "-c", service["command"]]
    if service["secrets"]:
        folder = f"{SECRETS}/{app.rack}/{app.name}"
        more["Secrets"] = [
            ecs.Secret(Name=name, ValueFrom=Sub(f"{folder}/{name}")) for name in service["secrets"]
        ]
    if service["port"]:
        more["PortMappings"] = [ecs.PortMapping(ContainerPort=service["port"], Protocol="tcp")]
    return ecs.ContainerDefinition(
        Name=service["name"],
        Image=service["image"] or Ref(f"{_title(service)}Image"),
        Essential=True,
        Environment=[ecs.Environment(Name=name, Value=value) for name, value in given.items()],
        StopTimeout=30,
        Ulimits=[ecs.Ulimit(Name="nofile", SoftLimit=1024000, HardLimit=1024000)],
        LogConfiguration=ecs.LogConfiguration(
            LogDriver="awslogs",
            Options={
                "awslogs-group": Ref("Logs"),
                "awslogs-region": Ref("AWS::Region"),
                "awslogs-stream-prefix": service["name"],
            },
        ),
        **more,
    )


def _service(app: App, service: dict[str, Any]) -> None:
    title = _title(service)
    more: dict[str, Any] = {}
    if service["port"]:
        more["DependsOn"] = [f"{title}Rule{at}" for at in range(1, len(service["rules"]) + 1)]
        more["HealthCheckGracePeriodSeconds"] = service["health"]["grace"]
        more["LoadBalancers"] = [
            ecs.LoadBalancer(
                ContainerName=service["name"],
                ContainerPort=service["port"],
                TargetGroupArn=Ref(f"{title}TargetGroup"),
            )
        ]
    network = ecs.AwsvpcConfiguration(
        AssignPublicIp="ENABLED",
        SecurityGroups=[GetAtt(f"{title}Security", "GroupId")],
        Subnets=[app.imported(f"Subnet{zone}") for zone in ZONES],
    )
    app.template.add_resource(
        ecs.Service(
            f"{title}Service",
            Cluster=app.imported("Cluster"),
            TaskDefinition=Ref(f"{title}TaskDefinition"),
            CapacityProviderStrategy=[
                ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE", Weight=1)
            ],
            SchedulingStrategy="REPLICA",
            DesiredCount=If(FIRST, 0, NoValue),
            DeploymentConfiguration=ecs.DeploymentConfiguration(
                MinimumHealthyPercent=50,
                MaximumPercent=200,
                DeploymentCircuitBreaker=ecs.DeploymentCircuitBreaker(Enable=True, Rollback=True),
            ),
            AvailabilityZoneRebalancing="ENABLED",
            NetworkConfiguration=ecs.NetworkConfiguration(AwsvpcConfiguration=network),
            Tags=app.tags(service["name"]),
            **more,
        )
    )


def _scaling(app: App, service: dict[str, Any]) -> None:
    title, scale = _title(service), service["scale"]
    path = ["service", app.imported("Cluster"), GetAtt(f"{title}Service", "Name")]
    target = app.template.add_resource(
        scaling.ScalableTarget(
            f"{title}Scaling",
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=Join("/", path),
            MinCapacity=If(FIRST, 0, scale["min"]),
            MaxCapacity=scale["max"],
        )
    )
    for goal, value in scale["targets"].items():
        app.template.add_resource(
            scaling.ScalingPolicy(
                f"{title}Scaling{goal.title()}",
                PolicyName=f"{title}Scaling{goal.title()}",
                PolicyType="TargetTrackingScaling",
                ScalingTargetId=Ref(target),
                TargetTrackingScalingPolicyConfiguration=(
                    scaling.TargetTrackingScalingPolicyConfiguration(
                        TargetValue=value,
                        ScaleInCooldown=60,
                        ScaleOutCooldown=60,
                        PredefinedMetricSpecification=_metric(app, service, goal),
                    )
                ),
            )
        )


def _metric(app: App, service: dict[str, Any], goal: str) -> scaling.PredefinedMetricSpecification:
    if goal in METRICS:
        return scaling.PredefinedMetricSpecification(PredefinedMetricType=METRICS[goal])
    group = GetAtt(f"{_title(service)}TargetGroup", "TargetGroupFullName")
    return scaling.PredefinedMetricSpecification(
        PredefinedMetricType="ALBRequestCountPerTarget",
        ResourceLabel=Join("/", [app.imported(f"{_router(service)}Name"), group]),
    )
