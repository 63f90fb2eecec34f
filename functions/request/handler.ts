/**
 * Opens the requests of a batch. Whatever it opened, CheckIn gives back: by its id, or by the marker in its reason when
 * the id got lost. May run twice: it finds what it opened before.
 */
import { createS3Records } from '#shared/records/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { contract, environment } from './contract.ts';
import { createRequest } from './request.ts';

const env = readEnvironment(environment);
const { config, vaults, storeFor } = createRelay(env);

export const handler = defineHandler(
  'request',
  contract,
  createRequest({
    relayId: env.RELAY_ID,
    syncs: config.syncs,
    vaultFor: vaults.forBatch,
    storeFor,
    records: createS3Records(env.RECORDS_BUCKET),
  }),
);
