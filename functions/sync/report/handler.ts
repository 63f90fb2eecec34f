/**
 * Last step of a sync, even after a failure: writes the report, emits metrics and sends notices. Calls no vault and no
 * store. Repeatable, but a repetition sends its notice again.
 */
import { createNotify } from '#shared/aws/alerts.ts';
import { createS3Pages, createS3Records, createS3SharedRecords } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { createReport } from './report.ts';

const { config, env } = readDeployment(syncSteps.report);
const bucket = env.get('RECORDS_BUCKET');

const RUN_METRICS = { SUCCEEDED: 'RunSucceeded', PARTIAL: 'RunPartial', SKIPPED: 'RunSkipped', FAILED: 'RunFailed' };

export const handler = defineHandler(
  syncSteps.report,
  createReport({
    config,
    records: createS3Records(bucket),
    turns: createS3SharedRecords(bucket),
    pages: createS3Pages(bucket),
    measure: ({ rule, order }, { status, delivered, unchanged, skipped, failed }) => {
      // The success of a run over named items must not reset the alarm about runs over all items.
      const counted = order.items === 'named' && status === 'SUCCEEDED' ? {} : { [RUN_METRICS[status]]: 1 };
      const outcomes = { Delivered: delivered, Unchanged: unchanged, Skipped: skipped, Failed: failed };
      return emitMetrics(config.relay, { sync: rule }, { ...counted, ...outcomes });
    },
    notify: createNotify(env.get('ALERT_TOPIC_ARN')),
    now: Date.now,
  }),
);
