import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

/** A condition that requires action by a person. */
export interface AlarmSpec {
  /** Anchor of the heading in `docs/runbook.md`. */
  readonly kind: string;
  /** Description of the condition, in one sentence. */
  readonly says: string;
  /** Rule or connection, if there is one alarm for each. */
  readonly about?: string;
  readonly metric: IMetric;
  /** Default: 1. */
  readonly threshold?: number;
  readonly comparison?: ComparisonOperator;
  readonly periods?: number;
  readonly missing?: TreatMissingData;
}

export interface AlarmsProps {
  readonly alarms: readonly AlarmSpec[];
  readonly topic: ITopic;
}

const SOON = Duration.minutes(5);

/** Failed executions as counted by Step Functions, which include runs that could not write a report. */
export const failuresOf = (...machines: readonly StateMachine[]): IMetric => {
  const endings = machines.flatMap((machine, index) => [
    [`failed${index || ''}`, machine.metricFailed({ period: SOON })] as const,
    [`timedOut${index || ''}`, machine.metricTimedOut({ period: SOON })] as const,
    [`aborted${index || ''}`, machine.metricAborted({ period: SOON })] as const,
  ]);
  return new MathExpression({
    label: 'Failed, timed out or aborted executions',
    expression: endings.map(([name]) => name).join(' + '),
    usingMetrics: Object.fromEntries(endings),
    period: SOON,
  });
};

/** All alarms of the stack. The description of each contains the link to its heading in the runbook. */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, { alarms, topic }: AlarmsProps) {
    super(scope, id);
    const action = new SnsAction(topic);
    this.all = alarms.map((spec) => {
      const alarm = this.#alarm(spec);
      alarm.addAlarmAction(action);
      return alarm;
    });
  }

  #alarm({ kind, says, about, metric, threshold = 1, comparison, periods = 1, missing }: AlarmSpec): Alarm {
    return new Alarm(this, about === undefined ? kind : `${kind}-${about}`, {
      alarmName: [Stack.of(this).stackName, kind, about].filter((part) => part !== undefined).join('-'),
      alarmDescription: `${says} What to do: docs/runbook.md#${kind}`,
      metric,
      threshold,
      comparisonOperator: comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
    });
  }
}
