/**
 * Started by a schedule, not by a workflow: gives back what crashes left open. May run twice and at any time, next to
 * running syncs.
 */
import { connectionsWithRequests } from '#shared/config/sync-rules.ts';
import { createS3Notes } from '#shared/records/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createExecutions } from '#shared/runtime/executions.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { createCloseAbandoned } from './close-abandoned.ts';
import { contract, environment } from './contract.ts';
import { createEndedAt } from './ended-at.ts';
import { createReap } from './reap.ts';
import { createStartRelease } from './start-release.ts';

const env = readEnvironment(environment);
const { config, vaults } = createRelay(env);
const machines = [env.SYNC_MACHINE_ARN, env.CHECKOUT_MACHINE_ARN].filter((arn) => arn !== undefined);
const endedAt = createEndedAt(machines.map(createExecutions));

const { RECORDS_BUCKET: bucket, RELEASE_MACHINE_ARN: releaseMachine } = env;
const closeAbandoned =
  bucket === undefined || releaseMachine === undefined
    ? async () => ({ abandoned: 0, failures: [] })
    : createCloseAbandoned({
        notes: createS3Notes(bucket),
        endedAt,
        startRelease: createStartRelease(createExecutions(releaseMachine), Date.now),
        now: Date.now,
      });

export const handler = defineHandler(
  'reap',
  contract,
  createReap({
    relayId: env.RELAY_ID,
    vaults: Object.fromEntries(
      connectionsWithRequests(config).map((connection) => [connection, vaults.ofConnection(connection)]),
    ),
    endedAt,
    holdsRequests: (run) => Object.keys(config.checkouts).some((checkout) => run.startsWith(`${checkout}.`)),
    closeAbandoned,
    measure: (connection, { reaped, oldestAgeSeconds }) =>
      emitMetrics(config.relay, { connection }, { OpenLeasesReaped: reaped, OldestOpenLeaseAge: oldestAgeSeconds }),
    now: Date.now,
  }),
);
