// The stack of a rack, in the constructs of the CDK that stand for one resource each.
"use strict";
const { Aws, CfnOutput, CfnParameter, Fn, Stack, Tags } = require("aws-cdk-lib");
const ec2 = require("aws-cdk-lib/aws-ec2");
const ecs = require("aws-cdk-lib/aws-ecs");
const classic = require("aws-cdk-lib/aws-elasticloadbalancing");
const elb = require("aws-cdk-lib/aws-elasticloadbalancingv2");
const route53 = require("aws-cdk-lib/aws-route53");
const s3 = require("aws-cdk-lib/aws-s3");

const ANYWHERE = "0.0.0.0/0";
const NETWORK = "10.0.0.0/16";
const ZONES = [0, 1, 2];
const ATTRIBUTES = {
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
};

class RackStack extends Stack {
  constructor(scope, rack, properties) {
    super(scope, rack, { ...properties, description: `Rack ${rack}` });
    Tags.of(this).add("Name", rack);
    Tags.of(this).add("Rack", rack);
    this.rack = rack;
    this.exports = {};
    this.network();
    this.logs();
    this.certificate = new CfnParameter(this, "Certificate").valueAsString;
    this.router("Router", "internet-facing", rack, "Domain");
    this.router("RouterInternal", "internal", `internal.${rack}`, "DomainInternal");
    this.balancer();
    const zone = new route53.CfnHostedZone(this, "HostedZone", {
      name: `${rack}.convox`,
      vpcs: [{ vpcId: this.vpc.ref, vpcRegion: Aws.REGION }],
    });
    const cluster = new ecs.CfnCluster(this, "Cluster", {
      clusterSettings: [{ name: "containerInsights", value: "enabled" }],
    });
    new ecs.CfnClusterCapacityProviderAssociations(this, "ClusterProviders", {
      cluster: cluster.ref,
      capacityProviders: ["FARGATE", "FARGATE_SPOT"],
      defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 1 }],
    });
    Object.assign(this.exports, { HostedZone: zone.ref, Cluster: cluster.ref });
    for (const [name, value] of Object.entries(this.exports)) {
      new CfnOutput(this, `${name}Output`, { value, exportName: `${rack}:${name}` });
    }
  }

  network() {
    this.vpc = new ec2.CfnVPC(this, "Vpc", {
      cidrBlock: NETWORK,
      enableDnsHostnames: true,
      enableDnsSupport: true,
    });
    const gateway = new ec2.CfnInternetGateway(this, "Gateway");
    this.attachment = new ec2.CfnVPCGatewayAttachment(this, "GatewayAttachment", {
      vpcId: this.vpc.ref,
      internetGatewayId: gateway.ref,
    });
    const routes = new ec2.CfnRouteTable(this, "Routes", { vpcId: this.vpc.ref });
    new ec2.CfnRoute(this, "RouteDefault", {
      routeTableId: routes.ref,
      destinationCidrBlock: ANYWHERE,
      gatewayId: gateway.ref,
    }).addResourceDependency(this.attachment);
    Object.assign(this.exports, { Vpc: this.vpc.ref, VpcCidr: NETWORK });
    this.subnets = ZONES.map((zone) => this.subnet(`Subnet${zone}`, zone, zone + 1, routes));
    for (const zone of ZONES) {
      const table = new ec2.CfnRouteTable(this, `RouteTablePrivate${zone}`, { vpcId: this.vpc.ref });
      this.subnet(`SubnetPrivate${zone}`, zone, zone + 4, table);
    }
  }

  subnet(name, zone, block, table) {
    const subnet = new ec2.CfnSubnet(this, name, {
      vpcId: this.vpc.ref,
      availabilityZone: Fn.select(zone, Fn.getAzs()),
      cidrBlock: `10.0.${block}.0/24`,
    });
    new ec2.CfnSubnetRouteTableAssociation(this, `${name}Routes`, {
      subnetId: subnet.ref,
      routeTableId: table.ref,
    });
    this.exports[name] = subnet.ref;
    return subnet.ref;
  }

  logs() {
    this.bucket = new s3.CfnBucket(this, "Logs", {
      bucketEncryption: {
        serverSideEncryptionConfiguration: [
          { serverSideEncryptionByDefault: { sseAlgorithm: "AES256" } },
        ],
      },
      lifecycleConfiguration: {
        rules: [{ id: "expire", status: "Enabled", expirationInDays: 7 }],
      },
      ownershipControls: { rules: [{ objectOwnership: "BucketOwnerEnforced" }] },
      publicAccessBlockConfiguration: {
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      versioningConfiguration: { status: "Enabled" },
    });
    const write = {
      Effect: "Allow",
      Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
      Action: "s3:PutObject",
      Resource: Fn.sub(`\${Logs.Arn}/convox/logs/${this.rack}/*`),
    };
    const tls = {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: [this.bucket.attrArn, Fn.sub("${Logs.Arn}/*")],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    };
    this.policy = new s3.CfnBucketPolicy(this, "LogsPolicy", {
      bucket: this.bucket.ref,
      policyDocument: { Version: "2012-10-17", Statement: [write, tls] },
    });
  }

  router(name, scheme, below, domain) {
    const source = scheme === "internal" ? NETWORK : ANYWHERE;
    const security = this.security(name, source, [80, 443]);
    const attributes = {
      ...ATTRIBUTES,
      "access_logs.s3.bucket": this.bucket.ref,
      "access_logs.s3.prefix": `convox/logs/${this.rack}/${name}`,
    };
    const router = new elb.CfnLoadBalancer(this, name, {
      type: "application",
      scheme,
      subnets: this.subnets,
      securityGroups: [security.attrGroupId],
      loadBalancerAttributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
    });
    router.addResourceDependency(this.policy);
    router.addResourceDependency(this.attachment);
    const plain = new elb.CfnListener(this, `${name}Listener80`, {
      loadBalancerArn: router.ref,
      port: 80,
      protocol: "HTTP",
      defaultActions: [
        {
          type: "redirect",
          redirectConfig: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" },
        },
      ],
    });
    const secure = new elb.CfnListener(this, `${name}Listener443`, {
      loadBalancerArn: router.ref,
      port: 443,
      protocol: "HTTPS",
      sslPolicy: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
      certificates: [{ certificateArn: this.certificate }],
      defaultActions: [
        {
          type: "fixed-response",
          fixedResponseConfig: {
            statusCode: "404",
            contentType: "text/plain",
            messageBody: "unknown host",
          },
        },
      ],
    });
    this.exports[domain] = router.attrDnsName;
    this.exports[`${name}Host`] = `${below}.example.test`;
    this.exports[`${name}Name`] = router.attrLoadBalancerFullName;
    this.exports[`${name}Certificate`] = this.certificate;
    this.exports[`${name}SecurityGroup`] = security.attrGroupId;
    this.exports[`${name}Listener80`] = plain.ref;
    this.exports[`${name}Listener443`] = secure.ref;
  }

  security(name, cidrIp, ports) {
    return new ec2.CfnSecurityGroup(this, `${name}Security`, {
      groupDescription: `${this.rack} ${name}`,
      vpcId: this.vpc.ref,
      securityGroupIngress: ports.map((port) => ({
        ipProtocol: "tcp",
        fromPort: port,
        toPort: port,
        cidrIp,
      })),
      securityGroupEgress: [{ ipProtocol: "tcp", fromPort: 0, toPort: 65535, cidrIp: NETWORK }],
    });
  }

  balancer() {
    const security = this.security("Balancer", ANYWHERE, [443]);
    const balancer = new classic.CfnLoadBalancer(this, "Balancer", {
      loadBalancerName: this.rack,
      scheme: "internet-facing",
      subnets: this.subnets,
      securityGroups: [security.attrGroupId],
      crossZone: true,
      listeners: [
        { loadBalancerPort: "443", protocol: "TCP", instancePort: "3000", instanceProtocol: "TCP" },
      ],
      healthCheck: {
        target: "HTTPS:3000/check",
        interval: "5",
        timeout: "3",
        healthyThreshold: "2",
        unhealthyThreshold: "2",
      },
      connectionDrainingPolicy: { enabled: true, timeout: 60 },
      connectionSettings: { idleTimeout: 3600 },
    });
    balancer.addResourceDependency(this.attachment);
    Object.assign(this.exports, { Balancer: balancer.ref, BalancerHost: balancer.attrDnsName });
  }
}

module.exports = { RackStack, ZONES };
