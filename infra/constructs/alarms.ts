import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Intake } from '#infra/constructs/intake.ts';
import type { RelayMetrics } from '#infra/constructs/metrics.ts';
import type { WorkflowFunction } from '#infra/constructs/workflow-function.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

/** Every kind of alarm, with what it says. Each has a heading of its name in `docs/runbook.md`. */
const ALARMS = {
  'run-failed': 'A run failed, was aborted or took too long.',
  'run-partial': 'A run could not bring every account up to date.',
  'run-stale': 'No run has succeeded for too long.',
  'lease-open': 'A request has stayed open for too long.',
  'reap-failing': 'Left-over requests are not being looked for.',
  'sign-in-refused': 'The vault refused to sign the relay in.',
  'start-undelivered': 'A scheduled start did not arrive.',
  'checkout-failed': 'A checkout, or closing one, failed, was aborted or took too long.',
  'change-unconfirmed': 'The vault has not changed a credential that was given back.',
  'message-refused': 'A message could not be acted on.',
  'message-late': 'Messages are not being handled.',
} as const;
type AlarmKind = keyof typeof ALARMS;
export const ALARM_KINDS = Object.keys(ALARMS);

export interface AlarmsProps {
  readonly config: RelayConfig;
  readonly metrics: RelayMetrics;
  readonly machine: StateMachine;
  /** The machines of checkouts and their releases, where there are checkouts. */
  readonly checkoutMachines: readonly StateMachine[];
  readonly reap: WorkflowFunction;
  readonly undelivered: IQueue;
  readonly intake: Intake | undefined;
  readonly topic: ITopic;
}

interface Watch {
  readonly kind: AlarmKind;
  /** Which sync or connection, where there is one alarm for each. */
  readonly about?: string;
  readonly metric: IMetric;
  /** One of the thing is too many, unless said otherwise. */
  readonly threshold?: number;
  readonly comparison?: ComparisonOperator;
  readonly periods?: number;
  readonly missing?: TreatMissingData;
}

const SOON = Duration.minutes(5);

/** A message that failed on what passes by itself is tried twice before that. */
const LATE = Duration.minutes(15);

/** Everything that calls for a person. Each alarm's text leads to what to do about it. */
export class Alarms extends Construct {
  readonly all: Alarm[] = [];
  readonly #action: SnsAction;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.#action = new SnsAction(props.topic);
    this.#watchMachines('run-failed', props.machine);
    this.#watchCheckouts(props);
    this.#watchSyncs(props);
    this.#watchConnections(props);
    this.#watchReap(props);
    this.#watchIntake(props);
    this.#watch({
      kind: 'start-undelivered',
      metric: props.undelivered.metricApproximateNumberOfMessagesVisible({ period: SOON, statistic: 'max' }),
    });
  }

  /** By what Step Functions counts, which also knows the runs that could not even report. */
  #watchMachines(kind: AlarmKind, ...machines: readonly StateMachine[]): void {
    const endings = machines.flatMap((machine, index) => [
      [`failed${index || ''}`, machine.metricFailed({ period: SOON })] as const,
      [`timedOut${index || ''}`, machine.metricTimedOut({ period: SOON })] as const,
      [`aborted${index || ''}`, machine.metricAborted({ period: SOON })] as const,
    ]);
    const metric = new MathExpression({
      label: 'Runs that did not end well',
      expression: endings.map(([name]) => name).join(' + '),
      usingMetrics: Object.fromEntries(endings),
      period: SOON,
    });
    this.#watch({ kind, metric });
  }

  #watchCheckouts({ config, metrics, checkoutMachines }: AlarmsProps): void {
    if (checkoutMachines.length === 0) return;
    this.#watchMachines('checkout-failed', ...checkoutMachines);
    for (const checkout of Object.keys(config.checkouts)) {
      const metric = metrics.ofCheckout(checkout, 'ChangesUnconfirmed');
      this.#watch({ kind: 'change-unconfirmed', about: checkout, metric });
    }
  }

  #watchSyncs({ config, metrics }: AlarmsProps): void {
    for (const [sync, { staleAfterHours }] of Object.entries(config.syncs)) {
      this.#watch({ kind: 'run-partial', about: sync, metric: metrics.ofSync(sync, 'RunPartial') });
      this.#watch({
        kind: 'run-stale',
        about: sync,
        metric: metrics.ofSync(sync, 'RunSucceeded'),
        comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
        periods: staleAfterHours,
        // An hour without any run is an hour without a successful one.
        missing: TreatMissingData.BREACHING,
      });
    }
  }

  #watchConnections({ config, metrics }: AlarmsProps): void {
    const { everyMinutes, alarmAfterMinutes } = config.reap;
    for (const connection of Object.keys(config.connections)) {
      this.#watch({
        kind: 'sign-in-refused',
        about: connection,
        metric: metrics.ofConnection(connection, 'SignInRefused', SOON),
      });
      this.#watch({
        kind: 'lease-open',
        about: connection,
        metric: metrics.ofConnection(connection, 'OldestOpenLeaseAge', Duration.minutes(everyMinutes)),
        threshold: Duration.minutes(alarmAfterMinutes).toSeconds(),
      });
    }
  }

  /** Lambda counts errors, also none, at every invocation: no count at all means that nothing was invoked. */
  #watchReap({ config, reap }: AlarmsProps): void {
    this.#watch({
      kind: 'reap-failing',
      metric: reap.lambda.metricErrors({ period: Duration.minutes(config.reap.everyMinutes) }),
      periods: 3,
      missing: TreatMissingData.BREACHING,
    });
  }

  #watchIntake({ intake }: AlarmsProps): void {
    if (intake === undefined) return;
    const atMost = { period: SOON, statistic: 'max' };
    this.#watch({ kind: 'message-refused', metric: intake.refused.metricApproximateNumberOfMessagesVisible(atMost) });
    this.#watch({
      kind: 'message-late',
      metric: intake.queue.metricApproximateAgeOfOldestMessage(atMost),
      threshold: LATE.toSeconds(),
    });
  }

  #watch({ kind, about, metric, threshold = 1, comparison, periods = 1, missing }: Watch): void {
    const alarm = new Alarm(this, about === undefined ? kind : `${kind}-${about}`, {
      alarmName: [Stack.of(this).stackName, kind, about].filter((part) => part !== undefined).join('-'),
      alarmDescription: `${ALARMS[kind]} What to do: docs/runbook.md#${kind}`,
      metric,
      threshold,
      comparisonOperator: comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(this.#action);
    this.all.push(alarm);
  }
}
