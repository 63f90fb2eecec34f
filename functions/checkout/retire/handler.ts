/**
 * Takes back what a checkout has delivered. Talks to no vault and sees no value; may run twice.
 */
import { createS3Notes, createS3Records } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { createRetire } from './retire.ts';

const { storeFor, env } = createRelay(checkoutSteps.retire);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  checkoutSteps.retire,
  createRetire({ storeFor, records: createS3Records(bucket), notes: createS3Notes(bucket), now: Date.now }),
);
