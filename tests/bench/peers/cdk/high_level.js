// The stack of an app as the guides of the CDK write it, in constructs that bring their parts along.
//
// They make a role for each task, and policies and rules of security groups of their own. There is no
// parameter for the first deployment.
"use strict";
const { CfnParameter, Duration, Fn, RemovalPolicy, Stack, Tags } = require("aws-cdk-lib");
const acm = require("aws-cdk-lib/aws-certificatemanager");
const ec2 = require("aws-cdk-lib/aws-ec2");
const ecs = require("aws-cdk-lib/aws-ecs");
const elb = require("aws-cdk-lib/aws-elasticloadbalancingv2");
const iam = require("aws-cdk-lib/aws-iam");
const logs = require("aws-cdk-lib/aws-logs");
const route53 = require("aws-cdk-lib/aws-route53");
const ssm = require("aws-cdk-lib/aws-ssm");
const { ZONES } = require("./rack");

const ROUTERS = ["Router", "RouterInternal"];

class HighLevelAppStack extends Stack {
  constructor(scope, app, properties) {
    super(scope, `${app.rack}-${app.app}`, {
      ...properties,
      description: `App ${app.app} on the rack ${app.rack}`,
    });
    this.app = app;
    Tags.of(this).add("App", app.app);
    Tags.of(this).add("Rack", app.rack);
    this.findRack();
    app.certificates.forEach((names, index) => {
      const certificate = new acm.Certificate(this, `Certificate${index + 1}`, {
        domainName: names[0],
        subjectAlternativeNames: names.slice(1),
        validation: acm.CertificateValidation.fromDns(),
      });
      this.listeners.Router.addCertificates(`Certificate${index + 1}Listener`, [certificate]);
    });
    this.logs = new logs.LogGroup(this, "Logs", {
      retention: logs.RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.execution = new iam.Role(this, "ExecutionRole", {
      assumedBy: new iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
    });
    for (const service of app.services) this.service(service);
  }

  imported(name) {
    return Fn.importValue(`${this.app.rack}:${name}`);
  }

  findRack() {
    this.vpc = ec2.Vpc.fromVpcAttributes(this, "Vpc", {
      vpcId: this.imported("Vpc"),
      availabilityZones: ZONES.map((zone) => Fn.select(zone, Fn.getAzs())),
      publicSubnetIds: ZONES.map((zone) => this.imported(`Subnet${zone}`)),
    });
    this.cluster = ecs.Cluster.fromClusterAttributes(this, "Cluster", {
      clusterName: this.imported("Cluster"),
      vpc: this.vpc,
      securityGroups: [],
    });
    this.zone = route53.HostedZone.fromHostedZoneAttributes(this, "Zone", {
      hostedZoneId: this.imported("HostedZone"),
      zoneName: `${this.app.rack}.convox`,
    });
    this.listeners = {};
    for (const router of ROUTERS) {
      const id = this.imported(`${router}SecurityGroup`);
      const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(this, `${router}Source`, id, {
        mutable: false,
      });
      this.listeners[router] = elb.ApplicationListener.fromApplicationListenerAttributes(
        this,
        router,
        { listenerArn: this.imported(`${router}Listener443`), securityGroup },
      );
    }
  }

  service(service) {
    const name = service.name;
    const security = new ec2.SecurityGroup(this, `${name}-security`, { vpc: this.vpc });
    const made = new ecs.FargateService(this, `${name}-service`, {
      cluster: this.cluster,
      taskDefinition: this.definition(service),
      desiredCount: service.scale.min,
      assignPublicIp: true,
      securityGroups: [security],
      capacityProviderStrategies: [{ capacityProvider: "FARGATE", weight: 1 }],
      circuitBreaker: { rollback: true },
      minHealthyPercent: 50,
      maxHealthyPercent: 200,
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      healthCheckGracePeriod: service.port ? Duration.seconds(service.health.grace) : undefined,
    });
    Tags.of(made).add("Service", name);
    const group = service.port ? this.routing(service, made) : null;
    this.scaling(service, made, group);
  }

  definition(service) {
    const { rack, app } = this.app;
    const definition = new ecs.FargateTaskDefinition(this, `${service.name}-task`, {
      family: `${rack}-${app}-${service.name}`,
      cpu: service.scale.cpu,
      memoryLimitMiB: service.scale.memory,
      executionRole: this.execution,
    });
    Tags.of(definition).add("Service", service.name);
    const image =
      service.image ?? new CfnParameter(this, `${service.name}-image`).valueAsString;
    const container = definition.addContainer(service.name, {
      image: ecs.ContainerImage.fromRegistry(image),
      command: service.command ? ["sh", "-c", service.command] : undefined,
      environment: {
        APP: app,
        AWS_REGION: this.region,
        RACK: rack,
        SERVICE: service.name,
        ...service.environment,
      },
      secrets: Object.fromEntries(
        service.secrets.map((secret) => [secret, ecs.Secret.fromSsmParameter(this.secret(secret))]),
      ),
      portMappings: service.port ? [{ containerPort: service.port }] : undefined,
      stopTimeout: Duration.seconds(30),
      logging: ecs.LogDriver.awsLogs({ logGroup: this.logs, streamPrefix: service.name }),
    });
    container.addUlimits({
      name: ecs.UlimitName.NOFILE,
      softLimit: 1024000,
      hardLimit: 1024000,
    });
    return definition;
  }

  secret(name) {
    const parameterName = `/${this.app.rack}/${this.app.app}/${name}`;
    return (
      this.node.tryFindChild(name) ??
      ssm.StringParameter.fromSecureStringParameterAttributes(this, name, { parameterName })
    );
  }

  routing(service, made) {
    const name = service.name;
    const router = service.internal ? "RouterInternal" : "Router";
    const protocol = elb.ApplicationProtocol[service.scheme.toUpperCase()];
    const group = new elb.ApplicationTargetGroup(this, `${name}-group`, {
      vpc: this.vpc,
      port: service.port,
      protocol,
      targets: [made],
      deregistrationDelay: Duration.seconds(service.drain),
      stickinessCookieDuration: service.sticky ? Duration.days(1) : undefined,
      healthCheck: {
        path: service.health.path,
        protocol: elb.Protocol[service.scheme.toUpperCase()],
        interval: Duration.seconds(service.health.interval),
        timeout: Duration.seconds(service.health.timeout),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 2,
        healthyHttpCodes: "200-399,401",
      },
    });
    Tags.of(group).add("Service", name);
    service.rules.forEach((rule, index) => {
      new elb.ApplicationListenerRule(this, `${name}-rule-${index + 1}`, {
        listener: this.listeners[router],
        priority: rule.priority,
        conditions: [elb.ListenerCondition.hostHeaders(rule.hosts)],
        action: elb.ListenerAction.forward([group]),
      });
    });
    new route53.CnameRecord(this, `${name}-record`, {
      zone: this.zone,
      recordName: `${name}.${this.app.app}`,
      domainName: this.imported(service.internal ? "DomainInternal" : "Domain"),
      ttl: Duration.hours(1),
    });
    return group;
  }

  scaling(service, made, group) {
    const { min, max, targets } = service.scale;
    const scaling = made.autoScaleTaskCount({ minCapacity: min, maxCapacity: max });
    const cooldowns = {
      scaleInCooldown: Duration.seconds(60),
      scaleOutCooldown: Duration.seconds(60),
    };
    if (targets.cpu) {
      scaling.scaleOnCpuUtilization("cpu", {
        targetUtilizationPercent: targets.cpu,
        ...cooldowns,
      });
    }
    if (targets.memory) {
      scaling.scaleOnMemoryUtilization("memory", {
        targetUtilizationPercent: targets.memory,
        ...cooldowns,
      });
    }
    if (targets.requests) {
      scaling.scaleOnRequestCount("requests", {
        requestsPerTarget: targets.requests,
        targetGroup: group,
        ...cooldowns,
      });
    }
  }
}

module.exports = { HighLevelAppStack };
