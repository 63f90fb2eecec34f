import { ArnFormat, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  DefinitionBody,
  DistributedMap,
  Fail,
  type IChainable,
  JsonPath,
  LogLevel,
  Pass,
  StateMachine,
  StateMachineType,
  type TaskStateBase,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { asRetry, BRIEF, PATIENT, type RetryPolicy } from '#infra/constructs/retry-policies.ts';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import { acceptPattern } from '#infra/nag.ts';
import { STEP_SIZES, type Step } from '#infra/steps.ts';

export type WorkflowStep = Exclude<Step, 'reap'>;

export interface SyncWorkflowProps {
  readonly functions: Readonly<Record<WorkflowStep, WorkflowFunction>>;
  readonly key: IKey;
  readonly logRetentionDays: RetentionDays;
}

/** How much longer than its function a task waits, so that it is the function that says what happened. */
const TASK_GRACE_SECONDS = 30;

/**
 * A full sync of a million accounts at 200 calls a second takes four and a half hours; whatever takes a day hangs.
 * Meanwhile the next runs of the same sync end as SKIPPED.
 */
const MACHINE_TIMEOUT = Duration.hours(24);

/** The name of the map and, as its label, a part of the names of its child executions. */
const BATCHES = 'Batches';

const CAUGHT = { errors: ['States.ALL'], resultPath: '$.error' };

/** The sync workflow. Its states stand in the order in which they run; `docs/architecture.md` has the picture. */
export class SyncWorkflow extends Construct {
  readonly machine: StateMachine;
  readonly machineArn: string;
  readonly machineName: string;

  readonly #functions: SyncWorkflowProps['functions'];

  constructor(scope: Construct, id: string, { functions, key, logRetentionDays }: SyncWorkflowProps) {
    super(scope, id);
    this.#functions = functions;
    this.machineName = `${Stack.of(this).stackName}-sync`;
    // Spelled out, because functions are told it and the machine is told theirs.
    this.machineArn = this.#statesArn('stateMachine', this.machineName);

    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${this.machineName}`,
      retention: logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: this.machineName,
      stateMachineType: StateMachineType.STANDARD,
      comment: 'Brings one sync up to date: every batch gives back what it opened, whatever happens.',
      definitionBody: DefinitionBody.fromChainable(this.#run()),
      timeout: MACHINE_TIMEOUT,
      logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: false },
      tracingEnabled: true,
      role: this.#role().withoutPolicyUpdates(),
    });
    this.#acceptChildren();
  }

  /** Lets a function see which runs there are, and tells it of which machine. */
  grantListRuns(fn: WorkflowFunction): void {
    fn.allow({ actions: ['states:ListExecutions'], resources: [this.machineArn] });
    fn.tell('SYNC_MACHINE_ARN', this.machineArn);
  }

  /** Lets a function see whether a run has ended, and tells it of which machine. */
  grantDescribeRuns(fn: WorkflowFunction): void {
    fn.allow({
      actions: ['states:DescribeExecution'],
      resources: [this.#statesArn('execution', `${this.machineName}:*`)],
      pattern: 'Runs are named when they start.',
    });
    fn.tell('SYNC_MACHINE_ARN', this.machineArn);
  }

  /** The run: plan once, then the batches side by side, then the report. */
  #run(): IChainable {
    const reportFailure = this.#reportFailure();

    const begin = new Pass(this, 'Begin', {
      comment: 'What every step needs to know: whose run this is, and what was asked for.',
      parameters: { run: JsonPath.stringAt('$$.Execution.Name'), order: JsonPath.objectAt('$$.Execution.Input') },
    });
    const authenticate = this.#task('Authenticate', 'authenticate', {
      comment: 'Refuses wrong credentials before anything is planned.',
      resultPath: '$.authenticated',
    }).addCatch(reportFailure, CAUGHT);
    const plan = this.#task('Plan', 'plan', {
      comment: 'Compares what the vault and the store say, and writes the batches to the records bucket.',
      resultPath: '$.planned',
    }).addCatch(reportFailure, CAUGHT);
    const batches = this.#batches().addCatch(reportFailure, CAUGHT);
    const report = this.#task('Report', 'report', {
      comment: 'Sums up, tells people when they are needed, and remembers for the next run.',
    });

    const anythingToDo = new Choice(this, 'AnythingToDo', {
      comment: 'No batch: nothing has changed, or the previous run of the sync is still at it.',
    })
      .when(Condition.isPresent('$.planned.batches[0]'), batches.next(report))
      .otherwise(report);

    return begin.next(authenticate).next(plan).next(anythingToDo);
  }

  /** Reports a run that had to be given up, and fails with the error that ended it. */
  #reportFailure(): IChainable {
    const failed = new Fail(this, 'RunFailed', {
      comment: 'The first error, not what came of reporting it.',
      errorPath: '$.error.Error',
      causePath: '$.error.Cause',
    });
    return this.#task('ReportFailure', 'report', { resultPath: JsonPath.DISCARD })
      .addCatch(failed, { errors: ['States.ALL'], resultPath: JsonPath.DISCARD })
      .next(failed);
  }

  /**
   * Every batch is a workflow of its own with its own history. A batch catches its own failure; if one is lost in spite
   * of that, its neighbours go on, and the report misses its number.
   *
   * What comes back is `{"batch":1234}` for each batch, 16 bytes: a million accounts in batches of 100 make 160 KB of
   * the 256 KiB that fit into state.
   */
  #batches(): DistributedMap {
    return new DistributedMap(this, BATCHES, {
      label: BATCHES,
      comment: 'All batches, as many at the same time as the sync allows.',
      mapExecutionType: StateMachineType.STANDARD,
      itemsPath: '$.planned.batches',
      maxConcurrencyPath: '$.planned.concurrency',
      itemSelector: {
        run: JsonPath.stringAt('$.run'),
        order: JsonPath.objectAt('$.order'),
        batch: JsonPath.numberAt('$$.Map.Item.Value'),
      },
      toleratedFailurePercentage: 100,
      resultPath: '$.batchEnds',
    }).itemProcessor(this.#batch());
  }

  /** One batch. From Request on, every way out leads through CheckIn. */
  #batch(): IChainable {
    const failed = this.#batchEnd('BatchFailed', '$.error.Error');
    const checkIn = this.#checkIn(failed);

    const authenticate = this.#task('AuthenticateBatch', 'authenticate', {
      comment: 'A batch may begin hours after the run: it makes sure of a token of its own. Nothing is open yet.',
      resultPath: '$.authenticated',
    }).addCatch(failed, CAUGHT);
    const request = this.#task('Request', 'request', {
      comment: 'Opens a request for each account that needs one.',
      resultPath: '$.requested',
    }).addCatch(checkIn, CAUGHT);
    const retrieve = this.#task('Retrieve', 'retrieve', {
      comment: 'Reads each credential, delivers it, verifies it, promotes it.',
      resultPath: '$.retrieved',
    }).addCatch(checkIn, CAUGHT);

    return authenticate.next(request).next(retrieve).next(checkIn);
  }

  #checkIn(failed: Pass): TaskStateBase {
    const leftOpen = this.#batchEnd('BatchLeftOpen', '$.checkInError.Error');
    const checkIn = this.#task('CheckIn', 'checkin', {
      comment: 'Gives back every request of this batch, also those whose answer got lost.',
      resultPath: '$.checkedIn',
      retry: PATIENT,
    }).addCatch(leftOpen, { errors: ['States.ALL'], resultPath: '$.checkInError' });

    const howItWent = new Choice(this, 'HowTheBatchWent')
      .when(Condition.isPresent('$.error'), failed)
      .otherwise(this.#batchEnd('BatchDone'));
    checkIn.next(howItWent);
    return checkIn;
  }

  /** Hands the batch's number to the report, with the name of the error that it ended with. */
  #batchEnd(name: string, errorPath?: string): Pass {
    return new Pass(this, name, {
      parameters: {
        batch: JsonPath.numberAt('$.batch'),
        ...(errorPath === undefined ? {} : { error: JsonPath.stringAt(errorPath) }),
      },
    });
  }

  /** A step's function with the whole state as its input: each parses what it needs out of it. */
  #task(
    name: string,
    step: WorkflowStep,
    { retry = BRIEF, ...rest }: { comment?: string; resultPath?: string; retry?: RetryPolicy },
  ): TaskStateBase {
    return LambdaInvoke.jsonPath(this, name, {
      lambdaFunction: this.#functions[step].lambda,
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
      taskTimeout: Timeout.duration(Duration.seconds(STEP_SIZES[step].timeoutSeconds + TASK_GRACE_SECONDS)),
      ...rest,
    }).addRetry(asRetry(retry));
  }

  #role(): Role {
    const anything = (actions: string[]) => new PolicyStatement({ actions, resources: ['*'] });
    const on = (actions: string[], resources: string[]) => new PolicyStatement({ actions, resources });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description: 'What the sync workflow may do',
      inlinePolicies: {
        Steps: new PolicyDocument({
          statements: [
            on(
              ['lambda:InvokeFunction'],
              Object.values(this.#functions).map(({ lambda }) => lambda.functionArn),
            ),
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

  /** CDK lets the machine start, watch and stop the executions of its own batches. */
  #acceptChildren(): void {
    const machineName = Fn.select(6, Fn.split(':', this.machine.stateMachineArn));
    for (const children of [`${machineName}:*`, `${machineName}/${BATCHES}:*`]) {
      const pattern = this.#statesArn('execution', children);
      acceptPattern(this.machine, pattern, 'The executions of the batches are named by Step Functions.');
    }
  }

  #statesArn(resource: 'stateMachine' | 'execution', resourceName: string): string {
    return Stack.of(this).formatArn({
      service: 'states',
      resource,
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}
