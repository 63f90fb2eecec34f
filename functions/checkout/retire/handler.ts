/**
 * Retires the delivered secrets of a checkout. Calls no vault and reads no value. Repeatable.
 */
import { createS3Records, createS3Signals } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { createRetire } from './retire.ts';

const { storeFor, storeRules, placeOf, env } = createRelay(checkoutSteps.retire);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  checkoutSteps.retire,
  createRetire({
    storeFor,
    storeRules,
    placeOf,
    records: createS3Records(bucket),
    signals: createS3Signals(bucket),
    now: Date.now,
  }),
);
