/**
 * Second step of a sync: plans its batches. Writes only the run's own records. Repeatable.
 */
import { createS3Records, createS3SharedRecords, createS3Signals } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { createHasEarlierRun } from './earlier-run.ts';
import { createReadNamed } from './named.ts';
import { createPlan } from './plan.ts';

const relay = createRelay(syncSteps.plan);
const bucket = relay.env.get('RECORDS_BUCKET');
const records = createS3Records(bucket);

export const handler = defineHandler(
  syncSteps.plan,
  createPlan({
    ...relay,
    records,
    turns: createS3SharedRecords(bucket),
    hasEarlierRun: createHasEarlierRun(relay.env.get('SYNC_MACHINE_ARN')),
    readNamed: createReadNamed(records, createS3Signals(bucket)),
    now: Date.now,
  }),
);
