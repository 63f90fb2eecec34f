/**
 * Opens the requests of a batch, or of a checkout. Whatever it opened, CheckIn gives back: by its id, or by the marker in its reason when
 * the id got lost. May run twice: it finds what it opened before.
 */
import { createS3Records } from '#shared/records/s3.ts';
import { byOrder } from '#shared/runtime/by-order.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutContract, contract, environment } from './contract.ts';
import { createRequest } from './request.ts';
import { createRequestCheckout } from './request-checkout.ts';

const env = readEnvironment(environment);
const { config, vaults, storeFor } = createRelay(env);

const records = createS3Records(env.RECORDS_BUCKET);

export const handler = byOrder({
  sync: defineHandler(
    'request',
    contract,
    createRequest({ relayId: env.RELAY_ID, syncs: config.syncs, vaultFor: vaults.forBatch, storeFor, records }),
  ),
  checkout: defineHandler(
    'request',
    checkoutContract,
    createRequestCheckout({ relayId: env.RELAY_ID, vaultOf: vaults.ofConnection, records, now: Date.now }),
  ),
});
