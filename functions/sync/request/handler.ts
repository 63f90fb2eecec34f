/**
 * Opens the leases of a batch. CheckIn closes them by their ids, or by the marker in their reason if an id was lost.
 * Repeatable: it finds the leases of earlier attempts.
 */
import { createS3Records } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { createRequest } from './request.ts';

const relay = createRelay(syncSteps.request);

export const handler = defineHandler(
  syncSteps.request,
  createRequest({
    ...relay,
    relayId: relay.env.relayId,
    records: createS3Records(relay.env.get('RECORDS_BUCKET')),
  }),
);
