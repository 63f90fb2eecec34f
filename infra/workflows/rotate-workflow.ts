import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  Fail,
  type IChainable,
  JsonPath,
  Pass,
  Succeed,
  type TaskStateBase,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { Tasks, WorkflowMachine } from '#infra/workflows/machine.ts';
import { CLOSING_RETRY } from '#infra/workflows/retry-policies.ts';
import type { WorkflowProps } from '#infra/workflows/workflow.ts';
import { authenticate } from '#shared/workflows/authenticate.ts';
import { type RotationPlanned, rotateSteps } from '#shared/workflows/rotate.ts';

/** A fleet rotates in waves, with pauses of up to a week. Step Functions allows a year. */
const ROTATE_TIMEOUT = Duration.days(180);

const CAUGHT = { errors: ['States.ALL'], resultPath: '$.error' };

const isPlanned = (status: RotationPlanned['status']): Condition => Condition.stringEquals('$.planned.status', status);

const isNext = (next: string): Condition => Condition.stringEquals('$.advanced.next', next);

/**
 * The rotation workflow. `Advance` decides by the record of the run, and chooses the next state. All waiting happens in
 * `Wait`, where no function runs. Every path leads through Report, which gives the rule back.
 */
export class RotateWorkflow extends Construct {
  readonly workflow: WorkflowMachine;

  constructor(scope: Construct, id: string, { functions, key, logRetentionDays }: WorkflowProps) {
    super(scope, id);
    const tasks = new Tasks(functions);
    this.workflow = new WorkflowMachine(this, 'Rotate', {
      name: 'rotate',
      comment: 'Changes credentials in the vault, in waves, and starts the syncs that deliver them.',
      definition: this.#states(tasks),
      tasks,
      timeout: ROTATE_TIMEOUT,
      key,
      logRetentionDays,
    });
  }

  #states(tasks: Tasks): IChainable {
    const begin = new Pass(this, 'Begin', {
      comment: 'Input of every step: the identity of the execution, and its order.',
      parameters: {
        workflow: 'rotate',
        rule: JsonPath.stringAt('$$.Execution.Input.rule'),
        run: JsonPath.stringAt('$$.Execution.Name'),
        startedAt: JsonPath.stringAt('$$.Execution.StartTime'),
        order: JsonPath.objectAt('$$.Execution.Input'),
      },
    });
    const report = this.#report(tasks);
    const signIn = tasks
      .make(this, 'Authenticate', authenticate, {
        comment: 'Fails on wrong credentials before anything is planned.',
        resultPath: '$.authenticated',
      })
      .addCatch(report, CAUGHT);
    const plan = tasks
      .make(this, 'Plan', rotateSteps.plan, {
        comment: 'Claims the rule, selects the items, and records the waves.',
        resultPath: '$.planned',
      })
      .addCatch(report, CAUGHT);
    const deliverRest = tasks
      .make(this, 'DeliverRest', rotateSteps.deliver, {
        comment: 'After an error, starts the syncs for what has rotated before it.',
        resultPath: JsonPath.DISCARD,
        retry: CLOSING_RETRY,
      })
      // The first error is the cause.
      .addCatch(report, { ...CAUGHT, resultPath: JsonPath.DISCARD });
    deliverRest.next(report);
    const advance = tasks
      .make(this, 'Advance', rotateSteps.advance, {
        comment: 'Looks at what runs, tests what has changed, and starts what is next. Records each start before it.',
        resultPath: '$.advanced',
        retry: CLOSING_RETRY,
      })
      .addCatch(deliverRest, CAUGHT);
    const deliver = tasks
      .make(this, 'Deliver', rotateSteps.deliver, {
        comment: 'Starts the syncs for exactly the rotated items, and looks at those that run.',
        resultPath: '$.advanced',
        retry: CLOSING_RETRY,
      })
      .addCatch(report, CAUGHT);
    const wait = new Wait(this, 'Wait', {
      comment: 'Waits for the vault, for a sync, or for the pause between two waves.',
      time: WaitTime.secondsPath('$.advanced.waitSeconds'),
    });

    const turn = new Wait(this, 'WaitForTurn', {
      comment: 'Another execution of the rule has not ended. A request is not lost.',
      time: WaitTime.secondsPath('$.planned.waitSeconds'),
    });

    begin.next(signIn);
    signIn.next(plan);
    plan.next(
      new Choice(this, 'AnythingToDo', { comment: 'Another execution of the rule can be running.' })
        .when(isPlanned('planned'), advance)
        .when(isPlanned('busy'), turn)
        .otherwise(report),
    );
    turn.next(plan);
    advance.next(
      new Choice(this, 'NextAction').when(isNext('deliver'), deliver).when(isNext('wait'), wait).otherwise(report),
    );
    deliver.next(wait);
    wait.next(advance);
    return begin;
  }

  #report(tasks: Tasks): TaskStateBase {
    const failed = new Fail(this, 'RotationFailed', {
      comment: 'The error that ended the rotation.',
      errorPath: '$.error.Error',
      causePath: '$.error.Cause',
    });
    const report = tasks.make(this, 'Report', rotateSteps.report, {
      comment: 'Writes the report, gives the rule back, and alerts people if action is needed.',
      resultPath: '$.reported',
      retry: CLOSING_RETRY,
    });
    report.next(
      new Choice(this, 'RotationEnding')
        .when(Condition.isPresent('$.error'), failed)
        .otherwise(new Succeed(this, 'RotationDone', { outputPath: '$.reported' })),
    );
    return report;
  }
}
