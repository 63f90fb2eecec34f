/**
 * Reads the credentials of a batch or checkout and delivers them: the only function that sees a credential, and the only one whose
 * role may write to a store. May run twice: a version that is current already is left alone.
 */
import { randomUUID } from 'node:crypto';
import { createS3Notes, createS3Records } from '#shared/records/s3.ts';
import { byOrder } from '#shared/runtime/by-order.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutContract, contract, environment } from './contract.ts';
import { createRetrieve } from './retrieve.ts';
import { createRetrieveCheckout } from './retrieve-checkout.ts';

const env = readEnvironment(environment);
const { config, vaults, storeFor, storeForCheckout, renderingFor } = createRelay(env);

const records = createS3Records(env.RECORDS_BUCKET);

export const handler = byOrder({
  sync: defineHandler(
    'retrieve',
    contract,
    createRetrieve({
      relayId: env.RELAY_ID,
      syncs: config.syncs,
      vaultFor: vaults.forBatch,
      storeFor,
      renderingFor,
      records,
    }),
  ),
  checkout: defineHandler(
    'retrieve',
    checkoutContract,
    createRetrieveCheckout({
      relayId: env.RELAY_ID,
      vaultOf: vaults.ofConnection,
      storeFor: storeForCheckout,
      records,
      notes: createS3Notes(env.RECORDS_BUCKET),
      now: Date.now,
      newVersionId: randomUUID,
    }),
  ),
});
