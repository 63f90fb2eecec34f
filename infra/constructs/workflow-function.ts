import { join } from 'node:path';
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement, type PolicyStatementProps, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acceptPattern } from '#infra/nag.ts';
import { STEP_SIZES, type Step } from '#infra/steps.ts';

/** Every environment variable that a function of the relay reads; logs and metrics are signed with the service name. */
export type Variable =
  | 'RELAY_ID'
  | 'POWERTOOLS_SERVICE_NAME'
  | 'RECORDS_BUCKET'
  | 'SYNC_MACHINE_ARN'
  | 'CHECKOUT_MACHINE_ARN'
  | 'RELEASE_MACHINE_ARN'
  | 'REFUSED_QUEUE_URL'
  | 'ALERT_TOPIC_ARN'
  | 'STORE_KMS_KEY_ARN';

/** Where functions run when they run inside a VPC. */
export interface Placement {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
  readonly securityGroups: ISecurityGroup[];
}

export interface WorkflowFunctionProps {
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

/** What a function is allowed to do; `pattern` says why, when a resource is a pattern and not one thing. */
export interface Permission extends Pick<PolicyStatementProps, 'conditions'> {
  readonly actions: string[];
  readonly resources: string[];
  readonly pattern?: string;
}

/**
 * A function of the relay with the same defaults everywhere: Node 24 on arm64, traced, with an encrypted log group of
 * its own, and a role of its own that starts with nothing but writing to that log group. What else it may do comes from
 * the constructs that own the resources, each with the variable by which the function finds the resource.
 */
export class WorkflowFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly step: Step;

  constructor(scope: Construct, id: string, props: WorkflowFunctionProps) {
    super(scope, id);
    const { step, key, placement } = props;
    const functionName = `${Stack.of(this).stackName}-${step}`;
    const { timeoutSeconds, memoryMb } = STEP_SIZES[step];
    this.step = step;

    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: props.logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What the relay's ${step} step may do`,
    });
    logGroup.grantWrite(role);

    this.lambda = new LambdaFunction(this, 'Function', {
      functionName,
      description: `pam-relay: ${step}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(join(props.bundles, step)),
      role,
      logGroup,
      timeout: Duration.seconds(timeoutSeconds),
      memorySize: memoryMb,
      tracing: Tracing.ACTIVE,
      ...placement,
    });
    acceptPattern(this, '*', 'X-Ray takes trace segments for no resource in particular.');
    if (placement !== undefined) this.allowNetworkInterfaces();
    this.tell('RELAY_ID', props.relayId);
    this.tell('POWERTOOLS_SERVICE_NAME', props.relay);
  }

  /** Sets an environment variable. */
  tell(variable: Variable, value: string): void {
    this.lambda.addEnvironment(variable, value);
  }

  /** Adds a permission to the function's role. */
  allow({ actions, resources, conditions, pattern }: Permission): void {
    this.lambda.addToRolePolicy(
      new PolicyStatement({ actions, resources, ...(conditions === undefined ? {} : { conditions }) }),
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
  private allowNetworkInterfaces(): void {
    const actions = [
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterface',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ];
    this.allow({ actions, resources: ['*'], pattern: 'Lambda makes its network interfaces under ids yet unknown.' });
    const fromItsCode = { ArnEquals: { 'lambda:SourceFunctionArn': [this.functionArn()] } };
    this.lambda.addToRolePolicy(
      new PolicyStatement({ effect: Effect.DENY, actions, resources: ['*'], conditions: fromItsCode }),
    );
  }

  /** Spelled out, since a reference from the role's policy to the function would be circular. */
  private functionArn(): string {
    const stack = Stack.of(this);
    return stack.formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: `${stack.stackName}-${this.step}`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}
