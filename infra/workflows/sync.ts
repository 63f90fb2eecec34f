import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { type AlarmSpec, failuresOf } from '#infra/constructs/alarms.ts';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import type { SyncMetric } from '#infra/constructs/metrics.ts';
import { type Scheduled, startOf, timingOf } from '#infra/triggers/schedules.ts';
import { SyncWorkflow } from '#infra/workflows/sync-workflow.ts';
import type { AddWorkflow, WorkflowProps } from '#infra/workflows/workflow.ts';

/** Adds the workflow, its schedules, alarms and graphs. */
export const addSync: AddWorkflow = (stack, props) => {
  const { config, metrics } = props;
  const { machine, arn } = new SyncWorkflow(stack, 'Sync', props).workflow;
  const syncs = Object.keys(config.syncs);
  const of = (...names: SyncMetric[]) =>
    syncs.flatMap((sync) => names.map((name) => metrics.ofSync(sync, name).with({ label: `${sync}: ${name}` })));
  return {
    schedules: schedulesOf(config, arn),
    alarms: [
      { kind: 'run-failed', says: 'A run failed, was stopped, or timed out.', metric: failuresOf(machine) },
      ...alarmsOf(props),
    ],
    graphs: [
      ...graphsOf('Runs', of('RunSucceeded', 'RunPartial', 'RunFailed', 'RunSkipped')),
      ...graphsOf('Items', of('Delivered', 'Unchanged', 'Skipped', 'Failed')),
    ],
    outputs: [
      { name: 'SyncMachineArn', value: arn, description: 'State machine that runs all syncs' },
      ...syncs
        .slice(0, 1)
        .map((sync) => ({ name: 'StartCommand', value: startCommand(arn, sync), description: 'Starts a sync now' })),
    ],
  };
};

const schedulesOf = ({ syncs }: WorkflowProps['config'], arn: string): Scheduled[] =>
  Object.entries(syncs).flatMap(([sync, { schedule, verify }]) => [
    {
      id: `Sync-${sync}`,
      name: `sync.${sync}`,
      timing: timingOf(schedule),
      description: `Starts sync ${sync}`,
      target: startOf(arn, sync, { sync, mode: 'changes' }),
    },
    ...(verify === undefined
      ? []
      : [
          {
            id: `Verify-${sync}`,
            name: `verify.${sync}`,
            timing: timingOf(verify),
            description: `Starts sync ${sync}, comparing every value`,
            target: startOf(arn, sync, { sync, mode: 'verify' }),
          },
        ]),
  ]);

const alarmsOf = ({ config, metrics }: WorkflowProps): AlarmSpec[] =>
  Object.entries(config.syncs).flatMap(([sync, { staleAfterHours }]): AlarmSpec[] => [
    {
      kind: 'run-partial',
      says: 'A run could not bring every item up to date.',
      about: sync,
      metric: metrics.ofSync(sync, 'RunPartial'),
    },
    ...(staleAfterHours === undefined ? [] : [staleAlarm(sync, staleAfterHours, metrics)]),
  ]);

const staleAlarm = (sync: string, hours: number, metrics: WorkflowProps['metrics']): AlarmSpec => ({
  kind: 'run-stale',
  says: 'No run has succeeded within staleAfterHours.',
  about: sync,
  metric: metrics.ofSync(sync, 'RunSucceeded'),
  comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
  periods: hours,
  // An hour without a run is also an hour without a successful run.
  missing: TreatMissingData.BREACHING,
});

const startCommand = (machineArn: string, sync: string): string =>
  `aws stepfunctions start-execution --state-machine-arn ${machineArn} --name "${sync}.$(date -u +%Y%m%dT%H%M%SZ)" --input '{"sync":"${sync}"}'`;
