import { Duration } from 'aws-cdk-lib';
import { Choice, Condition, Fail, type IChainable, JsonPath, Pass, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { Tasks, WorkflowMachine } from '#infra/workflows/machine.ts';
import type { WorkflowProps } from '#infra/workflows/workflow.ts';
import { exportSteps } from '#shared/workflows/export.ts';

/** A first run over years of events waits for the limits of the connection. */
const EXPORT_TIMEOUT = Duration.days(14);

/** The export workflow: one execution for each scheduled start, which ends once everything is exported. */
export class ExportWorkflow extends Construct {
  readonly workflow: WorkflowMachine;

  constructor(scope: Construct, id: string, { functions, key, logRetentionDays }: WorkflowProps) {
    super(scope, id);
    const tasks = new Tasks(functions);
    this.workflow = new WorkflowMachine(this, 'Export', {
      name: 'export',
      comment: 'Exports the audit events of a remote system, and moves the cursor once they are written.',
      definition: this.#states(tasks),
      tasks,
      timeout: EXPORT_TIMEOUT,
      key,
      logRetentionDays,
    });
  }

  #states(tasks: Tasks): IChainable {
    const begin = new Pass(this, 'Begin', {
      comment: 'Input of every step: the identity of the execution.',
      parameters: {
        workflow: 'export',
        rule: JsonPath.stringAt('$$.Execution.Input.rule'),
        run: JsonPath.stringAt('$$.Execution.Name'),
      },
    });
    const sweep = tasks.make(this, 'Sweep', exportSteps.sweep, {
      comment: 'Reads, writes, and then moves the cursor, as far as one invocation gets.',
      resultPath: '$.swept',
    });
    const report = tasks.make(this, 'Report', exportSteps.report, {
      comment: 'Gives the cursor back, and measures. After an error too.',
      resultPath: '$.reported',
    });
    const failed = new Fail(this, 'ExportFailed', {
      comment: 'The error that ended the run. The next one continues at the cursor.',
      errorPath: '$.error.Error',
      causePath: '$.error.Cause',
    });
    sweep
      .addCatch(report, { errors: ['States.ALL'], resultPath: '$.error' })
      .next(
        new Choice(this, 'IsAllExported')
          .when(Condition.stringEquals('$.swept.next', 'again'), sweep)
          .otherwise(report),
      );
    report.next(
      new Choice(this, 'ExportEnding')
        .when(Condition.isPresent('$.error'), failed)
        .otherwise(new Succeed(this, 'ExportDone', { outputPath: '$.reported' })),
    );
    return begin.next(sweep);
  }
}
