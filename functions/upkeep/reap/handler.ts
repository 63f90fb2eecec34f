/**
 * Started by a schedule, not by a workflow: closes what crashes left open. May run twice and at any time, next to running
 * workflows.
 */
import { createS3Notes } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createExecutionsOf } from '#shared/runtime/machines.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { machineVariable } from '#shared/workflows/grants.ts';
import { upkeepSteps } from '#shared/workflows/upkeep.ts';
import { createCloseAbandoned } from './close-abandoned.ts';
import { createEndedAt } from './ended-at.ts';
import { createReap } from './reap.ts';
import { createReapedConnections } from './reaped-connections.ts';
import { createStartRelease } from './start-release.ts';

const { config, env, vaultOf } = createRelay(upkeepSteps.reap);
const executionsOf = createExecutionsOf(env);
const endedAt = createEndedAt((workflow) =>
  env.find(machineVariable(workflow)) === undefined ? undefined : executionsOf(workflow),
);

const closeCheckouts = (bucket: string) => {
  const notes = createS3Notes(bucket);
  const startRelease = createStartRelease(executionsOf('release'), notes, Date.now);
  return createCloseAbandoned({ notes, endedAt, startRelease, now: Date.now });
};

// Granted only where there are checkouts.
const bucket = env.find('RECORDS_BUCKET');
const closeAbandoned = bucket === undefined ? async () => ({ abandoned: 0, failures: [] }) : closeCheckouts(bucket);

export const handler = defineHandler(
  upkeepSteps.reap,
  createReap({
    relayId: env.relayId,
    connections: createReapedConnections(config, vaultOf),
    endedAt,
    closeAbandoned,
    measure: (connection, { reaped, oldestAgeSeconds }) =>
      emitMetrics(config.relay, { connection }, { OpenLeasesReaped: reaped, OldestOpenLeaseAge: oldestAgeSeconds }),
    now: Date.now,
  }),
);
