import { join } from 'node:path';
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acceptPattern } from '#infra/nag.ts';
import type { Permission, Variable } from '#shared/workflows/grants.ts';
import { functionName, type Step } from '#shared/workflows/step.ts';

/** Where functions run when they run inside a VPC. */
export interface Placement {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
  readonly securityGroups: ISecurityGroup[];
}

export interface RelayFunctionProps {
  readonly step: Step;
  /** The folder with a folder for each bundled function. */
  readonly bundles: string;
  readonly relay: string;
  readonly relayId: string;
  readonly key: IKey;
  readonly logRetentionDays: RetentionDays;
  /** Outside any VPC when left out. */
  readonly placement?: Placement | undefined;
}

/** Every environment variable that a function of the relay reads; logs and metrics are signed with the service name. */
type Told = Variable | 'RELAY_ID' | 'POWERTOOLS_SERVICE_NAME';

/**
 * A function of the relay with the same defaults everywhere: Node 24 on arm64, traced, with an encrypted log group of
 * its own, and a role of its own that starts with nothing but writing to that log group. What else it may do, and how it
 * finds it, follows from what its step declares: `infra/grants.ts`.
 */
export class RelayFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly step: Step;
  /** The whole name, with the stack's. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: RelayFunctionProps) {
    super(scope, id);
    const { step, key, placement } = props;
    const shortName = functionName(step);
    this.step = step;
    this.name = `${Stack.of(this).stackName}-${shortName}`;

    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${this.name}`,
      retention: props.logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What the relay's function ${shortName} may do`,
    });
    logGroup.grantWrite(role);

    this.lambda = new LambdaFunction(this, 'Function', {
      functionName: this.name,
      description: `pam-relay: ${shortName}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(join(props.bundles, shortName)),
      role,
      logGroup,
      timeout: Duration.seconds(step.seconds),
      memorySize: step.memoryMb,
      tracing: Tracing.ACTIVE,
      ...placement,
    });
    acceptPattern(this, '*', 'X-Ray takes trace segments for no resource in particular.');
    if (placement !== undefined) this.#allowNetworkInterfaces();
    this.tell('RELAY_ID', props.relayId);
    this.tell('POWERTOOLS_SERVICE_NAME', props.relay);
  }

  /** Sets an environment variable. */
  tell(variable: Told, value: string): void {
    this.lambda.addEnvironment(variable, value);
  }

  /** Adds a permission to the function's role. */
  allow({ actions, resources, conditions, pattern }: Permission): void {
    this.lambda.addToRolePolicy(
      new PolicyStatement({
        actions: [...actions],
        resources: [...resources],
        ...(conditions === undefined ? {} : { conditions }),
      }),
    );
    if (pattern === undefined) return;
    for (const resource of resources) {
      if (resource.includes('*')) acceptPattern(this, resource, pattern);
    }
  }

  /**
   * Lambda itself manages the interfaces with the function's role; the code in the function has no business with them.
   * Source: Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC".
   */
  #allowNetworkInterfaces(): void {
    const actions = [
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterface',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ];
    this.allow({ actions, resources: ['*'], pattern: 'Lambda makes its network interfaces under ids yet unknown.' });
    const fromItsCode = { ArnEquals: { 'lambda:SourceFunctionArn': [this.#functionArn()] } };
    this.lambda.addToRolePolicy(
      new PolicyStatement({ effect: Effect.DENY, actions, resources: ['*'], conditions: fromItsCode }),
    );
  }

  /** Spelled out, since a reference from the role's policy to the function would be circular. */
  #functionArn(): string {
    return Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: this.name,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}
