import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  CustomerManagedEncryptionConfiguration,
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
import type { RelayFunction } from '#infra/constructs/relay-function.ts';
import { logSource, type RelayKey } from '#infra/constructs/relay-key.ts';
import { serviceFor } from '#infra/constructs/service-principal.ts';
import type { Functions } from '#infra/functions.ts';
import { acceptPattern } from '#infra/nag.ts';
import { asRetry, BRIEF, type RetryPolicy } from '#infra/workflows/retry-policies.ts';
import type { Grant, Machine, Permission } from '#shared/workflows/grants.ts';
import type { Step } from '#shared/workflows/step.ts';

/** How much longer than its function a task waits, so that it is the function that says what happened. */
const TASK_GRACE_SECONDS = 30;

/** How long Step Functions goes on with a data key, and so without asking whether the key may still be used. */
const DATA_KEY_REUSE = Duration.minutes(5);

export interface TaskOptions {
  readonly comment?: string;
  readonly resultPath?: string;
  readonly retry?: RetryPolicy;
}

/** Makes the tasks of one machine, and remembers which functions they call. */
export class Tasks {
  readonly #functions: Functions;
  readonly #called = new Set<RelayFunction>();

  constructor(functions: Functions) {
    this.#functions = functions;
  }

  /** What the tasks made so far call. */
  get called(): readonly RelayFunction[] {
    return [...this.#called];
  }

  /** A step's function with the whole state as its input: each parses what it needs out of it. */
  make(scope: Construct, name: string, step: Step, { retry = BRIEF, ...rest }: TaskOptions): TaskStateBase {
    const fn = this.#functions.of(step);
    this.#called.add(fn);
    return LambdaInvoke.jsonPath(scope, name, {
      lambdaFunction: fn.lambda,
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
      taskTimeout: Timeout.duration(Duration.seconds(step.seconds + TASK_GRACE_SECONDS)),
      ...rest,
    }).addRetry(asRetry(retry));
  }
}

/** The ARN of a machine of this stack, spelled out, because functions are told it and the machine is told theirs. */
export const machineArn = (scope: Construct, machine: Machine): string =>
  statesArn(scope, 'stateMachine', machineName(scope, machine));

const machineName = (scope: Construct, machine: Machine): string => `${Stack.of(scope).stackName}-${machine}`;

export const statesArn = (scope: Construct, resource: 'stateMachine' | 'execution', resourceName: string): string =>
  Stack.of(scope).formatArn({
    service: 'states',
    resource,
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** The ARNs of all executions of a machine. */
const executionsOf = (scope: Construct, machine: Machine): string =>
  statesArn(scope, 'execution', `${machineName(scope, machine)}:*`);

/** What a grant about the runs of a machine comes to. */
export const runPermissions = (
  key: RelayKey,
  { may, of }: Extract<Grant, { readonly to: 'runs' }>,
): readonly Permission[] => {
  const arn = machineArn(key, of);
  switch (may) {
    case 'list':
      return [{ actions: ['states:ListExecutions'], resources: [arn] }];
    case 'start':
      return [{ actions: ['states:StartExecution'], resources: [arn] }];
    case 'describe':
      return [
        {
          actions: ['states:DescribeExecution'],
          resources: [executionsOf(key, of)],
          pattern: 'Runs are named when they start.',
        },
        key.readRuns(arn),
      ];
  }
};

export interface WorkflowMachineProps {
  /** What follows the stack's name in the machine's own. */
  readonly name: Machine;
  readonly comment: string;
  readonly definition: IChainable;
  /** The factory of exactly the tasks in the definition. */
  readonly tasks: Tasks;
  readonly timeout: Duration;
  /** True when a distributed Map in the definition starts child executions. */
  readonly hasChildren?: boolean;
  readonly key: RelayKey;
  readonly logRetentionDays: RetentionDays;
}

/**
 * A traced Standard workflow whose definition, data and log are encrypted. Its role may invoke the functions of its tasks, and
 * start, watch and stop its child executions.
 */
export class WorkflowMachine extends Construct {
  readonly machine: StateMachine;
  readonly arn: string;

  constructor(scope: Construct, id: string, props: WorkflowMachineProps) {
    super(scope, id);
    const name = machineName(this, props.name);
    this.arn = machineArn(this, props.name);

    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${name}`,
      retention: props.logRetentionDays,
      encryptionKey: props.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: name,
      stateMachineType: StateMachineType.STANDARD,
      comment: props.comment,
      definitionBody: DefinitionBody.fromChainable(props.definition),
      timeout: props.timeout,
      logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: false },
      tracingEnabled: true,
      // By its ARN alone, because CDK would let the log delivery of every account use the key; ours is in its policy already.
      encryptionConfiguration: new CustomerManagedEncryptionConfiguration(
        Key.fromKeyArn(this, 'Key', props.key.keyArn),
        DATA_KEY_REUSE,
      ),
      role: this.#role(props).withoutPolicyUpdates(),
    });
  }

  #role({ name, tasks, key, hasChildren = false }: WorkflowMachineProps): Role {
    const anything = (actions: string[]) => new PolicyStatement({ actions, resources: ['*'] });
    const role = new Role(this, 'Role', {
      assumedBy: serviceFor(this, 'states.amazonaws.com', ...this.#itself()),
      description: `What the ${name} workflow may do`,
      inlinePolicies: {
        Steps: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['lambda:InvokeFunction'],
              resources: tasks.called.map(({ lambda }) => lambda.functionArn),
            }),
          ],
        }),
        Data: new PolicyDocument({ statements: this.#forItsData(key) }),
        ...(hasChildren && { Children: new PolicyDocument({ statements: this.#forChildren(name) }) }),
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
    if (hasChildren) acceptPattern(role, executionsOf(this, name), 'Children are named by Step Functions.');
    return role;
  }

  /** The machine, and the maps in it, which are machines of their own to Step Functions. */
  #itself(): string[] {
    return [this.arn, `${this.arn}/*`];
  }

  /**
   * Source: Step Functions developer guide, "Data at rest encryption". Step Functions takes on the role to use the key, so that
   * nothing here may ask by way of which service it is used.
   */
  #forItsData(key: RelayKey): PolicyStatement[] {
    return [
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [key.keyArn],
        conditions: { ArnLike: { 'kms:EncryptionContext:aws:states:stateMachineArn': this.#itself() } },
      }),
      new PolicyStatement({
        actions: ['kms:GenerateDataKey'],
        resources: [key.keyArn],
        conditions: { StringEquals: { 'kms:EncryptionContext:SourceArn': logSource(this) } },
      }),
    ];
  }

  /** Source: Step Functions developer guide, "IAM policies for using Distributed Map states". */
  #forChildren(name: Machine): PolicyStatement[] {
    return [
      new PolicyStatement({ actions: ['states:StartExecution'], resources: [this.arn] }),
      new PolicyStatement({
        actions: ['states:DescribeExecution', 'states:StopExecution'],
        resources: [executionsOf(this, name)],
      }),
    ];
  }
}
