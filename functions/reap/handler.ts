/**
 * Started by a schedule, not by a workflow: gives back what crashes left open. May run twice and at any time, next to
 * running syncs.
 */
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { contract, environment } from './contract.ts';
import { createHasEnded } from './has-ended.ts';
import { createReap } from './reap.ts';

const env = readEnvironment(environment);
const { config, vaults } = createRelay(env);

export const handler = defineHandler(
  'reap',
  contract,
  createReap({
    relayId: env.RELAY_ID,
    vaults: Object.fromEntries(
      Object.keys(config.connections).map((connection) => [connection, vaults.ofConnection(connection)]),
    ),
    hasEnded: createHasEnded(env.SYNC_MACHINE_ARN),
    measure: (connection, { reaped, oldestAgeSeconds }) =>
      emitMetrics(config.relay, { connection }, { OpenLeasesReaped: reaped, OldestOpenLeaseAge: oldestAgeSeconds }),
    now: Date.now,
  }),
);
