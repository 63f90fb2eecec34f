/**
 * Last step of a batch, on success and on failure alike: gives its requests back and writes down what became of it. May
 * run twice: what is gone counts as given back. What it can't give back, `reap` does.
 */
import { createS3Records } from '#shared/records/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { createCheckIn } from './checkin.ts';
import { contract, environment } from './contract.ts';

const env = readEnvironment(environment);
const { vaults } = createRelay(env);

export const handler = defineHandler(
  'checkin',
  contract,
  createCheckIn({ relayId: env.RELAY_ID, vaultFor: vaults.forBatch, records: createS3Records(env.RECORDS_BUCKET) }),
);
