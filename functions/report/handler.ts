/**
 * Last step of a sync and of a checkout, also of one that failed: adds up, measures, tells people. Talks to no vault and no store. May run
 * twice, and then tells people twice.
 */
import { readBundledConfig } from '#shared/config/runtime.ts';
import { createS3Notes, createS3Records } from '#shared/records/s3.ts';
import { byOrder } from '#shared/runtime/by-order.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { readEnvironment } from '#shared/runtime/env.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { checkoutContract, contract, environment } from './contract.ts';
import { createNotify } from './notify.ts';
import { createReport } from './report.ts';
import { createReportCheckout } from './report-checkout.ts';

const env = readEnvironment(environment);
const { relay } = readBundledConfig();

const RUN_METRICS = { SUCCEEDED: 'RunSucceeded', PARTIAL: 'RunPartial', SKIPPED: 'RunSkipped', FAILED: 'RunFailed' };

const records = createS3Records(env.RECORDS_BUCKET);
const notify = createNotify(env.ALERT_TOPIC_ARN);

export const handler = byOrder({
  sync: defineHandler(
    'report',
    contract,
    createReport({
      records,
      measure: ({ sync, accounts }, { status, delivered, unchanged, skipped, failed }) => {
        // What succeeded for a few accounts says nothing of the others, which an alarm wants to know.
        const counted = accounts === 'named' && status === 'SUCCEEDED' ? {} : { [RUN_METRICS[status]]: 1 };
        const outcomes = { Delivered: delivered, Unchanged: unchanged, Skipped: skipped, Failed: failed };
        return emitMetrics(relay, { sync }, { ...counted, ...outcomes });
      },
      notify,
      now: Date.now,
    }),
  ),
  checkout: defineHandler(
    'report',
    checkoutContract,
    createReportCheckout({
      records,
      notes: createS3Notes(env.RECORDS_BUCKET),
      measure: (checkout, status, unconfirmed) =>
        emitMetrics(
          relay,
          { checkout },
          { CheckoutsOver: 1, CheckoutsFailed: status === 'failed' ? 1 : 0, ChangesUnconfirmed: unconfirmed ? 1 : 0 },
        ),
      notify,
      now: Date.now,
    }),
  ),
});
