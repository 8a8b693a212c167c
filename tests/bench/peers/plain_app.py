"""The template of an app, as a dictionary."""

from __future__ import annotations

from typing import Any

from bench.peers.plain_rack import ZONES, attribute, ref, resource

METRICS = {"cpu": "ECSServiceAverageCPUUtilization", "memory": "ECSServiceAverageMemoryUtilization"}
FIRST = "IsFirstDeploy"
REPOSITORIES = "arn:${AWS::Partition}:ecr:*:*:repository/*"
SECRETS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"


def app_template(app: dict[str, Any]) -> dict[str, Any]:
    """Certificates and services of one app."""
    rack, name = app["rack"], app["app"]
    parameters = {
        f"{_title(service)}Image": {"Type": "String"}
        for service in app["services"]
        if not service["image"]
    }
    tags = [{"Key": "App", "Value": name}, {"Key": "Rack", "Value": rack}]
    resources = _certificates(app) | _role(app, tags)
    for service in app["services"]:
        own = [*tags, {"Key": "Service", "Value": service["name"]}]
        if service["port"]:
            resources |= _routing(app, service, own)
        resources |= _tasks(app, service, own)
        resources |= _scaling(app, service)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"App {name} on the rack {rack}",
        "Parameters": parameters
        | {"FirstDeploy": {"Type": "String", "Default": "No", "AllowedValues": ["Yes", "No"]}},
        "Conditions": {FIRST: {"Fn::Equals": [ref("FirstDeploy"), "Yes"]}},
        "Resources": resources,
    }


def _title(service: dict[str, Any]) -> str:
    return service["name"].title()


def _import(app: dict[str, Any], name: str) -> dict[str, Any]:
    return {"Fn::ImportValue": f"{app['rack']}:{name}"}


def _router(service: dict[str, Any]) -> str:
    return "RouterInternal" if service["internal"] else "Router"


def _certificates(app: dict[str, Any]) -> dict[str, Any]:
    made = {}
    for number, names in enumerate(app["certificates"], 1):
        certificate = f"Certificate{number}"
        made[certificate] = resource(
            "CertificateManager::Certificate",
            DomainName=names[0],
            SubjectAlternativeNames=names[1:],
            ValidationMethod="DNS",
        )
        made[f"{certificate}Listener"] = resource(
            "ElasticLoadBalancingV2::ListenerCertificate",
            ListenerArn=_import(app, "RouterListener443"),
            Certificates=[{"CertificateArn": ref(certificate)}],
        )
    return made


def _role(app: dict[str, Any], tags: list[dict[str, str]]) -> dict[str, Any]:
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    allowed = [
        ("ecr:GetAuthorizationToken", "*"),
        (pull, {"Fn::Sub": REPOSITORIES}),
        (["logs:CreateLogStream", "logs:PutLogEvents"], attribute("Logs", "Arn")),
    ]
    if any(service["secrets"] for service in app["services"]):
        allowed.append(
            ("ssm:GetParameters", {"Fn::Sub": f"{SECRETS}/{app['rack']}/{app['app']}/*"})
        )
    statements = [{"Effect": "Allow", "Action": action, "Resource": on} for action, on in allowed]
    assume = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}},
    }
    policy = {"Version": "2012-10-17", "Statement": statements}
    return {
        "ExecutionRole": resource(
            "IAM::Role",
            AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [assume]},
            Policies=[{"PolicyName": "start-tasks", "PolicyDocument": policy}],
            Tags=tags,
        ),
        "Logs": resource("Logs::LogGroup", RetentionInDays=7, Tags=tags),
    }


def _routing(
    app: dict[str, Any], service: dict[str, Any], tags: list[dict[str, str]]
) -> dict[str, Any]:
    title, router, health = _title(service), _router(service), service["health"]
    attributes = {
        "deregistration_delay.timeout_seconds": str(service["drain"]),
        "load_balancing.algorithm.type": "round_robin",
        "slow_start.duration_seconds": "0",
        "stickiness.enabled": str(service["sticky"]).lower(),
        "stickiness.lb_cookie.duration_seconds": "86400",
        "stickiness.type": "lb_cookie",
    }
    made = {
        f"{title}TargetGroup": resource(
            "ElasticLoadBalancingV2::TargetGroup",
            VpcId=_import(app, "Vpc"),
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
            Matcher={"HttpCode": "200-399,401"},
            TargetGroupAttributes=[
                {"Key": key, "Value": value} for key, value in attributes.items()
            ],
            Tags=tags,
        )
    }
    for number, rule in enumerate(service["rules"], 1):
        made[f"{title}Rule{number}"] = resource(
            "ElasticLoadBalancingV2::ListenerRule",
            ListenerArn=_import(app, f"{router}Listener443"),
            Priority=rule["priority"],
            Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": rule["hosts"]}}],
            Actions=[{"Type": "forward", "TargetGroupArn": ref(f"{title}TargetGroup")}],
        )
    made[f"{title}Record"] = resource(
        "Route53::RecordSet",
        HostedZoneId=_import(app, "HostedZone"),
        Name=f"{service['name']}.{app['app']}.{app['rack']}.convox",
        Type="CNAME",
        TTL="3600",
        ResourceRecords=[_import(app, router.replace("Router", "Domain"))],
    )
    return made


def _tasks(
    app: dict[str, Any], service: dict[str, Any], tags: list[dict[str, str]]
) -> dict[str, Any]:
    title, scale, port = _title(service), service["scale"], service["port"]
    security = {"GroupDescription": f"{app['rack']}-{app['app']} {service['name']}"}
    if port:
        source = _import(app, f"{_router(service)}SecurityGroup")
        ingress = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535}
        security["SecurityGroupIngress"] = [ingress | {"SourceSecurityGroupId": source}]
    return {
        f"{title}Security": resource(
            "EC2::SecurityGroup", VpcId=_import(app, "Vpc"), Tags=tags, **security
        ),
        f"{title}TaskDefinition": resource(
            "ECS::TaskDefinition",
            Family=f"{app['rack']}-{app['app']}-{service['name']}",
            RequiresCompatibilities=["FARGATE"],
            NetworkMode="awsvpc",
            Cpu=str(scale["cpu"]),
            Memory=str(scale["memory"]),
            ExecutionRoleArn=attribute("ExecutionRole", "Arn"),
            ContainerDefinitions=[_container(app, service)],
            Tags=tags,
        ),
        f"{title}Service": _service(app, service, tags),
    }


def _container(app: dict[str, Any], service: dict[str, Any]) -> dict[str, Any]:
    given = {"APP": app["app"], "AWS_REGION": ref("AWS::Region")}
    given |= {"RACK": app["rack"], "SERVICE": service["name"]} | service["environment"]
    folder = f"{SECRETS}/{app['rack']}/{app['app']}"
    made = {
        "Name": service["name"],
        "Image": service["image"] or ref(f"{_title(service)}Image"),
        "Essential": True,
        "Environment": [{"Name": name, "Value": value} for name, value in given.items()],
        "StopTimeout": 30,
        "Ulimits": [{"Name": "nofile", "SoftLimit": 1024000, "HardLimit": 1024000}],
        "LogConfiguration": {
            "LogDriver": "awslogs",
            "Options": {
                "awslogs-group": ref("Logs"),
                "awslogs-region": ref("AWS::Region"),
                "awslogs-stream-prefix": service["name"],
            },
        },
    }
    if service["command"]:
        made["Command"] = ["sh", "-c", service["command"]]
    if service["secrets"]:
        made["Secrets"] = [
            {"Name": name, "ValueFrom": {"Fn::Sub": f"{folder}/{name}"}}
            for name in service["secrets"]
        ]
    if service["port"]:
        made["PortMappings"] = [{"ContainerPort": service["port"], "Protocol": "tcp"}]
    return made


def _service(
    app: dict[str, Any], service: dict[str, Any], tags: list[dict[str, str]]
) -> dict[str, Any]:
    title = _title(service)
    network = {
        "AssignPublicIp": "ENABLED",
        "SecurityGroups": [attribute(f"{title}Security", "GroupId")],
        "Subnets": [_import(app, f"Subnet{zone}") for zone in ZONES],
    }
    made = resource(
        "ECS::Service",
        Cluster=_import(app, "Cluster"),
        TaskDefinition=ref(f"{title}TaskDefinition"),
        CapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 1}],
        SchedulingStrategy="REPLICA",
        DesiredCount={"Fn::If": [FIRST, 0, ref("AWS::NoValue")]},
        DeploymentConfiguration={
            "MinimumHealthyPercent": 50,
            "MaximumPercent": 200,
            "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
        },
        AvailabilityZoneRebalancing="ENABLED",
        NetworkConfiguration={"AwsvpcConfiguration": network},
        Tags=tags,
    )
    if service["port"]:
        made["DependsOn"] = [f"{title}Rule{at}" for at in range(1, len(service["rules"]) + 1)]
        made["Properties"]["HealthCheckGracePeriodSeconds"] = service["health"]["grace"]
        made["Properties"]["LoadBalancers"] = [
            {
                "ContainerName": service["name"],
                "ContainerPort": service["port"],
                "TargetGroupArn": ref(f"{title}TargetGroup"),
            }
        ]
    return made


def _scaling(app: dict[str, Any], service: dict[str, Any]) -> dict[str, Any]:
    title, scale = _title(service), service["scale"]
    path = ["service", _import(app, "Cluster"), attribute(f"{title}Service", "Name")]
    made = {
        f"{title}Scaling": resource(
            "ApplicationAutoScaling::ScalableTarget",
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId={"Fn::Join": ["/", path]},
            MinCapacity={"Fn::If": [FIRST, 0, scale["min"]]},
            MaxCapacity=scale["max"],
        )
    }
    for goal, value in scale["targets"].items():
        made[f"{title}Scaling{goal.title()}"] = resource(
            "ApplicationAutoScaling::ScalingPolicy",
            PolicyName=f"{title}Scaling{goal.title()}",
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=ref(f"{title}Scaling"),
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": str(value),
                "ScaleInCooldown": 60,
                "ScaleOutCooldown": 60,
                "PredefinedMetricSpecification": _metric(app, service, goal),
            },
        )
    return made


def _metric(app: dict[str, Any], service: dict[str, Any], goal: str) -> dict[str, Any]:
    if goal in METRICS:
        return {"PredefinedMetricType": METRICS[goal]}
    group = attribute(f"{_title(service)}TargetGroup", "TargetGroupFullName")
    label = {"Fn::Join": ["/", [_import(app, f"{_router(service)}Name"), group]]}
    return {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
