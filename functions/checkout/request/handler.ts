/**
 * Opens the leases of a checkout. CheckIn closes them by their ids, or by the marker in their reason if an id was lost.
 * Repeatable: it finds the leases of earlier attempts.
 */
import { createS3Records, createS3Signals } from '#shared/aws/s3.ts';
import { createIsRotating } from '#shared/rotation/is-rotating.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { createRequestCheckout } from './request.ts';

const { config, vaultOf, env } = createRelay(checkoutSteps.request);
const bucket = env.get('RECORDS_BUCKET');
const records = createS3Records(bucket);

export const handler = defineHandler(
  checkoutSteps.request,
  createRequestCheckout({
    relayId: env.relayId,
    vaultOf,
    records,
    signals: createS3Signals(bucket),
    isRotating: createIsRotating({ config, records, now: Date.now }),
    now: Date.now,
  }),
);
