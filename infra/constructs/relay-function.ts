import { join } from 'node:path';
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Effect, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acceptPattern } from '#infra/nag.ts';
import type { Permission, Variable } from '#shared/workflows/grants.ts';
import { functionName, type Step } from '#shared/workflows/step.ts';

/** Placement of functions in a VPC. */
export interface Placement {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
  readonly securityGroups: ISecurityGroup[];
}

export interface RelayFunctionProps {
  readonly step: Step;
  /** Directory with a folder for each bundled function. */
  readonly bundles: string;
  readonly relay: string;
  readonly relayId: string;
  readonly key: IKey;
  readonly logRetentionDays: RetentionDays;
  /** Default: outside any VPC. */
  readonly placement?: Placement | undefined;
}

/** Every environment variable that a function reads. Powertools adds the service name to logs and metrics. */
type FunctionVariable = Variable | 'RELAY_ID' | 'POWERTOOLS_SERVICE_NAME';

/**
 * A function of the relay: Node 24 on arm64, traced, with its own encrypted log group and its own role. The role can
 * initially only write to that log group. `infra/grants.ts` derives all other permissions and variables from the
 * declaration of the step.
 */
export class RelayFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly step: Step;
  /** Full name, including the stack's name. */
  readonly name: string;
  readonly #role: Role;
  #attached = 0;

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
      description: `Role of the relay's function ${shortName}`,
    });
    this.#role = role;
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
    acceptPattern(this, '*', 'X-Ray does not support resource-level permissions for trace segments.');
    if (placement !== undefined) this.#allowNetworkInterfaces();
    this.tell('RELAY_ID', props.relayId);
    this.tell('POWERTOOLS_SERVICE_NAME', props.relay);
  }

  /** Sets an environment variable. */
  tell(variable: FunctionVariable, value: string): void {
    this.lambda.addEnvironment(variable, value);
  }

  /** Adds a permission to the inline policy of the function's role. */
  allow(permission: Permission): void {
    this.lambda.addToRolePolicy(this.#statementFor(permission));
  }

  /** Attaches a managed policy with these permissions to the function's role. */
  attach(permissions: readonly Permission[]): void {
    this.#attached++;
    const policy = new ManagedPolicy(this, `Permissions${this.#attached}`, {
      description: `Permissions of ${this.name}, part ${this.#attached}`,
      roles: [this.#role],
      statements: permissions.map((permission) => this.#statementFor(permission)),
    });
    this.lambda.node.addDependency(policy);
  }

  #statementFor({ actions, resources, conditions, pattern }: Permission): PolicyStatement {
    if (pattern !== undefined) {
      for (const resource of resources) if (resource.includes('*')) acceptPattern(this, resource, pattern);
    }
    return new PolicyStatement({
      actions: [...actions],
      resources: [...resources],
      ...(conditions === undefined ? {} : { conditions }),
    });
  }

  /**
   * Lambda manages the network interfaces with the function's role. The function's own code is denied these actions.
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
    this.allow({
      actions,
      resources: ['*'],
      pattern: 'The ids of the network interfaces that Lambda creates are unknown.',
    });
    const fromItsCode = { ArnEquals: { 'lambda:SourceFunctionArn': [this.#functionArn()] } };
    this.lambda.addToRolePolicy(
      new PolicyStatement({ effect: Effect.DENY, actions, resources: ['*'], conditions: fromItsCode }),
    );
  }

  /** Built from the name, because a reference from the role's policy to the function would be circular. */
  #functionArn(): string {
    return Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: this.name,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}
