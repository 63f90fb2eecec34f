import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

/** Something that calls for a person. */
export interface AlarmSpec {
  /** `docs/runbook.md` has a heading of this name. */
  readonly kind: string;
  /** What has happened, in a sentence. */
  readonly says: string;
  /** Which rule or connection, where there is one alarm for each. */
  readonly about?: string;
  readonly metric: IMetric;
  /** One of the thing is too many, unless said otherwise. */
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

/** By what Step Functions counts, which also knows the runs that could not even report. */
export const failuresOf = (...machines: readonly StateMachine[]): IMetric => {
  const endings = machines.flatMap((machine, index) => [
    [`failed${index || ''}`, machine.metricFailed({ period: SOON })] as const,
    [`timedOut${index || ''}`, machine.metricTimedOut({ period: SOON })] as const,
    [`aborted${index || ''}`, machine.metricAborted({ period: SOON })] as const,
  ]);
  return new MathExpression({
    label: 'Runs that did not end well',
    expression: endings.map(([name]) => name).join(' + '),
    usingMetrics: Object.fromEntries(endings),
    period: SOON,
  });
};

/** All alarms of the stack. The text of each links to its heading in the runbook. */
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
