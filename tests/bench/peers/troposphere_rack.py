"""The template of a rack, in objects of troposphere."""

from __future__ import annotations

from typing import Any

from troposphere import (
    Export,
    GetAtt,
    GetAZs,
    Output,
    Parameter,
    Ref,
    Select,
    Sub,
    Tags,
    Template,
    ec2,
    ecs,
    route53,
    s3,
)
from troposphere import elasticloadbalancing as classic
from troposphere import elasticloadbalancingv2 as elb

from bench.peers.plain_rack import ANYWHERE, ATTRIBUTES, NETWORK, ROUTERS, ZONES


def rack_template(rack: str) -> Template:
    """Network, logs, routers, balancer, zone and cluster of one rack."""
    template = Template(Description=f"Rack {rack}")
    template.set_version("2010-09-09")
    certificate = template.add_parameter(Parameter("Certificate", Type="String"))
    tags = Tags(Name=rack, Rack=rack)
    _network(template, tags)
    _logs(template, rack, tags)
    for router, scheme in ROUTERS.items():
        _router(template, router, scheme, rack, tags, certificate)
    _balancer(template, rack, tags)
    template.add_resource(
        route53.HostedZone(
            "HostedZone",
            Name=f"{rack}.convox",
            VPCs=[route53.HostedZoneVPCs(VPCId=Ref("Vpc"), VPCRegion=Ref("AWS::Region"))],
        )
    )
    insights = ecs.ClusterSetting(Name="containerInsights", Value="enabled")
    template.add_resource(ecs.Cluster("Cluster", ClusterSettings=[insights], Tags=tags))
    template.add_resource(
        ecs.ClusterCapacityProviderAssociations(
            "ClusterProviders",
            Cluster=Ref("Cluster"),
            CapacityProviders=["FARGATE", "FARGATE_SPOT"],
            DefaultCapacityProviderStrategy=[
                ecs.CapacityProviderStrategy(CapacityProvider="FARGATE", Weight=1)
            ],
        )
    )
    for name, value in _exports(rack).items():
        template.add_output(Output(name, Value=value, Export=Export(f"{rack}:{name}")))
    return template


def _network(template: Template, tags: Tags) -> None:
    template.add_resource(
        ec2.VPC(
            "Vpc",
            CidrBlock=NETWORK,
            EnableDnsHostnames=True,
            EnableDnsSupport=True,
            Tags=tags,
        )
    )
    template.add_resource(ec2.InternetGateway("Gateway", Tags=tags))
    template.add_resource(
        ec2.VPCGatewayAttachment(
            "GatewayAttachment", VpcId=Ref("Vpc"), InternetGatewayId=Ref("Gateway")
        )
    )
    template.add_resource(ec2.RouteTable("Routes", VpcId=Ref("Vpc"), Tags=tags))
    template.add_resource(
        ec2.Route(
            "RouteDefault",
            DependsOn=["GatewayAttachment"],
            RouteTableId=Ref("Routes"),
            DestinationCidrBlock=ANYWHERE,
            GatewayId=Ref("Gateway"),
        )
    )
    for zone in ZONES:
        _subnet(template, f"Subnet{zone}", zone, zone + 1, "Routes", tags)
        table = f"RouteTablePrivate{zone}"
        template.add_resource(ec2.RouteTable(table, VpcId=Ref("Vpc"), Tags=tags))
        _subnet(template, f"SubnetPrivate{zone}", zone, zone + 4, table, tags)


def _subnet(template: Template, name: str, zone: int, block: int, table: str, tags: Tags) -> None:
    template.add_resource(
        ec2.Subnet(
            name,
            VpcId=Ref("Vpc"),
            AvailabilityZone=Select(zone, GetAZs("")),
            CidrBlock=f"10.0.{block}.0/24",
            Tags=tags,
        )
    )
    template.add_resource(
        ec2.SubnetRouteTableAssociation(
            f"{name}Routes", SubnetId=Ref(name), RouteTableId=Ref(table)
        )
    )


def _logs(template: Template, rack: str, tags: Tags) -> None:
    encryption = s3.ServerSideEncryptionRule(
        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
    )
    template.add_resource(
        s3.Bucket(
            "Logs",
            BucketEncryption=s3.BucketEncryption(ServerSideEncryptionConfiguration=[encryption]),
            LifecycleConfiguration=s3.LifecycleConfiguration(
                Rules=[s3.LifecycleRule(Id="expire", Status="Enabled", ExpirationInDays=7)]
            ),
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True,
                BlockPublicPolicy=True,
                IgnorePublicAcls=True,
                RestrictPublicBuckets=True,
            ),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
            Tags=tags,
        )
    )
    write = {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": Sub("${Logs.Arn}/convox/logs/" + rack + "/*"),
    }
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [GetAtt("Logs", "Arn"), Sub("${Logs.Arn}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    template.add_resource(
        s3.BucketPolicy(
            "LogsPolicy",
            Bucket=Ref("Logs"),
            PolicyDocument={"Version": "2012-10-17", "Statement": [write, tls]},
        )
    )


def _router(
    template: Template, router: str, scheme: str, rack: str, tags: Tags, certificate: Parameter
) -> None:
    source = ANYWHERE if scheme == "internet-facing" else NETWORK
    given: dict[str, Any] = ATTRIBUTES | {
        "access_logs.s3.bucket": Ref("Logs"),
        "access_logs.s3.prefix": f"convox/logs/{rack}/{router}",
    }
    template.add_resource(
        elb.LoadBalancer(
            router,
            DependsOn=["LogsPolicy", "GatewayAttachment"],
            Type="application",
            Scheme=scheme,
            Subnets=[Ref(f"Subnet{zone}") for zone in ZONES],
            SecurityGroups=[GetAtt(f"{router}Security", "GroupId")],
            LoadBalancerAttributes=[
                elb.LoadBalancerAttributes(Key=key, Value=value) for key, value in given.items()
            ],
            Tags=tags,
        )
    )
    redirect = elb.RedirectConfig(Protocol="HTTPS", Port="443", StatusCode="HTTP_301")
    template.add_resource(
        elb.Listener(
            f"{router}Listener80",
            LoadBalancerArn=Ref(router),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[elb.Action(Type="redirect", RedirectConfig=redirect)],
        )
    )
    answer = elb.FixedResponseConfig(
        StatusCode="404", ContentType="text/plain", MessageBody="unknown host"
    )
    template.add_resource(
        elb.Listener(
            f"{router}Listener443",
            LoadBalancerArn=Ref(router),
            Port=443,
            Protocol="HTTPS",
            SslPolicy="ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
            Certificates=[elb.Certificate(CertificateArn=Ref(certificate))],
            DefaultActions=[elb.Action(Type="fixed-response", FixedResponseConfig=answer)],
        )
    )
    _security(template, f"{router}Security", f"{rack} {router}", source, [80, 443], tags)


def _security(
    template: Template, name: str, about: str, source: str, ports: list[int], tags: Tags
) -> None:
    template.add_resource(
        ec2.SecurityGroup(
            name,
            GroupDescription=about,
            VpcId=Ref("Vpc"),
            SecurityGroupIngress=[
                ec2.SecurityGroupRule(IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=source)
                for port in ports
            ],
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(IpProtocol="tcp", FromPort=0, ToPort=65535, CidrIp=NETWORK)
            ],
            Tags=tags,
        )
    )


def _balancer(template: Template, rack: str, tags: Tags) -> None:
    template.add_resource(
        classic.LoadBalancer(
            "Balancer",
            DependsOn=["GatewayAttachment"],
            LoadBalancerName=rack,
            Scheme="internet-facing",
            Subnets=[Ref(f"Subnet{zone}") for zone in ZONES],
            SecurityGroups=[GetAtt("BalancerSecurity", "GroupId")],
            CrossZone=True,
            Listeners=[
                classic.Listener(
                    LoadBalancerPort="443",
                    Protocol="TCP",
                    InstancePort="3000",
                    InstanceProtocol="TCP",
                )
            ],
            HealthCheck=classic.HealthCheck(
                Target="HTTPS:3000/check",
                Interval="5",
                Timeout="3",
                HealthyThreshold="2",
                UnhealthyThreshold="2",
            ),
            ConnectionDrainingPolicy=classic.ConnectionDrainingPolicy(Enabled=True, Timeout=60),
            ConnectionSettings=classic.ConnectionSettings(IdleTimeout=3600),
            Tags=tags,
        )
    )
    _security(template, "BalancerSecurity", f"{rack} balancer", ANYWHERE, [443], tags)


def _exports(rack: str) -> dict[str, Any]:
    exports: dict[str, Any] = {"Vpc": Ref("Vpc"), "VpcCidr": NETWORK}
    for router, below in (("Router", rack), ("RouterInternal", f"internal.{rack}")):
        exports[router.replace("Router", "Domain")] = GetAtt(router, "DNSName")
        exports[f"{router}Host"] = f"{below}.example.test"
        exports[f"{router}Name"] = GetAtt(router, "LoadBalancerFullName")
        exports[f"{router}Certificate"] = Ref("Certificate")
        exports[f"{router}SecurityGroup"] = GetAtt(f"{router}Security", "GroupId")
        for port in (80, 443):
            exports[f"{router}Listener{port}"] = Ref(f"{router}Listener{port}")
    exports |= {"Balancer": Ref("Balancer"), "BalancerHost": GetAtt("Balancer", "DNSName")}
    exports |= {"HostedZone": Ref("HostedZone"), "Cluster": Ref("Cluster")}
    for zone in ZONES:
        exports[f"Subnet{zone}"] = Ref(f"Subnet{zone}")
        exports[f"SubnetPrivate{zone}"] = Ref(f"SubnetPrivate{zone}")
    return exports
