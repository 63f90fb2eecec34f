/**
 * Reads the credentials of a checkout and delivers them. Only this function and the retrieve step of syncs handle
 * credentials. Repeatable: each attempt delivers again.
 */
import { randomBytes } from 'node:crypto';
import { createS3Records, createS3Signals } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { createRetrieveCheckout } from './retrieve.ts';

const relay = createRelay(checkoutSteps.retrieve);
const bucket = relay.env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  checkoutSteps.retrieve,
  createRetrieveCheckout({
    ...relay,
    relayId: relay.env.relayId,
    records: createS3Records(bucket),
    signals: createS3Signals(bucket),
    now: Date.now,
    random: () => randomBytes(16).toString('hex'),
  }),
);
