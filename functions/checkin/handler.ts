/**
 * Closes a batch or a checkout, on success and on failure alike: gives its requests back and writes down what became of it. May
 * run twice: what is gone counts as given back. What it can't give back, `reap` does.
 */
import { createS3Notes, createS3Records } from '#shared/records/s3.ts';
import { byOrder } from '#shared/runtime/by-order.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { logger } from '#shared/runtime/log.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { createCheckIn } from './checkin.ts';
import { createCheckInCheckout } from './checkin-checkout.ts';
import { checkoutContract, contract, environment } from './contract.ts';

const env = readEnvironment(environment);
const { config, vaults } = createRelay(env);
const records = createS3Records(env.RECORDS_BUCKET);

export const handler = byOrder({
  sync: defineHandler(
    'checkin',
    contract,
    createCheckIn({ relayId: env.RELAY_ID, syncs: config.syncs, vaultFor: vaults.forBatch, records }),
  ),
  checkout: defineHandler(
    'checkin',
    checkoutContract,
    createCheckInCheckout({
      relayId: env.RELAY_ID,
      checkouts: config.checkouts,
      vaultOf: vaults.ofConnection,
      records,
      notes: createS3Notes(env.RECORDS_BUCKET),
      now: Date.now,
      onSessionLeft: ({ name, message }) => logger.warn('a session goes on', { failure: { name, message } }),
    }),
  ),
});
