/** Exports audit events of a rule. Started by its workflow. Repeatable. */
import { randomUUID } from 'node:crypto';
import { createS3EventFiles, createS3Records, createS3SharedRecords } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { exportSteps } from '#shared/workflows/export.ts';
import { createSweep } from './sweep.ts';

const { config, env, directoryOf } = createRelay(exportSteps.sweep);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  exportSteps.sweep,
  createSweep({
    config,
    withEvents: async (connection, work) => (await directoryOf(connection)).session(({ events }) => work(events)),
    cursors: createS3SharedRecords(bucket),
    records: createS3Records(bucket),
    files: createS3EventFiles(bucket),
    newId: randomUUID,
    now: Date.now,
  }),
);
