/**
 * Closes a checkout in the vault, after success and after failure. Repeatable: a lease that is gone counts as closed.
 * `reap` closes what this step cannot.
 */
import { createS3Records, createS3Signals } from '#shared/aws/s3.ts';
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
    signals: createS3Signals(bucket),
    now: Date.now,
    onSessionLeft: ({ name, message }) => logger.warn('target session still open', { failure: { name, message } }),
  }),
);
