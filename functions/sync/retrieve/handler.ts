/**
 * Reads the credentials of a batch and delivers them. Only this function and the retrieve step of checkouts handle
 * credentials. Repeatable: it skips a stamp that is already delivered.
 */
import { createS3Records } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { createRetrieve } from './retrieve.ts';

const relay = createRelay(syncSteps.retrieve);

export const handler = defineHandler(
  syncSteps.retrieve,
  createRetrieve({
    ...relay,
    relayId: relay.env.relayId,
    records: createS3Records(relay.env.get('RECORDS_BUCKET')),
  }),
);
