// The stack of an app, in the constructs of the CDK that stand for one resource each.
"use strict";
const { Aws, CfnCondition, CfnParameter, Fn, Stack, Tags, Token } = require("aws-cdk-lib");
const scaling = require("aws-cdk-lib/aws-applicationautoscaling");
const acm = require("aws-cdk-lib/aws-certificatemanager");
const ec2 = require("aws-cdk-lib/aws-ec2");
const ecs = require("aws-cdk-lib/aws-ecs");
const elb = require("aws-cdk-lib/aws-elasticloadbalancingv2");
const iam = require("aws-cdk-lib/aws-iam");
const logs = require("aws-cdk-lib/aws-logs");
const route53 = require("aws-cdk-lib/aws-route53");
const { ZONES } = require("./rack");

const METRICS = {
  cpu: "ECSServiceAverageCPUUtilization",
  memory: "ECSServiceAverageMemoryUtilization",
};
const SECRETS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter";

const title = (name) => name.replace(/(^|-)([a-z])/g, (_, __, letter) => letter.toUpperCase());

class AppStack extends Stack {
  constructor(scope, app, properties) {
    super(scope, `${app.rack}-${app.app}`, {
      ...properties,
      description: `App ${app.app} on the rack ${app.rack}`,
    });
    this.app = app;
    this.first = new CfnCondition(this, "IsFirstDeploy", {
      expression: Fn.conditionEquals(
        new CfnParameter(this, "FirstDeploy", { default: "No", allowedValues: ["Yes", "No"] }),
        "Yes",
      ),
    });
    Tags.of(this).add("App", app.app);
    Tags.of(this).add("Rack", app.rack);
    this.certificates();
    this.role();
    for (const service of app.services) this.service(service);
  }

  imported(name) {
    return Fn.importValue(`${this.app.rack}:${name}`);
  }

  /** A number that is 0 at the first deployment. */
  unlessFirst(value) {
    return Token.asNumber(Fn.conditionIf(this.first.logicalId, 0, value));
  }

  certificates() {
    this.app.certificates.forEach((names, index) => {
      const certificate = new acm.CfnCertificate(this, `Certificate${index + 1}`, {
        domainName: names[0],
        subjectAlternativeNames: names.slice(1),
        validationMethod: "DNS",
      });
      new elb.CfnListenerCertificate(this, `Certificate${index + 1}Listener`, {
        listenerArn: this.imported("RouterListener443"),
        certificates: [{ certificateArn: certificate.ref }],
      });
    });
  }

  role() {
    this.logs = new logs.CfnLogGroup(this, "Logs", { retentionInDays: 7 });
    const allowed = [
      ["ecr:GetAuthorizationToken", "*"],
      [
        ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        Fn.sub("arn:${AWS::Partition}:ecr:*:*:repository/*"),
      ],
      [["logs:CreateLogStream", "logs:PutLogEvents"], this.logs.attrArn],
    ];
    if (this.app.services.some((service) => service.secrets.length)) {
      allowed.push(["ssm:GetParameters", Fn.sub(`${SECRETS}/${this.app.rack}/${this.app.app}/*`)]);
    }
    const statements = allowed.map(([Action, Resource]) => ({ Effect: "Allow", Action, Resource }));
    const assume = {
      Effect: "Allow",
      Principal: { Service: "ecs-tasks.amazonaws.com" },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
    };
    this.execution = new iam.CfnRole(this, "ExecutionRole", {
      assumeRolePolicyDocument: { Version: "2012-10-17", Statement: [assume] },
      policies: [
        {
          policyName: "start-tasks",
          policyDocument: { Version: "2012-10-17", Statement: statements },
        },
      ],
    });
  }

  service(service) {
    const name = title(service.name);
    const routed = service.port ? this.routing(name, service) : null;
    const security = this.security(name, service);
    const definition = this.definition(name, service);
    const made = new ecs.CfnService(this, `${name}Service`, {
      cluster: this.imported("Cluster"),
      taskDefinition: definition.ref,
      capacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 1 }],
      schedulingStrategy: "REPLICA",
      desiredCount: this.unlessFirst(Aws.NO_VALUE),
      deploymentConfiguration: {
        minimumHealthyPercent: 50,
        maximumPercent: 200,
        deploymentCircuitBreaker: { enable: true, rollback: true },
      },
      availabilityZoneRebalancing: "ENABLED",
      networkConfiguration: {
        awsvpcConfiguration: {
          assignPublicIp: "ENABLED",
          securityGroups: [security.attrGroupId],
          subnets: ZONES.map((zone) => this.imported(`Subnet${zone}`)),
        },
      },
      healthCheckGracePeriodSeconds: routed ? service.health.grace : undefined,
      loadBalancers: routed && [
        {
          containerName: service.name,
          containerPort: service.port,
          targetGroupArn: routed.group.ref,
        },
      ],
    });
    Tags.of(made).add("Service", service.name);
    for (const rule of routed ? routed.rules : []) made.addResourceDependency(rule);
    this.scaling(name, service, made, routed);
  }

  routing(name, service) {
    const router = service.internal ? "RouterInternal" : "Router";
    const attributes = {
      "deregistration_delay.timeout_seconds": String(service.drain),
      "load_balancing.algorithm.type": "round_robin",
      "slow_start.duration_seconds": "0",
      "stickiness.enabled": String(service.sticky),
      "stickiness.lb_cookie.duration_seconds": "86400",
      "stickiness.type": "lb_cookie",
    };
    const group = new elb.CfnTargetGroup(this, `${name}TargetGroup`, {
      vpcId: this.imported("Vpc"),
      targetType: "ip",
      port: service.port,
      protocol: service.scheme.toUpperCase(),
      protocolVersion: "HTTP1",
      healthCheckEnabled: true,
      healthCheckProtocol: service.scheme.toUpperCase(),
      healthCheckPort: "traffic-port",
      healthCheckPath: service.health.path,
      healthCheckIntervalSeconds: service.health.interval,
      healthCheckTimeoutSeconds: service.health.timeout,
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 2,
      matcher: { httpCode: "200-399,401" },
      targetGroupAttributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
    });
    Tags.of(group).add("Service", service.name);
    const rules = service.rules.map(
      (rule, index) =>
        new elb.CfnListenerRule(this, `${name}Rule${index + 1}`, {
          listenerArn: this.imported(`${router}Listener443`),
          priority: rule.priority,
          conditions: [{ field: "host-header", hostHeaderConfig: { values: rule.hosts } }],
          actions: [{ type: "forward", targetGroupArn: group.ref }],
        }),
    );
    new route53.CfnRecordSet(this, `${name}Record`, {
      hostedZoneId: this.imported("HostedZone"),
      name: `${service.name}.${this.app.app}.${this.app.rack}.convox`,
      type: "CNAME",
      ttl: "3600",
      resourceRecords: [this.imported(service.internal ? "DomainInternal" : "Domain")],
    });
    return { router, group, rules };
  }

  security(name, service) {
    const router = service.internal ? "RouterInternal" : "Router";
    const security = new ec2.CfnSecurityGroup(this, `${name}Security`, {
      groupDescription: `${this.app.rack}-${this.app.app} ${service.name}`,
      vpcId: this.imported("Vpc"),
      securityGroupIngress: service.port
        ? [
            {
              ipProtocol: "tcp",
              fromPort: 0,
              toPort: 65535,
              sourceSecurityGroupId: this.imported(`${router}SecurityGroup`),
            },
          ]
        : undefined,
    });
    Tags.of(security).add("Service", service.name);
    return security;
  }

  definition(name, service) {
    const { rack, app } = this.app;
    const given = {
      APP: app,
      AWS_REGION: Aws.REGION,
      RACK: rack,
      SERVICE: service.name,
      ...service.environment,
    };
    const definition = new ecs.CfnTaskDefinition(this, `${name}TaskDefinition`, {
      family: `${rack}-${app}-${service.name}`,
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: String(service.scale.cpu),
      memory: String(service.scale.memory),
      executionRoleArn: this.execution.attrArn,
      containerDefinitions: [
        {
          name: service.name,
          image: service.image ?? new CfnParameter(this, `${name}Image`).valueAsString,
          essential: true,
          command: service.command ? ["sh", "-c", service.command] : undefined,
          environment: Object.entries(given).map(([key, value]) => ({ name: key, value })),
          secrets: service.secrets.length
            ? service.secrets.map((secret) => ({
                name: secret,
                valueFrom: Fn.sub(`${SECRETS}/${rack}/${app}/${secret}`),
              }))
            : undefined,
          portMappings: service.port
            ? [{ containerPort: service.port, protocol: "tcp" }]
            : undefined,
          stopTimeout: 30,
          ulimits: [{ name: "nofile", softLimit: 1024000, hardLimit: 1024000 }],
          logConfiguration: {
            logDriver: "awslogs",
            options: {
              "awslogs-group": this.logs.ref,
              "awslogs-region": Aws.REGION,
              "awslogs-stream-prefix": service.name,
            },
          },
        },
      ],
    });
    Tags.of(definition).add("Service", service.name);
    return definition;
  }

  scaling(name, service, made, routed) {
    const target = new scaling.CfnScalableTarget(this, `${name}Scaling`, {
      serviceNamespace: "ecs",
      scalableDimension: "ecs:service:DesiredCount",
      resourceId: Fn.join("/", ["service", this.imported("Cluster"), made.attrName]),
      minCapacity: this.unlessFirst(service.scale.min),
      maxCapacity: service.scale.max,
    });
    for (const [goal, value] of Object.entries(service.scale.targets)) {
      const metric = METRICS[goal]
        ? { predefinedMetricType: METRICS[goal] }
        : {
            predefinedMetricType: "ALBRequestCountPerTarget",
            resourceLabel: Fn.join("/", [
              this.imported(`${routed.router}Name`),
              routed.group.attrTargetGroupFullName,
            ]),
          };
      new scaling.CfnScalingPolicy(this, `${name}Scaling${title(goal)}`, {
        policyName: `${name}Scaling${title(goal)}`,
        policyType: "TargetTrackingScaling",
        scalingTargetId: target.ref,
        targetTrackingScalingPolicyConfiguration: {
          targetValue: value,
          scaleInCooldown: 60,
          scaleOutCooldown: 60,
          predefinedMetricSpecification: metric,
        },
      });
    }
  }
}

module.exports = { AppStack };
