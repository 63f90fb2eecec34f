/**
 * Last step of a checkout and of a release, also of one that failed: writes down how it ended, measures, tells people. Talks to no
 * vault and no store. May run twice: the first report holds.
 */
import { createNotify } from '#shared/aws/alerts.ts';
import { createS3Notes, createS3Records } from '#shared/aws/s3.ts';
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { readDeployment } from '#shared/runtime/relay.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { createReportCheckout } from './report.ts';

const { config, env } = readDeployment(checkoutSteps.report);
const bucket = env.get('RECORDS_BUCKET');

export const handler = defineHandler(
  checkoutSteps.report,
  createReportCheckout({
    records: createS3Records(bucket),
    notes: createS3Notes(bucket),
    measure: (checkout, status, unconfirmed) =>
      emitMetrics(
        config.relay,
        { checkout },
        { CheckoutsOver: 1, CheckoutsFailed: status === 'failed' ? 1 : 0, ChangesUnconfirmed: unconfirmed ? 1 : 0 },
      ),
    notify: createNotify(env.get('ALERT_TOPIC_ARN')),
    now: Date.now,
  }),
);
