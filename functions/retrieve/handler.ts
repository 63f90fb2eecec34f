/**
 * Reads the credentials of a batch and delivers them: the only function that sees a credential, and the only one whose
 * role may write to a store. May run twice: a version that is current already is left alone.
 */
import { createS3Records } from '#shared/records/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { contract, environment } from './contract.ts';
import { createRetrieve } from './retrieve.ts';

const env = readEnvironment(environment);
const { config, vaults, storeFor, renderingFor } = createRelay(env);

export const handler = defineHandler(
  'retrieve',
  contract,
  createRetrieve({
    relayId: env.RELAY_ID,
    syncs: config.syncs,
    vaultFor: vaults.forBatch,
    storeFor,
    renderingFor,
    records: createS3Records(env.RECORDS_BUCKET),
  }),
);
