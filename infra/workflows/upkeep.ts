import { Duration } from 'aws-cdk-lib';
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import type { ConnectionMetric } from '#infra/constructs/metrics.ts';
import { everyMinutes, invocationOf } from '#infra/triggers/schedules.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { upkeepSteps } from '#shared/workflows/upkeep.ts';

/** Adds the schedule of `reap`, which needs no state machine, and the alarms and graphs for open leases. */
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
        description: 'Closes what an interrupted run left open',
        target: invocationOf(reap),
      },
    ],
    alarms: [
      ...connections.map((connection) => ({
        kind: 'lease-open',
        says: 'A lease has been open for longer than reap.alarmAfterMinutes.',
        about: connection,
        metric: metrics.ofConnection(connection, 'OldestOpenLeaseAge', period),
        threshold: Duration.minutes(config.reap.alarmAfterMinutes).toSeconds(),
      })),
      {
        kind: 'reap-failing',
        says: 'reap fails or does not run, so leftover leases stay open.',
        metric: reap.lambda.metricErrors({ period }),
        periods: 3,
        // Lambda publishes the error count of every invocation, including zero. Missing data means that nothing was
        // invoked.
        missing: TreatMissingData.BREACHING,
      },
    ],
    graphs: [
      ...graphsOf('Oldest open lease, seconds', of('OldestOpenLeaseAge')),
      ...graphsOf('Leases checked in by reap, and refused sign-ins', of('OpenLeasesReaped', 'SignInRefused')),
    ],
  };
};
