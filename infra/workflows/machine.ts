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
import { asRetry, DEFAULT_RETRY, LIMIT_RETRY, type RetryPolicy } from '#infra/workflows/retry-policies.ts';
import type { Grant, Machine, Permission } from '#shared/workflows/grants.ts';
import type { Step } from '#shared/workflows/step.ts';

/** Time by which a task's timeout exceeds that of its function, so that the function reports its own timeout. */
const TASK_GRACE_SECONDS = 30;

/** Time for which Step Functions reuses a data key. A revoked permission takes effect after it. */
const DATA_KEY_REUSE = Duration.minutes(5);

export interface TaskOptions {
  readonly comment?: string;
  readonly resultPath?: string;
  readonly retry?: RetryPolicy;
  readonly limitRetry?: RetryPolicy;
}

/** Creates the tasks of one machine and collects the functions that they call. */
export class Tasks {
  readonly #functions: Functions;
  readonly #called = new Set<RelayFunction>();

  constructor(functions: Functions) {
    this.#functions = functions;
  }

  /** Functions of the tasks created so far. */
  get called(): readonly RelayFunction[] {
    return [...this.#called];
  }

  /** A task that passes the whole state to the step's function, which parses the fields that it needs. */
  make(scope: Construct, name: string, step: Step, options: TaskOptions): TaskStateBase {
    const { retry = DEFAULT_RETRY, limitRetry = LIMIT_RETRY, ...rest } = options;
    const fn = this.#functions.of(step);
    this.#called.add(fn);
    return LambdaInvoke.jsonPath(scope, name, {
      lambdaFunction: fn.lambda,
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
      taskTimeout: Timeout.duration(Duration.seconds(step.seconds + TASK_GRACE_SECONDS)),
      ...rest,
    })
      .addRetry(asRetry(retry))
      .addRetry(asRetry(limitRetry));
  }
}

/**
 * The ARN of a machine of this stack. Built from its name, because references between functions and machines would be
 * circular.
 */
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

/** Permissions for a grant on the runs of a machine. */
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
          pattern: 'Executions get their names when they start.',
        },
        key.readRuns(arn),
      ];
  }
};

export interface WorkflowMachineProps {
  /** Suffix of the machine's name, after the stack's name. */
  readonly name: Machine;
  readonly comment: string;
  readonly definition: IChainable;
  /** The factory that created the tasks in the definition, and no others. */
  readonly tasks: Tasks;
  readonly timeout: Duration;
  /** True if a distributed Map in the definition starts child executions. */
  readonly hasChildren?: boolean;
  readonly key: RelayKey;
  readonly logRetentionDays: RetentionDays;
}

/**
 * A traced Standard workflow with encrypted definition, data and log. Its role can invoke the functions of its tasks.
 * If it has children, it can also start, describe and stop its child executions.
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
      // Imported by ARN, because CDK would otherwise let the log delivery of every account use the key. The key's
      // policy already allows that of this account.
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
      description: `Role of the ${name} workflow`,
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
    acceptPattern(role, '*', 'Log deliveries and trace segments do not support resource-level permissions.');
    if (hasChildren) acceptPattern(role, executionsOf(this, name), 'Step Functions names the child executions.');
    return role;
  }

  /** The machine and its maps, which Step Functions treats as separate machines. */
  #itself(): string[] {
    return [this.arn, `${this.arn}/*`];
  }

  /**
   * Source: Step Functions developer guide, "Data at rest encryption". Step Functions assumes the role to use the key,
   * so the statements must not have a `kms:ViaService` condition.
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
