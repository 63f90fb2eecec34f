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
import { type DirectoryHeeded, type DirectoryPlanned, directorySteps } from '#shared/workflows/directory.ts';

/** 10,000 invitations at five calls a second take hours. */
const DIRECTORY_TIMEOUT = Duration.days(2);

/** Pause of an undo while another run has the rule. */
const TURN = Duration.seconds(30);

/** Pause of a run over messages while another one has them, or while another process works on a person. */
const MOMENT = Duration.seconds(10);

const CAUGHT = { errors: ['States.ALL'], resultPath: '$.error' };

const isPlanned = (status: DirectoryPlanned['status']): Condition => Condition.stringEquals('$.planned.status', status);

const isHeeded = (next: DirectoryHeeded['next']): Condition => Condition.stringEquals('$.heeded.next', next);

/**
 * The directory workflow: one run of a rule at a time. A comparison ends after the plan. Messages about people do not
 * wait for it. Every path that changes something leads through Report, which gives the rule back.
 */
export class DirectoryWorkflow extends Construct {
  readonly workflow: WorkflowMachine;

  constructor(scope: Construct, id: string, { functions, key, logRetentionDays }: WorkflowProps) {
    super(scope, id);
    const tasks = new Tasks(functions);
    this.workflow = new WorkflowMachine(this, 'Directory', {
      name: 'directory',
      comment: 'Keeps the people and groups of a directory as declared.',
      definition: this.#states(tasks),
      tasks,
      timeout: DIRECTORY_TIMEOUT,
      key,
      logRetentionDays,
    });
  }

  #states(tasks: Tasks): IChainable {
    const begin = new Pass(this, 'Begin', {
      comment: 'Input of every step: the identity of the run, and its order.',
      parameters: {
        workflow: 'directory',
        rule: JsonPath.stringAt('$$.Execution.Input.rule'),
        run: JsonPath.stringAt('$$.Execution.Name'),
        order: JsonPath.objectAt('$$.Execution.Input'),
      },
    });
    const report = this.#report(tasks);
    const plan = tasks
      .make(this, 'Plan', directorySteps.plan, {
        comment: 'Claims the rule, compares, and records the steps. Only reads the directory.',
        resultPath: '$.planned',
      })
      .addCatch(report, CAUGHT);
    const apply = tasks
      .make(this, 'Apply', directorySteps.apply, {
        comment: 'Carries out the steps, each written into the journal first.',
        resultPath: '$.applied',
      })
      .addCatch(report, CAUGHT);
    const turn = new Wait(this, 'WaitForTurn', {
      comment: 'Another run of the rule has not ended. An undo is not lost.',
      time: WaitTime.duration(TURN),
    });
    begin.next(
      new Choice(this, 'IsByMessage', { comment: 'What messages say is carried out beside the declared state.' })
        .when(Condition.stringEquals('$.order.trigger', 'message'), this.#messages(tasks, report))
        .otherwise(plan),
    );
    plan.next(
      new Choice(this, 'AnythingToDo', { comment: 'Another run of the rule can be active.' })
        .when(isPlanned('planned'), apply)
        .when(isPlanned('busy'), turn)
        .otherwise(report),
    );
    turn.next(plan);
    apply.next(
      new Choice(this, 'IsAllApplied').when(Condition.stringEquals('$.applied.next', 'apply'), apply).otherwise(report),
    );
    return begin;
  }

  #messages(tasks: Tasks, report: TaskStateBase): IChainable {
    const heed = tasks
      .make(this, 'Heed', directorySteps.heed, {
        comment: 'Carries out what messages say about people. What fails stays owed.',
        resultPath: '$.heeded',
      })
      .addCatch(report, CAUGHT);
    const gather = new Wait(this, 'WaitForMessages', {
      comment: 'Messages that arrive in the same three seconds share a run.',
      time: WaitTime.secondsPath('$.order.waitSeconds'),
    });
    const moment = new Wait(this, 'WaitForPeople', {
      comment: 'Another run has the messages, or works on a person.',
      time: WaitTime.duration(MOMENT),
    });
    gather.next(heed);
    moment.next(heed);
    heed.next(
      new Choice(this, 'IsAllHeeded')
        .when(isHeeded('heed'), heed)
        .when(isHeeded('wait'), moment)
        .when(isHeeded('end'), new Succeed(this, 'NothingOwed', { outputPath: '$.heeded' }))
        .otherwise(report),
    );
    return new Choice(this, 'IsFirstOfWindow', { comment: 'A schedule continues what is owed, without a wait.' })
      .when(Condition.isPresent('$.order.waitSeconds'), gather)
      .otherwise(heed);
  }

  #report(tasks: Tasks): TaskStateBase {
    const failed = new Fail(this, 'DirectoryFailed', {
      comment: 'The error that ended the run.',
      errorPath: '$.error.Error',
      causePath: '$.error.Cause',
    });
    const report = tasks.make(this, 'Report', directorySteps.report, {
      comment: 'Writes the report, gives the rule back, and alerts people if action is needed.',
      resultPath: '$.reported',
      retry: CLOSING_RETRY,
    });
    report.next(
      new Choice(this, 'DirectoryEnding')
        .when(Condition.isPresent('$.error'), failed)
        .otherwise(new Succeed(this, 'DirectoryDone', { outputPath: '$.reported' })),
    );
    return report;
  }
}
