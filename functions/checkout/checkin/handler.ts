/**
 * Closes a checkout in the vault, on success and on failure alike. May run twice: a lease that is gone counts as closed. What it
 * can't close, `reap` does.
 */
import { createS3Notes, createS3Records } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { logger } from '#shared/runtime/log.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { createCheckInCheckout } from './checkin.ts';

const relay = createRelay(checkoutSteps.checkin);
const bucket = relay.env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  checkoutSteps.checkin,
  createCheckInCheckout({
    ...relay,
    relayId: relay.env.relayId,
    records: createS3Records(bucket),
    notes: createS3Notes(bucket),
    now: Date.now,
    onSessionLeft: ({ name, message }) => logger.warn('a target session goes on', { failure: { name, message } }),
  }),
);
