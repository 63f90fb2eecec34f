import { Duration, Fn } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  DistributedMap,
  Fail,
  type IChainable,
  JsonPath,
  Pass,
  StateMachineType,
  type TaskStateBase,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { PATIENT, type RetryPolicy } from '#infra/constructs/retry-policies.ts';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import { statesArn, stepTask, WorkflowMachine } from '#infra/constructs/workflow-machine.ts';
import { acceptPattern } from '#infra/nag.ts';

export type SyncStep = 'authenticate' | 'plan' | 'request' | 'retrieve' | 'checkin' | 'report';

export interface SyncWorkflowProps {
  readonly functions: Readonly<Record<SyncStep, WorkflowFunction>>;
  readonly key: IKey;
  readonly logRetentionDays: RetentionDays;
}

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
  readonly workflow: WorkflowMachine;

  readonly #functions: SyncWorkflowProps['functions'];

  constructor(scope: Construct, id: string, { functions, key, logRetentionDays }: SyncWorkflowProps) {
    super(scope, id);
    this.#functions = functions;
    // CDK leaves this name out of logical ids: a stack that is deployed already keeps its machine.
    this.workflow = new WorkflowMachine(this, 'Default', {
      name: 'sync',
      comment: 'Brings one sync up to date: every batch gives back what it opened, whatever happens.',
      definition: this.#run(),
      timeout: MACHINE_TIMEOUT,
      functions: Object.values(functions),
      key,
      logRetentionDays,
    });
    this.#acceptChildren();
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

    const mayBegin = new Choice(this, 'MayBegin', {
      comment: 'Messages gather for a while before a run looks at them.',
    })
      .when(
        Condition.isPresent('$.order.waitSeconds'),
        new Wait(this, 'Gather', { time: WaitTime.secondsPath('$.order.waitSeconds') }).next(authenticate),
      )
      .otherwise(authenticate);

    authenticate.next(plan).next(anythingToDo);
    return begin.next(mayBegin);
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

  #task(
    name: string,
    step: SyncStep,
    options: { comment?: string; resultPath?: string; retry?: RetryPolicy },
  ): TaskStateBase {
    return stepTask(this, name, this.#functions[step], options);
  }

  /** CDK lets the machine start, watch and stop the executions of its own batches. */
  #acceptChildren(): void {
    const { machine } = this.workflow;
    const machineName = Fn.select(6, Fn.split(':', machine.stateMachineArn));
    for (const children of [`${machineName}:*`, `${machineName}/${BATCHES}:*`]) {
      const pattern = statesArn(this, 'execution', children);
      acceptPattern(machine, pattern, 'The executions of the batches are named by Step Functions.');
    }
  }
}
