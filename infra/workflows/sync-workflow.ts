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
import { PATIENT } from '#infra/workflows/retry-policies.ts';
import type { WorkflowProps } from '#infra/workflows/workflow.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import type { Step } from '#shared/workflows/step.ts';
import { syncSteps } from '#shared/workflows/sync.ts';

/**
 * A full sync of a million items at 200 calls a second takes four and a half hours; whatever takes a day hangs.
 * Meanwhile the next runs of the same sync end as SKIPPED.
 */
const MACHINE_TIMEOUT = Duration.hours(24);

/** The name of the map and, as its label, a part of the names of its child executions. */
const BATCHES = 'Batches';

const CAUGHT = { errors: ['States.ALL'], resultPath: '$.error' };

/** The sync workflow. Its states stand in the order in which they run; `docs/architecture.md` has the picture. */
export class SyncWorkflow extends Construct {
  readonly workflow: WorkflowMachine;
  readonly #tasks: Tasks;

  constructor(scope: Construct, id: string, { functions, key, logRetentionDays }: WorkflowProps) {
    super(scope, id);
    this.#tasks = new Tasks(functions);
    // CDK leaves this name out of logical ids: a stack that is deployed already keeps its machine.
    this.workflow = new WorkflowMachine(this, 'Default', {
      name: 'sync',
      comment: 'Brings one sync up to date: every batch gives back what it opened, whatever happens.',
      definition: this.#run(),
      timeout: MACHINE_TIMEOUT,
      hasChildren: true,
      tasks: this.#tasks,
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
      parameters: {
        workflow: 'sync',
        rule: JsonPath.stringAt('$$.Execution.Input.sync'),
        run: JsonPath.stringAt('$$.Execution.Name'),
        order: JsonPath.objectAt('$$.Execution.Input'),
      },
    });
    const signIn = this.#task('Authenticate', authenticate, {
      comment: 'Refuses wrong credentials before anything is planned.',
      resultPath: '$.authenticated',
    }).addCatch(reportFailure, CAUGHT);
    const plan = this.#task('Plan', syncSteps.plan, {
      comment: 'Compares what the vault and the store say, and writes the batches to the records bucket.',
      resultPath: '$.planned',
    }).addCatch(reportFailure, CAUGHT);
    const batches = this.#batches().addCatch(reportFailure, CAUGHT);
    const report = this.#task('Report', syncSteps.report, {
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
        new Wait(this, 'Gather', { time: WaitTime.secondsPath('$.order.waitSeconds') }).next(signIn),
      )
      .otherwise(signIn);

    signIn.next(plan).next(anythingToDo);
    return begin.next(mayBegin);
  }

  /** Reports a run that had to be given up, and fails with the error that ended it. */
  #reportFailure(): IChainable {
    const failed = new Fail(this, 'RunFailed', {
      comment: 'The first error, not what came of reporting it.',
      errorPath: '$.error.Error',
      causePath: '$.error.Cause',
    });
    return this.#task('ReportFailure', syncSteps.report, { resultPath: JsonPath.DISCARD })
      .addCatch(failed, { errors: ['States.ALL'], resultPath: JsonPath.DISCARD })
      .next(failed);
  }

  /**
   * Every batch is a workflow of its own with its own history. A batch catches its own failure; if one is lost in spite
   * of that, its neighbours go on, and the report misses its number.
   *
   * What comes back is `{"batch":1234}` for each batch, 16 bytes: a million items in batches of 100 make 160 KB of
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

  /** One batch. From Request on, every way out leads through CheckIn. */
  #batch(): IChainable {
    const failed = this.#batchEnd('BatchFailed', { error: '$.error.Error' });
    const checkIn = this.#checkIn(failed);

    const signIn = this.#task('AuthenticateBatch', authenticate, {
      comment: 'A batch may begin hours after the run: it makes sure of a token of its own. Nothing is open yet.',
      resultPath: '$.authenticated',
    }).addCatch(failed, CAUGHT);
    const request = this.#task('Request', syncSteps.request, {
      comment: 'Opens a lease for each item that needs one.',
      resultPath: '$.requested',
    }).addCatch(checkIn, CAUGHT);
    const retrieve = this.#task('Retrieve', syncSteps.retrieve, {
      comment: 'Reads each credential, delivers it, verifies it, promotes it.',
      resultPath: '$.retrieved',
    }).addCatch(checkIn, CAUGHT);

    return signIn.next(request).next(retrieve).next(checkIn);
  }

  #checkIn(failed: Pass): TaskStateBase {
    const leftOpen = this.#batchEnd('BatchLeftOpen', { open: '$.checkInError.Error' });
    const checkIn = this.#task('CheckIn', syncSteps.checkin, {
      comment: 'Ends every lease of this batch, also those whose answer got lost.',
      resultPath: '$.checkedIn',
      retry: PATIENT,
    }).addCatch(leftOpen, { errors: ['States.ALL'], resultPath: '$.checkInError' });

    const howItWent = new Choice(this, 'HowTheBatchWent')
      .when(Condition.isPresent('$.error'), failed)
      .otherwise(this.#batchEnd('BatchDone'));
    checkIn.next(howItWent);
    return checkIn;
  }

  /** Hands the batch's number to the report, with the name of the error that it ended with, or was left open by. */
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

  /** CDK has a policy for the batches, too, which is not in the template, since the role takes no more; cdk-nag sees it. */
  #acceptChildren(): void {
    const { machine } = this.workflow;
    const machineName = Fn.select(6, Fn.split(':', machine.stateMachineArn));
    for (const children of [`${machineName}:*`, `${machineName}/${BATCHES}:*`]) {
      const pattern = statesArn(this, 'execution', children);
      acceptPattern(machine, pattern, 'The executions of the batches are named by Step Functions.');
    }
  }
}
