import { Duration } from 'aws-cdk-lib';
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { graph } from '#infra/constructs/dashboard.ts';
import type { ConnectionMetric } from '#infra/constructs/metrics.ts';
import { everyMinutes, invocationOf } from '#infra/triggers/schedules.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { upkeepSteps } from '#shared/workflows/upkeep.ts';

/** Adds the schedule of `reap`, which needs no state machine, and what shows that nothing is left open. */
export const addUpkeep: AddWorkflow = (_stack, { config, functions, metrics }) => {
  const reap = functions.of(upkeepSteps.reap);
  const period = Duration.minutes(config.reap.everyMinutes);
  const connections = Object.keys(config.connections);
  const of = (...names: ConnectionMetric[]) =>
    connections.flatMap((connection) =>
      names.map((name) => metrics.ofConnection(connection, name).with({ label: `${connection}: ${name}` })),
    );
  return {
    schedules: [
      {
        id: 'Reap',
        name: 'reap',
        timing: everyMinutes(config.reap.everyMinutes),
        description: 'Gives back what an interrupted run left open',
        target: invocationOf(reap),
      },
    ],
    alarms: [
      ...connections.map((connection) => ({
        kind: 'lease-open',
        says: 'A lease has stayed open for too long.',
        about: connection,
        metric: metrics.ofConnection(connection, 'OldestOpenLeaseAge', period),
        threshold: Duration.minutes(config.reap.alarmAfterMinutes).toSeconds(),
      })),
      {
        kind: 'reap-failing',
        says: 'Left-over leases are not being looked for.',
        metric: reap.lambda.metricErrors({ period }),
        periods: 3,
        // Lambda counts errors, also none, at every invocation: no count at all means that nothing was invoked.
        missing: TreatMissingData.BREACHING,
      },
    ],
    graphs: [
      graph('Oldest open lease, seconds', of('OldestOpenLeaseAge')),
      graph('Given back by reap, and refused sign-ins', of('OpenLeasesReaped', 'SignInRefused')),
    ],
  };
};
