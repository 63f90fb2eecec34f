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
import { provisionSteps } from '#shared/workflows/provision.ts';

/** A deletion waits until the last release of an account has ended. Step Functions allows a year. */
const PROVISION_TIMEOUT = Duration.days(365);

/** 100,000 subjects take hours. */
const DRIFT_TIMEOUT = Duration.days(1);

const CAUGHT = { errors: ['States.ALL'], resultPath: '$.error' };

const isNext = (next: string): Condition => Condition.stringEquals('$.applied.next', next);

/**
 * The provisioning workflow: one execution for each order about a subject. After an error, Undo takes back what the
 * execution made. All waiting happens in Wait states, where no function runs.
 */
export class ProvisionWorkflow extends Construct {
  readonly provision: WorkflowMachine;
  readonly drift: WorkflowMachine;

  constructor(scope: Construct, id: string, { functions, key, logRetentionDays }: WorkflowProps) {
    super(scope, id);
    const common = { key, logRetentionDays };
    const tasks = new Tasks(functions);
    this.provision = new WorkflowMachine(this, 'Provision', {
      ...common,
      name: 'provision',
      comment: 'Provisions one subject of a blueprint, or takes it back.',
      definition: this.#states(tasks),
      tasks,
      timeout: PROVISION_TIMEOUT,
    });
    const ofDrift = new Tasks(functions);
    this.drift = new WorkflowMachine(this, 'Drift', {
      ...common,
      name: 'drift',
      comment: 'Compares every subject of a blueprint with the remote system.',
      definition: this.#driftStates(ofDrift),
      tasks: ofDrift,
      timeout: DRIFT_TIMEOUT,
    });
  }

  #states(tasks: Tasks): IChainable {
    const begin = new Pass(this, 'Begin', {
      comment: 'Input of every step: the identity of the execution, and its subject.',
      parameters: {
        workflow: 'provision',
        rule: JsonPath.stringAt('$$.Execution.Input.rule'),
        run: JsonPath.stringAt('$$.Execution.Name'),
        order: JsonPath.objectAt('$$.Execution.Input'),
      },
    });
    const plan = tasks.make(this, 'Plan', provisionSteps.plan, {
      comment: 'Claims the subject, unless another execution works on it, and determines the task.',
      resultPath: '$.planned',
    });
    const apply = tasks.make(this, 'Apply', provisionSteps.apply, {
      comment: 'Finds, compares, creates or changes only what differs, and records what it made.',
      resultPath: '$.applied',
    });
    const undo = tasks.make(this, 'Undo', provisionSteps.apply, {
      comment: 'Takes back what this execution made, in reverse, and nothing else.',
      resultPath: '$.applied',
      retry: CLOSING_RETRY,
    });
    const report = this.#report(tasks, begin);

    plan
      .addCatch(report, CAUGHT)
      .next(
        new Choice(this, 'AnythingToDo', { comment: 'Another execution can be working on the subject.' })
          .when(Condition.stringEquals('$.planned.task', 'nothing'), report)
          .otherwise(apply),
      );
    apply
      .addCatch(undo, CAUGHT)
      .next(
        new Choice(this, 'Applied')
          .when(isNext('apply'), apply)
          .when(isNext('wait'), this.#wait().next(apply))
          .otherwise(report),
      );
    undo
      .addCatch(report, { ...CAUGHT, resultPath: '$.undoError' })
      .next(new Choice(this, 'Undone').when(isNext('apply'), undo).otherwise(report));
    begin.next(plan);
    return begin;
  }

  #driftStates(tasks: Tasks): IChainable {
    const begin = new Pass(this, 'BeginDrift', {
      comment: 'Input of every step: the identity of the execution.',
      parameters: {
        workflow: 'provision',
        rule: JsonPath.stringAt('$$.Execution.Input.rule'),
        run: JsonPath.stringAt('$$.Execution.Name'),
      },
    });
    const compare = tasks.make(this, 'Compare', provisionSteps.drift, {
      comment: 'Compares as many subjects as one invocation gets to. Only reads.',
      resultPath: '$.compared',
    });
    compare.next(
      new Choice(this, 'IsAllCompared')
        .when(Condition.stringEquals('$.compared.next', 'drift'), compare)
        .otherwise(new Succeed(this, 'DriftDone', { outputPath: '$.compared' })),
    );
    return begin.next(compare);
  }

  #wait(): Wait {
    return new Wait(this, 'Wait', {
      comment: 'Waits for a late effect, or for the end of the last use.',
      time: WaitTime.secondsPath('$.applied.waitSeconds'),
    });
  }

  #report(tasks: Tasks, begin: Pass): TaskStateBase {
    const failed = new Fail(this, 'SubjectFailed', {
      comment: 'The error that ended the task.',
      errorPath: '$.error.Error',
      causePath: '$.error.Cause',
    });
    const report = tasks.make(this, 'Report', provisionSteps.report, {
      comment: 'Records the result, gives the subject back, and alerts people if action is needed.',
      resultPath: '$.reported',
      retry: CLOSING_RETRY,
    });
    report.next(
      new Choice(this, 'SubjectEnding', {
        comment: 'Orders that arrived during the execution are carried out as well.',
      })
        .when(Condition.stringEquals('$.reported.next', 'again'), begin)
        .when(Condition.isPresent('$.error'), failed)
        .otherwise(new Succeed(this, 'SubjectDone', { outputPath: '$.reported' })),
    );
    return report;
  }
}
