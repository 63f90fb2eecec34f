import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmSpec } from '#infra/constructs/alarms.ts';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import { invocationOf, timingOf } from '#infra/triggers/schedules.ts';
import type { AddWorkflow, WorkflowProps } from '#infra/workflows/workflow.ts';
import { minStaleHours } from '#shared/config/staleness.ts';
import { oldCheckoutsSteps, oldCheckoutsWorkflow } from '#shared/workflows/old-checkouts.ts';

/** An alarm about a rarer schedule is raised again by each run. */
const MAX_PERIOD_HOURS = 24;

/** Adds the schedule of each rule for old checkouts, with its alarms and graphs. It needs no state machine. */
export const addOldCheckouts: AddWorkflow = (_stack, props) => {
  const { config, functions, metrics } = props;
  if (!oldCheckoutsWorkflow.isUsed(config)) return {};
  const fn = functions.of(oldCheckoutsSteps.oldCheckouts);
  const rules = Object.entries(config.oldCheckouts);
  return {
    schedules: rules.map(([rule, { schedule }]) => ({
      id: `OldCheckouts-${rule}`,
      name: `old-checkouts.${rule}`,
      timing: timingOf(schedule),
      description: `Reports the old checkouts of ${rule}`,
      target: { ...invocationOf(fn), input: { rule, run: `${rule}.<aws.scheduler.execution-id>` } },
    })),
    alarms: rules.flatMap(([rule, { schedule }]) => alarmsOf(rule, minStaleHours(schedule), props)),
    graphs: [
      ...graphsOf(
        'Old checkouts that are open, or unknown',
        rules.flatMap(([rule]) =>
          (['OldCheckouts', 'OldCheckoutsUnknown'] as const).map((name) =>
            metrics.ofOldCheckouts(rule, name).with({ label: `${rule}: ${name}` }),
          ),
        ),
      ),
      ...graphsOf(
        'Old checkouts that were ended, or could not be',
        rules.flatMap(([rule]) =>
          (['OldCheckoutsForced', 'OldCheckoutsFailed'] as const).map((name) =>
            metrics.ofOldCheckouts(rule, name).with({ label: `${rule}: ${name}` }),
          ),
        ),
      ),
    ],
  };
};

/** `staleHours`: undefined if no alarm can wait for as long as two runs are apart. */
const alarmsOf = (rule: string, staleHours: number | undefined, { metrics }: WorkflowProps): AlarmSpec[] => [
  {
    kind: 'checkout-old',
    says: 'A checkout is open for longer than olderThanHours.',
    about: rule,
    metric: metrics.ofOldCheckouts(
      rule,
      'OldCheckouts',
      Duration.hours(Math.min(staleHours ?? MAX_PERIOD_HOURS, MAX_PERIOD_HOURS)),
    ),
  },
  ...(staleHours === undefined
    ? []
    : [
        {
          kind: 'old-checkouts-stale',
          says: 'The old checkouts were not reported for longer than two runs are apart.',
          about: rule,
          metric: metrics.ofOldCheckouts(rule, 'OldCheckouts', Duration.hours(1), Stats.SAMPLE_COUNT),
          comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
          periods: staleHours,
          // An hour without a run is also an hour without a report.
          missing: TreatMissingData.BREACHING,
        },
      ]),
];
