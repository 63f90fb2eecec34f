/**
 * Second step of a checkout: writes its record, and opens the leases if nothing has to wait. CheckIn closes them by
 * their ids, or by the marker in their reason if an id was lost. Repeatable.
 */
import { createS3Claims, createS3Records, createS3Signals } from '#shared/aws/s3.ts';
import { createIsRotating } from '#shared/rotation/is-rotating.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { createPlanCheckout } from './plan.ts';

const relay = createRelay(checkoutSteps.plan);
const bucket = relay.env.get('RECORDS_BUCKET');
const records = createS3Records(bucket);

export const handler = defineHandler(
  checkoutSteps.plan,
  createPlanCheckout({
    ...relay,
    relayId: relay.env.relayId,
    records,
    claims: createS3Claims(bucket),
    signals: createS3Signals(bucket),
    isRotating: createIsRotating({ config: relay.config, records, now: Date.now }),
    now: Date.now,
  }),
);
