import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  type IChainable,
  LogLevel,
  StateMachine,
  StateMachineType,
  type TaskStateBase,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { asRetry, BRIEF, type RetryPolicy } from '#infra/constructs/retry-policies.ts';
import type { Variable, WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import type { Workflow } from '#infra/definition.ts';
import { acceptPattern } from '#infra/nag.ts';
import { STEP_SIZES } from '#infra/steps.ts';

export interface WorkflowMachineProps {
  /** What follows the stack's name in the machine's own. */
  readonly name: Workflow;
  readonly comment: string;
  readonly definition: IChainable;
  readonly timeout: Duration;
  /** What its tasks call. */
  readonly functions: readonly WorkflowFunction[];
  readonly key: IKey;
  readonly logRetentionDays: RetentionDays;
}

/** How much longer than its function a task waits, so that it is the function that says what happened. */
const TASK_GRACE_SECONDS = 30;

/** A step's function with the whole state as its input: each parses what it needs out of it. */
export const stepTask = (
  scope: Construct,
  name: string,
  fn: WorkflowFunction,
  { retry = BRIEF, ...rest }: { comment?: string; resultPath?: string; retry?: RetryPolicy },
): TaskStateBase =>
  LambdaInvoke.jsonPath(scope, name, {
    lambdaFunction: fn.lambda,
    payloadResponseOnly: true,
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.duration(Duration.seconds(STEP_SIZES[fn.step].timeoutSeconds + TASK_GRACE_SECONDS)),
    ...rest,
  }).addRetry(asRetry(retry));

/** The ARN of a machine of this stack, spelled out, because functions are told it and the machine is told theirs. */
export const machineArn = (scope: Construct, name: Workflow): string =>
  statesArn(scope, 'stateMachine', machineName(scope, name));

const machineName = (scope: Construct, name: Workflow): string => `${Stack.of(scope).stackName}-${name}`;

export const statesArn = (scope: Construct, resource: 'stateMachine' | 'execution', resourceName: string): string =>
  Stack.of(scope).formatArn({
    service: 'states',
    resource,
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** A Standard workflow with its encrypted log, traced, whose role may call its functions and nothing else. */
export class WorkflowMachine extends Construct {
  readonly machine: StateMachine;
  readonly arn: string;
  readonly name: string;
  readonly #variable: Variable;

  constructor(scope: Construct, id: string, props: WorkflowMachineProps) {
    super(scope, id);
    this.name = machineName(this, props.name);
    this.arn = machineArn(this, props.name);
    this.#variable = VARIABLES[props.name];

    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${this.name}`,
      retention: props.logRetentionDays,
      encryptionKey: props.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: this.name,
      stateMachineType: StateMachineType.STANDARD,
      comment: props.comment,
      definitionBody: DefinitionBody.fromChainable(props.definition),
      timeout: props.timeout,
      logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: false },
      tracingEnabled: true,
      role: this.#role(props).withoutPolicyUpdates(),
    });
  }

  /** Lets a function see which runs there are, and tells it of which machine. */
  grantListRuns(fn: WorkflowFunction): void {
    fn.allow({ actions: ['states:ListExecutions'], resources: [this.arn] });
    fn.tell(this.#variable, this.arn);
  }

  /** Lets a function see whether a run has ended, and tells it of which machine. */
  grantDescribeRuns(fn: WorkflowFunction): void {
    fn.allow({
      actions: ['states:DescribeExecution'],
      resources: [statesArn(this, 'execution', `${this.name}:*`)],
      pattern: 'Runs are named when they start.',
    });
    fn.tell(this.#variable, this.arn);
  }

  /** Lets a function start runs, and tells it of which machine. */
  grantStart(fn: WorkflowFunction): void {
    fn.allow({ actions: ['states:StartExecution'], resources: [this.arn] });
    fn.tell(this.#variable, this.arn);
  }

  #role({ name, functions }: WorkflowMachineProps): Role {
    const anything = (actions: string[]) => new PolicyStatement({ actions, resources: ['*'] });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description: `What the ${name} workflow may do`,
      inlinePolicies: {
        Steps: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['lambda:InvokeFunction'],
              resources: functions.map(({ lambda }) => lambda.functionArn),
            }),
          ],
        }),
        Observability: new PolicyDocument({
          statements: [
            anything([
              'logs:CreateLogDelivery',
              'logs:GetLogDelivery',
              'logs:UpdateLogDelivery',
              'logs:DeleteLogDelivery',
              'logs:ListLogDeliveries',
              'logs:PutResourcePolicy',
              'logs:DescribeResourcePolicies',
              'logs:DescribeLogGroups',
            ]),
            anything([
              'xray:PutTraceSegments',
              'xray:PutTelemetryRecords',
              'xray:GetSamplingRules',
              'xray:GetSamplingTargets',
            ]),
          ],
        }),
      },
    });
    acceptPattern(role, '*', 'Log deliveries and trace segments belong to no resource in particular.');
    return role;
  }
}

const VARIABLES: Readonly<Record<Workflow, Variable>> = {
  sync: 'SYNC_MACHINE_ARN',
  checkout: 'CHECKOUT_MACHINE_ARN',
  release: 'RELEASE_MACHINE_ARN',
};
