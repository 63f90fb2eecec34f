/**
 * Opens the leases of a checkout. What it opened, CheckIn closes: by its id, or by the marker in its reason when the id got
 * lost. May run twice: it finds what it opened before.
 */
import { createS3Notes, createS3Records } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { createRequestCheckout } from './request.ts';

const { vaultOf, env } = createRelay(checkoutSteps.request);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  checkoutSteps.request,
  createRequestCheckout({
    relayId: env.relayId,
    vaultOf,
    records: createS3Records(bucket),
    notes: createS3Notes(bucket),
    now: Date.now,
  }),
);
