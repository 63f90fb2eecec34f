/**
 * Closes leases and checkouts that stopped runs left open. Started by a schedule, not by a workflow. Repeatable, and
 * safe to run at any time beside running workflows.
 */
import { createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { readClaimants } from '#shared/leases/held-claims.ts';
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

const { config, env, vaultOf, claimantOf } = createRelay(upkeepSteps.reap);
const records = createS3SharedRecords(env.get('RECORDS_BUCKET'));
const executionsOf = createExecutionsOf(env);
const endedAt = createEndedAt((workflow) =>
  env.find(machineVariable(workflow)) === undefined ? undefined : executionsOf(workflow),
);

const closeCheckouts = (bucket: string) => {
  const signals = createS3Signals(bucket);
  const startRelease = createStartRelease(executionsOf('release'), signals, Date.now);
  return createCloseAbandoned({ signals, endedAt, startRelease, now: Date.now });
};

const closeAbandoned =
  Object.keys(config.checkouts).length === 0
    ? async () => ({ abandoned: 0, failures: [] })
    : closeCheckouts(env.get('RECORDS_BUCKET'));

export const handler = defineHandler(
  upkeepSteps.reap,
  createReap({
    relayId: env.relayId,
    connections: createReapedConnections({
      ...{ config, vaultOf, claimantOf },
      claimants: (onUnreadable) => readClaimants(records, onUnreadable),
    }),
    endedAt,
    closeAbandoned,
    measure: (connection, { reaped, oldestAgeSeconds }) =>
      emitMetrics(config.relay, { connection }, { OpenLeasesReaped: reaped, OldestOpenLeaseAge: oldestAgeSeconds }),
    now: Date.now,
  }),
);
