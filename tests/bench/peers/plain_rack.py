"""The template of a rack, as a dictionary."""

from __future__ import annotations

from typing import Any

ZONES = range(3)
ANYWHERE = "0.0.0.0/0"
NETWORK = "10.0.0.0/16"
ROUTERS = {"Router": "internet-facing", "RouterInternal": "internal"}
LISTENERS = {80: "HTTP", 443: "HTTPS"}
ATTRIBUTES = {
    "access_logs.s3.enabled": "true",
    "client_keep_alive.seconds": "3600",
    "deletion_protection.enabled": "false",
    "idle_timeout.timeout_seconds": "3600",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "true",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
}


def ref(name: str) -> dict[str, Any]:
    """What `Ref` gives."""
    return {"Ref": name}


def attribute(name: str, of: str) -> dict[str, Any]:
    """What `Fn::GetAtt` gives."""
    return {"Fn::GetAtt": [name, of]}


def resource(kind: str, needs: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    """A resource of AWS."""
    made = {"Type": f"AWS::{kind}", "Properties": properties}
    return made | ({"DependsOn": needs} if needs else {})


def rack_template(rack: str) -> dict[str, Any]:
    """Network, logs, routers, balancer, zone and cluster of one rack."""
    tags = [{"Key": "Name", "Value": rack}, {"Key": "Rack", "Value": rack}]
    resources = _network(tags) | _logs(rack, tags)
    for router, scheme in ROUTERS.items():
        resources |= _router(router, scheme, rack, tags)
    resources |= _balancer(rack, tags)
    resources["HostedZone"] = resource(
        "Route53::HostedZone",
        Name=f"{rack}.convox",
        VPCs=[{"VPCId": ref("Vpc"), "VPCRegion": ref("AWS::Region")}],
    )
    resources["Cluster"] = resource(
        "ECS::Cluster",
        ClusterSettings=[{"Name": "containerInsights", "Value": "enabled"}],
        Tags=tags,
    )
    resources["ClusterProviders"] = resource(
        "ECS::ClusterCapacityProviderAssociations",
        Cluster=ref("Cluster"),
        CapacityProviders=["FARGATE", "FARGATE_SPOT"],
        DefaultCapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 1}],
    )
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Rack {rack}",
        "Parameters": {"Certificate": {"Type": "String"}},
        "Resources": resources,
        "Outputs": {
            name: {"Value": value, "Export": {"Name": f"{rack}:{name}"}}
            for name, value in _exports(rack).items()
        },
    }


def _network(tags: list[dict[str, str]]) -> dict[str, Any]:
    made = {
        "Vpc": resource(
            "EC2::VPC",
            CidrBlock=NETWORK,
            EnableDnsHostnames=True,
            EnableDnsSupport=True,
            Tags=tags,
        ),
        "Gateway": resource("EC2::InternetGateway", Tags=tags),
        "GatewayAttachment": resource(
            "EC2::VPCGatewayAttachment", VpcId=ref("Vpc"), InternetGatewayId=ref("Gateway")
        ),
        "Routes": resource("EC2::RouteTable", VpcId=ref("Vpc"), Tags=tags),
        "RouteDefault": resource(
            "EC2::Route",
            ["GatewayAttachment"],
            RouteTableId=ref("Routes"),
            DestinationCidrBlock=ANYWHERE,
            GatewayId=ref("Gateway"),
        ),
    }
    for zone in ZONES:
        made |= _subnet(f"Subnet{zone}", zone, zone + 1, "Routes", tags)
        table = f"RouteTablePrivate{zone}"
        made[table] = resource("EC2::RouteTable", VpcId=ref("Vpc"), Tags=tags)
        made |= _subnet(f"SubnetPrivate{zone}", zone, zone + 4, table, tags)
    return made


def _subnet(
    name: str, zone: int, block: int, table: str, tags: list[dict[str, str]]
) -> dict[str, Any]:
    return {
        name: resource(
            "EC2::Subnet",
            VpcId=ref("Vpc"),
            AvailabilityZone={"Fn::Select": [zone, {"Fn::GetAZs": ""}]},
            CidrBlock=f"10.0.{block}.0/24",
            Tags=tags,
        ),
        f"{name}Routes": resource(
            "EC2::SubnetRouteTableAssociation", SubnetId=ref(name), RouteTableId=ref(table)
        ),
    }


def _logs(rack: str, tags: list[dict[str, str]]) -> dict[str, Any]:
    write = {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": {"Fn::Sub": "${Logs.Arn}/convox/logs/" + rack + "/*"},
    }
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [attribute("Logs", "Arn"), {"Fn::Sub": "${Logs.Arn}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    algorithm = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    return {
        "Logs": resource(
            "S3::Bucket",
            BucketEncryption={"ServerSideEncryptionConfiguration": [algorithm]},
            LifecycleConfiguration={
                "Rules": [{"Id": "expire", "Status": "Enabled", "ExpirationInDays": 7}]
            },
            OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            VersioningConfiguration={"Status": "Enabled"},
            Tags=tags,
        ),
        "LogsPolicy": resource(
            "S3::BucketPolicy",
            Bucket=ref("Logs"),
            PolicyDocument={"Version": "2012-10-17", "Statement": [write, tls]},
        ),
    }


def _router(router: str, scheme: str, rack: str, tags: list[dict[str, str]]) -> dict[str, Any]:
    source = ANYWHERE if scheme == "internet-facing" else NETWORK
    attributes = [{"Key": key, "Value": value} for key, value in ATTRIBUTES.items()]
    attributes.append({"Key": "access_logs.s3.bucket", "Value": ref("Logs")})
    attributes.append({"Key": "access_logs.s3.prefix", "Value": f"convox/logs/{rack}/{router}"})
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    answer = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "unknown host"}
    return {
        router: resource(
            "ElasticLoadBalancingV2::LoadBalancer",
            ["LogsPolicy", "GatewayAttachment"],
            Type="application",
            Scheme=scheme,
            Subnets=[ref(f"Subnet{zone}") for zone in ZONES],
            SecurityGroups=[attribute(f"{router}Security", "GroupId")],
            LoadBalancerAttributes=attributes,
            Tags=tags,
        ),
        f"{router}Listener80": resource(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref(router),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}],
        ),
        f"{router}Listener443": resource(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref(router),
            Port=443,
            Protocol="HTTPS",
            SslPolicy="ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
            Certificates=[{"CertificateArn": ref("Certificate")}],
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": answer}],
        ),
        f"{router}Security": _security(f"{rack} {router}", source, list(LISTENERS), tags),
    }


def _security(
    about: str, source: str, ports: list[int], tags: list[dict[str, str]]
) -> dict[str, Any]:
    return resource(
        "EC2::SecurityGroup",
        GroupDescription=about,
        VpcId=ref("Vpc"),
        SecurityGroupIngress=[
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": source}
            for port in ports
        ],
        SecurityGroupEgress=[
            {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "CidrIp": NETWORK}
        ],
        Tags=tags,
    )


def _balancer(rack: str, tags: list[dict[str, str]]) -> dict[str, Any]:
    listener = {"LoadBalancerPort": "443", "Protocol": "TCP"}
    listener |= {"InstancePort": "3000", "InstanceProtocol": "TCP"}
    return {
        "Balancer": resource(
            "ElasticLoadBalancing::LoadBalancer",
            ["GatewayAttachment"],
            LoadBalancerName=rack,
            Scheme="internet-facing",
            Subnets=[ref(f"Subnet{zone}") for zone in ZONES],
            SecurityGroups=[attribute("BalancerSecurity", "GroupId")],
            CrossZone=True,
            Listeners=[listener],
            HealthCheck={
                "Target": "HTTPS:3000/check",
                "Interval": "5",
                "Timeout": "3",
                "HealthyThreshold": "2",
                "UnhealthyThreshold": "2",
            },
            ConnectionDrainingPolicy={"Enabled": True, "Timeout": 60},
            ConnectionSettings={"IdleTimeout": 3600},
            Tags=tags,
        ),
        "BalancerSecurity": _security(f"{rack} balancer", ANYWHERE, [443], tags),
    }


def _exports(rack: str) -> dict[str, Any]:
    exports: dict[str, Any] = {"Vpc": ref("Vpc"), "VpcCidr": NETWORK}
    for router, below in (("Router", rack), ("RouterInternal", f"internal.{rack}")):
        exports[router.replace("Router", "Domain")] = attribute(router, "DNSName")
        exports[f"{router}Host"] = f"{below}.example.test"
        exports[f"{router}Name"] = attribute(router, "LoadBalancerFullName")
        exports[f"{router}Certificate"] = ref("Certificate")
        exports[f"{router}SecurityGroup"] = attribute(f"{router}Security", "GroupId")
        exports |= {f"{router}Listener{port}": ref(f"{router}Listener{port}") for port in LISTENERS}
    exports |= {"Balancer": ref("Balancer"), "BalancerHost": attribute("Balancer", "DNSName")}
    exports |= {"HostedZone": ref("HostedZone"), "Cluster": ref("Cluster")}
    for zone in ZONES:
        exports[f"Subnet{zone}"] = ref(f"Subnet{zone}")
        exports[f"SubnetPrivate{zone}"] = ref(f"SubnetPrivate{zone}")
    return exports
