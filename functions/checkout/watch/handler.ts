/**
 * Decides the next action of a checkout after each step or wait, and tells its ticket that the access has opened.
 * Changes nothing. Repeatable.
 */
import { createS3Records, createS3Signals } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { tellWith } from '#shared/runtime/tell.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { createWatch } from './watch.ts';

const { vaultOf, config, env } = createRelay(checkoutSteps.watch);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  checkoutSteps.watch,
  createWatch({
    vaultOf,
    records: createS3Records(bucket),
    signals: createS3Signals(bucket),
    tell: tellWith(config, env),
    now: Date.now,
  }),
);
