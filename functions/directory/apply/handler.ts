/**
 * Second step of a run over a directory: carries out the steps of the plan. Each is written into the journal first.
 * Repeatable.
 */
import { createS3Records, createS3SharedRecords } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { directorySteps } from '#shared/workflows/directory.ts';
import { createApplyDirectory } from './apply.ts';

const { config, env, directoryOf } = createRelay(directorySteps.apply);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  directorySteps.apply,
  createApplyDirectory({
    ...{ config, directoryOf },
    records: createS3SharedRecords(bucket),
    runs: createS3Records(bucket),
    now: Date.now,
  }),
);
