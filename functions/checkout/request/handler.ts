/**
 * Opens the leases of a checkout. What it opened, CheckIn closes: by its id, or by the marker in its reason when the id got
 * lost. May run twice: it finds what it opened before.
 */
import { createS3Records } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { createRequestCheckout } from './request.ts';

const { vaultOf, env } = createRelay(checkoutSteps.request);

export const handler = defineHandler(
  checkoutSteps.request,
  createRequestCheckout({
    relayId: env.relayId,
    vaultOf,
    records: createS3Records(env.get('RECORDS_BUCKET')),
    now: Date.now,
  }),
);
