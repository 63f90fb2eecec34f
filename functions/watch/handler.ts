/**
 * Decides what a checkout does next, each time that it may go on. Changes nothing, so it may run as often as it likes.
 */
import { createS3Notes, createS3Records } from '#shared/records/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { contract, environment } from './contract.ts';
import { createWatch } from './watch.ts';

const env = readEnvironment(environment);
const { vaults } = createRelay(env);

export const handler = defineHandler(
  'watch',
  contract,
  createWatch({
    vaultOf: vaults.ofConnection,
    records: createS3Records(env.RECORDS_BUCKET),
    notes: createS3Notes(env.RECORDS_BUCKET),
    now: Date.now,
  }),
);
