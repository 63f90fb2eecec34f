import { Duration, Fn } from 'aws-cdk-lib';
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
import { acceptPattern } from '#infra/nag.ts';
import { statesArn, type TaskOptions, Tasks, WorkflowMachine } from '#infra/workflows/machine.ts';
import { CLOSING_RETRY, OPEN_LIMIT_RETRY, OPENING_LIMIT_RETRY } from '#infra/workflows/retry-policies.ts';
import type { WorkflowProps } from '#infra/workflows/workflow.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import type { Step } from '#shared/workflows/step.ts';
import { syncSteps } from '#shared/workflows/sync.ts';

/**
 * A full sync of a million items at 200 calls per second takes four and a half hours, so a run of a day is stuck. Until
 * it ends, later runs of the same sync end as SKIPPED.
 */
const MACHINE_TIMEOUT = Duration.hours(24);

/** Name of the map. It is also the map's label, which is part of the names of its child executions. */
const BATCHES = 'Batches';

const CAUGHT = { errors: ['States.ALL'], resultPath: '$.error' };

/** The sync workflow. Its states are in the order in which they run. `docs/architecture.md` has the diagram. */
export class SyncWorkflow extends Construct {
  readonly workflow: WorkflowMachine;
  readonly #tasks: Tasks;

  constructor(scope: Construct, id: string, { functions, key, logRetentionDays }: WorkflowProps) {
    super(scope, id);
    this.#tasks = new Tasks(functions);
    // CDK omits this id from logical ids, so that deployed stacks keep their machine.
    this.workflow = new WorkflowMachine(this, 'Default', {
      name: 'sync',
      comment: 'Brings one sync up to date. Every batch always checks in the leases that it opened.',
      definition: this.#run(),
      timeout: MACHINE_TIMEOUT,
      hasChildren: true,
      tasks: this.#tasks,
      key,
      logRetentionDays,
    });
    this.#acceptChildren();
  }

  /** The run: one plan, then the batches in parallel, then the report. */
  #run(): IChainable {
    const reportFailure = this.#reportFailure();

    const begin = new Pass(this, 'Begin', {
      comment: 'Input of every step: the identity of the run, and the order.',
      parameters: {
        workflow: 'sync',
        rule: JsonPath.stringAt('$$.Execution.Input.sync'),
        run: JsonPath.stringAt('$$.Execution.Name'),
        startedAt: JsonPath.stringAt('$$.Execution.StartTime'),
        order: JsonPath.objectAt('$$.Execution.Input'),
      },
    });
    const signIn = this.#task('Authenticate', authenticate, {
      comment: 'Fails on wrong credentials before anything is planned.',
      resultPath: '$.authenticated',
    }).addCatch(reportFailure, CAUGHT);
    const plan = this.#task('Plan', syncSteps.plan, {
      comment: 'Compares the vault with the store, and writes the batches to the records bucket.',
      resultPath: '$.planned',
    }).addCatch(reportFailure, CAUGHT);
    const batches = this.#batches().addCatch(reportFailure, CAUGHT);
    const report = this.#task('Report', syncSteps.report, {
      comment: 'Writes the report, alerts people if action is needed, and saves state for the next run.',
    });

    const anythingToDo = new Choice(this, 'AnythingToDo', {
      comment: 'Without batches, nothing has changed, or an earlier run of the sync is still running.',
    })
      .when(Condition.isPresent('$.planned.batches[0]'), batches.next(report))
      .otherwise(report);

    const mayBegin = new Choice(this, 'MayBegin', {
      comment: 'A run started by a message waits, so that further messages join it.',
    })
      .when(
        Condition.isPresent('$.order.waitSeconds'),
        new Wait(this, 'Debounce', { time: WaitTime.secondsPath('$.order.waitSeconds') }).next(signIn),
      )
      .otherwise(signIn);

    signIn.next(plan).next(anythingToDo);
    return begin.next(mayBegin);
  }

  /** Reports a failed run, and fails with the error that ended it. */
  #reportFailure(): IChainable {
    const failed = new Fail(this, 'RunFailed', {
      comment: 'The first error, even if reporting it failed as well.',
      errorPath: '$.error.Error',
      causePath: '$.error.Cause',
    });
    return this.#task('ReportFailure', syncSteps.report, { resultPath: JsonPath.DISCARD })
      .addCatch(failed, { errors: ['States.ALL'], resultPath: JsonPath.DISCARD })
      .next(failed);
  }

  /**
   * Every batch is a child execution with its own history. A batch catches its own failure. If a batch is lost
   * nevertheless, the others continue, and the report detects the missing number.
   *
   * Each batch returns `{"batch":1234}`, 16 bytes: a million items in batches of 100 make 160 KB of the 256 KiB that
   * fit into state.
   */
  #batches(): DistributedMap {
    return new DistributedMap(this, BATCHES, {
      label: BATCHES,
      comment: 'Runs the batches, as many in parallel as the sync allows.',
      mapExecutionType: StateMachineType.STANDARD,
      itemsPath: '$.planned.batches',
      maxConcurrencyPath: '$.planned.concurrency',
      itemSelector: {
        workflow: JsonPath.stringAt('$.workflow'),
        rule: JsonPath.stringAt('$.rule'),
        run: JsonPath.stringAt('$.run'),
        order: JsonPath.objectAt('$.order'),
        batch: JsonPath.numberAt('$$.Map.Item.Value'),
      },
      toleratedFailurePercentage: 100,
      resultPath: '$.batchEnds',
    }).itemProcessor(this.#batch());
  }

  /** One batch. From Request on, every path leads through CheckIn. */
  #batch(): IChainable {
    const failed = this.#batchEnd('BatchFailed', { error: '$.error.Error' });
    const checkIn = this.#checkIn(failed);

    const signIn = this.#task('AuthenticateBatch', authenticate, {
      comment:
        'A batch can begin hours after the run, so it makes sure that it has a valid token. Nothing is open yet.',
      resultPath: '$.authenticated',
    }).addCatch(failed, CAUGHT);
    const request = this.#task('Request', syncSteps.request, {
      comment: 'Opens a lease for each item that needs one.',
      resultPath: '$.requested',
      limitRetry: OPENING_LIMIT_RETRY,
    }).addCatch(checkIn, CAUGHT);
    const retrieve = this.#task('Retrieve', syncSteps.retrieve, {
      comment: 'Reads each credential, delivers it, verifies it, promotes it.',
      resultPath: '$.retrieved',
      limitRetry: OPEN_LIMIT_RETRY,
    }).addCatch(checkIn, CAUGHT);

    return signIn.next(request).next(retrieve).next(checkIn);
  }

  #checkIn(failed: Pass): TaskStateBase {
    const leftOpen = this.#batchEnd('BatchLeftOpen', { open: '$.checkInError.Error' });
    const checkIn = this.#task('CheckIn', syncSteps.checkin, {
      comment: 'Ends every lease of this batch, including those whose response was lost.',
      resultPath: '$.checkedIn',
      retry: CLOSING_RETRY,
    }).addCatch(leftOpen, { errors: ['States.ALL'], resultPath: '$.checkInError' });

    const howItWent = new Choice(this, 'BatchEnding')
      .when(Condition.isPresent('$.error'), failed)
      .otherwise(this.#batchEnd('BatchDone'));
    checkIn.next(howItWent);
    return checkIn;
  }

  /** Passes the batch's number to the report, with the name of the error that ended it or left a lease open. */
  #batchEnd(name: string, errorPaths: Readonly<Partial<Record<'error' | 'open', string>>> = {}): Pass {
    return new Pass(this, name, {
      parameters: {
        batch: JsonPath.numberAt('$.batch'),
        ...Object.fromEntries(Object.entries(errorPaths).map(([key, path]) => [key, JsonPath.stringAt(path)])),
      },
    });
  }

  #task(name: string, step: Step, options: TaskOptions): TaskStateBase {
    return this.#tasks.make(this, name, step, options);
  }

  /**
   * CDK also creates a policy for the batches. It is not in the template, because the role accepts no policy updates,
   * but cdk-nag checks it.
   */
  #acceptChildren(): void {
    const { machine } = this.workflow;
    const machineName = Fn.select(6, Fn.split(':', machine.stateMachineArn));
    for (const children of [`${machineName}:*`, `${machineName}/${BATCHES}:*`]) {
      const pattern = statesArn(this, 'execution', children);
      acceptPattern(machine, pattern, 'Step Functions names the executions of the batches.');
    }
  }
}
