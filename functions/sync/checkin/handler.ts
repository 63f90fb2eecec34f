/**
 * Closes a batch, after success and after failure: checks in its leases and records its results. Repeatable: a lease
 * that is gone counts as closed. `reap` closes what this step cannot.
 */
import { createS3Records } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { createCheckIn } from './checkin.ts';

const relay = createRelay(syncSteps.checkin);

export const handler = defineHandler(
  syncSteps.checkin,
  createCheckIn({
    ...relay,
    relayId: relay.env.relayId,
    records: createS3Records(relay.env.get('RECORDS_BUCKET')),
  }),
);
