import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { failuresOf } from '#infra/constructs/alarms.ts';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import type { ExportMetric } from '#infra/constructs/metrics.ts';
import { startOf, timingOf } from '#infra/triggers/schedules.ts';
import { ExportWorkflow } from '#infra/workflows/export-workflow.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { exportWorkflow } from '#shared/workflows/export.ts';

const HOUR_SECONDS = 3600;

/** Adds the export workflow, with its schedules, alarms and graphs, if relay.yaml has exports. */
export const addExport: AddWorkflow = (stack, props) => {
  const { config, metrics } = props;
  if (!exportWorkflow.isUsed(config)) return {};
  const { workflow } = new ExportWorkflow(stack, 'Exports', props);
  const rules = Object.entries(config.exports);
  const of = (...names: ExportMetric[]) =>
    rules.flatMap(([rule]) => names.map((name) => metrics.ofExport(rule, name).with({ label: `${rule}: ${name}` })));
  return {
    schedules: rules.map(([rule, { schedule }]) => ({
      id: `Export-${rule}`,
      name: `export.${rule}`,
      timing: timingOf(schedule),
      description: `Exports the audit events of ${rule}`,
      target: startOf(workflow.arn, rule, { rule }),
    })),
    alarms: [
      {
        kind: 'export-failed',
        says: 'An export ended with an error. The cursor has not moved past it.',
        metric: failuresOf(workflow.machine),
      },
      ...rules.flatMap(([rule, { alarmAfterHours }]) => [
        {
          kind: 'export-behind',
          says: 'Events of longer than alarmAfterHours are not exported yet.',
          about: rule,
          metric: metrics.ofExport(rule, 'ExportAge'),
          threshold: alarmAfterHours * HOUR_SECONDS,
        },
        {
          kind: 'export-unreadable',
          says: 'The remote system shows audit events that the relay cannot read. They are exported as they are.',
          about: rule,
          metric: metrics.ofExport(rule, 'EventsUnreadable'),
        },
        {
          kind: 'export-stale',
          says: 'No run of the export has ended for alarmAfterHours.',
          about: rule,
          metric: metrics.ofExport(rule, 'ExportAge', Duration.hours(1), Stats.SAMPLE_COUNT),
          comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
          periods: alarmAfterHours,
          // An hour without a run is also an hour without an age.
          missing: TreatMissingData.BREACHING,
        },
      ]),
    ],
    graphs: [
      ...graphsOf('Exported events', of('EventsExported', 'EventsLate', 'EventsUnreadable', 'DatesCrowded')),
      ...graphsOf('Age of what is not exported', of('ExportAge')),
    ],
  };
};
