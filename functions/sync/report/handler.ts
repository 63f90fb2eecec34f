/**
 * Last step of a sync, also of one that failed: adds up, measures, tells people. Talks to no vault and no store. May run twice,
 * and then tells people twice.
 */
import { createNotify } from '#shared/aws/alerts.ts';
import { createS3Records } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { createReport } from './report.ts';

const { config, env } = readDeployment(syncSteps.report);

const RUN_METRICS = { SUCCEEDED: 'RunSucceeded', PARTIAL: 'RunPartial', SKIPPED: 'RunSkipped', FAILED: 'RunFailed' };

export const handler = defineHandler(
  syncSteps.report,
  createReport({
    records: createS3Records(env.get('RECORDS_BUCKET')),
    measure: ({ rule, order }, { status, delivered, unchanged, skipped, failed }) => {
      // What succeeded for a few items says nothing of the others, which an alarm wants to know.
      const counted = order.items === 'named' && status === 'SUCCEEDED' ? {} : { [RUN_METRICS[status]]: 1 };
      const outcomes = { Delivered: delivered, Unchanged: unchanged, Skipped: skipped, Failed: failed };
      return emitMetrics(config.relay, { sync: rule }, { ...counted, ...outcomes });
    },
    notify: createNotify(env.get('ALERT_TOPIC_ARN')),
    now: Date.now,
  }),
);
