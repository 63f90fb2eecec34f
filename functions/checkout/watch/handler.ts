/**
 * Decides what a checkout does next, each time that it may go on. Changes nothing, so it may run as often as it likes.
 */
import { createS3Notes, createS3Records } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { createWatch } from './watch.ts';

const { vaultOf, env } = createRelay(checkoutSteps.watch);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  checkoutSteps.watch,
  createWatch({ vaultOf, records: createS3Records(bucket), notes: createS3Notes(bucket), now: Date.now }),
);
