/**
 * Last step of a sync, also of one that failed: adds up, measures, tells people. Talks to no vault and no store. May run
 * twice, and then tells people twice.
 */
import { readBundledConfig } from '#shared/config/runtime.ts';
import { createS3Records } from '#shared/records/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { contract, environment } from './contract.ts';
import { createNotify } from './notify.ts';
import { createReport } from './report.ts';

const env = readEnvironment(environment);
const { relay } = readBundledConfig();

const RUN_METRICS = { SUCCEEDED: 'RunSucceeded', PARTIAL: 'RunPartial', SKIPPED: 'RunSkipped', FAILED: 'RunFailed' };

export const handler = defineHandler(
  'report',
  contract,
  createReport({
    records: createS3Records(env.RECORDS_BUCKET),
    measure: (sync, { status, delivered, unchanged, skipped, failed }) =>
      emitMetrics(
        relay,
        { sync },
        { [RUN_METRICS[status]]: 1, Delivered: delivered, Unchanged: unchanged, Skipped: skipped, Failed: failed },
      ),
    notify: createNotify(env.ALERT_TOPIC_ARN),
    now: Date.now,
  }),
);
